"""Whatever a person can send, the parsers of time answer with one of their values, and soon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.schedule import CheckInSchedule, next_prompt
from alerts.timetext import (
    COMMAND_WORDS,
    End,
    Extend,
    Misread,
    Pause,
    Quiet,
    Timer,
    Timetable,
    parse_end,
    parse_extend,
    parse_pause,
    parse_quiet,
    parse_resume,
    parse_schedule,
    parse_timer,
    parse_zone,
)
from alerts.timetext.lexing import LIMIT, tokens

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ZONES = ["UTC", "Asia/Beirut", "Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns"]


def everything(text: str, now: datetime = NOW, zone: str = "UTC", *, asked: bool = False) -> list[object]:
    """Every parser's answer to one message, each checked for what it promises."""
    timer = parse_timer(text, now, zone, asked=asked)
    assert timer is None or isinstance(timer, Timer | Misread)
    if isinstance(timer, Timer):
        assert timedelta(minutes=1) <= timer.deadline - now <= timedelta(days=7)
        assert len(timer.label) <= 80
        assert timer.label.isprintable()
    extend = parse_extend(text, now, zone, asked=asked)
    assert extend is None or isinstance(extend, Extend | Misread)
    if isinstance(extend, Extend) and extend.until is not None:
        assert extend.until > now
    pause = parse_pause(text, now, zone, asked=asked)
    assert pause is None or isinstance(pause, Pause | Misread)
    if isinstance(pause, Pause):
        assert now < pause.until <= now + timedelta(days=90)
    timetable = parse_schedule(text, protocols=("routine",), asked=asked)
    assert timetable is None or isinstance(timetable, Timetable | Misread)
    if isinstance(timetable, Timetable):
        anchor = now if timetable.every_hours else None
        schedule = CheckInSchedule(
            zone, timetable.times, timetable.days, timetable.every_hours, anchor, timetable.quiet
        )
        assert next_prompt(schedule, now) is not None
    quiet = parse_quiet(text, asked=asked)
    assert quiet is None or isinstance(quiet, Quiet | Misread)
    end = parse_end(text)
    assert end is None or isinstance(end, End)
    parsed: list[object] = [
        timer,
        extend,
        pause,
        timetable,
        quiet,
        end,
        parse_zone(text, asked=asked),
        parse_resume(text),
    ]
    if asked:
        assert None not in parsed[:5]
    return parsed


pieces = st.sampled_from(
    [
        *(word for by_language in COMMAND_WORDS.values() for words in by_language.values() for word in words),
        *(
            "2h",
            "18:00",
            "1h30",
            "6pm",
            "half an hour",
            "tomorrow",
            "friday",
            "2026-03-05",
            "until",
            "in",
            "at",
            "/",
        ),
        *(
            "٢",
            "ساعتين",
            "غدا",
            "every",
            "daily",
            "mon",
            "-",
            "quiet",
            "23-7",
            "off",
            ":",
            ".",
            ",",
            "more",
            "+",
            "9",
        ),
        *(
            "court",
            "45",
            "3/4",
            "29/2",
            "31",
            "march",
            "5 mars",
            "0",
            "99",
            "0000",
            "\u200f",
            "\ud800",
            "🆘",
            "'",
            "@",
        ),
        *("9999-12-31", "0001-01-01", "1e9", "½", "²", "Ⅻ", "᠎", "a", "h", "m", "d"),
    ]
)
sentences = st.lists(pieces | st.text(max_size=6), max_size=9).flatmap(
    lambda parts: st.sampled_from([" ".join(parts), "".join(parts)])
)
moments = st.datetimes(datetime(2005, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=600, deadline=None)
@given(sentences, moments, st.sampled_from(ZONES), st.booleans())
def test_any_sentence_is_answered(text: str, now: datetime, zone: str, asked: bool) -> None:
    everything(text, now, zone, asked=asked)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_any_text_is_answered(text: str) -> None:
    everything(text)
    everything("timer " + text)
    everything(text, asked=True)


@pytest.mark.parametrize(
    "junk",
    [
        "a" * 65536,
        "timer " + "9" * 65536,
        "timer " + "2h and " * 10000,
        "daily " + "9:00 " * 13000,
        "every " * 11000,
        "pause until " * 6000,
        "timer " + "x " * 32000 + "2h",
        "1:" * 32000,
        "'" * 65536,
        "a'" * 32000,
        "\u200b" * 65536,
        "\ud800" * 65536,
        "ﷺ" * 65536,
        "timer " + "٣" * 65536,
        "a half " * 9000,
        "z\u0301" * 32000,
        "zone " + "Beirut/" * 9000,
    ],
    ids=lambda junk: f"{junk[:12]!a}",
)
def test_64_kb_of_junk(junk: str) -> None:
    everything(junk)
    everything(junk, asked=True)


def test_what_stands_after_the_limit_is_not_read() -> None:
    """This is what bounds the cost of any message, whatever its length."""
    assert len(tokens("a " * 60000)) <= LIMIT
    assert tokens("a " * 60000) == tokens(("a " * 60000)[:LIMIT])
    longest = max(len(tokens(chr(code) * LIMIT)) for code in (0xFDFA, 0x2F, 0x31, 0x41, 0x3371))
    assert longest <= 20 * LIMIT


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati", "UTC"])
@pytest.mark.parametrize(
    "day", ["9999-12-31 23:59", "0001-01-01 00:01", "9999-12-31", "0001-01-01", "0000-00-00"]
)
def test_the_first_and_last_days_of_the_calendar(day: str, zone: str) -> None:
    """In some zone they are outside of what UTC can show."""
    for command in ("timer", "pause until", "extend until"):
        answers = everything(f"{command} {day}", NOW, zone)
        assert any(isinstance(answer, Misread) for answer in answers)
