"""When the next check-in prompt is due: a pure question.

A schedule is either local times of chosen days in an IANA zone, or every so many hours from an anchor. Rules:

* A wall-clock time happens once a day. In a fold it is the first of its two readings; in a gap it is the
  first instant after the gap. A date that the zone's calendar skips has no prompts.
* "Every N hours" counts real hours, whatever the clocks do.
* Quiet hours are what the clock on the wall says, and may pass midnight. A prompt that falls into them comes
  when they end; several that wait for the same end are one prompt. Nothing is skipped for quiet.
* A pause drops the prompts before its end.
* The day of a time is the day on which it was meant, also when quiet hours or a gap carry it past midnight.

Source of the rules: protection practice, "Check-ins".
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from heapq import merge
from itertools import count
from zoneinfo import ZoneInfo

from cronsim import CronSim

from alerts.records import quick
from alerts.walltime import (
    DAY,
    date_exists,
    occurrences,
    offset_change,
    require_minute,
    require_utc,
    to_local,
    to_utc,
    zone_named,
)

ALL_DAYS = frozenset(range(7))
MAX_TIMES = 24
"""Local times a day. More than one an hour is a typing slip, and costs the person's trust in prompts."""
MIN_HOURS = 1.0
MAX_HOURS = 168.0
"""Bounds of "every N hours": a prompt each hour, and one a week."""
_TICK = timedelta(microseconds=1)


@quick
@dataclass(frozen=True, slots=True)
class CheckInSchedule:
    """When a person is asked. Exactly one of `times` and `every_hours` is set."""

    zone: str
    """The person's IANA zone: of `times`, and of `quiet`."""
    times: tuple[time, ...] = ()
    """Local times of day, on whole minutes, each once."""
    days: frozenset[int] = ALL_DAYS
    """Days on which `times` apply; 0 is Monday."""
    every_hours: float | None = None
    anchor: datetime | None = None
    """UTC. Prompts of `every_hours` fall on the anchor and every so many hours after it."""
    quiet: tuple[time, time] | None = None
    """Local (start, end): from start until before end."""
    paused_until: datetime | None = None
    """UTC. No prompt before it."""

    def __post_init__(self) -> None:
        zone_named(self.zone)
        if bool(self.times) == (self.every_hours is not None):
            raise ValueError("a schedule needs either times or every_hours, and not both")
        if len(set(self.times)) != len(self.times) or len(self.times) > MAX_TIMES:
            raise ValueError(f"schedule.times must be at most {MAX_TIMES} times, each once")
        for at in self.times:
            require_minute(at, "schedule.times")
        if not self.days or not self.days <= ALL_DAYS:
            raise ValueError("schedule.days must name at least one weekday, 0 (Monday) to 6 (Sunday)")
        if self.every_hours is not None:
            if not math.isfinite(self.every_hours) or not MIN_HOURS <= self.every_hours <= MAX_HOURS:
                raise ValueError(f"schedule.every_hours must be from {MIN_HOURS:g} to {MAX_HOURS:g}")
            if self.anchor is None:
                raise ValueError("schedule.every_hours needs an anchor")
        for name in ("anchor", "paused_until"):
            instant = getattr(self, name)
            if instant is not None:
                object.__setattr__(self, name, require_utc(instant, f"schedule.{name}"))
        if self.quiet is not None:
            for at in self.quiet:
                require_minute(at, "schedule.quiet")
            if self.quiet[0] == self.quiet[1]:
                raise ValueError("schedule.quiet must not end when it starts: that is a whole day")


def next_prompt(schedule: CheckInSchedule, after: datetime) -> datetime | None:
    """The first prompt strictly after `after`, in UTC; None when the calendar ends before there is one.

    Raises ValueError when `after` carries no zone.
    """
    after = require_utc(after, "after")
    # Many people are asked at the same times of the same zone, and those are whole minutes: one answer serves all of
    # them for a minute.
    minute = after.replace(second=0, microsecond=0)
    found = _next_prompt(schedule, minute)
    return found if found is None or found > after else _next_prompt(schedule, after)


@lru_cache(maxsize=4096)
def _next_prompt(schedule: CheckInSchedule, after: datetime) -> datetime | None:
    zone = zone_named(schedule.zone)
    # Strictly after the last microsecond of a pause is from its end on.
    floor = after if schedule.paused_until is None else max(after, schedule.paused_until - _TICK)
    try:
        return next((prompt for prompt in _prompts(schedule, zone, floor) if prompt > floor), None)
    except OverflowError:
        return None


def is_quiet(quiet: tuple[time, time], zone: ZoneInfo, instant: datetime) -> bool:
    """True when the clock on the wall stands from the start until before the end of the quiet hours."""
    start, end = quiet
    reading = to_local(instant, zone).time()
    return start <= reading < end if start < end else reading >= start or reading < end


def after_quiet(quiet: tuple[time, time], zone: ZoneInfo, instant: datetime) -> datetime:
    """The instant itself, or the first one after it that is not quiet, in UTC."""
    while is_quiet(quiet, zone, instant):
        today = to_local(instant, zone).date()
        ends = (
            end
            for day in (today, today + DAY, today + 2 * DAY)
            for end in occurrences(datetime.combine(day, quiet[1]), zone)
        )
        end = min(end for end in ends if end > instant)
        # A change of the clocks on the way may end the quiet earlier: the clock jumps out of it.
        instant = offset_change(instant, end, zone)
    return instant


def _prompts(schedule: CheckInSchedule, zone: ZoneInfo, floor: datetime) -> Iterator[datetime]:
    """Prompts in order, from the last ones before `floor` that could still wait for the end of quiet hours."""
    if schedule.quiet is None:
        yield from _meant(schedule, zone, floor)
        return
    # What quiet hours hold back now was meant since they began, at most a day and a clock change ago.
    held = DAY + timedelta(hours=3) if is_quiet(schedule.quiet, zone, floor) else timedelta()
    for meant in _meant(schedule, zone, floor - held):
        yield after_quiet(schedule.quiet, zone, meant)


def _meant(schedule: CheckInSchedule, zone: ZoneInfo, since: datetime) -> Iterator[datetime]:
    """The instants, from about `since` on and in order, at which prompts are meant, quiet and pause aside."""
    if schedule.every_hours is not None and schedule.anchor is not None:
        step = timedelta(hours=schedule.every_hours)
        first = schedule.anchor + step * max(0, (since - schedule.anchor) // step)
        return (first + step * n for n in count())
    return _wall_clock(schedule.times, schedule.days, zone, since)


def _wall_clock(
    times: tuple[time, ...], days: frozenset[int], zone: ZoneInfo, since: datetime
) -> Iterator[datetime]:
    # cronsim runs on bare wall time here, and this module places each reading in the zone: its own treatment
    # of folds, started inside one, can give an instant before the start.
    start = to_local(since, zone)
    hours_by_minute: dict[int, list[int]] = {}
    for at in times:
        hours_by_minute.setdefault(at.minute, []).append(at.hour)
    weekdays = "*" if days == ALL_DAYS else ",".join(str(day + 1) for day in sorted(days))
    runs = [
        CronSim(f"{minute} {','.join(map(str, hours))} * * {weekdays}", start)
        for minute, hours in hours_by_minute.items()
    ]
    for reading in merge(*runs):
        if date_exists(reading.date(), zone):
            yield to_utc(reading, zone)
