"""The alarm service is called for every P1 page until somebody has the case, on both databases."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import insert, update

from alerts.ids import Ids, micros
from alerts.store import tables
from alerts.store.figures import backlog
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.alarm import Alarm
from bot.clock import SimulatedClock
from bot.outside import Outside
from bot.rehearsal.play import RehearsalKeys

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ADDRESS = SecretStr("https://alarm.example/PLANTED")
KEY = bytes(32)


class Bench:
    """A store with cases and pages put in by hand, and an alarm service that answers as the test wants."""

    def __init__(self, url: str) -> None:
        Store.create(url, NewKek("rehearsal", KEY), entropy=os.urandom, now=lambda: NOW)
        self.store = Store.open(
            url, RehearsalKeys(KEY), entropy=os.urandom, now=lambda: NOW, pool_low=1, pool_high=2
        )
        self.clock = SimulatedClock(NOW)
        self.calls: list[dict[str, Any]] = []
        self.answer = 200
        self.alarm = self.start()

    def start(self) -> Alarm:
        """A fresh process."""
        self.alarm = Alarm(ADDRESS, self.store, self.clock.now)
        return self.alarm

    def look(self) -> list[str]:
        """References called for in one look."""
        before = len(self.calls)

        def answer(request: httpx.Request) -> httpx.Response:
            self.calls.append(json.loads(request.content))
            return httpx.Response(self.answer)

        async def once() -> None:
            outside = Outside(httpx.MockTransport(answer))
            await self.alarm.look(outside)
            await outside.close()

        asyncio.run(once())
        return [call["case"] for call in self.calls[before:]]

    def case(self, ref: str, **more: Any) -> str:
        row = {
            "id": self._id(),
            "ref": ref,
            "desk": "main",
            "person_id": self._id(),
            "urgency": 1,
            "status": "open",
            "silent": False,
            "verified": True,
            "drill": False,
            "source": "sos",
            "opened_at": micros(self.clock.now()),
            "version": 1,
            "key_id": "k",
            "sealed": b"",
            **more,
        }
        with self.store.writing() as work:
            work.connection.execute(insert(tables.cases).values(row))
        return str(row["id"])

    def page(self, case_id: str | None, **more: Any) -> None:
        row = {
            "id": self._id(),
            "group_id": self._id(),
            "person_id": self._id(),
            "address_id": self._id(),
            "channel": "signal",
            "case_id": case_id,
            "kind": "page",
            "priority": 100,
            "urgency": 1,
            "state": "queued",
            "attempts": 0,
            "created_at": micros(self.clock.now()),
            "ready_at": micros(self.clock.now()),
            "menu": False,
            "guard": "none",
            "token": 0,
            "key_id": "k",
            "sealed": b"",
            **more,
        }
        with self.store.writing() as work:
            work.connection.execute(insert(tables.outbox).values(row))

    def change(self, case_id: str, **values: Any) -> None:
        with self.store.writing() as work:
            work.connection.execute(update(tables.cases).where(tables.cases.c.id == case_id).values(values))

    def _id(self) -> str:
        return Ids(self.clock.now(), os.urandom(16)).new()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))


@pytest.fixture
def bench(database: str) -> Iterator[Bench]:
    made = Bench(database)
    made.look()
    made.pass_time(1)
    yield made
    made.store.close()


def test_a_page_rings_once_however_many_people_it_went_to(bench: Bench) -> None:
    case = bench.case("XF7A")
    for _ in range(3):
        bench.page(case)
    assert bench.look() == ["XF7A"]
    assert bench.look() == []
    assert bench.calls == [{"urgency": "P1", "case": "XF7A", "drill": False}]


def test_each_further_page_rings_until_the_case_is_taken(bench: Bench) -> None:
    case = bench.case("XF7A")
    bench.page(case)
    assert bench.look() == ["XF7A"]
    bench.pass_time(120)
    bench.page(case, state="sent")
    assert bench.look() == ["XF7A"]
    bench.pass_time(180)
    bench.page(case)
    bench.change(case, status="taken", taken_at=micros(bench.clock.now()) + 1)
    assert bench.look() == []
    bench.pass_time(300)
    bench.page(case)
    assert bench.look() == ["XF7A"], "taken, and not answered: paged again"
    bench.pass_time(1)
    bench.page(case)
    bench.change(case, status="closed")
    assert bench.look() == []


def test_a_case_rings_although_there_was_nobody_to_page(bench: Bench) -> None:
    case = bench.case("XF7A")
    assert bench.look() == ["XF7A"]
    bench.pass_time(1)
    bench.change(case, status="taken", taken_at=micros(bench.clock.now()))
    bench.start()
    assert bench.look() == []


def test_a_flood_is_some_calls_and_the_number_of_the_others(bench: Bench) -> None:
    for number in range(25):
        bench.page(bench.case(f"R{number:03}"))
    assert len(bench.look()) == 10
    assert [call.get("more") for call in bench.calls] == [None] * 9 + [15]
    assert bench.look() == []


@pytest.mark.parametrize("more", [{"urgency": 2}, {"kind": "notice"}, {"kind": "receipt"}])
def test_nothing_but_a_p1_page_rings(more: dict[str, Any], bench: Bench) -> None:
    bench.page(bench.case("XF7A", urgency=2), **more)
    assert bench.look() == []


def test_a_drill_says_that_it_is_one_and_a_page_without_a_case_rings_too(bench: Bench) -> None:
    bench.page(bench.case("XF7A", drill=True))
    bench.pass_time(1)
    bench.page(None)
    bench.look()
    assert bench.calls == [
        {"urgency": "P1", "case": "XF7A", "drill": True},
        {"urgency": "P1", "case": "", "drill": False},
    ]


def test_what_is_not_taken_is_called_again_and_the_others_are_not(bench: Bench) -> None:
    bench.page(bench.case("XF7A"))
    assert bench.look() == ["XF7A"]
    bench.pass_time(5)
    bench.page(bench.case("K3MN"))
    bench.answer = 503
    assert bench.look() == ["K3MN"]
    since = bench.clock.now()
    bench.pass_time(3)
    assert bench.look() == ["K3MN"]
    assert (bench.alarm.failures, bench.alarm.failing_since) == (2, since)
    bench.answer = 200
    assert bench.look() == ["K3MN"]
    assert bench.look() == []
    assert bench.alarm.failing_since is None


def test_a_page_queued_while_we_were_dead_rings_at_the_start(bench: Bench) -> None:
    bench.page(bench.case("XF7A"))
    assert bench.look() == ["XF7A"]
    bench.pass_time(60)
    bench.page(bench.case("K3MN"))
    bench.pass_time(60)
    bench.start()
    # Calls shortly before the death may be made again, as long as nobody has the case.
    assert bench.look()[-1] == "K3MN"
    assert bench.look() == []


def test_a_call_that_failed_before_the_death_is_made_after_it(bench: Bench) -> None:
    bench.page(bench.case("XF7A"))
    bench.answer = 500
    bench.look()
    bench.pass_time(120)
    bench.look()
    bench.answer = 200
    bench.start()
    assert bench.look() == ["XF7A"]


def test_a_page_before_the_first_look_ever_is_no_news_and_one_after_it_is(database: str) -> None:
    bench = Bench(database)
    old = NOW - timedelta(hours=1)
    bench.page(
        bench.case("OLD1", id=Ids(old, bytes(16)).new(), opened_at=micros(old)),
        created_at=micros(NOW - timedelta(hours=1)),
    )
    bench.pass_time(3600)
    assert bench.look() == []
    bench.page(bench.case("XF7A"))
    bench.start()
    assert bench.look() == ["XF7A"]
    bench.store.close()


def test_a_clock_set_back_does_not_silence_it(bench: Bench) -> None:
    bench.page(bench.case("XF7A"))
    bench.look()
    bench.clock.set(NOW - timedelta(days=2))
    bench.page(bench.case("K3MN"))
    assert "K3MN" in bench.look()


def test_the_backlog_is_told_in_instants(bench: Bench) -> None:
    now = bench.clock.now()
    with bench.store.reading() as work:
        empty = backlog(work.connection, now)
    assert (empty.overdue_since, empty.page_since, empty.inbox, empty.inbox_since) == (None, None, 0, None)
    bench.page(None)
    with bench.store.writing() as work:
        late = {"kind": "climb", "subject": "s", "token": 0, "step": 0, "urgency": 1}
        work.connection.execute(insert(tables.deadlines).values(late | {"due_at": micros(now) - 5_000_000}))
        frame = {"id": "i", "channel": "signal", "dedup": b"d", "lane": b"l", "urgent": True, "state": "new"}
        frame |= {"attempts": 0, "key_id": "k", "received_at": micros(now)}
        work.connection.execute(insert(tables.inbox).values(frame))
    with bench.store.reading() as work:
        found = backlog(work.connection, now)
        before = backlog(work.connection, now - timedelta(seconds=6))
    assert found.overdue_since == now - timedelta(seconds=5)
    assert (found.page_since, found.inbox, found.inbox_since) == (now, 1, now)
    assert before.overdue_since is None
