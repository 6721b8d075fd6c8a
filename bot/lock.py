"""One `run` on one SQLite file. A second one would answer everybody twice, so it refuses.

The lock is the kernel's: it is gone when its process is, however that died.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process holds the store. Names the file, and the mend."""


class RunLock:
    """Held from construction until `release` or the death of the process."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise AlreadyRunning(
                f"WATCHLINE_DATABASE: another `watchline run` works on {database}. Stop it first, or give this one a"
                " database of its own."
            ) from None

    def release(self) -> None:
        """Gives the store to the next."""
        os.close(self._file)
