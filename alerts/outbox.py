"""What is to be said: rows that live until the channel has answered for them.

Order is urgency, then pages before everything else of that urgency, then, of what presses, what is said to people
before what is relayed to the desk, then verified before unverified, then age (the id). A row is looked at again right
before it is sent (`Guard`), so that nobody is paged for what is already in hand.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.events import OutboundKind, RetryAt
from alerts.records import quick


class SendState(enum.Enum):
    """Where an outbox row stands."""

    QUEUED = "queued"
    SENDING = "sending"
    """Handed to the channel; after a crash it may or may not have gone out."""
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    REFUSED = "refused"
    STALE = "stale"
    """Its guard no longer held when its turn came."""
    HELD = "held"
    """The case is silent."""


LIVE = frozenset({SendState.QUEUED, SendState.SENDING})
RECEIVED_RANK = {SendState.SENT: 0, SendState.DELIVERED: 1, SendState.READ: 2}
"""What went out, by how much of it is known: no receipt takes back what an earlier one said."""
OUT = frozenset(RECEIVED_RANK)


class Guard(enum.Enum):
    """What must still be true right before the send."""

    NONE = "none"
    UNTAKEN = "untaken"
    """The case is open, has nobody, and `token` is its present climb."""
    UNCLOSED = "unclosed"
    """The case is not closed."""
    UNPLANNED = "unplanned"
    """The case is not closed and no plan is noted on it."""
    ROUND = "round"
    """The round still waits for an answer."""
    UNRESOLVED = "unresolved"
    """The round is live, or its case is not closed: for alerts to contacts."""
    SOUGHT = "sought"
    """The case still waits for a person's answer: unacknowledged, or unanswered."""


@quick
@dataclass(frozen=True, slots=True)
class Choice:
    """One answer on offer."""

    code: str
    """What it means to us: "sos.danger:now", "take", "checkin:ok"."""
    label: str = field(repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one address."""

    id: str
    group_id: str
    """The same for every copy and fallback of one thing said to one person."""
    person_id: str
    address_id: str
    channel: str
    case_id: str | None
    round_id: str | None
    kind: OutboundKind
    priority: int
    """Smaller goes first; see `priority`."""
    urgency: int
    """1 (P1) to 5."""
    state: SendState
    attempts: int
    """How often it was handed to the channel."""
    created_at: datetime
    ready_at: datetime
    """Not before this instant: something to say in the morning, or the next try."""
    sent_at: datetime | None
    menu: bool
    """It has choices: a number that the person writes may be the answer."""
    guard: Guard
    token: int
    """For `Guard.UNTAKEN`: the case's `climbs` when it was written."""
    blind: bytes | None = field(repr=False)
    """Blind index of the channel's reference once it is sent."""
    key_id: str
    text: str = field(default="", repr=False)
    choices: tuple[Choice, ...] = field(default=(), repr=False)
    question: str = ""
    """Code of the question that the choices answer."""
    quote_ref: str = field(default="", repr=False)
    """The channel's reference of the message that it quotes."""
    ref: str = field(default="", repr=False)
    """The channel's reference of this one, once it is sent."""
    earlier_refs: tuple[str, ...] = field(default=(), repr=False)
    """References of the parts before the last one, when the message was too long for one."""
    file_id: str = ""
    """Id of the `StoredFile` that goes with it."""
    latitude: float | None = field(default=None, repr=False)
    """Degrees WGS 84, as the longitude."""
    longitude: float | None = field(default=None, repr=False)
    ask_location: bool = False
    """The channel offers to send a location, where it can."""
    delete_ref: str = field(default="", repr=False)
    """It says nothing: the message of ours with this reference is to be deleted."""
    repeat_note: str = field(default="", repr=False)
    """Words put in front when an earlier attempt may have gone out."""
    line: str = field(default="", repr=False)
    """For pages: one line that names the case when several pages are bundled into one message."""
    entry: str = field(default="", repr=False)
    """For notices that may concern many people at once: what stands for this one when several are bundled."""
    reason: str = ""
    """Code of the refusal, or of the last reason to try later."""
    fallback: bool = False
    """Sent because another address of the person refused."""
    defender_id: str | None = None
    """The defender concerned, for messages to staff and contacts."""


P1_RETRY_CAP = 3.0
RETRY_CAP = 60.0
"""Seconds between two tries of a send that failed for a passing reason: the cap for P1, and for the rest."""
ELSEWHERE_AFTER = 3
"""Failed tries of something urgent after which the person's other channel is tried as well."""


def retry_in(urgency: int, attempts: int, outcome: RetryAt) -> timedelta:
    """How long to wait before the next try. A time that the channel named is obeyed."""
    if outcome.obey:
        return timedelta(seconds=outcome.after)
    cap = P1_RETRY_CAP if urgency == 1 else RETRY_CAP
    return timedelta(seconds=min(cap, max(outcome.after, 2.0 ** min(attempts - 1, 8))))


CHANNEL_DEAD, CHANNEL_BACK = "channel.dead", "channel.back"
"""What `question` is of the notices that a channel is dead, and that it is back: one group for each person."""
UNASKED = "unsent"
"""What `question` is of the notice that what we ask somebody does not leave us."""
EVERYTHING = 1_000
"""Above every priority."""
PRESSING_URGENCY = 2
PRESSING = (PRESSING_URGENCY + 1) * 100
"""Priorities below this are of P1 and P2."""


def priority(kind: OutboundKind, urgency: int, verified: bool, *, to_desk: bool = True) -> int:
    """Smaller goes first: urgency, pages first within it, verified before unverified.

    Of what presses, what is said to people comes before what is relayed to the desk: on a case that many watch each
    word becomes many messages, and nobody's "we have your message" may wait for those.
    """
    rank = 0 if kind is OutboundKind.PAGE else 10 if to_desk or urgency > PRESSING_URGENCY else 5
    return urgency * 100 + rank + (0 if verified else 1)
