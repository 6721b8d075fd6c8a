"""Instants as people read them: on their own clock."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Literal

from babel.dates import format_datetime, format_timedelta
from babel.lists import format_list

from alerts.people import Person
from alerts.walltime import zone_named
from handlers.draft import Draft

DAY_AND_NIGHT = 2
"""Up to this urgency people are reminded at night too."""


def zone_of(draft: Draft, person: Person) -> str:
    """The zone of a person's clock: their own, else the desk's."""
    return draft.latest(person).zone or draft.rules.zone


def clock(draft: Draft, person: Person, instant: datetime) -> str:
    """An instant on a person's clock; with its day unless it is today."""
    return shown(instant, draft.now, zone_of(draft, person), draft.language_of(person))


def desk_clock(draft: Draft, reader: Person, instant: datetime) -> str:
    """An instant on the desk's clock, in the reader's language; with its day unless it is today."""
    return shown(instant, draft.now, draft.rules.zone, draft.language_of(reader))


def shown(instant: datetime, now: datetime, zone_name: str, language: str) -> str:
    """An instant on the clock of a zone; with its day unless it is today."""
    zone = zone_named(zone_name)
    local, today = instant.astimezone(zone), now.astimezone(zone)
    return local.strftime("%H:%M") if local.date() == today.date() else dated(local, today, language)


def dated(local: datetime, today: datetime, language: str) -> str:
    """A local time with its day: "Sun 29 Nov 01:26"; of another year with that."""
    year = "" if local.year == today.year else "y "
    return format_datetime(local, f"EEE d MMM {year}HH:mm", locale=language)


def between(draft: Draft, person: Person, since: datetime, until: datetime) -> tuple[str, str]:
    """Two instants that belong together, on a person's clock: both with their days, unless both are today."""
    zone, language = zone_named(zone_of(draft, person)), draft.language_of(person)
    begins, ends, today = (moment.astimezone(zone) for moment in (since, until, draft.now))
    if {begins.date(), ends.date()} == {today.date()}:
        return begins.strftime("%H:%M"), ends.strftime("%H:%M")
    return dated(begins, today, language), dated(ends, today, language)


def length(draft: Draft, person: Person, span: timedelta) -> str:
    """How long something is, at least a minute, in the person's language: "1 hour and 30 minutes". Of what takes days
    the minutes are left out."""
    minutes = max(1, round(span / timedelta(minutes=1)))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    language = draft.language_of(person)
    units: tuple[tuple[Literal["day", "hour", "minute"], timedelta], ...] = (
        ("day", timedelta(days=days)),
        ("hour", timedelta(hours=hours)),
        ("minute", timedelta(minutes=0 if days else minutes)),
    )
    parts = [format_timedelta(part, unit, math.inf, locale=language) for unit, part in units if part]
    return format_list(parts, locale=language)


def for_the_day(draft: Draft, urgency: int) -> datetime:
    """When somebody of the desk is reminded of something: now, or in the morning where it can wait."""
    return draft.now if urgency <= DAY_AND_NIGHT else by_day(draft, draft.now)


def by_day(draft: Draft, instant: datetime) -> datetime:
    """The instant, or the end of the desk's night that it is in."""
    policy = draft.rules.policy
    local = instant.astimezone(zone_named(draft.rules.zone))
    hour = timedelta(hours=local.hour, minutes=local.minute)
    begins, ends = policy.night_from, policy.night_until
    at_night = begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
    if not at_night:
        return instant
    morning = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + ends
    if ends <= hour:
        morning += timedelta(days=1)
    return morning.replace(tzinfo=local.tzinfo).astimezone(instant.tzinfo)
