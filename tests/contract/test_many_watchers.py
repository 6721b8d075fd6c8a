"""A flood of messages on one case that many watch, relayed to each of them, keeps nobody else's alarm waiting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts.events import OutboundKind, Sent
from alerts.records import replace
from alerts.store.queues import unsent
from bot.app import SIGNAL_BUDGET
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.delivery import Consignment, Delivery
from bot.lane import IN_FLIGHT
from bot.rehearsal.script import parse_script
from tests.contract.desks import Desk

WATCHERS, MESSAGES = 30, 200
NAMES = [f"w{number:02}" for number in range(WATCHERS)]
SCRIPT = parse_script(f"""
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {{officers: [{", ".join(NAMES)}], lead: carla}}
people: {{sami: {{channels: [signal], verified: true}}, nour: {{channels: [signal], verified: true}}}}
steps: []
""")
TICK = timedelta(milliseconds=50)
SEND = 10
"""Ticks that a send takes."""


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    made = Desk(database, SCRIPT)
    yield made
    made.store.close()


class Line:
    """Signal, as fast as a slow gateway, with the budget that is shipped."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.delivery = Delivery(desk.engine, "signal", SIGNAL_BUDGET)
        self.flying: list[tuple[int, Consignment]] = []
        self.ticks = 0
        self.handed: list[tuple[int, Consignment]] = []

    def tick(self) -> None:
        back = [c for until, c in self.flying if until <= self.ticks]
        self.flying = [one for one in self.flying if one[0] > self.ticks]
        answers = [e for c in back for e in self.delivery.answered(c, Sent(f"me:{c.outbound.id}"))]
        if answers:
            self.desk.engine.settle(answers)
        room = IN_FLIGHT - len(self.flying)
        if room:
            for one in self.delivery.claim(room, {c.address_id for _, c in self.flying}):
                self.flying.append((self.ticks + SEND, one))
                self.handed.append((self.ticks, one))
        self.ticks += 1
        self.desk.clock.advance(TICK)


numbers = itertools.count(1)


def says(desk: Desk, who: str, *texts: str) -> None:
    for text in texts:
        number = next(numbers)
        frame = {
            "n": number,
            "from": account(who, "signal"),
            "kind": "text",
            "text": text,
            "ref": str(number),
        }
        desk.engine.accept([to_raw("signal", frame)])
    while desk.engine.work_inbox().full:
        pass


def test_a_page_and_an_sos_s_receipt_wait_for_no_relayed_flood(desk: Desk) -> None:
    says(desk, "sami", "SOS")
    with desk.store.writing() as work:
        sami = work.person_at("signal", account("sami", "signal"))
        assert sami is not None
        (case,) = work.open_cases_of(sami.id)
        officers = tuple(p.id for p in work.staff(desk.engine.rules.desk))
        work.put(replace(case, paged=officers))
        work.flush()
    line = Line(desk)
    for _ in range(100):
        line.tick()
    says(
        desk,
        "sami",
        *(f"they are here, message {number}, and I am still writing" for number in range(MESSAGES)),
    )
    with desk.store.reading() as work:
        assert unsent(work.connection) > 5_000
    for _ in range(60):
        line.tick()
    before = line.ticks
    says(desk, "nour", "SOS")
    for _ in range(60):
        line.tick()
    after = [(at - before, c) for at, c in line.handed if at >= before]
    to_nour = [at for at, c in after if c.outbound.address == account("nour", "signal")]
    pages = [at for at, c in after if c.outbound.kind is OutboundKind.PAGE and c.case_ref != case.ref]
    assert max(at for at, c in after if c.case_ref == case.ref) > 50, "the flood goes on beside it"
    # The officer's phone may be getting a message: one chat gets its messages one after another.
    assert pages[0] <= SEND
    # The budget gives a next message every two ticks.
    assert to_nour[0] <= 2
    assert to_nour[1] <= to_nour[0] + SEND + 2, "and the question after it"
