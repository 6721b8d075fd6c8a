"""What channels answer is learned from once, however often it takes until it can be written, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from alerts.events import Outcome, RetryAt, Sent
from alerts.facts import Answered
from bot.channels.port import Channel
from bot.conversations import GIVES_WAY
from bot.delivery import Budget, Consignment, Delivery
from bot.engine import Engine
from bot.lane import Lane
from bot.runtime import Runtime
from handlers.turn import Report
from tests.contract.desks import Desk, frame, say, waiting
from tests.contract.test_behind_a_dead_channel import DOWN, state, taken_with_words, tried_until_dead
from tests.contract.test_handing import Named

OWN = RetryAt(2.0, "server_error")


class Away(Engine):
    """An engine whose database takes no answers for a while."""

    times = 0

    def settle(self, answered: Sequence[Answered]) -> Report:
        if self.times:
            self.times -= 1
            raise OperationalError("", None, Exception("away"))
        return super().settle(answered)


class It:
    """A desk and the runtime that hears the answers. Its thread is not started: the tests go its way step by step."""

    def __init__(self, database: str) -> None:
        self.desk = Desk(database)
        old = self.desk.engine
        self.engine = Away(old.store, old.rules, old.parsers, old.clock, old.entropy)
        self.delivery = Delivery(self.engine, "signal", Budget())
        self.lane = Lane(cast(Channel, Named("signal")), self.delivery)
        self.runtime = Runtime(self.engine, {"signal": self.lane})

    def handed(self, words: str = "") -> Consignment:
        """What goes next; of all that may go at once, what holds the words."""
        handed = self.delivery.claim(16 if words else 1)
        (one,) = (each for each in handed if words in each.outbound.text)
        self.lane.in_flight.add(one.address_id)
        return one

    def answers(self, *answers: tuple[Consignment, Outcome], away: int = 0) -> None:
        """The channel has answered, and so many times in a row that cannot be written."""
        self.engine.times = away
        for one, outcome in answers:
            self.runtime._has_answered(self.lane, one, outcome)
        for _ in range(away):
            with pytest.raises(OperationalError):
                self.runtime._note_answers()
            assert not self.runtime._nothing_new(), "it is looked at again without being told"
        assert self.runtime._note_answers()
        assert not self.runtime._note_answers(), "nothing is left"

    def row(self, row_id: str) -> Any:
        with self.engine.store.reading() as work:
            return work.outgoing(row_id)


@pytest.fixture
def it(database: str) -> Iterator[It]:
    made = It(database)
    yield made
    made.desk.store.close()


def test_an_answer_that_cannot_be_written_at_first_is_written_and_its_chat_is_free_again(it: It) -> None:
    taken_with_words(it.desk, "only words")
    one = it.handed()
    it.answers((one, Sent("me:1")), away=3)
    assert state(it.desk, one.rows[0])[0] == "sent"
    assert it.row(one.rows[0]).ref == "me:1"
    assert it.lane.in_flight == set()


def test_a_failure_that_cannot_be_written_at_first_counts_once(it: It) -> None:
    taken_with_words(it.desk, "only words")
    one = it.handed("only words")
    it.answers((one, OWN), away=GIVES_WAY)
    assert it.delivery.conversations._failed == {one.rows[0]: 1}
    assert state(it.desk, one.rows[0]) == ("queued", 1)


def test_since_when_a_channel_is_down_is_not_learned_anew_from_an_old_answer(it: It) -> None:
    taken_with_words(it.desk, "only words")
    one = it.handed()
    self_healed = it.delivery.limits
    it.engine.times = 1
    it.runtime._has_answered(it.lane, one, DOWN)
    with pytest.raises(OperationalError):
        it.runtime._note_answers()
    self_healed.down_since = self_healed.down_until = None  # another message has gone out meanwhile
    assert it.runtime._note_answers()
    assert self_healed.down_since is None


def passed_on(it: It) -> tuple[Consignment, Consignment]:
    """A message that a dead channel is tried with, and one that waited behind it and is in hand by now."""
    say(it.desk, frame("sami", text="SOS"))
    tried_until_dead(it.desk, it.delivery)
    probe = it.handed()
    say(it.desk, frame("nour", text="SOS"))
    behind = it.delivery._stranded()
    others = Delivery(it.engine, "signal", Budget()).claim(16)
    return probe, next(one for one in others if one.rows[0] in behind)


@pytest.mark.parametrize(("says", "first"), [(Sent("me:1"), DOWN), (OWN, OWN)])
def test_what_was_said_to_a_message_itself_counts_and_not_what_it_heard_waiting(
    it: It, monkeypatch: pytest.MonkeyPatch, says: Outcome, first: Outcome
) -> None:
    probe, own = passed_on(it)
    monkeypatch.setattr(it.delivery, "_stranded", lambda: list(own.rows))
    answers: list[tuple[Consignment, Outcome]] = [(probe, DOWN), (own, says)]
    for one, outcome in sorted(answers, key=lambda answer: answer[1] is not first):
        it.engine.times = 1
        it.runtime._has_answered(it.lane, one, outcome)
        with pytest.raises(OperationalError):
            it.runtime._note_answers()
    assert it.runtime._note_answers()
    assert state(it.desk, own.rows[0]) == ("sent" if isinstance(says, Sent) else "queued", 1)


def test_messages_of_a_dead_channel_hear_each_answer_once(it: It) -> None:
    taken_with_words(it.desk, "first words", "last words")
    *_, last = waiting(it.desk, "relay")
    for _ in range(9):
        if claimed := it.delivery.claim(1):
            it.answers((claimed[0], DOWN), away=2)
        it.desk.clock.advance(timedelta(seconds=1))
    assert state(it.desk, last) == ("queued", 3)
    assert [r.channel for r in _group(it, last)].count("telegram") == 1


def _group(it: It, row_id: str) -> Any:
    with it.engine.store.reading() as work:
        row = work.outgoing(row_id)
        assert row is not None
        return work.group(row.group_id)
