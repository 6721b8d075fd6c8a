"""The machine's clock is set back by hours while a case is open: whoever has to be called is called all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from alerts.events import Sent
from alerts.store import clock_back, tables
from bot.delivery import Budget, Delivery
from bot.nodes import Nodes
from bot.rehearsal.script import Character
from tests.contract.test_laws import drained, frame
from tests.machines.law3 import broken
from tests.stories.chat import BOTH, Chat, chat

HOURS = timedelta(hours=3)


@pytest.fixture
def it(database: str) -> Iterator[Chat]:
    with chat(Character("sami", BOTH, verified=True), database=database, restarts=False) as made:
        yield made


def set_back(it: Chat) -> None:
    it.stage.engine.mark_alive()
    it.stage.clock.set(it.stage.clock.now() - HOURS)
    it.stage.engine.mark_alive()
    it.shown = len(it.lines)


def minutes_of_pages(it: Chat, who: str) -> list[int]:
    start = it.stage.clock.now()
    it.stage.until(start + timedelta(minutes=20))
    return [int(line["at"][14:16]) - start.minute for line in it.new(who, "page")]


def test_an_untaken_alarm_climbs_on_step_by_step(it: Chat) -> None:
    it.says("sami", "SOS")
    set_back(it)
    assert minutes_of_pages(it, "ben")[0] == 2
    assert minutes_of_pages(it, "carla"), "and on from there"
    assert not broken(it.stage.engine.store)


def test_a_taken_alarm_without_words_is_paged_again(it: Chat) -> None:
    it.says("sami", "SOS").says("ana", "take")
    set_back(it)
    assert minutes_of_pages(it, "ben")[0] <= 10


def test_a_doubt_becomes_an_alarm(it: Chat) -> None:
    it.says("sami", "I think somebody is following me")
    set_back(it)
    it.stage.until(it.stage.clock.now() + timedelta(minutes=3))
    assert any("P1" in line["text"] for line in it.new("ana", "page"))


def test_a_check_in_that_waits_climbs_on_rung_by_rung_and_its_number_is_an_answer(it: Chat) -> None:
    stage = it.says("sami", "timer 30m court").stage
    asked = stage.clock.now() + timedelta(minutes=30)
    stage.until(asked)
    stage.until(asked + timedelta(minutes=3))
    set_back(it)
    start = stage.clock.now()
    stage.until(start + timedelta(minutes=2))
    assert [line["channel"] for line in it.new("sami", "reminder")] == ["telegram"]
    stage.until(start + timedelta(minutes=7))
    [page] = [line for line in it.new("ana", "page") if line["channel"] == "signal"]
    assert page["urgency"] == "P1"
    it.says("sami", "1")
    assert it.new("sami", "answer")[-1]["text"].startswith("Thank you, we have your OK.")
    assert not broken(stage.engine.store)


def test_a_page_that_waits_goes_out_and_no_limit_lasts_longer_than_it_would(it: Chat) -> None:
    engine = it.stage.engine
    delivery = Delivery(engine, "signal", Budget(per_second=30, chat_per_second=1, chat_burst=3))
    engine.accept([frame("sami", 1, "good day to you")])
    drained(engine)
    for one in delivery.claim(16):
        engine.settle(delivery.answered(one, Sent(one.outbound.id)))
    engine.accept([frame("sami", 2, "SOS")])
    drained(engine)
    set_back(it)
    assert any(one.urgency == 1 for one in delivery.claim(16))


def test_a_round_that_does_not_open_keeps_nobody_elses_alarm_from_climbing_on(database: str) -> None:
    people = [Character(name, BOTH, verified=True) for name in ("sami", "nour")]
    with chat(*people, database=database, restarts=False) as it:
        stage = it.says("sami", "timer 30m court").stage
        stage.until(stage.clock.now() + timedelta(minutes=31))
        it.says("nour", "SOS")
        with stage.engine.store.writing() as work:
            work.connection.execute(tables.rounds.update().values(sealed=b"\1" * 60))
        set_back(it)
        assert minutes_of_pages(it, "ben")[0] == 2


def test_what_could_not_be_set_back_is_so_at_the_next_sign_of_life(
    it: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = it.says("sami", "SOS").stage.engine
    engine.nodes.single = False
    engine.mark_alive()
    it.stage.clock.set(it.stage.clock.now() - HOURS)

    def away(*_: object) -> None:
        raise OperationalError("", None, Exception("away"))

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(clock_back, "set_back", away)
        with pytest.raises(OperationalError):
            engine.mark_alive()
    engine.mark_alive()
    climbs = engine.next_deadline()
    assert climbs is not None
    assert climbs - it.stage.clock.now() <= timedelta(minutes=2)


def set_back_while_away(it: Chat) -> None:
    """The process dies, and when it is started anew the clock is another."""
    it.stage.die()
    it.stage.clock.set(it.stage.clock.now() - HOURS)
    it.stage.start()
    it.stage.pump()
    it.shown = len(it.lines)


def test_who_starts_after_the_clock_was_set_back_goes_on_where_the_last_one_was(it: Chat) -> None:
    it.says("sami", "SOS")
    it.stage.engine.mark_alive()
    set_back_while_away(it)
    assert minutes_of_pages(it, "ben")[0] == 2


def test_what_was_being_handed_over_goes_out_though_the_clock_was_set_back_meanwhile(it: Chat) -> None:
    engine = it.stage.engine
    engine.accept([frame("sami", 1, "SOS")])
    drained(engine)
    assert Delivery(engine, "signal", Budget()).claim(16)
    engine.mark_alive()
    set_back_while_away(it)
    it.stage.until(it.stage.clock.now() + timedelta(seconds=30))
    assert [line for line in it.lines if line["kind"] == "page" and line["channel"] == "signal"]


def test_a_lease_that_a_wrong_clock_gave_binds_nobody(it: Chat) -> None:
    stage = it.stage
    first, second = (Nodes(stage.engine.store, stage.clock, stage.entropy) for _ in range(2))
    assert first.hold("signal")
    assert not second.hold("signal")
    stage.clock.set(stage.clock.now() - HOURS)
    assert second.hold("signal")
