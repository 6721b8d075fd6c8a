"""Room on the disk that files must leave: whoever sends one large file after another must not keep the next alarm from
being stored.

Where the database is a file, files are fetched only while more than `FLOOR` is free beside it. What was not fetched is
still wanted and comes when there is room again. The watch tells of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from alerts.store.engine import sqlite_file

FLOOR = 256 * 1024 * 1024
"""Bytes: enough for tens of thousands of messages while somebody makes room."""


def is_scarce(database: str) -> Callable[[], bool]:
    """Tells whether little room is left for a database. For one on a server that cannot be seen from here."""
    file = sqlite_file(database)

    def scarce() -> bool:
        try:
            return file is not None and shutil.disk_usage(file.parent).free < FLOOR
        except OSError:
            return False  # the store itself says what is wrong there

    return scarce
