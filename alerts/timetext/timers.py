"""Timers, more time, ends and pauses, as people type them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.timetext import words
from alerts.timetext.clocks import Clock, read_clock, read_length
from alerts.timetext.commands import COMMANDS, Opening, is_meant, opening, slash
from alerts.timetext.dates import next_time, read_moment
from alerts.timetext.hints import Hint, Misread
from alerts.timetext.lexing import Phrases, Reader, one_of
from alerts.timetext.words import Command
from alerts.walltime import to_utc, zone_named

MIN_TIMER, MAX_TIMER = timedelta(minutes=1), timedelta(days=7)
MAX_PAUSE = timedelta(days=90)
LEAST_BARE_MINUTES = 5
"""A lone number smaller than this is more likely hours than minutes, so it is asked about."""
MAX_LABEL = 80


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer to start: due at `deadline` (UTC)."""

    deadline: datetime
    label: str = field(default="", repr=False)
    """What it is for, as the person wrote it; may be empty. At most 80 characters."""
    length: timedelta | None = None
    """Set when a length was given ("2h") and not a clock time."""


@dataclass(frozen=True, slots=True)
class Extend:
    """More time: `by` a length, or `until` an instant (UTC), or neither: the person did not say how much."""

    by: timedelta | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class End:
    """Something is to end: "timer", "check_in", or None when the person did not say which."""

    what: str | None = None
    label: str = field(default="", repr=False)
    """Which of several timers, as the person wrote it; may be empty."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Check-ins rest until then (UTC)."""

    until: datetime


_WITHIN = one_of(words.WITHIN)
_UNTIL = one_of(words.UNTIL)
_BY = one_of(words.BY)
_ROUGHLY = one_of(words.ROUGHLY)
_WEAK_EXTEND = one_of(words.WEAK_EXTEND)
_STOP = one_of(words.STOP)
_ENDS = one_of((*words.STOP, *words.ENDS_TIMER))
_ENDABLE = Phrases({"timer": words.TIMER_NOUNS, "check_in": words.CHECK_IN_NOUNS})
_LABEL_LEADS = one_of(words.LABEL_LEADS)


def parse_timer(text: str, now: datetime, zone: str, *, asked: bool = False) -> Timer | Misread | None:
    """ "timer 2h court", "timer 18:00 court", "timer court tomorrow 9:00", "/timer 45".

    A lone number is minutes. "18h" and the like may be a clock time or a length: the earlier one counts. "timer end"
    and "timer extend 30m" start none.
    """
    reader = Reader(text)
    opened = opening(reader, Command.TIMER)
    if not asked and (opened is Opening.NONE or _of_running_timer(text, now, zone)):
        return None
    start = reader.at
    found = _timer_time(reader, now, zone)
    if isinstance(found, Misread):
        return found
    if found is not None:
        reader.skip(_LABEL_LEADS)
        return _bounded(found, reader.between(reader.at), now)
    # The label may come first: then the time must be the last thing said.
    for place in range(start + 1, len(reader.stream)):
        if reader.stream[place].glued:
            continue
        reader.at = place
        found = _timer_time(reader, now, zone)
        if isinstance(found, Timer) and reader.ended():
            return _bounded(found, reader.between(start, place), now)
    return Misread(Hint.TIMER_TIME, reader.between(start))


def _of_running_timer(text: str, now: datetime, zone: str) -> bool:
    """Whether it ends or extends one."""
    return parse_end(text) is not None or isinstance(parse_extend(text, now, zone), Extend)


def parse_extend(text: str, now: datetime, zone: str, *, asked: bool = False) -> Extend | Misread | None:
    """ "extend 30m", "more 30 min", "more time", "extend until 19:00". A lone number is minutes."""
    reader = Reader(text)
    named = opening(reader, Command.TIMER) is not Opening.NONE
    opened = opening(reader, Command.EXTEND)
    if named and opened is Opening.NONE and not asked:
        return None
    weak = opened is Opening.NONE and not asked
    if weak and reader.take(_WEAK_EXTEND) is None:
        return None
    start = reader.at
    if reader.ended():
        return Misread(Hint.EXTEND_TIME) if asked else Extend()
    meant = not weak and is_meant(reader, opened, asked)
    found = _extend_by(reader, now, zone)
    if isinstance(found, Misread):
        return found if meant else None
    if found is None or not reader.ended():
        return Misread(Hint.EXTEND_TIME, reader.between(start)) if meant else None
    more = found.by if found.by is not None else (found.until or now) - now
    return found if MIN_TIMER <= more <= MAX_TIMER else Misread(Hint.EXTEND_BOUNDS, reader.between(start))


def parse_end(text: str) -> End | None:
    """ "end", "end timer", "end timer court", "timer end", "stop check-ins"."""
    reader = Reader(text)
    start = reader.at
    if opening(reader, Command.TIMER) is not Opening.NONE and reader.take(_ENDS) and reader.ended():
        return End("timer")
    for verbs in (_STOP, COMMANDS[Command.END]):
        reader.at = start
        firm = slash(reader)
        if reader.take(verbs) is None:
            continue
        what = _what_ended(reader, start)
        if reader.ended():
            if firm or verbs is not _STOP:
                return End(what)
            continue
        what = what or reader.take(_ENDABLE)
        if what is not None or firm:
            return End(what, reader.between(reader.at)[:MAX_LABEL])
    return None


