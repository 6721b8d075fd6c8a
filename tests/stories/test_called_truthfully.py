"""What is said of an alarm that nobody takes is true: who is called now, since when it waits, and who may take it."""

from __future__ import annotations

from tests.stories.harness import Manner, Story

SMALL = "{officers: [ana], lead: carla}"
LARGE = "{officers: [ana, ben], lead: carla}"
NEXT = "Your message is stored. Nobody has seen it yet. We are calling the next person now."
AGAIN = "Your message is stored. Nobody has seen it yet. We are calling the desk again now."


def play(desk: str, *steps: str) -> Story:
    """A story of a desk like this; in Brussels it is 22:58."""
    head = f"zone: Europe/Brussels\nstart: 2026-03-02T22:58\ndesk: {desk}\npeople:\n"
    person = "  sami: {channels: [signal], language: en, verified: true}\nsteps:\n"
    return Manner().play(head + person + "".join(f"  - {s}\n" for s in steps))


def told(story: Story) -> list[str]:
    """How the defender was told that nobody has seen the alarm, each time: next or again."""
    names = {NEXT: "next", AGAIN: "again"}
    return [names[text] for text in story.texts("receipt", who="sami") if text in names]


def test_with_nobody_new_to_call_the_defender_hears_that_they_are_called_again() -> None:
    assert told(play(SMALL, "sami: SOS", "wait: 1h1m")) == ["next", "again", "again", "again"]


def test_while_there_is_a_next_person_it_says_so() -> None:
    assert told(play(LARGE, "sami: SOS", "wait: 11m")) == ["next", "next", "again"]


def test_a_taker_who_is_called_again_for_a_new_alarm_is_no_next_person() -> None:
    steps = ("sami: SOS", "ana: take", "ana: I am here", "wait: 5m", "sami: SOS", "wait: 4m10s")
    assert told(play(SMALL, *steps)) == ["again"]


def test_a_page_says_one_time_of_since_when_it_waits() -> None:
    """A check-in of 21:58 is missed: the case is opened at 22:43 and raised at 23:28."""
    start = (
        "zone: Europe/Brussels\nstart: 2026-03-02T21:55\ndesk: {officers: [ana, ben], lead: carla}\npeople:\n"
    )
    check_in = 'check_in: {protocol: elevated, times: ["21:58"]}'
    sami = f"  sami: {{channels: [signal], language: en, verified: true, {check_in}}}\n"
    story = Manner().play(f"{start}{sami}steps:\n  - wait: 150m\n")
    pages = story.texts("page", channel="signal")
    assert [text for text in pages if "Waiting for 47 minutes" in text]
    late = [text for text in pages if "Nobody has taken it since" in text]
    assert late
    assert all(text.partition("taken it since ")[2].startswith(("22:43", "Mon 2 Mar 22:43")) for text in late)


def test_who_has_the_case_is_asked_to_write_and_not_to_take_it_over() -> None:
    story = play(LARGE, "sami: SOS", "ana: take", "wait: 30m")
    mine = story.texts("page", who="ana")[2:]
    assert mine
    assert not [text for text in mine if "take it over" in text]
    assert all("Please write to them." in text for text in mine)
    assert any("To take it over: 👍" in text for text in story.texts("page", who="ben"))


def test_who_has_the_case_is_asked_to_acknowledge_a_new_alarm_and_not_to_take_it() -> None:
    story = play(LARGE, "sami: SOS", "ana: take", "ana: I am here", "wait: 5m", "sami: SOS", "wait: 20m")
    mine = [text for text in story.texts("page", who="ana") if "To take it" in text]
    assert [line["at"] for line in story.out("page", who="ana") if line["text"] in mine] == [
        story.out("page", who="ana")[0]["at"]
    ] * len(mine), "only before it was hers"
    assert any(
        ", your case:" in text and "Please acknowledge: 👍 or write to them." in text
        for text in story.texts("page", who="ana", channel="signal")
    )
    assert any("To take it: 👍" in text for text in story.texts("page", who="ben"))
