"""A secret OK word, played as the other stories are."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner
from tests.stories.test_checkin_stories import script

SET = "sami: /okword Blue heron"
ASKED = "until: 2026-03-02T20:05"


def test_only_the_word_is_an_ok(manner: Manner) -> None:
    wrong = ['sami: "1"', "sami: ok", "sami@telegram: fine", 'sami: {react: "👍"}', "sami: heron"]
    story = manner.play(script(SET, ASKED, *wrong, "until: 2026-03-02T20:31"))
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]
    assert story.out("question") == []
    said = story.texts("answer", who="sami")[1:]
    assert all("word" not in text and "heron" not in text.casefold() for text in said)


@pytest.mark.parametrize("said", ["blue heron", "Blue Heron.", "Blué herön", "BLUE HERON all is well"])
def test_the_word_is_an_ok_however_it_is_written(manner: Manner, said: str) -> None:
    story = manner.play(script(SET, ASKED, f'sami@telegram: "{said}"', "until: 2026-03-02T23:30"))
    assert story.texts("answer", who="sami")[-1] == "Thank you. We have your OK."
    assert story.cases == []


def test_an_ok_without_the_word_looks_the_same_once_the_desk_looks_for_them(manner: Manner) -> None:
    late = "until: 2026-03-02T23:05"
    without, with_it = (
        manner.play(script(SET, late, f"sami: {said}", "wait: 1m")) for said in ("ok", "blue heron")
    )
    assert without.texts("answer", who="sami") == with_it.texts("answer", who="sami")
    assert "without their secret word" in without.texts("relay", who="ana")[0]
    assert "Please verify" in with_it.texts("relay", who="ana")[0]
    assert "heron" not in with_it.texts("relay", who="ana")[0]


def test_the_desk_hears_that_a_word_was_changed_and_never_which(manner: Manner) -> None:
    story = manner.play(script(SET, "sami: /okword off", "sami: /okword off", ASKED, "sami: ok", "wait: 3h"))
    changed, removed = story.texts("notice", who="ana", channel="signal")
    assert "has changed" in changed
    assert "has removed" in removed
    off, again = story.texts("answer", who="sami")[1:3]
    assert off == again, "whether there was one is not told"
    assert not [line for line in story.out() if "heron" in line["text"].casefold()]
    assert story.cases == []


@pytest.mark.parametrize(
    "said", ["end timer", "extend 3h", "stop checkins", "pause 20d", "quiet 20:00-19:00"]
)
def test_the_desk_hears_who_is_asked_no_more_without_the_word(manner: Manner, said: str) -> None:
    timer = "sami: timer 2h court"
    without, with_word = (
        manner.play(script(*first, timer, f"sami: {said}", "wait: 1m")) for first in ([], [SET])
    )
    told = [text for text in without.texts("notice", who="ana") if "has paused or stopped" in text]
    assert len(told) == (said in ("stop checkins", "pause 20d"))
    assert without.texts("answer", who="sami") == with_word.texts("answer", who="sami")[1:]
    assert "takes no secret OK word" in with_word.texts("notice", who="ana", channel="signal")[-1]
    assert len(with_word.out("notice", channel="signal")) == 2


def test_what_is_an_answer_or_an_alarm_is_no_word(manner: Manner) -> None:
    story = manner.play(script("sami: /okword fine", 'sami: "/okword 12"', ASKED, "sami: ok"))
    assert [text.split(".")[0] for text in story.texts("answer", who="sami")[:2]] == [
        "Nothing was changed"
    ] * 2
    assert story.texts("answer", who="sami")[-1] == "Thank you. We have your OK."
    alarm = manner.play(script("sami: /okword SOS", "wait: 1m"))
    assert [c["urgency"] for c in alarm.cases] == ["P1"]


def test_nobody_changes_it_while_a_question_waits(manner: Manner) -> None:
    story = manner.play(script(SET, ASKED, "sami: /okword off", "sami: ok", "until: 2026-03-02T20:31"))
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


def test_help_and_an_alarm_need_no_word(manner: Manner) -> None:
    story = manner.play(script(SET, ASKED, 'sami: "4"', "wait: 1m"))
    assert [(c["source"], c["urgency"]) for c in story.cases] == [("sos", "P1")]
