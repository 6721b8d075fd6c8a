"""A process that receives from Telegram into a database file, for a test to kill.

python -m tests.fakes.telegram_receiver DATABASE PORT
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys

from alerts.events import RawInbound
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.settings import TelegramSettings
from tests.fakes.telegram_server import TOKEN


async def receive(database: str, port: int) -> None:
    store = sqlite3.connect(database, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("PRAGMA busy_timeout = 5000")
    store.execute(
        "CREATE TABLE IF NOT EXISTS inbox (row INTEGER PRIMARY KEY, dedup TEXT UNIQUE, sender TEXT, raw BLOB)"
    )

    async def accept(*frames: RawInbound) -> None:
        store.execute("BEGIN")
        store.executemany(
            "INSERT INTO inbox (dedup, sender, raw) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(raw.dedup, raw.sender, raw.raw) for raw in frames],
        )
        store.execute("COMMIT")

    here = f"http://127.0.0.1:{port}"
    channel = TelegramChannel(
        TelegramSettings(TOKEN, base_url=f"{here}/bot", base_file_url=f"{here}/file/bot", poll_timeout=5)
    )
    await channel.run(accept)


if __name__ == "__main__":
    asyncio.run(receive(sys.argv[1], int(sys.argv[2])))
