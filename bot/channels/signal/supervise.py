"""Keeps the receivers running where no container engine does.

They outlive us: killed without notice, we leave them storing what comes, and the next bot finds them by their locks and
starts no more. Only an orderly end of `run` ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time

import structlog

from bot.channels.signal.health import Health, SignalState
from bot.channels.signal.settings import SignalSettings
from bot.receiver_sources import purpose
from bot.seats import SEATS, at_work, holders_of, seats_taken, strangers_at

log = structlog.get_logger(__name__)
LOOK_SECONDS = 1.0
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
STOP_SECONDS = 20.0


class Receivers:
    """The receivers as the bot sees them: locks that somebody holds, and a command that makes somebody hold one."""

    def __init__(self, settings: SignalSettings, health: Health) -> None:
        self._lock = settings.receiver_lock
        self._purpose = purpose(settings.sources())
        self._command = settings.receiver_command
        self._health = health
        self._children: list[subprocess.Popen[bytes]] = []

    async def keep(self) -> None:
        """Until cancelled: 1. is every lock held? then look again later; 2. else start a receiver for each that is
        not, waiting longer, to 3 s, when they end at once. When cancelled: end the receivers, whoever started them."""
        failures = 0
        try:
            self._send_strangers_away()
            while True:
                missing = SEATS - seats_taken(self._lock)
                if at_work(self._lock, self._purpose):
                    self._health.turn(SignalState.RECEIVING)
                if not missing:
                    failures = 0
                    await asyncio.sleep(LOOK_SECONDS)
                elif on_their_way := self._on_their_way():
                    for _ in range(missing - on_their_way):
                        self._start()
                    await asyncio.sleep(BACKOFF_SECONDS[0])
                else:
                    if failures:
                        if missing == SEATS:
                            self._health.turn(SignalState.UNREACHABLE)
                        await asyncio.sleep(BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1])
                    failures += 1
                    for _ in range(missing):
                        self._start()
        finally:
            await asyncio.to_thread(self._stop)

    def _send_strangers_away(self) -> None:
        """Receivers that outlived a bot whose settings were others take the messages from where none come any more.
        Only those that were there before us: what we start reads its settings for itself, and they may change."""
        for pid in strangers_at(self._lock, self._purpose):
            log.warning("signal.receiver_of_other_settings_ended")
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)

    def _on_their_way(self) -> int:
        """How many were started and hold no lock yet."""
        self._children = [child for child in self._children if child.poll() is None]
        holders = holders_of(self._lock)
        return sum(child.pid not in holders for child in self._children)

    def _start(self) -> None:
        # A session of its own: neither our death nor the terminal's interrupt reaches it.
        try:
            child = subprocess.Popen(  # noqa: S603 -- the command is ours
                self._command, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            log.error("signal.receiver_not_started", error=type(error).__name__)
        else:
            self._children.append(child)
            log.info("signal.receiver_started")

    def _stop(self) -> None:
        for pid in {
            *holders_of(self._lock),
            *(child.pid for child in self._children if child.poll() is None),
        }:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for child in self._children:
            try:
                child.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("signal.receiver_still_running")
