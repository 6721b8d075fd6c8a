"""Check-ins while a channel of ours is down: asked by the other one, and never taken for a silence of theirs."""

from __future__ import annotations

import pytest

from tests.stories.harness import Manner, Story
from tests.stories.test_checkin_stories import asked, script


def told(story: Story, text: str) -> list[str]:
    """When the officer on call heard something, on the channel that is up."""
    lines = story.out("notice", who="ana", channel="signal")
    return [line["at"][11:16] for line in lines if text in line["text"]]


def test_a_question_whose_channel_is_down_goes_out_by_the_other(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T19:59",
        "channel: {signal: down}",
        "until: 2026-03-02T20:40",
        "channel: {signal: up}",
        "until: 2026-03-02T22:30",
    ]
    story = manner.play(script(*steps))
    assert asked(story) == [
        "03-02 19:00 sami telegram prompt",
        "03-02 19:30 sami telegram reminder",
        "03-02 20:00 sami telegram reminder",
        "03-02 21:00 lina signal contact_alert",
    ]
    assert story.cases == []


def test_many_questions_go_out_by_the_other_channel_within_seconds(manner: Manner) -> None:
    check_in = '{protocol: routine, times: ["21:00"]}'
    cast = "".join(
        f"  p{n}: {{channels: [telegram, signal], zone: Asia/Beirut, verified: true, check_in: {check_in}}}\n"
        for n in range(12)
    )
    desk = "zone: Europe/Brussels\nstart: 2026-03-02T19:59\ndesk: {officers: [ana, ben], lead: carla}\n"
    steps = "  - channel: {telegram: down}\n  - wait: 2m\n"
    story = manner.play(f"{desk}people:\n{cast}steps:\n{steps}")
    assert [line["channel"] for line in story.out("prompt")] == ["signal"] * 12
    assert {line["who"] for line in story.out("prompt")} == {f"p{n}" for n in range(12)}


def test_while_nothing_can_reach_the_person_contacts_wait_and_the_desk_is_told(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:10",
        "channel: {telegram: down}",
        "until: 2026-03-02T23:10",
        "channel: {telegram: up}",
        "until: 2026-03-03T02:00",
    ]
    story = manner.play(script(*steps, channels="[telegram]"))
    assert [line.split()[1:] for line in asked(story)] == [
        ["19:00", "sami", "telegram", "prompt"],
        ["22:10", "sami", "telegram", "reminder"],
        ["00:10", "lina", "signal", "contact_alert"],
    ]
    reminder, alert = story.out("reminder")[-1], story.out("contact_alert")[0]
    assert alert["at"][14:] == reminder["at"][14:]  # the whole grace, to the second
    assert told(story, "does not go out") == ["19:30"], "as soon as the reminder could not go out"
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T22:00:00Z"]
    assert "our channel has not been working" in story.texts("page", who="ana", channel="signal")[0]


def test_a_question_that_our_channel_kept_is_told_as_asked_late(manner: Manner) -> None:
    steps = ["channel: {telegram: down}", "until: 2026-03-02T22:30", "channel: {telegram: up}", "wait: 1h"]
    late = manner.play(script(*steps, channels="[telegram]"))
    assert late.short("prompt") == ["03-02 21:30 sami telegram prompt"]
    assert "asked late, because of an outage of ours" in late.texts("page", who="ana", channel="signal")[0]
    in_time = manner.play(script("until: 2026-03-02T23:30", channels="[telegram]"))
    assert "late" not in in_time.texts("page", who="ana", channel="signal")[0]


def test_an_ok_that_the_channel_kept_is_read_before_anybody_is_alerted(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:10",
        "channel: {telegram: down}",
        "sami: ok",
        "until: 2026-03-02T22:10",
        "channel: {telegram: up}",
        "until: 2026-03-03T02:00",
    ]
    story = manner.play(script(*steps, channels="[telegram]"))
    assert asked(story) == ["03-02 19:00 sami telegram prompt"]
    assert story.cases == []


def test_after_an_outage_the_desk_climbs_on_at_its_own_times(manner: Manner) -> None:
    # Away over the reminder only: the desk's case at three hours, and the lead at four, as without it.
    steps = ["until: 2026-03-02T20:25", "outage: 10m", "until: 2026-03-03T00:01"]
    story = manner.play(script(*steps))
    assert asked(story)[-1] == "03-02 21:35 lina signal contact_alert"
    [case] = story.cases
    assert (case["opened_at"], case["urgency"]) == ("2026-03-02T22:00:00Z", "P1")
    lead = [p["at"] for p in story.out("page", who="carla", channel="signal") if p["urgency"] == "P1"]
    assert lead[0] == "2026-03-02T23:00:00Z"


