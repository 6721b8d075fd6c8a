"""What the desk was last told of each channel: that it is dead and since when, or that it is back.

It stands in the store, so that a process that is started anew, or another node, does not say it again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from alerts.checkins import Round
from alerts.ids import EPOCH, from_micros, micros
from alerts.outbox import Outgoing, SendState
from alerts.policy import Protocol
from alerts.records import replace
from alerts.rounds import Outage, contacts_next
from alerts.store import queues, tables
from alerts.store.work import Work

_m = tables.meta.c


@dataclass(frozen=True, slots=True)
class Told:
    """What was told, when, and by which node."""

    dead: bool = False
    since: datetime = EPOCH
    """Since when it was dead."""
    at: datetime = EPOCH
    node: str = ""


def last_told(connection: Connection, channel: str) -> Told:
    """Read in a transaction that writes; other nodes wait for its end."""
    name = _name(channel)
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    none = make(tables.meta).values(name=name, value=_written(Told()))
    connection.execute(none.on_conflict_do_nothing(index_elements=["name"]))
    value = connection.execute(select(_m.value).where(_m.name == name).with_for_update()).scalar_one()
    return _read(value)


def note_told(connection: Connection, channel: str, told: Told) -> None:
    """Notes what is told now."""
    changed = update(tables.meta).where(_m.name == _name(channel)).values(value=_written(told))
    connection.execute(changed)


def outages(work: Work, round_: Round, protocol: Protocol | None) -> dict[str, Outage]:
    """By channel of the person or of what was sent for the round, when it was last known to be dead; read when the next
    rung is the contacts'."""
    if protocol is None or not contacts_next(round_, protocol.ladder):
        return {}
    person = work.person(round_.person_id)
    used = {s.channel for s in work.sends_of_round(round_.id, round_.person_id)}
    names = {_name(c): c for c in used | {a.channel for a in (person.addresses if person else ())}}
    rows = work.connection.execute(select(_m.name, _m.value).where(_m.name.in_(sorted(names))))
    found = {names[name]: _read(value) for name, value in rows}
    return {c: Outage(t.since, None if t.dead else t.at) for c, t in found.items() if t.since > EPOCH}


def alerts_kept(work: Work, round_: Round) -> tuple[Outgoing, ...]:
    """What contacts were to be told for a round. What waits is held until the commit; what another node holds counts as
    being handed over."""
    alerts = [row for i in round_.alerted for row in work.alerts_of_round(round_.id, i)]
    waiting = [row.id for row in alerts if row.state is SendState.QUEUED]
    taken = set(waiting) - set(queues.claimed(work.connection, waiting))
    return tuple(replace(row, state=SendState.SENDING) if row.id in taken else row for row in alerts)


def _read(value: str) -> Told:
    said = json.loads(value)
    return Told(bool(said["dead"]), from_micros(said["since"]), from_micros(said["at"]), str(said["node"]))


def _written(told: Told) -> str:
    return json.dumps(
        {"dead": told.dead, "since": micros(told.since), "at": micros(told.at), "node": told.node}
    )


def _name(channel: str) -> str:
    return f"told_of:{channel}"
