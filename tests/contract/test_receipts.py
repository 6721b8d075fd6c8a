"""Receipts, on both databases: whose they are, what they change, and how little they cost."""

from __future__ import annotations

import itertools
from typing import Any

from sqlalchemy import Engine, event, select

from alerts.events import Inbound, InboundKind, Sent
from alerts.store import tables
from bot.channels.pretend_frames import to_raw
from bot.delivery import Budget, Delivery
from tests.contract.desks import Desk
from tests.contract.test_query_plans import whole_tables

numbers = itertools.count(1)
STRANGER = "0e1d2c3b-4a59-4687-8796-a5b4c3d2e1f0"


def hand_over(desk: Desk) -> Any:
    delivery = Delivery(desk.engine, "signal", Budget())
    (one,) = delivery.claim(16)
    return lambda sent: desk.engine.settle(delivery.answered(one, sent))


def goes_out(desk: Desk, name: str, ref: str, *earlier: str) -> None:
    desk.waits(desk.chats[name], f"to {name}")
    hand_over(desk)(Sent(ref, earlier_refs=earlier))


def receipt(desk: Desk, sender: str, *refs: str, read: bool = False) -> None:
    frame = {"n": next(numbers), "from": sender, "kind": "receipt", "targets": refs, "read": read}
    desk.engine.accept([to_raw("signal", frame)])
    assert desk.engine.work_inbox().failed == []


def states(desk: Desk, name: str = "Ana") -> list[str]:
    with desk.store.reading() as work:
        o = tables.outbox.c
        query = select(o.state).where(o.address_id == desk.chats[name].id).order_by(o.id)
        return list(work.connection.execute(query).scalars())


def test_a_receipt_counts_only_for_what_went_to_the_phone_it_comes_from(desk: Desk) -> None:
    goes_out(desk, "Ana", "me:1")
    # Two sends in one millisecond have one reference.
    goes_out(desk, "Ben", "me:1")
    for sender in (STRANGER, desk.chats["Ben"].account):
        receipt(desk, sender, "me:1", read=True)
    assert (states(desk, "Ana"), states(desk, "Ben")) == (["sent"], ["read"])
    receipt(desk, desk.chats["Ana"].account, "me:1")
    assert states(desk) == ["delivered"]


def test_read_stays_read(desk: Desk) -> None:
    goes_out(desk, "Ana", "me:1")
    ana = desk.chats["Ana"].account
    for read, expected in ((False, "delivered"), (True, "read"), (False, "read")):
        receipt(desk, ana, "me:1", "me:1", read=read)
        assert states(desk) == [expected]


def test_a_receipt_may_be_quicker_than_the_answer_and_nobody_else_s_is_taken_for_it(desk: Desk) -> None:
    ana = desk.chats["Ana"].account
    for early, expected in (((STRANGER, False), "sent"), ((ana, False), "delivered"), ((ana, True), "read")):
        ref = f"me:{next(numbers)}"
        desk.waits(desk.chats["Ana"], "words")
        answer = hand_over(desk)
        receipt(desk, early[0], ref, read=early[1])
        receipt(desk, desk.chats["Ben"].account, ref, read=True)
        answer(Sent(ref))
        assert states(desk)[-1] == expected


def test_nobody_s_receipts_for_nothing_push_out_the_early_ones_of_others(desk: Desk) -> None:
    desk.waits(desk.chats["Ana"], "words")
    answer = hand_over(desk)
    receipt(desk, desk.chats["Ana"].account, "me:7")
    for sender in (STRANGER, desk.chats["Ben"].account):
        receipt(desk, sender, *(f"me:{n}" for n in range(100, 2_000)))
    answer(Sent("me:7"))
    assert states(desk) == ["delivered"]


def test_a_receipt_for_very_many_costs_little_and_all_that_is_open_is_noted(desk: Desk) -> None:
    goes_out(desk, "Ana", "me:1000500", "me:1000499")
    goes_out(desk, "Ana", "me:1000900")
    asked: list[str] = []

    def note(_c: object, _u: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        receipt(desk, STRANGER, *(f"me:{n}" for n in range(1_000_000, 1_004_000)))
        strangers = len(asked)
        receipt(desk, desk.chats["Ana"].account, *(f"me:{n}" for n in range(1_000_000, 1_004_000)))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert states(desk) == ["delivered", "delivered"]
    assert strangers < 20
    assert len(asked) < 60


def test_no_receipt_reads_a_whole_table(desk: Desk) -> None:
    if desk.store.dialect != "sqlite":
        return
    goes_out(desk, "Ana", "me:1")
    with whole_tables() as read:
        receipt(desk, desk.chats["Ana"].account, "me:1")
    assert (states(desk), read) == (["delivered"], [])


def test_of_a_receipt_without_end_the_newest_count(desk: Desk) -> None:
    goes_out(desk, "Ana", "me:1999999")
    receipt(desk, desk.chats["Ana"].account, *(f"me:{n}" for n in range(1_980_000, 2_000_000)))
    assert states(desk) == ["delivered"]


def test_a_row_that_a_turn_of_the_same_batch_has_read_is_not_put_back(desk: Desk) -> None:
    goes_out(desk, "Ana", "me:5")
    ana = desk.chats["Ana"]
    with desk.store.writing() as work:
        (row,) = work.outgoings_at("signal", "me:5")
        desk.engine.turns._receipts.came(work, read_by(ana.account, "me:5"))
        seen = work.outgoing(row.id)
        assert seen is not None
        work.put(seen)
        work.flush()
    assert states(desk) == ["read"]


def read_by(sender: str, ref: str) -> Any:
    return Inbound("signal", InboundKind.RECEIPT, sender, target_refs=(ref,), read=True)
