"""The store of one installation: its engines, its keys, its schema, and transactions on it.

A store is refused, with the setting and the mend, when its key does not open it, when a newer version wrote it, or when
it is not there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Final

from sqlalchemy import Connection, Engine, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError

from alerts.sealing import Digests, Sealer
from alerts.store import ahead, tables
from alerts.store import schema as migrations
from alerts.store.engine import DEFAULT_SCHEMA, Role, checked_schema, keys_schema, keys_url, make_engine
from alerts.store.keks import KekSource, NewKek
from alerts.store.keyring import Keyring
from alerts.store.keystore import KeyStore
from alerts.store.schema import REVISION, Fit, fit, revision_of
from alerts.store.vault import Vault
from alerts.store.wakes import OwnConnections, Wake, listen, tell
from alerts.store.work import DeskCache, Work

Entropy = Callable[[int], bytes]
Now = Callable[[], datetime]
_CREATING: Final = 0x77_6C_6D_61_69_6E


class StoreRefused(Exception):
    """The store cannot be used. Names the setting, what is wrong and how to mend it."""


class Store:
    """An open store. Safe to share between threads; each transaction belongs to one."""

    def __init__(
        self, writer: Engine, reader: Engine, keystore: KeyStore, vault: Vault, schema: str, now: Now
    ) -> None:
        self._writer = writer
        self._own = OwnConnections(writer)
        self._now = now
        self._reader = reader
        self._keystore = keystore
        self.vault = vault
        self.schema = schema
        self._desks = DeskCache(time.monotonic)

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self._writer.dialect.name

    @classmethod
    def create(
        cls,
        url: str,
        kek: NewKek,
        *,
        entropy: Entropy,
        now: Now,
        schema: str = DEFAULT_SCHEMA,
        durable: bool = True,
    ) -> None:
        """Makes the key store and the tables; what is there already is left alone.

        Raises StoreRefused for a database that is there and of another version, WrongDatabase.
        """
        if _exists(url):
            _refuse_unless(url, schema, Fit.EMPTY, Fit.CURRENT)
        KeyStore.create(url, kek, entropy=entropy, now=now, schema=schema, durable=durable)
        writer = make_engine(url, Role.WRITER, schema=schema, durable=durable)
        try:
            if writer.dialect.name == "postgresql":
                # In a transaction of its own: two creators at once would both find it missing.
                with writer.begin() as connection:
                    connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
                    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {checked_schema(schema)}"))
            with writer.begin() as connection:
                migrations.upgrade(connection)
        finally:
            writer.dispose()

    @staticmethod
    def upgrade(url: str, *, schema: str = DEFAULT_SCHEMA) -> tuple[str, str]:
        """Brings the tables up to this program's revision; says from which one to which.

        Raises StoreRefused when there is nothing to upgrade or a newer version wrote it, WrongDatabase.
        """
        _refuse_unless(url, schema, Fit.OLDER, Fit.CURRENT)
        writer = make_engine(url, Role.WRITER, schema=schema)
        try:
            with writer.begin() as connection:
                before = revision_of(connection)
                migrations.upgrade(connection)
                return before, revision_of(connection)
        finally:
            writer.dispose()

    @staticmethod
    def fit(url: str, *, schema: str = DEFAULT_SCHEMA) -> Fit:
        """How the database's schema stands to this program. Makes nothing. Raises WrongDatabase."""
        return _look(url, schema)[0]

    @staticmethod
    def drop(url: str, schema: str) -> None:
        """Removes a rehearsal's schemas from PostgreSQL. Never the schema of a desk."""
        if not schema.startswith("rehearsal_"):
            raise StoreRefused(f"{schema} is not a rehearsal's schema")
        writer = make_engine(url, Role.WRITER, schema=schema)
        if writer.dialect.name == "postgresql":
            with writer.begin() as connection:
                for name in (schema, keys_schema(schema)):
                    connection.execute(text(f"DROP SCHEMA IF EXISTS {checked_schema(name)} CASCADE"))
        writer.dispose()

    @classmethod
    def open(
        cls,
        url: str,
        source: KekSource,
        *,
        entropy: Entropy,
        now: Now,
        schema: str = DEFAULT_SCHEMA,
        durable: bool = True,
        pool_low: int = 250,
        pool_high: int = 1_000,
    ) -> Store:
        """Opens a store that was made before.

        Raises StoreRefused when it is not there, or has another revision than this program; WrongKey, NoKeyStore,
        NewerKeyStore, WrongDatabase.
        """
        _refuse_unless(url, schema, Fit.CURRENT)
        keystore = KeyStore.open(url, source, entropy=entropy, now=now, schema=schema, durable=durable)
        writer = make_engine(url, Role.WRITER, schema=schema, durable=durable)
        reader = make_engine(url, Role.READER, schema=schema, durable=durable)
        keys = Keyring(keystore, now, low=pool_low, high=pool_high)
        vault = Vault(keys, Sealer(keys, entropy), Digests(keys.root, keys))
        return cls(writer, reader, keystore, vault, schema, now)

    def close(self) -> None:
        """Gives back all connections."""
        self._keystore.close()
        self._writer.dispose()
        self._reader.dispose()

    @staticmethod
    def is_away(error: Exception) -> bool:
        """Whether an error says that the database cannot be reached or written now, and nothing about what was
        written: it is tried again as it is."""
        # The last one is a statement on a connection that was lost a statement earlier.
        if isinstance(error, (OperationalError, PendingRollbackError)):
            return True
        return isinstance(error, DBAPIError) and error.connection_invalidated

    @contextmanager
    def writing(self, *, lock: bool = True) -> Iterator[Work]:
        """A writing transaction, committed at the end; an exception rolls it back.

        `lock` says whether what is read for a decision is held until then, where other nodes may write beside us.
        """
        with self._writer.begin() as connection, ahead.given_up(connection):
            work = Work(connection, self.vault, lock=lock, desks=self._desks)
            yield work
            if work.desk_changed:
                self._desks.forget()
            if self.dialect == "postgresql" and (added := work.added(self._now())):
                tell(connection, self.schema, added)
            ahead.commit(connection)
        if work.desk_changed:
            # Again after the commit: another thread may have read the old state in between.
            self._desks.forget()

    def view(self, work: Work) -> Work:
        """A second look within a transaction, which shares nothing that the first one has read or noted."""
        return Work(work.connection, self.vault, lock=False, desks=self._desks)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """A reading transaction."""
        with self._reader.begin() as connection:
            yield Work(connection, self.vault, desks=self._desks)

    def listen(self, heard: Callable[[frozenset[Wake]], None], ended: Event) -> None:
        """Tells `heard` what other nodes and processes add to the queues, until `ended` is set; everything at the
        beginning. PostgreSQL only. Raises when the connection is lost."""
        engine = make_engine(self._reader.url, Role.READER, schema=self.schema, pool_size=1)
        try:
            listen(engine, self.schema, self._own, heard, ended)
        finally:
            engine.dispose()

    def tidy(self) -> None:
        """Off the hot path: moves what was committed from SQLite's log into its file, without holding up a writer.

        Left to itself, SQLite does it within some commit, which then takes tens of milliseconds.
        """
        if self.dialect == "sqlite":
            connection = self._reader.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
            finally:
                connection.close()

    def get_meta(self, name: str) -> str | None:
        """A plain fact about the installation: lineage, last sign of life."""
        with self._reader.begin() as connection:
            return read_meta(connection, name)

    def set_meta(self, name: str, value: str) -> None:
        """Writes such a fact at once."""
        with self._writer.begin() as connection:
            write_meta(connection, name, value)


