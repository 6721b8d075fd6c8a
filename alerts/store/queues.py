"""What is due and what goes out: claimed rows, no broker. What comes in is in `inbox.py`.

Order is fixed here. Deadlines: by urgency, then age. Outbox: priority, then age. On PostgreSQL rows
that another node holds are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, false, func, or_, select, update

from alerts.deadlines import Deadline, DeadlineKind
from alerts.escalation import CASE_DEADLINES
from alerts.events import OutboundKind
from alerts.ids import MICROSECOND, from_micros, micros
from alerts.outbox import ELSEWHERE_AFTER, EVERYTHING, PRESSING, Outgoing, SendState, priority
from alerts.rounds import ROUTINE_URGENCY
from alerts.store import tables
from alerts.store.prepared import Prepared, prepared
from alerts.store.work import CHUNK, Work, deadline_of

inbox, outbox, deadlines = tables.inbox, tables.outbox, tables.deadlines


# --------------------------------------------------------------------------------------------------------- deadlines


OF_CHECK_INS = (DeadlineKind.PROMPT, DeadlineKind.RUNG, DeadlineKind.WARN)
_DUE = select(deadlines).where(deadlines.c.due_at <= bindparam("now"))
# The most overdue are looked at first; among them urgency decides. Sorting all that is due by urgency would read every
# row of a large backlog for each small batch.
_early = _DUE.order_by(deadlines.c.due_at).limit(bindparam("many")).subquery()
_EARLY = prepared(
    select(_early)
    .order_by(_early.c.urgency, _early.c.due_at, _early.c.kind, _early.c.subject)
    .limit(bindparam("limit"))
)
# What leads to a page must not wait behind a whole round of prompts that came at the same instant.
_GRAVE = prepared(
    _DUE.where(deadlines.c.urgency < ROUTINE_URGENCY)
    .order_by(deadlines.c.urgency, deadlines.c.due_at)
    .limit(bindparam("limit"))
)
_OF_CASES = prepared(
    _DUE.where(deadlines.c.kind.not_in([kind.value for kind in OF_CHECK_INS]))
    .order_by(deadlines.c.urgency, deadlines.c.due_at)
    .limit(bindparam("limit"))
)
_NEXT_DUE = prepared(select(func.min(deadlines.c.due_at)))


def due(connection: Connection, now: datetime, limit: int, *, check_ins: bool = True) -> list[Deadline]:
    """Deadlines that have come, the urgent and old ones first. They stay until their turn commits.

    Without those of `check_ins` while answers to them may still wait at a platform.
    """
    at = micros(now)
    if check_ins:
        rows = _EARLY.rows(connection, now=at, many=max(limit * 4, 1000), limit=limit)
    else:
        rows = _OF_CASES.rows(connection, now=at, limit=limit)
    if (
        check_ins
        and rows
        and rows[0].urgency > 1
        and (len(rows) == limit or rows[0].urgency >= ROUTINE_URGENCY)
    ):
        grave = _GRAVE.rows(connection, now=at, limit=limit)
        rows = list({(row.kind, row.subject): row for row in (*grave, *rows)}.values())[:limit]
    if connection.dialect.name == "postgresql":
        held = _claimed(connection, rows)
        rows = [row for row in rows if (row.kind, row.subject, row.token) in held]
    return [deadline_of(row) for row in rows]


_CLAIMED = prepared(
    select(deadlines.c.kind, deadlines.c.subject, deadlines.c.token)
    .where(
        deadlines.c.kind.in_(bindparam("kinds", expanding=True)),
        deadlines.c.subject.in_(bindparam("subjects", expanding=True)),
    )
    .with_for_update(skip_locked=True)
)


def _claimed(connection: Connection, rows: Sequence[Any]) -> set[tuple[str, str, int]]:
    """Which of these deadlines are ours until the commit: no other node holds them, and they are as they were."""
    held: set[tuple[str, str, int]] = set()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        kinds, subjects = sorted({row.kind for row in part}), [row.subject for row in part]
        held |= {tuple(row) for row in _CLAIMED.rows(connection, kinds=kinds, subjects=subjects)}
    return held


def next_due(connection: Connection) -> datetime | None:
    """When the next deadline comes."""
    value = _NEXT_DUE.scalars(connection)[0]
    return from_micros(value) if value is not None else None


def set_back(connection: Connection, now: datetime, by: timedelta) -> None:
    """What a case, a message, a frame or a rung waits for comes as long after the present as it would have come."""
    at, back = micros(now), round(by / MICROSECOND)

    def sooner(column: Any) -> Any:
        return case((column - back < at, at), else_=column - back)

    due, ready = deadlines.c.due_at, outbox.c.ready_at
    noted = deadlines.c.kind.in_(
        [kind.value for kind in (*CASE_DEADLINES, DeadlineKind.RUNG, DeadlineKind.UNREAD)]
    )
    connection.execute(update(deadlines).where(due > at, noted).values(due_at=sooner(due)))
    connection.execute(update(outbox).where(ready > at, tables.QUEUED).values(ready_at=sooner(ready)))


# ------------------------------------------------------------------------------------------------------------ outbox


@dataclass(frozen=True, slots=True)
class Parcel:
    """What delivery needs to choose an order, without opening anything."""

    id: str
    channel: str
    address_id: str
    kind: str
    priority: int
    urgency: int
    case_id: str | None
    attempts: int
    ready_at: datetime
    state: str


_PARCEL = (
    outbox.c.id,
    outbox.c.channel,
    outbox.c.address_id,
    outbox.c.kind,
    outbox.c.priority,
    outbox.c.urgency,
    outbox.c.case_id,
    outbox.c.attempts,
    outbox.c.ready_at,
    outbox.c.state,
)


def _waiting_for_channel(columns: Sequence[Any], some_held: bool) -> Prepared:
    query: Select[Any] = select(*columns).where(
        outbox.c.channel == bindparam("channel"),
        tables.WAITING,
        outbox.c.state == SendState.QUEUED.value,
        outbox.c.ready_at <= bindparam("now"),
        outbox.c.priority < bindparam("below"),
    )
    if some_held:
        query = query.where(outbox.c.address_id.not_in(bindparam("held", expanding=True)))
    return _skipping(query.order_by(outbox.c.priority, outbox.c.id).limit(bindparam("limit")))


def _skipping(query: Select[Any]) -> Prepared:
    """What it finds is held until the commit, less what another node holds."""
    return Prepared(
        lambda dialect: query.with_for_update(skip_locked=True) if dialect == "postgresql" else query
    )


_PARCELS = {held: _waiting_for_channel(_PARCEL, held) for held in (True, False)}
_WHOLE = {held: _waiting_for_channel([outbox], held) for held in (True, False)}
PAGE_PRIORITIES = tuple(
    priority(OutboundKind.PAGE, urgency, verified) for urgency in range(1, 6) for verified in (True, False)
)
"""Where pages stand in the order: by these the index finds them among everything else that waits."""
_PAGES_TO = prepared(
    select(outbox.c.id)
    .where(
        outbox.c.channel == bindparam("channel"),
        outbox.c.priority.in_(PAGE_PRIORITIES),
        outbox.c.address_id == bindparam("address"),
        tables.WAITING,
        outbox.c.state == SendState.QUEUED.value,
        outbox.c.kind == "page",
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("limit"))
)
_NOTICES_TO = prepared(
    select(outbox.c.id)
    .where(
        outbox.c.channel == bindparam("channel"),
        outbox.c.address_id == bindparam("address"),
        tables.WAITING,
        outbox.c.state == SendState.QUEUED.value,
        outbox.c.kind == "notice",
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("limit"))
)
_CONVERSATION = prepared(
    select(outbox.c.id, outbox.c.state, outbox.c.ready_at)
    .where(
        outbox.c.case_id == bindparam("case"),
        outbox.c.kind == OutboundKind.RELAY.value,
        outbox.c.state.in_([SendState.QUEUED.value, SendState.SENDING.value]),
        outbox.c.address_id == bindparam("address"),
        outbox.c.id > bindparam("after"),
    )
    .order_by(outbox.c.id)
    .limit(bindparam("limit"))
)


_FIRST_TO = _skipping(
    select(outbox)
    .where(
        outbox.c.channel == bindparam("channel"),
        outbox.c.address_id == bindparam("address"),
        tables.WAITING,
        outbox.c.state == SendState.QUEUED.value,
        outbox.c.ready_at <= bindparam("now"),
        outbox.c.priority < bindparam("below"),
        or_(
            outbox.c.kind != OutboundKind.RELAY.value,
            outbox.c.case_id.is_(None),
            outbox.c.case_id.not_in(bindparam("without", expanding=True)),
        ),
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(1)
)
_TO_HAND_OVER = _skipping(
    select(outbox).where(outbox.c.id == bindparam("id"), outbox.c.state == SendState.QUEUED.value)
)


_CLAIM = _skipping(
    select(outbox.c.id).where(
        outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.state == SendState.QUEUED.value
    )
)
QUESTIONS = (OutboundKind.PROMPT.value, OutboundKind.REMINDER.value)
"""What a check-in asks. Many wait at once, and all of them are to be asked by another channel, or the desk told."""
_STRANDED = prepared(
    select(outbox.c.id)
    .where(
        outbox.c.channel == bindparam("channel"),
        or_(outbox.c.priority < PRESSING, outbox.c.kind.in_(QUESTIONS)),
        tables.WAITING,
        outbox.c.state == SendState.QUEUED.value,
        outbox.c.attempts < ELSEWHERE_AFTER,
        outbox.c.kind != OutboundKind.PAGE.value,
    )
    .order_by(outbox.c.priority, outbox.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Place:
    """One of the messages of a conversation that have not gone out."""

    id: str
    sending: bool
    """It is being handed over."""
    ready_at: datetime


def waiting_parcels(
    connection: Connection, channel: str, now: datetime, limit: int, *, without: Iterable[str] = ()
) -> list[Parcel]:
    """What a channel has to send now, in order. `without` are addresses that have to wait."""
    return [
        Parcel(
            row.id,
            row.channel,
            row.address_id,
            row.kind,
            row.priority,
            row.urgency,
            row.case_id,
            row.attempts,
            from_micros(row.ready_at),
            row.state,
        )
        for row in _waiting(connection, _PARCELS, channel, now, limit, without, EVERYTHING)
    ]


def waiting_messages(
    work: Work,
    channel: str,
    now: datetime,
    limit: int,
    *,
    without: Iterable[str] = (),
    below: int = EVERYTHING,
) -> list[Outgoing]:
    """As `waiting_parcels`, opened, as this transaction sees them; of those with a priority `below` something.

    Raises `alerts.sealing.Unsealable`.
    """
    rows = _waiting(work.connection, _WHOLE, channel, now, limit, without, below)
    return work.adopt_outgoings(rows)


def _waiting(
    connection: Connection,
    statements: Mapping[bool, Prepared],
    channel: str,
    now: datetime,
    limit: int,
    without: Iterable[str],
    below: int,
) -> list[Any]:
    held = list(without)[:CHUNK]
    asked: dict[str, Any] = {"channel": channel, "now": micros(now), "limit": limit, "below": below}
    if held:
        asked["held"] = held
    return statements[bool(held)].rows(connection, **asked)


def pages_to(connection: Connection, channel: str, address_id: str, limit: int) -> list[str]:
    """Ids of the pages that wait for one address, for bundling."""
    return _PAGES_TO.scalars(connection, channel=channel, address=address_id, limit=limit)


def notices_to(connection: Connection, channel: str, address_id: str, limit: int) -> list[str]:
    """Ids of the notices that wait for one address, for bundling; those as well that wait for company."""
    return _NOTICES_TO.scalars(connection, channel=channel, address=address_id, limit=limit)


def conversation(connection: Connection, row: Outgoing, limit: int, after: str = "") -> list[Place]:
    """The relayed messages of the same case that have not gone out to the same address, in the order in which they were
    said; only those `after` a row's id."""
    found = _CONVERSATION.rows(connection, case=row.case_id, address=row.address_id, after=after, limit=limit)
    return [Place(one.id, one.state == SendState.SENDING.value, from_micros(one.ready_at)) for one in found]


