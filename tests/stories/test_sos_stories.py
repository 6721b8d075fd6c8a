"""An SOS as a chat, from the first word to the closing: each story as it is, and again with the process killed between
every two steps, on both databases.

Times are UTC; Brussels is one hour ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.postgres import Postgres
from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: en, verified: true, contacts: [lina]}
  nour: {channels: [telegram]}
  omar: {channels: [signal]}
steps:
"""


@pytest.fixture(params=["as it is", "killed", "killed, postgresql"])
def manner(request: pytest.FixtureRequest) -> Iterator[Manner]:
    """How a story is played."""
    if request.param == "as it is":
        yield Manner()
    elif request.param == "killed":
        yield Manner(killed=True, chop=timedelta(seconds=50))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with server.fresh_database() as url:
            yield Manner(url, killed=True)


def script(*steps: str) -> str:
    return HEAD + "".join(f"  - {step}\n" for step in steps)


def one_case(story: Story) -> dict[str, object]:
    assert len(story.cases) == 1, story.cases
    return story.cases[0]


# ------------------------------------------------------------------------------------------------ the alarm and pages


def test_a_strangers_first_word_pages_at_once_and_only_then_is_anything_asked(manner: Manner) -> None:
    story = manner.play(script("nour: SOS"))
    out = [(line["who"], line["kind"], line["at"][11:19]) for line in story.out()]
    assert ("ana", "page", "08:00:00") in out
    kinds = [line["kind"] for line in story.out(who="nour")]
    assert kinds == ["receipt", "question"]
    first_page = next(n for n, line in enumerate(story.lines) if line["kind"] == "page")
    first_question = next(n for n, line in enumerate(story.lines) if line["kind"] == "question")
    assert first_page < first_question
    case = one_case(story)
    assert (case["person"], case["urgency"], case["status"], case["source"]) == ("nour", "P1", "open", "sos")


def test_a_page_goes_to_all_channels_of_the_officer_and_telegram_gets_no_content(manner: Manner) -> None:
    story = manner.play(script("omar: help they are breaking the door"))
    pages = {line["channel"]: line["text"] for line in story.out("page", who="ana")}
    assert set(pages) == {"signal", "telegram"}
    assert "breaking the door" in pages["signal"]
    assert "breaking the door" not in pages["telegram"]
    reference = str(one_case(story)["case"])
    assert reference in pages["signal"]
    assert reference in pages["telegram"]


def test_nobody_takes_it_and_the_climb_reaches_everybody(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "wait: 31m"))
    first: dict[str, str] = {}
    for line in story.out("page"):
        first.setdefault(line["who"], line["at"][11:16])
    assert first == {"ana": "08:00", "ben": "08:02", "carla": "08:05"}
    assert {line["who"] for line in story.out("page") if line["at"][11:16] == "08:10"} == {
        "ana",
        "ben",
        "carla",
    }
    assert {line["who"] for line in story.out("page") if line["at"][11:16] == "08:20"} == {
        "ana",
        "ben",
        "carla",
    }
    # She is told honestly that nobody has seen it, and never that somebody has.
    receipts = story.texts("receipt", who="sami")
    assert sum("Nobody has seen it yet" in text for text in receipts) >= 3
    assert not any("has seen your message" in text for text in receipts)


def test_taking_stops_the_pages_and_the_defender_hears_who_has_seen_it(manner: Manner) -> None:
    story = manner.play(
        script("sami: SOS", "wait: 90s", 'ana: {react: "👍"}', 'ana: "I am with you"', "wait: 14m")
    )
    case = one_case(story)
    assert (case["status"], case["taken_by"]) == ("taken", "ana")
    assert not story.out("page", who="ben")
    assert any("Ana" in text and "seen" in text for text in story.texts("receipt", who="sami"))
    assert story.texts("relay", who="sami") == ["Ana: I am with you"]


def test_a_case_taken_and_never_answered_pages_somebody_else_and_the_taker(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "wait: 30s", 'ana: {react: "👍"}', "wait: 10m"))
    later = [line for line in story.out("page") if line["at"][11:16] >= "08:03"]
    assert {"ana", "ben"} <= {line["who"] for line in later}


