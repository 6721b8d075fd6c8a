"""What delivery hands over: one message a chat at a time, and nobody's many messages before somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from alerts.events import OutboundKind, Sent
from alerts.ids import Ids
from alerts.outbox import Guard, SendState
from alerts.people import Address
from alerts.store import queues
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.pretend_frames import parse, to_raw
from bot.channels.pretend_phones import account
from bot.clock import SeededEntropy, SimulatedClock
from bot.delivery import Budget, Delivery
from bot.engine import Engine
from bot.rehearsal.cast import settle_in
from bot.rehearsal.play import RehearsalKeys
from bot.rehearsal.script import Script, parse_script
from bot.rules import shipped_rules
from tests.rows import waiting_notice

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
SCRIPT = parse_script("""
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people: {sami: {channels: [signal], verified: true}}
steps: []
""")


class Desk:
    """An open store with a desk in it, and messages that wait."""

    def __init__(self, database: str, script: Script = SCRIPT) -> None:
        self.clock, entropy = SimulatedClock(START), SeededEntropy(1)
        key = entropy.draw(32)
        Store.create(database, NewKek("rehearsal", key), entropy=entropy.draw, now=self.clock.now)
        self.store = Store.open(
            database, RehearsalKeys(key), entropy=entropy.draw, now=self.clock.now, pool_low=8, pool_high=32
        )
        rules = shipped_rules("Europe/Brussels")
        settle_in(self.store, script, rules, entropy, START)
        self.engine = Engine(
            self.store, rules, {"signal": lambda raw: parse("signal", raw)}, self.clock, entropy
        )
        self.ids = Ids(START, entropy.draw(16), 1)
        with self.store.reading() as work:
            self.chats = {
                person.alias: address
                for person in work.desk_people(rules.desk)
                for address in person.addresses
                if address.channel == "signal"
            }

    def waits(self, address: Address, text: str, guard: Guard = Guard.NONE) -> None:
        """Something for this chat waits."""
        with self.store.writing() as work:
            work.put(waiting_notice(self.ids, address, text, START, guard))
            work.flush()

    def handed(self, limit: int, busy: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        """(chat, text) of what is handed over next."""
        delivery = Delivery(self.engine, "signal", Budget())
        return [(c.address_id, c.outbound.text) for c in delivery.claim(limit, busy)]


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    made = Desk(database)
    yield made
    made.store.close()


def test_a_chat_gets_its_messages_one_after_another(desk: Desk) -> None:
    ana = desk.chats["Ana"]
    desk.waits(ana, "first")
    desk.waits(ana, "second")
    assert desk.handed(16) == [(ana.id, "first")]
    assert desk.handed(16, (ana.id,)) == []
    assert desk.handed(16) == [(ana.id, "second")]


def test_many_messages_to_one_chat_do_not_stand_before_another_chat(desk: Desk) -> None:
    ana, ben = desk.chats["Ana"], desk.chats["Ben"]
    for number in range(6):
        desk.waits(ana, str(number))
    desk.waits(ben, "to ben")
    assert desk.handed(3) == [(ana.id, "0"), (ben.id, "to ben")]


def test_what_nobody_wants_any_more_does_not_stand_before_anything(desk: Desk) -> None:
    ana, ben = desk.chats["Ana"], desk.chats["Ben"]
    for number in range(6):
        desk.waits(ana, str(number), Guard.ROUND)
    desk.waits(ben, "to ben")
    assert desk.handed(3) == [(ben.id, "to ben")]


def test_what_is_about_no_case_goes_out_however_long_it_has_waited(desk: Desk) -> None:
    ana = desk.chats["Ana"]
    desk.waits(ana, "a notice")
    desk.waits(ana, "a notice")
    desk.clock.advance(timedelta(hours=1))
    assert desk.handed(16) == [(ana.id, "a notice")]
    assert desk.handed(16) == [(ana.id, "a notice")]


def _says(desk: Desk, number: int, person: str, text: str) -> None:
    frame = {
        "n": number,
        "from": account(person, "signal"),
        "kind": "text",
        "text": text,
        "ref": f"m{number}",
    }
    desk.engine.accept([to_raw("signal", frame)])
    desk.engine.work_inbox()


def test_what_may_have_gone_out_before_says_so_when_it_comes_again(desk: Desk) -> None:
    _says(desk, 1, "sami", "SOS")
    _says(desk, 2, "nour", "I will be at the court on Friday")
    delivery = Delivery(desk.engine, "signal", Budget())
    first: dict[str, tuple[OutboundKind, str]] = {}
    while claimed := delivery.claim(16):
        # All of it is handed over, and nobody lives to hear what became of it.
        first |= {row: (c.outbound.kind, c.outbound.text) for c in claimed for row in c.rows}
    desk.engine.release()
    again: dict[str, str] = {}
    while claimed := delivery.claim(16):
        again |= {row: c.outbound.text for c in claimed for row in c.rows}
    assert again.keys() == first.keys()
    kinds = {kind for kind, _ in first.values()}
    assert {OutboundKind.PAGE, OutboundKind.NOTICE, OutboundKind.RECEIPT, OutboundKind.QUESTION} <= kinds
    for row, (kind, text) in first.items():
        marked = f"(This may be a repeat.)\n{text}"
        assert again[row] == (marked if kind in (OutboundKind.PAGE, OutboundKind.NOTICE) else text)


def test_what_was_noted_as_handed_over_and_never_was_is_no_repeat(desk: Desk) -> None:
    _says(desk, 1, "sami", "SOS")
    delivery = Delivery(desk.engine, "signal", Budget())
    pages = [c for c in delivery.claim(16) if c.outbound.kind is OutboundKind.PAGE]
    with desk.store.writing() as work:
        queues.take_back(work.connection, {row: c.at for c in pages for row in c.rows})
    again = [c.outbound.text for c in delivery.claim(16) if c.outbound.kind is OutboundKind.PAGE]
    assert again == [c.outbound.text for c in pages]
    desk.engine.release()
    (once_more,) = [c.outbound.text for c in delivery.claim(16) if c.outbound.kind is OutboundKind.PAGE]
    assert once_more == f"(This may be a repeat.)\n{again[0]}"


def test_what_another_has_handed_over_since_is_not_taken_back(desk: Desk) -> None:
    _says(desk, 1, "sami", "SOS")
    delivery = Delivery(desk.engine, "signal", Budget())
    first = delivery.claim(16)
    desk.engine.release()  # nobody knows what became of it, so it goes out once more, a moment later
    desk.clock.set(START + timedelta(seconds=1))
    again = delivery.claim(16)
    handed = {row for c in again for row in c.rows}
    assert handed == {row for c in first for row in c.rows}
    with desk.store.writing() as work:
        queues.take_back(work.connection, {row: c.at for c in first for row in c.rows})
    assert handed.isdisjoint(row for c in delivery.claim(16) for row in c.rows)


def test_a_receipt_that_is_quicker_than_the_channels_answer_counts(desk: Desk) -> None:
    _says(desk, 1, "sami", "SOS")
    delivery = Delivery(desk.engine, "signal", Budget())
    (page,) = [c for c in delivery.claim(16) if c.outbound.kind is OutboundKind.PAGE]
    came = {"n": 2, "from": page.outbound.address, "kind": "receipt", "targets": ["sent-1"]}
    desk.engine.accept([to_raw("signal", came)])
    desk.engine.work_inbox()
    desk.engine.settle(delivery.answered(page, Sent("sent-1")))
    with desk.store.reading() as work:
        row = work.outgoing(page.rows[0])
    assert row is not None
    assert row.state is SendState.DELIVERED
