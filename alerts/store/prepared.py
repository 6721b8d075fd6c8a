"""Statements that are made and compiled once, and run on the driver's own cursor.

Making a statement with SQLAlchemy costs some 350 µs, running one that was made before 50 to 100 µs, of which SQLite
itself takes 4. An alarm runs some thirty. So the statements behind alarms and deadlines are compiled once for each
kind of database, and run from then on without the layers between.

Everything else stays as it is: SQLAlchemy writes the SQL, its transaction is the one that is used, an error of the
driver comes out as SQLAlchemy's own and without values in it, and whoever listens for statements hears these too.

PostgreSQL answers over a socket, so there three things more are done: a list goes as one array, many rows of one table
go as one statement, and what is written is sent without waiting for each answer (`alerts/store/ahead.py`).
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ARRAY, Boolean, Connection, Dialect
from sqlalchemy.sql.base import Executable

from alerts.store import ahead
from alerts.store.arrays import Packed, pack, packed_as, with_arrays

SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400)
"""Lengths of an IN list that a statement is compiled for. A shorter list is filled up with its last value, which
changes nothing about what is found."""
LONGEST_LIST: Final = SIZES[-1]
BULK: Final = 12
"""So many rows go to PostgreSQL as one statement. With fewer, making arrays of them costs more than it saves."""


@dataclass
class _Compiled:
    """One statement, for one kind of database and one length of each list."""

    text: str
    fixed: dict[str, Any]
    lists: dict[str, list[str]]
    """The names that a list's values go by."""
    arrays: dict[str, type[Packed]]
    """The lists that go as one value."""
    order: tuple[str, ...] | None
    """The names in the order of their places; None where the driver takes names."""
    row: Callable[[Any], Any] | None
    booleans: tuple[int, ...]


@dataclass(eq=False)
class Prepared:
    """One statement. `make` gives it for a dialect's name; where that does not matter, `prepared` takes it as it is."""

    make: Callable[[str], Executable]
    columns: tuple[str, ...] = ()
    """Of an insert: the columns that each row gives."""
    bulk: Prepared | None = None
    """The same insert of many rows, each column a list, for PostgreSQL."""
    _known: dict[tuple[Any, ...], _Compiled] = field(default_factory=dict)
    _locking: Prepared | None = None

    def locking(self) -> Prepared:
        """The same query, holding what it finds until the commit. For PostgreSQL."""
        if self._locking is None:
            make: Any = self.make
            self._locking = Prepared(lambda dialect: make(dialect).with_for_update())
        return self._locking

    def rows(self, connection: Connection, /, **values: Any) -> list[Any]:
        """What is found, as named tuples. A list as a value belongs to an expanding parameter, at most 400 long.

        Raises sqlalchemy.exc.DBAPIError, as everything here does.
        """
        how = self._for(connection, values)
        return _named(how, _run(connection, how.text, _placed(how, values), _fetched))

    def first(self, connection: Connection, /, **values: Any) -> Any | None:
        """The first row that is found, or None."""
        found = self.rows(connection, **values)
        return found[0] if found else None

    def scalars(self, connection: Connection, /, **values: Any) -> list[Any]:
        """The first column of what is found."""
        return [row[0] for row in self.rows(connection, **values)]

    def run(self, connection: Connection, /, **values: Any) -> int:
        """Writes. Returns how many rows it touched."""
        ahead.settle(connection)
        how = self._for(connection, values)
        count: int = _run(connection, how.text, _placed(how, values), _counted)
        return count

    def write(self, connection: Connection, /, **values: Any) -> None:
        """Writes, when it comes to it: nothing waits for the answer but the commit."""
        how = self._for(connection, values)
        _run(connection, how.text, _placed(how, values), _closed)

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Writes once for each row."""
        self.run_rows(connection, [tuple([row[name] for name in self.columns]) for row in rows])

    def run_rows(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Writes once for each row, whose values stand in the order of `columns`. No row may be there twice."""
        if self.bulk is not None and len(rows) >= BULK and connection.dialect.name == "postgresql":
            columns = zip(self.columns, map(list, zip(*rows, strict=True)), strict=True)
            self.bulk.write(connection, **dict(columns))
            return
        how = self._known.get((connection.dialect.name,)) or self._for(
            connection, dict(zip(self.columns, rows[0], strict=True))
        )
        if how.order == self.columns:
            values: Sequence[Any] = rows
        elif how.order is not None:
            pick = itemgetter(*[self.columns.index(name) for name in how.order])
            values = [pick(row) for row in rows]
        else:
            values = [dict(zip(self.columns, row, strict=True)) for row in rows]
        _run(connection, how.text, values, _closed, many=True)

    def _for(self, connection: Connection, values: Mapping[str, Any]) -> _Compiled:
        dialect = connection.dialect
        lengths = []
        if dialect.name != "postgresql":
            lengths = [(k, _size(len(v))) for k, v in values.items() if isinstance(v, list)]
        key = (dialect.name, *lengths)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._compile(dialect, values, dict(lengths))
        return known

    def _compile(self, dialect: Dialect, values: Mapping[str, Any], lengths: Mapping[str, int]) -> _Compiled:
        statement = self.make(dialect.name)
        if dialect.name == "postgresql":
            statement = with_arrays(statement)
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(self.columns) or None)  # type: ignore[attr-defined]
        sample = {**values, **{name: [None] * size for name, size in lengths.items()}}
        state = compiled.construct_expanded_state(sample)
        lists = {name: list(state.parameter_expansion[name]) for name in lengths}
        among = {one for names in lists.values() for one in names}
        fixed = {k: v for k, v in state.parameters.items() if k not in among and k not in values}
        kinds = {k: bind.type for k, bind in compiled.binds.items() if isinstance(bind.type, ARRAY)}
        arrays = {name: packed_as(kind.item_type) for name, kind in kinds.items()}
        order = tuple(state.positiontup) if compiled.positional else None
        picked = list(getattr(statement, "selected_columns", ()))
        row = None
        if picked:
            kind: Any = namedtuple("Row", [column.key for column in picked], rename=True)  # type: ignore[misc]
            # As the class's own `_make` does it, without a call of Python for each row.
            row = functools.partial(tuple.__new__, kind)
        stored = dialect.name == "sqlite"
        booleans = tuple(n for n, c in enumerate(picked) if stored and isinstance(c.type, Boolean))
        return _Compiled(state.statement, fixed, lists, arrays, order, row, booleans)


