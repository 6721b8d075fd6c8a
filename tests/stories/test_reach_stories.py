"""Phones of the desk that refuse, takers who do not answer, and outages: somebody else is called at once, nobody twice
for the same, and the policy's steps keep their times.

Times are UTC; Brussels is at +1.
"""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story
from tests.stories.test_desk_stories import TAKEN, answers, case_of, script


def gone(*who: str) -> list[str]:
    """Both accounts of these people refuse."""
    return [f"channel: {{{name}@{channel}: refused}}" for name in who for channel in ("signal", "telegram")]


def pages(story: Story) -> list[str]:
    """Who was paged when, each person once a moment."""
    return list(dict.fromkeys(f"{line['at'][11:19]} {line['who']}" for line in story.out("page")))


def test_a_phone_that_refuses_does_not_cost_the_next_person_s_time(manner: Manner) -> None:
    story = manner.play(script(*gone("ana"), "sami: SOS", "wait: 9m"))
    # Nobody is left at five minutes: the officers again, of whom one can be reached.
    assert pages(story) == ["08:00:00 ben", "08:02:00 carla", "08:05:00 ben"]


def test_when_the_last_one_refuses_the_others_hear_it_again(manner: Manner) -> None:
    story = manner.play(script(*gone("carla"), "sami: SOS", "wait: 9m"))
    assert pages(story) == ["08:00:00 ana", "08:02:00 ben", "08:05:00 ana", "08:05:00 ben"]


def test_a_taker_who_cannot_be_reached_has_the_case_no_more_to_himself(manner: Manner) -> None:
    for words in ("I hear steps in the hall", "SOS they are back"):
        story = manner.play(
            script(*TAKEN, *gone("ana"), "wait: 1m", f"sami: {words}", "wait: 1m", "sami: quick")
        )
        assert pages(story)[1:] == ["08:01:00 ben"]
        assert words in story.texts("page", who="ben", channel="signal")[0]
        # Who is called in the taker's place sees what comes meanwhile.
        assert story.texts("relay", who="ben") == [f"{case_of(story, 'sami')['case']} Sami: quick"]


def test_a_taker_s_replacement_who_refuses_is_replaced_at_once(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", *gone("ben"), "wait: 6m"))
    assert pages(story)[1:] == ["08:05:00 ana", "08:05:00 carla"]


def test_an_unacknowledged_alarm_does_not_wait_for_a_phone_that_refuses(manner: Manner) -> None:
    story = manner.play(script(*TAKEN, *gone("ben"), "sami: SOS they are back", "wait: 3m"))
    assert pages(story)[1:] == ["08:02:00 carla"]


@pytest.mark.parametrize("answer", ["ben: {react: 👍🏾}", "ben@telegram: {press: 1}", "ben: take"])
def test_who_is_paged_since_the_taker_does_not_answer_takes_over_with_a_tap(
    manner: Manner, answer: str
) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "wait: 5m", answer))
    assert case_of(story, "sami")["taken_by"] == "ben"
    assert [t for t in story.texts("notice", who="ana") if t.startswith("Ben has ")]


def test_a_tap_after_the_taker_has_answered_takes_nothing_away(manner: Manner) -> None:
    story = manner.play(
        script("sami: SOS", "ana: take", "wait: 5m", "ana: I am here", 'ben: {react: "👍"}', "ben: take")
    )
    ref = case_of(story, "sami")["case"]
    assert case_of(story, "sami")["taken_by"] == "ana"
    assert answers(story, "ben") == [f"Ana has {ref}. To take it over: “take {ref}”."] * 2


def test_taking_what_one_has_is_answered(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "ana: take", "ana: /take"))
    assert answers(story, "ana") == [f"You have {case_of(story, 'sami')['case']} already."] * 2


