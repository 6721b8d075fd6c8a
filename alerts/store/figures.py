"""What the watch asks the store: how far behind we are, and which pages have an alarm service to be called.

Counts, instants and case references only; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, union

from alerts.cases import CaseStatus
from alerts.checkins import RoundStatus
from alerts.ids import from_micros, micros
from alerts.store.queues import oldest_unsent_page
from alerts.store.tables import cases, deadlines, inbox, outbox, rounds


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, and since when. None: nothing does."""

    overdue_since: datetime | None
    """When the oldest deadline that has not fired was due."""
    page_since: datetime | None
    """When the oldest page that has not gone out was queued."""
    inbox: int
    """Frames that wait for their turn."""
    inbox_since: datetime | None


@dataclass(frozen=True, slots=True)
class PageCall:
    """One P1 page that an alarm service is to be told of."""

    case_id: str
    """Empty for a page that belongs to no case: a frame that could not be understood."""
    case_ref: str
    queued_at: datetime
    drill: bool


def backlog(connection: Connection, now: datetime) -> Backlog:
    """How far behind we are at `now`."""
    due = connection.execute(
        select(func.min(deadlines.c.due_at)).where(deadlines.c.due_at <= micros(now))
    ).scalar()
    waiting, since = connection.execute(
        select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.state == "new")
    ).one()
    return Backlog(
        overdue_since=from_micros(due) if due is not None else None,
        page_since=oldest_unsent_page(connection),
        inbox=int(waiting),
        inbox_since=from_micros(since) if since is not None else None,
    )


def all_is_quiet(connection: Connection) -> bool:
    """No case is open, and nobody was asked to check in and has not answered."""
    open_case = select(cases.c.id).where(cases.c.status != CaseStatus.CLOSED.value).limit(1)
    asked = select(rounds.c.id).where(rounds.c.status == RoundStatus.LIVE.value).limit(1)
    return connection.execute(open_case).first() is None and connection.execute(asked).first() is None


def witnesses(connection: Connection, channel: str, since: datetime, until: datetime) -> tuple[int, int]:
    """Of the addresses that something was handed over to since an instant: how many gave a receipt for it, and how many
    none though it was handed over `until` another."""
    # Ids begin with their instant in milliseconds, so this is a range of the primary key, however large the outbox is.
    o = outbox.c
    handed = (o.id >= f"{micros(since) // 1000:012x}", o.channel == channel, o.sent_at >= micros(since))
    gone = o.state.in_(["sent", "delivered", "read"])
    early = (o.sent_at <= micros(until)).label("early")
    found = connection.execute(select(o.address_id, o.state, early).where(*handed, gone).distinct()).all()
    gave = {row.address_id for row in found if row.state != "sent"}
    return len(gave), len({row.address_id for row in found if row.early} - gave)


def server_clock(connection: Connection) -> datetime | None:
    """What time the database server has; None on SQLite, which has ours."""
    if connection.dialect.name == "sqlite":
        return None
    now: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return now


def page_calls(connection: Connection, since: datetime) -> Sequence[PageCall]:
    """The P1 pages queued since then about which nobody has done anything yet, oldest first, one for each case and
    instant however many people were paged. A P1 case that was opened since then counts as one too: there may have been
    nobody to page.

    A page is over when its case is closed, or was taken after the page was queued.
    """
    # Ids begin with their instant in milliseconds, so this is a range of the primary key, however large the outbox is.
    first = f"{micros(since) // 1000:012x}"
    paged = (
        select(outbox.c.case_id, cases.c.ref, outbox.c.created_at.label("at"), cases.c.drill)
        .select_from(outbox.outerjoin(cases, cases.c.id == outbox.c.case_id))
        .where(
            outbox.c.id >= first,
            outbox.c.kind == "page",
            outbox.c.urgency == 1,
            or_(
                outbox.c.case_id.is_(None),
                (cases.c.status != "closed")
                & (cases.c.taken_at.is_(None) | (cases.c.taken_at <= outbox.c.created_at)),
            ),
        )
    )
    opened = select(cases.c.id, cases.c.ref, cases.c.opened_at, cases.c.drill).where(
        cases.c.status == "open", cases.c.urgency == 1, cases.c.id >= first, cases.c.taken_at.is_(None)
    )
    return [
        PageCall(case_id or "", ref or "", from_micros(at), bool(drill))
        for case_id, ref, at, drill in connection.execute(union(paged, opened).order_by("at"))
    ]
