"""Engines: how a connection to the store behaves, on SQLite and on PostgreSQL.

Rules, the same for the main store and the key store:

1. What is committed is on the disk: `synchronous` FULL on SQLite, `synchronous_commit` on for PostgreSQL.
2. A writer's transaction takes its lock when it begins (SQLite: BEGIN IMMEDIATE), so that it waits at the
   start and never fails in the middle. A reader's transaction cannot write.
3. What is deleted is overwritten (SQLite `secure_delete`), and nothing is put into temporary files.
4. Files are readable by their owner alone, and an error's message holds no values.
"""

from __future__ import annotations

import enum
import os
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError

from alerts.store import ahead
from alerts.store.arrays import Packed

if TYPE_CHECKING:
    from psycopg import Connection as PgConnection
    from psycopg.adapt import Dumper

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a connection waits for another's lock, and for a free place in the pool. Writers are short, and long work
goes in chunks."""

_WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024
"""SQLite's write-ahead log is cut back to this after it was moved into the file."""
_WAL_PAGES: Final = 8_000
"""At so many pages (32 MB) the log is moved into the file within a commit. `Store.tidy` comes before that."""
_CACHE_KIB: Final = 24_576
"""SQLite's page cache, for each connection."""
_WAL_TRIES: Final = 50
"""To put a new file into WAL mode while others open it too."""
_SCHEMA_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,57}")

DEFAULT_SCHEMA: Final = "watchline"


class Role(enum.Enum):
    """What an engine's transactions may do."""

    WRITER = "writer"
    READER = "reader"


class WrongDatabase(Exception):
    """WATCHLINE_DATABASE, or the schema set beside it, cannot be used. Says what is wrong with it and what is
    allowed, never the password in it."""


def make_engine(
    url: str | URL, role: Role, *, schema: str = DEFAULT_SCHEMA, pool_size: int = 5, durable: bool = True
) -> Engine:
    """An engine on `url`; SQLite's file is made when it is not there.

    `schema` is PostgreSQL's and means nothing on SQLite; it need not exist yet. `pool_size` bounds the
    connections. `durable=False` gives up rule 1, for rehearsals on a throw-away store and nothing else.
    Raises WrongDatabase for a URL or schema that cannot be used.
    """
    target = _target(url)
    if target.get_backend_name() == "sqlite":
        return _sqlite(target, role, pool_size, durable)
    return _postgresql(target, role, checked_schema(schema), pool_size, durable)


def keys_url(url: str | URL) -> URL:
    """Where the key store of the main store at `url` is: another file beside it, or the same PostgreSQL
    server.

    On PostgreSQL it is told apart by `keys_schema`. Raises WrongDatabase.
    """
    target = _target(url)
    if target.get_backend_name() != "sqlite":
        return target
    main = Path(target.database or "")
    return target.set(database=str(main.with_name(f"{main.stem}-keys{main.suffix}")))


def keys_schema(schema: str = DEFAULT_SCHEMA) -> str:
    """The PostgreSQL schema of the key store that belongs to the main store in `schema`."""
    return f"{checked_schema(schema)}_keys"


def checked_schema(schema: str) -> str:
    """The name unchanged, when it is a plain lower-case name that leaves room for `keys_schema`. Raises
    WrongDatabase."""
    if not _SCHEMA_NAME.fullmatch(schema) or schema.startswith("pg_"):
        raise WrongDatabase(
            f"WATCHLINE_DB_SCHEMA: the schema name {schema!r} cannot be used: give 1 to 58 of a-z, 0-9 and _, beginning"
            " neither with a digit nor with pg_"
        )
    return schema


def _target(url: str | URL) -> URL:
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):
        # The library's own message repeats the URL, which may hold a password.
        raise WrongDatabase(
            "WATCHLINE_DATABASE is not a database URL: give sqlite:////path/to/watchline.db or"
            " postgresql://user@host/database"
        ) from None
    backend = target.get_backend_name()
    if backend == "sqlite":
        if not target.database or target.database == ":memory:" or target.query:
            raise WrongDatabase(
                "WATCHLINE_DATABASE names no plain SQLite file: give sqlite:////path/to/watchline.db, with no"
                " options after it"
            )
        return target.set(drivername="sqlite+pysqlite")
    if backend == "postgresql":
        return target.set(drivername="postgresql+psycopg")
    if backend == "postgres":
        raise WrongDatabase("WATCHLINE_DATABASE begins with postgres: write postgresql:// instead")
    raise WrongDatabase(
        f"WATCHLINE_DATABASE names {backend}: only sqlite and postgresql are supported; give"
        " sqlite:////path/to/watchline.db or postgresql://user@host/database"
    )


# ----------------------------------------------------------------------------------------------------- SQLite


