"""What piles up for one chat, on both databases: a flood from one person is few messages, whole and in order."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from alerts.events import OutboundKind, Sent
from alerts.sealing import Unsealable
from alerts.store import tables
from bot.channels.pretend_frames import write_location
from bot.delivery import Budget, Delivery
from tests.contract.desks import NUMBERS, Desk, all_sent, frame, say, spoil, to_ana, waiting


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


def _sent_in_time(desk: Desk) -> str:
    """What Ana gets within some minutes, three messages at a time, as the desk thread would go about it."""
    delivery = Delivery(desk.engine, "signal", Budget())
    said = []
    for _ in range(14):
        try:
            claimed = delivery.claim(3)
        except Unsealable:
            delivery.set_aside(64)
            claimed = []
        for one in claimed:
            said += [one.outbound.text] if one.address_id == desk.chats["Ana"].id else []
            desk.engine.settle(delivery.answered(one, Sent(f"me:{next(NUMBERS)}")))
        if not claimed:
            desk.clock.advance(timedelta(seconds=21))
    return "\n".join(said)


def test_a_relay_that_cannot_be_opened_takes_none_of_its_neighbours_with_it(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *(frame("sami", text=f"line {number}.") for number in range(10)))
    spoil(desk, waiting(desk, "relay")[6])
    assert re.findall(r"line (\d)\.", _sent_in_time(desk)) == [n for n in "0123456789" if n != "6"]


def test_a_page_that_cannot_be_opened_takes_none_of_its_neighbours_with_it(desk: Desk) -> None:
    for who in "abcdef":
        say(desk, frame(f"stranger{who}", text="SOS"))
    pages = waiting(desk, "page")
    spoil(desk, pages[4])
    said = _sent_in_time(desk)
    with desk.store.reading() as work:
        refs = [case.ref for case in work.unclosed_cases(desk.engine.rules.desk, 50)]
        rows = tables.outbox.c
        states = dict(work.connection.execute(select(rows.id, rows.state).where(rows.id.in_(pages))).all())
    assert sum(ref in said for ref in refs) >= 5
    assert [page for page in pages if states[page] == "refused"] == [pages[4]]


def test_what_is_new_does_not_stand_under_a_note_that_it_may_be_a_repeat(desk: Desk) -> None:
    say(desk, frame("sami", text="SOS"))
    all_sent(desk)
    say(desk, *(frame("sami", text=f"old {number}.") for number in range(6)))
    while Delivery(desk.engine, "signal", Budget()).claim(16):
        pass
    desk.engine.release()
    say(desk, *(frame("sami", text=f"new {number}.") for number in range(6)))
    got = [one.outbound.text for one in to_ana(desk, all_sent(desk))]
    assert all(text.startswith("(This may be a repeat.)") for text in got if "old" in text)
    assert not any(text.startswith("(This may be a repeat.)") for text in got if "new" in text)
    assert re.findall(r"(old|new) (\d)", "\n".join(got)) == [
        (w, str(n)) for w in ("old", "new") for n in range(6)
    ]
