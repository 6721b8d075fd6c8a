"""A defender's own emergency plan, and contacts who are asked even when nothing was delivered: told as chats."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from alerts.events import LONG_TEXT
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import BOTH, Chat, chat

WATCHED = Character(
    "sami", BOTH, verified=True, contacts=("lina",), check_in=CheckInPlan("elevated", (time(11, 0),))
)
LINA = Character("lina", ("signal",))
PLAN = "If they arrest me, call Lina.\nDo not call the police before her."


def notes(it: Chat, who: str) -> str:
    person = it.person(who)
    assert person is not None
    return person.notes


@pytest.mark.parametrize(
    ("language", "command"),
    [
        ("English", "/plan"),
        ("English", "plan:"),
        ("English", "My plan:"),
        ("español", "/plan"),
        ("español", "plan de emergencia:"),
        ("français", "plan d’urgence :"),
        ("العربية", "/خطتي"),
        ("العربية", "خطة الطوارئ:"),
    ],
)
def test_a_plan_is_kept_word_for_word_and_pages_nobody(language: str, command: str) -> None:
    with chat(WATCHED, LINA) as it:
        it.says("sami", f"/language {language}")
        it.says("sami", f"{command} {PLAN}")
        assert notes(it, "sami") == PLAN
        assert not it.new("ana")
        assert "Lina" not in "".join(it.texts("sami"))


def test_the_desk_sees_the_plan_at_its_rung_and_the_phone_never_again(database: str) -> None:
    with chat(WATCHED, LINA, database=database) as it:
        it.says("sami", f"/plan {PLAN}")
        assert it.told("sami", "plan.kept")
        it.says("sami", "my plan")
        assert it.told("sami", "plan.has")
        assert "police" not in "".join(it.texts("sami"))
        it.waits(hours=5, minutes=5)
        assert any("Do not call the police" in text for text in it.texts("carla"))


def test_a_plan_is_replaced_and_deleted() -> None:
    with chat(WATCHED, LINA) as it:
        it.says("sami", "/plan")
        assert it.told("sami", "plan.none")
        it.says("sami", "/plan call my sister")
        assert not it.new("ana")
        it.says("sami", "plan: call my brother")
        assert notes(it, "sami") == "call my brother"
        assert it.told("ana", "notice.plan_changed", name="Sami"), "a phone can be taken"
        it.says("sami", "plan: call my brother")
        assert not it.new("ana")
        it.says("sami", "/plan " + "x" * 3001)
        assert it.told("sami", "plan.too_long", count=3000)
        assert notes(it, "sami") == "call my brother"
        it.says("sami", "delete plan")
        assert it.told("sami", "plan.deleted")
        assert notes(it, "sami") == ""
        assert it.told("ana", "notice.plan_changed", name="Sami")


@pytest.mark.parametrize(
    "words", ["/plan SOS", "plan they are taking me now", "the plan: they are taking me now"]
)
def test_an_alarm_is_never_taken_for_a_plan(words: str) -> None:
    with chat(WATCHED, LINA) as it:
        it.says("sami", words)
        assert it.new("ana", "page")
        assert notes(it, "sami") == ""


def test_a_plan_that_tells_of_something_happening_is_kept_and_calls_the_desk_as_well() -> None:
    with chat(WATCHED, LINA) as it:
        it.says("sami", "/plan they are breaking my door now, help")
        assert [line["urgency"] for line in it.new("ana", "page")] == ["P2", "P2"]
        assert it.told("sami", "plan.kept")
        assert it.told("sami", "doubt")
        assert notes(it, "sami") == "they are breaking my door now, help"
        it.waits(minutes=2)
        assert {line["urgency"] for line in it.new("ana", "page")} == {"P1"}


def test_while_a_check_in_waits_alarming_words_are_an_alarm_whatever_stands_before_them() -> None:
    with chat(WATCHED, LINA) as it:
        it.waits(hours=2, minutes=5)
        it.says("sami", "/plan they are taking me now")
        assert it.new("ana", "page")


def test_whoever_is_no_defender_has_no_plan() -> None:
    with chat("nour", WATCHED, LINA) as it:
        it.says("nour", "/plan they are taking me now")
        assert it.new("ana", "page")
        it.says("lina", "/plan call somebody")
        assert notes(it, "lina") == ""
        assert it.new("ana")


@pytest.mark.parametrize("always", [True, False])
def test_contacts_are_asked_about_somebody_out_of_reach_only_if_they_chose_it(always: bool) -> None:
    with chat(replace(WATCHED), LINA) as it:
        it.says("sami", "contacts always")
        assert it.told("sami", "contact.always")
        if not always:
            it.says("sami", "contacts not always")
            assert it.told("sami", "contact.delivered")
        for channel in BOTH:
            it.stage.network.set_person("sami", channel, "refused")
        it.waits(hours=2, minutes=50)
        assert bool(it.new("lina", "contact_alert")) is always


def test_half_a_plan_is_not_kept_for_a_whole_one() -> None:
    # Signal cuts a text above 2,000 bytes, which is 1,000 letters of Arabic, and sends the whole as a file.
    with chat(WATCHED, LINA) as it:
        whole = {"id": "1", "content_type": LONG_TEXT, "size": 2_400}
        frame = {"n": 9_000, "from": account("sami", "signal"), "kind": "text", "ref": "9", "files": [whole]}
        it.stage.engine.accept([to_raw("signal", frame | {"text": f"/plan {PLAN}"})])
        it.stage.engine.work_inbox()
        assert not notes(it, "sami")
        it.stage.pump()
        assert it.told("sami", "plan.too_long", count=len(PLAN))
