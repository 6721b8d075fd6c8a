"""Which of the messages that wait for one chat goes next, where urgency and age alone would not be right.

1. Words of one conversation, which are the relayed messages of one case to one chat, go in the order in which they were
   said: none while an earlier one waits for its next try, or is being handed over by another node. They hold up nothing
   else. One that fails by itself again and again no longer counts: it must not keep back the rest for good.
2. Of one case the desk gets a few messages in a row. Then all the pages that wait, a few of each other case as urgent,
   and one message of what is less urgent have their turn: whoever writes without a pause does not shut out others.

What is counted is kept in memory: who forgets it begins with a few in a row again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.events import OutboundKind, Outcome, RetryAt
from alerts.outbox import Outgoing, SendState
from alerts.store import queues
from alerts.store.work import Work
from bot.bundles import SHUT

STREAK = 3
"""Messages in a row of one case's conversation while others wait for the same chat."""
GIVES_WAY = 5
"""Failed tries of its own, not of the whole channel, after which a message holds back what was said after it no more:
half a minute for most, some ten seconds for P1."""
CASES = 100
"""So many cases of one chat are passed over in one look; then their turns begin anew. No more are kept in mind."""
KNOWN = 1_000
"""So many chats, and messages that fail, are kept in mind; beyond them those that were used longest ago go. What is
still tried comes up every minute: to forget it takes a thousand others that fail by themselves within it."""


def is_relayed(row: Outgoing) -> bool:
    """Whether a message belongs to a conversation."""
    return row.kind is OutboundKind.RELAY and row.case_id is not None


@dataclass
class Conversations:
    """The conversations that one channel carries."""

    single: bool
    """Whether no other node hands over messages of the same outbox."""
    _gone: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """Chat -> case -> how many of its messages went in this round, and its urgency."""
    _failed: dict[str, int] = field(default_factory=dict)

    def next_to(
        self, work: Work, first: Outgoing, now: datetime, below: int, *, anew: bool = False
    ) -> Outgoing | None:
        """What goes next to the chat of `first`, which is the first of what waits for it by urgency and age. None when
        all that waits there has to wait for something earlier. `anew`: `first` is out of the question meanwhile."""
        blocked: set[str] = set()
        tired: dict[str, Outgoing] = {}
        row = self._another(work, first, now, below, ()) if anew else first
        while row is not None and row.case_id is not None and is_relayed(row):
            head = self._head(work, row, now)
            if head is None:
                blocked.add(row.case_id)
            elif self._gone.get(row.address_id, {}).get(row.case_id, (0, 0))[0] < STREAK:
                return head
            else:
                tired[row.case_id] = head
            passed = blocked | tired.keys()
            row = self._another(work, first, now, below, passed) if len(passed) < CASES else None
        if row is None and tired:
            self._gone.pop(first.address_id, None)
            return next(iter(tired.values()))
        return row

    def _head(self, work: Work, row: Outgoing, now: datetime) -> Outgoing | None:
        """The first of the conversation, when it may go now."""
        for place in queues.conversation(work.connection, row, 1 + GIVES_WAY):
            if place.id == row.id:
                break
            if self._failed.get(place.id, 0) >= GIVES_WAY:
                continue
            if place.sending and self.single:
                continue  # its answer could not be noted: nobody is about to send it
            if place.sending or place.ready_at > now:
                return None
            with contextlib.suppress(*SHUT):
                # One that cannot be opened is found out when its own turn comes.
                taken = queues.to_hand_over(work, place.id)
                if taken is None:
                    return None  # another node is about to
                if taken.state is SendState.QUEUED:
                    return taken
        return row

    @staticmethod
    def _another(
        work: Work, first: Outgoing, now: datetime, below: int, without: Collection[str]
    ) -> Outgoing | None:
        try:
            return queues.first_to(work, first, now, below, without)
        except SHUT:
            # It is set aside when its own turn comes; to go on with `first` would be to go round in circles.
            return None

    def goes(self, row: Outgoing) -> None:
        """A message is handed over."""
        if row.kind is OutboundKind.PAGE:
            return  # pages never wait for their turn
        gone = self._gone.pop(row.address_id, {})
        gone = {case: it for case, it in gone.items() if it[1] >= row.urgency}
        if row.case_id is not None and is_relayed(row) and row.defender_id is not None:  # to the desk
            gone[row.case_id] = (gone.pop(row.case_id, (0, 0))[0] + 1, row.urgency)
        if gone:
            self._gone[row.address_id] = gone
            _bounded(gone, CASES)
            _bounded(self._gone, KNOWN)

    def answered(self, rows: Collection[str], kind: OutboundKind, outcome: Outcome) -> None:
        """What became of it."""
        if kind is not OutboundKind.RELAY:
            return
        own = isinstance(outcome, RetryAt) and not outcome.whole_channel and not outcome.obey
        for row in rows:
            if own:
                self._failed[row] = self._failed.pop(row, 0) + 1
                _bounded(self._failed, KNOWN)
            elif not isinstance(outcome, RetryAt):
                self._failed.pop(row, None)


def _bounded(known: dict[str, Any], most: int) -> None:
    """Forgets the oldest of what is known once it is too much."""
    while len(known) > most:
        del known[next(iter(known))]
