"""The ladder that a check-in climbs when no answer comes.

A ladder is data: rungs in order, each with the time at which it is due, counted from the prompt (for a timer:
from its deadline, when its first message goes out). Any rung may be left out, and the same kind may stand
twice (two reminders). Rung 0 is always the prompt.

The state of a climb is one number, how many rungs are done. A restart therefore neither skips nor repeats
one.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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

    def reached(self, done: int, kind: RungKind) -> bool:
        """True when, of the first `done` rungs, one is of that kind or of a graver one.

        For the rules that change on the way up: from the desk's rung on an OK is verified, from the lead's
        the case is P1. A ladder that leaves the kind itself out changes at the next graver rung.
        """
        return any(_GRAVITY[rung.kind] >= _GRAVITY[kind] for rung in self.rungs[:done])


def rungs_due(ladder: Ladder, start: datetime, now: datetime, done: int) -> tuple[Rung, ...]:
    """The rungs that are due at `now` and not done, in order. `done` is how many were done (0: none yet)."""
    return tuple(rung for rung in ladder.rungs[done:] if start + rung.after <= now)


def next_rung_at(ladder: Ladder, start: datetime, done: int) -> datetime | None:
    """When the first rung that is not done is due; None at the top."""
    return start + ladder.rungs[done].after if done < len(ladder.rungs) else None


def ladder_from_data(name: str, data: object, path: str) -> Ladder:
    """A ladder from a list of {"kind", "after" in seconds}. Raises ValueError naming the key."""
    if not isinstance(data, list | tuple):
        raise BadData(f"{path} must be a list of rungs")
    rungs = []
    for place, item in enumerate(data):
        given = Fields(item, f"{path}[{place}]", {"kind", "after"})
        rungs.append(Rung(given.choice("kind", RungKind), given.seconds("after")))
    return Ladder(name, tuple(rungs))
