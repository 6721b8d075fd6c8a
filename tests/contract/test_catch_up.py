"""Just started: an answer that waited at the platform wins against what is overdue of a check-in, and nothing else
waits for it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from alerts.events import Outbound, Outcome, RawInbound, Sent
from alerts.store import tables
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Delivery
from bot.engine import Engine
from bot.lane import Lane
from bot.receiving import receive
from bot.rehearsal.script import Character, CheckInPlan
from bot.runtime import Runtime
from tests.stories.chat import BOTH, Chat, chat

SAMI = Character("sami", ("signal",), verified=True, check_in=CheckInPlan("elevated", (time(11, 0),)))
PATIENCE = 20.0


@pytest.fixture
def it() -> Iterator[Chat]:
    with chat(replace(SAMI, zone="Europe/Brussels"), Character("nour", BOTH), restarts=False) as made:
        yield made


class Backlog:
    """A channel at whose platform frames wait, and that says when it has handed them over."""

    name = "signal"

    def __init__(self, *frames: RawInbound, tells: bool = True) -> None:
        self.frames = frames
        self.may = asyncio.Event()
        self.all_in = asyncio.Event()
        self.tells = tells

    async def caught_up(self) -> None:
        await (self.all_in.wait() if self.tells else asyncio.Event().wait())

    async def run(self, accept: Callable[[RawInbound], Any]) -> None:
        await self.may.wait()
        for raw in self.frames:
            await accept(raw)
        self.all_in.set()
        await asyncio.Event().wait()

    async def send(self, outbound: Outbound) -> Outcome:
        return Sent(outbound.id)


def overdue(it: Chat) -> Engine:
    """An engine on the story's store, started again when Sami's desk rung is long overdue."""
    stage = it.stage
    it.waits(hours=2, minutes=20)  # asked at eleven at the desk, and reminded
    stage.clock.set(stage.clock.now() + timedelta(hours=1))
    return stage.engine


def sources(it: Chat) -> list[str]:
    """Where the cases so far came from."""
    with it.stage.engine.store.reading() as work:
        return [case.source.value for case in work.all_cases("main")]


def started(engine: Engine, channel: Backlog, story: Callable[[Runtime], Any], seconds: float = 10.0) -> None:
    """Runs the engine with this channel while the story is told."""

    async def go() -> None:
        lane = Lane(channel, Delivery(engine, "signal", Budget()))  # type: ignore[arg-type]
        runtime = Runtime(engine, {"signal": lane})
        runtime.catch_up(seconds)
        runtime.start(asyncio.get_running_loop())
        receiving = asyncio.ensure_future(receive(runtime, lane))
        try:
            async with asyncio.timeout(PATIENCE):
                await story(runtime)
        finally:
            receiving.cancel()
            await asyncio.to_thread(runtime.stop)

    asyncio.run(go())


async def eventually(true: Callable[[], Any], runtime: Runtime) -> None:
    while not true():
        runtime.poke(deadlines=True)
        await asyncio.sleep(0.02)


def text(n: int, who: str, words: str) -> RawInbound:
    frame = {"n": n, "from": account(who, "signal"), "kind": "text", "ref": str(n), "text": words}
    return to_raw("signal", frame)


def test_an_ok_that_waited_wins_against_the_overdue_rung_of_the_desk(it: Chat) -> None:
    engine = overdue(it)
    channel = Backlog(text(5001, "sami", "OK"))

    async def story(runtime: Runtime) -> None:
        for _ in range(10):
            runtime.poke(deadlines=True)
            await asyncio.sleep(0.05)
        assert sources(it) == []
        channel.may.set()
        await channel.all_in.wait()
        await eventually(lambda: not runtime._catching_up(), runtime)
        for _ in range(10):
            runtime.poke(deadlines=True)
            await asyncio.sleep(0.05)

    started(engine, channel, story)
    assert sources(it) == []


def test_the_rung_of_somebody_who_wrote_nothing_comes_as_soon_as_the_backlog_is_read(it: Chat) -> None:
    engine = overdue(it)
    channel = Backlog()
    channel.may.set()
    started(engine, channel, functools.partial(eventually, lambda: sources(it) == ["check_in"]))


def test_a_channel_that_never_says_so_is_waited_for_only_a_little(it: Chat) -> None:
    comes = functools.partial(eventually, lambda: sources(it) == ["check_in"])
    started(overdue(it), Backlog(tells=False), comes, 0.5)


def test_the_climb_of_a_case_never_waits_for_a_backlog(it: Chat) -> None:
    it.says("nour", "SOS", "signal")
    engine = overdue(it)

    def steps() -> int:
        with engine.store.reading() as work:
            return next(c.step for c in work.all_cases("main") if c.source.value == "sos")

    before = steps()
    started(engine, Backlog(tells=False), functools.partial(eventually, lambda: steps() > before))
    assert "check_in" not in sources(it)


def test_a_person_whose_record_does_not_open_keeps_nobody_from_hearing_that_we_were_away(it: Chat) -> None:
    engine = overdue(it)
    people = tables.people
    with engine.store.writing() as work:
        sami = work.person_at("signal", account("sami", "signal"))
        assert sami is not None
        damage = people.update().where(people.c.id == sami.id).values(sealed=b"\1" * 60)
        work.connection.execute(damage)
    report = engine.mark_alive()
    assert report is not None
    assert [name for name, _ in report.events] == ["gap_told"]


def test_what_cannot_be_told_at_the_start_does_not_make_it_begin_anew(
    it: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = overdue(it)
    released = []

    def fails() -> None:
        raise ValueError

    monkeypatch.setattr(engine, "mark_alive", fails)
    monkeypatch.setattr(engine, "release", lambda: released.append(1))

    async def story(runtime: Runtime) -> None:
        await eventually(lambda: runtime.rounds > 3, runtime)

    started(engine, Backlog(), story)
    assert released == [1], "what is being sent would be sent again"
