"""Leases: which node holds a channel's receiving socket, and which are alive. Only where several nodes work on one
PostgreSQL.

A lease that its holder does not renew in time is anybody's. Two nodes that both believe to hold one for a moment do no
harm: frames are deduplicated, and the channel itself says that there are two (Telegram: 409).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from alerts.ids import micros
from alerts.store import tables
from alerts.store.work import Work

leases = tables.leases
FAR = timedelta(minutes=2)
"""No lease is given for nearly so long: what ends later was noted by a clock that has been set back since, or is wrong,
and binds nobody. Else nobody would receive until the clock has caught up."""
NODE, BEAT = "node:", "beat:"
"""What stands before a node's name in its sign of life, and in what it says of its heartbeat."""


def acquire(work: Work, name: str, holder: str, now: datetime, lifetime: timedelta) -> bool:
    """Takes or renews a lease. True when `holder` has it until `now + lifetime`."""
    make = postgresql.insert if work.connection.dialect.name == "postgresql" else sqlite.insert
    until = micros(now + lifetime)
    statement = make(leases).values(name=name, holder=holder, until=until)
    work.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": holder, "until": until},
            where=or_(
                leases.c.holder == holder, leases.c.until < micros(now), leases.c.until > micros(now + FAR)
            ),
        )
    )
    return work.connection.execute(select(leases.c.holder).where(leases.c.name == name)).scalar() == holder


def release(work: Work, name: str, holder: str) -> None:
    """Gives a lease back, so that the next node need not wait."""
    work.connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))


def alone(work: Work, holder: str, now: datetime) -> bool:
    """Whether no other node is alive."""
    return not living(work, now) - {holder}


def living(work: Work, now: datetime) -> set[str]:
    """The nodes that are alive."""
    return set(_held(work, NODE, now).values())


def beats(work: Work, now: datetime) -> dict[str, str]:
    """Of the living nodes that have a heartbeat: which one, as a code that is the same for the same address."""
    nodes = living(work, now)
    return {node: beat for node, beat in _held(work, BEAT, now).items() if node in nodes}


def _held(work: Work, prefix: str, now: datetime) -> dict[str, str]:
    query = select(leases.c.name, leases.c.holder).where(
        leases.c.name.like(f"{prefix}%"), leases.c.until.between(micros(now), micros(now + FAR))
    )
    return {name.removeprefix(prefix): holder for name, holder in work.connection.execute(query)}
