"""A channel that only the watch knows to be dead: it takes what we ask, and nothing comes of it. Nobody's contacts hear
of a silence that may be ours.

Times are UTC. Telegram never says that something arrived, Signal does. The question is of 10:00;
contacts hear after 45 minutes, the desk after an hour.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import BOTH, Chat, chat

PLAN = CheckInPlan("elevated", (time(11, 0),))
SAMI = Character("sami", ("telegram",), verified=True, contacts=("lina",), check_in=PLAN)
LINA = Character("lina", ("signal",))


def dead(it: Chat, channel: str = "telegram") -> None:
    """The watch has seen that a channel is dead since this moment."""
    it.stage.engine.channel_turned(channel, it.stage.clock.now())


def back(it: Chat, channel: str = "telegram") -> None:
    """It works again."""
    it.stage.engine.channel_turned(channel, None)


def at(it: Chat, clock: str) -> Chat:
    """Waits until this time of the day."""
    hour, minute = map(int, clock.split(":"))
    now = it.stage.clock.now()
    return it.waits(minutes=hour * 60 + minute - now.hour * 60 - now.minute)


def heard(it: Chat, who: str, kind: str) -> list[str]:
    """When somebody got something of this kind."""
    lines = [one for one in it.lines if one.get("who") == who and one.get("kind") == kind]
    return [one["at"][11:16] for one in lines]


def test_who_was_asked_by_a_dead_channel_is_asked_anew_before_contacts_hear_of_it(database: str) -> None:
    with chat(SAMI, LINA, database=database) as it:
        at(it, "09:30")
        dead(it)
        at(it, "10:47")
        assert heard(it, "lina", "contact_alert") == []
        assert any("Their trusted contacts are not told yet" in text for text in it.texts("ana"))
        back(it)
        at(it, "12:30")
        assert heard(it, "sami", "reminder")[-1] == "10:55"
        assert heard(it, "lina", "contact_alert") == ["11:40"], "the whole grace from the new question"
        assert "11:00" in heard(it, "ana", "page"), "the desk's rung is never shifted"


def test_who_has_another_channel_is_asked_by_it_at_once() -> None:
    both = Character("sami", BOTH, verified=True, contacts=("lina",), check_in=PLAN)
    with chat(both, LINA) as it:
        at(it, "09:30")
        dead(it)
        dead(it, "signal")
        at(it, "10:40")
        back(it)
        at(it, "10:46")
        asked = [
            one["channel"]
            for one in it.lines
            if one.get("kind") == "reminder" and one["at"][11:16] == "10:45"
        ]
        assert asked == ["telegram"]
        assert heard(it, "lina", "contact_alert") == []


def test_an_answer_to_the_new_question_leaves_contacts_in_peace() -> None:
    with chat(SAMI, LINA) as it:
        at(it, "09:30")
        dead(it)
        at(it, "10:40")
        back(it)
        at(it, "10:50").says("sami", "ok")
        at(it, "13:00")
        assert heard(it, "lina", "contact_alert") == heard(it, "ana", "page") == []


@pytest.mark.parametrize(
    ("channel", "begun", "over"),
    [("telegram", "09:10", "09:50"), ("telegram", "10:20", "10:35"), ("signal", "09:30", "10:40")],
    ids=["dead before", "dead after it was asked", "dead, and it has arrived"],
)
def test_a_channel_that_worked_when_it_counted_changes_nothing(channel: str, begun: str, over: str) -> None:
    with chat(replace(SAMI, channels=(channel,)), LINA) as it:
        at(it, begun)
        dead(it, channel)
        at(it, over)
        back(it, channel)
        at(it, "11:30")
        assert heard(it, "lina", "contact_alert") == ["10:45"]
