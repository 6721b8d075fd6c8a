"""The inbox: frames as they came, stored before anything is answered, worked on alarms first.

Among alarms, and among the rest, age decides. An alarm does not overtake what the same person sent before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Select,
    bindparam,
    delete,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from alerts.events import RawInbound
from alerts.ids import from_micros, micros
from alerts.records import quick
from alerts.sealing import Unsealable
from alerts.store import ahead, tables
from alerts.store.prepared import Prepared, prepared, together
from alerts.store.vault import Vault
from alerts.store.work import CHUNK

inbox = tables.inbox

QUARANTINE_AFTER = 3
"""Attempts at a turn before its message is put into quarantine and the desk is paged."""


@quick
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
    trouble: Unsealable | None = None
    """Why it cannot be opened: its key is missing, or its bytes are damaged. Sender and frame are empty then."""

    def opened(self) -> bytes:
        """The frame as it came. Raises `Unsealable`."""
        if self.trouble is not None:
            raise self.trouble
        return self.raw


def accept(
    connection: Connection,
    vault: Vault,
    arrivals: Sequence[tuple[str, RawInbound, datetime, bool]],
    twins: Sequence[tuple[str, RawInbound]] = (),
) -> list[bool]:
    """Stores frames: (fresh id, frame, when, urgent). False for one that was stored before.

    Of `twins`, with fresh ids too, it is noted as well by what their copies are known. Such a note is a row that is
    done and empty.
    """
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
    notes = [
        rows[0]
        | {
            "id": row_id,
            "channel": raw.channel,
            "dedup": vault.twin(raw.channel, raw.twin),
            "lane": b"",
            "urgent": False,
            "state": "done",
            "sealed": None,
        }
        for row_id, raw in twins
    ]
    ahead.begin(connection)
    _STORE.run_many(connection, [*rows, *notes])
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


def _new(table: Any) -> Any:
    # Written out: for a value that is filled in later SQLite would not use the indexes of what is new.
    return table.c.state == literal_column("'new'")


def _locked(query: Select[Any]) -> Prepared:
    """The query, which on PostgreSQL claims what it finds and passes over what other nodes hold."""
    return Prepared(lambda dialect: _skipping(query) if dialect == "postgresql" else query)


def _skipping(query: Select[Any]) -> Select[Any]:
    return query.with_for_update(skip_locked=True, of=inbox)


_earlier = inbox.alias("earlier")
_OVERTAKES = (
    select(_earlier.c.id)
    .where(_earlier.c.lane == inbox.c.lane, _new(_earlier), _earlier.c.id < inbox.c.id)
    .exists()
)
_ALARMS = _locked(
    select(inbox)
    .where(_new(inbox), inbox.c.urgent == true(), ~_OVERTAKES)
    .order_by(inbox.c.id)
    .limit(URGENT_AT_ONCE)
)
_alarm_of = (
    select(inbox.c.lane, func.min(inbox.c.id).label("alarm"))
    .where(_new(inbox), inbox.c.urgent == true())
    .group_by(inbox.c.lane)
    .subquery()
)
_ahead = (
    select(func.count(_earlier.c.id))
    .where(_earlier.c.lane == _alarm_of.c.lane, _new(_earlier), _earlier.c.id < _alarm_of.c.alarm)
    .scalar_subquery()
)
# Whoever has written least before it: somebody who writes without an end, and then an alarm, must not keep the alarms
# of others waiting.
_HELD_UP = prepared(
    select(_alarm_of.c.lane, _alarm_of.c.alarm).where(_ahead > 0).order_by(_ahead, _alarm_of.c.alarm).limit(1)
)
_of_lane = select(inbox).where(
    _new(inbox), inbox.c.lane == bindparam("lane"), inbox.c.id <= bindparam("last")
)
_AHEAD = _locked(_of_lane.order_by(inbox.c.id).limit(bindparam("limit")))
# Where another node may hold the first of a lane, the second must not go before it.
_FIRST_AHEAD = _locked(_of_lane.where(~_OVERTAKES))
_usual = select(inbox).where(_new(inbox), inbox.c.urgent == false())
_OLDEST = prepared(_usual.order_by(inbox.c.id).limit(bindparam("limit")))
_FIRST_OF_LANES = _locked(_usual.where(~_OVERTAKES).order_by(inbox.c.id).limit(bindparam("limit")))
# Whoever holds the first of a lane has the rest of it too: nobody else takes the second while the first is new. It is
# held as well, since one that was stored late may come to stand before the first meanwhile. An alarm that came a moment
# ago is among them, or what was sent after it would go before it.
_BEHIND = _locked(
    select(inbox)
    .where(
        _new(inbox),
        inbox.c.lane.in_(bindparam("lanes", expanding=True)),
        inbox.c.id.not_in(bindparam("firsts", expanding=True)),
    )
    .order_by(inbox.c.id)
    .limit(bindparam("limit"))
)
_that_waits = select(inbox.c.id).where(_new(inbox), inbox.c.id == bindparam("row"))
_CLAIM = Prepared(
    lambda dialect: _skipping(_that_waits.where(~_OVERTAKES)) if dialect == "postgresql" else _that_waits
)
_FINISH = prepared(
    update(inbox).where(inbox.c.id.in_(bindparam("ids", expanding=True))).values(state="done", sealed=None)
)


def next_in_inbox(connection: Connection, vault: Vault, limit: int) -> list[Waiting]:
    """The next frames to work on: alarms with what the same people sent before them, or else the oldest ones.

    On PostgreSQL other nodes work beside this one: of each lane its first is claimed, and what is behind it goes with
    it. So each person has a turn before anybody has a second one.
    """
    shared = connection.dialect.name == "postgresql"
    # An alarm does not overtake what the same person sent before it: that comes first, a little in each batch.
    alarms, held_up = together(connection, (_ALARMS, {}), (_HELD_UP, {}))
    first = []
    for one in held_up:
        up_to = {"lane": one.lane, "last": one.alarm}
        if not shared or _FIRST_AHEAD.rows(connection, **up_to):
            first = _AHEAD.rows(connection, **up_to, limit=1 if alarms else limit)
    rows = [*first, *alarms]
    if not rows:
        rows = (_FIRST_OF_LANES if shared else _OLDEST).rows(connection, limit=limit)
        if shared and 0 < len(rows) < limit:
            lanes, firsts = [row.lane for row in rows], [row.id for row in rows]
            rows += _BEHIND.rows(connection, lanes=lanes, firsts=firsts, limit=limit - len(rows))
    vault.load({row.key_id for row in rows})
    return [_frame(row, vault) for row in rows]


def claim(connection: Connection, inbox_id: str) -> bool:
    """Whether this frame still waits, and no other node has it or what the same person sent before it; on PostgreSQL it
    is ours until the commit."""
    return bool(_CLAIM.rows(connection, row=inbox_id))


def _frame(row: Any, vault: Vault) -> Waiting:
    at = from_micros(row.received_at)
    try:
        payload = vault.sealer.open_bytes("inbox", row.id, row.key_id, row.sealed)
    except Unsealable as trouble:
        # That one goes the way of everything that cannot be worked on; those behind it have their turn.
        return Waiting(row.id, row.channel, at, row.urgent, row.attempts, "", b"", trouble)
    size = int.from_bytes(payload[:2], "big")
    sender = payload[2 : 2 + size].decode("utf-8", "surrogatepass")
    return Waiting(row.id, row.channel, at, row.urgent, row.attempts, sender, payload[2 + size :])


def finish(connection: Connection, ids: Iterable[str]) -> None:
    """The turns of these frames are committed with what they did; their sealed bytes are needed no more."""
    ahead.begin(connection)
    wanted = list(ids)
    for start in range(0, len(wanted), CHUNK):
        _FINISH.write(connection, ids=wanted[start : start + CHUNK])


_KNOWN = prepared(
    select(inbox.c.id).where(inbox.c.channel == bindparam("channel"), inbox.c.dedup == bindparam("dedup"))
)
_HOLD = prepared(update(inbox).where(inbox.c.id == bindparam("row")).values(state="held"))
_LET_GO = prepared(
    update(inbox)
    .where(inbox.c.id == bindparam("row"), inbox.c.state == "held")
    .values(state="new", urgent=True)
)


def has_twin(connection: Connection, vault: Vault, channel: str, twin: str) -> bool:
    """Whether another copy of the same message came, however it could be read."""
    return _KNOWN.first(connection, channel=channel, dedup=vault.twin(channel, twin)) is not None


def hold(connection: Connection, inbox_id: str) -> None:
    """Puts a frame aside until `let_go`; what the same person sent after it does not wait for it."""
    _HOLD.write(connection, row=inbox_id)


def let_go(connection: Connection, inbox_id: str) -> None:
    """A frame that was put aside has its turn now, as an alarm."""
    _LET_GO.write(connection, row=inbox_id)


def note_attempt(connection: Connection, inbox_id: str) -> int:
    """A turn failed. Returns how often it has by now; quarantined from the third time on."""
    row = connection.execute(select(inbox.c.attempts).where(inbox.c.id == inbox_id)).scalar_one()
    state = "poison" if row + 1 >= QUARANTINE_AFTER else "new"
    # Behind everybody else's: what fails must not hold up the next message.
    connection.execute(
        update(inbox).where(inbox.c.id == inbox_id).values(attempts=row + 1, state=state, urgent=False)
    )
    return int(row + 1)


def prune_inbox(
    connection: Connection, before: datetime, limit: int, longer: Mapping[str, datetime] | None = None
) -> int:
    """Forgets finished frames older than the channels' redelivery window. Returns how many.

    `longer`: channels that redeliver what is older, each with its own time.
    """
    older = inbox.c.received_at < micros(before)
    if longer:
        older &= or_(
            inbox.c.channel.not_in(list(longer)),
            *(
                (inbox.c.channel == name) & (inbox.c.received_at < micros(until))
                for name, until in longer.items()
            ),
        )
    old = select(inbox.c.id).where(older, inbox.c.state == "done").limit(limit)
    return connection.execute(delete(inbox).where(inbox.c.id.in_(old.scalar_subquery()))).rowcount


_ANY_NEW = prepared(select(inbox.c.id).where(_new(inbox)).limit(1))


def inbox_waiting(connection: Connection) -> bool:
    """Whether anything waits for its turn."""
    return _ANY_NEW.first(connection) is not None
