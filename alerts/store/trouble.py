"""What is wrong with a database that cannot serve, in words for people.

The drivers' own messages are never passed on: they repeat rows, addresses of servers and, some of them, passwords. What
is told here comes from the kind of the error alone; where a connection was refused, which has none, from what the
message is about.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Final

from sqlalchemy.exc import SQLAlchemyError


def database_errors() -> tuple[type[Exception], ...]:
    """Everything that the database, its driver or the way to it can raise.

    PostgreSQL's driver takes long to load. What has not loaded it cannot meet its errors.
    """
    if "psycopg" not in sys.modules:
        return SQLAlchemyError, sqlite3.Error
    import psycopg

    return SQLAlchemyError, sqlite3.Error, psycopg.Error


# SQLSTATE codes of PostgreSQL (its documentation, appendix A); two letters stand for their whole class.
_POSTGRESQL: Final = {
    "28": "the server does not accept this user or password: check both in the URL, and the server's pg_hba.conf",
    "3D000": "the server has no database of that name: make it with createdb, or correct the URL",
    "42501": "the user may not do that there: grant it CREATE on the database",
    "25006": "the server is a read-only standby: give the URL of the one that can be written to",
    "53100": "the server's disk is full: make room",
    "53200": "the server is out of memory",
    "53300": "the server has no connection left: raise its max_connections, or stop what holds them",
    "57P03": "the server is starting up: try again in a moment",
    "57": "the server is shutting down or ended the connection: try again when it is back",
    "40": "others changed the same rows again and again: try again",
}
# The driver gives no SQLSTATE for a connection that it did not get. What the server said is in its own language; in
# another than this one the last of `_refused` is told.
_SAID: Final = {
    "password authentication failed": "28",
    "no password supplied": "28",
    "pg_hba.conf": "28",
    'FATAL:  role "': "28",
    'FATAL:  database "': "3D000",
    "starting up": "57P03",
    "shutting down": "57",
    "too many c": "53300",
    "connection slots": "53300",
}
_SQLITE: Final = {
    "SQLITE_FULL": "the disk is full: make room",
    "SQLITE_READONLY": "the file cannot be written: let the user that runs watchline own it and its folder",
    "SQLITE_CANTOPEN": "the file cannot be opened: let the user that runs watchline own it and its folder",
    "SQLITE_BUSY": "another program holds the file locked: stop it, or wait until it is done",
    "SQLITE_NOTADB": "the file is no SQLite database: point WATCHLINE_DATABASE at the right one",
    "SQLITE_CORRUPT": "the file is damaged: keep a copy of it and restore a backup",
    "SQLITE_IOERR": "the disk does not take or give it: make room if it is full, and look at the machine's own log",
}


def plain_trouble(error: BaseException) -> str:
    """What is wrong, and the mend, for one of `database_errors`."""
    cause: BaseException | None = error
    while isinstance(cause, SQLAlchemyError):
        cause = getattr(cause, "orig", None)
    if isinstance(cause, sqlite3.Error):
        name = getattr(cause, "sqlite_errorname", "") or ""
        for known, words in _SQLITE.items():
            if name.startswith(known):
                return words
        return f"SQLite cannot do it ({name or type(cause).__name__})"
    if isinstance(cause, database_errors()):
        import psycopg

        state = getattr(cause, "sqlstate", None) or ""
        for known, words in _POSTGRESQL.items():
            if state.startswith(known):
                return words
        if isinstance(cause, psycopg.OperationalError) and not state:
            return _refused(str(cause))
        return f"PostgreSQL cannot do it ({type(cause).__name__} {state})".replace(" )", ")")
    return f"the database cannot be used ({type(error).__name__})"


def _refused(said: str) -> str:
    """What is wrong where no connection was got. The message is looked at, and never passed on."""
    for known, state in _SAID.items():
        if known in said:
            return _POSTGRESQL[state]
    if "FATAL" in said:
        return (
            "the server answers and refuses the user or the database: check user, password and database in the URL,"
            " and the server's own log"
        )
    return "no server answers there: start it, and check host and port in the URL"