def _exists(url: str) -> bool:
    """Whether there is a database to look into; asking an engine would make SQLite's file."""
    target = keys_url(url)  # also refuses a URL that cannot be used
    if target.get_backend_name() != "sqlite":
        return True
    return Path(make_url(url).database or "").is_file()


def _look(url: str, schema: str) -> tuple[Fit, str]:
    if not _exists(url):
        return Fit.EMPTY, ""
    reader = make_engine(url, Role.READER, schema=schema)
    try:
        with reader.begin() as connection:
            return fit(connection), revision_of(connection)
    finally:
        reader.dispose()


def _refuse_unless(url: str, schema: str, *wanted: Fit) -> None:
    found, revision = _look(url, schema)
    if found not in wanted:
        raise StoreRefused(_misfit(found, revision))


def _misfit(found: Fit, revision: str) -> str:
    match found:
        case Fit.EMPTY:
            return (
                "WATCHLINE_DATABASE: there is no Watchline database there: run `watchline init` for a new one, or point"
                " the setting at the right one"
            )
        case Fit.OLDER:
            return (
                f"WATCHLINE_DATABASE: the database has the form of an older Watchline (revision {revision}, this one"
                f" works on {REVISION}): stop `watchline run`, make a backup, and run `watchline db upgrade`"
            )
        case Fit.NEWER:
            return (
                f"WATCHLINE_DATABASE: a newer Watchline wrote this database (its revision is {revision}, this one"
                f" knows up to {REVISION}): install that version again. Nothing was changed"
            )
        case _:
            return (
                "WATCHLINE_DATABASE: the database holds tables without a revision, made by another program or an"
                " unfinished Watchline: point the setting at the right database, or at an empty one"
            )


def read_meta(connection: Connection, name: str) -> str | None:
    """See `Store.get_meta`."""
    return connection.execute(select(tables.meta.c.value).where(tables.meta.c.name == name)).scalar()


def write_meta(connection: Connection, name: str, value: str) -> None:
    """See `Store.set_meta`."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = make(tables.meta).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
