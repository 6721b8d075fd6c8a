"""A batch that failed is gone through one by one, in transactions of their own: another node works on the same
meanwhile, and what it has done is neither done again nor undone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from alerts.deadlines import Deadline, DeadlineKind
from alerts.store import inbox, queues, tables
from alerts.store.inbox import Waiting
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.pretend_frames import parse
from bot.clock import SeededEntropy, SimulatedClock
from bot.engine import Engine
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import RehearsalKeys
from bot.rules import shipped_rules
from tests.contract.desks import SCRIPT, frame
from tests.postgres import Postgres

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
KEY = bytes(range(32))
PATIENCE = 30.0


class Two:
    """Two nodes on one database."""

    def __init__(self, url: str) -> None:
        self.clock, entropy = SimulatedClock(START), SeededEntropy(1)
        Store.create(url, NewKek("rehearsal", KEY), entropy=entropy.draw, now=self.clock.now)
        self.one, self.other = self._node(url, 2), self._node(url, 3)
        settle_in(self.one.store, SCRIPT, self.one.rules, entropy, START)

    def _node(self, url: str, seed: int) -> Engine:
        entropy = SeededEntropy(seed)
        store = Store.open(
            url, RehearsalKeys(KEY), entropy=entropy.draw, now=self.clock.now, pool_low=8, pool_high=32
        )
        parsers = {"signal": lambda raw: parse("signal", raw)}
        return Engine(store, shipped_rules("Europe/Brussels"), parsers, self.clock, entropy)

    def found(self) -> list[Waiting]:
        """What waits, as a node reads it that is about to go through it one by one."""
        with self.one.store.writing(lock=False) as work:
            return inbox.next_in_inbox(work.connection, work.vault, 10)

    def due(self) -> list[Deadline]:
        """The same of what is due."""
        with self.one.store.writing(lock=False) as work:
            return queues.due(work.connection, self.clock.now(), 10)

    def messages(self) -> int:
        with self.one.store.reading() as work:
            return int(
                work.connection.execute(select(func.count()).select_from(tables.messages)).scalar_one()
            )

    def states(self) -> list[tuple[str, int]]:
        with self.one.store.reading() as work:
            rows = work.connection.execute(select(tables.inbox.c.state, tables.inbox.c.attempts))
            return [(row.state, row.attempts) for row in rows]

    def climbs(self) -> list[Deadline]:
        """What pages the next person, of every case."""
        with self.one.store.reading() as work:
            return work.overdue([DeadlineKind.CLIMB], self.clock.now() + timedelta(days=1), 10)[0]


@pytest.fixture
def two(postgres: Postgres) -> Iterator[Two]:
    with postgres.fresh_database() as url:
        made = Two(url)
        with closing(made.one.store), closing(made.other.store):
            yield made


def test_a_frame_that_another_node_holds_is_left_to_it(two: Two) -> None:
    two.one.accept([frame("sami", text="SOS")])
    found = two.found()
    with two.other.store.writing() as work:
        two.other.turns.inbox(work, two.clock.now(), 10)
        with two.one.store.writing() as alone:
            assert two.one.turns.one(alone, found[0], two.clock.now()).turns == 0
    assert two.states() == [("done", 0)]


def test_a_frame_that_another_node_has_done_is_not_done_again(two: Two) -> None:
    two.one.accept([frame("sami", text="SOS")])
    found = two.found()
    two.other.work_inbox()
    said = two.messages()
    with two.one.store.writing() as alone:
        assert two.one.turns.one(alone, found[0], two.clock.now()).turns == 0
    assert two.messages() == said


def test_a_frame_that_failed_here_and_was_done_there_stands_in_nobodys_way(two: Two) -> None:
    two.one.accept([frame("sami", text="SOS")])
    found = two.found()
    two.other.work_inbox()
    with two.one.store.writing() as alone:
        two.one.turns.failed(alone, found[0], two.clock.now(), ValueError())
    assert two.states() == [("done", 0)]
    two.one.accept([frame("nour", text="SOS")])
    assert two.one.work_inbox().turns == 1


def test_what_waits_behind_such_a_batch_waits_for_no_poll(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr("bot.engine.INBOX_BATCH", 1)
    monkeypatch.setattr(two.one.turns, "inbox", fails)
    two.one.accept([frame("sami", text=words) for words in ("good day", "I am at the office", "all is well")])
    while two.one.work_inbox().full:
        pass
    assert two.states() == [("done", 0)] * 3


def test_what_a_person_sent_first_is_held_elsewhere_and_what_they_sent_then_waits(two: Two) -> None:
    two.one.accept([frame("sami", text=words) for words in ("good day", "I am at the office")])
    with two.one.store.reading() as work:
        first, second = sorted(work.connection.execute(select(tables.inbox.c.id)).scalars())
    with two.other.store.writing() as work, two.one.store.writing() as alone:
        assert inbox.claim(work.connection, first)
        assert not inbox.claim(alone.connection, second)


def carried_out(two: Two, deadline: Deadline) -> None:
    with two.one.store.writing() as alone:
        two.one.turns.one_deadline(alone, deadline, two.clock.now())


def test_a_deadline_that_another_node_carries_out_leaves_the_next_one_armed(two: Two) -> None:
    two.one.accept([frame("sami", text="SOS")])
    two.one.work_inbox()
    armed = two.climbs()
    two.clock.set(armed[0].due_at)
    found = two.due()
    assert found == armed
    beside = threading.Thread(target=carried_out, args=(two, found[0]))
    with two.other.store.writing() as work:
        assert two.other.turns.deadlines(work, two.clock.now(), 10).turns == 1
        beside.start()
        waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        end = time.monotonic() + PATIENCE
        while beside.is_alive() and time.monotonic() < end:
            with two.other.store.reading() as looking:
                if looking.connection.execute(waits).scalar_one():
                    break
    beside.join(PATIENCE)
    assert not beside.is_alive()
    assert [d.step for d in two.climbs()] == [2], "an unclosed case always has its next deadline"


def test_a_deadline_that_failed_here_and_was_carried_out_there_is_not_put_back(two: Two) -> None:
    two.one.accept([frame("sami", text="SOS")])
    two.one.work_inbox()
    two.clock.set(two.climbs()[0].due_at)
    found = two.due()
    two.other.work_deadlines()
    armed = two.climbs()
    for note in (two.one.turns.deadline_failed, two.one.turns.put_off):
        with two.one.store.writing() as alone:
            note(alone, found[0], two.clock.now(), ValueError())
    assert two.climbs() == armed
