"""Statements on the driver's cursor behave as SQLAlchemy's own do, on both databases."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, bindparam, delete, event, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from alerts.deadlines import Deadline, DeadlineKind
from alerts.store import ahead, tables
from alerts.store.keks import NewKek
from alerts.store.loading import upsert_of
from alerts.store.prepared import BULK, SIZES, Prepared, prepared, together
from alerts.store.store import Store
from alerts.store.work import Work
from bot.rehearsal.play import RehearsalKeys

KEY = bytes(range(32))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
META = tables.meta
NAMED = prepared(select(META).where(META.c.name == bindparam("name"), META.c.value != "never"))
AMONG = prepared(
    select(META).where(META.c.name.in_(bindparam("names", expanding=True))).order_by(META.c.name)
)
WITHOUT = prepared(select(META.c.name).where(META.c.name.not_in(bindparam("names", expanding=True))))
REMOVE = prepared(delete(META).where(META.c.name.in_(bindparam("names", expanding=True))))
PUT = upsert_of(META, ("name", "value"), ("name",))


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    Store.create(database, NewKek("rehearsal", KEY), entropy=os.urandom, now=lambda: NOW)
    made = Store.open(database, RehearsalKeys(KEY), entropy=os.urandom, now=lambda: NOW)
    yield made
    made.close()


def fill(store: Store, count: int) -> list[str]:
    names = [f"n{n:04}" for n in range(count)]
    with store.writing() as work:
        PUT.run_many(work.connection, [{"name": n, "value": n.upper()} for n in names])
    return names


def test_rows_have_the_names_of_their_columns_and_fixed_values_count(store: Store) -> None:
    fill(store, 3)
    with store.writing() as work:
        PUT.run_many(work.connection, [{"value": "never", "name": "n0001"}])
    with store.reading() as work:
        row = NAMED.first(work.connection, name="n0002")
        assert row is not None
        assert (row.name, row.value) == ("n0002", "N0002")
        assert NAMED.first(work.connection, name="n0001") is None, (
            "changed by the second writing, and left out"
        )


@pytest.mark.parametrize("count", sorted({1, 3, *SIZES, *(size - 1 for size in SIZES[1:])}))
def test_a_list_of_any_length_finds_just_its_own(store: Store, count: int) -> None:
    names = fill(store, 410)
    with store.reading() as work:
        assert [row.name for row in AMONG.rows(work.connection, names=names[:count])] == names[:count]
        left = set(WITHOUT.scalars(work.connection, names=names[:count]))
        assert left & set(names) == set(names[count:])
    with store.writing() as work:
        assert REMOVE.run(work.connection, names=names[:count]) == count


def test_truth_values_come_back_as_such(store: Store) -> None:
    same = prepared(
        select(META.c.name, (META.c.name == bindparam("asked")).label("same")).order_by(META.c.name)
    )
    fill(store, 2)
    with store.reading() as work:
        found = [
            row.same for row in same.rows(work.connection, asked="n0001") if row.name in ("n0000", "n0001")
        ]
    assert found == [False, True]
    assert {type(one) for one in found} == {bool}


def test_an_error_is_sqlalchemys_without_values_and_the_transaction_is_undone(store: Store) -> None:
    insert = Prepared(lambda _: META.insert(), ("name", "value"))
    fill(store, 1)

    def write_both() -> None:
        with store.writing() as work:
            PUT.run_many(work.connection, [{"name": "before", "value": "x"}])
            insert.run_many(work.connection, [{"name": "n0000", "value": "PLANTED"}])

    with pytest.raises(IntegrityError) as raised:
        write_both()
    assert "PLANTED" not in str(raised.value)
    assert not store.is_away(raised.value)
    with store.reading() as work:
        assert NAMED.first(work.connection, name="before") is None


def test_whoever_listens_for_statements_hears_these(store: Store) -> None:
    heard: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        heard.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with store.reading() as work:
            NAMED.rows(work.connection, name="x")
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert any("FROM meta" in statement for statement in heard)


def test_a_connection_that_is_gone_is_given_up(postgres_url: str, store: Store) -> None:
    if store.dialect != "postgresql":
        return
    cut = prepared(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with pytest.raises(DBAPIError) as raised, store.writing() as work:
        cut.run(work.connection)
    assert raised.value.connection_invalidated
    assert store.is_away(raised.value)
    assert fill(store, 1) == ["n0000"], "the next transaction has another one"


PEOPLE = upsert_of(tables.people, tuple(tables.people.c.keys()), ("id",))


def somebody(number: int, *, version: int, named: bool) -> tuple[object, ...]:
    """A row with every kind of column, and with values that an array would have to quote."""
    awkward = f'"{number}\\,{{NULL}}'
    sealed = bytes([number % 256, 0, 34, 92, 255]) * 9
    name = None if named else b"\\x00" + bytes([number % 256])
    return (f"p{number:04}", awkward, "defender", "active", number % 2 == 0, version, name, "key", sealed)


@pytest.mark.parametrize("count", [1, BULK - 1, BULK, 3 * BULK, 400])
def test_many_rows_are_written_as_few_are(store: Store, count: int) -> None:
    first = [somebody(n, version=n * 100_000, named=n % 3 == 0) for n in range(count)]
    then = [somebody(n, version=1, named=True) for n in range(0, count, 2)]
    for rows in (first, then):
        with store.writing() as work:
            PEOPLE.run_rows(work.connection, rows)
    with store.reading() as work:
        found = [tuple(row) for row in work.connection.execute(tables.people.select().order_by("id"))]
    assert found == [then[n // 2] if n % 2 == 0 else first[n] for n in range(count)]


INSERT = Prepared(lambda _: META.insert(), ("name", "value"))


def write_what_is_there_already(store: Store) -> None:
    with store.writing() as work:
        ahead.begin(work.connection)
        PUT.run_many(work.connection, [{"name": "before", "value": "x"}])
        INSERT.run_many(work.connection, [{"name": "n0000", "value": "PLANTED"}])
        PUT.run_many(work.connection, [{"name": "behind", "value": "x"}])


def test_an_error_in_what_is_written_ahead_undoes_all_of_it(store: Store) -> None:
    fill(store, 1)
    with pytest.raises(IntegrityError) as raised:
        write_what_is_there_already(store)
    assert "PLANTED" not in str(raised.value)
    assert not store.is_away(raised.value)
    with store.reading() as work:
        assert NAMED.first(work.connection, name="before") is None
        assert NAMED.first(work.connection, name="behind") is None
    assert fill(store, 2) == ["n0000", "n0001"], "the next transaction is as ever"


def test_what_follows_from_such_an_error_is_not_taken_for_a_database_that_is_away(store: Store) -> None:
    if store.dialect != "postgresql":
        return
    fill(store, 1)
    seen: list[Exception] = []

    def go_on_all_the_same() -> None:
        with store.writing() as work:
            ahead.begin(work.connection)
            try:
                INSERT.run_many(work.connection, [{"name": "n0000", "value": "x"}])
                NAMED.rows(work.connection, name="x")
            except IntegrityError as error:
                seen.append(error)
            NAMED.rows(work.connection, name="x")

    with pytest.raises(DBAPIError) as raised:
        go_on_all_the_same()
    assert len(seen) == 1
    assert not store.is_away(raised.value)


def test_sqlalchemys_own_statements_see_what_was_written_ahead(store: Store) -> None:
    with store.writing() as work:
        ahead.begin(work.connection)
        PUT.run_many(work.connection, [{"name": "one", "value": "1"}])
        found = work.connection.execute(select(META.c.value).where(META.c.name == "one")).scalar()
        assert found == "1"
        ahead.begin(work.connection)
        PUT.run_many(work.connection, [{"name": "two", "value": "2"}])
        assert NAMED.first(work.connection, name="two") is not None
    with store.reading() as work:
        assert AMONG.scalars(work.connection, names=["one", "two"]) == ["one", "two"]


def test_a_line_that_is_cut_while_answers_are_awaited_is_a_database_that_is_away(store: Store) -> None:
    if store.dialect != "postgresql":
        return
    cut = prepared(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def write_and_be_cut_off() -> None:
        with store.writing() as work:
            ahead.begin(work.connection)
            PUT.run_many(work.connection, [{"name": "one", "value": "1"}])
            cut.write(work.connection)

    with pytest.raises(DBAPIError) as raised:
        write_and_be_cut_off()
    assert store.is_away(raised.value)
    assert fill(store, 1) == ["n0000"]
    with store.reading() as work:
        assert NAMED.first(work.connection, name="one") is None


def test_a_deadline_that_was_read_and_then_written_is_as_it_was_written(store: Store) -> None:
    kind = DeadlineKind.PROMPT
    first, other = (Deadline(kind, subject, None, 1, 0, 4, NOW) for subject in ("a", "b"))
    with store.writing() as work:
        work.arm(first)
        work.arm(other)
        work.flush()
    with store.writing() as work:
        work.read_deadlines([first, other])
        work.disarm(kind, "a")
        later = Deadline(kind, "b", None, 2, 0, 4, NOW)
        work.arm(later)
        work.flush()
        assert work.deadline(kind, "a") is None
        assert work.deadline(kind, "b") == later


def test_what_is_asked_together_is_answered_in_its_order(store: Store) -> None:
    fill(store, 3)

    def asked(work: Work) -> list[object]:
        both = (AMONG, {"names": ["n0000", "n0002"]}), (NAMED, {"name": "n0001"}), (NAMED, {"name": "none"})
        return [[row.value for row in rows] for rows in together(work.connection, *both)]

    with store.reading() as work:
        assert asked(work) == [["N0000", "N0002"], ["N0001"], []]
    with store.writing() as work:
        ahead.begin(work.connection)
        PUT.run_many(work.connection, [{"name": "n0001", "value": "new"}])
        assert asked(work) == [["N0000", "N0002"], ["new"], []]
    with pytest.raises(DBAPIError), store.writing() as work:
        together(work.connection, (prepared(text("SELECT nothing")), {}), (NAMED, {"name": "n0001"}))
    assert fill(store, 1) == ["n0000"]


def write_and_mind_no_error(store: Store) -> None:
    with store.writing() as work:
        work.connection.execute(META.insert().values(name="kept", value="x"))
        with contextlib.suppress(DBAPIError):
            work.connection.execute(text("SELECT nothing"))


def write_the_same_without_work(store: Store) -> None:
    with store._writer.begin() as connection:
        connection.execute(META.insert().values(name="kept", value="x"))
        with contextlib.suppress(DBAPIError):
            connection.execute(text("SELECT nothing"))


@pytest.mark.parametrize("write", [write_and_mind_no_error, write_the_same_without_work])
def test_what_the_database_undid_is_never_taken_for_stored(
    store: Store, write: Callable[[Store], None]
) -> None:
    """An error that somebody passed over: PostgreSQL answers the commit with ROLLBACK, SQLite stores the rest."""
    said_to_be_stored = True
    try:
        write(store)
    except ahead.NotCommitted:
        said_to_be_stored = False
    with store.reading() as work:
        stored = NAMED.first(work.connection, name="kept") is not None
    assert said_to_be_stored is stored
    assert fill(store, 1) == ["n0000"], "the next transaction is as ever"
    with store.reading() as work:
        assert NAMED.first(work.connection, name="n0000") is not None
