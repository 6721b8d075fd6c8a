"""What a turn knows when it decides: loaded before, complete, and not changed by deciding.

A decision never reads the store, the clock or chance. What it may need is here; what is not here it does without.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.cases import Case, Message, StoredFile
from alerts.checkins import CheckIn, Round
from alerts.deadlines import Deadline
from alerts.events import Inbound, Outcome
from alerts.ids import Ids
from alerts.oncall import Rota
from alerts.outbox import Outgoing
from alerts.people import Address, ContactLink, Invitation, Person
from alerts.records import quick
from alerts.rounds import Outage, Sending


@quick
@dataclass(frozen=True, slots=True)
class Heard:
    """A stored message was parsed."""

    inbox_id: str
    inbound: Inbound
    received_at: datetime
    late: bool = False
    """It had waited in the channel or in the inbox over an outage of ours."""


@quick
@dataclass(frozen=True, slots=True)
class Poisoned:
    """A stored message whose turn failed: again and again, and it is in quarantine now, or once, and it looked like an
    alarm."""

    inbox_id: str
    channel: str
    account: str = field(repr=False)
    urgent: bool = False
    """It looked like an alarm when it came."""
    stuck: str = ""
    """No message, but something that was due and could not be carried out: the reference of its case, or its row."""
    file: bool = False
    """What is stuck is a file that somebody sent: its record does not open any more."""


@quick
@dataclass(frozen=True, slots=True)
class Due:
    """A deadline has come."""

    deadline: Deadline


@quick
@dataclass(frozen=True, slots=True)
class Answered:
    """A channel answered for an outbox row."""

    outgoing_id: str
    outcome: Outcome
    behind: bool = False
    """It was said to another one: this one only waits behind it while the whole channel is down."""


@quick
@dataclass(frozen=True, slots=True)
class Gap:
    """We were not there: the process was dead, or the clock jumped (then `since` may lie after `until`)."""

    since: datetime
    until: datetime


@quick
@dataclass(frozen=True, slots=True)
class ChannelTurned:
    """A channel is dead, or it is back."""

    channel: str
    since: datetime
    """Since when it was dead: the same when it is back."""
    back_at: datetime | None


@quick
@dataclass(frozen=True, slots=True)
class Fetched:
    """An attachment was stored, or will never be."""

    file_id: str


class Order(enum.Enum):
    """What the administrator can decide about people."""

    CONFIRM = "confirm"
    UNFREEZE = "unfreeze"
    REMOVE = "remove"


@quick
@dataclass(frozen=True, slots=True)
class Ordered:
    """The administrator decided something about who belongs to the desk, at the machine itself."""

    order: Order
    about: str = field(repr=False)
    """A name; for `CONFIRM` the number that somebody read out."""


Event = Ordered | Heard | Poisoned | Due | Answered | Gap | ChannelTurned | Fetched


@quick
@dataclass(frozen=True, slots=True)
class Ward:
    """A defender whose trusted contact the sender is."""

    link: ContactLink
    defender: Person
    cases: tuple[Case, ...]
    rounds: tuple[Round, ...]


@quick
@dataclass(frozen=True, slots=True)
class DeskView:
    """The desk at this instant."""

    id: str
    staff: tuple[Person, ...]
    """Officers and leads with rights that hold, in the order in which they joined."""
    rota: Rota | None
    on_call: tuple[str, ...]
    """Ids: who is on call, then who comes next. Empty: nobody."""
    crowd: int
    """How many unverified P1 cases nobody has taken."""
    crowd_head: str | None
    """The oldest of them."""
    waiting: tuple[Person, ...] = ()
    """Officers and leads whose rights do not hold: not confirmed yet, or frozen."""

    def person(self, person_id: str | None) -> Person | None:
        """A member of staff by id."""
        return next((p for p in self.staff if p.id == person_id), None)


@quick
@dataclass(frozen=True, slots=True)
class Spare:
    """Fresh things that a decision may use up."""

    ids: Ids
    person_key: str
    case_key: str
    reference: str
    """A case reference that no case has."""
    codes: tuple[str, ...] = ()
    """Fresh invitation codes."""
    code_digests: tuple[bytes, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision may look at."""

    now: datetime
    event: Event
    desk: DeskView
    spare: Spare
    me: Person | None = None
    """Who wrote, or whom the deadline or the send concerns. None: never seen before."""
    address: Address | None = None
    """The account they wrote from."""
    cases: tuple[Case, ...] = ()
    """Their cases that are not closed, the most urgent first."""
    last_closed: Case | None = None
    """The case that this member of staff closed last."""
    target: Outgoing | None = None
    """The message of ours that is quoted, pressed or reacted to."""
    targets: tuple[Outgoing, ...] = ()
    """All rows that went out in that message: several when pages were bundled."""
    quoted: Message | None = None
    """The message of theirs that is edited, deleted or quoted."""
    menu: Outgoing | None = None
    """The latest message with choices that went out to this address."""
    last_said: Outgoing | None = None
    """The last that went out to this address; loaded when a yes may answer a check-in's question."""
    links: tuple[ContactLink, ...] = ()
    """Their trusted contacts."""
    wards: tuple[Ward, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    rounds: tuple[Round, ...] = ()
    """Their live rounds."""
    invitation: Invitation | None = None
    """The invitation whose code stands in the message, whether it still works or not."""
    unused: tuple[Invitation, ...] = ()
    """Codes that they gave out for trusted contacts and that still work, when they write about contacts; those of the
    desk, when staff take one back."""
    subject_links: tuple[ContactLink, ...] = ()
    """The trusted contacts of whom the invitation is about."""
    subject_cases: tuple[Case, ...] = ()
    """The unclosed cases of whom the invitation is about."""
    called: tuple[Person, ...] = ()
    """Everybody at this desk who has a name that stands in the message or the invitation."""
    board: tuple[Case, ...] = ()
    """The desk's unclosed cases; loaded for staff, and for the page of a crowd."""
    named: tuple[Case, ...] = ()
    """Cases whose references stand in the message; loaded for staff."""
    focus_shut: bool = False
    """Whether the case that this member of staff has turned to cannot be opened: bare words are for no other."""
    people: Mapping[str, Person] = field(default_factory=dict)
    """Everybody whose id stands in what was loaded."""
    case: Case | None = None
    """The case that the deadline or the send is about."""
    round: Round | None = None
    check_in: CheckIn | None = None
    outgoing: Outgoing | None = None
    """The row the channel answered for."""
    group: tuple[Outgoing, ...] = ()
    """Its copies and fallbacks."""
    sends: tuple[Sending, ...] = ()
    """What was sent to the defender for the round."""
    outages: Mapping[str, Outage] = field(default_factory=dict)
    """By channel, when it was last known to be dead; loaded when the contacts' rung comes."""
    alerts: tuple[Outgoing, ...] = ()
    """What its trusted contacts were to be told; loaded when a channel that is down keeps what the round says."""
    held: tuple[Round, ...] = ()
    """Rounds behind the cases that staff may mean, not over yet."""
    overdue: tuple[Deadline, ...] = ()
    """After a gap: the first prompts and rungs that were due in it."""
    overdue_count: int = 0
    """How many were due in all."""
    thread: tuple[Message, ...] = ()
    """The newest messages of the case in focus; loaded for staff who ask to see it."""
    ok_word: str = field(default="", repr=False)
    """Digest of the secret OK word that this message asks to keep."""
    says_ok_word: bool = False
    """Whether this message begins with the sender's secret OK word."""
    resting: tuple[CheckIn, ...] = ()
    """The check-ins of those whose cases staff may be closing, or whose check-ins they speak of."""
    asked: tuple[Round, ...] = ()
    """The live rounds of the same people."""
    written: Mapping[str, datetime] = field(default_factory=dict)
    """By case: when whom it is about last wrote on it. For cases that staff may be closing."""
    lately: tuple[Round, ...] = ()
    """The latest check-ins of whom that case is about, the newest first."""
    relayed: tuple[str, datetime] | None = None
    """Of several cases that this member of staff has: the one on which somebody's words came last, and when."""
    to_clear: tuple[Outgoing, ...] = ()
    """What went out to this address and could be deleted."""
    file: StoredFile | None = None
    """The attachment that was fetched."""
    whole_text: str = field(default="", repr=False)
    """What stands in it, when it is the whole of a text that came cut."""
    message: Message | None = None
    """The message it came with."""