def parse_pause(text: str, now: datetime, zone: str, *, asked: bool = False) -> Pause | Misread | None:
    """ "pause 2d", "pause until 2026-03-05" (from its first minute on), "pause until tomorrow 8:00"."""
    reader = Reader(text)
    opened = opening(reader, Command.PAUSE)
    if opened is Opening.NONE and not asked:
        return None
    start = reader.at
    meant = is_meant(reader, opened, asked)
    _lead(reader, _WITHIN)
    said = reader.at
    length = read_length(reader)
    if length is not None and reader.ended() and not _rather_clock(reader, start, said):
        return _bounded_pause(now + length, reader, start, now)
    reader.at = start
    reader.skip(_UNTIL)
    where = zone_named(zone)
    moment = read_moment(reader, now, where)
    if isinstance(moment, Misread):
        return moment
    if moment is None or not reader.ended():
        return Misread(Hint.PAUSE_UNTIL, reader.between(start)) if meant else None
    if not isinstance(moment, datetime):
        moment = to_utc(datetime.combine(moment, time()), where)
    return _bounded_pause(moment, reader, start, now)


def parse_resume(text: str) -> bool:
    """Whether the whole message asks to end a pause."""
    reader = Reader(text)
    return opening(reader, Command.RESUME) is not Opening.NONE and reader.ended()


def _timer_time(reader: Reader, now: datetime, zone: str) -> Timer | Misread | None:
    """A length or a point in time; of two readings of the same words the earlier one."""
    start = reader.at
    where = zone_named(zone)
    reader.skip(_ROUGHLY)
    said = reader.at
    within = reader.skip(_WITHIN)
    reader.skip(_ROUGHLY)
    length = read_length(reader)
    after_length = reader.at
    reader.at = said
    clock = read_clock(reader)
    if length is not None:
        longer = clock is None or after_length > reader.at
        if within or longer or (clock is not None and clock.maybe_length):
            reader.at = after_length
            return _earlier(
                Timer(now + length, length=length), None if within or longer else clock, now, where
            )
    reader.at = start
    reader.skip(_UNTIL)
    moment = read_moment(reader, now, where)
    if isinstance(moment, datetime):
        return Timer(moment)
    if isinstance(moment, Misread):
        return moment
    reader.at = start
    reader.skip(_WITHIN)
    token = reader.peek()
    if isinstance(moment, date) or token is None or token.number is None or not _stands_alone(reader):
        reader.at = start
        return None
    reader.at += 1
    if token.number < LEAST_BARE_MINUTES:
        return Misread(Hint.TIMER_UNIT, token.text)
    return Timer(now + timedelta(minutes=token.number), length=timedelta(minutes=token.number))


def _stands_alone(reader: Reader) -> bool:
    """Whether the number here is a word of its own, and no part of "25:00" or "3x"."""
    follower, then = reader.peek(1), reader.peek(2)
    if follower is None or not follower.glued:
        return True
    return follower.text in {",", ".", ";", ":", "!"} and (then is None or not then.glued)


def _earlier(timer: Timer, clock: Clock | None, now: datetime, zone: ZoneInfo) -> Timer:
    """ "18h" is said of clocks and of lengths, and the earlier one counts; "2h" and "1h30" are lengths."""
    if clock is None or clock.at.hour <= 12:
        return timer
    by_clock = next_time(clock.at, now, zone)
    return Timer(by_clock) if by_clock < timer.deadline else timer


def _bounded(timer: Timer, label: str, now: datetime) -> Timer | Misread:
    if not MIN_TIMER <= timer.deadline - now <= MAX_TIMER:
        return Misread(Hint.TIMER_BOUNDS)
    return Timer(timer.deadline, label[:MAX_LABEL].strip(" -:,.;"), timer.length)


def _bounded_pause(until: datetime, reader: Reader, start: int, now: datetime) -> Pause | Misread:
    if until <= now:
        return Misread(Hint.PAST, reader.between(start))
    if until - now > MAX_PAUSE:
        return Misread(Hint.PAUSE_BOUNDS, reader.between(start))
    return Pause(until)


def _extend_by(reader: Reader, now: datetime, zone: str) -> Extend | Misread | None:
    start = reader.at
    _lead(reader, _BY)
    said = reader.at
    length = read_length(reader)
    if length is not None and not _rather_clock(reader, start, said):
        return Extend(by=length)
    reader.at = said
    token = reader.peek()
    if token is not None and token.number is not None and reader.at + 1 == len(reader.stream):
        reader.at += 1
        if token.number < LEAST_BARE_MINUTES:
            return Misread(Hint.TIMER_UNIT, token.text)
        return Extend(by=timedelta(minutes=token.number))
    reader.at = start
    reader.skip(_UNTIL)
    moment = read_moment(reader, now, zone_named(zone))
    if isinstance(moment, datetime):
        return Extend(until=moment)
    return moment if isinstance(moment, Misread) else None


def _lead(reader: Reader, more: Phrases[bool]) -> None:
    """Leaves the small words before a length of time behind, in any order."""
    while reader.skip(_WITHIN) or reader.skip(_ROUGHLY) or reader.skip(more):
        pass


def _rather_clock(reader: Reader, start: int, said: int) -> bool:
    """Whether what was read as a length after such a word is rather the hour of a clock: "extend by 18h"."""
    after = reader.at
    reader.at = said
    clock = read_clock(reader)
    same = reader.at == after
    reader.at = after
    return said > start and clock is not None and same and clock.maybe_length and clock.at.hour > 12


def _what_ended(reader: Reader, start: int) -> str | None:
    """What the words of the command named themselves ("end timer")."""
    for place in range(start, reader.at):
        found = _ENDABLE.match(reader.stream, place)
        if found is not None:
            return found[0]
    return None
