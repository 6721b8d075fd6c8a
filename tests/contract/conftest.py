"""What the contract tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.desks import Desk


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    """A desk with two officers, their lead and a defender; once on each kind of database."""
    made = Desk(database)
    yield made
    made.store.close()
