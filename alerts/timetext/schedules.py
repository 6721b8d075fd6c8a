"""Schedules and quiet hours, as people type them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache

from alerts.schedule import ALL_DAYS, MAX_HOURS, MAX_TIMES, MIN_HOURS
from alerts.timetext import words
from alerts.timetext.clocks import read_clock, read_length, read_span
from alerts.timetext.commands import Opening, is_meant, opening
from alerts.timetext.hints import Hint, Misread
from alerts.timetext.lexing import Phrases, Reader, one_of
from alerts.timetext.words import Command

_EVERY = one_of(words.EVERY)
_DAY_GROUPS = Phrases(words.DAY_GROUPS)
_WEEKDAYS = Phrases(words.WEEKDAYS)
_TO_DAY = one_of(words.TO_DAY)
_FILLERS = one_of(words.FILLERS)
_OFF = one_of(words.OFF)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours, local (start, end); None takes them away."""

    hours: tuple[time, time] | None


@dataclass(frozen=True, slots=True)
class Timetable:
    """When to ask, as `alerts.schedule.CheckInSchedule` wants it: exactly one of `times` and `every_hours` is set."""

    times: tuple[time, ...] = ()
    days: frozenset[int] = ALL_DAYS
    every_hours: float | None = None
    quiet: tuple[time, time] | None = None
    """Quiet hours said along with it."""
    protocol: str | None = None
    """A protocol's name said along with it."""


def parse_schedule(
    text: str, *, protocols: Collection[str] | Phrases[str] = (), asked: bool = False
) -> Timetable | Misread | None:
    """ "daily 9:00 21:00", "every 6h", "mon wed fri 08:30", "check-in weekdays 9 quiet 23-7 routine".

    `protocols`: names that may be said along with it, or how these are said.
    """
    reader = Reader(text)
    opened = opening(reader, Command.SCHEDULE)
    strong = (asked or opened is not Opening.NONE) and is_meant(reader, opened, asked)
    names = protocols if isinstance(protocols, Phrases) else _protocol_words(frozenset(protocols))
    draft = _Draft(names)
    while not reader.ended():
        before = reader.at
        if not draft.read(reader):
            return Misread(Hint.SCHEDULE, reader.between(before)) if strong else None
    return draft.finished(strong)


def parse_quiet(text: str, *, asked: bool = False) -> Quiet | Misread | None:
    """ "quiet 23-7", "quiet 22:30 06:00", "quiet from 11pm to 7am", "quiet off"."""
    reader = Reader(text)
    opened = opening(reader, Command.QUIET)
    if opened is Opening.NONE and not asked:
        return None
    start = reader.at
    meant = is_meant(reader, opened, asked)
    if reader.take(_OFF) and reader.ended():
        return Quiet(None)
    reader.at = start
    span = read_span(reader)
    if span is None or not reader.ended():
        return Misread(Hint.QUIET, reader.between(start)) if meant else None
    return Misread(Hint.QUIET_SAME) if span[0] == span[1] else Quiet(span)


@lru_cache(maxsize=16)
def _protocol_words(names: frozenset[str]) -> Phrases[str]:
    return Phrases({name: (name,) for name in sorted(names)})


class _Draft:
    """A schedule while its words are being read."""

    def __init__(self, protocols: Phrases[str]) -> None:
        self._protocols = protocols
        self._times: dict[time, None] = {}
        self._days: set[int] = set()
        self._every: timedelta | None = None
        self._quiet: tuple[time, time] | None = None
        self._protocol: str | None = None

    def read(self, reader: Reader) -> bool:
        """Takes the next piece; False when it is none of a schedule's."""
        if self._read_days(reader):
            return True
        if reader.take(_EVERY):
            length = read_length(reader)
            if length is not None and self._every is None:
                self._every = length
                return True
            # "every monday": the weekday is read next.
            return length is None and _WEEKDAYS.match(reader.stream, reader.at) is not None
        if opening(reader, Command.QUIET) is not Opening.NONE:
            self._quiet = read_span(reader)
            return self._quiet is not None
        protocol = reader.take(self._protocols)
        if protocol is not None:
            self._protocol = protocol
            return True
        clock = read_clock(reader, bare=True)
        if clock is not None:
            self._times[clock.at] = None
            return True
        return reader.skip(_FILLERS)

    def _read_days(self, reader: Reader) -> bool:
        group = reader.take(_DAY_GROUPS)
        if group is not None:
            self._days |= group
            return True
        first = reader.take(_WEEKDAYS)
        if first is None:
            return False
        before = reader.at
        reader.skip(_TO_DAY)
        last = reader.take(_WEEKDAYS) if reader.at > before else None
        if last is None:
            reader.at = before
            last = first
        self._days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
        return True

    def finished(self, strong: bool) -> Timetable | Misread | None:
        """The schedule, or what is wrong with it."""
        if self._quiet is not None and self._quiet[0] == self._quiet[1]:
            return Misread(Hint.QUIET_SAME)
        if self._every is not None and not self._times and not self._days:
            hours = self._every / timedelta(hours=1)
            if not MIN_HOURS <= hours <= MAX_HOURS:
                return Misread(Hint.EVERY_BOUNDS)
            return Timetable(every_hours=hours, quiet=self._quiet, protocol=self._protocol)
        if self._every is not None:
            return Misread(Hint.SCHEDULE) if strong else None
        if not self._times:
            return Misread(Hint.SCHEDULE_TIMES if self._days else Hint.SCHEDULE) if strong else None
        if not self._days and not strong:
            return None
        if len(self._times) > MAX_TIMES:
            return Misread(Hint.SCHEDULE_MANY)
        days = frozenset(self._days) or ALL_DAYS
        return Timetable(tuple(sorted(self._times)), days, None, self._quiet, self._protocol)
