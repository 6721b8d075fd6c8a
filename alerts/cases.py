"""A case: open, taken, closed, and reopened. Pure transitions; an illegal one raises and changes nothing.

Nothing here lowers an urgency: only a person does that. `silent` is looked at before every send. The deadlines behind a
case follow from its state alone (`alerts/escalation.py`), so a case that is stored is a case that somebody will be
reminded of.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.records import quick, replace


class CaseStatus(enum.Enum):
    """OPEN has nobody, TAKEN has an officer, CLOSED has an outcome."""

    OPEN = "open"
    TAKEN = "taken"
    CLOSED = "closed"


class Source(enum.Enum):
    """How a case came to be."""

    SOS = "sos"
    CHECK_IN = "check_in"
    TIMER = "timer"
    MESSAGE = "message"


class IllegalTransition(Exception):
    """The case is not in a status from which this can happen."""


@quick
@dataclass(frozen=True, slots=True)
class Case:
    """What the desk works on. Urgency 1 (P1) is the highest, 5 the lowest."""

    id: str
    ref: str
    """What people call it by, on a bad line too: `alerts/ids.py`."""
    desk: str
    person_id: str
    """Whom it is about."""
    urgency: int
    status: CaseStatus
    silent: bool
    """Nothing that the person's phone would show is sent."""
    verified: bool
    """The person was an enrolled defender in good standing when it was opened."""
    drill: bool
    """An exercise, which folds with nothing real. Nothing opens one yet."""
    source: Source
    taken_by: str | None
    """Id of the officer who has it."""
    opened_at: datetime
    taken_at: datetime | None
    answered_at: datetime | None
    """When an officer first wrote to the person after the case was last taken."""
    closed_at: datetime | None
    version: int
    key_id: str
    headline: str = field(default="", repr=False)
    """The first words, for lists and pages."""
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Follow-up answers by question code; codes of the taxonomy, or free text."""
    asked: tuple[str, ...] = ()
    """Follow-up questions already asked; each is asked once."""
    alerted: tuple[str, ...] = ()
    """Ids of trusted contacts who were told; they get the all-clear."""
    paged: tuple[str, ...] = ()
    """Ids of staff who were paged, in order of their first page."""
    step: int = 0
    """Steps of the escalation policy already carried out in the present climb."""
    climbs: int = 0
    """How often the climb began again from its first step."""
    climb_from: datetime | None = None
    """The instant that the steps' delays count from; None: nothing climbs."""
    ack_by: datetime | None = None
    """A new alarm came on the taken case: the taker has until then to acknowledge it."""
    doubt_until: datetime | None = None
    """The person was asked whether it is an emergency; without an answer by then it is."""
    unanswered_since: datetime | None = None
    """On a taken case: since when the person waits for an officer's words."""
    nags: int = 0
    """How often somebody was paged because the person waits."""
    told_at: datetime | None = None
    """When the person was last told that a repeated alarm was stored."""
    seen_at: datetime | None = None
    """When staff last did something on the case, or were reminded of it."""
    reminded_at: datetime | None = None
    """When its taker was last reminded of it. Nothing has been done since while it is the same as `seen_at`."""
    outcome: str = field(default="", repr=False)
    """How it ended: a code of the taxonomy; empty while it is open."""
    outcome_note: str = field(default="", repr=False)
    """What the officer wrote behind it."""
    check_in_id: str | None = None
    """The check-in whose silence it comes from, and the round."""
    round_id: str | None = None
    needs_verification: bool = False
    """The person said that they are safe; an officer has to verify it."""
    reopened: int = 0
    """How often it was opened again."""
    raised_at: datetime | None = None
    """When its urgency was last raised: a graver case wants a plan of its own."""
    planned_at: datetime | None = None
    """When staff last noted a plan, since it was last opened or raised."""
    told_next_at: datetime | None = None
    """When somebody who had missed a check-in wrote at last, and was told what happens next."""
    unreached_in: str = ""
    """Country (ISO 3166 code) of somebody whose missed check-in had not reached them; empty for every other case."""
    plan_nags: int = 0
    """How often somebody was told that no plan is noted."""
    rest_told: tuple[str, ...] = ()
    """Ids of staff who were told that the person's check-ins rest while it is open."""

    @property
    def is_open(self) -> bool:
        """Not closed."""
        return self.status is not CaseStatus.CLOSED


