"""Reading a rehearsal script: YAML with a few words, and errors that say the line, what is wrong and what is allowed.

Nothing is played here. A script that is read is one whose names, channels, times and steps exist.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

CHANNELS = ("signal", "telegram")
NAME = re.compile(r"[a-z0-9_]+")
DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
ACTIONS = ("react", "reply", "press", "location", "voice", "photo", "edit", "delete")
STEP_WORDS = ("wait", "until", "restart", "outage", "channel")
LANGUAGES = re.compile(r"[a-z]{2,3}")
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class ScriptError(Exception):
    """A script cannot be played: the line, what is wrong there, and what is allowed."""

    def __init__(self, line: int, wrong: str, allowed: str) -> None:
        super().__init__(f"line {line}: {wrong}. Allowed: {allowed}.")
        self.line = line


@dataclass(frozen=True, slots=True)
class CheckInPlan:
    """A periodic check-in that exists when the story begins."""

    protocol: str
    times: tuple[time, ...] = ()
    days: frozenset[int] = frozenset(range(7))
    every_hours: float | None = None
    quiet: tuple[time, time] | None = None


@dataclass(frozen=True, slots=True)
class Character:
    """Somebody in the story."""

    name: str
    channels: tuple[str, ...]
    language: str = ""
    zone: str = ""
    verified: bool = False
    contacts: tuple[str, ...] = ()
    check_in: CheckInPlan | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One line of `steps`."""

    line: int
    verb: str
    """say, wait, until, restart, outage or channel."""
    who: str = ""
    channel: str = ""
    text: str | None = None
    action: str = ""
    value: Any = None
    duration: timedelta = timedelta()
    at: datetime | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A story that can be played."""

    zone: str
    start: datetime
    """UTC."""
    seed: int
    language: str
    officers: tuple[str, ...]
    lead: str
    people: Mapping[str, Character]
    steps: tuple[Step, ...] = field(repr=False)


def read_script(path: Path) -> Script:
    """The script in a file. Raises ScriptError; OSError when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ScriptError(1, "the file is not UTF-8 text", "a YAML file in UTF-8") from error
    return parse_script(text)


