"""Whether others get what a channel takes, on both databases: what is asked when a canary's phone stays silent."""

from __future__ import annotations

from datetime import timedelta

from alerts.events import Sent
from alerts.store.figures import witnesses
from bot.channels.pretend_frames import to_raw
from bot.delivery import Budget, Delivery
from tests.contract.desks import START, Desk


def seen(
    desk: Desk,
    since: timedelta = timedelta(0),
    channel: str = "signal",
    patience: timedelta = timedelta(0),
) -> tuple[int, int]:
    with desk.store.reading() as work:
        return witnesses(work.connection, channel, START + since, desk.clock.now() - patience)


def test_one_receipt_among_those_who_were_sent_something_is_enough(desk: Desk) -> None:
    delivery = Delivery(desk.engine, "signal", Budget())
    for round_ in ("first", "second"):
        for name in ("Ana", "Ben", "Carla"):
            desk.waits(desk.chats[name], f"{round_} to {name}")
    assert seen(desk) == (0, 0)
    sent = {}
    for number in range(2):
        for one in delivery.claim(16):
            ref = f"ref-{one.address_id}-{number}"
            sent[one.outbound.text] = (one.outbound.address, ref)
            desk.engine.settle(delivery.answered(one, Sent(ref)))
    desk.clock.advance(timedelta(seconds=1))
    assert seen(desk) == (0, 3)
    assert seen(desk, channel="telegram") == (0, 0)
    who, ref = sent["second to Ben"]
    desk.engine.accept([to_raw("signal", {"n": 1, "from": who, "kind": "receipt", "targets": [ref]})])
    desk.engine.work_inbox()
    assert seen(desk) == (1, 2)
    assert seen(desk, patience=timedelta(minutes=5)) == (1, 0), (
        "a receipt counts at once, silence after a while"
    )
    assert seen(desk, timedelta(minutes=1)) == (0, 0), "only what was sent since"
