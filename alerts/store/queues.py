"""The three queues: what came in, what is due, what goes out. Claimed rows, no broker.

Order is fixed here. Inbox: alarms first, then age, and never two rows of one lane (one sender) at once. Deadlines: by
urgency, then age. Outbox: priority, then age. On PostgreSQL rows that another node holds are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Select, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from alerts.deadlines import Deadline, DeadlineKind
from alerts.events import OutboundKind, RawInbound
from alerts.ids import from_micros, micros
from alerts.outbox import EVERYTHING, Outgoing, SendState, priority
from alerts.rounds import ROUTINE_URGENCY
from alerts.store import tables
from alerts.store.prepared import Prepared, prepared
from alerts.store.vault import Vault
from alerts.store.work import CHUNK, Work, deadline_of

inbox, outbox, deadlines = tables.inbox, tables.outbox, tables.deadlines

QUARANTINE_AFTER = 3
"""Attempts at a turn before its message is put into quarantine and the desk is paged."""


# ------------------------------------------------------------------------------------------------------------- inbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """One stored frame whose turn has come."""

    id: str
    channel: str
    received_at: datetime
    urgent: bool
    attempts: int
    sender: str = field(repr=False)
    raw: bytes = field(repr=False)


def accept(
    connection: Connection, vault: Vault, arrivals: Sequence[tuple[str, RawInbound, datetime, bool]]
) -> list[bool]:
    """Stores frames: (fresh id, frame, when, urgent). False for one that was stored before."""
    if not arrivals:
        return []
    key = vault.intake(arrivals[0][2])
    rows = []
    for row_id, raw, at, urgent in arrivals:
        sender = raw.sender.encode("utf-8", "surrogatepass")
        # Sender and frame in one sealed value: two bytes of length, the sender, then the frame as it came.
        payload = len(sender).to_bytes(2, "big") + sender + raw.raw
        rows.append(
            {
                "id": row_id,
                "channel": raw.channel,
                "dedup": vault.dedup(raw.channel, raw.dedup),
                "lane": vault.account(raw.channel, raw.sender),
                "received_at": micros(at),
                "urgent": urgent,
                "state": "new",
                "attempts": 0,
                "key_id": key,
                "sealed": vault.sealer.seal("inbox", row_id, key, payload),
            }
        )
    _STORE.run_many(connection, rows)
    if len(rows) == 1 and arrivals[0][3]:
        return [True]
    stored = set()
    for start in range(0, len(rows), CHUNK):
        part = [row["id"] for row in rows[start : start + CHUNK]]
        stored |= set(_STORED.scalars(connection, ids=part))
    return [row["id"] in stored for row in rows]


def _store(dialect: str) -> Insert:
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(inbox).on_conflict_do_nothing(index_elements=["channel", "dedup"])


_STORE = Prepared(_store, tuple(inbox.c.keys()))
_STORED = prepared(select(inbox.c.id).where(inbox.c.id.in_(bindparam("ids", expanding=True))))
URGENT_AT_ONCE = 8
"""Alarms whose turns share one commit when many come at once."""


_HEADS = prepared(
    select(inbox.c.id, inbox.c.lane)
    .where(inbox.c.state == "new", inbox.c.urgent)
    .order_by(inbox.c.id)
    .limit(URGENT_AT_ONCE)
)
_BEHIND_HEADS = prepared(
    select(inbox)
    .where(
        inbox.c.state == "new",
        inbox.c.lane.in_(bindparam("lanes", expanding=True)),
        inbox.c.id <= bindparam("last"),
    )
    .order_by(inbox.c.id)
    .limit(bindparam("limit"))
)
_OLDEST = prepared(select(inbox).where(inbox.c.state == "new").order_by(inbox.c.id).limit(bindparam("limit")))
_FINISH = prepared(
    update(inbox).where(inbox.c.id.in_(bindparam("ids", expanding=True))).values(state="done", sealed=None)
)


def next_in_inbox(connection: Connection, vault: Vault, limit: int) -> list[Waiting]:
    """The next frames to work on: alarms with what the same people sent before them, or else the oldest ones.

    At most one of a lane at once on PostgreSQL, where other nodes take the rest.
    """
    t = inbox
    if connection.dialect.name == "postgresql":
        earlier = inbox.alias("earlier")
        ahead = (
            select(earlier.c.id)
            .where(earlier.c.lane == t.c.lane, earlier.c.state == "new", earlier.c.id < t.c.id)
            .exists()
        )
        query = select(t).where(t.c.state == "new", ~ahead).order_by(t.c.urgent.desc(), t.c.id).limit(limit)
        rows = list(connection.execute(query.with_for_update(skip_locked=True, of=inbox)).all())
    else:
        urgent = _HEADS.rows(connection)
        if urgent:
            # An alarm does not overtake what the same person sent before it: those come just ahead of it.
            last = {row.lane: row.id for row in urgent}
            found = _BEHIND_HEADS.rows(connection, lanes=list(last), last=urgent[-1].id, limit=limit)
            rows = [row for row in found if row.id <= last[row.lane]]
        else:
            rows = _OLDEST.rows(connection, limit=limit)
    vault.load({row.key_id for row in rows})
    return [_frame(row, vault) for row in rows]


def _frame(row: Any, vault: Vault) -> Waiting:
    payload = vault.sealer.open_bytes("inbox", row.id, row.key_id, row.sealed)
    size = int.from_bytes(payload[:2], "big")
    sender = payload[2 : 2 + size].decode("utf-8", "surrogatepass")
    at = from_micros(row.received_at)
    return Waiting(row.id, row.channel, at, row.urgent, row.attempts, sender, payload[2 + size :])


def finish(connection: Connection, ids: Iterable[str]) -> None:
    """The turns of these frames are committed with what they did; their sealed bytes are needed no more."""
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        _FINISH.run(connection, ids=wanted[start : start + CHUNK])


def note_attempt(connection: Connection, inbox_id: str) -> int:
    """A turn failed. Returns how often it has by now; quarantined from the third time on."""
    row = connection.execute(select(inbox.c.attempts).where(inbox.c.id == inbox_id)).scalar_one()
    state = "poison" if row + 1 >= QUARANTINE_AFTER else "new"
    # Behind everybody else's: what fails must not hold up the next message.
    connection.execute(
        update(inbox).where(inbox.c.id == inbox_id).values(attempts=row + 1, state=state, urgent=False)
    )
    return int(row + 1)


def prune_inbox(connection: Connection, before: datetime, limit: int) -> int:
    """Forgets finished frames older than the channels' redelivery window. Returns how many."""
    old = select(inbox.c.id).where(inbox.c.received_at < micros(before), inbox.c.state == "done").limit(limit)
    return connection.execute(delete(inbox).where(inbox.c.id.in_(old.scalar_subquery()))).rowcount


