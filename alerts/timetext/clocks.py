"""Reads lengths of time and times of day from a token stream.

Each reader either moves past what it understood and gives it back, or gives None and leaves the stream where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta

from alerts.timetext import words
from alerts.timetext.lexing import Phrases, Reader, one_of

_UNITS = Phrases(words.UNITS)
_WHOLE = Phrases(words.WHOLE_LENGTHS)
_HALF = one_of(words.AND_A_HALF)
_NUMBERS = Phrases(words.NUMBERS)
_AND = one_of(("and", "y", "et", "و", ","))
_AM = one_of(words.AM)
_PM = one_of(words.PM)
_NOON = one_of(words.NOON)
_MIDNIGHT = one_of(words.MIDNIGHT)
_AT = one_of(words.AT)
_HOUR_SIGN = one_of(words.HOUR_SIGNS)
_TO = one_of(words.TO)
_FROM = one_of(words.FROM)
_LONGEST = timedelta(days=3650)


def read_length(reader: Reader) -> timedelta | None:
    """A length of time: "1h30", "90 min", "two hours and a half", "نصف ساعة". A number alone is none."""
    start = reader.at
    total = 0.0
    read_one = False
    while True:
        before = reader.at
        if read_one:
            reader.skip(_AND)
        seconds = _length_part(reader)
        if seconds is None:
            reader.at = before
            break
        total += seconds
        read_one = True
    if not read_one or total > _LONGEST.total_seconds():
        reader.at = start
        return None
    return timedelta(seconds=round(total))


def _length_part(reader: Reader) -> float | None:
    start = reader.at
    whole = reader.take(_WHOLE)
    if whole is not None:
        unit_of_it = max(unit for unit in words.UNITS if unit <= max(whole, words.MINUTE))
        return whole + (unit_of_it / 2 if reader.take(_HALF) else 0)
    number = _decimal(reader)
    if number is None:
        number = reader.take(_NUMBERS)
    unit = reader.take(_UNITS) if number is not None else None
    if number is None or unit is None:
        reader.at = start
        return None
    seconds = number * unit
    if reader.take(_HALF):
        return seconds + unit / 2
    minutes = reader.peek()
    if unit == words.HOUR and minutes is not None and minutes.glued and minutes.number is not None:
        if minutes.number >= 60 or len(minutes.text) > 2:
            reader.at = start
            return None
        seconds += minutes.number * words.MINUTE
        reader.at += 1
        after = reader.at
        if reader.take(_UNITS) not in {None, words.MINUTE}:
            reader.at = after
    return seconds


def _decimal(reader: Reader) -> float | None:
    """12, 1.5 or 1,5."""
    whole, point, rest = reader.peek(), reader.peek(1), reader.peek(2)
    if whole is None or whole.number is None:
        return None
    reader.at += 1
    if point is None or rest is None or point.text not in {".", ","} or rest.number is None:
        return whole.number
    if not (point.glued and rest.glued) or len(rest.text) > 2:
        return whole.number
    reader.at += 2
    return float(f"{whole.text}.{rest.text}")


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day that was read, and what else it may have meant."""

    at: time
    """As on a clock of 24 hours."""
    maybe_length: bool = False
    """ "18h30" is said of lengths too."""
    maybe_evening: bool = False
    """A lone hour up to 11: "at 5" is said of both halves of the day."""


def read_clock(reader: Reader, *, bare: bool = False) -> Clock | None:
    """A time of day: "18:00", "6pm", "18h30", "18.00", "1830", "noon". With `bare`, also a lone 0 to 24."""
    start = reader.at
    named = reader.skip(_AT)
    if reader.take(_NOON):
        return Clock(time(12))
    if reader.take(_MIDNIGHT):
        return Clock(time(0))
    clock = _clock_number(reader, bare or named)
    if clock is None:
        reader.at = start
        return None
    return Clock(clock.at, clock.maybe_length and not named, clock.maybe_evening)


def _clock_number(reader: Reader, bare: bool) -> Clock | None:
    token = reader.peek()
    if token is None:
        return None
    hour, minute, plain, sign = token.number, 0, True, False
    if hour is None:
        hour = reader.take(_NUMBERS)
        if hour is None or not (half := _half_of_day(reader)):
            return None
        return _clock(hour, 0, half, False)
    reader.at += 1
    if len(token.text) == 4:
        hour, minute, plain = hour // 100, hour % 100, False
    elif len(token.text) > 2:
        return None
    elif (minutes := _minutes_after(reader, (":", "."))) is not None:
        minute, plain = minutes, False
        reader.take(_HOUR_SIGN)
    elif reader.take(_HOUR_SIGN):
        sign, plain = True, False
        follower = reader.peek()
        if (
            follower is not None
            and follower.glued
            and follower.number is not None
            and len(follower.text) == 2
        ):
            minute = follower.number
            reader.at += 1
    half = _half_of_day(reader)
    if plain and not half and not bare:
        return None
    clock = _clock(hour, minute, half, sign and not half)
    if clock is not None and plain and not half and 0 < clock.at.hour < 12:
        return Clock(clock.at, maybe_evening=True)
    return clock


def _minutes_after(reader: Reader, signs: tuple[str, ...]) -> int | None:
    sign, minutes = reader.peek(), reader.peek(1)
    if sign is None or minutes is None or sign.text not in signs or not (sign.glued and minutes.glued):
        return None
    if minutes.number is None or len(minutes.text) != 2:
        return None
    reader.at += 2
    return minutes.number


def _half_of_day(reader: Reader) -> str:
    if reader.take(_AM):
        return "am"
    return "pm" if reader.take(_PM) else ""


def _clock(hour: int, minute: int, half: str, sign: bool) -> Clock | None:
    if half and hour == 0:
        return None
    if half == "am" and hour == 12:
        hour = 0
    elif half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour > 12:
        return None
    if hour == 24 and minute == 0:
        hour = 0
    if hour > 23 or minute > 59:
        return None
    return Clock(time(hour, minute), sign)


def read_span(reader: Reader) -> tuple[time, time] | None:
    """Two times of day: "23-7", "22:30 06:00", "from 11pm to 7am"."""
    start = reader.at
    reader.skip(_FROM)
    first = read_clock(reader, bare=True)
    if first is not None:
        reader.skip(_TO)
        second = read_clock(reader, bare=True)
        if second is not None:
            return first.at, second.at
    reader.at = start
    return None