def _sqlite(target: URL, role: Role, pool_size: int, durable: bool) -> Engine:
    path = Path(target.database or "")
    _own_file(path)
    # One writer at a time is SQLite's rule; a second writing connection would only wait for the first one's
    # lock.
    size = 1 if role is Role.WRITER else pool_size
    engine = create_engine(
        target, pool_size=size, max_overflow=0, pool_timeout=BUSY_TIMEOUT_MS / 1000, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transaction control would begin a deferred transaction, and only before some
        # statements.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _write_ahead(connection)
        for pragma in (
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "foreign_keys = ON",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "trusted_schema = OFF",
            f"journal_size_limit = {_WAL_LIMIT_BYTES}",
            f"wal_autocheckpoint = {_WAL_PAGES}",
            f"cache_size = -{_CACHE_KIB}",
            f"query_only = {'ON' if role is Role.READER else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    begin_statement = "BEGIN IMMEDIATE" if role is Role.WRITER else "BEGIN"

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin_statement)

    return engine


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Put the file into WAL mode, for good. The only statement that SQLite does not let wait for another's lock, so
    two that open a new file at once need another try; the transaction between two tries does the waiting."""
    for tries_left in reversed(range(_WAL_TRIES)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if tries_left == 0:
                raise
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


def _own_file(path: Path) -> None:
    """Make the file before SQLite does, readable by its owner alone; SQLite gives its -wal and -shm the same mode.

    One that is there is not opened: closing it again would drop the locks that SQLite holds on it in this process.
    """
    try:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
    except OSError as problem:
        raise WrongDatabase(
            f"WATCHLINE_DATABASE: {path} cannot be opened ({problem.strerror}): make its directory, and let"
            " the user that runs watchline own it"
        ) from None


# ------------------------------------------------------------------------------------------------- PostgreSQL


def _postgresql(target: URL, role: Role, schema: str, pool_size: int, durable: bool) -> Engine:
    # A desk on SQLite has no use for the driver, which takes a tenth of a second to load.
    from psycopg import Error, sql

    engine = create_engine(
        target,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        hide_parameters=True,
        connect_args={
            "application_name": "watchline",
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            # What was sent and is not acknowledged is not watched by keep-alives: without this a broken line would
            # hold the desk for a quarter of an hour. Milliseconds.
            "tcp_user_timeout": 20_000,
            "options": _session_options(role, durable),
        },
    )
    dumpers = _array_dumpers()
    search_path = sql.SQL("SET search_path TO {}").format(sql.Identifier(schema))

    @event.listens_for(engine, "connect", insert=True)
    def connect(connection: PgConnection[Any], _record: Any) -> None:
        # We begin and end transactions ourselves: the driver would begin them with a question of its own.
        connection.autocommit = True
        for kind, dumper in dumpers.items():
            connection.adapters.register_dumper(kind, dumper)
        connection.execute(search_path)

    @event.listens_for(engine, "checkout")
    def checkout(connection: PgConnection[Any], _record: Any, _fairy: Any) -> None:
        # A restarted server must cost one retry inside the pool, not one failed turn a connection. To begin the
        # transaction here tells as well as to ask beforehand whether the connection still lives.
        try:
            connection.execute("BEGIN", prepare=False)
        except Error as error:
            if not connection.closed:
                raise
            raise InvalidatePoolError from error

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Connection, _c: Any, _s: Any, _p: Any, context: Any, _many: bool) -> None:
        if context is not None:  # one of SQLAlchemy's own, which waits for its answer
            ahead.settle(connection)

    if role is Role.WRITER:
        event.listen(engine, "commit", ahead.commit)
    return engine


def _session_options(role: Role, durable: bool) -> str:
    """What the server is to do differently in our sessions."""
    return (
        f"-c synchronous_commit={'on' if durable else 'off'}"
        f" -c default_transaction_read_only={'on' if role is Role.READER else 'off'}"
        # As on SQLite: who waits for another's lock for so long tries it anew, and is seen to make no progress.
        f" -c lock_timeout={BUSY_TIMEOUT_MS}ms"
        " -c timezone=UTC -c idle_in_transaction_session_timeout=60s"
        # A plan is made once: one that reads a whole table, since that was small, would do so when it has grown. And no
        # statement of ours is large enough to be worth compiling.
        " -c enable_seqscan=off -c jit=off"
    )


def _array_dumpers() -> dict[type[Packed], type[Dumper]]:
    """How the driver sends the lists that `arrays` has packed: as they are."""
    from psycopg.adapt import Dumper
    from psycopg.pq import Format

    class Whole(Dumper):
        """Passes the bytes on."""

        format = Format.BINARY

        def dump(self, obj: Packed) -> bytes:
            return obj

    return {kind: type(kind.__name__, (Whole,), {"oid": kind.array}) for kind in Packed.__subclasses__()}


def sqlite_file(url: str | URL) -> Path | None:
    """The file of a SQLite database; None for one that is no file of ours. Raises WrongDatabase."""
    target = _target(url)
    return Path(target.database) if target.get_backend_name() == "sqlite" and target.database else None


SQLITE_VERSION: Final = sqlite3.sqlite_version
"""Of the library that this Python carries."""
