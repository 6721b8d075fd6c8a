"""Check-ins that rest while the desk has a case, and a timer that ends meanwhile: who hears of it, and when it is over.

Times are UTC; Brussels is at +1.
"""

from __future__ import annotations

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal], language: en, verified: true, check_in: {protocol: routine, times: ["10:00", "21:00"]}}
  nour: {channels: [signal], language: en, verified: true}
steps:
"""
MISSED = "until: 2026-03-02T13:05"
NEXT = "until: 2026-03-03T10:05"


def play(manner: Manner, *steps: str) -> Story:
    """A story of two days."""
    return manner.play(HEAD + "".join(f"  - {s}\n" for s in steps))


def rest(story: Story, who: str) -> list[str]:
    """When somebody of the desk was told that check-ins rest."""
    lines = story.out("notice", who=who, channel="signal")
    return [line["at"][5:16] for line in lines if "Check-ins rest until this case is closed" in line["text"]]


def test_the_taker_hears_once_that_check_ins_rest_and_both_when_they_go_on(manner: Manner) -> None:
    answered = ("ana: take", "ana: are you well?", "sami: OK")
    closed = ("ana: close safe", "until: 2026-03-03T21:01")
    story = play(manner, MISSED, *answered, NEXT, *closed)
    assert rest(story, "ana") == ["03-02T20:00"]
    assert rest(story, "ben") == rest(story, "carla") == []
    (told,) = [t for t in story.texts("notice", who="ana", channel="signal") if "begin again" in t]
    assert told.endswith("is closed. Their check-ins begin again, next: 21:00.")
    (said,) = [t for t in story.texts("notice", who="sami") if "closed this case" in t]
    assert said.endswith("\nYour check-ins begin again, next: 21:00.")
    assert [line["at"][5:16] for line in story.out("prompt", who="sami")] == ["03-02T09:00", "03-03T20:00"]


def test_who_takes_the_case_over_hears_it_too() -> None:
    answered = ("ana: take", "ana: are you well?", "sami: OK")
    gone = ("carla: /remove ana", "ben: take", "until: 2026-03-03T21:05")
    story = play(Manner(), MISSED, *answered, NEXT, *gone)
    assert rest(story, "ana") == ["03-02T20:00"]
    assert rest(story, "ben") == ["03-03T20:00"]


def test_the_defender_hears_it_when_they_ask_what_is_set_up() -> None:
    steps = (MISSED, "ana: take", "sami: checkins", "ana: close safe", "sami: checkins")
    (before, after) = [
        text for text in play(Manner(), *steps).texts("answer", who="sami") if "Your check-ins (" in text
    ]
    words = "Your check-ins rest at the moment. We tell you when they begin again."
    assert before.endswith(words)
    assert words not in after


def test_in_an_alarm_too_and_the_desk_has_the_question() -> None:
    story = play(Manner(), "sami: SOS", "ana: take", "ana: hello", "sami: checkins")
    assert story.texts("answer", who="sami") == [
        "Your check-ins rest at the moment. We tell you when they begin again."
    ]
    assert any("checkins" in text for text in story.texts("relay", who="ana"))


def test_of_a_case_for_which_nothing_rested_nothing_begins_again() -> None:
    story = play(Manner(), "sami: a question about the grant", "ana: take", "ana: yes", "ana: close safe")
    assert not [text for text in story.texts("notice") if "again" in text]


# -------------------------------------------------------------------------------------------- a timer ends meanwhile

SOS = ('nour: "timer 30m court"', "nour: SOS")
ENDED = "court Their timer ended at Mon 2 Mar 09:30 without a word."


def about_timer(story: Story, who: str, *kinds: str) -> list[str]:
    """When somebody of the desk read that the timer ended."""
    lines = story.out(*kinds, who=who, channel="signal")
    return [line["at"][11:16] for line in lines if "court" in line["text"] and "09:30" in line["text"]]


def test_a_timer_that_ends_in_an_untaken_alarm_is_told_and_stands_on_every_page_from_then_on() -> None:
    story = play(Manner(killed=True), *SOS, "wait: 45m")
    assert about_timer(story, "ana", "notice") == ["08:30"]
    assert about_timer(story, "ben", "notice") == ["08:30"]
    assert (
        about_timer(story, "carla", "page") == ["08:30", "08:40"][-len(about_timer(story, "carla", "page")) :]
    )
    assert about_timer(story, "ana", "page")[-1] == "08:40"


def test_a_timer_that_ends_in_a_taken_alarm_pages_its_taker_who_has_to_acknowledge_it() -> None:
    steps = (*SOS, "ana: take", "ana: I am here", "until: 2026-03-02T09:31", "ana: {react: 👍}", "wait: 5m")
    story = play(Manner(killed=True), *steps)
    assert about_timer(story, "ana", "page") == ["08:30"]
    assert ENDED in story.out("page", who="ana", channel="signal")[-1]["text"]
    assert about_timer(story, "ben") == []


def test_when_the_taker_is_silent_the_next_person_reads_of_the_timer() -> None:
    story = play(Manner(), *SOS, "ana: take", "ana: I am here", "until: 2026-03-02T09:36")
    assert about_timer(story, "ana", "page")[:1] == ["08:30"]
    assert about_timer(story, "ben", "page") == ["08:32"]
    assert about_timer(story, "carla", "page") == ["08:34"]


def test_when_the_taker_takes_no_messages_any_more_the_next_person_reads_of_it_at_once() -> None:
    gone = ("channel: {ana@signal: refused}", "channel: {ana@telegram: refused}")
    story = play(Manner(), *SOS, "ana: take", "ana: I am here", *gone, "until: 2026-03-02T09:31")
    assert about_timer(story, "ben", "page") == ["08:30"]


def test_when_the_taker_has_left_the_desk_everybody_who_is_called_reads_of_it() -> None:
    steps = ("ana: take", "ana: I am here", "until: 2026-03-02T09:29", "carla: /remove ana")
    story = play(Manner(), *SOS, *steps, "until: 2026-03-02T09:45")
    assert about_timer(story, "ben")[:1] == ["08:30"]
