"""What waits behind a dead channel, on both databases: one passing failure to open it puts nothing away, and of several
nodes one sends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from alerts.events import RetryAt, Sent
from alerts.facts import Answered
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.store import Store
from bot.clock import SeededEntropy
from bot.delivery import Budget, Delivery
from bot.engine import Engine
from bot.rehearsal.play import RehearsalKeys
from tests.contract.test_bundles import _count, _waiting, all_sent, frame, say, to_ana
from tests.contract.test_delivery import Desk
from tests.postgres import Postgres

DOWN = RetryAt(1.0, "unreachable", whole_channel=True)
O = tables.outbox.c


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    made = Desk(database)
    yield made
    made.store.close()


def tried_until_dead(desk: Desk, delivery: Delivery, seconds: int = 8) -> None:
    """The channel fails for so long."""
    for _ in range(seconds):
        for one in delivery.claim(16):
            desk.engine.settle(delivery.answered(one, DOWN))
        desk.clock.advance(timedelta(seconds=1))


def taken_with_words(desk: Desk, *words: str) -> None:
    """Ana has Sami's case, and Sami writes."""
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, frame("ana", text="take"))
    all_sent(desk)
    say(desk, *(frame("sami", text=each) for each in words))


def sealed(desk: Desk, row: str, value: bytes | None = None) -> bytes:
    """A row's sealed bytes, after writing others if they are given."""
    with desk.store.writing() as work:
        was = work.connection.execute(select(O.sealed).where(O.id == row)).scalar_one()
        if value is not None:
            work.connection.execute(update(tables.outbox).where(O.id == row).values(sealed=value))
        return bytes(was)


def state(desk: Desk, row: str) -> tuple[str, int]:
    with desk.store.reading() as work:
        found = work.connection.execute(select(O.state, O.attempts).where(O.id == row)).one()
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
    *_, last = _waiting(desk, "relay")
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
    (row,) = _waiting(desk, "relay")
    delivery = Delivery(desk.engine, "signal", Budget())
    tried_until_dead(desk, delivery, 30)
    assert state(desk, row)[1] > 3
    fails_to_open_once(desk, Delivery(desk.engine, "signal", Budget()), row)
    assert any("only words" in one.outbound.text for one in to_ana(desk, all_sent(desk)))


def test_what_could_not_be_opened_once_is_no_repeat_when_it_goes_out(desk: Desk) -> None:
    taken_with_words(desk, "only words")
    (row,) = _waiting(desk, "relay")
    fails_to_open_once(desk, Delivery(desk.engine, "signal", Budget()), row)
    (one,) = to_ana(desk, all_sent(desk))
    assert "only words" in one.outbound.text
    assert "may be a repeat" not in one.outbound.text


def test_what_cannot_be_opened_three_times_is_put_away_however_often_others_were_wrong(desk: Desk) -> None:
    taken_with_words(desk, "first words", "last words")
    first, last = _waiting(desk, "relay")
    delivery = Delivery(desk.engine, "signal", Budget())
    fails_to_open_once(desk, delivery, first)
    sealed(desk, last, b"spoiled" * 9)
    for tries in range(1, 4):
        delivery.set_aside(64)
        desk.clock.advance(timedelta(seconds=21))
        assert state(desk, last)[0] == ("refused" if tries == 3 else "queued")
    assert state(desk, first)[0] == "queued"
