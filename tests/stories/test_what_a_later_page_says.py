"""A page that comes again must not look like the one before it: it says so, how long the case has waited and who was
called. Times are UTC; Brussels is at +1."""

from __future__ import annotations

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: en, verified: true, contacts: [lina],
         check_in: {protocol: elevated, times: ["10:00"]}}
steps:
"""


def script(*steps: str) -> str:
    """A story of a morning at the desk."""
    return HEAD + "".join(f"  - {step}\n" for step in steps)


def second_lines(story: Story, who: str, channel: str) -> list[str]:
    """The second line of each page to somebody."""
    return [text.split("\n")[1] for text in story.texts("page", who=who, channel=channel)]


def test_each_call_says_how_long_it_waits_and_who_was_called(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "wait: 21m"))
    assert second_lines(story, "ana", "signal") == [
        "“SOS”",
        "Again. Waiting for 10 minutes. Also called: Ben, Carla.",
        "Again. Nobody has taken it since 09:00. Also called: Ben, Carla.",
    ]
    assert second_lines(story, "ben", "signal")[0] == "Waiting for 2 minutes. Called before you: Ana."
    assert second_lines(story, "carla", "signal")[0] == "Waiting for 5 minutes. Called before you: Ana, Ben."


def test_on_telegram_it_says_nothing_of_who_was_called(manner: Manner) -> None:
    story = manner.play(script("sami: SOS", "wait: 11m"))
    assert second_lines(story, "ben", "telegram") == [
        "Waiting for 2 minutes.",
        "Again. Waiting for 10 minutes.",
    ]


def test_a_missed_check_in_that_became_p1_has_waited_since_it_was_opened(manner: Manner) -> None:
    story = manner.play(script("wait: 2h40m"))
    assert second_lines(story, "carla", "signal")[0].startswith("Waiting for 30 minutes.")


def test_who_was_told_of_an_alarm_on_a_taken_case_reads_of_this_alarm_s_wait(manner: Manner) -> None:
    story = manner.play(
        script("sami: SOS", "ana: take", "ana: I am here", "wait: 1h", "sami: SOS", "wait: 5m")
    )
    assert second_lines(story, "carla", "signal") == ["Waiting for 2 minutes. Called before you: Ben, Ana."]


def test_of_pages_that_piled_up_one_goes_out_with_the_latest_wait(manner: Manner) -> None:
    story = manner.play(
        script(
            "channel: {signal: down}", "sami@telegram: SOS", "wait: 45m", "channel: {signal: up}", "wait: 1m"
        )
    )
    assert second_lines(story, "ana", "signal") == [
        "Again. Nobody has taken it since 09:00. Also called: Ben, Carla."
    ]


def test_a_list_of_pages_says_of_each_case_since_when_it_waits(manner: Manner) -> None:
    strangers = [f"p{number}" for number in range(5)]
    cast = "".join(f"  {who}: {{channels: [telegram]}}\n" for who in strangers)
    steps = [
        "channel: {signal: down}",
        *(f"{who}: SOS" for who in strangers),
        "wait: 21m",
        "channel: {signal: up}",
        "wait: 1m",
    ]
    story = manner.play(script(*steps).replace("steps:\n", f"{cast}steps:\n"))
    pages = story.texts("page", who="ben", channel="signal")
    lines = [line for text in pages for line in text.split("\n")[1:]]
    listed = [next(line for line in lines if case["case"] in line) for case in story.cases]
    assert len(listed) == 5
    assert all(line.endswith("(unverified) · Again. Nobody has taken it since 09:00.") for line in listed)
