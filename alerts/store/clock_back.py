"""The machine's clock was set back: what was noted by it goes back with it, so that what somebody waits for comes as
long after the present as it would have come.

What is due by the clock on the wall, the next question of a check-in and a timer's end, stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from alerts.deadlines import DeadlineKind
from alerts.ids import MICROSECOND, micros
from alerts.records import replace
from alerts.store import queues, tables
from alerts.store.work import Work

LATELY = timedelta(days=2)
"""What was sent before that is not answered any more."""
PART = 200
"""Rounds that are read and written at once."""


def set_back(work: Work, now: datetime, by: timedelta) -> None:
    """Cases, messages, and check-ins that wait for an answer, set back by so much."""
    queues.set_back(work.connection, now, by)
    o, back = tables.outbox.c, round(by / MICROSECOND)
    lately = or_(o.sent_at > micros(now - LATELY), tables.QUEUED)
    # Else a number would answer the menu that was sent before, and contacts would wait for as long.
    times = {"sent_at": o.sent_at - back, "created_at": o.created_at - back}
    work.connection.execute(update(tables.outbox).where(lately).values(times))
    t = tables.deadlines.c
    waiting = list(work.connection.scalars(select(t.subject).where(t.kind == DeadlineKind.RUNG.value)))
    for start in range(0, len(waiting), PART):
        _rounds(work, waiting[start : start + PART], by)
        work.flush()


def _rounds(work: Work, ids: list[str], by: timedelta) -> None:
    for round_ in work.rounds_that_open(ids):
        # The version stays: the rung that is armed is still the next one.
        put = replace(
            round_,
            asked_at=round_.asked_at - by,
            shifted_from=round_.shifted_from - by if round_.shifted_from else None,
            contacts_from=round_.contacts_from - by if round_.contacts_from else None,
        )
        work.put(put)
