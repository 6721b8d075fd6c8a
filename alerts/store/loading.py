"""Reading in bulk, once a transaction: the ground that the other readers stand on.

An entity is read once; later reads give what the transaction made of it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Insert, Table, TextClause, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable

from alerts.codec import Members
from alerts.deadlines import Deadline, DeadlineKind
from alerts.ids import from_micros, micros
from alerts.oncall import Rota
from alerts.people import Person
from alerts.rounds import Sending
from alerts.sealing import Unsealable
from alerts.store import ahead
from alerts.store.arrays import rows_of
from alerts.store.prepared import Prepared, ask, prepared
from alerts.store.shapes import (
    CASES,
    CHECK_INS,
    INVITATIONS,
    PEOPLE,
    ROUNDS,
    Shape,
)
from alerts.store.vault import Vault
from alerts.store.wakes import Wake

T = TypeVar("T")
Condition = ColumnElement[bool] | TextClause
CROWD = 150
"""More rows than this at once are nobody's alarm: remembering them would drive out what alarms need again."""
CHUNK = 400
"""Values in one IN list: SQLite's oldest supported limit is 999."""


class DeskCache:
    """Staff and rota as they were read a moment ago, for every transaction of this process.

    A change made by this process empties it; one made by another is seen after `SECONDS`.
    """

    SECONDS = 1.0

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._known: dict[str, tuple[float, tuple[tuple[Person, ...], Rota | None]]] = {}

    def get(self, desk: str) -> tuple[tuple[Person, ...], Rota | None] | None:
        """Who belongs to the desk, and its rota; None when that has to be read."""
        at, known = self._known.get(desk, (0.0, None))
        return known if known is not None and abs(self._seconds() - at) < self.SECONDS else None

    def keep(self, desk: str, known: tuple[tuple[Person, ...], Rota | None]) -> None:
        """Remembers what was read."""
        self._known[desk] = (self._seconds(), known)

    def forget(self) -> None:
        """It is not so any more."""
        self._known.clear()


class Loading:
    """What one transaction has read, and how it reads. Not shared between threads."""

    def __init__(
        self, connection: Connection, vault: Vault, *, lock: bool = False, desks: DeskCache | None = None
    ) -> None:
        self.connection = connection
        self.vault = vault
        self.desks = desks if desks is not None else DeskCache(lambda: 0.0)
        self.desk_changed = False
        """Whether this transaction changes who belongs to the desk, or its rota."""
        self._lock = lock and connection.dialect.name == "postgresql"
        self._seen: dict[tuple[str, str], Any] = {}
        self._dirty: dict[tuple[str, str], Any] = {}
        self._stored: dict[tuple[str, str], tuple[Any, bytes]] = {}
        """What is in the database as far as is known, and its sealed bytes."""
        self._deadlines: dict[tuple[str, str], Deadline | None] = {}
        self._at: dict[bytes, str | None] = {}
        self._sets: dict[tuple[str, str], set[str]] = {}
        self._rotas: dict[str, Rota | None] = {}
        self._rota_held: set[str] = set()
        self._crowds: dict[str, tuple[int, str | None]] = {}
        self._sends: dict[str, list[tuple[str, Sending]]] = {}
        self._due: dict[tuple[str, str], Deadline | None] = {}
        """Deadlines as this transaction has read or written them."""
        self._asked: dict[tuple[Any, ...], Callable[[], Sequence[Any]]] = {}
        """What was asked ahead and is not answered yet: statement and values -> the way to what is found."""
        self._wakes: set[Wake] = set()
        self._soonest: datetime | None = None
        """When the first of the deadlines comes that were written."""

    @contextlib.contextmanager
    def without_locks(self) -> Iterator[None]:
        """For what is read in here and leads to no decision about it: a turn that changes it at this very moment is as
        good as one a moment later, and two nodes must not wait for each other's rows."""
        was, self._lock = self._lock, False
        try:
            yield
        finally:
            self._lock = was

    def _find(self, shape: Shape[T], query: Prepared, **values: Any) -> list[T]:
        return self._entities(shape, self._found(shape, query, **values))

    def _find_openable(self, shape: Shape[T], query: Prepared, **values: Any) -> list[T]:
        """As `_find`, less what cannot be opened."""
        return self._openable(shape, self._found(shape, query, **values))

    def _found(self, shape: Shape[Any], query: Prepared, **values: Any) -> Sequence[Any]:
        if self._locks(shape):
            query = query.locking()
        return query.rows(self.connection, **values)

    def _locks(self, shape: Shape[Any]) -> bool:
        return self._lock and shape in (PEOPLE, CASES, ROUNDS, CHECK_INS, INVITATIONS)

    def _rows(
        self, column: Column[Any], values: Sequence[Any], *where: Condition, lock: bool = False
    ) -> Sequence[Any]:
        """The rows that have one of these values in a column, in the order of their ids. At most `CHUNK` values.

        `where` are conditions that were made once, at import: a statement is kept for each of them.
        """
        query, given = _way(column, values, *where, lock=lock)
        answer = self._asked.pop((query, *values), None) if self._asked else None
        return query.rows(self.connection, **given) if answer is None else answer()

    def _ask(self, column: Column[Any], values: Sequence[Any], *where: Condition, lock: bool = False) -> None:
        """Asks PostgreSQL for what `_rows` is to give soon; it looks for it while we go on. Until then nothing may be
        written."""
        if not 0 < len(values) <= CHUNK or self.connection.dialect.name != "postgresql":
            return
        query, given = _way(column, values, *where, lock=lock)
        if (query, *values) not in self._asked:
            ahead.begin(self.connection)
            self._asked[(query, *values)] = ask(self.connection, query, **given)

    def _entities(self, shape: Shape[T], rows: Sequence[Any]) -> list[T]:
        if not rows:
            return []
        self.vault.load({row.key_id for row in rows})
        found: list[T] = []
        table, seen, remember = shape.table.name, self._seen, len(rows) <= CROWD
        for row in rows:
            place = (table, row.id)
            entity = seen.get(place)
            if entity is None:
                seen[place] = entity = shape.entity(row, self.vault, remember)
                self._stored[place] = (entity, row.sealed)
            found.append(entity)
        return found

    def _openable(self, shape: Shape[T], rows: Sequence[Any]) -> list[T]:
        """Those of these rows that can be opened. For what everybody's turn reads beside its own subject: one row that
        is damaged, or whose key is gone, must not stand before all others. It is found out in the turns about it."""
        try:
            return self._entities(shape, rows)
        except Unsealable:
            found: list[T] = []
            for row in rows:
                with contextlib.suppress(Unsealable):
                    found += self._entities(shape, [row])
            return found

    def _many(self, shape: Shape[T], ids: Iterable[str]) -> None:
        wanted = self._unread(shape, ids)
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            self._entities(shape, self._rows(shape.table.c.id, part, lock=self._locks(shape)))

    def _unread(self, shape: Shape[Any], ids: Iterable[str]) -> list[str]:
        return sorted({i for i in ids if (shape.table.name, i) not in self._seen})

    def _one(self, shape: Shape[T], entity_id: str) -> T | None:
        place = (shape.table.name, entity_id)
        if place not in self._seen:
            self._many(shape, [entity_id])
        return self._seen.get(place)

    # ------------------------------------------------------------------------------------------- sets of a parent

    def _sets_of(
        self,
        name: str,
        shape: Shape[Any],
        column: Column[Any],
        parents: Iterable[str],
        *where: Condition,
    ) -> None:
        wanted = self._without_set(name, parents)
        for start in range(0, len(wanted), CHUNK):
            part = wanted[start : start + CHUNK]
            for parent in part:
                self._sets[(name, parent)] = set()
            rows = self._rows(column, part, *where, lock=self._locks(shape))
            for entity in self._entities(shape, rows):
                self._sets[(name, getattr(entity, column.name))].add(entity.id)
        if wanted:
            self._adopt(name, shape, column.name, wanted)

    def _without_set(self, name: str, parents: Iterable[str]) -> list[str]:
        return sorted({p for p in parents if (name, p) not in self._sets})

    def _adopt(self, name: str, shape: Shape[Any], attribute: str, parents: list[str]) -> None:
        """What this transaction put before the set was read belongs to it too."""
        fresh = set(parents)
        for (table, entity_id), entity in self._dirty.items() if fresh else ():
            if table == shape.table.name and getattr(entity, attribute) in fresh:
                self._sets[(name, getattr(entity, attribute))].add(entity_id)

    def _members(self, name: str, parent: str, shape: Shape[T], keep: Any, order: Any) -> tuple[T, ...]:
        ids = self._sets[(name, parent)]
        if not ids:
            return ()  # as it is for nearly everybody
        found = (self._seen[(shape.table.name, i)] for i in ids)
        return tuple(sorted((e for e in found if keep(e)), key=order))

    def _join(self, name: str, parent: str, entity_id: str) -> None:
        if (name, parent) in self._sets:
            self._sets[(name, parent)].add(entity_id)


