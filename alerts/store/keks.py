"""Key-encryption keys (KEKs): which there are, which is current, and where their bytes come from.

Two rules:

1. Which KEK is current is a row, read again in every transaction that adds or re-wraps data keys, and it
   cannot change within one. A process that runs while another one rotates therefore never adds a key under
   the old KEK behind its back.
2. A KEK is believed only after it opened its own check row: a wrong one is refused before it seals anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    Connection,
    Engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from alerts.sealing import NONCE_BYTES, Entropy, Unsealable, key_cipher, unwrap, wrap
from alerts.store.key_tables import KEY_STORE_VERSION, keks, key_store

Now = Callable[[], dt.datetime]
"""Tells the time, as an aware UTC datetime."""


class WrongKey(Exception):
    """The key file or passphrase does not open this key store. Names the setting, and what to put there."""


@dataclass(frozen=True, slots=True)
class NewKek:
    """The key-encryption key that a new key store, or a rotation, is to use from now on."""

    id: str
    key: bytes = field(repr=False)
    """32 bytes."""
    derivation: str = field(default="", repr=False)
    """How it is derived from a passphrase, as the key source writes it (salt, costs); empty for a key from a
    file."""


class KekSource(Protocol):
    """Where key-encryption keys come from: read anew at every call, so that a rotated file is seen."""

    @property
    def setting(self) -> str:
        """The setting's name, for messages: WATCHLINE_KEY_FILE or WATCHLINE_PASSPHRASE_FILE."""
        ...

    def candidates(self, derivations: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
        """Pairs of KEK id and 32 bytes that may be that KEK. `derivations`: KEK ids of the store, and how
        each is made.

        Several candidates for one id are tried in turn.
        """
        ...


# A data key's length, so that the check row looks and costs like any other wrapped key.
_CHECK_TEXT: Final = b"watchline key-encryption-key chk"


def milliseconds(moment: dt.datetime) -> int:
    """Unix time in milliseconds, the form of every instant in the key store."""
    return int(moment.timestamp() * 1000)


def begin_with(connection: Connection, kek: NewKek, entropy: Entropy, now: Now) -> None:
    """Write the first KEK of a new key store."""
    connection.execute(insert(key_store).values(one=1, version=KEY_STORE_VERSION, current_kek=kek.id))
    connection.execute(insert(keks).values(_kek_row(kek, entropy, now)))


class Keks:
    """The KEKs this process could open, and the transactions in which the current one stands still."""

    def __init__(self, writer: Engine, reader: Engine, source: KekSource) -> None:
        self._writer = writer
        self._reader = reader
        self._source = source
        self._ciphers: dict[str, AESGCM] = {}

    def check(self) -> None:
        """Open every KEK of the store, or raise WrongKey."""
        for kek_id in self._learn():
            if kek_id not in self._ciphers:
                raise self._wrong(kek_id)

    @contextmanager
    def adding(self) -> Iterator[tuple[Connection, str, AESGCM]]:
        """A writing transaction in which the current KEK, id and cipher, cannot change. Raises WrongKey."""
        with self._writer.begin() as connection:
            query = select(key_store.c.current_kek).with_for_update(read=True)
            current = connection.execute(query).scalar_one()
            yield connection, current, self._get(current)

    def unwrap(self, key_id: str, kek_id: str, wrapped: bytes) -> bytes:
        """A data key's bytes. Raises WrongKey when the KEK is not to be had, Unsealable when the row is
        changed."""
        return unwrap(self._get(kek_id), kek_id, key_id, wrapped)

    def make_current(self, connection: Connection, kek: NewKek, entropy: Entropy, now: Now) -> None:
        """Wrap what is added from now on under `kek`. Raises WrongKey when its id is another key's."""
        connection.execute(select(key_store.c.current_kek).with_for_update())
        known = connection.execute(select(keks.c.check_value).where(keks.c.id == kek.id)).first()
        cipher = key_cipher(kek.key)
        if known is None:
            connection.execute(insert(keks).values(_kek_row(kek, entropy, now)))
        elif not _opens(cipher, kek.id, known.check_value):
            raise self._wrong(kek.id)
        connection.execute(update(key_store).values(current_kek=kek.id))
        self._ciphers[kek.id] = cipher

    def retire(self, in_use: ColumnElement[bool]) -> None:
        """Forget the KEKs that no data key needs: all but the current one and those for which `in_use`
        holds."""
        with self._writer.begin() as connection:
            current = connection.execute(select(key_store.c.current_kek).with_for_update()).scalar_one()
            connection.execute(delete(keks).where(keks.c.id != current, ~in_use))

    def _get(self, kek_id: str) -> AESGCM:
        if kek_id not in self._ciphers:
            self._learn()
        kek = self._ciphers.get(kek_id)
        if kek is None:
            raise self._wrong(kek_id)
        return kek

    def _learn(self) -> list[str]:
        """Read the key source again; the ids of all KEKs in the store, opened now or not."""
        with self._reader.begin() as connection:
            rows = connection.execute(select(keks.c.id, keks.c.derivation, keks.c.check_value)).all()
        checks = {row.id: row.check_value for row in rows}
        for kek_id, key in self._source.candidates({row.id: row.derivation for row in rows}):
            if kek_id in checks:
                cipher = key_cipher(key)
                if _opens(cipher, kek_id, checks[kek_id]):
                    self._ciphers[kek_id] = cipher
        return list(checks)

    def _wrong(self, kek_id: str) -> WrongKey:
        return WrongKey(
            f"{self._source.setting} does not hold the key {kek_id} that opens the key store: point it at the"
            " key file or passphrase this store was made with; after an unfinished rotation it must hold the"
            " old key too"
        )


def _kek_row(kek: NewKek, entropy: Entropy, now: Now) -> dict[str, object]:
    check_value = wrap(key_cipher(kek.key), kek.id, "key check", _CHECK_TEXT, entropy(NONCE_BYTES))
    return {
        "id": kek.id,
        "derivation": kek.derivation,
        "check_value": check_value,
        "created_ms": milliseconds(now()),
    }


def _opens(cipher: AESGCM, kek_id: str, check_value: bytes) -> bool:
    try:
        return unwrap(cipher, kek_id, "key check", check_value) == _CHECK_TEXT
    except Unsealable:
        return False
