"""Cases and check-ins that nobody touches for days: somebody is always told, nobody is woken for nothing, and nothing
is said days later that is not so any more.

Times are UTC; Brussels is at +1.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from tests.stories.harness import Manner, Story

HEAD = """
zone: Europe/Brussels
start: 2026-03-02T09:00
desk: {officers: [ana, ben], lead: carla}
people:
  nour: {channels: [signal], verified: true}
  sami: {channels: [CHANNELS], language: en, verified: true, contacts: [CONTACTS]CHECKED}
steps:
"""
CHECKED = ', check_in: {protocol: routine, times: ["10:00"], days: [mon]}'


def script(*steps: str, channels: str = "signal, telegram", contacts: str = "lina", checked: str = "") -> str:
    """A story of some days."""
    head = HEAD.replace("CHANNELS", channels).replace("CONTACTS", contacts).replace("CHECKED", checked)
    return head + "".join(f"  - {step}\n" for step in steps)


def times(story: Story, words: str, who: str) -> list[str]:
    """When somebody was told this on Signal: "03-02 08:05"."""
    lines = story.out(who=who, channel="signal")
    return [line["at"][5:16].replace("T", " ") for line in lines if words in line["text"]]


# ------------------------------------------------------------------------------------------------ an officer is silent


def test_a_taker_who_never_answers_is_not_waited_for_longer_than_the_review() -> None:
    story = Manner().play(script("nour: SOS", "ana: take", "wait: 3d"))
    called = times(story, "nobody has answered", "ben") + times(story, "nobody has answered", "carla")
    called.sort()
    # The waits double up to the twelve hours after which any P1 is looked at again.
    assert called[-4:] == ["03-03 17:20", "03-04 05:20", "03-04 17:20", "03-05 05:20"]


def test_of_a_case_that_rests_others_hear_when_its_taker_does_nothing() -> None:
    answered = ("nour: SOS", "ana: take", "ana: I am here")
    story = Manner().play(script(*answered, "wait: 2d"))
    assert times(story, "is still open and nothing has happened", "ana") == [
        "03-02 20:00",
        "03-03 08:00",
        "03-03 20:00",
        "03-04 08:00",
    ]
    for other in ("ben", "carla"):
        assert times(story, "Ana has it, it is still open", other) == [
            "03-03 08:00",
            "03-03 20:00",
            "03-04 08:00",
        ]


def test_a_note_on_a_case_that_rests_is_sign_enough() -> None:
    answered = ("nour: SOS", "ana: take", "ana: I am here", "ana: plan we call at noon")
    story = Manner().play(script(*answered, "wait: 13h", "ana: note all quiet", "wait: 13h"))
    assert times(story, "Ana has it, it is still open", "ben") == []


def test_an_untaken_p4_is_told_again_by_day() -> None:
    story = Manner().play(script("nour: we would like to ask about a grant", "wait: 3d"))
    # Eighteen hours later it is three in the morning.
    assert times(story, "P4", "ana") == [
        "03-02 08:00",
        "03-02 16:00",
        "03-03 06:00",
        "03-04 06:00",
        "03-05 06:00",
    ]


def test_the_first_word_of_a_p4_comes_at_any_hour() -> None:
    story = Manner().play(script("until: 2026-03-03T03:00", "nour: we would like to ask about a grant"))
    assert times(story, "P4", "ana") == ["03-03 02:00"]


# ------------------------------------------------------------------------------------------------ what comes too late


DOWN = (
    "until: 2026-03-02T09:50",
    "channel: {signal: down}",
    "until: 2026-03-02T13:10",
    "ana@telegram: take",
    "ana@telegram: are you well?",
)
CLOSED = ("wait: 1h", "sami@telegram: OK", "ana@telegram: close safe", "wait: 5m")


def test_nothing_is_said_of_a_closed_case_that_a_channel_kept_for_days() -> None:
    story = Manner().play(script(*DOWN, *CLOSED, "channel: {signal: up}", "wait: 5m", checked=CHECKED))
    late = [line for line in story.out("notice", channel="signal") if line["who"] != "sami"]
    assert [line["text"] for line in late] == []
    # Lina's alert never went out: nothing is to be cleared, and an all-clear now could be taken for another alarm's.
    assert story.out(who="lina") == []


def test_a_question_that_could_not_go_out_is_no_news_hours_later() -> None:
    until = "until: 2026-03-02T13:10"
    steps = (
        "until: 2026-03-02T09:50",
        "channel: {signal: down}",
        until,
        "ana@telegram: take",
        "wait: 5m",
        "channel: {signal: up}",
    )
    story = Manner().play(script(*steps, "wait: 5m", channels="signal", contacts="", checked=CHECKED))
    told = [line["at"][5:16] for line in story.out("notice") if "our channel is not working" in line["text"]]
    assert told
    assert set(told) <= {"03-02T09:00", "03-02T09:30", "03-02T09:31", "03-02T09:32"}


def test_who_is_called_after_a_late_ok_hears_that_there_was_one() -> None:
    steps = ("until: 2026-03-02T13:20", "sami: OK", "wait: 15m", "ana: take", "until: 2026-03-02T22:05")
    story = Manner().play(script(*steps, checked=CHECKED))
    words = "They have said since that they are well. Nobody has verified it yet."
    assert times(story, words, "carla")[:1] == ["03-02 12:30"]
    assert [
        text
        for text in story.texts("notice", who="ana", channel="signal")
        if "no emergency plan" in text and words in text
    ]
    before = [line for line in story.out("page") if line["at"] < "2026-03-02T12:20"]
    assert before
    assert not any(words in line["text"] for line in before)


def test_somebody_who_waits_for_days_hears_so_less_and_less_often() -> None:
    story = Manner().play(script("nour: SOS", "wait: 9h"))
    assert times(story, "Nobody has seen it yet", "nour") == [
        "03-02 08:02",
        "03-02 08:05",
        "03-02 08:10",
        "03-02 08:40",
        "03-02 09:50",
        "03-02 11:50",
        "03-02 16:10",
    ]


def test_an_ok_from_before_a_timer_that_was_missed_says_nothing_of_it() -> None:
    steps = ("until: 2026-03-02T13:20", "sami: OK", "sami: timer 30m market", "wait: 50m")
    story = Manner().play(script(*steps, checked=CHECKED))
    missed = [line["text"] for line in story.out("page", channel="signal") if "market" in line["text"]]
    assert missed
    assert not any("They have said since" in text for text in missed)


# ------------------------------------------------------------------------------------------------------ nobody takes it


def gaps(shown: list[str]) -> list[int]:
    """Minutes between these times of March."""
    minutes = [int(s[3:5]) * 1440 + int(s[6:8]) * 60 + int(s[9:11]) for s in shown]
    return [after - before for before, after in pairwise(minutes)]


def test_an_alarm_that_nobody_takes_calls_less_often_and_for_ever() -> None:
    story = Manner(chop=timedelta(hours=5)).play(script("nour: SOS", "wait: 3d"))
    called = gaps(times(story, "P1", "ana"))
    assert called[:26] == [10, *[10] * 6, *[20] * 6, *[40] * 6, *[60] * 7]
    assert set(called[26:]) == {60}
    assert times(story, "P1", "ana")[-1] >= "03-05 07:00"


def test_each_round_says_since_when_it_waits_and_the_lead_that_the_next_comes_later() -> None:
    story = Manner().play(script("nour: SOS", "wait: 4h"))
    waits = "Nobody has taken it since 09:00."
    assert times(story, waits, "ana") == times(story, "P1", "ana")[2:]
    assert times(story, waits, "carla") == times(story, "P1", "carla")[2:]
    later = "From now on we call less often; the next time is {}. Please reach somebody by telephone."
    assert times(story, later.format("10:30"), "carla") == ["03-02 09:10"]
    assert times(story, later.format("12:50"), "carla") == ["03-02 11:10"]
    assert times(story, "From now on", "ana") == []
    assert all(waits in text for text in story.texts("page", who="ana", channel="telegram")[2:])


def test_a_new_alarm_begins_at_the_short_rounds_again() -> None:
    story = Manner().play(script("nour: SOS", "wait: 1d", "ana: take", "wait: 1m", "nour: SOS", "wait: 40m"))
    late = [at for at in times(story, "P1", "ben") if at > "03-03 08:02"]
    assert late
    assert max(gaps(late)) <= 10


# -------------------------------------------------------------------------------------------- a channel is back at last


def came_back(story: Story, who: str, kind: str, since: str) -> list[str]:
    """What an officer then found on Signal."""
    return [line["text"] for line in story.out(kind, who=who, channel="signal") if line["at"] > since]


def test_of_each_case_one_page_says_how_it_stands_once_a_channel_is_back() -> None:
    # Two hours over midnight: of each case a dozen pages pile up, and a day ago is told with its date. In a rehearsal a
    # channel that is down is tried again as often as in life, which makes days of it long.
    alarms = ("channel: {signal: down}", "sami@telegram: SOS", "wait: 30m", "nour@telegram: SOS")
    back = ("until: 2026-03-03T01:01", "channel: {signal: up}", "wait: 4m")
    told = script("until: 2026-03-02T23:00", *alarms, *back, channels="telegram")
    story = Manner().play(told.replace("nour: {channels: [signal]", "nour: {channels: [telegram]"))
    for who in ("ana", "ben", "carla"):
        pages = came_back(story, who, "page", "2026-03-03T00:01")
        assert len(pages) == 2, pages
        (sami,) = [page for page in pages if "Sami" in page]
        (nour,) = [page for page in pages if "Nour" in page]
        assert "Nobody has taken it since Mon 2 Mar 23:00." in sami
        assert "Nobody has taken it since Mon 2 Mar 23:30." in nour
    assert story.undelivered == 0


def test_a_reminder_that_piled_up_is_read_once() -> None:
    answered = ("sami@telegram: SOS", "ana@telegram: take", "ana@telegram: hi", "until: 2026-03-03T08:00")
    # Of those that come every twelve hours two fall into the outage. While one channel works they come there, each in
    # its time, and do not pile up.
    away = ("channel: {telegram: down}", "channel: {signal: down}", "until: 2026-03-03T22:01")
    story = Manner().play(script(*answered, *away, "channel: {signal: up}", "wait: 4m", channels="telegram"))
    for who in ("ana", "carla"):
        notices = came_back(story, who, "notice", "2026-03-03T21:01")
        assert len([text for text in notices if "nothing has happened" in text]) == 1


def test_who_is_called_because_nobody_answers_reads_since_when() -> None:
    story = Manner().play(script("nour: SOS", "ana: take", "wait: 10m"))
    (page,) = [text for text in story.texts("page", who="ben", channel="signal") if "nobody has" in text]
    assert page.splitlines()[-1 if "1." not in page else -3] == "They have waited since 09:00."