def test_a_bare_take_names_the_only_waiting_case(manner: Manner) -> None:
    story = manner.play(script("omar: SOS", "ana: take"))
    assert one_case(story)["taken_by"] == "ana"


def test_pressing_the_button_takes_the_case(manner: Manner) -> None:
    story = manner.play(script("omar: SOS", "ana@telegram: {press: 1}"))
    assert one_case(story)["taken_by"] == "ana"


# --------------------------------------------------------------------------------------------------------- folding


def test_repeated_alarms_fold_into_one_case(manner: Manner) -> None:
    story = manner.play(
        script("nour: SOS", "wait: 20s", "nour: SOS", "nour: HELP", "wait: 70s", "nour: sos!!")
    )
    one_case(story)
    assert len(story.out("page", who="ana")) == 2  # once on each channel
    assert len([t for t in story.texts("receipt", who="nour") if "still calling" in t]) == 1


def test_a_new_alarm_on_a_taken_case_pages_the_taker_and_climbs_when_he_does_not_answer(
    manner: Manner,
) -> None:
    story = manner.play(
        script("sami: SOS", "ana: take", 'ana: "On it"', "wait: 20m", "sami: SOS they are back", "wait: 6m")
    )
    again = [line for line in story.out("page") if line["at"][11:16] >= "08:20"]
    assert [line["who"] for line in again if line["at"][11:16] == "08:20"] == ["ana", "ana"]
    assert any(line["who"] == "ben" and line["at"][11:16] == "08:22" for line in again)


def test_a_taker_who_acknowledges_in_time_is_left_in_peace(manner: Manner) -> None:
    story = manner.play(
        script(
            "sami: SOS",
            "ana: take",
            'ana: "On it"',
            "wait: 20m",
            "sami: SOS",
            "wait: 1m",
            "ana: I see",
            "wait: 3m",
        )
    )
    assert not story.out("page", who="ben")


@pytest.mark.parametrize("step", ["note at the neighbour's", "plan call the lawyer"])
def test_a_note_or_a_plan_of_the_taker_shows_that_the_new_alarm_was_seen(step: str) -> None:
    steps = (
        "sami: SOS",
        "ana: take",
        'ana: "On it"',
        "wait: 20m",
        "sami: SOS",
        "wait: 1m",
        f"ana: {step}",
        "wait: 4m",
    )
    story = Manner().play(script(*steps))
    assert not story.out("page", who="ben")
    assert not [line for line in story.out("receipt", who="sami") if "next person" in line["text"]]


def test_the_page_about_a_new_alarm_that_nobody_saw_says_what_was_written_last(manner: Manner) -> None:
    steps = (
        "sami: SOS",
        "ana: take",
        'ana: "On it"',
        "wait: 20m",
        "sami: SOS they break the door",
        "wait: 3m",
    )
    pages = manner.play(script(*steps)).out("page", who="ben", channel="signal")
    assert ["they break the door" in line["text"] for line in pages] == [True]


# ------------------------------------------------------------------------------------------------ doubt, test, safety


def test_an_officer_can_answer_a_page_right_away(manner: Manner) -> None:
    story = manner.play(script("nour: SOS", 'ben: "not mine"', 'ana: {reply: "I am here"}'))
    assert one_case(story)["taken_by"] == "ana"
    assert story.texts("relay", who="nour") == ["Ana: I am here"]
    assert any(text.startswith("Not sent") for text in story.texts("answer", who="ben"))


def test_a_trial_pages_nobody(manner: Manner) -> None:
    story = manner.play(script("sami: TEST", "nour: TEST"))
    assert story.cases == []
    assert not story.out("page", "notice")
    assert all("TEST" in text for text in story.texts("receipt"))


def test_saying_safe_closes_nothing(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "ana: take", "sami: false alarm"))
    assert one_case(story)["status"] == "taken"
    assert any("verify" in text for text in story.texts("relay", who="ana"))


