"""The tables of the key store. They have one version number of their own and are part of no data backup."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

KEY_STORE_VERSION: Final = 1


class KeyKind(StrEnum):
    """What a data key seals. `POOL` is one that was made ahead and, as far as the key store knows, used by
    nobody."""

    ROOT = "root"
    PERSON = "person"
    CASE = "case"
    INTAKE = "intake"
    POOL = "pool"


key_tables: Final = MetaData()
"""All tables of the key store."""

key_store: Final = Table(
    "key_store",
    key_tables,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("current_kek", String, nullable=False),
)

keks: Final = Table(
    "keks",
    key_tables,
    Column("id", String, primary_key=True),
    Column("derivation", String, nullable=False),
    Column("check_value", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

data_keys: Final = Table(
    "data_keys",
    key_tables,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("kek_id", String, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("destroyed_ms", BigInteger),
    Column("day", String),
    # SQLite: one tree instead of two; no other index is needed to find a key.
    sqlite_with_rowid=False,
)

alive: Final = data_keys.c.destroyed_ms.is_(None)
is_root: Final = data_keys.c.kind == KeyKind.ROOT.value
is_pool: Final = alive & (data_keys.c.kind == KeyKind.POOL.value)

Index("data_keys_day", data_keys.c.day, unique=True, sqlite_where=alive, postgresql_where=alive)
Index("data_keys_root", data_keys.c.kind, unique=True, sqlite_where=is_root, postgresql_where=is_root)
Index("data_keys_pool", data_keys.c.id, sqlite_where=is_pool, postgresql_where=is_pool)
