"""Two nodes fetch what is wanted, and may fetch the same file: it is stored, and passed on, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from alerts.store import files, tables
from bot.downloads import Downloads
from bot.engine import Engine
from bot.runtime import Runtime
from tests.contract.desks import Desk, frame, node_beside, say
from tests.postgres import Postgres

PICTURE = {"id": "p1", "content_type": "image/jpeg", "size": 3, "name": "x"}


@pytest.fixture
def nodes(postgres: Postgres) -> Iterator[tuple[Desk, Engine]]:
    """A desk on PostgreSQL, and a second node of it."""
    with postgres.fresh_database() as url:
        first = Desk(url)
        second = node_beside(first, url)
        yield first, second
        second.store.close()
        first.store.close()


def relayed(desk: Desk) -> int:
    with desk.store.reading() as work:
        rows = select(func.count()).select_from(tables.outbox).where(tables.outbox.c.kind == "relay")
        return int(work.connection.execute(rows).scalar_one())


@pytest.mark.parametrize("fails", [False, True])
def test_what_another_node_has_stored_is_neither_passed_on_again_nor_lost(
    nodes: tuple[Desk, Engine], fails: bool
) -> None:
    first, second = nodes
    one, other = (Downloads(e, Runtime(e, {}), {}) for e in (first.engine, second))
    say(first, frame("sami", text="SOS"), frame("sami", "file", files=[PICTURE]))
    (file,) = one.wanted()
    assert other.wanted() == [file]
    one._store(file, [b"abc"])
    passed = relayed(first)
    if fails:  # the gateway's copy was deleted once it was stored
        other._failed(file, gone=True)
    else:
        other._store(file, [b"abc"])
    assert relayed(first) == passed
    with first.store.reading() as work:
        stored = work.file(file.id)
    assert stored is not None
    assert stored.state == "stored"
    assert b"".join(files.read(first.store, stored)) == b"abc"
