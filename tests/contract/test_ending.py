"""Told to end: what is being sent is answered for, so that it does not go out again at the next start. Started anew: an
alarm in what waited is paged at once, and not when all of it is read."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import select

from alerts.events import Outbound, Outcome, Sent
from alerts.store import tables
from bot.delivery import Budget, Delivery
from bot.lane import Lane
from bot.runtime import Runtime
from handlers.turn import Report
from tests.contract.desks import Desk, frame, say

PATIENCE = 10.0


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


def test_an_alarm_that_waited_is_handed_over_before_the_rest_that_waited_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.engine.accept([frame("ana", text="good morning"), frame("sami", text="SOS")])
    paged = threading.Event()
    seen: list[bool] = []
    batch = desk.engine.work_inbox

    def work_inbox(*how: Any) -> Report:
        if not seen and states(desk):  # the alarm has had its turn
            seen.append(paged.wait(PATIENCE))
        return batch(*how)

    monkeypatch.setattr(desk.engine, "work_inbox", work_inbox)

    class Phones(Slow):
        async def send(self, outbound: Outbound) -> Outcome:
            paged.set()
            self.asked.set()
            return Sent(outbound.id)

    async def go() -> None:
        channel = Phones()
        runtime = Runtime(desk.engine, {"signal": Lane(channel, Delivery(desk.engine, "signal", Budget()))})  # type: ignore[arg-type]
        runtime.start(asyncio.get_running_loop())
        await asyncio.wait_for(channel.asked.wait(), 2 * PATIENCE)
        await asyncio.to_thread(runtime.stop)

    asyncio.run(go())
    assert seen[0]
