"""Told to end: what is being sent is answered for, so that it does not go out again at the next start."""

from __future__ import annotations

import asyncio

from sqlalchemy import select

from alerts.events import Outbound, Outcome, Sent
from alerts.store import tables
from bot.delivery import Budget, Delivery
from bot.lane import Lane
from bot.runtime import Runtime
from tests.contract.desks import Desk, frame, say

PATIENCE = 20.0


class Slow:
    """A channel that takes a message when it may."""

    name = "signal"

    def __init__(self) -> None:
        self.asked, self.may = asyncio.Event(), asyncio.Event()

    async def send(self, outbound: Outbound) -> Outcome:
        self.asked.set()
        await self.may.wait()
        return Sent(outbound.id)


def states(desk: Desk) -> set[str]:
    with desk.store.reading() as work:
        mine = select(tables.outbox.c.state).where(tables.outbox.c.channel == "signal")
        return set(work.connection.execute(mine).scalars())


def test_what_is_on_its_way_when_it_is_told_to_end_is_noted_as_sent(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))

    async def go() -> None:
        channel = Slow()
        runtime = Runtime(desk.engine, {"signal": Lane(channel, Delivery(desk.engine, "signal", Budget()))})  # type: ignore[arg-type]
        runtime.start(asyncio.get_running_loop())
        async with asyncio.timeout(PATIENCE):
            await channel.asked.wait()
            ending = asyncio.ensure_future(asyncio.to_thread(runtime.stop))
            while not runtime._stopping:  # noqa: ASYNC110  # it is another thread's
                await asyncio.sleep(0.01)
            channel.may.set()
            await ending

    asyncio.run(go())
    assert "sending" not in states(desk)
