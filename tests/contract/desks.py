"""A desk on a store of its own, and what tests make happen on it: what comes in, what waits, what goes out."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from sqlalchemy import select, update

from alerts.events import RawInbound, Sent
from alerts.ids import Ids
from alerts.outbox import Guard
from alerts.people import Address
from alerts.store import tables
from alerts.store.keks import NewKek
from alerts.store.store import Store
from bot.channels.pretend_frames import parse, to_raw
from bot.channels.pretend_phones import account
from bot.clock import SeededEntropy, SimulatedClock
from bot.delivery import Budget, Consignment, Delivery
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
NUMBERS = itertools.count(1)
"""For references that are each used once."""


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


def node_beside(first: Desk, url: str) -> Engine:
    """A second node on the same database. Its store is the caller's to close."""
    entropy = SeededEntropy(7)
    key = RehearsalKeys(SeededEntropy(1).draw(32))
    store = Store.open(url, key, entropy=entropy.draw, now=first.clock.now, pool_low=4, pool_high=8)
    second = Engine(store, first.engine.rules, first.engine.parsers, first.clock, entropy)
    first.engine.nodes.single = second.nodes.single = False
    return second


def frame(who: str, kind: str = "text", **more: object) -> RawInbound:
    """What somebody does on Signal, as the pretend platform hands it over."""
    number = next(NUMBERS)
    return to_raw(
        "signal", {"n": number, "from": account(who, "signal"), "kind": kind, "ref": f"m{number}", **more}
    )


def say(desk: Desk, *frames: RawInbound) -> None:
    """The frames come in, and have their turns."""
    desk.engine.accept(frames)
    while desk.engine.work_inbox().turns:
        pass


def all_sent(desk: Desk, channel: str = "signal") -> list[Consignment]:
    """Everything that waits for a channel goes out, a message at a time."""
    delivery = Delivery(desk.engine, channel, Budget())
    gone = []
    while claimed := delivery.claim(1):
        gone += claimed
        for one in claimed:
            desk.engine.settle(delivery.answered(one, Sent(f"me:{next(NUMBERS)}")))
    return gone


def to_ana(desk: Desk, sent: list[Consignment]) -> list[Consignment]:
    """Of these, what went to the officer on call, on Signal."""
    return [one for one in sent if one.address_id == desk.chats["Ana"].id]


def waiting(desk: Desk, kind: str) -> list[str]:
    """Ids of what waits for Ana, in order."""
    o = tables.outbox.c
    mine = select(o.id).where(o.kind == kind, o.state == "queued", o.address_id == desk.chats["Ana"].id)
    with desk.store.reading() as work:
        return list(work.connection.execute(mine.order_by(o.id)).scalars())


def spoil(desk: Desk, row: str) -> None:
    """Makes a row of the outbox one that nothing can open any more."""
    with desk.store.writing() as work:
        work.connection.execute(
            update(tables.outbox).where(tables.outbox.c.id == row).values(sealed=b"spoiled" * 9)
        )
