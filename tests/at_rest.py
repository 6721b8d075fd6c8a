"""What lies on the disk: every byte that a database keeps, its logs included, searched for what must not be
there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url


def holds(database: str, marker: bytes) -> list[str]:
    """Names of the files of `database` (a SQLAlchemy URL) in which `marker` stands.

    For SQLite these are all files beside the database whose names begin like it: -wal, -shm, the key store.
    For PostgreSQL it is the whole data directory, after a checkpoint, so that nothing stays in memory.
    """
    return [name for name, content in contents(database) if marker in content]


def contents(database: str) -> Iterator[tuple[str, bytes]]:
    """The same files, each with its name and what is in it."""
    # Read by another process: closing a file here would drop the locks that SQLite holds on it in this one. A file
    # that is gone meanwhile (servers have temporary ones) reads as empty.
    for path in _files(database):
        yield path.name, subprocess.run(["cat", path], capture_output=True).stdout


def _files(database: str) -> Iterator[Path]:
    url = make_url(database)
    if url.get_backend_name() == "sqlite":
        main = Path(url.database or "")
        yield from main.parent.glob(f"{main.stem}*")
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        directory = connection.exec_driver_sql("SHOW data_directory").scalar_one()
    engine.dispose()
    yield from (path for path in Path(directory).rglob("*") if path.is_file())
