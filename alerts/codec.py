"""Frozen dataclasses to plain JSON values and back, for what is sealed.

Only what the entities use: text, numbers, truth values, instants, dates, enums, tuples, string-keyed dictionaries and
nested dataclasses. A field that stored data does not have takes its default, so that adding a field needs no migration;
a stored field that the code does not know is an error, since dropping it would lose what somebody wrote.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, time
from operator import attrgetter
from typing import Any, TypeVar

from alerts.ids import from_micros, micros
from alerts.records import written


class UnknownField(ValueError):
    """Stored data has a field that this version does not know: the database was written by a newer version."""


Encoder = Callable[[Any], Any]
T = TypeVar("T")


def _same(value: Any) -> Any:
    return value


def _optional(inner: Encoder) -> Encoder:
    return lambda value: None if value is None else inner(value)


@functools.cache
def _coders(hint: Any) -> tuple[Encoder, Encoder]:
    """(to plain, from plain) for a type hint."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        some = [argument for argument in arguments if argument is not types.NoneType]
        if len(some) != 1:
            raise TypeError(f"cannot store a field of type {hint}")
        encode, decode = _coders(some[0])
        return _optional(encode), _optional(decode)
    if origin is tuple:
        # A pair such as tuple[time, time] holds one type as well: no entity mixes types in a tuple.
        encode, decode = _coders(arguments[0])
        return (lambda value: [encode(v) for v in value]), (lambda value: tuple(decode(v) for v in value))
    if origin is frozenset:
        encode, decode = _coders(arguments[0])
        return (lambda value: sorted(encode(v) for v in value)), (
            lambda value: frozenset(decode(v) for v in value)
        )
    if origin in (dict, collections.abc.Mapping):
        encode, decode = _coders(arguments[1])
        return (
            lambda value: {k: encode(v) for k, v in value.items()},
            lambda value: {k: decode(v) for k, v in value.items()},
        )
    if hint in (str, int, float, bool, Any):
        return _same, _same
    if hint is datetime:
        return micros, from_micros
    if hint is time:
        return (lambda value: value.isoformat()), time.fromisoformat
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return attrgetter("_value_"), Members(hint).__getitem__
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return plan_of(hint).encode, functools.partial(from_plain, hint)
    raise TypeError(f"cannot store a field of type {hint}")


class Members(dict[Any, Any]):
    """The members of an enumeration by their values: calling its class for one costs forty times as much."""

    def __init__(self, kind: type[enum.Enum]) -> None:
        super().__init__((member.value, member) for member in kind)
        self._kind = kind

    def __missing__(self, value: Any) -> Any:
        return self._kind(value)  # raises as the class does


class Plan:
    """How one dataclass is stored: worked out once for each, since every row goes through here."""

    def __init__(self, kind: type, without: frozenset[str]) -> None:
        hints = typing.get_type_hints(kind)
        wanted = [f for f in dataclasses.fields(kind) if f.name not in without]
        coders = {f.name: _coders(hints[f.name]) for f in wanted}
        self.decoders: dict[str, Encoder | None] = {
            name: None if decode is _same else decode for name, (_, decode) in coders.items()
        }
        given: dict[str, Any] = {}
        lines = ["def encode(value):", "    plain = {}"]
        for f in wanted:
            encode, name = coders[f.name][0], f.name
            given |= {f"encode_{name}": encode, f"default_{name}": f.default, f"kind_{name}": type(f.default)}
            shown = "one" if encode is _same else f"encode_{name}(one)"
            lines.append(f"    one = value.{name}")
            if f.default is dataclasses.MISSING:
                lines.append(f"    plain[{name!r}] = {shown}")
                continue
            other = f"(one != default_{name} or one.__class__ is not kind_{name})"
            lines.append(f"    if one is not default_{name} and {other}: plain[{name!r}] = {shown}")
        self.encode: Callable[[Any], dict[str, Any]] = written([*lines, "    return plain"], given)["encode"]


_plans: dict[tuple[type, frozenset[str]], Plan] = {}


def plan_of(kind: type, without: frozenset[str] = frozenset()) -> Plan:
    """The plan for a dataclass, less the fields named in `without`."""
    found = _plans.get((kind, without))
    if found is None:
        found = _plans[(kind, without)] = Plan(kind, without)
    return found


def to_plain(value: Any, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of a dataclass as JSON values, less those named in `without` and those that have their default.

    So a default is part of what is stored: changing one is a migration, and `tests/unit/test_codec.py` knows them all.
    """
    return plan_of(type(value), without).encode(value)


def from_plain(kind: type[T], plain: Mapping[str, Any], /, **columns: Any) -> T:
    """The dataclass again; `columns` are fields that were not in the sealed part and are given as they are.

    Raises `UnknownField`.
    """
    return made_from(kind, plan_of(kind, frozenset(columns)), plain, columns)


def made_from(kind: type[T], plan: Plan, plain: Mapping[str, Any], columns: dict[str, Any]) -> T:
    """As `from_plain`, by a plan without the fields that `columns` gives. Changes `columns`."""
    decoders = plan.decoders
    for name, value in plain.items():
        if name not in decoders:
            raise UnknownField(f"{kind.__name__} does not know {sorted(set(plain) - set(decoders))}")
        decode = decoders[name]
        columns[name] = value if decode is None else decode(value)
    return kind(**columns)
