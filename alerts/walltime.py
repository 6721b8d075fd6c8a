"""Between what a clock on the wall shows and the instant it happens.

Everything inside is an aware UTC datetime; a rota or a check-in is kept as local wall time and an IANA zone,
because "09:00 in Beirut" is what a person meant, whatever the clocks do. Two rules cover every change of the
clocks:

* **Fold** (the reading comes twice, in autumn): the first time counts.
* **Gap** (the reading never comes, in spring): the first instant after the gap counts.

A whole date can be missing too (Apia had no 30 December 2011); `date_exists` tells.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA zone name this machine knows."""
    return frozenset(available_timezones()) - {"localtime", "Factory", "posixrules"}


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that exact IANA name.

    Raises ValueError for a name this machine does not know. The name is not repeated in the message when it
    is not shaped like a zone: it may be anything a person typed.
    """
    if name in zone_names():
        return ZoneInfo(name)
    shaped = len(name) <= 40 and all(c.isascii() and (c.isalnum() or c in "/_+-") for c in name)
    shown = f"{name!r} " if shaped else ""
    raise ValueError(f"time zone {shown}is not known; use an IANA name such as 'Europe/Brussels'")


def require_utc(instant: datetime, name: str) -> datetime:
    """The same instant in UTC. Raises ValueError, naming the field, when it carries no zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{name} must carry a time zone")
    return instant.astimezone(UTC)


def on_desks_clock(instant: datetime, zone: str) -> str:
    """ "2026-03-02 10:00 Europe/Brussels": for whoever reads it outside the desk's chat."""
    return f"{instant.astimezone(zone_named(zone)):%Y-%m-%d %H:%M} {zone}"


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the wall clock shows at that instant, without its zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the wall clock first shows `local`, or the end of the gap that swallowed it."""
    early = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None) == local:
        return early
    # In a gap fold=0 reads with the offset from before the change and so lands after it, fold=1 lands before
    # it.
    return offset_change(local.replace(tzinfo=zone, fold=1).astimezone(UTC), early, zone)


def occurrences(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Every instant at which the wall clock shows `local`: two in a fold; in a gap, the gap's end alone."""
    first = to_utc(local, zone)
    again = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return (first, again) if again > first else (first,)


def offset_change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second in (before, after] when the offset of `before` no longer holds, else `after`."""
    offset = before.astimezone(zone).utcoffset()
    if after.astimezone(zone).utcoffset() == offset:
        return after
    # Clocks change on whole seconds, so bisecting whole seconds finds the change itself.
    low = before.replace(microsecond=0)
    same, changed = 0, -((low - after) // _SECOND)
    while changed - same > 1:
        middle = (same + changed) // 2
        if (low + middle * _SECOND).astimezone(zone).utcoffset() == offset:
            same = middle
        else:
            changed = middle
    return min(low + changed * _SECOND, after)


def date_exists(day: date, zone: ZoneInfo) -> bool:
    """False for a date that the zone's calendar jumped over."""
    return to_local(to_utc(datetime.combine(day, time()), zone), zone).date() == day


def show_wall_time(value: time) -> str:
    """The "HH:MM" of stored data."""
    return value.strftime("%H:%M")


def require_minute(value: time, name: str) -> None:
    """Raises ValueError, naming the field, unless it is a plain wall time on a whole minute."""
    if value.tzinfo is not None or value.second or value.microsecond:
        raise ValueError(f"{name} must be a local time of day on a whole minute")
