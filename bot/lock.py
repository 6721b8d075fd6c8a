"""One `run` on one SQLite file. A second one would answer everybody twice, so it refuses.

The lock is the kernel's: it is gone when its process is, however that died.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from alerts.store.engine import WrongDatabase


class AlreadyRunning(Exception):
    """Another process holds the store. Names the file, and the mend."""


class RunLock:
    """Held from construction until `release` or the death of the process."""

    def __init__(self, database: Path) -> None:
        """Raises AlreadyRunning, and WrongDatabase where no lock can be held."""
        path = database.with_name(database.name + ".lock")
        try:
            self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except (FileNotFoundError, NotADirectoryError):
            raise WrongDatabase(
                f"WATCHLINE_DATABASE: there is no folder {path.parent}, so no database: run `watchline init` for a new"
                " one, or point the setting, or WATCHLINE_DATA_DIR, at the right place"
            ) from None
        except OSError as error:
            raise WrongDatabase(
                f"WATCHLINE_DATABASE: {path} cannot be written ({error.strerror}): make room if the disk is full, and"
                " let the user that runs watchline own the database's folder"
            ) from None
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
