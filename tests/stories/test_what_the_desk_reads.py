"""What an officer reads must not need a second look: whose clock a time is on, who was away, who is meant.

Times are UTC; Brussels is at +1, Beirut at +2.
"""

from __future__ import annotations

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal], language: en, zone: Asia/Beirut, verified: true, contacts: [lina]CHECKED}
steps:
"""
CHECKED = ', check_in: {protocol: routine, times: ["11:00"]}'


def play(*steps: str, checked: str = "") -> Story:
    """A story of a desk."""
    return Manner(killed=True).play(HEAD.replace("CHECKED", checked) + "".join(f"  - {s}\n" for s in steps))


def test_the_times_of_somebody_elses_check_in_are_on_their_clock_which_is_named() -> None:
    story = play('ana: "checkin sami daily 21:00 routine"', "sami: yes")
    (asked,) = [text for text in story.texts(who="ana", channel="signal") if "was asked" in text]
    assert "every day at 21:00. Times are for Asia/Beirut." in asked
    (agreed,) = [text for text in story.texts(who="ana", channel="signal") if "agrees" in text]
    assert agreed == (
        "Sami agrees to check-ins: every day at 21:00 (routine), next: 21:00. Times are for Asia/Beirut."
    )


def test_the_hint_about_times_has_the_name_that_was_written() -> None:
    story = play("ana: checkin sami")
    (hint,) = story.texts("answer", who="ana")
    assert "checkin Sami daily 9:00" in hint


def test_whoever_was_on_call_while_the_bot_was_away_hears_that_it_was() -> None:
    rota = "carla: rota daily 09:00 ana ben"
    story = play(rota, "until: 2026-03-02T20:00", "outage: 16h")
    told = [
        line["who"] for line in story.out("notice", channel="signal") if "The bot was away" in line["text"]
    ]
    assert sorted(told) == ["ana", "ben", "carla"]


def test_a_contact_who_leaves_is_told_of_with_each_name_once() -> None:
    story = play("sami: SOS", "ana: take", "lina: stop")
    (text,) = [text for text in story.texts("relay", who="ana") if "Lina" in text]
    assert (
        text[5:]
        == "Sami: Trusted contact Lina of Sami does not wish to be one any more and will not be asked."
    )


def test_of_a_missed_check_in_that_is_taken_the_person_hears_nothing_until_an_officer_writes() -> None:
    story = play("until: 2026-03-02T13:10", "ana: take", "sami: OK", "ana: are you well?", checked=CHECKED)
    assert story.texts("receipt", who="sami") == []
    assert story.texts("relay", who="sami") == ["Ana: are you well?"]


def test_who_calls_for_help_on_a_missed_check_in_hears_when_a_person_has_seen_it() -> None:
    story = play("until: 2026-03-02T13:10", "sami: SOS", "ana: take", checked=CHECKED)
    assert story.texts("receipt", who="sami")[-1] == (
        "Ana from the desk has seen your message and is with you now."
    )


def test_who_asks_for_a_timer_while_an_alarm_is_open_hears_that_none_runs() -> None:
    story = play(
        "sami: SOS", "ana: take", "ana: I am here", 'sami: "timer 2h road"', "sami: they took my timer"
    )
    assert story.texts("answer", who="sami") == [
        "No timer was started: while your alarm is open, check-ins rest. The desk has your message."
    ]
    assert any("timer 2h road" in text for text in story.texts("relay", who="ana"))
