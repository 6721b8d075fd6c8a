"""The key store: wrapped data keys, in a store of its own.

Erasing somebody is destroying a key, so the keys must not lie in the copies of the data: another SQLite file,
another PostgreSQL schema, left out of data backups. Three rules:

1. Every data key that was ever handed out stays readable, through kill -9 at any instant and through
   rotation, until it is destroyed on purpose.
2. A key is handed out only after the transaction that stored it was committed.
3. Destroying overwrites: the row stays, without its key, to tell erased from missing.

`KeyStore` speaks to the database and keeps no data key in memory; `Keyring` does that, and is what other code
holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    delete,
    exists,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateSchema

from alerts.sealing import KEY_BYTES, NONCE_BYTES, Entropy, KeyDestroyed, Unsealable, key_cipher, wrap
from alerts.store.engine import DEFAULT_SCHEMA, Role, keys_schema, keys_url, make_engine
from alerts.store.keks import Keks, KekSource, NewKek, Now, begin_with, milliseconds
from alerts.store.key_tables import (
    KEY_STORE_VERSION,
    KeyKind,
    alive,
    data_keys,
    is_pool,
    is_root,
    keks,
    key_store,
    key_tables,
)
from alerts.store.prepared import LONGEST_LIST, prepared

_CONNECTIONS: Final = 3  # of each role: a cache miss or a batch needs one for a millisecond

CHUNK: Final = 500
"""Keys a statement or a rotation's transaction handles: a transaction of some milliseconds."""

POOL_LIFETIME: Final = dt.timedelta(days=1)
"""A ready key that nobody took for so long is not handed out any more, so that a sweep may judge it."""

UNUSED_AFTER: Final = dt.timedelta(days=7)
"""Age at which a pool key that no row uses is swept: far beyond any turn between taking a key and committing
its row."""


class NoKeyStore(Exception):
    """There is no key store where the database's settings say it is. Names the place, and the mend."""


class NewerKeyStore(Exception):
    """The key store was written by a newer version of Watchline. Names both versions; the mend is to
    upgrade."""


class RotationOvertaken(Exception):
    """Another rotation began while this one ran; that one goes on and re-wraps every key, this one has
    stopped."""


