"""The rota as people type it: "weekly mon 09:00 ana ben", "cover ana 2026-03-02 18:00 2026-03-03 09:00".

Pure. Wall times are in the zone that is given; ids come from a table of names. What is not understood raises `Unclear`
with the key of what to tell the person, and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts.invitations import NAME_WORDS, name_key, plain_letters
from alerts.oncall import Handover, Layer, Override, Rota
from alerts.records import replace
from alerts.timetext.lexing import Phrases, Reader
from alerts.timetext.words import WEEKDAYS
from alerts.walltime import DAY, to_local, to_utc

_WEEKDAYS = Phrases(WEEKDAYS)
LONGEST_COVER = timedelta(days=92)
"""Longer than a quarter of a year is a change of the rota, or a mistyped date."""
_TIME = re.compile(r"(\d{1,2})[:.h](\d{2})")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class Unclear(Exception):
    """The words say no rota. `key` tells the person what is missing, with `arguments`."""

    def __init__(self, key: str, **arguments: Any) -> None:
        super().__init__(key)
        self.key = key
        self.arguments = arguments


def wall_time(word: str) -> time | None:
    """ "9:00", "09:00", "09.00"."""
    found = _TIME.fullmatch(word)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        return None
    return time(int(found[1]), int(found[2]))


def day_of(word: str) -> date | None:
    """ "2026-03-02"."""
    found = _DATE.fullmatch(word)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def members_in(words: Sequence[str], ids: Mapping[str, str]) -> tuple[str, ...]:
    """The ids of the people whom the words name one after the other. `ids`: name, as `name_key` writes it, to id.

    Raises Unclear for a name that nobody has, for one that comes twice, and for none at all.
    """
    found: list[str] = []
    at = 0
    while at < len(words):
        longest = min(NAME_WORDS, len(words) - at)
        taken = next((n for n in range(longest, 0, -1) if name_key(" ".join(words[at : at + n])) in ids), 0)
        if not taken:
            raise Unclear("rota.no_such_name", name=words[at])
        found.append(ids[name_key(" ".join(words[at : at + taken]))])
        at += taken
    if not found:
        raise Unclear("rota.usage")
    if len(set(found)) != len(found):
        raise Unclear("rota.twice")
    return tuple(found)


def layer_of(text: str, ids: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Layer:
    """The layer that "weekly mon 09:00 ana ben", "daily 08:00 ana ben" or "always ana ben" means.

    The first of the names has the turn that is going on at `now`. Raises Unclear.
    """
    words = plain_letters(text).replace(",", " ").replace("،", " ").split()
    kind = words[0].casefold() if words else ""
    if kind == "always":
        return Layer(members_in(words[1:], ids))
    if kind == "daily":
        at = wall_time(words[1]) if len(words) > 1 else None
        if at is None:
            raise Unclear("rota.usage")
        return Layer(members_in(words[2:], ids), Handover.DAILY, at, start=_turn_began(now, at, zone))
    if kind == "weekly":
        weekday = _weekday(words[1]) if len(words) > 2 else None
        at = wall_time(words[2]) if len(words) > 2 else None
        if weekday is None or at is None:
            raise Unclear("rota.usage")
        began = _turn_began(now, at, zone)
        return Layer(members_in(words[3:], ids), Handover.WEEKLY, at, weekday, began)
    raise Unclear("rota.usage")


def _weekday(word: str) -> int | None:
    reader = Reader(word)
    found = reader.take(_WEEKDAYS)
    return found if reader.ended() else None


def _turn_began(now: datetime, at: time, zone: ZoneInfo) -> date:
    """A date whose turn is the one going on now: today's, or yesterday's while today's handover is still to come."""
    today = to_local(now, zone).date()
    return today if to_utc(datetime.combine(today, at), zone) <= now else today - DAY


def override_of(text: str, ids: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Override:
    """The override that "ana 2026-03-02 18:00 2026-03-03 09:00" or "ana 18:00 21:00" means.

    Two times alone are today's, or tomorrow's when these are over. Raises Unclear.
    """
    words = plain_letters(text).replace(",", " ").replace("،", " ").split()
    first = next((n for n, word in enumerate(words) if wall_time(word) or day_of(word)), len(words))
    starts, ends = _span(words[first:], now, zone)
    members = members_in(words[:first], ids)
    if len(members) > 1:
        raise Unclear("cover.usage")
    if ends <= starts:
        raise Unclear("cover.backwards")
    if ends <= now:
        raise Unclear("cover.past")
    if ends - starts > LONGEST_COVER:
        raise Unclear("cover.long")
    return Override(members[0], starts, ends)


def _span(words: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when, in UTC."""
    dates = [day for word in words if (day := day_of(word)) is not None]
    times = [at for word in words if (at := wall_time(word)) is not None]
    if len(times) != 2 or len(dates) not in (0, 2) or len(words) != len(times) + len(dates):
        raise Unclear("cover.usage")
    if dates:
        return _instant(dates[0], times[0], zone), _instant(dates[1], times[1], zone)
    today = to_local(now, zone).date()
    night = DAY if times[1] <= times[0] else 0 * DAY
    spans = [
        (_instant(day, times[0], zone), _instant(day + night, times[1], zone))
        for day in (today - DAY, today, today + DAY)
    ]
    return next(span for span in spans if span[1] > now)


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return to_utc(datetime.combine(day, at), zone)


def with_layer(rota: Rota | None, layer: Layer, zone: str) -> Rota:
    """The rota with this layer in place of all its layers; covers and holidays stay."""
    return replace(rota, layers=(layer,)) if rota is not None else Rota(zone, (layer,))


def with_cover(rota: Rota | None, cover: Override, zone: str, order: Sequence[str], now: datetime) -> Rota:
    """The rota with one cover more and without those that are over.

    Where there was no rota, the officers in `order`, as they were called without one, stand in it always: a cover for
    one night must not leave the other nights to nobody.
    """
    if rota is None:
        rota = Rota(zone, (Layer(tuple(order)),) if order else ())
    return replace(rota, overrides=(*covers(rota, now), cover))


def covers(rota: Rota, now: datetime) -> tuple[Override, ...]:
    """The covers that are going on or still to come, in the order of their beginning."""
    live = (o for o in rota.overrides if o.ends_at > now)
    return tuple(sorted(live, key=lambda o: (o.starts_at, o.ends_at, o.member)))


def without_cover(rota: Rota, cover: Override, now: datetime) -> Rota:
    """The rota with that cover taken out, and those that are over."""
    return replace(rota, overrides=tuple(o for o in covers(rota, now) if o != cover))


def without_member(rota: Rota, member: str) -> Rota:
    """The rota with somebody taken out of it everywhere. A layer or holiday that was theirs alone is gone."""
    layers = tuple(
        replace(layer, members=left) for layer in rota.layers if (left := _others(layer.members, member))
    )
    holidays = tuple(
        replace(holiday, members=left)
        for holiday in rota.holidays
        if (left := _others(holiday.members, member))
    )
    overrides = tuple(o for o in rota.overrides if member not in (o.member, o.instead_of))
    return replace(rota, layers=layers, holidays=holidays, overrides=overrides)


def _others(members: tuple[str, ...], member: str) -> tuple[str, ...]:
    return tuple(other for other in members if other != member)


def members_of(rota: Rota) -> frozenset[str]:
    """Everybody who stands anywhere in the rota."""
    groups = [layer.members for layer in rota.layers] + [holiday.members for holiday in rota.holidays]
    return frozenset({member for group in groups for member in group} | {o.member for o in rota.overrides})