def parse_script(text: str) -> Script:
    """The script in a text. Raises ScriptError."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not readable as YAML"
        raise ScriptError(mark.line + 1 if mark else 1, str(problem), "YAML") from None
    except (RecursionError, ValueError):
        raise ScriptError(1, "not readable as YAML", "YAML") from None
    top = _Mapping.of(root, "the script", "zone, start, desk, people, steps, and seed and language if wanted")
    top.only("zone", "start", "seed", "language", "desk", "people", "steps")
    zone = _zone(top.need("zone", "an IANA zone such as Europe/Brussels"))
    start = _local(top.need("start", "a local time such as 2026-03-02T09:00"), zone)
    seed = _integer(top.get("seed"), 0, "a whole number")
    language = _language(top.get("language")) or "en"
    desk = _Mapping.of(top.need("desk", "{officers: [ana, ben], lead: carla}"), "desk", "officers and lead")
    desk.only("officers", "lead")
    officers = _names(desk.need("officers", "a list of names"))
    lead_node = desk.get("lead")
    lead = _name(lead_node) if lead_node is not None else ""
    people = _people(top.get("people"))
    for name in (*officers, *([lead] if lead else [])):
        if name in people:
            raise ScriptError(
                people[name].line,
                f"{name} is of the desk already",
                "a name once: of the desk, or under people",
            )
        people[name] = Character(name, CHANNELS)
    if lead and lead in officers:
        raise ScriptError(_line(lead_node), f"{lead} is an officer already", "another name for the lead")
    for person in list(people.values()):
        for contact in person.contacts:
            if contact in (*officers, lead) or contact == person.name:
                raise ScriptError(
                    person.line, f"{contact} cannot be a contact here", "somebody who is not of the desk"
                )
            people.setdefault(contact, Character(contact, ("signal",)))
    steps_node = top.need("steps", "a list of steps")
    if not isinstance(steps_node, yaml.SequenceNode):
        raise ScriptError(
            _line(steps_node), "steps is not a list", "a list of steps, each beginning with “- ”"
        )
    steps = tuple(_step(node, people, zone) for node in steps_node.value)
    return Script(zone.key, start, seed, language, officers, lead, people, steps)


# ------------------------------------------------------------------------------------------------------------- nodes


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node is not None else 1


class _Mapping:
    """A mapping node with its keys checked."""

    def __init__(self, node: yaml.MappingNode, what: str) -> None:
        self.node, self.what = node, what
        self.items: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ScriptError(_line(key), f"a key in {what} is not a word", "plain words as keys")
            if key.value in self.items:
                raise ScriptError(_line(key), f"{key.value} stands twice in {what}", "each key once")
            self.items[key.value] = value

    @classmethod
    def of(cls, node: yaml.Node | None, what: str, allowed: str) -> _Mapping:
        if not isinstance(node, yaml.MappingNode):
            raise ScriptError(_line(node), f"{what} is not a mapping", allowed)
        return cls(node, what)

    def only(self, *allowed: str) -> None:
        for key, value in self.items.items():
            if key not in allowed:
                raise ScriptError(_line(value), f"{self.what} does not know {key!r}", ", ".join(allowed))

    def get(self, key: str) -> yaml.Node | None:
        return self.items.get(key)

    def need(self, key: str, allowed: str) -> yaml.Node:
        if key not in self.items:
            raise ScriptError(_line(self.node), f"{key} is missing in {self.what}", allowed)
        return self.items[key]


def _scalar(node: yaml.Node, allowed: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise ScriptError(_line(node), "a single value is expected here", allowed)
    return str(node.value)


def _text(node: yaml.Node) -> str:
    return _scalar(node, "a text")


def _truth(node: yaml.Node | None, default: bool = False) -> bool:
    if node is None:
        return default
    value = _scalar(node, "true or false").lower()
    if value not in ("true", "false", "yes", "no"):
        raise ScriptError(_line(node), f"{value!r} is neither true nor false", "true or false")
    return value in ("true", "yes")


def _integer(node: yaml.Node | None, default: int, allowed: str) -> int:
    if node is None:
        return default
    value = _scalar(node, allowed)
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise ScriptError(_line(node), f"{value!r} is no whole number", allowed)
    return int(value)


def _number(node: yaml.Node, low: float, high: float, allowed: str) -> float:
    try:
        value = float(_scalar(node, allowed))
    except ValueError:
        value = high + 1
    if not low <= value <= high:
        raise ScriptError(_line(node), f"{node.value!r} is not from {low:g} to {high:g}", allowed)
    return value


def _name(node: yaml.Node) -> str:
    value = _scalar(node, "a name of a-z, 0-9 and _")
    if not NAME.fullmatch(value) or value in STEP_WORDS:
        raise ScriptError(
            _line(node), f"{value!r} cannot be a name", "a name of a-z, 0-9 and _, no word of a step"
        )
    return value


def _sequence(node: yaml.Node, allowed: str) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise ScriptError(_line(node), "a list is expected here", allowed)
    return list(node.value)


def _names(node: yaml.Node) -> tuple[str, ...]:
    found = tuple(_name(n) for n in _sequence(node, "a list of names such as [ana, ben]"))
    if len(set(found)) != len(found):
        raise ScriptError(_line(node), "a name stands twice", "each name once")
    return found


def _zone(node: yaml.Node) -> ZoneInfo:
    value = _scalar(node, "an IANA zone such as Europe/Brussels")
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScriptError(
            _line(node), f"there is no zone {value!r}", "an IANA zone such as Europe/Brussels"
        ) from None


def _local(node: yaml.Node, zone: ZoneInfo) -> datetime:
    allowed = "a local time of the desk such as 2026-03-02T09:00"
    value = _scalar(node, allowed)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ScriptError(_line(node), f"{value!r} is no time", allowed) from None
    utc = ZoneInfo("UTC")
    return moment.astimezone(utc) if moment.tzinfo else moment.replace(tzinfo=zone).astimezone(utc)


def _language(node: yaml.Node | None) -> str:
    if node is None:
        return ""
    value = _scalar(node, "a language code such as ar")
    if not LANGUAGES.fullmatch(value):
        raise ScriptError(_line(node), f"{value!r} is no language code", "a language code such as ar")
    return value


def _duration(node: yaml.Node) -> timedelta:
    allowed = "a time such as 90s, 5m, 1h30m, 2d"
    value = _scalar(node, allowed)
    found = DURATION.fullmatch(value)
    if found is None or not value:
        raise ScriptError(_line(node), f"{value!r} is no length of time", allowed)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if days > 3660 or hours > 100_000 or minutes > 1_000_000 or seconds > 100_000_000:
        raise ScriptError(_line(node), f"{value!r} is too long", "at most ten years")
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _clock_time(node: yaml.Node) -> time:
    allowed = 'a time of day in quotes such as "09:00"'
    value = _scalar(node, allowed)
    if not re.fullmatch(r"\d{1,2}:\d{2}", value):
        raise ScriptError(_line(node), f"{value!r} is no time of day", allowed)
    hour, minute = map(int, value.split(":"))
    if hour > 23 or minute > 59:
        raise ScriptError(_line(node), f"{value!r} is no time of day", allowed)
    return time(hour, minute)


# ------------------------------------------------------------------------------------------------------------ people


def _people(node: yaml.Node | None) -> dict[str, Character]:
    if node is None:
        return {}
    mapping = _Mapping.of(node, "people", "name: {channels: [signal, telegram], …}")
    found = {}
    for name, value in mapping.items.items():
        if not NAME.fullmatch(name) or name in STEP_WORDS:
            raise ScriptError(
                _line(value), f"{name!r} cannot be a name", "a name of a-z, 0-9 and _, no word of a step"
            )
        found[name] = _character(name, value)
    return found


def _character(name: str, node: yaml.Node) -> Character:
    keys = ("channels", "language", "zone", "verified", "contacts", "check_in")
    if isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null"):
        return Character(name, ("signal",), line=_line(node))
    given = _Mapping.of(node, name, ", ".join(keys))
    given.only(*keys)
    channels: tuple[str, ...] = ("signal",)
    channel_node = given.get("channels")
    if channel_node is not None:
        channels = tuple(_channel(n) for n in _sequence(channel_node, "a list of signal, telegram"))
        if len(channels) not in (1, 2) or len(set(channels)) != len(channels):
            raise ScriptError(
                _line(channel_node), "channels names none, or one twice", "signal, telegram, each once"
            )
    zone_node, contacts_node, check_in_node = given.get("zone"), given.get("contacts"), given.get("check_in")
    verified = _truth(given.get("verified"))
    if not verified and (contacts_node is not None or check_in_node is not None):
        where = contacts_node if contacts_node is not None else check_in_node
        raise ScriptError(
            _line(where), f"{name} is a stranger and has no contacts or check-ins", "verified: true"
        )
    return Character(
        name=name,
        channels=channels,
        language=_language(given.get("language")),
        zone=_zone(zone_node).key if zone_node is not None else "",
        verified=verified,
        contacts=_names(contacts_node) if contacts_node is not None else (),
        check_in=_check_in(check_in_node) if check_in_node is not None else None,
        line=_line(node),
    )


def _channel(node: yaml.Node) -> str:
    value = _scalar(node, "signal or telegram")
    if value not in CHANNELS:
        raise ScriptError(_line(node), f"there is no channel {value!r}", "signal, telegram")
    return value


def _check_in(node: yaml.Node) -> CheckInPlan:
    allowed = 'protocol, and times: ["09:00"] or every_hours: 6; if wanted days: [mon] and quiet: ["23:00", "07:00"]'
    given = _Mapping.of(node, "check_in", allowed)
    given.only("protocol", "times", "every_hours", "days", "quiet")
    times_node, every_node = given.get("times"), given.get("every_hours")
    if (times_node is None) == (every_node is None):
        raise ScriptError(_line(node), "check_in needs times or every_hours, and not both", allowed)
    protocol_node = given.get("protocol")
    days_node, quiet_node = given.get("days"), given.get("quiet")
    times = (
        tuple(_clock_time(n) for n in _sequence(times_node, 'a list such as ["09:00"]')) if times_node else ()
    )
    if times_node is not None and (not times or len(set(times)) != len(times)):
        raise ScriptError(_line(times_node), "times is empty, or names one twice", "each time of day once")
    quiet = None
    if quiet_node is not None:
        pair = tuple(_clock_time(n) for n in _sequence(quiet_node, '["23:00", "07:00"]'))
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ScriptError(_line(quiet_node), "quiet is not two different times", '["23:00", "07:00"]')
        quiet = (pair[0], pair[1])
    return CheckInPlan(
        protocol=_scalar(protocol_node, "a protocol's name") if protocol_node is not None else "routine",
        times=times,
        days=frozenset(_day(n) for n in _sequence(days_node, "[mon, tue]"))
        if days_node
        else frozenset(range(7)),
        every_hours=_number(every_node, 1, 168, "1 to 168") if every_node is not None else None,
        quiet=quiet,
    )


def _day(node: yaml.Node) -> int:
    value = _scalar(node, ", ".join(DAY_NAMES)).lower()[:3]
    if value not in DAY_NAMES:
        raise ScriptError(_line(node), f"{value!r} is no day", ", ".join(DAY_NAMES))
    return DAY_NAMES.index(value)


# ------------------------------------------------------------------------------------------------------------- steps

STEPS_ALLOWED = "NAME: text, NAME: {…}, NAME@CHANNEL: …, wait, until, restart, outage, channel"


def _step(node: yaml.Node, people: Mapping[str, Character], zone: ZoneInfo) -> Step:
    if isinstance(node, yaml.ScalarNode) and node.value == "restart":
        return Step(_line(node), "restart")
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        raise ScriptError(_line(node), "a step is one word with what belongs to it", STEPS_ALLOWED)
    key_node, value = node.value[0]
    key = _scalar(key_node, STEPS_ALLOWED)
    line = _line(key_node)
    match key:
        case "wait":
            return Step(line, "wait", duration=_duration(value))
        case "outage":
            return Step(line, "outage", duration=_duration(value))
        case "until":
            return Step(line, "until", at=_local(value, zone))
        case "restart":
            raise ScriptError(line, "restart takes nothing", "- restart")
        case "channel":
            return _channel_step(line, value, people)
        case _:
            who, channel = _speaker(key_node, key, people)
            return _said(line, who, channel, value)


def _speaker(node: yaml.Node, key: str, people: Mapping[str, Character]) -> tuple[str, str]:
    who, _, channel = key.partition("@")
    if who not in people:
        raise ScriptError(
            _line(node), f"nobody is called {who!r}", f"{', '.join(people)}; or {', '.join(STEP_WORDS)}"
        )
    if "@" in key and channel not in people[who].channels:
        raise ScriptError(_line(node), f"{who} is not on {channel!r}", ", ".join(people[who].channels))
    return who, channel or people[who].channels[0]


def _channel_step(line: int, node: yaml.Node, people: Mapping[str, Character]) -> Step:
    allowed = "{signal: down}, {telegram: up}, {NAME@CHANNEL: ok, refused or offline}"
    given = _Mapping.of(node, "channel", allowed)
    if len(given.items) != 1:
        raise ScriptError(line, "channel takes one thing at a time", allowed)
    (key, value) = next(iter(given.items.items()))
    state = _scalar(value, allowed)
    if key in CHANNELS:
        if state not in ("up", "down"):
            raise ScriptError(line, f"a channel cannot be {state!r}", "up, down")
        return Step(line, "channel", channel=key, state=state)
    who, channel = _speaker(value, key, people)
    if state not in ("ok", "refused", "offline"):
        raise ScriptError(line, f"a person's channel cannot be {state!r}", "ok, refused, offline")
    return Step(line, "channel", who=who, channel=channel, state=state)


def _said(line: int, who: str, channel: str, node: yaml.Node) -> Step:
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:null":
            raise ScriptError(line, f"{who} says nothing", f"a text, or one of {', '.join(ACTIONS)}")
        return Step(line, "say", who, channel, text=str(node.value))
    given = _Mapping.of(node, "what is done", ", ".join(ACTIONS))
    given.only(*ACTIONS)
    if len(given.items) != 1:
        raise ScriptError(line, "one thing is done at a time", ", ".join(ACTIONS))
    action, value_node = next(iter(given.items.items()))
    return Step(line, "say", who, channel, action=action, value=_value(action, value_node))


def _value(action: str, node: yaml.Node) -> Any:
    match action:
        case "press":
            number = _integer(node, 0, "the number of a button, from 1")
            if number < 1:
                raise ScriptError(
                    _line(node), f"there is no button {number}", "the number of a button, from 1"
                )
            return number
        case "location":
            pair = _sequence(node, "[latitude, longitude]")
            if len(pair) != 2:
                raise ScriptError(_line(node), "a location is two numbers", "[latitude, longitude]")
            return (
                _number(pair[0], -90, 90, "a latitude from -90 to 90"),
                _number(pair[1], -180, 180, "a longitude from -180 to 180"),
            )
        case "voice" | "photo" | "delete":
            if not _truth(node):
                raise ScriptError(_line(node), f"{action} can only be true", f"{{{action}: true}}")
            return True
        case _:
            return _text(node)


def unreachable(line: int, wrong: str, allowed: str) -> NoReturn:
    """Raises a ScriptError for something that turned out while playing."""
    raise ScriptError(line, wrong, allowed)
