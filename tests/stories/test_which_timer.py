"""Timers that are ended by arriving, and which of several is meant."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story
from tests.stories.test_checkin_stories import script

TWO = ("sami: timer 2h court", "sami: timer 3h bus")
THANKS = "Thank you. We have your OK."


def play(*steps: str, manner: Manner | None = None) -> Story:
    """Sami at 18:00 at the desk, 19:00 on his own clock, without periodic check-ins."""
    return (manner or Manner()).play(script(*steps, protocol=""))


def test_arriving_ends_the_only_timer(manner: Manner) -> None:
    story = play("sami: timer 1h bus", "sami: arrived", "wait: 3h", manner=manner)
    assert story.texts("answer", who="sami")[-1] == "Timer bus has ended. Thank you."
    assert story.out("prompt", "page") == []
    assert story.cases == []


@pytest.mark.parametrize(
    "said", ["I'm home!", "Back safe 👍", "home safe", "ya llegué", "Bien rentrée.", "وصلت بخير"]
)
def test_however_it_is_said(said: str) -> None:
    story = play("sami: timer 1h bus", f'sami: "{said}"', "wait: 2h")
    assert story.out("prompt", "page") == []
    assert story.cases == []


@pytest.mark.parametrize(
    "said", ["arrived?", "they arrived", "I am home alone and scared", "not home", "nearly home"]
)
def test_what_is_no_arriving_ends_nothing(said: str) -> None:
    story = play("sami: timer 1h bus", f'sami: "{said}"', "wait: 59m", "wait: 2m")
    assert story.short("prompt") == ["03-02 18:00 sami signal prompt"] or story.out("page") != []


def test_arriving_is_the_ok_when_the_timers_question_waits() -> None:
    story = play("sami: timer 1h bus", "wait: 62m", "sami: arrived", "wait: 2h")
    assert THANKS in story.texts("answer", who="sami")
    assert story.out("page") == []


def test_arriving_answers_no_other_question() -> None:
    # The periodic question waits, and the timer runs: the timer ends, and how they are is asked about.
    steps = ["sami: timer 3h bus", "until: 2026-03-02T20:05", "sami: arrived", "until: 2026-03-02T20:31"]
    story = Manner().play(script(*steps))
    ended, asked = story.texts("answer", who="sami")[-2:]
    assert ended == "Timer bus has ended. Thank you."
    assert asked.startswith("We have your answer. To be sure: are you OK?")
    assert story.short("reminder") == ["03-02 19:30 sami signal reminder"]


def test_arriving_without_a_timer_is_a_message_as_before() -> None:
    story = play("sami: arrived")
    assert [case["source"] for case in story.cases] == ["message"]


def test_an_officer_who_asked_reads_it_too() -> None:
    steps = ["sami: a question about the grant", "ana: take", "sami: timer 1h bus", "ana: are you home?"]
    story = play(*steps, "sami: I am home", "wait: 2h")
    assert [text for text in story.texts("relay", who="ana") if text.endswith("I am home")] != []
    assert story.out("prompt") == []


@pytest.mark.parametrize("said", ["arrived", "end timer"])
def test_of_several_it_is_asked_which_has_ended(manner: Manner, said: str) -> None:
    steps = [*TWO, f"sami: {said}", "until: 2026-03-02T20:01", 'sami: "1"', "until: 2026-03-02T21:05"]
    story = play(*steps, manner=manner)
    which = story.texts("question", who="sami")[0]
    assert "1. Timer court until 21:00" in which
    assert "2. Timer bus until 22:00" in which
    assert "3. All of them" in which
    # Nothing was ended before it was chosen: the first one ran out at its time.
    assert [line["at"] for line in story.out("prompt")] == ["2026-03-02T19:00:00Z", "2026-03-02T20:00:00Z"]


def test_the_chosen_one_ends_and_the_other_runs_on(manner: Manner) -> None:
    story = play(*TWO, "sami: arrived", 'sami: "1"', "until: 2026-03-02T21:05", manner=manner)
    assert "Timer court has ended. Thank you." in story.texts("answer", who="sami")
    assert [line["at"] for line in story.out("prompt")] == ["2026-03-02T20:00:00Z"]


def test_all_of_them_end() -> None:
    story = play(*TWO, "sami: arrived", 'sami: "3"', "wait: 4h")
    assert story.out("prompt", "page") == []


def test_more_time_with_several_asks_which(manner: Manner) -> None:
    steps = [
        *TWO,
        "sami: extend 30m",
        'sami: "2"',
        "until: 2026-03-02T20:01",
        "sami: ok",
        "until: 2026-03-02T21:31",
    ]
    story = play(*steps, manner=manner)
    assert "1. Timer court until 21:00" in story.texts("question", who="sami")[0]
    assert "Timer bus: now until 22:30." in story.texts("answer", who="sami")
    assert [line["at"] for line in story.out("prompt")] == ["2026-03-02T19:00:00Z", "2026-03-02T20:30:00Z"]


def test_until_it_is_chosen_the_ends_stand() -> None:
    story = play(
        *TWO, "sami: extend until 23:30", "until: 2026-03-02T20:01", "sami: ok", "until: 2026-03-02T21:01"
    )
    assert [line["at"] for line in story.out("prompt")] == ["2026-03-02T19:00:00Z", "2026-03-02T20:00:00Z"]


def test_what_was_wished_until_a_time_is_until_then() -> None:
    story = play(
        *TWO,
        "sami: extend until 23:30",
        'sami: "1"',
        "until: 2026-03-02T21:01",
        "sami: ok",
        "until: 2026-03-02T22:31",
    )
    assert [line["at"] for line in story.out("prompt")] == ["2026-03-02T20:00:00Z", "2026-03-02T21:30:00Z"]


def test_a_timer_that_is_over_by_then_is_not_begun_again() -> None:
    steps = [*TWO, "sami: extend 30m", "sami: end timer court", 'sami: "1"', "until: 2026-03-02T20:30"]
    story = play(*steps)
    assert story.texts("answer", who="sami")[-1] == "That timer is over already."
    assert story.out("prompt") == []
