"""SIGKILL at random instants while people write on Telegram: nothing that Telegram handed out is lost.

`WATCHLINE_KILLS=200` makes a campaign of it, in rounds of eight.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.channels.telegram.parse import ALLOWED_UPDATES
from tests.fakes.telegram_server import RemoteTelegram, telegram_process

KILLS = 8
ROUNDS = -(-int(os.environ.get("WATCHLINE_KILLS", "8")) // KILLS)
PEOPLE = 7
PATIENCE = 60.0


def start(database: Path, server: RemoteTelegram) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.fakes.telegram_receiver", str(database), str(server.port)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def stored(database: Path) -> list[tuple[int, int]]:
    """Sender and update id of every frame, in the order they were stored."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(database, timeout=10)) as store:
        try:
            rows = store.execute("SELECT sender, dedup FROM inbox ORDER BY row").fetchall()
        except sqlite3.OperationalError:
            return []  # killed before it made its table
    return [(int(sender), int(dedup)) for sender, dedup in rows]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_any_instant_it_loses_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    database = tmp_path / "inbox.db"
    sent: list[int] = []
    with telegram_process(ALLOWED_UPDATES) as server:
        for _ in range(KILLS):
            receiver = start(database, server)
            try:
                seen = len(stored(database))
                # The process needs a moment to begin; the instant of the kill is counted from its first frame.
                sent.append(server.do("text", who=1, text="SOS")["update_id"])
                ends = time.monotonic() + PATIENCE
                while len(stored(database)) <= seen and time.monotonic() < ends:
                    time.sleep(0.005)
                until = time.monotonic() + chance.random() * 0.4
                while time.monotonic() < until:
                    who = chance.randrange(1, PEOPLE + 1)
                    sent.append(server.do("text", who=who, text=f"SOS {len(sent)}")["update_id"])
            finally:
                os.kill(receiver.pid, signal.SIGKILL)
                receiver.wait()
            sent.extend(server.do("text", who=2, text="while nobody listens")["update_id"] for _ in range(3))
        last = start(database, server)
        try:
            ends = time.monotonic() + PATIENCE
            while server.do("pending") and time.monotonic() < ends:
                time.sleep(0.05)
        finally:
            last.kill()
            last.wait()
        assert server.do("pending") == []
    rows = stored(database)
    assert sorted(update for _, update in rows) == sorted(sent)
    for who in range(1, PEOPLE + 1):
        theirs = [update for sender, update in rows if sender == who]
        assert theirs == sorted(theirs), "one person's frames are stored in their order"
    print(f"{KILLS} kills, {len(sent)} updates, lost 0")  # noqa: T201 - the figure of a campaign
