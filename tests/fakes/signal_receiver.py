"""A receiver whose store is one SQLite table: what the receiver's own processes run in tests.

    python -m tests.fakes.signal_receiver           the keeper
    python -m tests.fakes.signal_receiver worker    what the keeper starts

Settings come from the environment, as a JSON object in RECEIVER_TEST: host, port, account, lock, database, and
"pause", seconds that a commit takes longer.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from alerts.events import RawInbound
from bot.receiver import ReceiverSettings, keep, work

SELF = [sys.executable, "-m", "tests.fakes.signal_receiver"]


def open_database(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS inbox (dedup TEXT PRIMARY KEY, sender TEXT, raw BLOB, peek TEXT)"
    )
    return database


def environment(**settings: Any) -> dict[str, str]:
    """What a receiver process needs to find itself and its settings."""
    top = Path(__file__).parents[2]
    return {**os.environ, "RECEIVER_TEST": json.dumps(settings), "PYTHONPATH": str(top)}


def main() -> int:
    given = json.loads(os.environ["RECEIVER_TEST"])
    settings = ReceiverSettings(given["host"], given["port"], given["account"], given["lock"])
    if sys.argv[1:] != ["worker"]:
        return keep(settings, [*SELF, "worker"])
    database = open_database(given["database"])
    pause = given.get("pause", 0)

    def commit(raw: RawInbound) -> None:
        if pause:
            time.sleep(pause)
        row = (raw.dedup, raw.sender, raw.raw, raw.peek)
        database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", row)

    return work(commit)


if __name__ == "__main__":
    sys.exit(main())
