"""What a linked device cannot read: told once the account's first device had time to read its copy, on both databases.

The real two are in `tests/faults/test_signal_two_devices.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from alerts.store import tables
from bot.channels.pretend_phones import account
from bot.channels.signal.frames import describe, describe_report
from bot.channels.signal.parse import parse
from bot.engine import Engine
from handlers.unread import GRACE
from tests.contract.desks import Desk
from tests.fakes.signal_daemon import ALICE, envelope, message

T = 1_800_000_000_000
SAMI = account("sami", "signal")
CHANGED = {"type": "UntrustedIdentityException", "message": "Untrusted identity"}
MOMENT = timedelta(seconds=1)


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    made = Desk(database)
    made.engine.turns.parsers = {"signal": parse}
    made.engine.twins = True
    yield made
    made.store.close()


def line(frame: dict[str, Any]) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "method": "receive", "params": {"subscription": 0, "result": frame}}
    ).encode()


def report(sender: str = SAMI, timestamp: int = T, **more: Any) -> bytes:
    return line({"exception": {**CHANGED, **more}, **envelope(timestamp, sender)})


def said(text: str, sender: str = SAMI, timestamp: int = T) -> bytes:
    frame = message(text, timestamp)
    frame["envelope"] |= {"source": sender, "sourceUuid": sender}
    return line(frame)


def second_cannot_read(desk: Desk, raw: bytes) -> None:
    desk.engine.accept([describe_report(raw)])


def first_has(desk: Desk, raw: bytes) -> None:
    desk.engine.accept([describe(raw)])


def works(desk: Desk, after: timedelta = timedelta(0)) -> None:
    """Time passes, and everything that is due has its turn."""
    desk.clock.advance(after)
    for _ in range(3):
        reports = [desk.engine.work_inbox(), desk.engine.work_deadlines()]
        assert [failed for one in reports for failed in one.failed] == []


def cases(desk: Desk) -> list[int]:
    """The urgency of each urgent case that was opened; each has paged somebody."""
    with desk.store.reading() as work:
        c = tables.cases.c
        found = work.connection.execute(select(c.id, c.urgency).where(c.urgency <= 2)).all()
        o = tables.outbox.c
        paged = set(work.connection.execute(select(o.case_id).where(o.kind == "page")).scalars())
    assert {row.id for row in found} <= paged
    return [row.urgency for row in found]


def inbox(desk: Desk, state: str) -> int:
    with desk.store.reading() as work:
        t = tables.inbox.c
        return len(work.connection.execute(select(t.id).where(t.state == state)).all())


def test_what_no_device_could_read_is_told_after_a_grace(desk: Desk) -> None:
    second_cannot_read(desk, report())
    works(desk)
    works(desk, GRACE - MOMENT)
    assert (cases(desk), inbox(desk, "held")) == ([], 1)
    works(desk, MOMENT)
    assert (cases(desk), inbox(desk, "held"), inbox(desk, "new")) == ([1], 0, 0)
    works(desk, timedelta(hours=1))
    assert cases(desk) == [1]


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    "copy",
    [
        said("all is well, thank you for asking"),
        line(envelope(T, SAMI, receiptMessage={"when": T, "isDelivery": True, "timestamps": [1]})),
        line(envelope(T, SAMI, typingMessage={"action": "STARTED", "timestamp": T})),
        line(envelope(T, SAMI)),
    ],
)
def test_what_the_first_has_read_is_no_alarm_whichever_copy_comes_first(
    desk: Desk, copy: bytes, late: bool
) -> None:
    steps = [first_has, second_cannot_read]
    for step in reversed(steps) if late else steps:
        step(desk, copy if step is first_has else report())
        works(desk, GRACE - MOMENT if late else MOMENT)
    works(desk, timedelta(minutes=1))
    assert cases(desk) == []
    assert inbox(desk, "held") == 0


@pytest.mark.parametrize("late", [False, True])
def test_what_neither_could_read_is_told_by_the_first_at_once_and_once(desk: Desk, late: bool) -> None:
    if late:
        second_cannot_read(desk, report())
        works(desk, MOMENT)
    first_has(desk, report())
    works(desk)
    assert cases(desk) == [1]
    pages = len(desk.handed(99))
    if not late:
        second_cannot_read(desk, report())
    works(desk)
    for _ in range(2):
        works(desk, GRACE)
    assert (cases(desk), inbox(desk, "held"), pages > 0) == ([1], 0, True)


def test_only_the_same_message_of_the_same_person_counts_as_its_copy(desk: Desk) -> None:
    first_has(desk, said("an earlier one", timestamp=T - 1))
    first_has(desk, said("another's", sender=ALICE))
    second_cannot_read(desk, report())
    works(desk)
    assert cases(desk) == []
    works(desk, GRACE)
    assert cases(desk) == [1]


def test_two_reports_of_the_second_do_not_stand_for_each_other(desk: Desk) -> None:
    second_cannot_read(desk, report())
    second_cannot_read(desk, report(sender=SAMI, timestamp=T, type="ProtocolNoSessionException"))
    second_cannot_read(desk, report(timestamp=T + 1))
    works(desk)
    works(desk, GRACE)
    assert (cases(desk), inbox(desk, "held")) == ([1], 0)


def test_a_stranger_s_first_message_that_nobody_could_read_is_told_too(desk: Desk) -> None:
    second_cannot_read(desk, report(sender=ALICE))
    second_cannot_read(desk, report(sender=""))
    works(desk)
    assert cases(desk) == []
    works(desk, GRACE)
    assert cases(desk) == [2, 2]
    assert inbox(desk, "held") == inbox(desk, "new") == inbox(desk, "poison") == 0


def test_what_the_same_person_sends_meanwhile_does_not_wait(desk: Desk) -> None:
    second_cannot_read(desk, report())
    works(desk)
    first_has(desk, said("SOS", timestamp=T + 1))
    works(desk)
    assert cases(desk) == [1]


def test_a_report_that_waits_outlives_the_process_and_a_clock_that_is_set_back(desk: Desk) -> None:
    second_cannot_read(desk, report())
    works(desk)
    for _ in range(2):
        desk.engine.mark_alive()
    desk.clock.advance(-timedelta(hours=2))
    desk.engine.mark_alive()
    old = desk.engine
    desk.engine = Engine(desk.store, old.rules, {"signal": parse}, desk.clock, old.entropy)
    desk.engine.wake_up()
    works(desk, GRACE)
    assert cases(desk) == [1]


def test_a_report_whose_grace_is_over_has_its_turn_alone_too(desk: Desk) -> None:
    """As after a batch that could not be written."""
    second_cannot_read(desk, report())
    engine = desk.engine
    engine._one_by_one(OSError())
    assert (inbox(desk, "held"), cases(desk)) == (1, [])
    desk.clock.advance(GRACE)
    with desk.store.reading() as work:
        deadlines = work.connection.execute(select(tables.deadlines)).all()
    assert [row.kind for row in deadlines if row.kind == "unread"] == ["unread"]
    engine.work_deadlines()
    assert inbox(desk, "new") == 1
    engine._one_by_one(OSError())
    assert (inbox(desk, "new"), cases(desk)) == (0, [1])


def test_without_a_second_device_nothing_is_noted_beside_a_frame(desk: Desk) -> None:
    desk.engine.twins = False
    first_has(desk, said("hello"))
    assert inbox(desk, "new") == 1
    assert inbox(desk, "done") == 0
