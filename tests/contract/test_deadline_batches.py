"""What is due is carried out many turns to a commit, and lets whoever comes meanwhile go first."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alerts.checkins import Round, RoundStatus
from alerts.deadlines import DeadlineKind
from alerts.store import queues
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.pretend_frames import parse
from bot.clock import SeededEntropy, SimulatedClock
from bot.engine import DEADLINE_BATCH, Engine
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import RehearsalKeys
from bot.rehearsal.script import parse_script
from bot.rules import shipped_rules
from handlers.turn import SLICE, Turns

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
MANY = SLICE + SLICE // 2
SCRIPT = parse_script(
    "\n".join(
        [
            "zone: Europe/Brussels",
            "start: 2026-03-02T09:00",
            "desk: {officers: [ana, ben], lead: carla}",
            "people:",
            *(
                f"  p{n}: {{channels: [signal], verified: true, check_in: {{protocol: routine, every_hours: 1}}}}"
                for n in range(MANY)
            ),
            "steps: []",
        ]
    )
)


@pytest.fixture
def desk(database: str) -> Iterator[Engine]:
    """An hour on, when everybody is to be asked."""
    clock, entropy = SimulatedClock(START), SeededEntropy(1)
    key = entropy.draw(32)
    Store.create(database, NewKek("rehearsal", key), entropy=entropy.draw, now=clock.now)
    store = Store.open(
        database, RehearsalKeys(key), entropy=entropy.draw, now=clock.now, pool_low=8, pool_high=32
    )
    rules = shipped_rules("Europe/Brussels")
    settle_in(store, SCRIPT, rules, entropy, START)
    clock.set(START + timedelta(hours=1))
    yield Engine(store, rules, {"signal": functools.partial(parse, "signal")}, clock, entropy)
    store.close()


def timed(desk: Engine, stopwatch: Callable[[], float]) -> Engine:
    """The desk on a machine as fast as this stopwatch says."""
    ordinal = functools.partial(next, itertools.count(1))
    desk.turns = Turns(desk.rules, desk.parsers, desk.entropy.draw, stopwatch, ordinal)
    return desk


def left(desk: Engine) -> int:
    """How many prompts are due."""
    with desk.store.reading() as work:
        return work.overdue([DeadlineKind.PROMPT], desk.clock.now(), 1)[1]


def test_on_a_quick_machine_one_commit_carries_several_slices(desk: Engine) -> None:
    assert left(desk) == MANY <= DEADLINE_BATCH
    report = timed(desk, lambda: 0.0).work_deadlines()
    assert (report.turns, left(desk)) == (MANY, 0)


def test_whoever_writes_meanwhile_waits_for_one_slice_and_no_more(desk: Engine) -> None:
    report = timed(desk, lambda: 0.0).work_deadlines(pressed=lambda: True)
    assert (report.turns, report.full, left(desk)) == (SLICE, True, MANY - SLICE)
    assert desk.work_deadlines(pressed=lambda: True).turns == MANY - SLICE, (
        "and the rest has its turn after it"
    )


def test_on_a_slow_machine_a_commit_ends_after_a_slice(desk: Engine) -> None:
    report = timed(desk, functools.partial(next, itertools.count(0.0))).work_deadlines()
    assert (report.turns, report.full, left(desk)) == (SLICE, True, MANY - SLICE)


def test_after_a_batch_that_failed_whoever_writes_waits_for_one_turn_and_no_more(
    desk: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(desk.turns, "deadlines", fails)
    report = desk.work_deadlines(pressed=lambda: True)
    assert (report.turns, report.full, left(desk)) == (1, True, MANY - 1)


@pytest.mark.parametrize("written", [False, True])
def test_what_was_asked_ahead_does_not_hide_what_was_noted_or_written_since(
    desk: Engine, written: bool
) -> None:
    with desk.store.writing() as work:
        due = queues.due(work.connection, desk.clock.now(), 2)
        people = [d.person_id for d in due if d.person_id]
        work.ask_ahead(due)
        me = work.person(people[0])
        assert me is not None
        asked = Round(
            id="r",
            check_in_id=due[0].subject,
            person_id=me.id,
            case_id=None,
            status=RoundStatus.LIVE,
            rung=0,
            version=1,
            asked_at=desk.clock.now(),
            ended_at=None,
            key_id=me.key_id,
            protocol="routine",
        )
        work.put(asked)
        if written:
            work.flush()
        work.live_rounds_of_many(people)
        assert work.live_rounds_of(me.id) == (asked,)
        assert work.live_rounds_of(people[1]) == ()
