"""What enters and leaves Watchline, in words that no platform owns.

Three rules hold everywhere:

1. A `RawInbound` is stored before anybody reads it. Its `raw` bytes are the channel's own, complete, so that a frame
   which cannot be parsed today can be parsed tomorrow.
2. An `Inbound` is what a channel's pure parser made of those bytes. Nothing in it has been believed yet.
3. An `Outbound` is complete: a channel needs nothing else to send it, and answers with exactly one outcome.

Every field that can tell of a person is left out of `repr`, since reprs end up in logs and tracebacks.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from alerts.records import quick

# ------------------------------------------------------------------------------------------------------------- in


@quick
@dataclass(frozen=True, slots=True)
class RawInbound:
    """One frame as a channel handed it to us, before parsing."""

    channel: str
    """Name of the channel: "signal", "telegram", "practice"."""
    dedup: str = field(repr=False)
    """The channel's own id of this frame, the same when the channel delivers it again."""
    sender: str = field(repr=False)
    """Account id of the sender (Telegram numeric id, Signal UUID); empty when the frame does not tell."""
    raw: bytes = field(repr=False)
    """The frame, unchanged."""
    peek: str = field(default="", repr=False)
    """Text of the message where it is cheap to see. It only decides how soon the frame's turn comes; location pins and
    voice notes put "🆘" here so that they are not kept waiting."""
    twin: str = field(default="", repr=False)
    """By which a copy of the same message is known that another device of our account gets, whatever either can read of
    it."""


LONG_TEXT = "text/x-signal-plain"
"""The type of an attachment that is the whole of a text which came cut: Signal cuts what is longer than 2,000 bytes."""


REPEATED = "DuplicateMessage"
"""In the text of an `UNREADABLE` one: it was read before and came again, as after a crash of signal-cli. No key has
changed. The name is that of signal-cli's exception."""


class InboundKind(enum.Enum):
    """What a person or a channel did."""

    TEXT = "text"
    EDIT = "edit"
    DELETE = "delete"
    REACTION = "reaction"
    PRESS = "press"
    LOCATION = "location"
    LIVE_LOCATION = "live_location"
    """The start of a live location and its first point."""
    LIVE_UPDATE = "live_update"
    """A later point, or the end, of a live location."""
    VOICE = "voice"
    PHOTO = "photo"
    FILE = "file"
    """Any other attachment: document, video, audio file."""
    OTHER = "other"
    """Something a person did that we have no word for (sticker, contact card, poll, story reply, unknown type).
    `text` holds a short description made by the parser, never empty."""
    RECEIPT = "receipt"
    """The channel says that `target_refs` were delivered or read."""
    TYPING = "typing"
    UNREADABLE = "unreadable"
    """Somebody tried to write and the message could not be decrypted (Signal exception frame)."""
    REACHABLE = "reachable"
    """The person (un)blocked us or (un)registered; `reachable` says which."""
    IGNORED = "ignored"
    """A frame that is nobody speaking to us: sync messages, groups, channel posts, service notices."""


@quick
@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message and has not been fetched yet."""

    remote_id: str = field(repr=False)
    """What the channel wants to hear when the file is fetched."""
    content_type: str
    size: int | None
    """Bytes as announced, None when not told."""
    name: str = field(default="", repr=False)
    voice: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Location:
    """A point somebody sent. Degrees WGS 84; accuracy in metres."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)
    accuracy: float | None = field(default=None, repr=False)
    live: bool = False
    ended: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Inbound:
    """One event as a channel's parser understood it."""

    channel: str
    kind: InboundKind
    sender: str = field(repr=False)
    """Account id; empty only for frames that nobody sent."""
    message_ref: str = field(default="", repr=False)
    """The channel's reference to this message, comparable with an outbound's `Sent.ref` and a later `target_ref`."""
    text: str = field(default="", repr=False)
    """Text or caption. May hold anything, lone surrogates included."""
    target_ref: str = field(default="", repr=False)
    """The message that is quoted, reacted to, edited, deleted, or whose button was pressed."""
    target_refs: tuple[str, ...] = field(default=(), repr=False)
    """For receipts: every message concerned."""
    choice: int | None = None
    """For a press: index into the outbound's choices, from 0."""
    outbound_id: str = ""
    """For a press: the outbox row whose button it was, where the channel carries it. It is known even when we died
    between the send and noting the message's reference."""
    removed: bool = False
    """For a reaction: it was taken back."""
    read: bool = False
    """For a receipt: read, not only delivered."""
    reachable: bool = True
    location: Location | None = None
    attachments: tuple[Attachment, ...] = ()
    name: str = field(default="", repr=False)
    """The name the platform shows for the sender. Never trusted, shown to the desk only."""
    twin: str = field(default="", repr=False)
    """For an unreadable one that another device of our account may have read: by what that copy is known. It is told
    only once that device had time."""
    number: str = field(default="", repr=False)
    """The sender's telephone number, where the platform tells it. Nobody is known by it."""
    language: str = ""
    """Language tag the platform tells for the sender's app, if any."""
    sent_at: datetime | None = None
    """When the sender's phone says it was sent, UTC."""


