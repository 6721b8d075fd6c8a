"""What is made and copied quickly is in everything else an ordinary frozen dataclass."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import dataclass, field

import pytest

from alerts import facts, rounds
from alerts.records import quick, replace
from alerts.store.shapes import BY_KIND

KINDS = sorted({*BY_KIND, facts.Facts, facts.Spare, rounds.Sending}, key=lambda kind: kind.__name__)


@quick
@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    count: int = 1
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("fewer than none")


@dataclass(frozen=True)
class Slow:
    name: str
    count: int = 1


def test_it_is_made_with_defaults_by_place_and_by_name() -> None:
    assert Thing("a") == Thing("a", 1, []) == Thing(name="a", notes=[], count=1)
    assert Thing("a").notes is not Thing("a").notes
    assert repr(Thing("a")) == f"{Thing.__qualname__}(name='a', count=1, notes=[])"
    with pytest.raises(TypeError):
        Thing()  # type: ignore[call-arg]


def test_nothing_can_be_assigned_to_it_once_it_is_made() -> None:
    for made in (Thing("a"), replace(Thing("a"), count=2)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.count = 3  # type: ignore[misc]
        assert type(made) is Thing


def test_a_copy_differs_in_what_was_named_and_the_first_stays_as_it_is() -> None:
    first = Thing("a", 2, ["x"])
    second = replace(first, name="b")
    assert (second.name, second.count, second.notes) == ("b", 2, ["x"])
    assert first == Thing("a", 2, ["x"])


def test_a_copy_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        replace(Thing("a"), colour="red")  # type: ignore[call-arg]


def test_what_a_class_checks_is_checked_of_copies_too() -> None:
    with pytest.raises(ValueError, match="fewer"):
        Thing("a", -1)
    with pytest.raises(ValueError, match="fewer"):
        replace(Thing("a"), count=-1)


def test_any_other_dataclass_is_copied_as_ever() -> None:
    assert replace(Slow("a"), count=2) == Slow("a", 2)


def test_it_survives_pickling_and_copying() -> None:
    for made in (pickle.loads(pickle.dumps(Thing("a", 2, ["x"]))), copy.deepcopy(Thing("a", 2, ["x"]))):  # noqa: S301
        assert made == Thing("a", 2, ["x"])
        assert type(made) is Thing


def test_a_class_that_it_does_not_fit_is_refused() -> None:
    with pytest.raises(TypeError, match="slots"):
        quick(Slow)

    @dataclass(frozen=True, slots=True)
    class ByName:
        name: str = field(kw_only=True)

    with pytest.raises(TypeError, match="by place"):
        quick(ByName)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_copies_of_what_is_stored_are_what_dataclasses_would_make(kind: type) -> None:
    fields = dataclasses.fields(kind)
    made = kind(**{f.name: f"{f.name}-1" for f in fields if f.init})
    for f in fields:
        assert getattr(made, f.name) == f"{f.name}-1"
        changed = replace(made, **{f.name: "other"})
        assert changed == dataclasses.replace(made, **{f.name: "other"})
        assert getattr(changed, f.name) == "other"
        assert hash(changed) != hash(made)