def stranded(connection: Connection, channel: str, limit: int) -> list[str]:
    """Ids of what presses, or asks, and waits for a channel that is down, and was not looked at for that reason yet.
    Less the pages, which go by all channels."""
    return _STRANDED.scalars(connection, channel=channel, limit=limit)


def first_to(work: Work, row: Outgoing, now: datetime, below: int, without: Iterable[str]) -> Outgoing | None:
    """What waits first for the address of `row`, leaving out what is relayed of the cases `without`.

    Raises `alerts.sealing.Unsealable`.
    """
    found = _FIRST_TO.rows(
        work.connection,
        channel=row.channel,
        address=row.address_id,
        now=micros(now),
        below=below,
        without=list(without) or [""],
    )
    return next(iter(work.adopt_outgoings(found)), None)


def to_hand_over(work: Work, row_id: str) -> Outgoing | None:
    """A message that waits, held until the commit; None when another node holds it. Raises
    `alerts.sealing.Unsealable`."""
    return next(iter(work.adopt_outgoings(_TO_HAND_OVER.rows(work.connection, id=row_id))), None)


def still_behind(work: Work, row_id: str) -> Outgoing | None:
    """One of `stranded`, held until the commit; None when it is on its way meanwhile, or when another node holds it,
    which then sees to the rest. Raises `alerts.sealing.Unsealable`."""
    row = to_hand_over(work, row_id)
    return row if row is not None and row.attempts < ELSEWHERE_AFTER else None


