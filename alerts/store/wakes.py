"""Waking the other nodes: what a transaction adds is told, when it commits, to everybody who listens (PostgreSQL).

A wake is a hint and carries nothing but which queue to look at. It is lost with the listening connection, so whoever
listens looks at everything when it begins, and goes on looking at intervals.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, bindparam, event, func, select

from alerts.store.prepared import prepared

if TYPE_CHECKING:
    from psycopg import Connection as PgConnection

LOOK_SECONDS = 1.0
"""How often a listener looks whether it is to end."""

_NOTIFY = prepared(select(func.pg_notify(bindparam("channel"), bindparam("payload"))))


class Wake(enum.Enum):
    """A queue in which there is something new."""

    INBOX = "inbox"
    OUTBOX = "outbox"
    DEADLINES = "deadlines"


class OwnConnections:
    """The server's processes behind an engine's connections: what they tell, we know."""

    def __init__(self, engine: Engine) -> None:
        self._lock = Lock()
        self._processes: set[int] = set()
        if engine.dialect.name != "postgresql":
            return

        @event.listens_for(engine, "connect")
        def connect(connection: PgConnection[Any], record: Any) -> None:
            record.info["process"] = connection.info.backend_pid
            with self._lock:
                self._processes.add(record.info["process"])

        @event.listens_for(engine, "close")
        def close(_: PgConnection[Any], record: Any) -> None:
            with self._lock:
                self._processes.discard(record.info.get("process"))

    def __contains__(self, process: int) -> bool:
        with self._lock:
            return process in self._processes


def tell(connection: Connection, schema: str, wakes: Iterable[Wake]) -> None:
    """Tells whoever listens, once this transaction is committed."""
    _NOTIFY.write(connection, channel=schema, payload=",".join(sorted(wake.value for wake in wakes)))


def listen(
    engine: Engine,
    schema: str,
    own: OwnConnections,
    heard: Callable[[frozenset[Wake]], None],
    ended: Event,
) -> None:
    """Tells `heard` what others add, until `ended` is set; everything at the beginning, since nobody tells what came
    before. Raises the driver's error when the connection is lost."""
    # A desk on SQLite never comes here, and has no use for the driver.
    from psycopg import sql

    borrowed = engine.raw_connection()
    try:
        connection: PgConnection[Any] = borrowed.driver_connection  # type: ignore[assignment]
        connection.rollback()  # nothing is heard inside a transaction
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(schema)))
        heard(frozenset(Wake))
        while not ended.is_set():
            for notice in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                if notice.pid not in own:
                    heard(frozenset(map(Wake, notice.payload.split(","))))
    finally:
        # It listens and is no connection for anybody else.
        borrowed.invalidate()
        borrowed.close()