def test_take_of_the_only_case_that_waits_needs_no_page(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ben: take"))
    assert case_of(story, "sami")["taken_by"] == "ben"


@pytest.mark.parametrize("minutes", [3, 11, 120])
def test_after_an_outage_everybody_is_called_once(manner: Manner, minutes: int) -> None:
    story = manner.play(script("sami: SOS", f"outage: {minutes}m"))
    late = [
        (line["who"], line["channel"]) for line in story.out("page") if line["at"] > "2026-03-02T08:00:30"
    ]
    assert len(late) == len(set(late))
    assert {who for who, _ in late} == ({"ben"} if minutes == 3 else {"ana", "ben", "carla"})
    assert len([t for t in story.texts("receipt", who="sami") if "Nobody has seen it" in t]) == 1


def test_after_an_outage_a_taker_without_words_is_called_once(manner: Manner) -> None:
    """Five of the growing waits end in these two hours; the next one ends 40 minutes later, as it would have."""
    story = manner.play(script("sami: SOS", "ana: take", "outage: 2h", "wait: 41m"))
    late = story.short("page", channel="signal")[1:]
    at_once = [f"03-02 10:00 {who} signal page" for who in ("ana", "ben", "carla")]
    assert sorted(late[:3]) == at_once
    assert sorted(late[3:]) == [f"03-02 10:40 {who} signal page" for who in ("ana", "carla")]


def test_after_a_channel_was_down_one_page_says_it(manner: Manner) -> None:
    steps = [
        "channel: {signal: down}",
        "sami@telegram: SOS",
        "wait: 45m",
        "channel: {signal: up}",
        "wait: 1m",
    ]
    story = manner.play(script(*steps))
    late = story.short("page", channel="signal")
    assert sorted(late) == [f"03-02 08:45 {who} signal page" for who in ("ana", "ben", "carla")]
    assert story.undelivered == 0


def test_a_receipt_that_nobody_gets_is_not_called_the_officer_s_words(manner: Manner) -> None:
    story = manner.play(script(*[s.replace("ana", "sami") for s in gone("ana")], "sami: SOS"))
    ref = case_of(story, "sami")["case"]
    assert set(story.texts("notice", who="ana")) == {
        f"{ref}: the person cannot be reached on telegram any more."
    }


def test_a_phone_that_takes_messages_again_is_paged_again(manner: Manner) -> None:
    first = [
        "channel: {ana@signal: refused}",
        "sami: SOS",
        "ana@telegram: {press: 1}",
        "ana@telegram: close safe",
    ]
    for back in ([], ["ana: cases"]):
        story = manner.play(
            script(*first, "channel: {ana@signal: ok}", *back, "omar: SOS", "ana: take", "omar: hello")
        )
        omar = case_of(story, "omar")["case"]
        paged = [line["channel"] for line in story.out("page", who="ana") if line["case"] == omar]
        assert sorted(paged) == ["signal", "telegram"]
        assert [line["channel"] for line in story.out("relay", who="ana") if line["case"] == omar] == [
            "signal"
        ]


def test_whoever_raises_their_own_case_is_not_paged_for_it(manner: Manner) -> None:
    steps = ["sami: can you help me with the form", "ana: take", "ana: I am here", "ana: raise", "wait: 9m"]
    story = manner.play(script(*steps))
    assert case_of(story, "sami")["urgency"] == "P1"
    assert story.out("page") == []


def test_an_officer_s_alarm_is_told_for_the_urgent_cases_in_their_hands(manner: Manner) -> None:
    steps = [
        *TAKEN,
        "nour: can you help me with the form",
        "ana@telegram: {press: 1}",
        "wait: 1m",
        "ana: SOS",
        "ana: SOS",
    ]
    story = manner.play(script(*steps, "ben: take"))
    sami, nour = case_of(story, "sami")["case"], case_of(story, "nour")["case"]
    shown = story.texts("page", who="ben", channel="signal")
    assert [
        t for t in shown if t.startswith(f"P1 {sami}: Ana, who has this case, has raised an alarm.")
    ] == shown[1:2]
    assert not any(nour in text for text in shown)
    assert case_of(story, "ana")["taken_by"] == "ben"