def taken(case: Case, officer_id: str, now: datetime) -> Case:
    """An officer takes the case, or takes it over. Raises IllegalTransition when it is closed."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("a closed case cannot be taken; it can be reopened")
    return replace(
        case,
        status=CaseStatus.TAKEN,
        taken_by=officer_id,
        taken_at=now,
        answered_at=None,
        climb_from=None,
        seen_at=now,
        ack_by=None,
        unanswered_since=now,
        nags=0,
    )


def raised(case: Case, urgency: int, now: datetime) -> Case:
    """The case at this urgency, wanting a plan anew; or as it is when it already is at least as urgent."""
    if urgency >= case.urgency:
        return case
    return replace(case, urgency=urgency, raised_at=now, planned_at=None, plan_nags=0)


def planned(case: Case, now: datetime) -> Case:
    """A plan was noted on the case. Raises IllegalTransition when it is closed."""
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("a closed case needs no plan")
    return replace(case, planned_at=now, seen_at=now)


def closed(case: Case, outcome: str, note: str, now: datetime) -> Case:
    """The case closed with an outcome. Raises IllegalTransition when nobody had taken it or it is closed."""
    if case.status is not CaseStatus.TAKEN:
        raise IllegalTransition("only a taken case can be closed")
    return replace(
        case,
        status=CaseStatus.CLOSED,
        closed_at=now,
        outcome=outcome,
        outcome_note=note,
        ack_by=None,
        doubt_until=None,
        unanswered_since=None,
    )


def reopened(case: Case, now: datetime) -> Case:
    """A closed case opened again, with nobody on it. Raises IllegalTransition when it is not closed."""
    if case.status is not CaseStatus.CLOSED:
        raise IllegalTransition("only a closed case can be reopened")
    return replace(
        case,
        status=CaseStatus.OPEN,
        taken_by=None,
        taken_at=None,
        answered_at=None,
        closed_at=None,
        climb_from=now,
        step=0,
        paged=(),
        climbs=case.climbs + 1,
        reopened=case.reopened + 1,
        raised_at=now,
        planned_at=None,
        plan_nags=0,
    )


def climbing_anew(case: Case, now: datetime) -> Case:
    """The case with the policy beginning again at its first step, as when its taker did not acknowledge a new alarm.

    Raises IllegalTransition when it is closed.
    """
    if case.status is CaseStatus.CLOSED:
        raise IllegalTransition("a closed case does not climb")
    return replace(case, climb_from=now, step=0, paged=(), climbs=case.climbs + 1, ack_by=None)


def released(case: Case, now: datetime) -> Case:
    """The case of a taker who is not there any more: open again, climbing from its first step; else as it is."""
    if case.status is not CaseStatus.TAKEN:
        return case
    return replace(
        climbing_anew(case, now),
        status=CaseStatus.OPEN,
        taken_by=None,
        taken_at=None,
        answered_at=None,
        unanswered_since=None,
        nags=0,
    )


def acknowledged(case: Case, now: datetime) -> Case:
    """The taker has shown that the latest was seen; what was pending because of it is no longer.

    Seeing is not answering: until somebody has written to the person at all, that stays pending.
    """
    waits = None if case.answered_at else case.unanswered_since
    return replace(case, ack_by=None, climb_from=None, unanswered_since=waits, seen_at=now, nags=0)


def answered(case: Case, now: datetime) -> Case:
    """An officer wrote to the person."""
    return acknowledged(replace(case, answered_at=case.answered_at or now), now)


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """Something said on a case, or to the desk about a person. Never changed; an edit is a new row."""

    id: str
    case_id: str | None
    """None while it belongs to no case."""
    person_id: str
    """The defender it concerns."""
    author_id: str
    """Who said it: a person, or the defender where the program noted something about them."""
    at: datetime
    """When it came in or was noted."""
    kind: str
    """text, edit, delete, location, live_location, live_update, voice, photo, file, reaction, other, note, plan, relay,
    answer, system."""
    blind: bytes | None = field(repr=False)
    """Blind index of the channel's reference, so that a quote or an edit finds it."""
    key_id: str
    text: str = field(default="", repr=False)
    channel: str = ""
    ref: str = field(default="", repr=False)
    """The channel's reference."""
    latitude: float | None = field(default=None, repr=False)
    """Degrees WGS 84, as the longitude."""
    longitude: float | None = field(default=None, repr=False)
    sent_at: datetime | None = None
    """When the sender's phone says it was sent."""


@quick
@dataclass(frozen=True, slots=True)
class StoredFile:
    """An attachment: wanted until its bytes are sealed in the database, or gone."""

    id: str
    message_id: str
    case_id: str | None
    person_id: str
    state: str
    """wanted, stored, gone."""
    size: int | None
    """Bytes: as announced, None when not told; once stored, as they are."""
    attempts: int
    ready_at: datetime
    """When fetching it is tried next."""
    key_id: str
    channel: str = ""
    remote_id: str = field(default="", repr=False)
    """What the channel wants to hear when it is fetched."""
    content_type: str = ""
    name: str = field(default="", repr=False)
    voice: bool = False
    """A voice note, to be sent on as one."""
    sha256: str = field(default="", repr=False)
    """Of its bytes as they came, in hex, once stored."""
