"""Reads one policy file, and says what is wrong with it so that the person who edited it can mend it.

The YAML here is the strict part that people agree on: a key written twice is an error and not a silent last
one, and a time is written with its unit ("90s", "15m", "1h30m", "2d"), since a bare 30 could be anything.
"""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Collection, Hashable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

_DURATION = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?")
_UNITS = (86400, 3600, 60, 1)
_YEAR = 366 * 86400


class PolicyFileError(ValueError):
    """A policy file cannot be used: the file, the key, what is wrong there, and how to mend it.

    Policy tells of no person, so the message may show what the file holds.
    """

    def __init__(self, file: str, key: str, wrong: str, mend: str) -> None:
        where = f"{file}: {key}" if key else file
        super().__init__(f"{where}: {wrong}. {mend}.")
        self.file, self.key, self.wrong, self.mend = file, key, wrong, mend


def read_policy_file(shipped: str, path: Path | None) -> Section:
    """The top of the file at `path`, or of the one shipped under that name when `path` is None.

    Raises PolicyFileError when it cannot be read or is not a YAML mapping.
    """
    name = shipped if path is None else str(path)
    source = importlib.resources.files("config") / shipped if path is None else path
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or "not readable"
        raise PolicyFileError(
            name, "", reason, "Check the path, or leave it out for the shipped one"
        ) from None
    except UnicodeDecodeError:
        raise PolicyFileError(name, "", "is not UTF-8 text", "Save it as UTF-8") from None
    try:
        data = yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - it is the safe loader, made stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "is not readable as YAML"
        raise PolicyFileError(name, line, str(problem), "Compare with the shipped file") from None
    return Section(name, "", data)


def reviewed_on(shipped: str, path: Path | None = None) -> date | None:
    """The date on which the desk says it reviewed that file; None while it has not."""
    return read_policy_file(shipped, path).date_or_none("reviewed")


class Section:
    """One mapping of a policy file, read key by key.

    Every reading method raises PolicyFileError, which names the file and the full key, for a value that is missing or
    not of its kind.
    """

    def __init__(self, file: str, key: str, data: object) -> None:
        self.file, self.key = file, key
        if not isinstance(data, dict):
            raise self.error("", "is not a mapping", "Write 'key: value' lines, indented under it")
        self._data: dict[Any, object] = data

    def error(self, key: str, wrong: str, mend: str) -> PolicyFileError:
        """The error for a key of this section, to be raised by the caller."""
        return PolicyFileError(self.file, f"{self.key}.{key}".strip("."), wrong, mend)

    def keys(self, allowed: Collection[str] = (), required: Collection[str] = ()) -> list[str]:
        """The keys in the file's order. One not in `allowed` (if given) or a missing `required` is an error."""
        for key in self._data:
            if not isinstance(key, str):
                raise self.error(str(key), "is not a text", "Put the key in quotes")
            if allowed and key not in allowed:
                raise self.error(key, "is not a known key", f"Allowed here: {', '.join(allowed)}")
        for key in required:
            if key not in self._data:
                raise self.error(key, "is missing", "Add it; the shipped file shows a value")
        return list(self._data)

    def has(self, key: str) -> bool:
        """Whether the key is written there, even with null."""
        return key in self._data

    def section(self, key: str) -> Section:
        """A mapping under the key."""
        return Section(self.file, f"{self.key}.{key}".strip("."), self._data.get(key))

    def sections(self, key: str) -> list[Section]:
        """A list of mappings, at least one."""
        return [
            Section(self.file, f"{self.key}.{key}[{n}]".strip("."), one)
            for n, one in enumerate(self._list(key))
        ]

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not blank; `default` when missing, if there is one."""
        value = self._data.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise self.error(key, "must be a text", "Write some words, in quotes if they hold a colon")
        return value

    def choice(self, key: str, allowed: Collection[str]) -> str:
        """One of the allowed words."""
        value = self._data.get(key)
        if value not in allowed:
            raise self.error(key, f"cannot be {_shown(value)}", f"Use one of: {', '.join(allowed)}")
        return str(value)

    def choices(self, key: str, allowed: Collection[str]) -> list[str]:
        """A list of at least one of the allowed words, each once."""
        values = self._list(key)
        for value in values:
            if value not in allowed:
                raise self.error(key, f"cannot hold {_shown(value)}", f"Use some of: {', '.join(allowed)}")
        if len(set(map(str, values))) != len(values):
            raise self.error(key, "names one twice", "Name each once")
        return [str(value) for value in values]

    def flag(self, key: str) -> bool:
        """true or false; false when missing."""
        value = self._data.get(key, False)
        if not isinstance(value, bool):
            raise self.error(key, "must be true or false", "Write true, or leave the key out")
        return value

    def whole_number(self, key: str, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        value = self._data.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.error(key, f"cannot be {_shown(value)}", f"Use a whole number from {least} to {most}")
        return value

    def date_or_none(self, key: str) -> date | None:
        """A date; None when missing or null."""
        value = self._data.get(key)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.error(key, f"{_shown(value)} is not a date", "Write it like 2026-03-02, or null")
        return value

    def duration(self, key: str, least: int = 0, most: int = _YEAR) -> int:
        """A length of time in whole seconds. 0 needs no unit."""
        value = self._data.get(key)
        seconds = _seconds(value)
        if seconds is None:
            raise self.error(
                key, f"{_shown(value)} is not a length of time", "Write it like 90s, 15m, 1h30m or 2d"
            )
        if not least <= seconds <= most:
            bounds = f"from {show_duration(least)} to {show_duration(most)}"
            raise self.error(key, f"cannot be {_shown(value)}", f"Use a time {bounds}")
        return seconds

    def _list(self, key: str) -> list[object]:
        value = self._data.get(key)
        if not isinstance(value, list) or not value:
            raise self.error(key, "must be a list of at least one", "Write [a, b], or a line '- a' for each")
        return value


def show_duration(seconds: int) -> str:
    """Whole seconds as a file writes them: 5400 is "1h30m"."""
    parts = []
    for unit, letter in zip(_UNITS, "dhms", strict=True):
        number, seconds = divmod(seconds, unit)
        if number:
            parts.append(f"{number}{letter}")
    return "".join(parts) or "0"


def _seconds(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return 0
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        return None
    return sum(int(number or 0) * unit for number, unit in zip(match.groups(), _UNITS, strict=True))


def _shown(value: object) -> str:
    return "empty" if value is None else repr(value)[:40]


class _StrictLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C one is fast
    """Safe YAML in which a key written twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return made
