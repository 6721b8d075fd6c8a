"""How stories are played: as they are, and with the process killed all the time, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.postgres import Postgres
from tests.stories.harness import Manner

CHOP = timedelta(minutes=40)


@pytest.fixture(params=["as it is", "killed", "killed, postgresql"])
def manner(request: pytest.FixtureRequest) -> Iterator[Manner]:
    """How a story is played."""
    if request.param == "as it is":
        yield Manner()
    elif request.param == "killed":
        yield Manner(killed=True, chop=CHOP)
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.fresh_database() as url:
            yield Manner(url, killed=True)
