"""What a linked device could not read, and the account's first device perhaps could.

1. Each device gets a copy of its own. Mostly the first has read the message, and nothing is amiss.
2. So the report waits a little for that copy, as a row with a deadline. If it comes, readable or as the first's own
   report, there is nothing to tell.
3. If it does not, nobody has read what somebody wrote: the report has its turn like the first's own.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from alerts.deadlines import Deadline, DeadlineKind
from alerts.events import Inbound
from alerts.store import inbox
from alerts.store.inbox import Waiting
from alerts.store.wakes import Wake
from alerts.store.work import Work

GRACE = timedelta(seconds=30)
"""For the first device's copy: longer than signal-cli takes to be started anew."""


class Fate(enum.Enum):
    """What becomes of a report now."""

    KNOWN = "known"
    """The first device's copy came."""
    WAITS = "waits"
    """It is put aside for its grace."""
    TOLD = "told"
    """It had its grace: nobody has read that message."""


def fate(work: Work, row: Waiting, inbound: Inbound, now: datetime) -> Fate:
    """What becomes of a report whose turn it is; what does not wait for another device is told."""
    if not inbound.twin:
        return Fate.TOLD
    if inbox.has_twin(work.connection, work.vault, inbound.channel, inbound.twin):
        return Fate.KNOWN
    if row.urgent:
        return Fate.TOLD
    inbox.hold(work.connection, row.id)
    work.arm(Deadline(DeadlineKind.UNREAD, row.id, None, 0, 0, 1, now + GRACE))
    return Fate.WAITS


def due(work: Work, deadline: Deadline) -> bool:
    """The grace of a report is over: it has its turn. False for a deadline of anything else."""
    if deadline.kind is not DeadlineKind.UNREAD:
        return False
    inbox.let_go(work.connection, deadline.subject)
    work.wake(Wake.INBOX)
    return True
