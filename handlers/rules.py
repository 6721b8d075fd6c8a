"""What the desk has decided, read once at the edge and passed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol as Interface

from alerts.policy import EscalationPolicy, Protocol
from alerts.recognition import Intent, Verdict
from handlers.words import Words


class Recognises(Interface):
    """What handlers ask of the recogniser."""

    def recognise(self, text: str) -> Verdict:
        """Whether a text is an alarm."""
        ...

    def whole_message_sos(self, text: str) -> bool:
        """Whether the whole text is one SOS word."""
        ...

    def language(self, text: str) -> str:
        """The language that an ordinary text is surely in, or nothing."""
        ...

    def intent(self, text: str) -> Intent | None:
        """What a short whole message means, if it is one of the known answers."""
        ...


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Codes in the order in which they are offered, by list: incident, need, outcome..."""

    lists: Mapping[str, tuple[str, ...]]
    first: Mapping[str, tuple[str, ...]]
    """Codes that get the first buttons."""
    quiet: frozenset[str] = frozenset()
    """Outcomes for a person after which nothing is written to their phone and their check-ins rest."""
    good: frozenset[str] = frozenset()
    """Outcomes after which trusted contacts read that the person is safe."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Policy data and settings that decisions use."""

    desk: str
    zone: str
    """The desk's IANA zone."""
    language: str
    """The language used with somebody whose language is not known."""
    policy: EscalationPolicy
    protocols: Mapping[str, Protocol]
    taxonomy: Taxonomy
    recogniser: Recognises
    words: Words
    telegram_content: str = "fallback"
    """Whether content of cases may go to staff on Telegram: "never", "fallback" (only to those who have no other
    channel), "always"."""
    emergency_numbers: Mapping[str, str] = field(default_factory=dict)
    """Country or zone -> a number to call meanwhile. Empty unless the desk entered one."""
    invitation_hours: int = 72
    gap_seconds: int = 120
    """We count as having been away when we were silent for longer."""
    drill: bool = False
