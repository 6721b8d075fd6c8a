"""Writing ahead: what is written is sent at once, and its answers are waited for together (PostgreSQL).

1. From the first `begin` of a transaction on, its connection is in the driver's pipeline mode: a statement is on its
   way as soon as it is given, and the server works on it while we go on. What is read then waits for all before it.
2. The commit is the last of them. It is done when its own answer is there and says so, and nobody is told before. That
   is looked at for every transaction that writes, whether anything went ahead or not.
3. An error of a statement comes out with a later one, or with the commit. Nothing behind it is carried out by then: the
   transaction is undone as a whole, as it always was.
4. SQLAlchemy's own statements know nothing of this: before each of them all answers are waited for (`settle`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

_AHEAD: Final = "watchline_ahead"


class NotCommitted(Exception):
    """The database has undone what it was asked to commit."""


def begin(connection: Connection) -> None:
    """From here on answers to what is written are not waited for one by one."""
    if connection.dialect.name != "postgresql" or _AHEAD in connection.info:
        return
    driver: Any = connection.connection.driver_connection
    stack = contextlib.ExitStack()
    stack.enter_context(driver.pipeline())
    connection.info[_AHEAD] = stack


@contextlib.contextmanager
def asking(connection: Connection) -> Iterator[None]:
    """What is asked in here is answered when it ends, or else when it is read. Raises sqlalchemy.exc.DBAPIError."""
    if _AHEAD in connection.info:
        yield
        return
    dialect: Any = connection.dialect
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemys(connection, "", error) from error


def settle(connection: Connection) -> None:
    """Waits for the answers to all that was written. Raises sqlalchemy.exc.DBAPIError for what was wrong with it."""
    stack = connection.info.pop(_AHEAD, None)
    if stack is None:
        return
    dialect: Any = connection.dialect
    try:
        stack.close()
    except dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemys(connection, "", error) from error


def commit(connection: Connection) -> None:
    """Commits, on PostgreSQL; the caller's own commit then finds nothing left to do.

    A transaction in which something went wrong that nobody minded is answered with ROLLBACK, and the driver takes that
    for well: nothing of it is stored, so it must never be taken for stored. Raises sqlalchemy.exc.DBAPIError and
    `NotCommitted`.
    """
    if connection.dialect.name != "postgresql":
        return
    driver: Any = connection.connection.driver_connection
    if _AHEAD not in connection.info and not driver.info.transaction_status:
        return  # committed already
    cursor = driver.cursor()
    dialect: Any = connection.dialect
    try:
        cursor.execute("COMMIT", prepare=False)
    except dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemys(connection, "COMMIT", error) from error
    settle(connection)
    if cursor.statusmessage != "COMMIT":
        raise NotCommitted
    cursor.close()


@contextlib.contextmanager
def given_up(connection: Connection) -> Iterator[None]:
    """Leaves the mode when what is inside raises, so that the transaction can be rolled back."""
    try:
        yield
    except BaseException:
        if not connection.invalidated and (stack := connection.info.pop(_AHEAD, None)) is not None:
            with contextlib.suppress(Exception):  # what is raised already says what was wrong
                stack.close()
        raise


def as_sqlalchemys(connection: Connection, text: str, error: Any) -> DBAPIError:
    """An error of the driver as SQLAlchemy's own, without values. A connection that is gone is given up."""
    if type(error).__name__ == "PipelineAborted":
        # To the driver this is trouble with the line. It is what follows from an error before it: no waiting helps.
        from psycopg.errors import InFailedSqlTransaction

        error = InFailedSqlTransaction("a statement before this one has failed")
    dialect: Any = connection.dialect
    driver = None if connection.invalidated else connection.connection
    gone = dialect.is_disconnect(error, driver, None)
    if gone and driver is not None:
        connection.invalidate(error)
    made: Any = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )
    return cast(DBAPIError, made)
