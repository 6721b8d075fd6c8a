"""Reads dates and points in time from a token stream, as they are next to come from now."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from alerts.timetext import words
from alerts.timetext.clocks import read_clock
from alerts.timetext.hints import Hint, Misread
from alerts.timetext.lexing import Phrases, Reader, one_of
from alerts.walltime import DAY, occurrences, to_local

_AT = one_of(words.AT)
_TODAY = one_of(words.TODAY)
_TOMORROW = one_of(words.TOMORROW)
_AFTER_TOMORROW = one_of(words.AFTER_TOMORROW)
_WEEKDAYS = Phrases(words.WEEKDAYS)
_MONTHS = Phrases(words.MONTHS)
_NEXT = one_of(words.NEXT)
_OF = one_of(words.OF)


def read_date(reader: Reader, today: date) -> date | Misread | None:
    """A date: "2026-03-05", "tomorrow", "friday", "5 march", "5.3.2026". One without a year is the next such date."""
    start = reader.at
    reader.skip(_AT)
    if reader.take(_AFTER_TOMORROW):
        return today + 2 * DAY
    if reader.take(_TODAY):
        return today
    if reader.take(_TOMORROW):
        return today + DAY
    reader.take(_NEXT)
    weekday = reader.take(_WEEKDAYS)
    if weekday is not None:
        reader.take(_NEXT)
        return today + DAY * ((weekday - today.weekday()) % 7)
    found = _numbered_date(reader, today) or _named_date(reader, today)
    if found is None:
        reader.at = start
    return found


def _numbered_date(reader: Reader, today: date) -> date | Misread | None:
    parts = [reader.peek(n) for n in range(5)]
    first, sign, second, sign_again, third = parts
    if first is None or sign is None or second is None or sign.text not in {"-", "/", "."}:
        return None
    if (
        first.number is None
        or second.number is None
        or not (sign.glued and second.glued)
        or len(second.text) > 2
    ):
        return None
    last = third.number if third is not None and third.glued else None
    three = sign_again is not None and sign_again.text == sign.text and sign_again.glued and last is not None
    begins = reader.at
    if three and last is not None and len(first.text) == 4:
        reader.at += 5
        return _date(first.number, second.number, last, reader.between(begins, reader.at))
    if len(first.text) > 2 or (not three and sign.text != "/"):
        return None
    reader.at += 5 if three else 3
    written = reader.between(begins, reader.at)
    day, month = first.number, second.number
    if sign.text == "/" and day <= 12 and month <= 12 and day != month:
        return Misread(Hint.DATE_UNCLEAR, written)
    if month > 12:
        day, month = month, day
    if three and last is not None:
        return _date(last + 2000 if last < 100 else last, month, day, written)
    return _next_date(today, month, day, written)


def _named_date(reader: Reader, today: date) -> date | Misread | None:
    begins = reader.at
    month = reader.take(_MONTHS)
    number = reader.peek()
    if number is None or number.number is None or len(number.text) > 2:
        reader.at = begins
        return None
    reader.at += 1
    reader.skip(_OF)
    if month is None:
        month = reader.take(_MONTHS)
        reader.skip(_OF)
    if month is None:
        reader.at = begins
        return None
    year = reader.peek()
    after = reader.peek(1)
    if (
        year is not None
        and year.number is not None
        and len(year.text) == 4
        and (after is None or after.text != ":")
    ):
        reader.at += 1
        return _date(year.number, month, number.number, reader.between(begins, reader.at))
    return _next_date(today, month, number.number, reader.between(begins, reader.at))


def _date(year: int, month: int, day: int, written: str) -> date | Misread:
    # Nobody means a date centuries away, and the calendar's last days do not exist in every zone.
    if not 1900 <= year <= 2999:
        return Misread(Hint.NO_SUCH_DATE, written)
    try:
        return date(year, month, day)
    except ValueError:
        return Misread(Hint.NO_SUCH_DATE, written)


def _next_date(today: date, month: int, day: int, written: str) -> date | Misread:
    # 29 February may be up to eight years away.
    for year in range(today.year, today.year + 9):
        found = _date(year, month, day, written)
        if isinstance(found, date) and found >= today:
            return found
    return Misread(Hint.NO_SUCH_DATE, written)


def read_moment(reader: Reader, now: datetime, zone: ZoneInfo) -> datetime | date | Misread | None:
    """A point in time: a clock time (its next coming), a date and a clock time in either order, or a bare date.

    Instants are UTC. A lone hour that may be of the morning or the evening ("at 5") is the one that comes first.
    """
    start = reader.at
    today = to_local(now, zone).date()
    day = read_date(reader, today)
    if isinstance(day, Misread):
        return day
    weekday_only = day is not None and reader.at > start and _is_weekday(reader, start)
    clock = read_clock(reader)
    if clock is None:
        return day
    if day is None:
        after_clock = reader.at
        reader.skip(_AT)
        begins = reader.at
        day = read_date(reader, today)
        if isinstance(day, Misread):
            return day
        if day is None:
            reader.at = after_clock
            coming = next_time(clock.at, now, zone)
            if clock.maybe_evening:
                coming = min(coming, next_time(clock.at.replace(hour=clock.at.hour + 12), now, zone))
            return coming
        weekday_only = _is_weekday(reader, begins)
    moment = next((i for i in occurrences(datetime.combine(day, clock.at), zone) if i > now), None)
    if moment is None and weekday_only:
        moment = occurrences(datetime.combine(day + 7 * DAY, clock.at), zone)[0]
    return moment if moment is not None else Misread(Hint.PAST, reader.between(start, reader.at))


def _is_weekday(reader: Reader, begins: int) -> bool:
    """Whether the date read from that token on was the name of a weekday, which comes again in a week."""
    return any(_WEEKDAYS.match(reader.stream, place) for place in range(begins, reader.at))


def next_time(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """The next instant after `now` at which the wall clock shows that time."""
    today = to_local(now, zone).date()
    coming = (
        instant
        for day in (today, today + DAY, today + 2 * DAY)
        for instant in occurrences(datetime.combine(day, at), zone)
    )
    return min(instant for instant in coming if instant > now)
