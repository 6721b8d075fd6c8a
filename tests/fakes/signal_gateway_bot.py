"""A bot in gateway mode that stores what comes in one SQLite table: something to kill.

python -m tests.fakes.signal_gateway_bot ACCOUNT GATEWAY DATABASE
"""

from __future__ import annotations

import asyncio
import sys

from alerts.events import RawInbound
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.settings import Receive, SignalSettings
from tests.fakes.signal_receiver import open_database


def main() -> None:
    account, gateway, path = sys.argv[1:]
    database = open_database(path)

    async def accept(*frames: RawInbound) -> None:
        for raw in frames:
            row = (raw.dedup, raw.sender, raw.raw, raw.peek)
            database.execute("INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", row)

    channel = SignalChannel(SignalSettings(account, gateway=gateway, receive=Receive.GATEWAY))
    asyncio.run(channel.run(accept))


if __name__ == "__main__":
    main()
