"""An officer in danger, and what signal-cli hands over twice: nobody's phone silences its own alarm."""

from __future__ import annotations

import pytest

from alerts.cases import Case, CaseStatus
from alerts.events import Location
from alerts.people import Standing
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.rehearsal.script import Character
from handlers.loader import BOARD
from tests.contract.test_laws import frame
from tests.stories.chat import BOTH, Chat, chat


def only_case(it: Chat) -> Case:
    with it.stage.engine.store.reading() as work:
        (case,) = work.all_cases("main")
    return case


def test_an_officer_neither_takes_nor_closes_an_alarm_of_their_own(database: str) -> None:
    with chat(database=database) as it:
        it.says("ana", "SOS")
        ref = only_case(it).ref
        for words in (f"/take {ref}", f"close {ref} safe", f"/close {ref}", "1"):
            it.says("ana", words)
            assert only_case(it).status is CaseStatus.OPEN, words
        it.says("ana", f"/take {ref}")
        assert it.told("ana", "desk.own_case", ref=ref)
        it.waits(minutes=2)
        assert it.new("ben", "page") or it.new("carla", "page"), "it goes on calling"
        it.says("ben", f"take {ref}")
        it.says("ana", f"take {ref}")
        assert only_case(it).taken_by == getattr(it.person("ben"), "id", None)
        it.says("ben", f"close {ref} safe")
        assert only_case(it).status is CaseStatus.CLOSED
        it.says("ana", f"reopen {ref}")
        assert only_case(it).status is CaseStatus.CLOSED


def test_a_plan_in_reply_to_ones_own_alarm_takes_nothing(database: str) -> None:
    with chat(database=database) as it:
        it.says("ana", "SOS")
        it.says("ben", "note she does not answer her telephone")
        it.does("ana", reply="plan is to go home, all is well")
        assert only_case(it).planned_at is None
        assert any("go home" in text for text in it.texts("ben")), "she says it to the desk"
        it.says("ana", f"/plan {only_case(it).ref} go home")
        assert only_case(it).planned_at is None
        it.says("ana", "1")
        assert only_case(it).status is CaseStatus.OPEN
        it.waits(minutes=2)
        assert it.new("ben", "page") or it.new("carla", "page"), "it goes on calling"


def test_with_nobody_else_at_the_desk_one_can() -> None:
    with chat(officers=("ana",), lead="") as it:
        it.says("ana", "SOS")
        it.says("ana", f"close {only_case(it).ref} safe")
        assert only_case(it).status is CaseStatus.CLOSED


def test_the_photo_of_an_officer_in_danger_reaches_the_desk() -> None:
    with chat() as it:
        it.says("ana", "SOS")
        it.says("ben", "take")
        it.does("ana", photo=True)
        name = only_case(it).ref
        assert it.told("ben", "file.passed", ref=name, name="Ana")
        assert not it.told("ana", "file.passed", ref=name, name="Ana")


def test_a_message_that_signal_hands_over_twice_freezes_nobody() -> None:
    with chat("nour") as it:
        for number, name in enumerate(("DuplicateMessageException", "org.signal.DuplicateMessageException")):
            frame = {
                "n": 9_000 + number,
                "from": account("ana", "signal"),
                "kind": "unreadable",
                "text": name,
            }
            it.stage.engine.accept([to_raw("signal", frame)])
        it.stage.pump()
        assert getattr(it.person("ana"), "status", None) is Standing.ACTIVE
        assert not it.new("ben")


def test_many_alarms_of_strangers_do_not_cut_an_officer_off_from_who_is_in_her_care(database: str) -> None:
    crowd = [f"passer{number}" for number in range(BOARD + 5)]
    sami = Character("sami", BOTH, verified=True)
    with chat(sami, *crowd, database=database, restarts=False) as it:
        it.says("sami", "may I ask about the grant").says("ana", "take").says("ana", "Of course")
        engine = it.stage.engine
        engine.accept([frame(who, 1_000 + number, "SOS") for number, who in enumerate(crowd)])
        while engine.work_inbox().full:
            pass
        it.says("ana", "Do you still need it?")
        assert any("still need it" in text for text in it.texts("sami"))
        it.says("carla", "remove Ana")
        with engine.store.reading() as work:
            (grant,) = [case for case in work.all_cases("main") if case.verified]
        assert grant.status is CaseStatus.OPEN, "it is for the others now"


def test_the_first_word_of_a_case_is_heard_at_night_though_the_one_on_call_takes_nothing() -> None:
    with chat("nour") as it:
        it.waits(hours=16)
        for channel in BOTH:
            it.stage.network.set_person("ana", channel, "refused")
        it.says("nour", "hello I need a person")
        assert [line for line in it.new("ben") if "hello I need a person" in line["text"]]


@pytest.mark.parametrize("what", ["voice", "pin"])
def test_a_voice_note_or_a_pin_that_quotes_an_old_message_is_out_of_the_blue_all_the_same(what: str) -> None:
    with chat(Character("sami", BOTH, verified=True)) as it:
        it.says("sami", "/help")
        network, old = it.stage.network, it.stage.network.last_theirs("sami", "signal").ref
        it.waits(days=2)
        it.shown = len(it.lines)
        if what == "voice":
            network.attach(
                "sami", "signal", data=b"a", content_type="audio/ogg", name="v", voice=True, quote=old
            )
        else:
            network.pin("sami", "signal", location=Location(33.89, 35.5), quote=old)
        it.stage.pump()
        assert [line["urgency"] for line in it.new("ana", "page") if line["channel"] == "signal"] == ["P1"]