def test_an_alert_to_contacts_after_the_desks_rung_carries_the_cases_urgency(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:30", "outage: 2h", "until: 2026-03-03T01:00"))
    [alert] = story.out("contact_alert")
    [case] = story.cases
    assert (alert["case"], alert["urgency"], case["urgency"]) == (case["case"], "P1", "P1")


def test_an_outage_is_told_with_its_dates_and_in_the_largest_units(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:10", "outage: 26h"))
    told = [text for text in story.texts("notice", who="ana") if "away" in text]
    assert len(told) == 1
    assert "from Mon 2 Mar 20:10 to Tue 3 Mar 22:10 (1 day and 2 hours)" in told[0]


def test_after_an_outage_over_the_desks_rungs_the_lead_follows_at_the_ladders_distance(
    manner: Manner,
) -> None:
    story = manner.play(script("until: 2026-03-02T19:55", "outage: 6h", "until: 2026-03-03T03:30"))
    [case] = story.cases
    assert case["opened_at"] == "2026-03-03T00:55:00Z"
    lead = [p["at"] for p in story.out("page", who="carla", channel="signal") if p["urgency"] == "P1"]
    assert lead[0] == "2026-03-03T01:55:00Z"


GONE = ["until: 2026-03-02T21:10", "channel: {signal: down}", "channel: {telegram: down}"]
"""All channels, between the rung of the second channel and that of the contacts."""
BACK = ["channel: {signal: up}", "channel: {telegram: up}"]


@pytest.mark.parametrize("channels", ["[signal, telegram]", "[signal]"])
def test_who_could_not_be_asked_is_asked_anew_before_contacts_hear_of_it(
    manner: Manner, channels: str
) -> None:
    steps = [*GONE, "until: 2026-03-02T23:30", *BACK, "until: 2026-03-03T02:00"]
    story = manner.play(script(*steps, channels=channels))
    anew, alert = story.out("reminder")[-1], story.out("contact_alert")[0]
    assert anew["at"][:16] == "2026-03-02T22:30"
    assert alert["at"] == f"2026-03-03T00:{anew['at'][14:]}", "the whole grace, to the second"
    assert len(story.out("contact_alert")) == 1
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T22:00:00Z"], (
        "the desk's rung is never shifted"
    )


def test_an_ok_to_the_new_question_leaves_contacts_in_peace(manner: Manner) -> None:
    steps = [*GONE, "until: 2026-03-02T22:30", *BACK, "wait: 1m", "sami: ok", "until: 2026-03-03T02:00"]
    story = manner.play(script(*steps))
    assert story.out("contact_alert", "all_clear") == []
    assert story.cases == []


def test_a_channel_that_fails_for_a_moment_costs_contacts_no_more_than_moments(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T21:59",
        *GONE[1:],
        "until: 2026-03-02T22:01",
        *BACK,
        "until: 2026-03-02T22:30",
    ]
    story = manner.play(script(*steps))
    assert [line["at"][:16] < "2026-03-02T21:04" for line in story.out("contact_alert")] == [True]


def test_a_contacts_channel_alone_delays_nothing_for_who_was_asked_and_did_not_answer(manner: Manner) -> None:
    steps = [*GONE[:2], "until: 2026-03-02T22:50", "channel: {signal: up}", "until: 2026-03-02T22:55"]
    story = manner.play(script(*steps))
    assert [line["at"][:16] for line in story.out("contact_alert")] == ["2026-03-02T21:50"]


def test_the_desk_hears_at_once_and_once_that_a_question_cannot_go_out(manner: Manner) -> None:
    steps = ["until: 2026-03-02T19:50", "channel: {telegram: down}", "until: 2026-03-02T22:40"]
    story = manner.play(script(*steps, channels="[telegram]"))
    assert told(story, "has not gone out") == ["19:00"]
    assert story.out("page") == []


def test_a_question_that_goes_out_a_moment_later_is_no_news(manner: Manner) -> None:
    steps = ["until: 2026-03-02T19:59", "channel: {telegram: down}", "until: 2026-03-02T20:00"]
    story = manner.play(
        script(*steps, "wait: 5s", "channel: {telegram: up}", "wait: 5m", channels="[telegram]")
    )
    assert story.short("prompt") == ["03-02 19:00 sami telegram prompt"]
    assert story.out("notice") == []


@pytest.mark.parametrize("channels", ["[signal, telegram]", "[signal]"])
def test_with_every_channel_down_the_desk_hears_of_it_once_there_is_one_again(
    manner: Manner, channels: str
) -> None:
    steps = ["until: 2026-03-02T19:50", *GONE[1:], "until: 2026-03-02T22:20", *BACK, "wait: 5m"]
    story = manner.play(script(*steps, channels=channels))
    late = [line for line in story.out("notice", who="ana") if "has not gone out" in line["text"]]
    assert len(late) == 1
    assert "2026-03-02T21:20" <= late[0]["at"] < "2026-03-02T21:25"
    assert "comes late" in late[0]["text"]
    assert story.short("prompt")[0].startswith("03-02 21:20 sami signal")


def test_a_channel_that_fails_for_hundreds_is_few_notices_that_name_them_all() -> None:
    people = [f"p{number:03}" for number in range(200)]
    check_in = '{protocol: routine, times: ["21:00"]}'
    cast = "".join(
        f"  {who}: {{channels: [telegram], zone: Asia/Beirut, verified: true, check_in: {check_in}}}\n"
        for who in people
    )
    desk = "zone: Europe/Brussels\nstart: 2026-03-02T19:58\ndesk: {officers: [ana, ben], lead: carla}\n"
    steps = "  - channel: {telegram: down}\n  - wait: 5m\n"
    story = Manner().play(f"{desk}people:\n{cast}steps:\n{steps}")
    notices = story.texts("notice", who="ana", channel="signal")
    assert len(notices) <= 2
    assert all(any(f"{who.capitalize()}, 20:00" in text for text in notices) for who in people)
    assert story.out("page") == []
