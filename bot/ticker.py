"""The ticker: APScheduler says "look now" at fixed intervals. No timer of anybody's lives in it.

Every later action is a row in `deadlines`; a tick that is late or lost only delays the look, and the next one finds
everything that is due. Hence: no misfire grace, late ticks are coalesced into one, and a job never runs twice at once.
"""

from __future__ import annotations

from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler


class Ticker:
    """Calls functions every so many seconds on a thread of its own. They must only poke."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    def every(self, seconds: float, do: Callable[[], None]) -> None:
        """Adds a regular look."""
        self._scheduler.add_job(do, "interval", seconds=seconds)

    def start(self) -> None:
        """Begins to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ends without waiting for a look under way."""
        self._scheduler.shutdown(wait=False)