_ANY_NEW = prepared(select(inbox.c.id).where(inbox.c.state == "new").limit(1))


def inbox_waiting(connection: Connection) -> bool:
    """Whether anything waits for its turn."""
    return _ANY_NEW.first(connection) is not None


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
    if check_ins and rows and rows[0].urgency >= ROUTINE_URGENCY:
        rows = [*_GRAVE.rows(connection, now=at, limit=limit), *rows][:limit]
    if connection.dialect.name == "postgresql":
        return [d for d in map(deadline_of, rows) if _claimed(connection, d)]
    return [deadline_of(row) for row in rows]


def _claimed(connection: Connection, deadline: Deadline) -> bool:
    t = deadlines
    query = select(t.c.subject).where(
        t.c.kind == deadline.kind.value, t.c.subject == deadline.subject, t.c.token == deadline.token
    )
    return connection.execute(query.with_for_update(skip_locked=True)).first() is not None


def fired(connection: Connection, done: Sequence[Deadline]) -> None:
    """Removes deadlines in the transaction that carries them out, before what they did arms new ones."""
    by_kind: dict[str, list[str]] = {}
    for deadline in done:
        by_kind.setdefault(deadline.kind.value, []).append(deadline.subject)
    for kind, subjects in by_kind.items():
        for start in range(0, len(subjects), CHUNK):
            part = subjects[start : start + CHUNK]
            connection.execute(
                delete(deadlines).where(deadlines.c.kind == kind, deadlines.c.subject.in_(part))
            )


def next_due(connection: Connection) -> datetime | None:
    """When the next deadline comes."""
    value = _NEXT_DUE.scalars(connection)[0]
    return from_micros(value) if value is not None else None


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
    query = query.order_by(outbox.c.priority, outbox.c.id).limit(bindparam("limit"))
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


_NEXT_READY = prepared(
    select(func.min(outbox.c.ready_at)).where(tables.QUEUED, outbox.c.ready_at > bindparam("after"))
)


def next_ready(connection: Connection, after: datetime) -> datetime | None:
    """When the next row that has to wait may be sent."""
    value = _NEXT_READY.scalars(connection, after=micros(after))[0]
    return from_micros(value) if value is not None else None


def release_unfinished(connection: Connection, before: datetime | None) -> int:
    """What was handed to a channel and not answered for goes out again, marked as a possible repeat: all of it, or what
    was handed over `before` an instant."""
    statement = update(outbox).where(outbox.c.state == SendState.SENDING.value)
    if before is not None:
        statement = statement.where(outbox.c.sent_at < micros(before))
    return connection.execute(statement.values(state=SendState.QUEUED.value)).rowcount


def take_back(connection: Connection, ids: Iterable[str]) -> None:
    """Queues again what was noted as handed over and never was: the commit's answer was lost with the database."""
    _change_outbox(connection, ids, SendState.SENDING, SendState.QUEUED)


def set_aside(connection: Connection, ids: Iterable[str]) -> None:
    """Puts away for good, unopened, what cannot be opened or made into a message."""
    _change_outbox(connection, ids, SendState.QUEUED, SendState.REFUSED)


def put_off(connection: Connection, ids: Iterable[str], until: datetime) -> None:
    """Counts a try of messages that could not be opened or made, and has them tried again later."""
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        part = outbox.c.id.in_(wanted[start : start + CHUNK])
        later = {"attempts": outbox.c.attempts + 1, "ready_at": micros(until)}
        connection.execute(update(outbox).where(part).values(later))


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
