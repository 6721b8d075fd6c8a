"""Check-ins: a schedule or a timer, and the rounds in which a prompt waits for its answer.

A `CheckIn` is what the defender chose. A `Round` is one time it was asked: it lives from the prompt (a timer's: from
its deadline) until it is answered or an officer has verified what became of it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from alerts.records import quick
from alerts.schedule import CheckInSchedule


class CheckInKind(enum.Enum):
    """PERIODIC comes again and again; a TIMER ends once."""

    PERIODIC = "periodic"
    TIMER = "timer"


class CheckInStatus(enum.Enum):
    """PROPOSED waits for the defender's yes to what an officer set up; RESTING for an officer who lets it go on, after
    a case that ended so that the phone may be in other hands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    RESTING = "resting"
    ENDED = "ended"


@quick
@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a defender chose to be asked, and by which protocol silence is followed up."""

    id: str
    person_id: str
    desk: str
    kind: CheckInKind
    status: CheckInStatus
    version: int
    next_at: datetime | None
    """The next prompt, or a timer's deadline."""
    key_id: str
    protocol: str = ""
    """Name of the protocol, of `protocols.yaml`."""
    label: str = field(default="", repr=False)
    """A timer's name: "court"."""
    schedule: CheckInSchedule | None = field(default=None, repr=False)
    """When a periodic one asks; a timer has none."""
    made_by: str = ""
    """Id of whoever set it up: the defender, or an officer who proposed it."""
    created_at: datetime | None = None
    extended: int = 0
    """How often a timer was given more time."""


class RoundStatus(enum.Enum):
    """LIVE waits for an answer; DESK has a case and waits for an officer's verification."""

    LIVE = "live"
    DESK = "desk"
    ANSWERED = "answered"
    CLOSED = "closed"


@quick
@dataclass(frozen=True, slots=True)
class Round:
    """One time a check-in was asked."""

    id: str
    check_in_id: str
    person_id: str
    case_id: str | None
    status: RoundStatus
    rung: int
    """How many rungs have been carried out."""
    version: int
    asked_at: datetime
    """The instant rungs count from."""
    ended_at: datetime | None
    key_id: str
    protocol: str = ""
    """The protocol by which it climbs; kept here so that a round is finished as it was begun."""
    done: tuple[int, ...] = ()
    """Places of the rungs that were carried out. After a gap of ours they are not always the first ones."""
    answer: str = ""
    """ok, talk, more, help, extended; empty while there is none."""
    wellbeing: int | None = None
    """1 (very bad) to 5 (very good)."""
    alerted: tuple[str, ...] = ()
    """Contacts who were told."""
    contacts_from: datetime | None = None
    """Contacts are not alerted before this instant: a gap of ours, or a question that went out late."""
    more_time: int = 0
    """How often the defender asked for more time."""
    shifted_from: datetime | None = None
    """After a gap of ours: the rungs of the person and their contacts count from here."""
    told_unasked: datetime | None = None
    """When the desk last heard that what we ask does not leave us."""
