"""Instants as people read them: on their own clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.people import Person
from alerts.walltime import zone_named
from handlers.draft import Draft

DAY_AND_NIGHT = 2
"""Up to this urgency people are reminded at night too."""


def zone_of(draft: Draft, person: Person) -> str:
    """The zone of a person's clock: their own, else the desk's."""
    return draft.latest(person).zone or draft.rules.zone


def clock(draft: Draft, person: Person, instant: datetime) -> str:
    """An instant on a person's clock; with its date unless it is today."""
    zone = zone_named(zone_of(draft, person))
    local = instant.astimezone(zone)
    same_day = local.date() == draft.now.astimezone(zone).date()
    return local.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")


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
