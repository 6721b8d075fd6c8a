"""The ladder that a check-in climbs when no answer comes.

A ladder is data: rungs in order, each with the time at which it is due, counted from the prompt (for a timer:
from its deadline, when its first message goes out). Any rung may be left out, and the same kind may stand
twice (two reminders). Rung 0 is always the prompt.

What a climb has behind it is kept by the round, as the places of the rungs that were carried out (`Round.done`), and
when the next one is due is asked in `alerts/rounds.py`.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from alerts.plaindata import BadData, Fields


class RungKind(StrEnum):
    """What happens on a rung, from the lightest to the gravest."""

    PROMPT = "prompt"
    REMINDER = "reminder"
    SECOND_CHANNEL = "second_channel"
    CONTACTS = "contacts"
    DESK = "desk"
    LEAD = "lead"
    PLAN = "plan"
    PUBLICATION = "publication"


_GRAVITY = {kind: place for place, kind in enumerate(RungKind)}


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung, due `after` the start of the climb."""

    kind: RungKind
    after: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rungs in the order of their climb. Raises ValueError for an order that cannot be climbed."""

    name: str
    rungs: tuple[Rung, ...]

    def __post_init__(self) -> None:
        if not self.rungs or self.rungs[0] != Rung(RungKind.PROMPT, timedelta()):
            raise ValueError(f"ladder {self.name}: the first rung must be the prompt, at 0")
        if not any(rung.kind in {RungKind.DESK, RungKind.LEAD} for rung in self.rungs):
            raise ValueError(f"ladder {self.name}: no rung reaches the desk or the lead")
        for lower, upper in pairwise(self.rungs):
            if upper.after < lower.after:
                raise ValueError(f"ladder {self.name}: rung {upper.kind} is due before {lower.kind}")
            if upper.kind is RungKind.PROMPT:
                raise ValueError(f"ladder {self.name}: only the first rung is a prompt; use a reminder")

    def index_of(self, kind: RungKind) -> int | None:
        """The place of the first rung of that kind; None when it is left out."""
        return next((n for n, rung in enumerate(self.rungs) if rung.kind is kind), None)

    def reached(self, done: Iterable[int], kind: RungKind) -> bool:
        """Whether one of the rungs at the places `done` is of that kind or of a graver one.

        For what changes on the way up: from the lead's rung on the case has another urgency. A ladder that leaves the
        kind itself out changes at the next graver rung. A place that the ladder does not have any more, since the desk
        has shortened it, tells nothing.
        """
        places = (place for place in done if place < len(self.rungs))
        return any(_GRAVITY[self.rungs[place].kind] >= _GRAVITY[kind] for place in places)


def ladder_from_data(name: str, data: object, path: str) -> Ladder:
    """A ladder from a list of {"kind", "after" in seconds}. Raises ValueError naming the key."""
    if not isinstance(data, list | tuple):
        raise BadData(f"{path} must be a list of rungs")
    rungs = []
    for place, item in enumerate(data):
        given = Fields(item, f"{path}[{place}]", {"kind", "after"})
        rungs.append(Rung(given.choice("kind", RungKind), given.seconds("after")))
    return Ladder(name, tuple(rungs))
