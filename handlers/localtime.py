"""Instants as people read them: on their own clock."""

from __future__ import annotations

from datetime import datetime

from alerts.people import Person
from alerts.walltime import zone_named
from handlers.draft import Draft


def zone_of(draft: Draft, person: Person) -> str:
    """The zone of a person's clock: their own, else the desk's."""
    return draft.latest(person).zone or draft.rules.zone


def clock(draft: Draft, person: Person, instant: datetime) -> str:
    """An instant on a person's clock; with its date unless it is today."""
    zone = zone_named(zone_of(draft, person))
    local = instant.astimezone(zone)
    same_day = local.date() == draft.now.astimezone(zone).date()
    return local.strftime("%H:%M" if same_day else "%Y-%m-%d %H:%M")
