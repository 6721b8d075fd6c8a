"""What waits behind a dead channel, on both databases: one passing failure to open it puts nothing away, and of several
nodes one sends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from alerts.events import RetryAt, Sent
from alerts.facts import Answered
from alerts.outbox import Outgoing
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.work import Work
from bot.delivery import Budget, Consignment, Delivery
from bot.engine import Engine
from tests.contract.desks import NUMBERS, Desk, all_sent, frame, say, to_ana, waiting

DOWN = RetryAt(1.0, "unreachable", whole_channel=True)
OUT = tables.outbox.c


def tried_until_dead(desk: Desk, delivery: Delivery, seconds: int = 8) -> None:
    """The channel fails for so long."""
    for _ in range(seconds):
        for one in delivery.claim(16):
            desk.engine.settle(delivery.answered(one, DOWN))
        desk.clock.advance(timedelta(seconds=1))


def taken_with_words(desk: Desk, *words: str) -> None:
    """Ana has Sami's case, nothing else waits, and Sami writes."""
    for who, said in (("sami", "SOS"), ("ana", "take")):
        say(desk, frame(who, text=said))
        all_sent(desk)
        all_sent(desk, "telegram")
    say(desk, *(frame("sami", text=each) for each in words))


def sealed(desk: Desk, row: str, value: bytes | None = None) -> bytes:
    """A row's sealed bytes, after writing others if they are given."""
    with desk.store.writing() as work:
        was = work.connection.execute(select(OUT.sealed).where(OUT.id == row)).scalar_one()
        if value is not None:
            work.connection.execute(update(tables.outbox).where(OUT.id == row).values(sealed=value))
        return bytes(was)


def state(desk: Desk, row: str) -> tuple[str, int]:
    with desk.store.reading() as work:
        found = work.connection.execute(select(OUT.state, OUT.attempts).where(OUT.id == row)).one()
        return found.state, found.attempts


def fails_to_open_once(desk: Desk, delivery: Delivery, row: str) -> None:
    desk.clock.advance(timedelta(seconds=61))  # whatever waits for its next try has come to it
    was = sealed(desk, row, b"spoiled" * 9)
    with pytest.raises(Unsealable):
        delivery.claim(16)
    delivery.set_aside(64)
    sealed(desk, row, was)
    desk.clock.advance(timedelta(seconds=61))


def test_one_failure_to_open_what_was_passed_on_for_a_dead_channel_puts_nothing_away(desk: Desk) -> None:
    taken_with_words(desk, "first words", "last words")
    *_, last = waiting(desk, "relay")
    delivery = Delivery(desk.engine, "signal", Budget())
    tried_until_dead(desk, delivery)
    assert state(desk, last) == ("queued", 3), "it counts as tried, so that it goes by another channel"
    fails_to_open_once(desk, Delivery(desk.engine, "signal", Budget()), last)
    said = "\n".join(one.outbound.text for one in to_ana(desk, all_sent(desk)))
    assert "first words" in said
    assert "last words" in said


def test_one_failure_to_open_what_the_channel_was_tried_with_again_and_again_puts_nothing_away(
    desk: Desk,
) -> None:
    taken_with_words(desk, "only words")
    (row,) = waiting(desk, "relay")
    delivery = Delivery(desk.engine, "signal", Budget())
    tried_until_dead(desk, delivery, 30)
    assert state(desk, row)[1] > 3
    fails_to_open_once(desk, Delivery(desk.engine, "signal", Budget()), row)
    assert any("only words" in one.outbound.text for one in to_ana(desk, all_sent(desk)))


def test_what_could_not_be_opened_once_is_no_repeat_when_it_goes_out(desk: Desk) -> None:
    taken_with_words(desk, "only words")
    (row,) = waiting(desk, "relay")
    fails_to_open_once(desk, Delivery(desk.engine, "signal", Budget()), row)
    (one,) = to_ana(desk, all_sent(desk))
    assert "only words" in one.outbound.text
    assert "may be a repeat" not in one.outbound.text


def test_what_cannot_be_opened_three_times_is_put_away_however_often_others_were_wrong(desk: Desk) -> None:
    taken_with_words(desk, "first words", "last words")
    first, last = waiting(desk, "relay")
    delivery = Delivery(desk.engine, "signal", Budget())
    fails_to_open_once(desk, delivery, first)
    sealed(desk, last, b"spoiled" * 9)
    for tries in range(1, 4):
        delivery.set_aside(64)
        desk.clock.advance(timedelta(seconds=21))
        assert state(desk, last)[0] == ("refused" if tries == 3 else "queued")
    assert state(desk, first)[0] == "queued"


# ------------------------------------------------------------------------------------------------------- several nodes