def test_ordinary_words_reach_the_desk_without_waking_anybody(manner: Manner) -> None:
    story = manner.play(script("nour: can you help me with the form"))
    assert not story.out("page")
    assert story.out("notice", who="ana")
    assert (one_case(story)["urgency"], one_case(story)["source"]) == ("P4", "message")
    assert any("SOS" in text for text in story.texts("receipt", who="nour"))


def test_a_pin_out_of_the_blue_is_an_alarm_and_where_is_not_asked(manner: Manner) -> None:
    story = manner.play(script("sami: {location: [33.89, 35.5]}", 'sami: "1"', 'sami: "1"'))
    assert one_case(story)["urgency"] == "P1"
    assert not any("Where are you" in text for text in story.texts("question", who="sami"))


def test_a_voice_note_out_of_the_blue_is_an_alarm(manner: Manner) -> None:
    assert one_case(manner.play(script("omar: {voice: true}")))["source"] == "sos"


def test_the_six_questions_come_one_at_a_time_and_each_answer_is_seen(manner: Manner) -> None:
    story = manner.play(
        script(
            "omar: SOS",
            "ana: take",
            'omar: "1"',
            'omar: "1"',
            'omar: "behind the market"',
            'omar: "1"',
            'omar: "1"',
            'omar: "2"',
        )
    )
    assert len(story.out("question", who="omar")) == 6
    seen = " ".join(story.texts("relay", who="ana"))
    for words in ("Yes, now", "Arrest or detention", "behind the market", "Nobody is hurt", "Write only"):
        assert words in seen


def test_a_number_that_the_menu_does_not_have_loses_nothing(manner: Manner) -> None:
    story = manner.play(script("omar: SOS", "ana: take", 'omar: "9"'))
    assert any("There is no 9" in text for text in story.texts("answer", who="omar"))
    assert any("9" in text for text in story.texts("relay", who="ana"))


# ------------------------------------------------------------------------------------------------------ who may do what


def test_a_stranger_who_commands_gets_what_any_unexpected_text_gets(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "nour: take ABCD", "nour: /cases", "nour: close safe"))
    theirs = story.out(who="nour")
    assert {line["kind"] for line in theirs} <= {"receipt"}
    references = {case["case"] for case in story.cases}
    assert not any(reference in line["text"] for reference in references for line in theirs)
    assert next(c for c in story.cases if c["person"] == "sami")["status"] == "open"


def test_notes_never_reach_the_defender(manner: Manner) -> None:
    story = manner.play(
        script("sami: SOS", "ana: take", "ana: note her brother must not know", "ana: close safe")
    )
    assert not any("brother" in line["text"] for line in story.out(who="sami"))
    assert one_case(story)["status"] == "closed"


# ----------------------------------------------------------------------------------------------------- when sends fail


def test_an_officer_who_cannot_be_reached_is_passed_over_at_once(manner: Manner) -> None:
    story = manner.play(
        script("channel: {ana@signal: refused}", "channel: {ana@telegram: refused}", "nour: SOS", "wait: 10s")
    )
    assert story.out("page", who="ben")
    assert not story.out("page", who="ana")


def test_a_defender_whose_channel_refuses_is_answered_on_the_other(manner: Manner) -> None:
    story = manner.play(
        script("sami: SOS", "ana: take", "channel: {sami@signal: refused}", "ana: where are you")
    )
    assert [line["channel"] for line in story.out("relay", who="sami")] == ["telegram"]


def test_while_a_platform_is_down_pages_go_by_the_other_and_the_rest_follows(manner: Manner) -> None:
    story = manner.play(
        script("channel: {signal: down}", "nour: SOS", "wait: 60s", "channel: {signal: up}", "wait: 30s")
    )
    pages = story.out("page", who="ana")
    assert [line["channel"] for line in pages] == ["telegram", "signal"]
    assert story.undelivered == 0


def test_an_alarm_on_a_case_about_something_else_pages_with_its_own_words(manner: Manner) -> None:
    story = manner.play(script("sami: the form is late", "sami: SOS they are at my door"))
    assert any("at my door" in text for text in story.texts("page", who="ana", channel="signal"))
    assert one_case(story)["urgency"] == "P1"
