"""What piles up for one chat, on both databases: a flood from one person is few messages, whole and in order."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest

from alerts.events import OutboundKind, RawInbound, Sent
from bot.channels.pretend_frames import to_raw, write_location
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Consignment, Delivery
from tests.contract.test_delivery import Desk

_count = itertools.count(1)


@pytest.fixture
def desk(database: str) -> Iterator[Desk]:
    made = Desk(database)
    yield made
    made.store.close()


def frame(who: str, kind: str = "text", **more: object) -> RawInbound:
    number = next(_count)
    return to_raw(
        "signal", {"n": number, "from": account(who, "signal"), "kind": kind, "ref": f"m{number}", **more}
    )


def say(desk: Desk, *frames: RawInbound) -> None:
    desk.engine.accept(frames)
    while desk.engine.work_inbox().turns:
        pass


def all_sent(desk: Desk) -> list[Consignment]:
    """Everything that waits goes out, a message at a time."""
    delivery = Delivery(desk.engine, "signal", Budget())
    gone = []
    while claimed := delivery.claim(1):
        gone += claimed
        for one in claimed:
            desk.engine.settle(delivery.answered(one, Sent(f"me:{next(_count)}")))
    return gone


def to_ana(desk: Desk, sent: list[Consignment]) -> list[Consignment]:
    return [one for one in sent if one.address_id == desk.chats["Ana"].id]


def test_a_flood_from_one_person_is_few_messages_whole_and_in_order(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *(frame("sami", text=f"line {number}.") for number in range(400)))
    got = [one.outbound for one in to_ana(desk, all_sent(desk))]
    assert {one.kind for one in got} == {OutboundKind.RELAY}
    assert len(got) <= 6
    assert max(len(one.text) for one in got) <= 3500
    numbers = re.findall(r"line (\d+)\.", "\n".join(one.text for one in got))
    assert numbers == [str(number) for number in range(400)]


def test_a_page_of_somebody_else_waits_for_few_messages_of_a_flood(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *(frame("sami", text=f"line {number}.") for number in range(400)))
    say(desk, frame("nour", kind="unreadable"))  # a stranger's: P2, behind everything of a P1 case
    kinds = [one.outbound.kind for one in to_ana(desk, all_sent(desk))]
    assert OutboundKind.PAGE in kinds[:7]


def test_of_many_places_the_last_one_is_where_somebody_is(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    place = {"accuracy": None, "live": True, "ended": False}
    moves = [place | {"latitude": 33 + number / 100, "longitude": 35.5} for number in range(20)]
    say(desk, *(frame("sami", "live_update", target="m1", location=move) for move in moves))
    (one,) = (sent.outbound for sent in to_ana(desk, all_sent(desk)))
    assert one.text.count("📍") == 20
    assert one.location is not None
    assert write_location(one.location)["latitude"] == moves[-1]["latitude"]


def test_what_an_officer_writes_to_a_defender_goes_alone_and_a_few_words_too(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, frame("ana", text="take"))
    all_sent(desk)
    say(desk, *(frame("ana", text=f"I am with you {number}") for number in range(9)))
    assert len([one for one in all_sent(desk) if one.outbound.kind is OutboundKind.RELAY]) == 9
    say(desk, *(frame("sami", text=f"yes {number}") for number in range(3)))
    assert len([one for one in all_sent(desk) if one.outbound.kind is OutboundKind.RELAY]) == 3


def test_the_answer_to_a_bundle_is_for_the_case_it_is_about(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *(frame("sami", text=f"line {number}.") for number in range(20)))
    (bundle,) = to_ana(desk, all_sent(desk))
    with desk.store.reading() as work:
        row = work.outgoing(bundle.rows[-1])
        assert row is not None
        assert [r.case_id for r in work.outgoings_at("signal", row.ref)] == [row.case_id] * 20
