"""Which IANA zone somebody means."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from babel.core import get_global

from alerts.timetext.cities import city_names
from alerts.timetext.commands import Opening, opening
from alerts.timetext.hints import Hint, Misread
from alerts.timetext.lexing import Reader, tokens
from alerts.timetext.words import Command
from alerts.walltime import zone_named, zone_names


def parse_zone(text: str, *, asked: bool = False) -> str | Misread | None:
    """ "zone Asia/Beirut", "timezone Beirut": the IANA name."""
    reader = Reader(text)
    opened = opening(reader, Command.ZONE)
    if opened is Opening.NONE and not asked:
        return None
    found = zone_from_text(reader.between(reader.at))
    # "zona militar" is a message about soldiers; only who surely asks is told that there is no such zone.
    return found if isinstance(found, str) or asked or opened is Opening.SLASH or reader.ended() else None


@lru_cache(maxsize=1)
def _zones_by_name() -> dict[str, tuple[str, ...]]:
    """Cleaned names, whole and of the city alone, in several languages, to the zones they may mean."""
    found: dict[str, set[str]] = {}
    for name in zone_names():
        region, _, rest = name.partition("/")
        if region in {"posix", "right", "SystemV"}:
            continue
        found.setdefault(_plain(name), set()).add(name)
        if rest and region not in {"Etc", "US"}:
            found.setdefault(_plain(rest.rpartition("/")[2]), set()).add(name)
    for city, zone in city_names():
        if zone in zone_names():
            found.setdefault(_plain(city), set()).add(zone)
    return {plain: tuple(sorted(names)) for plain, names in found.items()}


def _plain(name: str) -> str:
    return " ".join(token.text for token in tokens(name.replace("_", " ").replace("/", " ")))


def zone_from_text(text: str) -> str | Misread:
    """The IANA zone somebody means: its name, or its city where only one zone has it, or "UTC+3" (no summer time)."""
    plain = _plain(text)
    stream = [token.text for token in tokens(text) if token.text != " "]
    if stream[:1] in (["utc"], ["gmt"]) and len(stream) == 3 and stream[1] in "+-" and stream[2].isdecimal():
        # POSIX counts the other way: three hours east of Greenwich is Etc/GMT-3.
        hours = int(stream[2][:3])
        name = f"Etc/GMT{'-' if stream[1] == '+' else '+'}{hours}"
        return name if name in zone_names() else Misread(Hint.ZONE, text.strip())
    names = _zones_by_name().get(plain, ())
    if not names:
        return Misread(Hint.ZONE, text.strip())
    whole = [name for name in names if _plain(name) == plain]
    if whole:
        return whole[0]
    if len({_offsets(name) for name in names}) > 1:
        return Misread(Hint.ZONE_UNCLEAR, text.strip())
    return names[0]


def country_of(zone: str) -> str:
    """The ISO 3166 code of the country that a zone is in; empty for none, as for UTC."""
    named = get_global("zone_territories")
    found = str(named.get(get_global("zone_aliases").get(zone, zone), named.get(zone, "")))
    return found if len(found) == 2 and found != "ZZ" else ""


def _offsets(name: str) -> tuple[timedelta | None, ...]:
    """How a zone behaves over some years: two names of one zone behave alike."""
    zone = zone_named(name)
    return tuple(
        datetime(year, month, 15, tzinfo=zone).utcoffset()
        for year in range(2015, 2036)
        for month in range(1, 13)
    )
