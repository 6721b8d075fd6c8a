"""What goes next to one chat, on both databases: words in the order in which they were said, and nobody's many messages
before somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from alerts.events import OutboundKind, RawInbound, RetryAt, Sent
from alerts.records import replace
from alerts.store import tables
from bot.conversations import CASES, GIVES_WAY, KNOWN, STREAK
from bot.delivery import Budget, Consignment, Delivery
from tests.contract.desks import NUMBERS, Desk, all_sent, frame, say, spoil, to_ana, waiting

LONG = " and nobody has come" * 60
"""Three such lines fill a message."""
VERY_LONG = " and nobody has come" * 160


def lines(who: str, count: int, tail: str = ".", start: int = 0) -> list[RawInbound]:
    return [frame(who, text=f"{who} {number}{tail}") for number in range(start, start + count)]


def said(consignments: list[Consignment], who: str) -> list[int]:
    text = "\n".join(one.outbound.text for one in consignments)
    return [int(number) for number in re.findall(rf"{who} (\d+)", text)]


def one_by_one(desk: Desk, delivery: Delivery, most: int = 1_000) -> list[Consignment]:
    """What goes to Ana now, a message at a time; everything is taken."""
    gone: list[Consignment] = []
    while len(gone) < most and (claimed := delivery.claim(1)):
        gone += claimed
        for one in claimed:
            desk.engine.settle(delivery.answered(one, Sent(f"me:{next(NUMBERS)}")))
    return to_ana(desk, gone)


def fails_once(desk: Desk, delivery: Delivery, outcome: RetryAt) -> Consignment:
    (one,) = to_ana(desk, delivery.claim(16))
    desk.engine.settle(delivery.answered(one, outcome))
    return one


@pytest.mark.parametrize("tail", [LONG, VERY_LONG])
def test_a_page_and_words_of_others_wait_for_few_messages_of_a_flood_of_any_length(
    desk: Desk, tail: str
) -> None:
    for who in ("sami", "nour"):
        say(desk, frame(who, text="SOS"))
        all_sent(desk)
    say(desk, *lines("sami", 100, tail))
    say(desk, frame("lina", kind="unreadable"))  # a stranger's: P2, behind everything of a P1 case
    say(desk, *lines("nour", 2))
    got = one_by_one(desk, Delivery(desk.engine, "signal", Budget()))
    kinds = [one.outbound.kind for one in got]
    assert kinds.index(OutboundKind.PAGE) <= 5
    assert next(place for place, one in enumerate(got) if "nour" in one.outbound.text) <= 7
    assert said(got, "sami") == list(range(100)), "nothing is dropped, and all of it in order"


def test_two_who_write_without_a_pause_do_not_shut_out_a_third(desk: Desk) -> None:
    for who in ("sami", "nour", "lina"):
        say(desk, frame(who, text="SOS"))
        all_sent(desk)
    say(desk, *lines("sami", 60, VERY_LONG), *lines("nour", 60, VERY_LONG))
    say(desk, *lines("lina", 1))
    got = one_by_one(desk, Delivery(desk.engine, "signal", Budget()))
    assert next(place for place, one in enumerate(got) if "lina" in one.outbound.text) <= 10
    for who in ("sami", "nour"):
        assert said(got, who) == list(range(60))


def test_what_is_less_urgent_does_not_hold_up_who_is_in_danger(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    ana = desk.chats["Ana"]
    for number in range(40):
        desk.waits(ana, f"notice {number}")
    say(desk, *lines("sami", 20, VERY_LONG))
    got = one_by_one(desk, Delivery(desk.engine, "signal", Budget()))
    last = max(place for place, one in enumerate(got) if "sami" in one.outbound.text)
    assert last <= 30
    assert said(got, "sami") == list(range(20))


def test_many_long_messages_are_put_together_as_far_as_they_fit(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *lines("sami", 30, LONG[:1000]))
    got = one_by_one(desk, Delivery(desk.engine, "signal", Budget()))
    assert len(got) <= 12
    assert max(len(one.outbound.text) for one in got) <= 3500
    assert said(got, "sami") == list(range(30))


@pytest.mark.parametrize("more", [2, 9])
def test_nothing_of_a_conversation_overtakes_what_waits_for_its_next_try(desk: Desk, more: int) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, *lines("sami", 1))
    fails_once(desk, delivery, RetryAt(2.0, "server_error"))
    say(desk, *lines("sami", more, start=1))
    assert to_ana(desk, delivery.claim(16)) == []
    desk.clock.advance(timedelta(seconds=3))
    assert said(one_by_one(desk, delivery), "sami") == list(range(1 + more))


def test_words_that_wait_for_their_next_try_hold_up_neither_pages_nor_other_people(desk: Desk) -> None:
    for who in ("sami", "nour"):
        say(desk, frame(who, text="SOS"))
        all_sent(desk)
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, *lines("sami", 1))
    fails_once(desk, delivery, RetryAt(2.0, "server_error"))
    say(desk, *lines("sami", 50, start=1))
    say(desk, frame("lina", kind="unreadable"))
    say(desk, *lines("nour", 1))
    got = one_by_one(desk, delivery)
    assert [one.outbound.kind for one in got] == [OutboundKind.RELAY, OutboundKind.PAGE]
    assert said(got, "nour") == [0]
    desk.clock.advance(timedelta(seconds=3))
    assert said(one_by_one(desk, delivery), "sami") == list(range(51))


def test_what_was_said_before_a_case_grew_more_urgent_is_still_said_first(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *lines("sami", 1))
    with desk.store.writing() as work:
        work.connection.execute(
            update(tables.outbox).where(tables.outbox.c.kind == "relay").values(priority=210, urgency=2)
        )
    say(desk, *lines("sami", 1, start=1))
    assert said(one_by_one(desk, Delivery(desk.engine, "signal", Budget())), "sami") == [0, 1]


def test_words_that_the_channel_chokes_on_again_and_again_do_not_keep_back_the_rest_for_good(
    desk: Desk,
) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, *lines("sami", 1))
    say(desk, *lines("sami", 2, start=1))
    got: list[Consignment] = []
    for _ in range(30):
        while claimed := delivery.claim(1):
            for one in claimed:
                bad = "sami 0" in one.outbound.text
                got += [] if bad else to_ana(desk, [one])
                outcome = RetryAt(2.0, "server_error") if bad else Sent(f"me:{next(NUMBERS)}")
                desk.engine.settle(delivery.answered(one, outcome))
        desk.clock.advance(timedelta(seconds=3))
    assert said(got, "sami") == [1, 2]


def test_a_channel_that_was_down_gives_the_words_back_in_order(desk: Desk) -> None:
    say(desk, frame("nour", text="I will be at the court on Friday"))  # P4: up to a minute between two tries
    all_sent(desk)
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, *lines("nour", 6, VERY_LONG))
    for _ in range(20):
        for one in delivery.claim(16):
            down = RetryAt(1.0, "unreachable", whole_channel=True)
            desk.engine.settle(delivery.answered(one, down))
        desk.clock.advance(timedelta(seconds=2))
    got: list[Consignment] = []
    for _ in range(60):
        got += one_by_one(desk, delivery)
        desk.clock.advance(timedelta(seconds=2))
    assert said([one for one in got if one.outbound.kind is OutboundKind.RELAY], "nour") == list(range(6))


def test_nothing_overtakes_what_another_node_is_handing_over(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *lines("sami", 2))
    first = Delivery(desk.engine, "signal", Budget())
    (handed,) = to_ana(desk, first.claim(16))
    second = Delivery(desk.engine, "signal", Budget())
    second.conversations.single = False
    assert to_ana(desk, second.claim(16)) == []
    desk.engine.settle(first.answered(handed, Sent(f"me:{next(NUMBERS)}")))
    assert said(to_ana(desk, second.claim(16)), "sami") == [1]


def test_what_cannot_be_opened_behind_words_that_wait_holds_nobody_up(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, *lines("sami", 1))
    fails_once(desk, delivery, RetryAt(3.0, "server_error"))
    say(desk, *lines("sami", 1, start=1))
    say(desk, frame("lina", kind="unreadable"))
    spoil(desk, next(row for row in waiting(desk, "page")))
    assert to_ana(desk, delivery.claim(1)) == [], (
        "the first words wait for their retry, and it does not go round"
    )
    desk.clock.advance(timedelta(seconds=3))
    assert said(to_ana(desk, delivery.claim(1)), "sami") == [0]


DOWN = RetryAt(1.0, "unreachable", whole_channel=True)


def a_dead_channel(desk: Desk) -> tuple[Delivery, Consignment]:
    """What goes next through a channel that has been down for ten seconds, with an alarm waiting behind it."""
    delivery = Delivery(desk.engine, "signal", Budget())
    say(desk, frame("sami", text="SOS"))
    say(desk, frame("nour", text="SOS"))
    for _ in range(10):
        for one in delivery.claim(16):
            desk.engine.settle(delivery.answered(one, DOWN))
        desk.clock.advance(timedelta(seconds=1))
    (one,) = delivery.claim(1)
    say(desk, frame("lina", text="SOS"))
    return delivery, one


def test_one_chats_own_limit_is_none_of_the_others_while_the_channel_is_down(desk: Desk) -> None:
    delivery, one = a_dead_channel(desk)
    slow = RetryAt(300.0, "rate_limited", obey=True)
    assert [answer.outgoing_id for answer in delivery.answered(one, slow)] == list(one.rows)


def test_an_answer_counts_though_it_cannot_be_seen_who_else_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, one = a_dead_channel(desk)

    def away() -> None:
        raise OperationalError("", None, Exception("away"))

    monkeypatch.setattr(desk.engine.store, "reading", away)
    assert [answer.outgoing_id for answer in delivery.answered(one, DOWN)] == list(one.rows)


def test_what_is_kept_in_mind_of_messages_that_fail_does_not_grow_and_still_counts(desk: Desk) -> None:
    talks = Delivery(desk.engine, "signal", Budget()).conversations
    wrong = RetryAt(2.0, "server_error")
    for number in range(3 * KNOWN):
        talks.answered([f"gone {number}"], OutboundKind.RELAY, wrong)  # never heard of again
        if number % (KNOWN // 2) == 0:
            talks.answered(["tried again and again"], OutboundKind.RELAY, wrong)
    assert len(talks._failed) <= KNOWN
    assert talks._failed["tried again and again"] >= GIVES_WAY


def test_what_is_kept_in_mind_of_who_had_a_turn_does_not_grow_and_still_counts(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *lines("sami", 1))
    with desk.store.reading() as work:
        row = work.outgoing(waiting(desk, "relay")[0])
    assert row is not None
    talks = Delivery(desk.engine, "signal", Budget()).conversations
    for number in range(3 * KNOWN):
        talks.goes(replace(row, case_id=f"case {number}"))
        talks.goes(replace(row, address_id=f"chat {number}"))
        if number % (CASES // 2) == 0:
            talks.goes(row)
    assert len(talks._gone) <= KNOWN
    assert len(talks._gone[row.address_id]) <= CASES
    assert talks._gone[row.address_id][row.case_id or ""][0] >= STREAK
