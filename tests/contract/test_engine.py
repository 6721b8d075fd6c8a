"""Engines keep their rules on both databases: durable, private, locked from the start, silent about
values."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, insert, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.schema import CreateSchema

from alerts.store.engine import Role, WrongDatabase, keys_schema, keys_url, make_engine
from tests.postgres import running_postgres

SCHEMA = "desk_1"

_metadata = MetaData()
_words = Table("words", _metadata, Column("id", Integer, primary_key=True), Column("word", String))


@pytest.fixture
def writer(database: str) -> Iterator[Engine]:
    engine = make_engine(database, Role.WRITER, schema=SCHEMA)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(CreateSchema(SCHEMA))
        _metadata.create_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def reader(database: str, writer: Engine) -> Iterator[Engine]:
    engine = make_engine(database, Role.READER, schema=SCHEMA)
    yield engine
    engine.dispose()


def test_what_a_writer_commits_a_reader_sees_and_cannot_change(writer: Engine, reader: Engine) -> None:
    with writer.begin() as connection:
        connection.execute(insert(_words).values(id=1, word="stored"))
    with reader.begin() as connection:
        assert connection.scalars(select(_words.c.word)).all() == ["stored"]
    with pytest.raises(DBAPIError), reader.begin() as connection:
        connection.execute(insert(_words).values(id=2, word="refused"))
    with reader.begin() as connection:
        assert connection.scalars(select(_words.c.word)).all() == ["stored"]


def test_a_savepoint_rolls_back_alone(writer: Engine, reader: Engine) -> None:
    with writer.begin() as connection:
        connection.execute(insert(_words).values(id=1, word="kept"))
        savepoint = connection.begin_nested()
        connection.execute(insert(_words).values(id=2, word="dropped"))
        savepoint.rollback()
        with connection.begin_nested():
            connection.execute(insert(_words).values(id=3, word="kept too"))
    with reader.begin() as connection:
        assert connection.scalars(select(_words.c.word).order_by(_words.c.id)).all() == ["kept", "kept too"]


def test_a_sqlite_reader_keeps_its_snapshot_while_a_writer_commits(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'w.db'}"
    writer, reader = make_engine(url, Role.WRITER), make_engine(url, Role.READER)
    with writer.begin() as connection:
        _metadata.create_all(connection)
    with reader.begin() as reading:
        assert reading.scalars(select(_words.c.id)).all() == []
        with writer.begin() as connection:
            connection.execute(insert(_words).values(id=1, word="later"))
        assert reading.scalars(select(_words.c.id)).all() == []
    writer.dispose()
    reader.dispose()


def test_an_error_tells_no_values(writer: Engine) -> None:
    with writer.begin() as connection:
        connection.execute(insert(_words).values(id=1, word="first"))
    with pytest.raises(IntegrityError) as caught, writer.begin() as connection:
        connection.execute(insert(_words).values(id=1, word="MARKER-IN-A-VALUE"))
    assert "MARKER-IN-A-VALUE" not in str(caught.value)
    assert "MARKER-IN-A-VALUE" not in repr(caught.value)


def test_two_processes_of_writers_wait_for_each_other(database: str, writer: Engine) -> None:
    # Two engines stand for two processes: with a deferred BEGIN one of them would fail in the middle.
    other = make_engine(database, Role.WRITER, schema=SCHEMA)
    problems: list[Exception] = []

    def count(engine: Engine) -> None:
        try:
            for _ in range(25):
                with engine.begin() as connection:
                    if engine.dialect.name == "postgresql":
                        connection.execute(text("LOCK TABLE words IN EXCLUSIVE MODE"))
                    highest = max(connection.scalars(select(_words.c.id)).all(), default=0)
                    connection.execute(insert(_words).values(id=highest + 1, word="x"))
        except Exception as problem:  # noqa: BLE001 - told in the test's own thread
            problems.append(problem)

    threads = [threading.Thread(target=count, args=(engine,)) for engine in (writer, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert problems == []
    with writer.begin() as connection:
        assert len(connection.scalars(select(_words.c.id)).all()) == 50


def test_commits_are_durable(database: str, writer: Engine) -> None:
    with writer.begin() as connection:
        if database.startswith("sqlite"):
            asked = {
                "journal_mode": "wal",
                "synchronous": 2,
                "secure_delete": 1,
                "temp_store": 2,
                "foreign_keys": 1,
            }
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
        else:
            asked = {"synchronous_commit": "on", "TimeZone": "UTC", "application_name": "watchline"}
            found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in asked}
    assert found == asked


def test_sqlite_files_are_their_owners_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'w.db'}"
    (tmp_path / "w.db").touch(mode=0o666)
    (tmp_path / "w.db").chmod(0o666)
    engine = make_engine(url, Role.WRITER)
    with engine.begin() as connection:
        _metadata.create_all(connection)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    engine.dispose()
    assert modes == {"w.db": 0o600, "w.db-wal": 0o600, "w.db-shm": 0o600}


def test_a_new_file_that_somebody_is_writing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    first = sqlite3.connect(path, isolation_level=None)
    first.execute("CREATE TABLE first (x)")
    first.execute("BEGIN IMMEDIATE")
    opened: list[object] = []

    def open_it() -> None:
        engine = make_engine(f"sqlite:///{path}", Role.WRITER)
        try:
            with engine.begin() as connection:
                opened.append(connection.exec_driver_sql("PRAGMA journal_mode").scalar())
        except DBAPIError as problem:
            opened.append(problem)
        engine.dispose()

    thread = threading.Thread(target=open_it)
    thread.start()
    thread.join(0.3)
    first.execute("COMMIT")
    first.close()
    thread.join()
    assert opened == ["wal"]


def test_making_another_engine_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """POSIX drops all of a process's locks on a file when the process closes it once, however often it is open."""
    url = f"sqlite:///{tmp_path / 'w.db'}"
    engine = make_engine(url, Role.WRITER)
    with engine.begin() as connection:
        _metadata.create_all(connection)
        before = _locks(tmp_path / "w.db")
        make_engine(url, Role.READER).dispose()
        assert before
        assert _locks(tmp_path / "w.db") == before
    engine.dispose()