def claimed(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Those of these rows that wait, in their order. They are held until the commit, less what another node holds."""
    if connection.dialect.name != "postgresql" or not ids:
        return list(ids)
    held = set(_CLAIM.scalars(connection, ids=list(ids)))
    return [row_id for row_id in ids if row_id in held]


_NEXT_READY = prepared(
    select(func.min(outbox.c.ready_at)).where(tables.QUEUED, outbox.c.ready_at > bindparam("after"))
)


def next_ready(connection: Connection, after: datetime) -> datetime | None:
    """When the next row that has to wait may be sent."""
    value = _NEXT_READY.scalars(connection, after=micros(after))[0]
    return from_micros(value) if value is not None else None


def release_unfinished(connection: Connection, before: datetime | None, after: datetime | None = None) -> int:
    """What was handed to a channel and not answered for goes out again, marked as a possible repeat: all of it, or what
    was handed over `before` an instant, or `after` one that is still to come."""
    statement = update(outbox).where(outbox.c.state == SendState.SENDING.value)
    if before is not None:
        late = outbox.c.sent_at > micros(after) if after is not None else false()
        statement = statement.where(or_(outbox.c.sent_at < micros(before), late))
    return connection.execute(statement.values(state=SendState.QUEUED.value)).rowcount


def take_back(connection: Connection, noted: Mapping[str, datetime]) -> None:
    """Queues again what was noted as handed over (row id -> when) and never was: the commit's answer was lost with the
    database. It is no repeat when it goes out. What has been handed over since, by whomever, stays so."""
    back = {"state": SendState.QUEUED.value, "attempts": outbox.c.attempts - 1}
    for row_id, at in noted.items():
        so = (outbox.c.state == SendState.SENDING.value) & (outbox.c.sent_at == micros(at))
        connection.execute(update(outbox).where(outbox.c.id == row_id, so).values(back))


def set_aside(connection: Connection, ids: Iterable[str]) -> None:
    """Puts away for good, unopened, what cannot be opened or made into a message."""
    _change_outbox(connection, ids, SendState.QUEUED, SendState.REFUSED)


def put_off(connection: Connection, ids: Iterable[str], until: datetime) -> None:
    """Has messages that could not be opened or made tried again later. They were not tried to be sent: when they go out
    it is no repeat."""
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        part = outbox.c.id.in_(wanted[start : start + CHUNK])
        connection.execute(update(outbox).where(part).values(ready_at=micros(until)))


def _change_outbox(connection: Connection, ids: Iterable[str], old: SendState, new: SendState) -> None:
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        part = outbox.c.id.in_(wanted[start : start + CHUNK])
        connection.execute(update(outbox).where(part, outbox.c.state == old.value).values(state=new.value))


def unsent(connection: Connection) -> int:
    """How many rows wait or are in flight."""
    return int(
        connection.execute(select(func.count()).select_from(outbox).where(tables.WAITING)).scalar_one()
    )


def oldest_unsent_page(connection: Connection) -> datetime | None:
    """When the oldest page that has not gone out was queued."""
    query = select(func.min(outbox.c.created_at)).where(tables.WAITING, outbox.c.kind == "page")
    value = connection.execute(query).scalar()
    return from_micros(value) if value is not None else None
