"""A bot that does nothing but keep the receivers of Signal: something to kill.

python -m tests.fakes.signal_bot RECEIVE ADDRESS ACCOUNT LOCK COMMAND...

RECEIVE is "durable" or "gateway", ADDRESS signal-cli's socket or the gateway's; COMMAND starts a receiver.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from alerts.events import RawInbound
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.settings import Receive, Receiver, SignalSettings


async def accept(*frames: RawInbound) -> None:
    raise AssertionError("the receivers store, not the bot")


def main() -> None:
    way, address, account, lock, *command = sys.argv[1:]
    receive = Receive(way)
    made = partial(
        SignalSettings,
        account,
        receive=receive,
        receiver=Receiver.MANAGED,
        receiver_command=tuple(command),
        receiver_lock=lock,
    )
    settings = made(daemon=address) if receive is Receive.DURABLE else made(gateway=address)
    asyncio.run(SignalChannel(settings).run(accept))


if __name__ == "__main__":
    main()
