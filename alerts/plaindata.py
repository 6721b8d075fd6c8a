"""Reading plain JSON data with errors that name the place.

Stored rows and policy files arrive as dicts, lists, strings and numbers. `Fields` reads one dict of them: an
unknown key, a missing one or a wrong type is a ValueError with the full path of the key. Values are never
repeated in a message, since stored rows tell of people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TypeVar

from alerts.walltime import require_utc

_Kind = TypeVar("_Kind", bound=Enum)
_WALL_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class BadData(ValueError):
    """Plain data is not what it must be. The message is the path of the key, then what must stand there."""


class Fields:
    """One mapping of plain data, read key by key. `path` is how errors call it."""

    __slots__ = ("_data", "path")

    def __init__(self, data: object, path: str, allowed: Set[str]) -> None:
        if not isinstance(data, Mapping):
            raise BadData(f"{path} must be a mapping with the keys {', '.join(sorted(allowed))}")
        if not all(isinstance(key, str) and key in allowed for key in data):
            raise BadData(f"{path} has an unknown key; allowed are {', '.join(sorted(allowed))}")
        self._data: dict[str, object] = dict(data)
        self.path = path

    def __contains__(self, key: str) -> bool:
        return self._data.get(key) is not None

    def get(self, key: str, default: object = None) -> object:
        """The value as it is; `default` when it is missing or null."""
        value = self._data.get(key)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.get(key, default)
        if not isinstance(value, str) or not value:
            raise BadData(f"{self.path}.{key} must be a text that is not empty")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadData(f"{self.path}.{key} must be a whole number")
        return value

    def seconds(self, key: str, default: timedelta | None = None) -> timedelta:
        """A length of time, stored as whole seconds from 0 to a year."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 366 * 86400:
            raise BadData(f"{self.path}.{key} must be a whole number of seconds, at most a year")
        return timedelta(seconds=value)

    def day(self, key: str, default: date | None = None) -> date:
        """An ISO date."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, str) and len(value) == 10:
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass  # Said below, in the one sentence for everything that is not a date.
        raise BadData(f"{self.path}.{key} must be a date written YYYY-MM-DD")

    def wall_time(self, key: str, default: time | None = None) -> time:
        """A local time of day, "HH:MM"."""
        if default is not None and key not in self:
            return default
        return _wall_time(self.get(key), f"{self.path}.{key}")

    def instant(self, key: str) -> datetime:
        """An ISO date and time with an offset; given back in UTC."""
        value = self.get(key)
        if isinstance(value, str) and len(value) <= 40:
            try:
                return require_utc(datetime.fromisoformat(value), key)
            except (ValueError, OverflowError):
                pass  # Said below, in the one sentence for everything that is not an instant.
        raise BadData(f"{self.path}.{key} must be an ISO date and time with an offset")

    def items(self, key: str) -> list[object]:
        """A list; empty when missing."""
        value = self.get(key, [])
        if not isinstance(value, list | tuple):
            raise BadData(f"{self.path}.{key} must be a list")
        return list(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when missing."""
        return tuple(_text(item, f"{self.path}.{key}[{n}]") for n, item in enumerate(self.items(key)))

    def choice(self, key: str, kinds: type[_Kind]) -> _Kind:
        """One member of an enum of texts."""
        return _choice(self.get(key), f"{self.path}.{key}", kinds)

    def choices(self, key: str, kinds: type[_Kind]) -> tuple[_Kind, ...]:
        """A list of members of an enum of texts; empty when missing."""
        return tuple(
            _choice(item, f"{self.path}.{key}[{n}]", kinds) for n, item in enumerate(self.items(key))
        )

    def weekdays(self, key: str) -> frozenset[int]:
        """A list of weekdays, 0 is Monday; all seven when missing."""
        if key not in self:
            return frozenset(range(7))
        days = self.items(key)
        if not all(isinstance(day, int) and not isinstance(day, bool) for day in days):
            raise BadData(f"{self.path}.{key} must be weekdays, 0 (Monday) to 6 (Sunday)")
        return frozenset(day for day in days if isinstance(day, int))


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise BadData(f"{path} must be a text that is not empty")
    return value


def _wall_time(value: object, path: str) -> time:
    match = _WALL_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadData(f"{path} must be a time of day written HH:MM")
    return time(int(match[1]), int(match[2]))


def _choice(value: object, path: str, kinds: type[_Kind]) -> _Kind:
    for kind in kinds:
        if value == kind.value:
            return kind
    raise BadData(f"{path} must be one of {', '.join(str(kind.value) for kind in kinds)}")
