"""Check-ins as chats: each story is played as it is, and again with the process killed all the time, on both databases.

Times are UTC; Beirut is at +2 until 29 March 2026, Brussels at +1.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.rehearsal.play import stage
from bot.rehearsal.script import parse_script
from bot.rehearsal.summary import summary
from tests.stories.harness import Manner, Story, short

HEAD = """
zone: Europe/Brussels
start: {start}
desk: {{officers: [ana, ben], lead: carla}}
people:
  sami: {{channels: {channels}, zone: Asia/Beirut, verified: true, contacts: {contacts}{check_in}}}
steps:
"""


def script(
    *steps: str,
    protocol: str = "routine",
    start: str = "2026-03-02T18:00",
    channels: str = "[signal, telegram]",
    contacts: str = "[lina]",
    times: str = '"21:00"',
) -> str:
    """A story of Sami, asked at 21:00 in Beirut, 19:00 UTC."""
    check_in = f", check_in: {{protocol: {protocol}, times: [{times}]}}" if protocol else ""
    head = HEAD.format(start=start, channels=channels, contacts=contacts, check_in=check_in)
    return head + "".join(f"  - {step}\n" for step in steps)


def asked(story: Story) -> list[str]:
    """What the person and the contacts got, without the desk."""
    return [
        line
        for line in story.short("prompt", "reminder", "contact_alert", "all_clear")
        if " ana " not in line and " ben " not in line and " carla " not in line
    ]


# ---------------------------------------------------------------------------------------------------------- the ladder


def test_every_rung_of_the_routine_ladder(manner: Manner) -> None:
    story = manner.play(Path("checkin_routine.yaml"))
    assert asked(story) == [
        "03-02 19:00 sami signal prompt",
        "03-02 19:30 sami signal reminder",
        "03-02 20:00 sami telegram reminder",
        "03-02 21:00 lina signal contact_alert",
    ]
    [case] = story.cases
    assert (case["source"], case["opened_at"], case["urgency"]) == ("check_in", "2026-03-02T22:00:00Z", "P1")
    pages = story.out("page", channel="signal")
    assert [p["urgency"] for p in pages if p["at"] < "2026-03-02T23:00"] == ["P2"] * 6
    lead = [p["at"] for p in pages if p["who"] == "carla" and p["urgency"] == "P1"]
    assert lead[0] == "2026-03-02T23:00:00Z"
    # Ana has taken it and is in touch by then; the plan and the decision come all the same.
    taken, _no_plan_noted, plan, decision = story.short("notice", who="carla", channel="signal")
    assert (plan, decision) == ("03-03 07:00 carla signal notice", "03-03 19:00 carla signal notice")
    assert "consent" in story.texts("notice", who="carla", channel="signal")[-1]
    assert taken < plan


def test_a_question_is_not_asked_twice_while_the_first_one_waits(manner: Manner) -> None:
    steps = ["until: 2026-03-02T21:40"]
    story = manner.play(script(*steps, times='"20:00", "20:30", "21:00", "21:30"'))
    assert story.short("prompt") == ["03-02 18:00 sami signal prompt"]


def test_the_next_question_comes_when_the_first_was_answered(manner: Manner) -> None:
    steps = ["until: 2026-03-02T20:10", "sami: ok", "until: 2026-03-03T20:05"]
    story = manner.play(script(*steps))
    assert story.short("prompt") == ["03-02 19:00 sami signal prompt", "03-03 19:00 sami signal prompt"]
    assert story.cases == []


def test_no_contacts_means_the_desk_takes_their_rung(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T23:30", contacts="[]"))
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T21:00:00Z"]
    assert story.short("page", who="ana", channel="signal")[:1] == ["03-02 21:00 ana signal page"]
    # The desk's own rung, an hour later, finds the case and opens no second one.
    assert len(story.cases) == 1


def test_a_contact_who_refuses_leaves_the_rung_to_the_desk(manner: Manner) -> None:
    story = manner.play(script("channel: {lina@signal: refused}", "until: 2026-03-02T22:30"))
    assert story.out("contact_alert") == []
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T21:00:00Z"]


def test_dst_the_question_follows_the_clock_on_the_wall(manner: Manner) -> None:
    # Beirut goes to summer time in the night to Sunday 29 March 2026.
    steps = ["until: 2026-03-28T21:00", "sami: ok", "until: 2026-03-29T21:00", "sami: ok", "wait: 1m"]
    story = manner.play(script(*steps, start="2026-03-28T18:00"))
    assert story.short("prompt") == ["03-28 19:00 sami signal prompt", "03-29 18:00 sami signal prompt"]
    assert story.cases == []


# ------------------------------------------------------------------------------------------------------- four answers


def test_ok_ends_the_ladder_and_clears_whoever_was_alerted(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T22:20", 'sami: "1"', "until: 2026-03-03T06:00"))
    assert asked(story)[-2:] == [
        "03-02 21:00 lina signal contact_alert",
        "03-02 21:20 lina signal all_clear",
    ]
    assert story.short("question") == ["03-02 21:20 sami signal question"]
    assert story.cases == []
    assert story.out("page") == []


def test_ok_in_a_word_on_the_other_channel(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:40", "sami@telegram: fine", "until: 2026-03-03T06:00"))
    assert asked(story) == ["03-02 19:00 sami signal prompt", "03-02 19:30 sami signal reminder"]
    assert story.cases == []


def test_wellbeing_is_a_question_of_its_own(manner: Manner) -> None:
    steps = ["until: 2026-03-02T20:05", 'sami: "1"', 'sami: "2"', "wait: 5h"]
    story = manner.play(script(*steps))
    assert story.texts("answer", who="sami")[-1] == "Thank you for telling us."
    assert story.cases == []


def test_more_time_twice_and_no_more(manner: Manner) -> None:
    steps = ["until: 2026-03-02T20:10", *['sami: "3"'] * 3, "until: 2026-03-02T23:20"]
    story = manner.play(script(*steps))
    assert asked(story) == [
        "03-02 19:00 sami signal prompt",
        "03-02 20:30 sami signal reminder",
        "03-02 21:00 sami telegram reminder",
        "03-02 22:00 lina signal contact_alert",
    ]
    first, second, third = story.texts("answer", who="sami")
    assert "22:00" in first
    assert "22:30" in second
    assert "already" in third
    assert story.cases == []


def test_talk_to_me_calls_an_officer_and_ends_the_ladder(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T22:10", 'sami: "2"', "until: 2026-03-02T22:30"))
    assert [(c["source"], c["urgency"]) for c in story.cases] == [("message", "P3")]
    assert story.short("page", who="ana", channel="signal") == ["03-02 21:10 ana signal page"]
    assert asked(story)[-1] == "03-02 21:10 lina signal all_clear"


def test_help_is_an_alarm(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T22:10", 'sami: "4"', "until: 2026-03-02T22:11"))
    assert [(c["source"], c["urgency"]) for c in story.cases] == [("sos", "P1")]
    assert story.short("receipt") == ["03-02 21:10 sami signal receipt"]
    assert story.out("all_clear") == []


def test_a_late_ok_is_verified_by_an_officer(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T23:05",
        'sami: "1"',
        'ana: {react: "👍"}',
        'ana: {reply: "are you well?"}',
        "ana: close",
        'ana: "1"',
        "until: 2026-03-03T06:00",
    ]
    story = manner.play(script(*steps))
    [case] = story.cases
    assert (case["urgency"], case["status"], case["taken_by"]) == ("P2", "closed", "ana")
    assert "Please verify" in story.texts("relay", who="ana")[0]
    assert story.short("all_clear") == ["03-02 22:05 lina signal all_clear"]
    assert story.out("question", who="sami") == []  # nobody is asked how they are before they were verified
    assert not [line for line in story.out("page") if line["at"] > "2026-03-02T22:06"]


@pytest.mark.parametrize("taken", [True, False])
def test_whoever_comes_back_in_their_own_words_is_told_what_happens_next(manner: Manner, taken: bool) -> None:
    steps = ["until: 2026-03-02T23:05", *(['ana: {react: "👍"}'] if taken else [])]
    back = ["sami: I am OK, my phone was empty", "sami: I am at home now"]
    story = manner.play(script(*steps, *back))
    assert story.short("answer", who="sami") == ["03-02 22:05 sami signal answer"]
    assert "A person will write to you" in story.texts("answer", who="sami")[0]
    assert any("my phone was empty" in text for text in story.texts("relay", who="ana"))


def test_a_late_ok_closes_nothing_and_the_lead_is_called_when_nobody_verifies(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T23:05", "sami: ok", "until: 2026-03-03T00:01"))
    [case] = story.cases
    assert (case["status"], case["urgency"]) == ("open", "P2")
    assert story.out("all_clear") == []
    assert "03-02 23:00 carla signal page" not in story.short("page", who="carla", channel="signal")[:2]
    assert story.short("page", who="carla", channel="signal") != []


def test_an_officer_in_touch_spares_the_lead_a_page(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T23:05",
        'ana: {react: "👍"}',
        'ana: {reply: "where are you?"}',
        "until: 2026-03-03T00:05",
    ]
    story = manner.play(script(*steps))
    assert story.out("page", who="carla") == []
    assert story.short("notice", who="carla", channel="signal") == ["03-02 23:00 carla signal notice"]
    assert [c["urgency"] for c in story.cases] == ["P1"]


def test_a_voice_message_and_a_heart_are_no_ok(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:05",
        'sami: {react: "❤"}',
        "sami: {voice: true}",
        "until: 2026-03-02T22:05",
    ]
    story = manner.play(script(*steps))
    assert [(c["source"], c["urgency"]) for c in story.cases] == [("message", "P3")]
    assert story.texts("answer", who="sami")[0].startswith("We have your answer. To be sure: are you OK?")
    assert "does not count as an OK" in story.texts("answer", who="sami")[1]
    assert "03-02 21:00 lina signal contact_alert" in asked(story)


def test_words_that_are_no_answer_reach_the_desk_and_the_ladder_goes_on(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:05",
        "sami: the market was closed today",
        "until: 2026-03-02T23:05",
    ]
    story = manner.play(script(*steps))
    [case] = story.cases
    assert (case["source"], case["opened_at"], case["urgency"]) == ("check_in", "2026-03-02T19:05:00Z", "P2")
    assert "03-02 22:00 ana signal page" in story.short("page", who="ana", channel="signal")


def test_no_to_are_you_ok_is_doubt(manner: Manner) -> None:
    story = manner.play(script("until: 2026-03-02T20:05", 'sami: "no"', "wait: 3m"))
    assert [c["urgency"] for c in story.cases] == ["P1"]
    assert story.short("page", who="ana", channel="signal")[0] == "03-02 19:05 ana signal page"


def test_an_sos_ends_the_question_and_no_number_means_ok(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T22:05",
        "sami@telegram: SOS",
        'sami: "1"',
        'ana: {react: "👍"}',
        "ana: I am here",
        "until: 2026-03-03T20:30",
    ]
    story = manner.play(script(*steps))
    [case] = story.cases
    assert (case["source"], case["status"]) == ("sos", "taken")
    assert story.short("prompt") == ["03-02 19:00 sami signal prompt"]
    assert story.short("reminder", who="sami")[-1] == "03-02 20:00 sami telegram reminder"
    assert story.out("all_clear") == []
    assert "Thank you. We have your OK." not in story.texts("answer")


def test_an_old_button_answers_no_new_question(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T20:05",
        "sami@telegram: ok",
        "until: 2026-03-03T20:05",
        "sami@telegram: {press: 1}",
        "until: 2026-03-03T20:31",
    ]
    story = manner.play(script(*steps, channels="[telegram]"))
    # The newest message with buttons in the chat is the new prompt, which is answered.
    assert story.short("reminder") == []
    assert len(story.short("prompt")) == 2


# -------------------------------------------------------------------------------------------------------------- timers


def test_a_missed_timer_is_p1_from_its_deadline(manner: Manner) -> None:
    story = manner.play(Path("checkin_timer.yaml"))
    assert story.short("notice", who="sami") == ["03-02 10:20 sami signal notice"]
    assert asked(story) == [
        "03-02 10:30 sami signal prompt",
        "03-02 10:35 sami telegram reminder",
        "03-02 10:40 lina signal contact_alert",
    ]
    [case] = story.cases
    assert (case["source"], case["urgency"], case["opened_at"]) == ("timer", "P1", "2026-03-02T10:40:00Z")
    pages = [p["at"][11:16] for p in story.out("page", who="carla", channel="signal")]
    assert "10:50" in pages
    assert pages.count("10:50") == 1


def test_a_timer_ended_early_asks_nothing(manner: Manner) -> None:
    steps = ["sami: timer 2h court", "wait: 1h", "sami: end timer", "wait: 3h"]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == []
    assert story.cases == []


def test_an_ok_to_a_running_timer_does_not_end_it_and_says_how_to(manner: Manner) -> None:
    steps = ["sami: timer 2h court", "wait: 1h", "sami: OK", "wait: 1s"]
    story = manner.play(script(*steps, protocol=""))
    assert "“end timer”" in story.texts("answer", who="sami")[-1]
    assert "court" in story.texts("answer", who="sami")[-1]


def test_a_timer_that_ends_during_an_sos_is_told_to_the_desk(manner: Manner) -> None:
    steps = ["sami: timer 1h court", "sami: SOS", 'ana: {react: "👍"}', "ana: here", "wait: 2h"]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == []
    assert len(story.cases) == 1
    assert any("court" in text for text in story.texts("notice", who="ana"))


def test_extending_after_the_end_begins_anew(manner: Manner) -> None:
    steps = ["sami: timer 30m bus", "wait: 32m", "sami: extend 30m", "wait: 31m"]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == ["03-02 17:30 sami signal prompt", "03-02 18:02 sami signal prompt"]
    assert story.cases == []


# ----------------------------------------------------------------------------------- undelivered, and outages of ours


def test_not_delivered_on_signal_is_the_desks_and_not_the_contacts(manner: Manner) -> None:
    story = manner.play(
        script("channel: {sami@signal: offline}", "until: 2026-03-02T22:30", channels="[signal]")
    )
    assert story.out("contact_alert") == []
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T21:00:00Z"]
    assert "not delivered" in story.texts("page", who="ana", channel="signal")[0]


def test_that_telegram_took_it_is_no_delivery_either() -> None:
    story = Manner().play(script("channel: {sami@signal: offline}", "until: 2026-03-02T22:30"))
    assert story.out("contact_alert") == []
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T21:00:00Z"]
    assert "not delivered as far as we know" in story.texts("page", who="ana", channel="signal")[0]
    assert story.undelivered == 2  # the question and the reminder on Signal


def test_refused_everywhere_is_the_desks(manner: Manner) -> None:
    story = manner.play(
        script(
            "channel: {sami@signal: refused}",
            "channel: {sami@telegram: refused}",
            "until: 2026-03-02T22:30",
        )
    )
    assert story.out("contact_alert") == []
    assert story.out("prompt", who="sami") == []
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T21:00:00Z"]
    assert "refused on every channel" in story.texts("page", who="ana", channel="signal")[0]


def test_refused_on_one_channel_goes_on_on_the_other(manner: Manner) -> None:
    story = manner.play(script("channel: {sami@signal: refused}", "until: 2026-03-02T22:30"))
    assert story.short("prompt") == ["03-02 19:00 sami telegram prompt"]
    assert story.short("contact_alert") == ["03-02 21:00 lina signal contact_alert"]


def test_our_channel_down_is_not_their_silence(manner: Manner) -> None:
    steps = [
        "until: 2026-03-02T19:59",
        "channel: {telegram: down}",
        "until: 2026-03-02T20:50",
        "channel: {telegram: up}",
        "until: 2026-03-02T21:30",
    ]
    story = manner.play(script(*steps, channels="[telegram]", protocol="elevated"))
    assert story.out("contact_alert") == []  # 45 minutes after the question went out at last, at 20:35
    assert story.short("prompt") == ["03-02 19:50 sami telegram prompt"]
    assert story.short("notice", who="ana", channel="signal")[:1] == ["03-02 19:00 ana signal notice"]
    # The desk's own rung is never shifted.
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T20:00:00Z"]
    assert "has not gone out" not in story.texts("page", who="ana", channel="signal")[0]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_many_out_of_reach_in_one_country_are_one_notice(manner: Manner, elsewhere: bool) -> None:
    zones = {
        "sami": "Asia/Beirut",
        "nour": "Asia/Beirut",
        "omar": "Asia/Amman" if elsewhere else "Asia/Beirut",
    }
    cast = "".join(
        f"  {who}: {{channels: [telegram], zone: {zone}, verified: true,"
        ' check_in: {protocol: elevated, times: ["21:00"]}}\n'
        for who, zone in zones.items()
    )
    desk = "zone: Europe/Brussels\nstart: 2026-03-02T18:00\ndesk: {officers: [ana, ben], lead: carla}\n"
    steps = [f"channel: {{{who}@telegram: refused}}" for who in zones] + ["until: 2026-03-03T02:00"]
    story = manner.play(f"{desk}people:\n{cast}steps:\n" + "".join(f"  - {step}\n" for step in steps))
    assert len(story.cases) == 3
    for who in ("ana", "carla"):
        told = [text for text in story.texts("notice", who=who, channel="signal") if "shut down" in text]
        assert len(told) == (0 if elsewhere else 1), told
        assert all("3 people in Lebanon" in text for text in told)
        assert all(case["case"] in text for case in story.cases for text in told)


def test_many_whose_question_could_not_go_out_are_one_notice(manner: Manner) -> None:
    people = ("sami", "nour", "omar")
    check_in = '{protocol: elevated, times: ["21:00"]}'
    cast = "".join(
        f"  {who}: {{channels: [telegram], zone: Asia/Beirut, verified: true, check_in: {check_in}}}\n"
        for who in people
    )
    desk = "zone: Europe/Brussels\nstart: 2026-03-02T18:00\ndesk: {officers: [ana, ben], lead: carla}\n"
    steps = ["until: 2026-03-02T19:59", "channel: {telegram: down}", "until: 2026-03-02T20:40"]
    story = manner.play(f"{desk}people:\n{cast}steps:\n" + "".join(f"  - {step}\n" for step in steps))
    told = [text for text in story.texts("notice", who="ana", channel="signal") if "not gone out" in text]
    assert len(told) == 1, [line for line in story.out("notice", who="ana") if "gone out" in line["text"]]
    assert told[0].startswith("3 check-in questions have not gone out")
    assert all(who.capitalize() in told[0] for who in people)


def test_an_outage_over_the_question(manner: Manner) -> None:
    steps = ["until: 2026-03-02T19:30", "outage: 2h", "until: 2026-03-02T23:45"]
    story = manner.play(script(*steps))
    assert asked(story) == [
        "03-02 20:30 sami signal prompt",
        "03-02 21:00 sami signal reminder",
        "03-02 21:30 sami telegram reminder",
        "03-02 22:30 lina signal contact_alert",
    ]
    assert [c["opened_at"] for c in story.cases] == ["2026-03-02T22:00:00Z"]
    told = story.out("notice", who="ana", channel="signal")[0]
    assert told["at"] == "2026-03-02T20:30:00Z"
    assert "Sami" in told["text"]
    assert "from 19:30 to 21:30 (2 hours)" in told["text"]


def test_an_outage_over_the_contacts_rung_and_the_desks(manner: Manner) -> None:
    story = manner.play(Path("checkin_outage.yaml"))
    assert asked(story) == [
        "03-02 19:00 sami signal prompt",
        "03-02 19:15 sami signal reminder",
        "03-02 20:10 sami signal prompt",
        "03-02 20:40 sami telegram reminder",
        "03-02 20:55 lina signal contact_alert",
    ]
    [case] = story.cases
    assert (case["opened_at"], case["urgency"]) == ("2026-03-02T20:10:00Z", "P1")
    assert "outage of ours" in story.texts("page", who="ana", channel="signal")[0]
    lines = [
        line
        for line in story.lines
        if line.get("at", "") >= "2026-03-02T20:10" and line["direction"] == "out"
    ]
    assert lines[0]["kind"] == "notice"


def test_an_ok_that_came_during_the_outage_is_read_before_anything_is_due() -> None:
    lines: list[dict[str, Any]] = []
    with stage(parse_script(script("wait: 1m")), lambda line: lines.append(dict(line))) as it:
        it.until(datetime(2026, 3, 2, 19, 10, tzinfo=UTC))
        it.die()
        it.network.say("sami", "signal", text="ok")
        it.clock.set(datetime(2026, 3, 2, 22, 30, tzinfo=UTC))
        it.start()
        it.pump()
        it.until(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
        found = summary(it.engine.store, it.network, it.rules.desk)
    assert found["cases"] == []
    assert [short(line) for line in lines if line["kind"] in ("contact_alert", "reminder")] == []
    [told] = [line for line in lines if line["kind"] == "notice" and line["who"] == "ana"]
    assert short(told) == "03-02 22:30 ana signal notice"
    assert "Sami" not in told["text"]  # who has answered is not overdue


def test_a_restart_says_nothing(manner: Manner) -> None:
    steps = ["until: 2026-03-02T22:01", "restart", "restart", "until: 2026-03-02T22:59"]
    story = manner.play(script(*steps))
    assert story.out("notice") == []
    assert len(asked(story)) == 4


# ----------------------------------------------------------------------------------------------------------- setting up


def test_a_defender_sets_up_a_check_in_by_chat(manner: Manner) -> None:
    steps = [
        "sami: checkin daily 8:00 20:30 elevated",
        "until: 2026-03-02T19:31",
        "sami: ok",
        "sami: quiet 23-7",
        "sami: zone Cairo",
        "sami: checkins",
        "sami: stop checkins",
        "until: 2026-03-03T10:00",
    ]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == ["03-02 18:30 sami signal prompt"]
    answers = story.texts("answer", who="sami")
    assert "every day at 08:00, 20:30 (elevated), next: 20:30" in answers[0]
    assert any("quiet 23:00–07:00" in text for text in answers)
    assert any("Africa/Cairo" in text and "– every day" in text for text in answers)


def test_an_officer_proposes_and_the_yes_begins_it(manner: Manner) -> None:
    steps = [
        "ana: checkin Sami daily 21:00",
        "until: 2026-03-02T21:00",
        "sami: yes",
        "until: 2026-03-03T20:05",
    ]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == ["03-03 19:00 sami signal prompt"]
    assert "agrees" in story.texts("notice", who="ana")[0]


def test_a_no_begins_nothing(manner: Manner) -> None:
    steps = ["ana: checkin Sami daily 21:00", "sami: {press: 2}", "until: 2026-03-03T20:05"]
    story = manner.play(script(*steps, protocol=""))
    assert story.short("prompt") == []
    assert "does not want" in story.texts("notice", who="ana")[0]


def test_a_stranger_sets_up_nothing(manner: Manner) -> None:
    text = script("nour: timer 2h court", "wait: 3h", protocol="").replace(
        "steps:", "  nour: {channels: [telegram]}\nsteps:"
    )
    story = manner.play(text)
    assert [(c["person"], c["source"], c["urgency"]) for c in story.cases] == [("nour", "message", "P4")]
    assert story.out("prompt") == []


def test_a_pause_rests_the_questions_and_not_a_timer(manner: Manner) -> None:
    steps = [
        "sami: pause 2d",
        "sami: timer 1h bus",
        "until: 2026-03-02T19:01",
        "sami: ok",
        "until: 2026-03-05T20:05",
    ]
    story = manner.play(script(*steps))
    assert story.short("prompt") == ["03-02 18:00 sami signal prompt", "03-04 19:00 sami signal prompt"]
