"""What was done and is told without a cry for help: a P2 case of its kind and a page, a question beside it, no alarm by
silence alone. Source: protection practice, "Urgency".
"""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: en, verified: true, contacts: [lina],
         check_in: {protocol: elevated, times: ["10:00"]}}
  nour: {channels: [signal]}
  rosa: {channels: [signal], language: es}
steps:
"""
THREAT = "I received a death threat yesterday"
RAID = "they raided our office yesterday"
SEIZED = "my phone was seized last week"
ELSEWHERE = "they raided the office of another organisation yesterday"
BEATEN = "my colleague was beaten by police yesterday"


@pytest.fixture(params=[Manner(), Manner(killed=True)], ids=["as it is", "killed"])
def manner(request: pytest.FixtureRequest) -> Manner:
    """How a story is played."""
    given: Manner = request.param
    return given


def script(*steps: str) -> str:
    return HEAD + "".join(f"  - {step}\n" for step in steps)


def urgencies(story: Story, who: str = "ana") -> list[object]:
    return [line["urgency"] for line in story.out("page", who=who, channel="signal")]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (THREAT, "Threat"),
        (RAID, "Raid or device seizure"),
        (SEIZED, "Raid or device seizure"),
        (ELSEWHERE, "Raid or device seizure"),
        (BEATEN, "Physical attack"),
    ],
)
def test_what_is_told_is_a_p2_case_of_its_kind_with_a_page(manner: Manner, said: str, kind: str) -> None:
    story = manner.play(script(f"nour: {said}", "wait: 10m", "ana: take"))
    assert urgencies(story) == ["P2"]
    assert said in story.texts("page", who="ana", channel="signal")[0]
    assert "emergency right now" in story.texts("question", who="nour")[0]
    assert f"What happened: {kind}" in story.texts("notice", who="ana")[-1]


def test_nobody_answers_the_page_and_the_next_person_is_called(manner: Manner) -> None:
    story = manner.play(script(f"nour: {THREAT}", "wait: 16m"))
    assert urgencies(story, "ben") == ["P2"]


def test_yes_makes_it_an_alarm(manner: Manner) -> None:
    story = manner.play(script(f"nour: {THREAT}", "nour: {press: 1}"))
    assert urgencies(story) == ["P2", "P1"]
    assert THREAT in story.texts("page", who="ana", channel="signal")[-1]


def test_no_leaves_it_with_the_desk(manner: Manner) -> None:
    story = manner.play(script(f"nour: {RAID}", "nour: {press: 2}", "wait: 10m"))
    assert urgencies(story) == ["P2"]


def test_an_ordinary_conversation_becomes_p2(manner: Manner) -> None:
    story = manner.play(script("nour: a question about the form", f"nour: {SEIZED}", "wait: 10m"))
    assert urgencies(story) == ["P2"]
    assert SEIZED in story.texts("page", who="ana", channel="signal")[0]


def test_it_never_lowers_an_alarm_nor_ends_a_doubt(manner: Manner) -> None:
    story = manner.play(script("nour: I think someone is following me", f"nour: {THREAT}", "wait: 2m"))
    assert urgencies(story) == ["P2", "P1"]


# ------------------------------------------------------------------------------------------------- told again, or worse

AGAIN = "a new threat came"
HELD = (f"nour: {THREAT}", "ana: take", "ana: tell me more")
"""A P2 case that somebody has and has written on."""


@pytest.mark.parametrize("hours", ["1m", "40m"])
@pytest.mark.parametrize("first", [(f"nour: {THREAT}",), HELD], ids=["open", "taken"])
def test_an_emergency_on_a_threat_that_is_known_is_p1_with_a_page_at_once(
    first: tuple[str, ...], hours: str
) -> None:
    steps = (*first, f"wait: {hours}", "nour: he wrote again and says he will kill me tonight")
    story = Manner().play(script(*steps, "wait: 1s"))
    assert urgencies(story)[-1] == "P1"
    assert "tonight" in story.texts("page", who="ana", channel="signal")[-1]


@pytest.mark.parametrize("said", [AGAIN, "he threatened me again"])
def test_a_threat_that_comes_again_pages_the_taker_and_is_p1_unless_it_is_said_to_be_none(
    manner: Manner, said: str
) -> None:
    steps = (*HELD, "wait: 40m", f"nour: {said}", "wait: 1m")
    story = manner.play(script(*steps))
    assert urgencies(story) == ["P2", "P2"]
    assert said in story.texts("page", who="ana", channel="signal")[-1]
    assert len(story.texts("question", who="nour")) == 2
    assert story.cases[0]["urgency"] == "P2"
    silent = manner.play(script(*steps, "wait: 2m"))
    assert silent.cases[0]["urgency"] == "P1"
    assert urgencies(silent) == ["P2", "P2", "P1"]
    assert (
        manner.play(script(*steps, "nour: {press: 2}", "ana: take", "wait: 1h")).cases[0]["urgency"] == "P2"
    )


def test_a_threat_that_comes_again_while_nobody_has_the_first_is_p1_after_the_question(
    manner: Manner,
) -> None:
    story = manner.play(script(f"nour: {THREAT}", "wait: 20m", f"nour: {AGAIN}", "wait: 3m"))
    assert story.cases[0]["urgency"] == "P1"
    assert urgencies(story)[-1] == "P1"


def test_what_else_is_told_of_a_case_that_rests_is_acknowledged_and_stays_p2(manner: Manner) -> None:
    story = manner.play(script(*HELD, "wait: 40m", f"nour: {SEIZED}", "wait: 1m", "ana: take", "wait: 10m"))
    assert urgencies(story) == ["P2", "P2"]
    assert story.cases[0]["urgency"] == "P2"


@pytest.mark.parametrize("said", [AGAIN, "he threatened me again", SEIZED])
def test_what_belongs_to_the_same_telling_pages_nobody_anew(manner: Manner, said: str) -> None:
    story = manner.play(script(*HELD, "wait: 5m", f"nour: {said}", "wait: 10m"))
    assert urgencies(story) == ["P2"]
    assert said in story.texts("relay", who="ana")[-1]


def test_a_contact_who_tells_of_somebody_silent_is_more_than_p2(manner: Manner) -> None:
    story = manner.play(
        script("until: 2026-03-02T11:05", "lina: they raided our office yesterday", "wait: 1m")
    )
    assert "P1" in urgencies(story)


@pytest.mark.parametrize(
    "said",
    [
        "training on death threats next week",
        "report about raids in 2019",
        "the radio says police raided the office of another organisation yesterday",
        "how do I report a threat?",
        "what do I do if my phone is seized",
    ],
)
def test_talk_about_it_pages_nobody(manner: Manner, said: str) -> None:
    story = manner.play(script(f"nour: {said}", "wait: 10m"))
    assert urgencies(story) == []
    assert story.cases[-1]["urgency"] in ("P4", 4)
