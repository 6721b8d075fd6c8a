"""A yes to "are you OK?", and what looks like one and is none."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story
from tests.stories.test_checkin_stories import script

ASKED = "until: 2026-03-02T20:05"
LATER = "until: 2026-03-02T20:31"
TO_BE_SURE = "We have your answer. To be sure: are you OK?"


def answered(*steps: str, manner: Manner | None = None, **more: str) -> Story:
    """Sami is asked at 20:00 at the desk; what comes then is told by whether half an hour later we ask again."""
    return (manner or Manner()).play(script(ASKED, *steps, LATER, **more))


def test_a_yes_is_an_ok(manner: Manner) -> None:
    story = answered("sami: Yes", manner=manner)
    assert story.texts("answer", who="sami") == ["Thank you. We have your OK."]
    assert story.out("reminder") == []
    assert story.cases == []


@pytest.mark.parametrize("said", ["I am fine", "sí, gracias", "oui, ça va", "نعم الحمد لله", "👍🏽"])
def test_so_is_what_says_as_much(said: str) -> None:
    story = answered(f'sami: "{said}"')
    assert story.out("question") != [], "how they are is asked after an OK"
    assert story.out("reminder") == []


@pytest.mark.parametrize("said", ["yes?", "ok 😢", "eh", "yes but", "not sure"])
def test_what_is_not_plainly_an_ok_is_asked_about_and_the_question_waits(said: str) -> None:
    story = answered(f'sami: "{said}"')
    assert story.out("question") == []
    assert "1. OK" in story.texts("answer", who="sami")[-1]
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


@pytest.mark.parametrize("said", ["not ok", "no", "yes they are here"])
def test_what_may_be_a_cry_for_help_is_one(said: str) -> None:
    story = answered(f'sami: "{said}"')
    assert [case["urgency"] for case in story.cases] == ["P1"]
    assert story.out("page", who="ana") != []


def test_a_yes_to_something_else_is_none() -> None:
    # The last that they read on that phone is no question how they are.
    story = answered("sami: checkins", "sami: yes")
    assert story.texts("answer", who="sami")[-1].startswith(TO_BE_SURE)
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


def test_a_yes_to_more_time_is_none() -> None:
    story = Manner().play(script(ASKED, 'sami: "3"', "sami: yes", "until: 2026-03-02T21:01"))
    assert story.texts("answer", who="sami")[-1].startswith(TO_BE_SURE)
    assert story.short("reminder") == ["03-02 20:00 sami signal reminder"]


def test_a_thumb_under_more_time_is_asked_about() -> None:
    story = Manner().play(script(ASKED, 'sami: "3"', 'sami: {react: "👍"}', "until: 2026-03-02T21:01"))
    assert story.texts("answer", who="sami")[-1].startswith(TO_BE_SURE)
    assert story.short("reminder") == ["03-02 20:00 sami signal reminder"]


def test_a_yes_to_the_officer_is_the_officers() -> None:
    steps = ["sami: a question about the grant", "ana: take", ASKED, "ana: is your office open?", "sami: yes"]
    story = Manner().play(script(*steps, LATER))
    assert [text for text in story.texts("relay", who="ana") if text.endswith("yes")] != []
    assert "Thank you. We have your OK." not in story.texts("answer", who="sami")
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


def test_a_yes_after_being_asked_to_be_sure_is_an_ok() -> None:
    story = answered("sami: checkins", "sami: yes", "sami: yes")
    assert "Thank you. We have your OK." in story.texts("answer", who="sami")
    assert story.out("reminder") == []


def test_a_yes_to_a_newer_question_agrees_to_no_older_proposal() -> None:
    story = Manner().play(script("ana: checkin Sami daily 10:00 elevated", ASKED, "sami: yes", LATER))
    assert "Thank you. We have your OK." in story.texts("answer", who="sami")
    assert story.out("notice", who="ana") == []


def test_a_yes_without_the_secret_word_is_none() -> None:
    story = Manner().play(script("sami: /okword Blue heron", ASKED, "sami: yes", LATER))
    assert story.texts("answer", who="sami")[-1].startswith(TO_BE_SURE)
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]
