"""The schema's history leads to the schema, on both databases, up and down, with data in it."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.schema import CreateSchema

from alerts.ids import Ids
from alerts.people import Address, Person, Reach, Role, Standing
from alerts.store import schema, tables
from alerts.store.engine import DEFAULT_SCHEMA, keys_url, make_engine
from alerts.store.engine import Role as EngineRole
from alerts.store.keks import NewKek
from alerts.store.schema import Fit
from alerts.store.store import Store, StoreRefused
from alerts.store.trouble import database_errors, plain_trouble
from bot.rehearsal.play import RehearsalKeys

MIGRATIONS = Path(schema.__file__).parent / "migrations"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEY = bytes(range(32))

NEXT = f"{int(schema.REVISION) + 1:04}"
NEXT_ONE = '''
"""A change as one would be made: a column that every row gets, filled from what is there."""
import sqlalchemy as sa
from alembic import op

revision = "%(ours)s"
down_revision = "%(before)s"


def upgrade():
    op.add_column("people", sa.Column("seen", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE people SET seen = version + 1")
    op.create_table("extras", sa.Column("id", sa.Integer(), primary_key=True))
    %(ending)s


def downgrade():
    op.drop_table("extras")
    op.drop_column("people", "seen")
'''


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    engine = make_engine(url, EngineRole.WRITER)
    try:
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                connection.execute(CreateSchema(DEFAULT_SCHEMA, if_not_exists=True))
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def make_store(url: str) -> Store:
    Store.create(url, NewKek("rehearsal", KEY), entropy=os.urandom, now=lambda: NOW)
    return open_store(url)


def open_store(url: str) -> Store:
    return Store.open(url, RehearsalKeys(KEY), entropy=os.urandom, now=lambda: NOW, pool_low=1, pool_high=4)


def put_somebody(store: Store) -> str:
    ids = Ids(NOW, bytes(16))
    with store.writing() as work:
        person_id, key = ids.new(), work.vault.keys.take()
        address = Address(ids.new(), person_id, "signal", 0, Reach.OK, None, key, "aci-1")
        work.put(
            Person(
                id=person_id,
                desk="main",
                role=Role.DEFENDER,
                status=Standing.ACTIVE,
                verified=True,
                version=3,
                key_id=key,
                alias="Sami",
                language="ar",
                zone="Asia/Beirut",
                addresses=(address,),
            )
        )
        work.flush()
    return person_id


def alias_of(store: Store, person_id: str) -> str | None:
    with store.reading() as work:
        person = work.person(person_id)
    return person.alias if person else None


@pytest.fixture
def with_second(tmp_path: Path) -> Path:
    """The shipped history and one more revision."""
    return history(tmp_path / "history", "pass")


def history(folder: Path, ending: str) -> Path:
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    change = NEXT_ONE % {"ours": NEXT, "before": schema.REVISION, "ending": ending}
    (folder / "versions" / f"r{NEXT}_next.py").write_text(change, encoding="utf-8")
    return folder


# ------------------------------------------------------------------------------------------- history and schema agree


def test_the_newest_revision_is_the_one_the_program_works_on() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert scripts.get_heads() == [schema.REVISION]
    assert sorted(revisions) == [f"{n:04}" for n in range(1, len(revisions) + 1)]


def test_the_history_makes_the_tables_of_the_program(database: str) -> None:
    with writing(database) as connection:
        schema.upgrade(connection)
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, tables.metadata) == []


def everything(connection: Connection) -> set[str]:
    """Tables, columns, keys and indexes as the database itself writes them down."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT coalesce(sql, name) FROM sqlite_master")).scalars().all()
        return {re.sub(r'[\s"]+', " ", str(one)).replace("( ", "(").replace(" )", ")") for one in found} - {
            one for one in map(str, found) if "alembic_version" in one
        }
    queries = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        """SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable,
           column_default) FROM information_schema.columns WHERE table_schema = current_schema()""",
        """SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
           WHERE connamespace = current_schema()::regnamespace""",
        "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()",
    )
    return {str(one) for query in queries for one in connection.execute(text(query)).scalars()}


def test_the_history_and_the_tables_make_the_same_database_to_the_last_index(
    database: str, tmp_path: Path
) -> None:
    def without_number(found: set[str]) -> set[str]:
        return {one for one in found if "alembic_version" not in one}

    with writing(database) as connection:
        tables.metadata.create_all(connection)
        wanted = without_number(everything(connection))
        tables.metadata.drop_all(connection)
        schema.upgrade(connection)
        made = without_number(everything(connection))
    assert made == wanted
    assert len(wanted) > len(tables.metadata.tables)


# ------------------------------------------------------------------------------------------------- up and down, on data