class KeyStore:
    """The wrapped keys of one installation. Safe to share between threads; several processes may have it
    open.

    Made by `create` (once, `watchline init`) and `open`.
    """

    def __init__(self, writer: Engine, reader: Engine, source: KekSource, entropy: Entropy, now: Now) -> None:
        self._writer = writer
        self._reader = reader
        self._entropy = entropy
        self._now = now
        self._keks = Keks(writer, reader, source)

    # ------------------------------------------------------------------------------------- making and opening

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
        """Make the key store that belongs to the main store at `url`, with its root key; one that is there is
        left alone.

        Raises WrongDatabase.
        """
        writer = make_engine(keys_url(url), Role.WRITER, schema=keys_schema(schema), durable=durable)
        try:
            with writer.begin() as connection:
                if writer.dialect.name == "postgresql":
                    # Two creators at once: "if not exists" alone would let the second one fail.
                    connection.execute(select(func.pg_advisory_xact_lock(0x77_6C_6B_65_79_73)))
                    connection.execute(CreateSchema(keys_schema(schema), if_not_exists=True))
                if not inspect(connection).has_table(key_store.name):
                    key_tables.create_all(connection)
                    begin_with(connection, kek, entropy, now)
                    cipher = key_cipher(kek.key)
                    _insert_keys(connection, kek.id, cipher, KeyKind.ROOT, 1, None, entropy, now)
        finally:
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
    ) -> KeyStore:
        """The key store that belongs to the main store at `url`.

        Raises NoKeyStore, NewerKeyStore, WrongKey (before anything is read with the key), WrongDatabase.
        """
        place = keys_url(url)
        if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
            raise NoKeyStore(_no_key_store(str(place.database)))
        reader, writer = (
            make_engine(place, role, schema=keys_schema(schema), pool_size=_CONNECTIONS, durable=durable)
            for role in (Role.READER, Role.WRITER)
        )
        store = cls(writer, reader, source, entropy, now)
        try:
            store._check(keys_schema(schema) if writer.dialect.name == "postgresql" else str(place.database))
        except BaseException:
            store.close()
            raise
        return store

    def _check(self, place: str) -> None:
        with self._reader.begin() as connection:
            if not inspect(connection).has_table(key_store.name):
                raise NoKeyStore(_no_key_store(place))
            version = connection.execute(select(key_store.c.version)).scalar()
        if version is None:
            raise NoKeyStore(_no_key_store(place))
        if version > KEY_STORE_VERSION:
            raise NewerKeyStore(
                f"the key store {place} has version {version}, this Watchline knows up to {KEY_STORE_VERSION}:"
                " install the newer Watchline that wrote it"
            )
        self._keks.check()

    def close(self) -> None:
        """Give back the connections."""
        self._reader.dispose()
        self._writer.dispose()

    # ---------------------------------------------------------------------------------------------- data keys

    def add(self, kind: KeyKind, count: int = 1) -> list[tuple[str, bytes]]:
        """Make `count` data keys in one transaction; ids and keys are returned once they are on the disk."""
        with self._keks.adding() as (connection, kek_id, kek):
            return _insert_keys(connection, kek_id, kek, kind, count, None, self._entropy, self._now)

    def load(self, key_ids: Iterable[str]) -> dict[str, bytes | Unsealable]:
        """The keys with these ids; an id that is not there is left out.

        For a destroyed key KeyDestroyed stands in its place, for one whose row was tampered with Unsealable,
        so that one bad key does not keep the others of a batch away. Raises WrongKey when one is wrapped
        under a KEK that the key source (read again first) does not hold.
        """
        found: dict[str, bytes | Unsealable] = {}
        for ids in _chunks(key_ids, LONGEST_LIST):
            with self._reader.begin() as connection:
                rows = _KEYS.rows(connection, ids=ids)
            for key_id, kek_id, wrapped, destroyed_ms in rows:
                if destroyed_ms is not None:
                    found[key_id] = KeyDestroyed(f"key {key_id} was destroyed")
                    continue
                try:
                    found[key_id] = self._keks.unwrap(key_id, kek_id, wrapped)
                except Unsealable as problem:
                    found[key_id] = problem
        return found

    def root(self) -> tuple[str, bytes]:
        """Id and bytes of the root key."""
        with self._reader.begin() as connection:
            row = connection.execute(
                select(data_keys.c.id, data_keys.c.kek_id, data_keys.c.wrapped).where(is_root)
            ).one()
        return row.id, self._keks.unwrap(row.id, row.kek_id, row.wrapped)

    def intake(self, day: dt.date) -> tuple[str, bytes]:
        """Id and bytes of the key that seals what comes in on that UTC day; made when it is not there.

        A day whose key was destroyed gets a new one: a clock that jumped back must not stop messages coming
        in.
        """
        found = self._intake(day)
        if found is None:
            try:
                with self._keks.adding() as (connection, kek_id, kek):
                    made = _insert_keys(
                        connection, kek_id, kek, KeyKind.INTAKE, 1, day, self._entropy, self._now
                    )
                return made[0]
            except IntegrityError:
                found = self._intake(day)  # another process made it between the look and the insert
                if found is None:
                    raise
        return found

    def _intake(self, day: dt.date) -> tuple[str, bytes] | None:
        query = select(data_keys.c.id, data_keys.c.kek_id, data_keys.c.wrapped).where(
            data_keys.c.day == day.isoformat(), alive
        )
        with self._reader.begin() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.id, self._keks.unwrap(row.id, row.kek_id, row.wrapped))

    def intake_before(self, day: dt.date) -> list[str]:
        """Ids of the living intake keys of days before `day`."""
        with self._reader.begin() as connection:
            return list(
                connection.scalars(select(data_keys.c.id).where(data_keys.c.day < day.isoformat(), alive))
            )

    def gone(self, key_ids: Iterable[str]) -> set[str]:
        """Those of the ids whose key is destroyed or was never here."""
        wanted = set(key_ids)
        for ids in _chunks(wanted.copy()):
            with self._reader.begin() as connection:
                wanted.difference_update(
                    connection.scalars(select(data_keys.c.id).where(data_keys.c.id.in_(ids), alive))
                )
        return wanted

    def destroy(self, key_ids: Iterable[str]) -> int:
        """Overwrite these keys for good and say how many there were to overwrite; doing it again is harmless.

        Raises ValueError for the root key, which would make every address unfindable.
        """
        destroyed = 0
        for ids in _chunks(key_ids):
            with self._writer.begin() as connection:
                if connection.execute(select(data_keys.c.id).where(is_root, data_keys.c.id.in_(ids))).first():
                    raise ValueError("the root key is not destroyed with any person or case")
                result = connection.execute(
                    update(data_keys)
                    .where(data_keys.c.id.in_(ids), alive)
                    .values(wrapped=b"", kek_id="", destroyed_ms=milliseconds(self._now()))
                )
                destroyed += result.rowcount
        if destroyed:
            self.scrub()
        return destroyed

    def scrub(self) -> bool:
        """Drop what the database still holds of overwritten keys beside its tables; False when others were in
        the way.

        On SQLite the write-ahead log is emptied. On PostgreSQL dead rows are freed, and their bytes stay
        until the page is used again: only a rotation, after which the old KEK is thrown away, makes those
        worthless.
        """
        if self._writer.dialect.name == "sqlite":
            connection = self._writer.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (busy, _, _), *_ = cursor.fetchall()
                return bool(busy == 0)
            finally:
                connection.close()
        connection = self._writer.raw_connection()
        try:
            connection.rollback()  # it refuses to run inside a transaction
            connection.cursor().execute(f"VACUUM {data_keys.name}")
        finally:
            connection.close()
        return True

    def sweep_unused(self, used: Callable[[Sequence[str]], Mapping[str, KeyKind]]) -> int:
        """Delete old pool keys that no row uses, left by processes that died or stopped; say how many. Nothing calls it
        yet: they do no harm but for the room that they take.

        `used` is asked with some key ids and answers for those that rows of the main store use, and for what.
        Keys younger than UNUSED_AFTER are not looked at: a running process may still hand them out
        (POOL_LIFETIME).
        """
        oldest_ms = milliseconds(self._now() - UNUSED_AFTER)
        candidates = select(data_keys.c.id).where(is_pool, data_keys.c.created_ms < oldest_ms)
        swept, last = 0, ""
        while True:
            with self._reader.begin() as connection:
                ids = list(
                    connection.scalars(
                        candidates.where(data_keys.c.id > last).order_by(data_keys.c.id).limit(CHUNK)
                    )
                )
            if not ids:
                return swept
            last = ids[-1]
            kinds = used(ids)
            with self._writer.begin() as connection:
                for kind in KeyKind:
                    of_kind = [key_id for key_id in ids if kinds.get(key_id) is kind]
                    connection.execute(
                        update(data_keys).where(data_keys.c.id.in_(of_kind)).values(kind=kind.value)
                    )
                unused = [key_id for key_id in ids if key_id not in kinds]
                swept += connection.execute(
                    delete(data_keys).where(data_keys.c.id.in_(unused), is_pool)
                ).rowcount

    # ----------------------------------------------------------------------------------------------- rotation

    def rotate(self, kek: NewKek, progress: Callable[[int, int], None]) -> int:
        """Make `kek` the current KEK and wrap every data key under it, in chunks, while other processes run.

        Killed at any instant, it leaves every key readable with both KEKs, and goes on when called again with
        the same one. `progress` hears how many of how many are done. Says how many keys it wrapped anew. When
        it returns, no key needs an older KEK. Raises WrongKey, RotationOvertaken.
        """
        behind = data_keys.c.kek_id != kek.id
        with self._writer.begin() as connection:
            self._keks.make_current(connection, kek, self._entropy, self._now)
            total = connection.execute(select(func.count()).where(behind, alive)).scalar_one()

        done, last = 0, ""
        rows = select(data_keys.c.id, data_keys.c.kek_id, data_keys.c.wrapped).where(behind, alive)
        rewrap = (
            update(data_keys)
            .where(data_keys.c.id == bindparam("of_id"))
            .values(kek_id=kek.id, wrapped=bindparam("new_wrapped"))
        )
        while True:
            with self._keks.adding() as (connection, current_id, cipher):
                if current_id != kek.id:
                    raise RotationOvertaken(
                        "another rotation began; it wraps every key anew, nothing is to be done"
                    )
                found = connection.execute(
                    rows.where(data_keys.c.id > last).order_by(data_keys.c.id).limit(CHUNK).with_for_update()
                ).all()
                if not found:
                    break
                wrapped_anew = []
                for key_id, old_id, old in found:
                    key = self._keks.unwrap(key_id, old_id, old)
                    wrapped = wrap(cipher, kek.id, key_id, key, self._entropy(NONCE_BYTES))
                    wrapped_anew.append({"of_id": key_id, "new_wrapped": wrapped})
                connection.execute(rewrap, wrapped_anew)
            last = found[-1].id
            done += len(found)
            progress(done, total)
        self._keks.retire(exists().where(data_keys.c.kek_id == keks.c.id, alive))
        self.scrub()
        return done


