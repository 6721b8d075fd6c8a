"""Reading a rehearsal script: YAML with a few words, and errors that say the line, what is wrong and what is allowed.

Nothing is played here. A script that is read is one whose names, channels, times and steps exist.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.rehearsal.nodes import (
    NAME,
    STEP_WORDS,
    Mapped,
    ScriptError,
    is_nothing,
    line_of,
    read_clock_time,
    read_duration,
    read_integer,
    read_language,
    read_local,
    read_name,
    read_names,
    read_number,
    read_scalar,
    read_sequence,
    read_text,
    read_truth,
    read_zone,
)

CHANNELS = ("signal", "telegram")
PERSON_STATES = {"up": "ok", "ok": "ok", "refused": "refused", "offline": "offline"}
"""What a person's channel can be in a script, and what the pretend phone calls it."""
ACTIONS = ("react", "reply", "press", "location", "voice", "photo", "edit", "delete")
YAML = "YAML; a text with a colon in it, or that begins with a sign, in quotes"
DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class CheckInPlan:
    """A periodic check-in that exists when the story begins."""

    protocol: str
    times: tuple[time, ...] = ()
    days: frozenset[int] = frozenset(range(7))
    every_hours: float | None = None
    quiet: tuple[time, time] | None = None
    line: int = 0
    """Where its protocol is named."""


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
    contacts_line: int = 0


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
        line = error.object[: error.start].count(b"\n") + 1
        raise ScriptError(line, "the file is not UTF-8 text", "a YAML file in UTF-8") from error
    return parse_script(text)


def parse_script(text: str) -> Script:
    """The script in a text. Raises ScriptError."""
    top = Mapped.of(
        _composed(text), "the script", "zone, start, desk, people, steps, and seed and language if wanted"
    )
    top.only("zone", "start", "seed", "language", "desk", "people", "steps")
    zone = read_zone(top.need("zone", "an IANA zone such as Europe/Brussels"))
    start = read_local(top.need("start", "a local time such as 2026-03-02T09:00"), zone)
    seed = read_integer(top.get("seed"), 0, "a whole number")
    language = read_language(top.get("language")) or "en"
    officers, lead = _desk(top.need("desk", "{officers: [ana, ben], lead: carla}"))
    people = _everybody(_people(top.get("people")), (*officers, *([lead] if lead else [])))
    steps_node = top.need("steps", "a list of steps")
    if not isinstance(steps_node, yaml.SequenceNode):
        raise ScriptError(
            line_of(steps_node), "steps is not a list", "a list of steps, each beginning with “- ”"
        )
    steps = tuple(step for node in steps_node.value for step in _steps(node, people, zone))
    _in_their_order(steps, start)
    return Script(zone.key, start, seed, language, officers, lead, people, steps)


def _composed(text: str) -> yaml.Node | None:
    """The text as YAML nodes, which know their lines; None for an empty one."""
    try:
        root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ScriptError(line, "a character that YAML does not have", YAML) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not readable as YAML"
        raise ScriptError(mark.line + 1 if mark else 1, str(problem), YAML) from None
    except (RecursionError, ValueError):
        raise ScriptError(1, "not readable as YAML", YAML) from None
    return root


# ------------------------------------------------------------------------------------------------- the desk and others


def _desk(node: yaml.Node) -> tuple[tuple[str, ...], str]:
    """The officers in the order of the rota, and the lead; empty when there is none."""
    desk = Mapped.of(node, "desk", "officers and lead")
    desk.only("officers", "lead")
    officers = read_names(desk.need("officers", "a list of names"))
    lead_node = desk.get("lead")
    lead = read_name(lead_node) if lead_node is not None and not is_nothing(lead_node) else ""
    if lead and lead in officers:
        raise ScriptError(line_of(lead_node), f"{lead} is an officer already", "another name for the lead")
    return officers, lead


def _everybody(people: Mapping[str, Character], staff: tuple[str, ...]) -> dict[str, Character]:
    """The people, the desk's staff, and the trusted contacts that are listed nowhere else: each name is one person."""
    everybody = dict(people)
    for name in staff:
        if name in people:
            raise ScriptError(
                people[name].line,
                f"{name} is of the desk already",
                "a name once: of the desk, or under people",
            )
        everybody[name] = Character(name, CHANNELS)
    for person in people.values():
        for contact in person.contacts:
            if contact == person.name:
                raise ScriptError(
                    person.contacts_line,
                    f"{contact} cannot be their own contact",
                    "somebody else, listed under people or not",
                )
            if contact in staff:
                raise ScriptError(
                    person.contacts_line,
                    f"{contact} is of the desk and cannot be a contact",
                    "somebody who is not of the desk",
                )
            everybody.setdefault(contact, Character(contact, ("signal",)))
    return everybody