# Statements are made once: making one costs more than running it.


def _way(
    column: Column[Any], values: Sequence[Any], *where: Condition, lock: bool
) -> tuple[Prepared, dict[str, Any]]:
    given: dict[str, Any]
    if len(values) == 1:
        query, given = _having(column, *where), {"value": values[0]}
    else:
        query, given = _among(column, *where), {"values": list(values)}
    return (query.locking() if lock else query), given


@functools.cache
def _among(column: Column[Any], *where: Condition) -> Prepared:
    some = column.in_(bindparam("values", expanding=True))
    return prepared(select(column.table).where(some, *where).order_by(column.table.c.id))


@functools.cache
def _having(column: Column[Any], *where: Condition) -> Prepared:
    same = column == bindparam("value")
    return prepared(select(column.table).where(same, *where).order_by(column.table.c.id))


@functools.cache
def upsert_of(table: Table, columns: tuple[str, ...], key: tuple[str, ...]) -> Prepared:
    def replacing(ours: Any) -> Executable:
        changed = {name: ours.excluded[name] for name in columns if name not in key}
        statement: Insert = ours.on_conflict_do_update(index_elements=list(key), set_=changed)
        return statement

    def make(dialect: str) -> Executable:
        return replacing(postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table))

    def make_many(_dialect: str) -> Executable:
        return replacing(postgresql.insert(table).from_select(columns, rows_of(table, columns)))

    return Prepared(make, columns, bulk=Prepared(make_many))


DEADLINE_COLUMNS = ("kind", "subject", "person_id", "token", "step", "urgency", "due_at")
_KINDS = Members(DeadlineKind)


def deadline_values(deadline: Deadline) -> tuple[Any, ...]:
    """A deadline as values of `DEADLINE_COLUMNS`."""
    return (
        deadline.kind._value_,
        deadline.subject,
        deadline.person_id,
        deadline.token,
        deadline.step,
        deadline.urgency,
        micros(deadline.due_at),
    )


def deadline_row(deadline: Deadline) -> dict[str, Any]:
    """A deadline as values by the names of their columns."""
    return dict(zip(DEADLINE_COLUMNS, deadline_values(deadline), strict=True))


def deadline_of(row: Any) -> Deadline:
    """A deadline from its row."""
    return Deadline(
        _KINDS[row.kind],
        row.subject,
        row.person_id,
        row.token,
        row.step,
        row.urgency,
        from_micros(row.due_at),
    )


def count_rows(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()