def _no_key_store(place: str) -> str:
    return (
        f"WATCHLINE_DATABASE: there is no key store in {place}: run `watchline init` for a new installation; if there"
        " is data already, restore the key store from its own backup, since nothing can be read without it"
    )


def _insert_keys(
    connection: Connection,
    kek_id: str,
    kek: AESGCM,
    kind: KeyKind,
    count: int,
    day: dt.date | None,
    entropy: Entropy,
    now: Now,
) -> list[tuple[str, bytes]]:
    made_ms = milliseconds(now())
    # Ids begin with the time, so that a batch lands on neighbouring pages of the table.
    made = [(f"{made_ms:012x}{entropy(10).hex()}", entropy(KEY_BYTES)) for _ in range(count)]
    rows = [
        {
            "id": key_id,
            "kind": kind.value,
            "kek_id": kek_id,
            "wrapped": wrap(kek, kek_id, key_id, key, entropy(NONCE_BYTES)),
            "created_ms": made_ms,
            "day": None if day is None else day.isoformat(),
        }
        for key_id, key in made
    ]
    connection.execute(insert(data_keys), rows)
    return made


_KEYS: Final = prepared(
    select(data_keys.c.id, data_keys.c.kek_id, data_keys.c.wrapped, data_keys.c.destroyed_ms).where(
        data_keys.c.id.in_(bindparam("ids", expanding=True))
    )
)


def _chunks(key_ids: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    ids = list(key_ids)
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