class Interrupted(Delivery):
    """Has chosen what goes out, and another node does something before that is written."""

    words = ""
    """The other does it when a message with these words was chosen; if there are none, the first message."""

    def beside(self, do: Callable[[], Any], words: str = "") -> tuple[list[str], Any]:
        """The rows of that message, and what came of the other. Whoever waits for a row of ours goes on after our
        commit."""
        self.words = words
        came: list[Any] = []
        self.other = threading.Thread(target=lambda: came.append(do()))
        with self.engine.store.writing(lock=False) as work:
            handed = list(self.choose(work, 16 if words else 1))
            work.flush()
        self.other.join()
        return rows([one for one in handed if words in one.outbound.text]), came[0]

    def _consign(self, work: Work, rows: list[Outgoing], now: datetime) -> Consignment | None:
        if not any(self.words in row.text for row in rows):
            return super()._consign(work, rows, now)
        self.other.start()
        waits = text("select count(*) from pg_locks where not granted")
        while self.other.is_alive() and not work.connection.execute(waits).scalar_one():
            self.other.join(0.01)
        return super()._consign(work, rows, now)


def rows(claimed: list[Consignment]) -> list[str]:
    return [row for one in claimed for row in one.rows]


def test_of_pages_that_piled_up_one_node_sends_the_last_word(nodes: tuple[Desk, Engine]) -> None:
    first, second = nodes
    say(first, frame("sami", text="SOS"))
    for _ in range(4):
        first.clock.advance(timedelta(minutes=10))
        first.engine.work_deadlines()
    there = Delivery(second, "signal", Budget())
    chosen, others = Interrupted(first.engine, "signal", Budget()).beside(lambda: rows(there.claim(16)))
    assert chosen
    assert not set(chosen) & set(others)


def test_a_list_of_pages_is_sent_by_one_node(nodes: tuple[Desk, Engine]) -> None:
    first, second = nodes
    for who in "abcdefgh":
        say(first, frame(f"stranger{who}", text="SOS"))
    there = Delivery(second, "signal", Budget())
    chosen, others = Interrupted(first.engine, "signal", Budget()).beside(lambda: rows(there.claim(16)))
    assert len(chosen) > 3
    assert not set(chosen) & set(others)


def test_what_another_node_hands_over_is_not_queued_again_by_what_was_said_to_others(
    nodes: tuple[Desk, Engine],
) -> None:
    first, second = nodes
    here, there = (Delivery(engine, "signal", Budget()) for engine in (first.engine, second))
    say(first, frame("sami", text="SOS"))
    tried_until_dead(first, here)
    (probe,) = here.claim(1)
    say(first, frame("nour", text="SOS"))
    answers = here.answered(probe, DOWN)
    passed_on = {answer.outgoing_id for answer in answers} - set(probe.rows)
    handed = set(rows(there.claim(16))) & passed_on
    assert handed, "the second node can send, and has some of it in hand"
    first.engine.settle(answers)
    assert {state(first, row) for row in handed} == {("sending", 1)}


def passed_on_by_both(first: Desk, second: Engine) -> str:
    """Words of Sami that wait behind a dead channel, of which both nodes learn at the same time."""
    taken_with_words(first, "only words")
    (row,) = waiting(first, "relay")
    heard = Answered(row, DOWN, behind=True)
    here = threading.Thread(target=lambda: second.settle([heard]))
    here.start()
    first.engine.settle([heard])
    here.join()
    return row


def test_what_two_nodes_pass_on_goes_to_the_other_channel_once(nodes: tuple[Desk, Engine]) -> None:
    first, second = nodes
    row = passed_on_by_both(first, second)
    with first.store.reading() as work:
        found = work.outgoing(row)
        assert found is not None
        assert sorted(r.channel for r in work.group(found.group_id)) == ["signal", "telegram"]


def sent_by(engine: Engine, channel: str) -> list[Consignment]:
    """What a node hands over now of these words."""
    handed = Delivery(engine, channel, Budget()).claim(16)
    return [one for one in handed if "only words" in one.outbound.text]


@pytest.mark.parametrize("channels", [("signal", "telegram"), ("telegram", "signal")])
def test_the_same_words_go_out_twice_only_with_a_note(
    nodes: tuple[Desk, Engine], channels: tuple[str, str]
) -> None:
    first, second = nodes
    passed_on_by_both(first, second)
    here = Interrupted(first.engine, channels[0], Budget())
    chosen, others = here.beside(lambda: sent_by(second, channels[1]), "only words")
    assert len(chosen) == 1
    assert others == [], "it is not known yet whether the other one goes out"
    (again,) = sent_by(second, channels[1])
    assert again.outbound.text.startswith("(This may be a repeat.)")


def test_the_same_words_do_not_go_out_twice_once_it_is_known_that_they_did(
    nodes: tuple[Desk, Engine],
) -> None:
    first, second = nodes
    passed_on_by_both(first, second)
    (gone,) = sent_by(first.engine, "telegram")
    first.engine.settle([Answered(gone.rows[0], Sent(f"me:{next(NUMBERS)}"))])
    assert sent_by(second, "signal") == []