def _locks(path: Path) -> list[str]:
    inode = f":{path.stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return [line.split(maxsplit=1)[1] for line in lines if inode in line]


def test_what_is_deleted_is_overwritten(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'w.db'}", Role.WRITER)
    with engine.begin() as connection:
        _metadata.create_all(connection)
        connection.execute(insert(_words).values(id=1, word="MARKER-DELETED"))
    with engine.begin() as connection:
        connection.execute(_words.delete())
    engine.dispose()
    assert b"MARKER-DELETED" not in (tmp_path / "w.db").read_bytes()


def test_a_restarted_server_costs_no_failed_transaction() -> None:
    with running_postgres(durable=False) as server:
        engine = make_engine(server.url, Role.WRITER)
        with engine.begin() as connection:
            connection.execute(select(1))
        server.crash()
        server.start()
        with engine.begin() as connection:
            assert connection.execute(select(1)).scalar() == 1
        engine.dispose()


def test_the_key_store_is_beside_the_main_store() -> None:
    assert str(keys_url("sqlite:////srv/watchline.db").database) == "/srv/watchline-keys.db"
    assert keys_url("postgresql://bot@db/watchline").database == "watchline"
    assert keys_schema("desk_1") == "desk_1_keys"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a url",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:////x.db?mode=ro",
        "mysql://h/d",
        "postgresql://h:x/d",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_with_the_setting(url: str) -> None:
    with pytest.raises(WrongDatabase, match="WATCHLINE_DATABASE"):
        make_engine(url, Role.WRITER)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(WrongDatabase) as caught:
        make_engine("oracle://bot:hunter2@db/watchline", Role.WRITER)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("schema", ["", "Desk", "a-b", 'x"; drop', "1desk", "pg_desk", "d" * 59])
def test_a_schema_name_that_would_need_quoting_is_refused(schema: str) -> None:
    with pytest.raises(WrongDatabase, match="WATCHLINE_DB_SCHEMA: the schema name"):
        make_engine(make_url("postgresql://bot@db/watchline"), Role.WRITER, schema=schema)


def test_a_missing_directory_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(WrongDatabase, match="make its directory"):
        make_engine(f"sqlite:///{tmp_path / 'none' / 'w.db'}", Role.WRITER)


def test_a_line_that_breaks_in_the_middle_of_a_question_is_given_up_soon(postgres_url: str) -> None:
    engine = make_engine(postgres_url, Role.READER, schema=SCHEMA)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        asked = driver.info.get_parameters()
    engine.dispose()
    assert 0 < int(asked["tcp_user_timeout"]) <= 30_000