def _people(node: yaml.Node | None) -> dict[str, Character]:
    if is_nothing(node):
        return {}
    mapping = Mapped.of(node, "people", "name: {channels: [signal, telegram], …}")
    found = {}
    for name, value in mapping.items.items():
        line = mapping.lines[name]
        if not NAME.fullmatch(name) or name in STEP_WORDS:
            raise ScriptError(
                line, f"{name!r} cannot be a name", "a name of a-z, 0-9 and _, no word of a step"
            )
        found[name] = _character(name, value, line)
    return found


def _character(name: str, node: yaml.Node, line: int) -> Character:
    keys = ("channels", "language", "zone", "verified", "contacts", "check_in")
    if is_nothing(node):
        return Character(name, ("signal",), line=line)
    given = Mapped.of(node, name, ", ".join(keys))
    given.only(*keys)
    channels: tuple[str, ...] = ("signal",)
    channel_node = given.get("channels")
    if channel_node is not None:
        channels = tuple(_channel(n) for n in read_sequence(channel_node, "a list of signal, telegram"))
        if len(channels) not in (1, 2) or len(set(channels)) != len(channels):
            raise ScriptError(
                line_of(channel_node), "channels names none, or one twice", "signal, telegram, each once"
            )
    zone_node, contacts_node, check_in_node = given.get("zone"), given.get("contacts"), given.get("check_in")
    verified = read_truth(given.get("verified"))
    if not verified and (contacts_node is not None or check_in_node is not None):
        where = "contacts" if contacts_node is not None else "check_in"
        raise ScriptError(
            given.lines[where], f"{name} is a stranger and has no contacts or check-ins", "verified: true"
        )
    return Character(
        name=name,
        channels=channels,
        language=read_language(given.get("language")),
        zone=read_zone(zone_node).key if zone_node is not None else "",
        verified=verified,
        contacts=read_names(contacts_node) if contacts_node is not None else (),
        check_in=_check_in(check_in_node) if check_in_node is not None else None,
        line=line,
        contacts_line=given.lines.get("contacts", line),
    )


def _channel(node: yaml.Node) -> str:
    value = read_scalar(node, "signal or telegram")
    if value not in CHANNELS:
        raise ScriptError(line_of(node), f"there is no channel {value!r}", "signal, telegram")
    return value


def _check_in(node: yaml.Node) -> CheckInPlan:
    allowed = 'protocol, and times: ["09:00"] or every_hours: 6; if wanted days: [mon] and quiet: ["23:00", "07:00"]'
    given = Mapped.of(node, "check_in", allowed)
    given.only("protocol", "times", "every_hours", "days", "quiet")
    times_node, every_node = given.get("times"), given.get("every_hours")
    if (times_node is None) == (every_node is None):
        raise ScriptError(line_of(node), "check_in needs times or every_hours, and not both", allowed)
    protocol_node = given.get("protocol")
    days_node, quiet_node = given.get("days"), given.get("quiet")
    times = (
        tuple(read_clock_time(n) for n in read_sequence(times_node, 'a list such as ["09:00"]'))
        if times_node
        else ()
    )
    if times_node is not None and (not times or len(set(times)) != len(times)):
        raise ScriptError(line_of(times_node), "times is empty, or names one twice", "each time of day once")
    quiet = None
    if quiet_node is not None:
        pair = tuple(read_clock_time(n) for n in read_sequence(quiet_node, '["23:00", "07:00"]'))
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ScriptError(line_of(quiet_node), "quiet is not two different times", '["23:00", "07:00"]')
        quiet = (pair[0], pair[1])
    return CheckInPlan(
        protocol=read_scalar(protocol_node, "a protocol's name") if protocol_node is not None else "routine",
        times=times,
        days=_days(days_node) if days_node is not None else frozenset(range(7)),
        every_hours=read_number(every_node, 1, 168, "1 to 168") if every_node is not None else None,
        quiet=quiet,
        line=line_of(protocol_node if protocol_node is not None else node),
    )


def _days(node: yaml.Node) -> frozenset[int]:
    found = frozenset(_day(n) for n in read_sequence(node, "a list such as [mon, tue]"))
    if not found:
        raise ScriptError(line_of(node), "days names none", ", ".join(DAY_NAMES))
    return found


def _day(node: yaml.Node) -> int:
    value = read_scalar(node, ", ".join(DAY_NAMES))
    for number, (short, whole) in enumerate(zip(DAY_NAMES, WHOLE_DAY_NAMES, strict=True)):
        if value.lower() in (short, whole):
            return number
    raise ScriptError(line_of(node), f"{value!r} is no day", ", ".join(DAY_NAMES))


# ------------------------------------------------------------------------------------------------------------- steps

STEPS_ALLOWED = "NAME: text, NAME: {…}, NAME@CHANNEL: …, wait, until, restart, outage, channel"


def _in_their_order(steps: tuple[Step, ...], now: datetime) -> None:
    for step in steps:
        now += step.duration
        if step.at is not None:
            if step.at < now:
                raise passed(step)
            now = step.at


def passed(step: Step) -> ScriptError:
    """What is said of an `until` whose time lies behind."""
    return ScriptError(step.line, "that time has passed already", "a later time")


