"""Frozen dataclasses that are made and copied quickly.

A frozen dataclass may not be assigned to, so its own constructor stores each field by a call, and `dataclasses.replace`
looks at each field again before it calls that constructor: 6 and 20 µs for an outbox row, and a turn makes dozens. Here
an instance is filled while it still belongs to an open twin of its class, by plain assignments, and becomes what it is
in the end: a tenth of the time, and frozen like any other from then on.

    @quick
    @dataclass(frozen=True, slots=True)
    class Thing: ...

`replace` is used as the one of `dataclasses`, for every dataclass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")


def quick(kind: type[T]) -> type[T]:
    """Gives a dataclass with `frozen` and `slots` a constructor and a `__replace__` that assign.

    Raises TypeError for a class that this does not fit: one with a base of its own, or with fields that are not given
    to the constructor by place.
    """
    fields = dataclasses.fields(kind)  # type: ignore[arg-type]
    names = tuple(f.name for f in fields)
    if kind.__bases__ != (object,) or getattr(kind, "__slots__", None) != names:
        raise TypeError(f"{kind.__name__} is no dataclass of its own with slots")
    if not all(f.init and not f.kw_only for f in fields):
        raise TypeError(f"{kind.__name__} has fields that its constructor does not take by place")
    given: dict[str, Any] = {
        "_kind": kind,
        "_open": type(f"Open{kind.__name__}", (), {"__slots__": names}),
        "_new": object.__new__,
        "_set": object.__setattr__,
        "_MISSING": MISSING,
    }
    parameters, made = [], []
    for f in fields:
        if f.default is not MISSING:
            given[f"_default_{f.name}"] = f.default
            parameters.append(f"{f.name}=_default_{f.name}")
        elif f.default_factory is not MISSING:
            given[f"_make_{f.name}"] = f.default_factory
            parameters.append(f"{f.name}=_MISSING")
            made.append(f"if {f.name} is _MISSING: {f.name} = _make_{f.name}()")
        else:
            parameters.append(f.name)
    checked = ["self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    given["_names"] = frozenset(names)
    lines = (
        f"def __init__(self, {', '.join(parameters)}):",
        *(f"    {line}" for line in made),
        "    _set(self, '__class__', _open)",
        *(f"    self.{name} = {name}" for name in names),
        "    self.__class__ = _kind",
        *(f"    {line}" for line in checked),
        "def __replace__(old, /, **changes):",
        "    self = _new(_open)",
        *(f"    self.{name} = old.{name}" for name in names),
        "    for name in changes:",
        "        if name not in _names:",
        "            raise TypeError(f'{_kind.__name__} has no field {name!r}')",
        "        setattr(self, name, changes[name])",
        "    self.__class__ = _kind",
        *(f"    {line}" for line in checked),
        "    return self",
    )
    for name, function in written(lines, given).items():
        function.__qualname__ = f"{kind.__qualname__}.{name}"
        function.__module__ = kind.__module__
        setattr(kind, name, function)
    return kind


def written(lines: Iterable[str], given: dict[str, Any]) -> dict[str, Callable[..., Any]]:
    """The functions that stand in these lines, which may use what is `given`.

    For code that is the same for every class but for the names of its fields, as `dataclasses` itself does it: nothing
    but names of ours goes into the lines.
    """
    made: dict[str, Callable[..., Any]] = {}
    exec("\n".join(lines), given, made)  # noqa: S102
    return made


if TYPE_CHECKING:
    from dataclasses import replace as replace  # so that the names and types of what is changed are checked
else:

    def replace(entity, /, **changes):
        """The same with some fields changed."""
        make = getattr(type(entity), "__replace__", None)
        return make(entity, **changes) if make is not None else dataclasses.replace(entity, **changes)