def together(connection: Connection, *asked: tuple[Prepared, Mapping[str, Any]]) -> list[list[Any]]:
    """What several queries find, in their order. PostgreSQL is asked all of them before the first answer is waited for.

    Raises sqlalchemy.exc.DBAPIError.
    """
    if connection.dialect.name != "postgresql":
        return [query.rows(connection, **values) for query, values in asked]
    with ahead.asking(connection):
        answers = [ask(connection, query, **values) for query, values in asked]
    return [answer() for answer in answers]


def ask(connection: Connection, query: Prepared, /, **values: Any) -> Callable[[], list[Any]]:
    """Asks, and gives the way to what is found, as `Prepared.rows` does. In the driver's pipeline mode nothing is
    waited for until then.

    Raises sqlalchemy.exc.DBAPIError, and so does what it gives.
    """
    how = query._for(connection, values)
    cursor = _run(connection, how.text, _placed(how, values), _itself)
    return lambda: _named(how, _answer(connection, how.text, cursor, _fetched))


def prepared(statement: Executable) -> Prepared:
    """A statement that is the same for every database."""
    return Prepared(lambda _: statement)


def _size(length: int) -> int:
    return next(size for size in SIZES if size >= length)


def _placed(how: _Compiled, values: Mapping[str, Any]) -> Any:
    named = dict(how.fixed)
    for name, value in values.items():
        names = how.lists.get(name)
        if name in how.arrays:
            named[name] = pack(how.arrays[name], value)
        elif names is None:
            named[name] = value
        else:
            named.update(zip(names, value, strict=False))
            named.update(dict.fromkeys(names[len(value) :], value[-1]))
    return named if how.order is None else tuple([named[name] for name in how.order])


def _with_booleans(row: Sequence[Any], places: tuple[int, ...]) -> list[Any]:
    """SQLite keeps them as numbers."""
    found = list(row)
    for place in places:
        if found[place] is not None:
            found[place] = bool(found[place])
    return found


def _named(how: _Compiled, found: list[Any]) -> list[Any]:
    if how.booleans:
        found = [_with_booleans(row, how.booleans) for row in found]
    return list(map(how.row, found)) if how.row is not None else found


def _itself(cursor: Any) -> Any:
    return cursor


def _fetched(cursor: Any) -> list[Any]:
    found: list[Any] = cursor.fetchall()
    cursor.close()
    return found


def _counted(cursor: Any) -> int:
    count: int = cursor.rowcount
    cursor.close()
    return count


def _closed(cursor: Any) -> None:
    cursor.close()


def _run(
    connection: Connection, text: str, values: Any, result: Callable[[Any], Any], *, many: bool = False
) -> Any:
    # Asked for before the cursor: a connection that was given up raises here, as it does in SQLAlchemy.
    driver: Any = connection.connection
    cursor = driver.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, text, values, None, many)

    def sent(cursor: Any) -> Any:
        (cursor.executemany if many else cursor.execute)(text, values)
        return result(cursor)

    return _answer(connection, text, cursor, sent)


def _answer(connection: Connection, text: str, cursor: Any, ask: Callable[[Any], Any]) -> Any:
    dialect: Any = connection.dialect
    try:
        return ask(cursor)
    except dialect.loaded_dbapi.Error as error:
        raise ahead.as_sqlalchemys(connection, text, error) from error
