"""The plan's own deadline as a chat: who is told that none is noted, when, and that it ends with the plan.

Times are UTC; Brussels is one hour ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.postgres import Postgres
from tests.stories.harness import Manner, Story
from tests.stories.test_sos_stories import script

MISSING = "no plan is noted"


@pytest.fixture(params=["as it is", "killed", "killed, postgresql"])
def manner(request: pytest.FixtureRequest) -> Iterator[Manner]:
    """How a story is played."""
    if request.param == "as it is":
        yield Manner()
    elif request.param == "killed":
        yield Manner(killed=True, chop=timedelta(minutes=7))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.fresh_database() as url:
            yield Manner(url, killed=True)


def reminders(story: Story) -> list[str]:
    """ "03-02 08:30 ana": who was told when that no plan is noted."""
    return [
        f"{line['at'][5:16].replace('T', ' ')} {line['who']}"
        for line in story.out("notice")
        if MISSING in line["text"]
    ]


def test_the_taker_is_reminded_once_and_then_the_next_officer_and_the_lead_hear_it(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", 'ana: "I am here"', "wait: 2h"))
    assert reminders(story) == ["03-02 08:30 ana", "03-02 08:40 ben", "03-02 08:40 carla"]
    assert not [line for line in story.out("page") if line["at"] > "2026-03-02T08:01"]


def test_a_noted_plan_ends_it_and_never_reaches_the_defender(manner: Manner) -> None:
    story = manner.play(
        script(
            "sami: SOS", "ana: take", 'ana: "I am here"', "wait: 20m", "ana: plan lawyer at nine", "wait: 5h"
        )
    )
    assert reminders(story) == []
    assert not [text for text in story.texts(who="sami") if "lawyer at nine" in text]
    assert any("The plan is noted" in text for text in story.texts(who="ana"))


def test_a_plan_after_the_reminder_tells_nobody_else(manner: Manner) -> None:
    story = manner.play(
        script(
            "sami: SOS", "ana: take", 'ana: "I am here"', "wait: 35m", "ana: /plan lawyer at nine", "wait: 5h"
        )
    )
    assert reminders(story) == ["03-02 08:30 ana"]


def test_without_an_answer_it_is_the_answer_that_is_missing() -> None:
    story = Manner().play(script("sami: SOS", "ana: take", "wait: 40m"))
    assert reminders(story) == []
    assert len(story.out("page", who="ben")) > 1


def test_a_case_that_was_taken_late_gives_its_taker_the_grace() -> None:
    story = Manner().play(script("sami: SOS", "wait: 40m", "ana: take", 'ana: "I am here"', "wait: 5m"))
    assert reminders(story) == ["03-02 08:43 ana"]


def test_nobody_is_told_at_night_of_what_can_wait_for_the_day() -> None:
    steps = (
        "until: 2026-03-02T23:30",
        "sami: I need advice about a grant",
        "ana: take",
        'ana: "Tell me more"',
    )
    story = Manner().play(script(*steps, "wait: 6d"))
    # A plan for advice is due after three days, at 23:30 in Brussels: the desk hears it at seven.
    assert reminders(story) == ["03-06 06:00 ana", "03-07 06:00 ben", "03-07 06:00 carla"]


def test_a_graver_case_wants_a_plan_of_its_own() -> None:
    steps = (
        "sami: I need advice about a grant",
        "ana: take",
        'ana: "Tell me more"',
        "ana: plan send the form",
    )
    story = Manner().play(script(*steps, "wait: 4d", "ana: raise", 'ana: "I am here"', "wait: 2h"))
    assert reminders(story) == ["03-06 08:30 ana", "03-06 08:40 ben", "03-06 08:40 carla"]


def test_the_plan_stands_in_the_cases_thread() -> None:
    story = Manner().play(
        script("sami: SOS", "ana: take", 'ana: "I am here"', "ana: plan lawyer at nine", "ana: /case")
    )
    assert "lawyer at nine" in story.texts("answer", who="ana")[-1]
