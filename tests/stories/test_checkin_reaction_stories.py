"""Reactions and changed messages as answers to a check-in, played as the other stories are."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner
from tests.stories.test_checkin_stories import script


@pytest.mark.parametrize("channels", ["[signal]", "[telegram]"])
def test_a_thumb_under_the_question_is_an_ok(manner: Manner, channels: str) -> None:
    steps = ["until: 2026-03-02T20:05", 'sami: {react: "👍"}', "until: 2026-03-02T23:30"]
    story = manner.play(script(*steps, channels=channels))
    assert story.texts("answer", who="sami") == ["Thank you. We have your OK."]
    assert story.cases == []
    assert story.out("reminder", "contact_alert") == []


def test_a_late_thumb_is_verified_by_an_officer(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T23:05", 'sami: {react: "👍"}', "wait: 1m"))
    assert [(c["status"], c["urgency"]) for c in story.cases] == [("open", "P2")]
    assert "Please verify" in story.texts("relay", who="ana")[0]
    assert story.out("all_clear") == []


def test_a_thumb_under_a_question_that_is_over_answers_no_other(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:05",
        "sami: ok",
        "until: 2026-03-03T19:00",
        'sami: {react: "👍"}',
        "until: 2026-03-03T20:31",
    ]
    story = manner.play(script(*steps))
    assert story.short("reminder") == ["03-03 19:30 sami signal reminder"]


def test_a_thumb_that_points_down_is_doubt(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:05", 'sami: {react: "👎"}', "wait: 3m"))
    assert [c["urgency"] for c in story.cases] == ["P1"]
    assert story.short("page", who="ana", channel="signal")[0] == "03-02 19:05 ana signal page"


def test_the_sign_for_an_emergency_is_one_as_a_reaction_too(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:05", 'sami: {react: "🆘"}', "wait: 1m"))
    assert [(c["source"], c["urgency"]) for c in story.cases] == [("sos", "P1")]
    assert story.short("receipt") == ["03-02 19:05 sami signal receipt"]


def test_a_message_that_was_changed_into_an_ok_is_asked_about(manner: Manner) -> None:
    steps = ["until: 2026-03-02T20:05", "sami: oj", "sami: {edit: ok}", "wait: 30m"]
    story = manner.play(script(*steps))
    assert story.texts("answer", who="sami")[-1].startswith("We have your answer. To be sure: are you OK?")
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


@pytest.mark.parametrize("answer", ["ok", '{react: "👍"}'])
def test_an_ok_to_what_an_officer_proposes_is_a_yes(manner: Manner, answer: str) -> None:
    steps = ["ana: checkin Sami daily 21:00", f"sami: {answer}", "until: 2026-03-02T20:01"]
    story = manner.play(script(*steps, protocol=""))
    assert "agrees" in story.texts("notice", who="ana")[0]
    assert story.short("prompt") == ["03-02 19:00 sami signal prompt"]
    assert story.cases == []


def test_two_people_are_asked_whether_to_go_public(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T23:05", 'ana: {react: "👍"}', "until: 2026-03-03T20:01"))
    told = [line for line in story.out("notice", channel="signal") if "go public" in line["text"]]
    assert {"ana", "carla"} <= {line["who"] for line in told}
    assert {line["at"] for line in told} == {"2026-03-03T19:00:00Z"}
