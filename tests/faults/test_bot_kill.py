"""The whole bot, or its database server, is killed at random instants under load: nothing is lost, everything is paged.

`WATCHLINE_KILLS=200` makes a campaign of it, in rounds of ten, `WATCHLINE_SERVER_KILLS=200` one of the server's, in
rounds of 25.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from bot.channels.telegram.parse import ALLOWED_UPDATES
from tests.fakes.telegram_server import RemoteTelegram, telegram_process
from tests.faults.desk_load import Crowd, comes_to_rest, judge, nursery, settle, until
from tests.postgres import running_postgres

KILLS = 10
ROUNDS = -(-int(os.environ.get("WATCHLINE_KILLS", "10")) // KILLS)
SERVER_KILLS = max(3, int(os.environ.get("WATCHLINE_SERVER_KILLS", "3")))
SERVER_ROUND = 25


def receives(server: RemoteTelegram, crowd: Crowd) -> None:
    """Waits until the desk has begun to receive."""
    before = len(server.do("confirmed"))
    crowd.writes()
    until(lambda: len(server.do("confirmed")) > before, "the desk receives")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_any_instant_the_bot_loses_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    with telegram_process(ALLOWED_UPDATES) as server:
        settings = settle(f"sqlite:///{tmp_path / 'watchline.db'}", tmp_path, server.port)
        crowd = Crowd(server, chance)
        with nursery(settings, tmp_path) as desk:
            for number in range(KILLS):
                desk.start()
                if number % 4 != 3:  # every fourth kill may come while it still starts
                    receives(server, crowd)
                crowd.busy(chance.random() * 1.2)
                desk.end()
                crowd.writes()
            desk.start()
            comes_to_rest(server, settings)
            desk.end(signal.SIGTERM)
            figures = judge(server, settings, crowd)
    print(f"{KILLS} kills: {figures}")  # noqa: T201 - the figures of a campaign


@pytest.mark.parametrize("seed", range(-(-SERVER_KILLS // SERVER_ROUND)))
def test_when_the_database_server_dies_the_bot_goes_on_by_itself(tmp_path: Path, seed: int) -> None:
    kills = min(SERVER_ROUND, SERVER_KILLS - seed * SERVER_ROUND)
    chance = random.Random(seed + 1)
    with (
        running_postgres() as postgres,
        postgres.fresh_database() as url,
        telegram_process(ALLOWED_UPDATES) as server,
    ):
        settings = settle(url, tmp_path, server.port)
        crowd = Crowd(server, chance)
        with nursery(settings, tmp_path) as desk:
            desk.start()
            process = desk.pid
            receives(server, crowd)
            for _ in range(kills):
                crowd.busy(0.3 + chance.random())
                postgres.crash()
                crowd.busy(0.5)
                time.sleep(chance.random())
                postgres.start()
            crowd.writes()
            comes_to_rest(server, settings)
            assert desk.alive()
            assert desk.pid == process
            desk.end(signal.SIGTERM)
            figures = judge(server, settings, crowd)
    print(f"{kills} kills of the database server: {figures}")  # noqa: T201 - the figures of a campaign
