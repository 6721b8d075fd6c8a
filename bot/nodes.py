"""Several nodes on one PostgreSQL: which are alive, and which holds a channel's receiving socket.

On SQLite there is one process and none of this: the file's lock sees to it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from alerts.store import leases, queues
from alerts.store.store import Store
from alerts.store.work import Work
from bot.clock import Clock, Entropy

log = structlog.get_logger("watchline")

LIFETIME = timedelta(seconds=10)
"""A node that has not been heard of for so long is dead, and its work is taken over."""
IN_FLIGHT = timedelta(minutes=3)
"""Longer than any send takes: what a node has handed to a channel for longer, it has died over."""


class Nodes:
    """This node among the others."""

    def __init__(self, store: Store, clock: Clock, entropy: Entropy) -> None:
        self._store = store
        self._clock = clock
        self.name = entropy.draw(8).hex()
        self._since = clock.now()
        self.single = store.dialect == "sqlite"
        self.heartbeat = ""
        """Where this node's heartbeat goes. It is noted as a keyed digest, so that `doctor` sees what nodes share."""
        self._shares = False

    def hold(self, channel: str) -> bool:
        """Takes or renews the lease of a channel's receiving socket."""
        with self._store.writing(lock=False) as work:
            return leases.acquire(work, f"receive:{channel}", self.name, self._clock.now(), LIFETIME)

    def release_unfinished(self, *, starting: bool) -> int:
        """Queues again what was handed to a channel by a process that is no more, and says that this one is alive.

        Returns how many rows; they go out marked as possible repeats.
        """
        now = self._clock.now()
        with self._store.writing(lock=False) as work:
            alone = self.single or leases.alone(work, self.name, now)
            if not self.single:
                leases.acquire(work, f"{leases.NODE}{self.name}", self.name, now, LIFETIME)
                self._note_heartbeat(work, now)
            before: datetime | None = None if starting and alone else now - IN_FLIGHT
            if before is not None and self.single:
                return 0
            if alone and not starting:
                # Nobody else is there: what was handed over before this node came was handed over by a dead one.
                before = max(now - IN_FLIGHT, self._since)
            # What is noted as handed over in time to come was so by a clock that is right no more.
            return queues.release_unfinished(work.connection, before, now + IN_FLIGHT)

    def _note_heartbeat(self, work: Work, now: datetime) -> None:
        if not self.heartbeat:
            return
        beat = work.vault.account("heartbeat", self.heartbeat).hex()
        leases.acquire(work, f"{leases.BEAT}{self.name}", beat, now, LIFETIME)
        others = [node for node, its in leases.beats(work, now).items() if its == beat and node != self.name]
        if others and not self._shares:
            log.error("heartbeat_shared", nodes=1 + len(others))
        self._shares = bool(others)
