"""The ticker: APScheduler says "look now" at fixed intervals. No timer of anybody's lives in it.

Every later action is a row in `deadlines`; a tick that is late or lost only delays the look, and the next one finds
everything that is due. Hence: no misfire grace, late ticks are coalesced into one, and a job never runs twice at once.

APScheduler goes by the machine's clock: set back by an hour, it would not tick for an hour. So that is watched here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.background import BackgroundScheduler

CLOCK_SECONDS = 0.5
"""Seconds, not the machine's clock's, between looks at whether that was set back."""


class Ticker:
    """Calls functions every so many seconds on a thread of its own. They must only poke."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._ended = threading.Event()

    def every(self, seconds: float, do: Callable[[], None]) -> None:
        """Adds a regular look."""
        self._scheduler.add_job(do, "interval", seconds=seconds)

    def start(self) -> None:
        """Begins to tick."""
        self._scheduler.start()
        threading.Thread(target=self._watch_clock, name="ticker-clock", daemon=True).start()

    def stop(self) -> None:
        """Ends without waiting for a look under way."""
        self._ended.set()
        self._scheduler.shutdown(wait=False)

    def _watch_clock(self) -> None:
        last = datetime.now(UTC)
        while not self._ended.wait(CLOCK_SECONDS):
            now = datetime.now(UTC)
            if now < last:
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=now)
            last = now
