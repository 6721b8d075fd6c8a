"""Reading the nodes of a script: one function for each kind of value, and errors that say the line, what is wrong and
what is allowed.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from config import lexicons, translations

NAME = re.compile(r"[a-z0-9_]+")
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
STEP_WORDS = ("wait", "until", "restart", "outage", "channel")
FIRST_YEAR, LAST_YEAR = 1980, 2900
"""What a story may be about: far from where calendars end, so that no sum of times leaves them."""
MERGE = "tag:yaml.org,2002:merge"
NULL = "tag:yaml.org,2002:null"


class ScriptError(Exception):
    """A script cannot be played: the line, what is wrong there, and what is allowed."""

    def __init__(self, line: int, wrong: str, allowed: str) -> None:
        super().__init__(f"line {line}: {wrong}. Allowed: {allowed}.")
        self.line = line


def line_of(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


class Mapped:
    """A mapping node with its keys checked."""

    def __init__(self, node: yaml.MappingNode, what: str) -> None:
        self.node, self.what = node, what
        self.items: dict[str, yaml.Node] = {}
        self.lines: dict[str, int] = {}
        """Where each key stands; what belongs to it may begin lower down."""
        merged: list[Mapped] = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ScriptError(line_of(key), f"a key in {what} is not a word", "plain words as keys")
            if key.tag == MERGE:
                merged += _merged(key, value, what)
                continue
            if key.value in self.items:
                raise ScriptError(line_of(key), f"{key.value} stands twice in {what}", "each key once")
            self.items[key.value] = value
            self.lines[key.value] = line_of(key)
        for other in merged:
            self.items = {**other.items, **self.items}
            self.lines = {**other.lines, **self.lines}

    @classmethod
    def of(cls, node: yaml.Node | None, what: str, allowed: str) -> Mapped:
        if not isinstance(node, yaml.MappingNode):
            raise ScriptError(line_of(node), f"{what} is not a mapping", allowed)
        return cls(node, what)

    def only(self, *allowed: str) -> None:
        for key, line in self.lines.items():
            if key not in allowed:
                raise ScriptError(line, f"{self.what} does not know {key!r}", ", ".join(allowed))

    def get(self, key: str) -> yaml.Node | None:
        return self.items.get(key)

    def need(self, key: str, allowed: str) -> yaml.Node:
        if key not in self.items:
            raise ScriptError(line_of(self.node), f"{key} is missing in {self.what}", allowed)
        return self.items[key]


def _merged(key: yaml.Node, value: yaml.Node, what: str) -> list[Mapped]:
    """The mappings that `<<` takes in; of a list the first wins, as YAML has it."""
    given = value.value if isinstance(value, yaml.SequenceNode) else [value]
    wanted = [node for node in given if isinstance(node, yaml.MappingNode)]
    if len(wanted) < len(given):
        raise ScriptError(line_of(key), f"<< in {what} takes in something else than a mapping", "<<: *name")
    if any(inner.tag == MERGE for node in wanted for inner, _ in node.value):
        raise ScriptError(line_of(key), f"<< in {what} takes in another <<", "<< once")
    return [Mapped(node, what) for node in wanted]


def is_nothing(node: yaml.Node | None) -> bool:
    """Whether nothing is said there: no such key, or one with nothing behind it."""
    return node is None or (isinstance(node, yaml.ScalarNode) and node.tag == NULL)


def read_scalar(node: yaml.Node, allowed: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ScriptError(line_of(node), "a single value is expected here", allowed)
    return str(node.value)


def read_text(node: yaml.Node) -> str:
    if is_nothing(node):
        raise ScriptError(line_of(node), "a text is missing here", "a text")
    return read_scalar(node, "a text")


def read_truth(node: yaml.Node | None, default: bool = False) -> bool:
    if node is None:
        return default
    value = read_scalar(node, "true or false").lower()
    if value not in ("true", "false", "yes", "no"):
        raise ScriptError(line_of(node), f"{value!r} is neither true nor false", "true or false")
    return value in ("true", "yes")


def read_integer(node: yaml.Node | None, default: int, allowed: str) -> int:
    if node is None:
        return default
    value = read_scalar(node, allowed)
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise ScriptError(line_of(node), f"{value!r} is no whole number of up to 18 digits", allowed)
    return int(value)


def read_number(node: yaml.Node, low: float, high: float, allowed: str) -> float:
    try:
        value = float(read_scalar(node, allowed))
    except ValueError:
        value = high + 1
    if not low <= value <= high:
        raise ScriptError(line_of(node), f"{node.value!r} is not from {low:g} to {high:g}", allowed)
    return value


def read_name(node: yaml.Node) -> str:
    value = read_scalar(node, "a name of a-z, 0-9 and _")
    if not NAME.fullmatch(value) or value in STEP_WORDS:
        raise ScriptError(
            line_of(node), f"{value!r} cannot be a name", "a name of a-z, 0-9 and _, no word of a step"
        )
    return value


def read_sequence(node: yaml.Node, allowed: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise ScriptError(line_of(node), "a list is expected here", allowed)
    return list(node.value)


def read_names(node: yaml.Node) -> tuple[str, ...]:
    found = tuple(read_name(n) for n in read_sequence(node, "a list of names such as [ana, ben]"))
    if len(set(found)) != len(found):
        raise ScriptError(line_of(node), "a name stands twice", "each name once")
    return found


def read_zone(node: yaml.Node) -> ZoneInfo:
    value = read_scalar(node, "an IANA zone such as Europe/Brussels")
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScriptError(
            line_of(node), f"there is no zone {value!r}", "an IANA zone such as Europe/Brussels"
        ) from None


def read_local(node: yaml.Node, zone: ZoneInfo) -> datetime:
    allowed = "a local time of the desk such as 2026-03-02T09:00"
    value = read_scalar(node, allowed)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ScriptError(line_of(node), f"{value!r} is no time", allowed) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ScriptError(
            line_of(node), f"{value!r} is too far away", f"a year from {FIRST_YEAR} to {LAST_YEAR}"
        )
    utc = ZoneInfo("UTC")
    if moment.tzinfo is not None:
        return moment.astimezone(utc)
    instant = moment.replace(tzinfo=zone).astimezone(utc)
    if instant.astimezone(zone).replace(tzinfo=None) != moment:
        raise ScriptError(
            line_of(node), f"there is no {value!r} in {zone.key}: the clocks go forward over it", allowed
        )
    return instant


def read_language(node: yaml.Node | None) -> str:
    if node is None:
        return ""
    spoken = translations.languages()
    understood = [language for language in lexicons.languages() if language not in spoken]
    allowed = f"{', '.join(spoken)}; or, answered in English, {', '.join(understood)}"
    value = read_scalar(node, allowed)
    if value not in (*spoken, *understood):
        raise ScriptError(line_of(node), f"Watchline does not know the language {value!r}", allowed)
    return value


def read_duration(node: yaml.Node) -> timedelta:
    allowed = "a time such as 90s, 5m, 1h30m, 2d"
    value = read_scalar(node, allowed)
    found = DURATION.fullmatch(value)
    if found is None or not value:
        raise ScriptError(line_of(node), f"{value!r} is no length of time", allowed)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if days > 3660 or hours > 100_000 or minutes > 1_000_000 or seconds > 100_000_000:
        raise ScriptError(line_of(node), f"{value!r} is too long", "at most ten years")
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def read_clock_time(node: yaml.Node) -> time:
    allowed = 'a time of day in quotes such as "09:00"'
    value = read_scalar(node, allowed)
    if not re.fullmatch(r"\d{1,2}:\d{2}", value):
        raise ScriptError(line_of(node), f"{value!r} is no time of day", allowed)
    hour, minute = map(int, value.split(":"))
    if hour > 23 or minute > 59:
        raise ScriptError(line_of(node), f"{value!r} is no time of day", allowed)
    return time(hour, minute)
