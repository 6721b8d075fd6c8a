"""What alerted trusted contacts write before the desk's rung, played as the other stories are."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner
from tests.stories.test_checkin_stories import script

ALERTED = "until: 2026-03-02T22:30"
"""Half an hour after the contacts were alerted, half an hour before the desk's rung."""


def test_an_alarm_of_an_alerted_contact_is_the_defenders_case(manner: Manner) -> None:
    story = manner.play(script(ALERTED, "lina: SOS they took him", "until: 2026-03-02T23:05"))
    assert [(c["person"], c["urgency"], c["source"]) for c in story.cases] == [("sami", "P1", "check_in")]
    assert story.short("page", who="ana", channel="signal")[0] == "03-02 21:30 ana signal page"
    assert "(trusted contact) SOS they took him" in story.texts("page", who="ana", channel="signal")[0]
    assert story.short("receipt") == [
        "03-02 21:30 lina signal receipt"
    ]  # none to the defender, who is silent
    assert "the desk is being called now" in story.texts("receipt", who="lina")[0]


def test_an_ok_after_a_contacts_alarm_is_verified(manner: Manner) -> None:
    steps = [ALERTED, "lina: SOS they took him", 'sami: "1"', "wait: 1m"]
    story = manner.play(script(*steps))
    assert [c["status"] for c in story.cases] == ["open"]
    assert "Please verify" in story.texts("relay", who="ana")[0]
    assert story.out("all_clear", "question") == []


def test_a_contacts_alarm_is_what_the_page_says_though_a_case_is_open(manner: Manner) -> None:
    steps = ["until: 2026-03-02T20:10", "sami: I lost my bag", ALERTED, "lina: SOS they took him", "wait: 1m"]
    story = manner.play(script(*steps))
    assert [c["urgency"] for c in story.cases] == ["P1"]
    assert "SOS they took him" in story.texts("page", who="ana", channel="signal")[0]


def test_what_a_contact_was_asked_for_is_no_alarm_out_of_the_blue(manner: Manner) -> None:
    story = manner.play(script(ALERTED, "lina: {voice: true}", "wait: 1m"))
    assert [(c["person"], c["urgency"]) for c in story.cases] == [("sami", "P3")]


def test_taking_what_a_contact_wrote_says_nothing_to_the_defender(manner: Manner) -> None:
    steps = [ALERTED, "lina: he was at the market", 'ana: {react: "👍"}', "until: 2026-03-02T22:59"]
    story = manner.play(script(*steps))
    assert story.out("receipt", who="sami") == []


def test_the_all_clear_comes_once(manner: Manner) -> None:
    steps = [ALERTED, "lina: he was at the market", "sami: ok", 'ana: {react: "👍"}', "ana: close safe"]
    story = manner.play(script(*steps))
    assert story.short("all_clear") == ["03-02 21:30 lina signal all_clear"]


def test_a_contacts_thumb_reaches_whoever_has_the_case(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T23:01", 'lina: {react: "👍"}'))
    assert story.texts("relay", who="ana")[0].endswith("👍")


def test_whoever_pauses_while_a_question_waits_is_asked_whether_that_is_their_answer(manner: Manner) -> None:
    for command in ("pause 2d", "stop checkins"):
        story = manner.play(script("until: 2026-03-02T20:10", f"sami: {command}", 'sami: "1"', "wait: 5h"))
        assert "To be sure: are you OK?" in story.texts("answer", who="sami")[1]
        assert story.cases == []


TWO = """
zone: Europe/Brussels
start: 2026-03-02T18:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal], verified: true, contacts: [lina], check_in: {protocol: routine, times: ["19:00"]}}
  nour: {channels: [signal], verified: true, contacts: [lina], check_in: {protocol: routine, times: ["19:30"]}}
steps:
  - until: 2026-03-02T21:40
"""


@pytest.mark.parametrize("said", ['{reply: "He is in the hospital"}', '"He is in the hospital"'])
def test_a_contact_of_two_is_heard_about_the_one_they_were_asked_about(manner: Manner, said: str) -> None:
    story = manner.play(f"{TWO}  - lina: {said}\n  - wait: 1m\n")
    assert [case["person"] for case in story.cases] == ["nour"]


def test_what_a_contact_of_two_wrote_before_keeps_nothing_from_the_other(manner: Manner) -> None:
    early = TWO.replace("21:40", "21:10") + "  - lina: He is at home\n  - until: 2026-03-02T21:31\n"
    story = manner.play(f"{early}  - lina: She is in the hospital\n  - wait: 1m\n")
    assert [case["person"] for case in story.cases] == ["sami", "nour"]
