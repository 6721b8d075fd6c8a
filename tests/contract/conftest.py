"""What the contract tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.engine import Engine
from tests.contract.desks import Desk, node_beside
from tests.postgres import Postgres


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A desk with two officers, their lead and a defender; once on each kind of database."""
    made = Desk(database)
    yield made
    made.store.close()


@pytest.fixture
def nodes(postgres: Postgres) -> Iterator[tuple[Desk, Engine]]:
    """A desk on PostgreSQL, and a second node of it."""
    with postgres.fresh_database() as url:
        first = Desk(url)
        second = node_beside(first, url)
        yield first, second
        second.store.close()
        first.store.close()
