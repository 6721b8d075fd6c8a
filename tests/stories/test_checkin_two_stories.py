"""Two check-ins of one person that wait at once, and what the desk sees of many; played as the other stories are."""

from __future__ import annotations

from tests.stories.harness import Manner
from tests.stories.test_checkin_stories import script

BOTH = "sami: timer 2h court"
"""Ends at 19:00 UTC, when the periodic question comes."""


def test_an_ok_after_the_desk_has_the_timers_case_is_verified_though_another_question_waits(
    manner: Manner,
) -> None:
    steps = [BOTH, "until: 2026-03-02T20:12", 'sami: "1"', "until: 2026-03-02T23:30"]
    story = manner.play(script(*steps))
    assert [(c["source"], c["status"]) for c in story.cases] == [("timer", "open")]
    assert "Please verify" in story.texts("relay", who="ana")[0]
    assert story.out("all_clear", "question", who="sami") == []
    assert story.out("all_clear") == []
    # The periodic question is answered: nothing more is asked for it, and the desk hears of no second miss.
    assert not [line for line in story.out("reminder") if line["at"] > "2026-03-02T19:12"]
    assert not [text for text in story.texts("notice") if "also missed" in text]


def test_contacts_are_told_once_and_get_one_all_clear(manner: Manner) -> None:
    steps = [
        BOTH,
        "until: 2026-03-02T22:10",
        "sami: ok",
        'ana: {react: "👍"}',
        "ana: close safe",
        "until: 2026-03-02T23:30",
    ]
    story = manner.play(script(*steps))
    assert story.short("contact_alert", "all_clear") == [
        "03-02 19:10 lina signal contact_alert",
        "03-02 21:10 lina signal all_clear",
    ]
    assert len(story.cases) == 1


def test_whoever_looks_at_a_case_sees_how_the_person_has_been(manner: Manner) -> None:
    days = [
        step
        for day, felt in ((2, 4), (3, 2))
        for step in (f"until: 2026-03-0{day}T20:05", "sami: ok", f'sami: "{felt}"')
    ]
    steps = [*days, "sami: can somebody call me tomorrow?", "ana: take", "wait: 1m", "ana: case"]
    story = manner.play(script(*steps).replace("ana: take", 'ana: {react: "👍"}'))
    assert "the latest last: 4 2" in story.texts("answer", who="ana")[-1]


def test_whoever_names_no_zone_hears_that_nothing_changed_and_the_desk_reads_it(manner: Manner) -> None:
    story = manner.play(script("sami: zone Atlantis", "wait: 1s"))
    assert "Nothing was changed" in story.texts("answer", who="sami")[-1]
    assert [case["source"] for case in story.cases] == ["message"]
