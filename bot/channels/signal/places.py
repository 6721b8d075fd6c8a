"""Signal has no location message: its apps send a text that ends in a map link, and this finds the point in it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from alerts.events import Location

_LINK = re.compile(r"(?:https?://|geo:)\S{1,2000}", re.IGNORECASE)
_PAIR = re.compile(r"\s*(-?[0-9]{1,2}(?:\.[0-9]{1,15})?)\s*,\s*(-?[0-9]{1,3}(?:\.[0-9]{1,15})?)(?![0-9.])")
_PATH_PAIR = re.compile(r"/@" + _PAIR.pattern)
_HOSTS = re.compile(
    r"(?:maps\.)?(?:www\.)?google\.[a-z.]{2,6}|maps\.apple\.com|(?:www\.)?openstreetmap\.org|(?:www\.)?osm\.org"
)
_BARE = re.compile(_PAIR.pattern + r"\s*")
_LABEL_LINES, _LABEL_LENGTH = 3, 120


def find_place(text: str) -> Location | None:
    """The first point that the text names by a map link, or by being nothing but two coordinates."""
    for link in _LINK.findall(text[:20_000]):
        if place := _from_link(link):
            return place
    bare = _BARE.fullmatch(text[:100])
    # Two whole numbers are an answer or a list, not a place.
    return _point(bare[1], bare[2]) if bare and "." in bare[1] and "." in bare[2] else None


def is_shared_place(text: str, *, with_picture: bool) -> bool:
    """Whether the message is a pin, not a sentence with a map link in it.

    The apps' share button sends the place's name and address, each a line, then the link alone on the last line, and
    a picture of the map. A link or coordinates with nothing else is taken for a pin too.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines or find_place(lines[-1]) is None or len(lines[-1].split()) > 2:
        return False
    labels = lines[:-1]
    return not labels or (
        with_picture and len(labels) <= _LABEL_LINES and all(len(label) <= _LABEL_LENGTH for label in labels)
    )


def _from_link(link: str) -> Location | None:
    if link[:4].lower() == "geo:":
        found = _PAIR.match(link[4:])
        return _point(found[1], found[2]) if found else None
    try:
        address = urlsplit(link)
        host = (address.hostname or "").lower()
        fields = {name: values[0] for name, values in parse_qs(address.query, max_num_fields=50).items()}
    except ValueError:
        return None
    if not _HOSTS.fullmatch(host):
        return None
    if "mlat" in fields and "mlon" in fields:
        return _parse(f"{fields['mlat']},{fields['mlon']}")
    for name in ("q", "query", "ll", "center", "destination", "daddr"):
        if name in fields and (place := _parse(fields[name].removeprefix("loc:"))):
            return place
    in_path = _PATH_PAIR.search(unquote(address.path))
    return _point(in_path[1], in_path[2]) if in_path else None


def _parse(pair: str) -> Location | None:
    found = _PAIR.match(pair)
    return _point(found[1], found[2]) if found else None


def _point(latitude: str, longitude: str) -> Location | None:
    north, east = float(latitude), float(longitude)
    return Location(north, east) if abs(north) <= 90 and abs(east) <= 180 else None
