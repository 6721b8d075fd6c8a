"""A receiver whose store is one SQLite table: what the receiver's own processes run in tests.

    python -m tests.fakes.signal_receiver           the keeper
    python -m tests.fakes.signal_receiver worker    what the keeper starts

Settings come from the environment, as a JSON object in RECEIVER_TEST: host, ports, account, lock, database, and
"kind" ("frames" for the gateway's websocket), "pause", seconds that a commit takes longer, "start", seconds that a
worker takes longer to start, and in place of the program's own "look", seconds between two looks at the own signal-cli,
and "drain", seconds that an end waits for a quiet moment. While there is a file called like the database and ".refuse",
frames with its bytes in them cannot be stored.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alerts.events import RawInbound
from bot import receiver, receiver_fallback
from bot.receiver import ReceiverSettings, keep, work
from bot.receiver_sources import Kind, Source

SELF = [sys.executable, "-m", "tests.fakes.signal_receiver"]


def open_database(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute(
        "CREATE TABLE IF NOT EXISTS inbox (dedup TEXT PRIMARY KEY, sender TEXT, raw BLOB, peek TEXT)"
    )
    database.execute("CREATE TABLE IF NOT EXISTS commits (frames INTEGER)")
    return database


def environment(**settings: Any) -> dict[str, str]:
    """What a receiver process needs to find itself and its settings."""
    top = Path(__file__).parents[2]
    return {**os.environ, "RECEIVER_TEST": json.dumps(settings), "PYTHONPATH": str(top)}


def main() -> int:
    given = json.loads(os.environ["RECEIVER_TEST"])
    if "look" in given:
        receiver_fallback.LOOK_SECONDS = (given["look"],)
    receiver.DRAIN_SECONDS = given.get("drain", receiver.DRAIN_SECONDS)
    kind, host, account = Kind(given.get("kind", "lines")), given["host"], given["account"]
    sources = [
        Source(kind, host, port, account, linked=number > 0) for number, port in enumerate(given["ports"])
    ]
    settings = ReceiverSettings(sources, given["lock"])
    if sys.argv[1:] != ["worker"]:
        return keep(settings, [*SELF, "worker"])
    time.sleep(given.get("start", 0))
    database = open_database(given["database"])

    def commit(frames: Sequence[RawInbound]) -> None:
        time.sleep(given.get("pause", 0))
        refused = Path(f"{given['database']}.refuse")
        if refused.exists() and any(refused.read_bytes() in raw.raw for raw in frames):
            raise OSError
        with database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO commits VALUES (?)", (len(frames),))
            for raw in frames:
                row = (raw.dedup, raw.sender, raw.raw, raw.peek)
                database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", row)

    return work(commit)


if __name__ == "__main__":
    sys.exit(main())
