"""Receiving goes on outside this process; this looks whether there is still somebody who does it.

Every few seconds:

1. Does signal-cli's socket answer, or the gateway? If not twice in a row, nothing comes in from Signal. Where a second
   signal-cli is linked to the account, one that answers is enough; that the other does not is said in the log, once.
2. Does a receiver of these settings hold a seat, with a connection to receive from? Only those that were seen here once
   are missed: they may run on another machine, where their locks cannot be seen. That nobody was ever seen is said in
   the log, once.

Without this a dead daemon would be noticed when the next canary is due, or by nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.channels.signal.daemon import ask_daemon
from bot.channels.signal.health import Health
from bot.channels.signal.settings import SignalSettings
from bot.receiver_sources import purpose
from bot.seats import at_work

log = structlog.get_logger(__name__)

LOOK_SECONDS = 15.0
MISSED_IS_GONE = 2
"""Looks in a row: a daemon under load may be slow once."""


NEVER_SEEN = 4
"""Looks in which nobody was seen who receives, after which that is said once: a minute."""


class Lookout:
    """What was seen so far of the others that receiving takes."""

    def __init__(
        self,
        settings: SignalSettings,
        health: Health,
        gateway_there: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`gateway_there` tells whether the gateway answers, where the messages come from there."""
        self._settings = settings
        self._health = health
        self._gateway_there = gateway_there
        self._missed = 0
        self._silent: tuple[int, ...] = ()
        self._seen = False
        self._unseen = 0
        self._purpose = purpose(settings.sources())

    async def keep(self) -> None:
        """Looks until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 -- it must outlive whatever it looks at
                log.error("signal.lookout_failed", error=type(error).__name__)

    async def look(self) -> None:
        """Steps 1 and 2, once."""
        there = await self._sources() and self._received()
        self._missed = 0 if there else self._missed + 1
        self._health.miss(self._missed >= MISSED_IS_GONE)

    async def _sources(self) -> bool:
        if self._gateway_there is not None:
            return await self._gateway_there()
        addresses = self._settings.daemon_addresses()
        answers = await asyncio.gather(*map(ask_daemon, addresses))
        silent = tuple(number for number, answer in enumerate(answers, 1) if answer is None)
        if len(addresses) > 1 and silent != self._silent:
            (log.warning if silent else log.info)("signal.daemons_silent", numbers=silent)
            self._silent = silent
        return len(silent) < len(addresses)

    def _received(self) -> bool:
        lock = self._settings.receiver_lock
        there = bool(lock) and at_work(lock, self._purpose) > 0
        self._seen = self._seen or there
        if not self._seen:
            self._unseen += 1
            if self._unseen == NEVER_SEEN:
                log.error("signal.no_receiver_seen", unless="it runs on another machine")
        return there or not self._seen
