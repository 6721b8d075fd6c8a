"""Signal's wish for a captcha, until an administrator has answered it.

Who writes to many new people is limited, and may write on at once after solving a captcha. The gateway tells the token
of such a challenge once, to whoever was sending; the captcha is handed in by another process, `watchline captcha`. So
the token lies in a file in between, which only our own user can read. It is of no use without the account's keys.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)
KEPT_SECONDS = 24 * 3600.0
"""Signal lifts the limit by itself within about a day; what is older is of no use."""


class Challenge:
    """The latest challenge of an account."""

    def __init__(self, path: str) -> None:
        """Without a path it is known to this process only."""
        self._path = Path(path) if path else None
        self._token = ""

    @property
    def token(self) -> str:
        """Empty when there is none."""
        if self._path is None:
            return self._token
        try:
            fresh = time.time() - self._path.stat().st_mtime < KEPT_SECONDS
            return self._path.read_text(encoding="utf-8") if fresh else ""
        except (OSError, ValueError):
            return ""

    def note(self, token: str) -> None:
        """Signal has asked for a captcha. Never raises: a full disk must not keep the outcome of a send from us."""
        log.warning("signal.challenge")
        self._token = token
        if self._path is None:
            return
        half = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            with suppress(FileNotFoundError):
                half.unlink()
            with open(
                os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(token)
            half.replace(self._path)
        except OSError as error:
            log.error("signal.challenge_not_kept", error=type(error).__name__)

    def answered(self) -> None:
        """It is over."""
        self._token = ""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
