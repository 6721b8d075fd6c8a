"""Two nodes on one PostgreSQL: what one adds, the other hears of. Its poll is off, so that nothing else tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url, select

from alerts.deadlines import DeadlineKind
from alerts.events import Outbound, OutboundKind, Outcome, RawInbound, Sent
from alerts.ids import Ids
from alerts.store import tables
from alerts.store.keks import NewKek
from alerts.store.store import Store
from alerts.store.work import deadline_of
from bot.channels.pretend_frames import parse, to_raw
from bot.channels.pretend_phones import account
from bot.clock import SeededEntropy, SimulatedClock
from bot.delivery import Budget, Delivery
from bot.engine import Engine
from bot.lane import Lane
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import RehearsalKeys
from bot.rehearsal.script import parse_script
from bot.rules import shipped_rules
from bot.runtime import Runtime
from tests.postgres import Postgres
from tests.rows import waiting_notice

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
PATIENCE = 60
KEY = bytes(range(32))
SCRIPT = parse_script("""
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people: {sami: {channels: [signal], verified: true}, nour: {channels: [signal]}}
steps: []
""")
EVERYTHING = {"inbox": True, "outbox": True, "deadlines": True}


class Phones:
    """A channel that takes everything and notes it."""

    name = "signal"

    def __init__(self) -> None:
        self.sent: list[Outbound] = []

    async def send(self, outbound: Outbound) -> Outcome:
        self.sent.append(outbound)
        return Sent(str(len(self.sent)))

    def pages(self) -> int:
        return sum(outbound.kind is OutboundKind.PAGE for outbound in self.sent)


class Watched(Runtime):
    """A runtime that notes what it was told."""

    def __init__(self, engine: Engine, lane: Lane) -> None:
        self.told: list[dict[str, Any]] = []
        super().__init__(engine, {"signal": lane}, polls=False)

    def poke(self, **queues: Any) -> None:
        super().poke(**queues)
        self.told.append(queues)


class Two:
    """A node that runs, and another that does single transactions."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = SimulatedClock(START)
        entropy = SeededEntropy(1)
        Store.create(url, NewKek("rehearsal", KEY), entropy=entropy.draw, now=self.clock.now)
        self.other = self._engine(2)
        settle_in(self.other.store, SCRIPT, self.other.rules, entropy, START)
        self.running = self._engine(3)
        self.phones = Phones()
        lane = Lane(self.phones, Delivery(self.running, "signal", Budget()))  # type: ignore[arg-type]
        self.runtime = Watched(self.running, lane)

    def _engine(self, seed: int) -> Engine:
        entropy = SeededEntropy(seed)
        store = Store.open(
            self.url, RehearsalKeys(KEY), entropy=entropy.draw, now=self.clock.now, pool_low=8, pool_high=32
        )
        return Engine(
            store,
            shipped_rules("Europe/Brussels"),
            {"signal": lambda raw: parse("signal", raw)},
            self.clock,
            entropy,
        )

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        """Tells a story while the first node runs and hears."""

        async def go() -> None:
            self.runtime.start(asyncio.get_running_loop())
            try:
                await self.until(lambda: EVERYTHING in self.runtime.told)
                await story()
            finally:
                await asyncio.to_thread(self.runtime.stop)

        with closing(self.other.store), closing(self.running.store):
            asyncio.run(go())

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110  # what is asked is another thread's
                await asyncio.sleep(0.02)

    def cut(self) -> int:
        """Ends the listening connections from the server's side; how many."""
        url = make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            ).fetchall()
        return len(found)


@pytest.fixture
def two(postgres: Postgres) -> Iterator[Two]:
    with postgres.fresh_database() as url:
        yield Two(url)


def says(number: int, who: str, words: str) -> RawInbound:
    frame = {"n": number, "from": account(who, "signal"), "kind": "text", "ref": str(number), "text": words}
    return to_raw("signal", frame)


def test_what_another_process_stores_is_worked_on_at_once(two: Two) -> None:
    async def story() -> None:
        two.other.accept([says(1, "sami", "SOS")])
        await two.until(lambda: {"inbox": True} in two.runtime.told)
        await two.until(two.phones.pages)

    two.play(story)
    assert two.runtime.told == [EVERYTHING, {"inbox": True}], "what it does itself it need not be told"


def test_what_was_stored_before_is_told_to_nobody(two: Two) -> None:
    async def story() -> None:
        for number in (1, 1, 2):
            two.other.accept([says(number, "sami", "hello")])
        await two.until(lambda: two.runtime.told.count({"inbox": True}) == 2)

    two.play(story)
    assert two.runtime.told.count({"inbox": True}) == 2


def test_what_another_node_has_to_say_is_sent(two: Two) -> None:
    async def story() -> None:
        with two.other.store.reading() as work:
            (address, *_) = work.desk_people(two.other.rules.desk)[0].addresses
        ids = Ids(START, two.other.entropy.draw(16), 1)
        with two.other.store.writing() as work:
            work.put(waiting_notice(ids, address, "from the other node", START))
            work.flush()
        await two.until(lambda: {"outbox": True} in two.runtime.told)
        await two.until(lambda: [outbound.text for outbound in two.phones.sent] == ["from the other node"])

    two.play(story)


def test_a_deadline_that_has_come_when_it_is_written_is_worked_on(two: Two) -> None:
    async def story() -> None:
        two.other.accept([says(1, "sami", "SOS")])
        await two.until(two.phones.pages)
        climb = tables.deadlines.c.kind == DeadlineKind.CLIMB.value
        with two.other.store.writing() as work:
            row = work.connection.execute(select(tables.deadlines).where(climb)).one()
            work.arm(replace(deadline_of(row), due_at=two.clock.now()))
            work.flush()
        await two.until(lambda: {"deadlines": True} in two.runtime.told)
        await two.until(lambda: two.phones.pages() > 1)

    two.play(story)


def test_a_cut_connection_is_made_anew_and_what_came_meanwhile_is_found(two: Two) -> None:
    async def story() -> None:
        assert two.cut() == 1
        two.other.accept([says(1, "sami", "SOS")])
        await two.until(two.phones.pages)
        await two.until(lambda: two.runtime.told.count(EVERYTHING) == 2)
        before = two.phones.pages()
        two.other.accept([says(2, "nour", "SOS")])
        await two.until(lambda: {"inbox": True} in two.runtime.told)
        await two.until(lambda: two.phones.pages() > before)

    two.play(story)
