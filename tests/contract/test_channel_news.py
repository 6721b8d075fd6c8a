"""A dead channel, as officers hear of it: one notice by another channel, one when it is back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.events import OutboundKind, RetryAt, Sent
from bot.canary import Canary, Trip
from bot.channel_news import ChannelNews
from bot.channels.pretend_channel import PretendChannel
from bot.delivery import Budget, Delivery
from bot.lane import Lane
from bot.nodes import Nodes
from bot.watch import Figures
from tests.contract.desks import NUMBERS, Desk, frame, say


class Room:
    """A desk whose channels are watched, with a clock that the test turns."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.tick = 1000.0
        self.start()

    def start(self) -> None:
        """A process begins."""
        engine = self.desk.engine
        self.lanes = {name: self._lane(name) for name in ("signal", "telegram")}
        self.news = ChannelNews(engine, self.lanes, lambda do: do(), lambda: self.tick)

    def _lane(self, name: str) -> Lane:
        return Lane(PretendChannel.__new__(PretendChannel), Delivery(self.desk.engine, name, Budget()))

    def beat(self, *, down: float = 0.0, minutes: float = 0.1, canaries: tuple[Canary, ...] = ()) -> None:
        """Time passes, and the watch looks."""
        self.tick += minutes * 60
        self.desk.clock.advance(timedelta(minutes=minutes))
        seconds = {"signal": down} if down else {}
        self.news.show(
            Figures(self.desk.clock.now(), True, None, None, 0, None, 0.1, down=seconds, canaries=canaries)
        )

    def told(self, channel: str = "telegram", *, reached: bool = True) -> list[tuple[str, str]]:
        """(to whom, what) of the notices that go out by a channel now."""
        delivery, said = self.lanes[channel].delivery, []
        while claimed := delivery.claim(16):
            for one in claimed:
                assert one.outbound.kind is OutboundKind.NOTICE
                with self.desk.store.reading() as work:
                    person = work.person(one.person_id)
                said += [(person.alias if person else "", one.outbound.text)] if reached else []
                outcome = Sent(f"ref:{next(NUMBERS)}") if reached else RetryAt(1.0, "x", whole_channel=True)
                self.desk.engine.settle(delivery.answered(one, outcome))
        return said


@pytest.fixture
def room(database: str) -> Iterator[Room]:
    desk = Desk(database)
    yield Room(desk)
    desk.store.close()


def test_everybody_of_the_desk_hears_once_that_a_channel_is_dead_and_once_that_it_is_back(
    room: Room,
) -> None:
    room.beat(down=170)
    assert room.told() == []
    for seconds in range(185, 1_000, 60):
        room.beat(down=seconds)
    dead = room.told()
    assert sorted(who for who, _ in dead) == ["Ana", "Ben", "Carla"]
    assert all("Signal has not worked since 08:57. What people write" in text for _, text in dead)
    assert room.told("signal") == []
    room.beat()
    assert room.told() == [], "it may be gone again in a moment"
    for _ in range(10):
        room.beat(minutes=1)
    back = room.told()
    assert sorted(who for who, _ in back) == ["Ana", "Ben", "Carla"]
    assert all("Signal works again" in text for _, text in back)
    for _ in range(10):
        room.beat(minutes=1)
    assert room.told() == []


def test_a_new_process_says_nothing_again_and_knows_what_was_told(room: Room) -> None:
    room.beat(down=200)
    assert len(room.told()) == 3
    for _ in range(3):
        room.start()
        room.beat(down=900)
    assert room.told() == []
    room.start()
    for _ in range(5):
        room.beat(minutes=1)
    assert len(room.told()) == 3


def test_a_channel_that_comes_and_goes_is_no_storm(room: Room) -> None:
    notices = []
    for _ in range(12):  # an hour
        room.beat(down=240)
        room.beat(minutes=1)
        room.beat(minutes=4)
        notices += room.told()
    assert len(notices) <= 3 * 4


def test_who_was_never_told_that_it_is_dead_does_not_hear_that_it_is_back(room: Room) -> None:
    room.beat(down=200)
    assert room.told(reached=False) == []
    for _ in range(5):
        room.beat(minutes=1)
    room.desk.clock.advance(timedelta(minutes=2))
    room.lanes["telegram"].delivery.limits.down_until = None
    assert room.told() == []


def test_a_channel_that_takes_nothing_is_dead_and_one_whose_canary_says_so(room: Room) -> None:
    limits = room.lanes["signal"].delivery.limits
    limits.down_since = room.desk.clock.now() - timedelta(minutes=4)
    limits.down_until = room.desk.clock.now()
    room.beat()
    assert len(room.told()) == 3
    dark = room.desk.clock.now() - timedelta(hours=13)
    silent = Canary("telegram", Trip.ROUND, timedelta(minutes=15), missed=9, silent_since=dark)
    room.beat(canaries=(silent,))
    assert all("Telegram has not worked since" in text for _, text in room.told("signal"))


def test_one_failure_after_which_nothing_was_to_be_sent_says_neither_dead_nor_back(room: Room) -> None:
    limits = room.lanes["signal"].delivery.limits
    limits.down_since = limits.down_until = room.desk.clock.now()
    for _ in range(9):
        room.beat(minutes=2)
    assert room.told() == []
    room.beat(down=200)
    assert len(room.told()) == 3
    for _ in range(9):
        room.beat(minutes=2)
    assert room.told() == []


def test_another_node_that_can_use_the_channel_does_not_say_that_it_is_back(room: Room) -> None:
    engine = room.desk.engine
    first, second = engine.nodes, Nodes(engine.store, engine.clock, engine.entropy)
    first.single = second.single = False
    first.release_unfinished(starting=False)
    room.beat(down=200)
    assert len(room.told()) == 3
    engine.nodes = second
    for _ in range(5):
        first.release_unfinished(starting=False)
        second.release_unfinished(starting=False)
        engine.channel_turned("signal", None)
        engine.channel_turned("signal", room.desk.clock.now())
    assert room.told() == []
    room.desk.clock.advance(timedelta(minutes=1))  # the first has died
    second.release_unfinished(starting=False)
    engine.channel_turned("signal", None)
    assert len(room.told()) == 3


def test_a_dead_channel_stands_in_no_ones_way(room: Room) -> None:
    say(room.desk, frame("sami", text="SOS"))
    room.beat(down=200)
    (first, *_) = room.lanes["telegram"].delivery.claim(16)
    assert first.outbound.kind is OutboundKind.PAGE
