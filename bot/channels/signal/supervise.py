"""Keeps the receiver process running where no container engine does.

The receiver outlives us: killed without notice, we leave it storing what comes, and the next bot finds it by its lock
and does not start a second one. Only an orderly end of `run` ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from pathlib import Path

import structlog

from bot.channels.signal.health import Health, SignalState
from bot.channels.signal.settings import SignalSettings

log = structlog.get_logger(__name__)
LOOK_SECONDS = 1.0
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
STOP_SECONDS = 20.0


class ReceiverProcess:
    """The receiver as the bot sees it: a lock that somebody holds, and a command that makes somebody hold it."""

    def __init__(self, settings: SignalSettings, health: Health) -> None:
        self._lock = settings.receiver_lock
        self._command = settings.receiver_command
        self._health = health
        self._child: subprocess.Popen[bytes] | None = None

    async def keep(self) -> None:
        """Until cancelled: 1. is the lock held? then look again later; 2. else start the receiver, waiting longer, to
        3 s, when it ends at once. When cancelled: end the receiver, whoever started it."""
        failures = 0
        try:
            while True:
                if receiver_runs(self._lock):
                    self._health.turn(SignalState.RECEIVING)
                    failures = 0
                    await asyncio.sleep(LOOK_SECONDS)
                elif self._child is not None and self._child.poll() is None:
                    await asyncio.sleep(BACKOFF_SECONDS[0])  # started, and not yet at its lock
                else:
                    if failures:
                        self._health.turn(SignalState.UNREACHABLE)
                        await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])
                    failures += 1
                    self._start()
        finally:
            await asyncio.to_thread(self._stop)

    def _start(self) -> None:
        # A session of its own: neither our death nor the terminal's interrupt reaches it.
        try:
            self._child = subprocess.Popen(  # noqa: S603 -- the command is ours
                self._command, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            self._child = None
            log.error("signal.receiver_not_started", error=type(error).__name__)
        else:
            log.info("signal.receiver_started")

    def _stop(self) -> None:
        if (pid := holder_of(self._lock)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        if self._child is not None:
            try:
                self._child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                log.warning("signal.receiver_still_running")


def receiver_runs(lock: str) -> bool:
    """Whether somebody holds the receiver's lock."""
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder_of(lock: str) -> int | None:
    """Process id of the receiver that holds the lock."""
    if not receiver_runs(lock):
        return None
    try:
        return int(Path(lock).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
