"""A process that is killed between every two steps tells the same people the same words at the same seconds, under the
same references: only a mark that something may be a repeat may be added, and only where something is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.rehearsal.script import read_script
from tests.stories.harness import HERE, Manner, Story
from tests.stories.test_intake_stories import script

EXAMPLE = HERE.parents[1] / "docs" / "rehearsals" / "example.yaml"
STORIES = {
    "example": EXAMPLE.read_text(encoding="utf-8"),
    "second case": script(
        "sami: SOS",
        "ana: take",
        "ana: hello",
        "ana: close safe",
        "wait: 1h",
        "sami: SOS",
        "nour: SOS",
        "wait: 6m",
    ),
    "codes": script("sami: add contact Omar", "carla: invite rim", "nour: a question", "wait: 1d"),
}


def said(story: Story) -> list[tuple[str, ...]]:
    """In the order of their seconds: a process takes a moment to start, so what was at one instant is not any more."""
    return sorted(
        (line["at"], line["who"], line["channel"], line["kind"], line["text"]) for line in story.out()
    )


@pytest.mark.parametrize("name", STORIES)
def test_killed_between_every_two_steps_the_same_is_said(name: str) -> None:
    untouched, killed = Manner().play(STORIES[name]), Manner(killed=True).play(STORIES[name])
    assert said(killed) == said(untouched)
    assert killed.cases == untouched.cases


def test_the_example_can_be_read() -> None:
    assert read_script(Path(EXAMPLE)).steps
