"""A channel that is dead for long: what goes another way meanwhile, and what comes out of it when it is back."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner

DESK = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
"""
CALLED = """
people:
  sami: {channels: [telegram], verified: true}
steps:
  - channel: {signal: down}
  - wait: 5m
  - sami: SOS
  - ana@telegram: take
  - sami: "they are at the door"
  - sami: "two men, one car"
  - sami: "I hide in the cellar"
  - wait: 30s
"""
LINES = ["they are at the door", "two men, one car", "I hide in the cellar"]


def order(texts: list[str], lines: list[str]) -> list[int]:
    said = "\n".join(texts)
    return [said.find(line) for line in lines]


@pytest.mark.parametrize("wait", ["0s", "20m", "7h"])
def test_what_a_defender_writes_reaches_the_officer_by_the_channel_that_works_within_a_minute(
    manner: Manner, wait: str
) -> None:
    story = manner.play(DESK + CALLED + f"  - wait: {wait}\n  - sami: it is over\n  - wait: 1m\n")
    read = story.texts("relay", who="ana", channel="telegram")
    places = order(read, [*LINES, "it is over"])
    assert -1 not in places
    assert places == sorted(places)
    assert story.texts("relay", channel="signal") == []


def test_what_was_read_by_the_other_channel_does_not_come_again_when_the_first_is_back(
    manner: Manner,
) -> None:
    story = manner.play(DESK + CALLED + "  - wait: 1h\n  - channel: {signal: up}\n  - wait: 10m\n")
    for kind in ("relay", "notice"):
        assert story.texts(kind, who="ana", channel="signal") == []
    calls = [line for line in story.out("page", channel="signal") if line["at"] < "2026-03-02T09:06:30"]
    assert [sum(line["who"] == who for line in calls) for who in ("ana", "ben", "carla")] == [1, 1, 1]
    assert all("no sign since" in line["text"] for line in calls)


def test_a_contact_is_not_told_a_day_late_that_there_was_no_answer_which_came_long_ago(
    manner: Manner,
) -> None:
    story = manner.play(
        DESK
        + """
people:
  nour: {channels: [signal, telegram], verified: true, contacts: [lina],
         check_in: {protocol: routine, times: ["09:30"]}}
  lina: {channels: [signal]}
steps:
  - wait: 10m
  - channel: {signal: down}
  - wait: 5h
  - nour@telegram: "1"
  - wait: 10h
  - channel: {signal: up}
  - wait: 10m
"""
    )
    assert [line for line in story.cases if line["person"] == "nour"]
    assert story.texts("contact_alert") == []
    assert story.texts("all_clear") == []


WAITS = """
people:
  sami: {channels: [signal], zone: Asia/Beirut, language: LANGUAGE, verified: true}
steps:
  - sami: SOS
  - ana@telegram: take
  - wait: 1m
  - channel: {signal: down}
  - ana@telegram: I am with you in ten minutes
"""


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "(Written: 10:01.)"),
        ("es", "(Escrito: 10:01.)"),
        ("fr", "(Écrit : 10:01.)"),
        ("ar", "(وقت الكتابة: \u206810:01\u2069.)"),
    ],
)
def test_what_an_officer_wrote_long_ago_says_when_that_was(manner: Manner, language: str, said: str) -> None:
    steps = "  - wait: 45m\n  - channel: {signal: up}\n  - wait: 1m\n"
    story = manner.play(DESK + WAITS.replace("LANGUAGE", language) + steps)
    (text,) = story.texts("relay", who="sami")
    head, words = text.split("\n")
    assert head == said
    assert "I am with you in ten minutes" in words


def test_what_comes_within_some_minutes_says_nothing_of_it(manner: Manner) -> None:
    steps = "  - wait: 8m\n  - channel: {signal: up}\n  - wait: 1m\n"
    story = manner.play(DESK + WAITS.replace("LANGUAGE", "en") + steps)
    assert story.texts("relay", who="sami") == ["Ana: I am with you in ten minutes"]


def test_words_of_an_earlier_day_say_the_day_and_by_the_other_channel_they_are_no_younger(
    manner: Manner,
) -> None:
    steps = (
        "  - channel: {telegram: down}\n  - wait: 4h\n  - channel: {telegram: up}\n  - wait: 1m\n"
        "  - channel: {signal: up}\n  - wait: 1m\n"
    )
    script = WAITS.replace("LANGUAGE", "en").replace("[signal]", "[signal, telegram]")
    # In the evening, so that a day ends while the channels are down.
    story = manner.play(DESK.replace("T09:00", "T21:00") + script + steps)
    (text,) = [text for text in story.texts("relay", who="sami") if "ten minutes" in text]
    assert text.startswith("(Written: Mon 2 Mar 22:01.)\n")


def test_what_a_defender_reads_late_of_anything_but_words_is_as_it_was(manner: Manner) -> None:
    steps = "  - sami: still here\n  - wait: 45m\n  - channel: {signal: up}\n  - wait: 1m\n"
    story = manner.play(DESK + WAITS.replace("LANGUAGE", "en") + steps)
    assert all("Written" not in text for text in story.texts("receipt", "question", "answer", who="sami"))
    assert all("Written" not in text for text in story.texts("relay", "notice", "page", who="ana"))