class Unreadable(Exception):
    """The frame does not have a form this channel's parser knows; it goes to quarantine, and an officer is told."""


# ------------------------------------------------------------------------------------------------------------ out


class OutboundKind(enum.Enum):
    """Why something is said. The names are those of a rehearsal's transcript."""

    __hash__ = (
        object.__hash__
    )  # by what it is, as it is compared: the library's own hashes the name, in Python

    RECEIPT = "receipt"
    QUESTION = "question"
    PAGE = "page"
    RELAY = "relay"
    REMINDER = "reminder"
    CONTACT_ALERT = "contact_alert"
    NOTICE = "notice"
    ALL_CLEAR = "all_clear"
    PROMPT = "prompt"
    ANSWER = "answer"


@quick
@dataclass(frozen=True, slots=True)
class OutboundFile:
    """A stored attachment that is passed on."""

    name: str = field(repr=False)
    content_type: str
    size: int
    open: Callable[[], Iterator[bytes]] = field(repr=False)
    """Starts a fresh reading of the unsealed chunks; blocking, call it on a worker thread."""
    voice: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to one address, complete."""

    id: str
    """The outbox row. A channel that can carry an id of ours (Telegram callback data) uses it."""
    channel: str
    address: str = field(repr=False)
    """Account id of the recipient."""
    kind: OutboundKind
    text: str = field(repr=False)
    choices: tuple[str, ...] = field(default=(), repr=False)
    """Labels, in order. A channel with buttons shows buttons; one without appends a numbered menu, from 1."""
    quote_ref: str = field(default="", repr=False)
    """The message of this chat that is answered."""
    file: OutboundFile | None = None
    location: Location | None = None
    delete_ref: str = field(default="", repr=False)
    """Not a message but a wish: delete our message with this reference, as far as the channel allows."""
    urgent: bool = False
    protect: bool = True
    """Ask the platform to hinder forwarding and saving, where it can."""
    ask_location: bool = False
    """Offer the platform's share-location button, where there is one."""


class Refusal(enum.Enum):
    """Why a channel will not deliver to this address however often it is tried."""

    BLOCKED = "blocked"
    UNREGISTERED = "unregistered"
    UNTRUSTED = "untrusted"
    """The recipient's identity key changed and nobody has confirmed the new one."""
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too_large"
    REJECTED = "rejected"
    """The channel says the message itself is wrong."""
    MIGRATED = "migrated"
    """The chat has a new id, in `moved_to`."""
    EXPIRED = "expired"
    """Only for `delete_ref`: too old to be deleted."""


@quick
@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took it. `delivered` is None where the channel never tells, False where a receipt may come."""

    ref: str = field(repr=False)
    delivered: bool | None = None
    earlier_refs: tuple[str, ...] = field(default=(), repr=False)
    """The parts before `ref`, where the message had to be sent in parts. A person may quote any of them, and `clear`
    deletes them all."""


@quick
@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not now. `after` is seconds from the answer; `ambiguous` when it may have been delivered all the same."""

    after: float
    reason: str
    """A code of ours: "rate_limited", "challenge", "unreachable", "timeout", "conflict", "unauthorised",
    "server_error"."""
    ambiguous: bool = False
    whole_channel: bool = False
    """The limit or the failure holds for the channel, not for this chat alone."""
    obey: bool = False
    """The channel named the time itself (429): never try sooner."""


@quick
@dataclass(frozen=True, slots=True)
class Refused:
    """Never, at this address."""

    reason: Refusal
    moved_to: str = field(default="", repr=False)


Outcome = Sent | RetryAt | Refused