def test_down_leaves_nothing_and_up_makes_it_anew(database: str) -> None:
    store = make_store(database)
    put_somebody(store)
    store.close()
    with writing(database) as connection:
        schema.downgrade(connection, "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        assert schema.fit(connection) is Fit.EMPTY
        schema.upgrade(connection)
    store = open_store(database)
    assert alias_of(store, put_somebody(store)) == "Sami"
    store.close()


def test_a_change_keeps_what_is_there_up_and_down(database: str, with_second: Path) -> None:
    store = make_store(database)
    person_id = put_somebody(store)
    store.close()
    with writing(database) as connection:
        schema.upgrade(connection, NEXT, with_second)
    with writing(database) as connection:
        assert schema.revision_of(connection) == NEXT
        assert connection.execute(text("SELECT seen FROM people")).scalar() == 4
        schema.downgrade(connection, schema.REVISION, with_second)
        assert schema.fit(connection) is Fit.CURRENT
    store = open_store(database)
    assert alias_of(store, person_id) == "Sami"
    store.close()


def test_an_upgrade_that_fails_half_way_changes_nothing(database: str, tmp_path: Path) -> None:
    store = make_store(database)
    person_id = put_somebody(store)
    store.close()
    broken = history(tmp_path / "broken", 'raise RuntimeError("half way")')
    with pytest.raises(RuntimeError, match="half way"), writing(database) as connection:
        schema.upgrade(connection, NEXT, broken)
    with writing(database) as connection:
        assert schema.fit(connection) is Fit.CURRENT
        assert not inspect(connection).has_table("extras")
        assert "seen" not in {column["name"] for column in inspect(connection).get_columns("people")}
    store = open_store(database)
    assert alias_of(store, person_id) == "Sami"
    store.close()


def _upgrade_in_a_process(url: str, folder: str, failures: multiprocessing.Queue[str]) -> None:
    try:
        with writing(url) as connection:
            schema.upgrade(connection, NEXT, Path(folder))
    except Exception as error:
        failures.put(repr(error))
        raise


def test_many_may_upgrade_at_once_and_it_happens_once(database: str, with_second: Path) -> None:
    make_store(database).close()
    context = multiprocessing.get_context("spawn")
    failures: multiprocessing.Queue[str] = context.Queue()
    many = [
        context.Process(target=_upgrade_in_a_process, args=(database, str(with_second), failures))
        for _ in range(3)
    ]
    for process in many:
        process.start()
    for process in many:
        process.join(120)
    assert [process.exitcode for process in many] == [0, 0, 0], failures.get()
    with writing(database) as connection:
        assert schema.revision_of(connection) == NEXT


# -------------------------------------------------------------------------------------------------------------- refusal


def set_revision(url: str, revision: str) -> None:
    with writing(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


@pytest.mark.parametrize("revision", [NEXT, "9999", "later"])
def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: str, revision: str) -> None:
    make_store(database).close()
    set_revision(database, revision)
    for attempt in (open_store, make_store, Store.upgrade):
        with pytest.raises(
            StoreRefused, match=r"WATCHLINE_DATABASE: a newer Watchline .*install that version"
        ):
            attempt(database)
    with writing(database) as connection:
        assert schema.revision_of(connection) == revision


def test_a_database_of_an_older_version_asks_for_the_upgrade(database: str) -> None:
    make_store(database).close()
    set_revision(database, "0000")
    for attempt in (open_store, make_store):
        with pytest.raises(StoreRefused, match=r"WATCHLINE_DATABASE: .*backup.*`watchline db upgrade`"):
            attempt(database)
    assert Store.fit(database) is Fit.OLDER


def test_upgrading_what_is_current_changes_nothing(database: str) -> None:
    make_store(database).close()
    assert Store.upgrade(database) == (schema.REVISION, schema.REVISION)


def test_a_place_without_a_store_is_refused_and_nothing_is_made_there(database: str) -> None:
    for attempt in (open_store, Store.upgrade):
        with pytest.raises(StoreRefused, match=r"WATCHLINE_DATABASE: .*`watchline init`"):
            attempt(database)
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        assert not Path(str(url.database)).exists()
        assert not Path(str(keys_url(url).database)).exists()


def test_another_programs_tables_are_refused(database: str) -> None:
    with writing(database) as connection:
        connection.execute(text("CREATE TABLE people (id INTEGER)"))
    for attempt in (open_store, make_store, Store.upgrade):
        with pytest.raises(StoreRefused, match="another program"):
            attempt(database)


def test_a_refusal_shows_no_password() -> None:
    with pytest.raises(database_errors()) as caught:
        open_store("postgresql://watchline:PLANTED@127.0.0.1:1/watchline")
    assert "no server answers" in plain_trouble(caught.value)
    assert "PLANTED" not in plain_trouble(caught.value)


def test_a_server_without_that_database_says_so(database: str) -> None:
    if make_url(database).get_backend_name() == "sqlite":
        return
    with pytest.raises(database_errors()) as caught:
        open_store(make_url(database).set(database="nowhere").render_as_string(False))
    assert "the server has no database of that name" in plain_trouble(caught.value)


def test_a_rehearsal_schema_is_upgraded_beside_the_desks(database: str) -> None:
    if make_url(database).get_backend_name() == "sqlite":
        return
    make_store(database).close()
    Store.create(
        database,
        NewKek("rehearsal", KEY),
        entropy=os.urandom,
        now=lambda: NOW,
        schema="rehearsal_1",
    )
    with psycopg.connect(str(make_url(database).set(drivername="postgresql").render_as_string(False))) as raw:
        schemas = {
            row[0]
            for row in raw.execute("SELECT schemaname FROM pg_tables WHERE tablename='alembic_version'")
        }
    assert schemas == {DEFAULT_SCHEMA, "rehearsal_1"}
    Store.drop(database, "rehearsal_1")