def _steps(node: yaml.Node, people: Mapping[str, Character], zone: ZoneInfo) -> tuple[Step, ...]:
    """What one entry of the list says: several things only where it is about several channels."""
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        if isinstance(key, yaml.ScalarNode) and key.value == "channel":
            return _channel_steps(line_of(key), value, people)
    return (_step(node, people, zone),)


def _step(node: yaml.Node, people: Mapping[str, Character], zone: ZoneInfo) -> Step:
    if isinstance(node, yaml.ScalarNode) and node.value == "restart":
        return Step(line_of(node), "restart")
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1:
        wrong = "a step is one word with what belongs to it"
        if isinstance(node, yaml.ScalarNode) and node.value:
            wrong = f"{node.value!r} is no step: {wrong}"
        raise ScriptError(line_of(node), wrong, STEPS_ALLOWED)
    key_node, value = node.value[0]
    key = read_scalar(key_node, STEPS_ALLOWED)
    line = line_of(key_node)
    match key:
        case "wait":
            return Step(line, "wait", duration=read_duration(value))
        case "outage":
            return Step(line, "outage", duration=read_duration(value))
        case "until":
            return Step(line, "until", at=read_local(value, zone))
        case "restart":
            raise ScriptError(line, "restart takes nothing", "- restart")
        case _:
            who, channel = _speaker(line, key, people)
            return _said(line, who, channel, value)


def _speaker(line: int, key: str, people: Mapping[str, Character]) -> tuple[str, str]:
    who, _, channel = key.partition("@")
    if who not in people:
        raise ScriptError(
            line,
            f"{key!r} is neither a step nor one of the people{_near(who, (*STEP_WORDS, *people))}",
            f"the steps {', '.join(STEP_WORDS)}; the people {', '.join(people)}",
        )
    if "@" in key and channel not in people[who].channels:
        raise ScriptError(line, f"{who} is not on {channel!r}", ", ".join(people[who].channels))
    return who, channel or people[who].channels[0]


def _near(word: str, words: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(words), 1)
    return f" (is {close[0]} meant?)" if close else ""


def _channel_steps(line: int, node: yaml.Node, people: Mapping[str, Character]) -> tuple[Step, ...]:
    allowed = "{signal: down}, {telegram: up}, {NAME@CHANNEL: up, refused or offline}"
    given = Mapped.of(node, "channel", allowed)
    if not given.items:
        raise ScriptError(line, "channel names none", allowed)
    return tuple(
        _channel_step(given.lines[key], key, read_scalar(value, allowed), people, allowed)
        for key, value in given.items.items()
    )


def _channel_step(line: int, key: str, state: str, people: Mapping[str, Character], allowed: str) -> Step:
    if key in CHANNELS:
        if state not in ("up", "down"):
            raise ScriptError(line, f"a channel cannot be {state!r}", "up, down")
        return Step(line, "channel", channel=key, state=state)
    if key.partition("@")[0] not in people:
        raise ScriptError(line, f"there is no channel and nobody called {key!r}", allowed)
    who, channel = _speaker(line, key, people)
    if state not in PERSON_STATES:
        raise ScriptError(line, f"a person's channel cannot be {state!r}", ", ".join(PERSON_STATES))
    return Step(line, "channel", who=who, channel=channel, state=PERSON_STATES[state])


def _said(line: int, who: str, channel: str, node: yaml.Node) -> Step:
    if isinstance(node, yaml.ScalarNode):
        if is_nothing(node):
            raise ScriptError(line, f"{who} says nothing", f"a text, or one of {', '.join(ACTIONS)}")
        return Step(line, "say", who, channel, text=str(node.value))
    given = Mapped.of(node, "what is done", ", ".join(ACTIONS))
    given.only(*ACTIONS)
    if len(given.items) != 1:
        raise ScriptError(line, "one thing is done at a time", ", ".join(ACTIONS))
    action, value_node = next(iter(given.items.items()))
    return Step(line, "say", who, channel, action=action, value=_value(action, value_node))


def _value(action: str, node: yaml.Node) -> Any:
    match action:
        case "press":
            number = read_integer(node, 0, "the number of a button, from 1")
            if number < 1:
                raise ScriptError(
                    line_of(node), f"there is no button {number}", "the number of a button, from 1"
                )
            return number
        case "location":
            pair = read_sequence(node, "[latitude, longitude]")
            if len(pair) != 2:
                raise ScriptError(line_of(node), "a location is two numbers", "[latitude, longitude]")
            return (
                read_number(pair[0], -90, 90, "a latitude from -90 to 90"),
                read_number(pair[1], -180, 180, "a longitude from -180 to 180"),
            )
        case "voice" | "photo" | "delete":
            if not read_truth(node):
                raise ScriptError(line_of(node), f"{action} can only be true", f"{{{action}: true}}")
            return True
        case "react":
            emoji = read_text(node).strip()
            if not emoji:
                raise ScriptError(line_of(node), "a reaction of nothing", 'an emoji such as "👍"')
            return emoji
        case _:
            return read_text(node)
