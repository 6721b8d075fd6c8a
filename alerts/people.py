"""People: who they are to the desk, where they can be reached, and what was last said with them.

A person is one row however many channels they write from. Roles come by invitation only; what a person says never
changes their role. `frozen` freezes rights, never the right to call for help.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.records import quick


class Role(enum.Enum):
    """What somebody may do here."""

    STRANGER = "stranger"
    CONTACT = "contact"
    DEFENDER = "defender"
    OFFICER = "officer"
    LEAD = "lead"


STAFF = frozenset({Role.OFFICER, Role.LEAD})


class Standing(enum.Enum):
    """Whether a person's rights hold."""

    ACTIVE = "active"
    PENDING = "pending"
    """Invited to the desk by chat, and not confirmed yet by somebody who has spoken to them."""
    FROZEN = "frozen"
    """Their safety number or account changed and nobody has confirmed it, or an officer froze them."""
    GONE = "gone"


class Reach(enum.Enum):
    """What is known of an address."""

    OK = "ok"
    REFUSED = "refused"
    """The last send was refused for good (blocked, unregistered, untrusted)."""
    FROZEN = "frozen"


@quick
@dataclass(frozen=True, slots=True)
class Address:
    """One account of a person on one channel."""

    id: str
    person_id: str
    channel: str
    rank: int
    """0 is the address used first."""
    status: Reach
    heard_at: datetime | None
    """When they last wrote from here."""
    key_id: str
    account: str = field(repr=False)
    """The channel's account id."""


@quick
@dataclass(frozen=True, slots=True)
class Question:
    """The one question that a person has been asked and has not answered."""

    code: str
    """Which question: "sos.danger", "doubt", "wellbeing", "enrol.alias"..."""
    asked_at: datetime
    case_id: str | None = None
    subject: str | None = None
    """Row the answer is about, when it is not the case: a round, an invitation, a check-in."""
    choices: tuple[str, ...] = ()
    """Codes of the answers on offer, in the order of their numbers."""
    draft: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Answers of earlier steps of a dialogue that is saved only at its end."""


@quick
@dataclass(frozen=True, slots=True)
class Talk:
    """State of the conversation with a person; stored as JSON, so it carries its version."""

    version: int = 1
    question: Question | None = None
    exchange_at: datetime | None = None
    """When an officer and this person last wrote to each other."""
    told_telegram: bool = False
    """They were told once that bots on Telegram are not end-to-end encrypted."""
    focus: str | None = None
    """For staff: id of the case that a bare message goes to."""
    closed: str | None = None
    """For staff: id of the case that they closed last."""
    last_channel: str | None = None
    """The channel this person last wrote on."""
    dialogue: str = ""
    """Step of the dialogue at enrolment. Not a `question`: an alarm out of the blue is one in the middle of it too."""
    wrong_codes: tuple[datetime, ...] = ()
    """When they lately tried codes that do not work."""
    codes_made: tuple[datetime, ...] = ()
    """When they lately asked for codes."""


@quick
@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wrote to us or was invited."""

    id: str
    desk: str
    role: Role
    status: Standing
    verified: bool
    """Enrolled by invitation; a stranger is never verified."""
    version: int
    key_id: str
    alias: str = field(default="", repr=False)
    """What others here call this person. An officer is only this to a defender."""
    shown_name: str = field(default="", repr=False)
    """The name their platform shows. Desk only, never trusted."""
    language: str = field(default="", repr=False)
    """Language the bot speaks to them; empty until known."""
    zone: str = field(default="", repr=False)
    """IANA zone; empty: the desk's."""
    uses_voice: bool = False
    """They said "I use voice": a voice note out of the blue is a P2 and no SOS."""
    contacts_when_undelivered: bool = False
    """They chose that contacts are alerted even when our messages did not reach them."""
    content_channel: str = ""
    """For staff: the channel that may carry content; empty: the desk's policy decides."""
    notes: str = field(default="", repr=False)
    """Their own emergency plan, as they wrote it."""
    ok_word: str = field(default="", repr=False)
    """Keyed digest of their secret OK word, in hex; empty: any OK counts."""
    check: str = field(default="", repr=False)
    """While pending: the number that they read out to whoever confirms them."""
    talk: Talk = field(default_factory=Talk, repr=False)
    addresses: tuple[Address, ...] = field(default=(), repr=False)
    """In order of rank. Rows of their own."""

    def on(self, channel: str) -> Address | None:
        """Their address on a channel, if they have one."""
        return next((a for a in self.addresses if a.channel == channel), None)

    @property
    def is_staff(self) -> bool:
        """Officer or lead, with rights that hold."""
        return self.role in STAFF and self.status is Standing.ACTIVE


class LinkStatus(enum.Enum):
    """Where a trusted contact stands."""

    CONSENTED = "consented"
    ENDED = "ended"


@quick
@dataclass(frozen=True, slots=True)
class ContactLink:
    """A trusted contact of a defender. Never written to before consent."""

    id: str
    defender_id: str
    contact_id: str
    status: LinkStatus
    rank: int
    """0 is asked first."""
    version: int
    key_id: str
    label: str = field(default="", repr=False)
    """What the defender calls the contact."""
    consented_at: datetime | None = None


class Purpose(enum.Enum):
    """What an invitation is for."""

    OFFICER = "officer"
    LEAD = "lead"
    DEFENDER = "defender"
    CONTACT = "contact"
    CHANNEL = "channel"
    """A second channel for the person who made it."""


@quick
@dataclass(frozen=True, slots=True)
class Invitation:
    """A single-use code. Only its keyed digest is stored."""

    id: str
    digest: bytes = field(repr=False)
    desk: str
    purpose: Purpose
    made_by: str | None
    subject_id: str | None
    """Whom it is about: the defender a contact is for, the person a channel is added to."""
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: str | None
    key_id: str
    alias: str = field(default="", repr=False)
