"""What goes out is handed over after the commit that notes it; an alarm's pages with the commit of its own turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from alerts.events import Outbound, OutboundKind, Outcome, RetryAt, Sent
from alerts.outbox import EVERYTHING
from alerts.sealing import Unsealable
from alerts.store import tables
from alerts.store.work import Work
from bot.channels.port import Channel
from bot.delivery import Budget, Consignment, Delivery
from bot.engine import Engine
from bot.handing import Handing
from bot.lane import Lane
from handlers.turn import Report
from tests.contract.desks import Desk, frame, say, spoil, waiting


class Named:
    """As much of a channel as is asked for here: the loop of these tests only notes what it is given."""

    def __init__(self, name: str) -> None:
        self.name = name


class Line:
    """Stands for the event loop. Notes what it is given, and what the store says of it at that moment."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.given: list[tuple[Consignment, set[str]]] = []

    def call_soon_threadsafe(self, _do: Callable[..., Any], _lane: Lane, consignment: Consignment) -> None:
        self.given.append((consignment, {states(self.desk)[row] for row in consignment.rows}))

    @property
    def pages(self) -> list[Consignment]:
        """Those on Signal; every officer gets them on Telegram as well."""
        given = [one for one, _ in self.given if one.outbound.channel == "signal"]
        return [one for one in given if one.outbound.kind is OutboundKind.PAGE]


class Failing(Delivery):
    """Chooses, until it is told to fail."""

    error: Exception | None = None

    def choose(self, work: Any, limit: int, busy: Sequence[str] = (), below: int = EVERYTHING) -> Any:  # type: ignore[override]
        if self.error is not None:
            raise self.error
        return super().choose(work, limit, busy, below)


class Lossy(Engine):
    """An engine whose commit may come through while its answer is lost."""

    loses = False

    def work_inbox(
        self, go_out: Callable[[Work], object] = lambda _: None, gone_out: Callable[[], object] = lambda: None
    ) -> Report:
        def lost() -> None:
            raise OperationalError("COMMIT", None, Exception("away"))

        return super().work_inbox(go_out, lost if self.loses else gone_out)


class It:
    """A desk with its way out."""

    def __init__(self, database: str) -> None:
        self.desk = Desk(database)
        old = self.desk.engine
        self.engine = engine = Lossy(old.store, old.rules, old.parsers, old.clock, old.entropy)
        self.out = Failing(engine, "signal", Budget())
        self.other = Failing(engine, "telegram", Budget())
        self.lanes = {d.channel: Lane(cast(Channel, Named(d.channel)), d) for d in (self.out, self.other)}
        self.line = Line(self.desk)
        self.handing = Handing(engine, self.lanes, lambda *_: None)
        self.handing.begin(cast(asyncio.AbstractEventLoop, self.line))

    def arrive(self, who: str, text: str) -> None:
        self.desk.engine.accept([frame(who, text=text)])

    def answered(self) -> None:
        """The channels have taken everything that they were given."""
        for consignment, _ in self.line.given:
            lane = self.lanes[consignment.outbound.channel]
            done = lane.delivery.answered(consignment, Sent(f"me:{consignment.outbound.id}"))
            self.desk.engine.settle(done)
            lane.in_flight.discard(consignment.address_id)
            lane.look = True
        self.line.given.clear()


def states(desk: Desk) -> dict[str, str]:
    """Outbox rows as they are committed: (id, state)."""
    with desk.store.reading() as work:
        rows = work.connection.execute(tables.outbox.select())
        return {row.id: row.state for row in rows}


@pytest.fixture
def it(database: str) -> Iterator[It]:
    made = It(database)
    yield made
    made.desk.store.close()


def test_an_alarms_page_is_given_to_its_channel_by_its_own_turn_and_after_the_commit(it: It) -> None:
    it.arrive("sami", "SOS")
    it.handing.work_inbox()
    assert len(it.line.pages) == 1
    assert all(found == {"sending"} for _, found in it.line.given), "committed before it is given away"
    assert it.line.pages[0].address_id in it.lanes["signal"].in_flight


def test_many_alarms_in_a_row_are_decided_before_it_is_looked_again_for_what_goes_out(it: It) -> None:
    for number, paged in enumerate((1, 0, 0)):
        it.arrive(f"stranger{number}", "SOS")
        it.handing.work_inbox()
        assert len(it.line.pages) == paged
        it.answered()
    it.handing.hand_out()
    assert len(it.line.pages) == 1, "a chat gets its messages one after another"
    it.answered()
    it.handing.hand_out()
    it.answered()
    it.arrive("sami", "SOS")
    it.handing.work_inbox()
    assert len(it.line.pages) == 1


def test_what_is_no_alarm_waits_for_whatever_is_more_urgent(it: It) -> None:
    it.arrive("sami", "good morning, can you help me with the grant form?")
    assert it.handing.work_inbox().turns == 1
    assert it.line.given == []
    assert it.handing.hand_out()
    assert it.line.given != []


def test_a_page_that_cannot_be_opened_keeps_no_alarm_from_its_turn(it: It) -> None:
    say(it.desk, frame("nour", text="SOS"))
    (spoiled,) = waiting(it.desk, "page")
    spoil(it.desk, spoiled)
    it.arrive("sami", "SOS")
    assert it.handing.work_inbox().turns == 1
    with it.desk.store.reading() as work:
        assert len(work.unclosed_cases(it.desk.engine.rules.desk, 9)) == 2
    assert it.line.given == [], "nothing was committed of it"
    with pytest.raises(Unsealable):
        it.handing.hand_out()
    for lane in it.lanes.values():
        lane.look = True
    it.handing.hand_out()
    assert len(it.line.pages) == 1
    given = {row for one, _ in it.line.given for row in one.rows}
    assert {row for row, state in states(it.desk).items() if state == "sending"} == given


def test_what_a_database_that_is_away_did_not_take_goes_out_once_it_is_back(it: It) -> None:
    it.other.error = OperationalError("", None, Exception("away"))
    it.arrive("sami", "SOS")
    with pytest.raises(OperationalError):
        it.handing.work_inbox()
    assert it.line.given == []
    it.other.error = None
    it.handing.take_back()
    it.handing.work_inbox()
    assert len(it.line.pages) == 1
    it.answered()
    it.handing.hand_out()
    assert it.line.pages == []


def test_a_page_whose_commit_was_not_answered_goes_out_and_is_no_repeat(it: It) -> None:
    it.engine.loses = True
    it.arrive("sami", "SOS")
    with pytest.raises(OperationalError):
        it.handing.work_inbox()
    assert it.line.given == []
    assert "sending" in states(it.desk).values(), "it had been committed all the same"
    it.engine.loses = False
    assert it.handing.take_back()
    it.handing.hand_out()
    assert len(it.line.pages) == 1
    assert "may be a repeat" not in it.line.pages[0].outbound.text


def test_a_channel_that_cancels_its_own_send_has_answered_all_the_same(it: It) -> None:
    it.arrive("sami", "SOS")
    it.handing.work_inbox()
    (page,) = it.line.pages

    class Cut(Named):
        async def send(self, _: Outbound) -> Outcome:
            raise asyncio.CancelledError

    answers: list[Outcome] = []
    handing = Handing(it.engine, it.lanes, lambda _lane, _consignment, outcome: answers.append(outcome))
    lane = Lane(cast(Channel, Cut("signal")), it.out)

    async def go() -> None:
        await asyncio.wait([asyncio.ensure_future(handing._sent(lane, page))])

    asyncio.run(go())
    assert [isinstance(one, RetryAt) and one.ambiguous for one in answers] == [True]
