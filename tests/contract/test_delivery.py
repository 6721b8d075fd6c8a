"""What delivery hands over: one message a chat at a time, and nobody's many messages before somebody else's."""

from __future__ import annotations

from datetime import timedelta

from alerts.events import OutboundKind, Sent
from alerts.outbox import Guard, SendState
from alerts.store import queues
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Delivery
from tests.contract.desks import START, Desk


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
