"""Who is on call at an instant: a pure question.

Rules, in the desk's own zone:

* A layer rotates its members. The member whose turn it is comes first, then the others in the order of their
  turns. Turns are counted in calendar days or weeks from the layer's anchor date, backwards too, so a rota
  never has a beginning in which nobody is on call.
* A handover happens at its local time: in a fold the first time that reading comes, in a gap at the gap's
  end.
* A layer with hours stands only within them. Layers are read in order; nobody is named twice.
* Holidays replace all layers on their dates. Overrides come on top: one without `instead_of` puts its member
  first, one with it lets its member stand wherever the other would have stood (two such overrides make a
  swap).
* Nobody is a valid answer: an empty tuple. The caller then pages the whole desk and the lead; `gaps` finds
  such times before they come.

Source of the rules: protection practice, "The desk".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from alerts.plaindata import Fields
from alerts.walltime import (
    DAY,
    require_minute,
    require_utc,
    show_wall_time,
    to_local,
    to_utc,
    zone_named,
)

ALL_DAYS = frozenset(range(7))
ANCHOR = date(2024, 1, 1)
"""A Monday: the date from which turns are counted when a layer names none."""
_DATA_VERSION = 1


class Handover(StrEnum):
    """How often a layer passes on to its next member."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Hours:
    """A window of the day in which a layer stands. `end` at or before `start` is on the next day, and belongs
    to the day it began on; equal times are a whole day. `days`: 0 is Monday."""

    start: time
    end: time
    days: frozenset[int] = ALL_DAYS

    def __post_init__(self) -> None:
        require_minute(self.start, "hours.start")
        require_minute(self.end, "hours.end")
        if not self.days or not self.days <= ALL_DAYS:
            raise ValueError("hours.days must name at least one weekday, 0 (Monday) to 6 (Sunday)")

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The window that begins on that date, in UTC; None when it has none."""
        if day.weekday() not in self.days:
            return None
        last = day if self.end > self.start else day + DAY
        begins, ends = _instant(day, self.start, zone), _instant(last, self.end, zone)
        return (begins, ends) if begins < ends else None


@dataclass(frozen=True, slots=True)
class Layer:
    """Members (officer ids) taking turns. `start` is a date in the first member's turn; `weekday` (0 is
    Monday) is the day of a weekly handover. No `hours` means always."""

    members: tuple[str, ...]
    handover: Handover = Handover.NONE
    at: time = time(9, 0)
    weekday: int = 0
    start: date = ANCHOR
    hours: tuple[Hours, ...] = ()

    def __post_init__(self) -> None:
        if not self.members:
            raise ValueError("a layer needs at least one member")
        if not all(self.members) or len(set(self.members)) != len(self.members):
            raise ValueError("a layer names each member once")
        if self.weekday not in ALL_DAYS:
            raise ValueError("layer.weekday must be 0 (Monday) to 6 (Sunday)")
        require_minute(self.at, "layer.at")

    @property
    def period(self) -> timedelta | None:
        """The calendar length of a turn; None when the first member is always first."""
        return {Handover.NONE: None, Handover.DAILY: DAY, Handover.WEEKLY: 7 * DAY}[self.handover]

    @property
    def anchor(self) -> date:
        """The date on which the turn that holds `start` began."""
        if self.handover is Handover.WEEKLY:
            return self.start - DAY * ((self.start.weekday() - self.weekday) % 7)
        return self.start


@dataclass(frozen=True, slots=True)
class Override:
    """`member` stands from `starts_at` until `ends_at` (UTC): first of all, or in place of `instead_of`."""

    member: str
    starts_at: datetime
    ends_at: datetime
    instead_of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", require_utc(self.starts_at, "override.starts_at"))
        object.__setattr__(self, "ends_at", require_utc(self.ends_at, "override.ends_at"))
        if not self.member or self.instead_of == "":
            raise ValueError("an override needs a member")
        if self.member == self.instead_of:
            raise ValueError("an override cannot put a member in place of the same member")
        if self.starts_at >= self.ends_at:
            raise ValueError("an override must end after it starts")


@dataclass(frozen=True, slots=True)
class Holiday:
    """From `first` to `last`, both whole days, these members stand instead of all layers, in this order."""

    first: date
    last: date
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a holiday must not end before it begins")
        if not self.members or not all(self.members) or len(set(self.members)) != len(self.members):
            raise ValueError("a holiday names at least one member, each once")

    def within(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its first instant and the first after it, in UTC."""
        return _instant(self.first, time(), zone), _instant(self.last + DAY, time(), zone)


