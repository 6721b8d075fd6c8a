"""Which version of the schema a database has, and bringing it to this program's.

Revisions are numbered "0001", "0002" and so on, in one line without branches. Three rules:

1. A program works on its own revision only. An older database is upgraded first, by a person who has made a backup; a
   newer one is refused and left alone.
2. An upgrade is one transaction, number included: killed at any instant, the database is what it was before.
3. One upgrades at a time: PostgreSQL holds an advisory lock for it, SQLite's writer is alone anyway.
"""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, column, func, inspect, select, table

REVISION: Final = "0002"
"""The schema that this program works on: the number of the newest file in `migrations/versions/`."""

_LOCATION: Final = Path(__file__).parent / "migrations"
_VERSION_TABLE: Final = table("alembic_version", column("version_num"))
_LOCK: Final = 0x77_6C_73_63_68_65_6D


class Fit(enum.Enum):
    """How a database's schema stands to this program."""

    EMPTY = "empty"
    """Nothing of ours is in it."""
    UNKNOWN = "unknown"
    """It holds tables, and no number: made by an unfinished version, or by another program."""
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


def revision_of(connection: Connection) -> str:
    """The number in the database; empty when there is none."""
    if not inspect(connection).has_table(_VERSION_TABLE.name):
        return ""
    return str(connection.execute(select(_VERSION_TABLE.c.version_num)).scalar() or "")


def fit(connection: Connection, ours: str = REVISION) -> Fit:
    """How the database stands to the program whose revision is `ours`."""
    theirs = revision_of(connection)
    if not theirs:
        return Fit.UNKNOWN if inspect(connection).has_table("people") else Fit.EMPTY
    if theirs == ours:
        return Fit.CURRENT
    # A number that is none was written by a program that counts in another way, so a later one.
    return Fit.OLDER if theirs.isdigit() and theirs < ours else Fit.NEWER


def upgrade(connection: Connection, to: str = REVISION, location: Path = _LOCATION) -> None:
    """Brings the schema up to a revision. Nothing happens when it is there already."""
    _run(connection, to, location, down=False)


def downgrade(connection: Connection, to: str, location: Path = _LOCATION) -> None:
    """Brings the schema down to a revision; "base" leaves no table of ours."""
    _run(connection, to, location, down=True)


def _run(connection: Connection, to: str, location: Path, *, down: bool) -> None:
    # Alembic takes longer to import than a rehearsal takes to play, and most processes never change a schema.
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(location).replace("%", "%%"))
    config.attributes["connection"] = connection
    (command.downgrade if down else command.upgrade)(config, to)