@dataclass(frozen=True, slots=True)
class Rota:
    """A desk's rota. `zone` is its IANA zone."""

    zone: str
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    holidays: tuple[Holiday, ...] = ()

    def __post_init__(self) -> None:
        zone_named(self.zone)


@dataclass(frozen=True, slots=True)
class RotaChange:
    """The decision that a desk's rota is another one from now on. None: there is none any more."""

    id: str
    """"rota:" and the desk, so that of several changes in one turn the last one stands."""
    desk: str
    rota: Rota | None


@dataclass(frozen=True, slots=True)
class Change:
    """At `at` (UTC) the first on call changes. None means nobody."""

    at: datetime
    before: str | None
    after: str | None


def on_call(rota: Rota, instant: datetime, absent: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Officer ids in the order in which they are paged: first who is on call, then who comes next. Empty:
    nobody.

    `absent` are left out, wherever they stand. Raises ValueError when `instant` carries no zone.
    """
    instant = require_utc(instant, "instant")
    zone = zone_named(rota.zone)
    active = [o for o in rota.overrides if o.starts_at <= instant < o.ends_at]
    stands_for = {o.instead_of: o.member for o in active if o.instead_of is not None}
    listed = [o.member for o in active if o.instead_of is None]
    listed += [stands_for.get(member, member) for member in _regular(rota, zone, instant)]
    return tuple(member for member in dict.fromkeys(listed) if member not in absent)


def gaps(
    rota: Rota, start: datetime, end: datetime, absent: frozenset[str] = frozenset()
) -> tuple[tuple[datetime, datetime], ...]:
    """The times from `start` to `end` when nobody is on call, as UTC pairs (from, until before), in order."""
    start, end = require_utc(start, "start"), require_utc(end, "end")
    found: list[tuple[datetime, datetime]] = []
    edges = [start, *_edges(rota, start, end), end]
    for begins, ends in pairwise(edges):
        if begins >= ends or on_call(rota, begins, absent):
            continue
        if found and found[-1][1] == begins:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((begins, ends))
    return tuple(found)


def handovers(
    rota: Rota, start: datetime, end: datetime, absent: frozenset[str] = frozenset()
) -> tuple[Change, ...]:
    """Every change of who is first on call after `start` and before `end`, in order."""
    start, end = require_utc(start, "start"), require_utc(end, "end")
    changes: list[Change] = []
    before = _first(on_call(rota, start, absent))
    for edge in _edges(rota, start, end):
        after = _first(on_call(rota, edge, absent))
        if after != before:
            changes.append(Change(edge, before, after))
            before = after
    return tuple(changes)


def rota_to_data(rota: Rota) -> dict[str, object]:
    """The rota as plain JSON data, for `rota_from_data`."""
    return {
        "version": _DATA_VERSION,
        "zone": rota.zone,
        "layers": [
            {
                "members": list(layer.members),
                "handover": layer.handover.value,
                "at": show_wall_time(layer.at),
                "weekday": layer.weekday,
                "start": layer.start.isoformat(),
                "hours": [
                    {"start": show_wall_time(h.start), "end": show_wall_time(h.end), "days": sorted(h.days)}
                    for h in layer.hours
                ],
            }
            for layer in rota.layers
        ],
        "overrides": [
            {
                "member": o.member,
                "starts_at": o.starts_at.isoformat(),
                "ends_at": o.ends_at.isoformat(),
                "instead_of": o.instead_of,
            }
            for o in rota.overrides
        ],
        "holidays": [
            {"first": h.first.isoformat(), "last": h.last.isoformat(), "members": list(h.members)}
            for h in rota.holidays
        ],
    }


def rota_from_data(data: object) -> Rota:
    """The rota that `rota_to_data` wrote. Keys with a default may be left out, all but `version` and `zone`.

    Raises ValueError naming the key, for an unknown key, a wrong type or value, or a newer version.
    """
    given = Fields(data, "rota", {"version", "zone", "layers", "overrides", "holidays"})
    if given.get("version") != _DATA_VERSION:
        raise ValueError(f"rota.version must be {_DATA_VERSION}; another was written by another Watchline")
    return Rota(
        given.text("zone"),
        tuple(_layer(item, f"rota.layers[{n}]") for n, item in enumerate(given.items("layers"))),
        tuple(_override(item, f"rota.overrides[{n}]") for n, item in enumerate(given.items("overrides"))),
        tuple(_holiday(item, f"rota.holidays[{n}]") for n, item in enumerate(given.items("holidays"))),
    )


def _layer(item: object, path: str) -> Layer:
    given = Fields(item, path, {"members", "handover", "at", "weekday", "start", "hours"})
    return Layer(
        given.texts("members"),
        given.choice("handover", Handover) if "handover" in given else Handover.NONE,
        given.wall_time("at", time(9, 0)),
        given.number("weekday", 0),
        given.day("start", ANCHOR),
        tuple(_hours(one, f"{path}.hours[{n}]") for n, one in enumerate(given.items("hours"))),
    )


def _hours(item: object, path: str) -> Hours:
    given = Fields(item, path, {"start", "end", "days"})
    return Hours(
        given.wall_time("start"),
        given.wall_time("end"),
        given.weekdays("days"),
    )


def _override(item: object, path: str) -> Override:
    given = Fields(item, path, {"member", "starts_at", "ends_at", "instead_of"})
    return Override(
        given.text("member"),
        given.instant("starts_at"),
        given.instant("ends_at"),
        given.text("instead_of") if "instead_of" in given else None,
    )


def _holiday(item: object, path: str) -> Holiday:
    given = Fields(item, path, {"first", "last", "members"})
    return Holiday(given.day("first"), given.day("last"), given.texts("members"))


def _regular(rota: Rota, zone: ZoneInfo, instant: datetime) -> Iterator[str]:
    """Who stands before overrides are laid on top, in order, repeats included."""
    for holiday in rota.holidays:
        # As instants, not by today's date: a fold at midnight shows the old date again for a while.
        begins, ends = holiday.within(zone)
        if begins <= instant < ends:
            yield from holiday.members
            return
    today = to_local(instant, zone).date()
    for layer in rota.layers:
        if not layer.hours or any(_within(hours, zone, instant, today) for hours in layer.hours):
            turn = _turn(layer, zone, instant, today)
            yield from layer.members[turn:] + layer.members[:turn]


def _within(hours: Hours, zone: ZoneInfo, instant: datetime, today: date) -> bool:
    windows = (hours.on(day, zone) for day in (today - 2 * DAY, today - DAY, today, today + DAY))
    return any(window is not None and window[0] <= instant < window[1] for window in windows)


def _turn(layer: Layer, zone: ZoneInfo, instant: datetime, today: date) -> int:
    """The index of the member whose turn it is."""
    period = layer.period
    if period is None:
        return 0
    # One step past today: the zone's calendar may have jumped, and then today's reading says little about
    # yesterday.
    turn = (today + DAY - layer.anchor) // period
    while _instant(layer.anchor + turn * period, layer.at, zone) > instant:
        turn -= 1
    return turn % len(layer.members)


def _edges(rota: Rota, start: datetime, end: datetime) -> list[datetime]:
    """Every instant strictly between `start` and `end` at which the answer can change, in order."""
    zone = zone_named(rota.zone)
    first, last = to_local(start, zone).date() - 2 * DAY, to_local(end, zone).date() + DAY
    edges = {edge for o in rota.overrides for edge in (o.starts_at, o.ends_at)}
    for holiday in rota.holidays:
        edges.update(holiday.within(zone))
    for day in (first + DAY * n for n in range((last - first).days + 1)):
        for layer in rota.layers:
            if layer.handover is Handover.DAILY or (
                layer.handover is Handover.WEEKLY and day.weekday() == layer.weekday
            ):
                edges.add(_instant(day, layer.at, zone))
            edges.update(edge for hours in layer.hours for edge in hours.on(day, zone) or ())
    return sorted(edge for edge in edges if start < edge < end)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return to_utc(datetime.combine(day, at), zone)


def _first(members: tuple[str, ...]) -> str | None:
    return members[0] if members else None
