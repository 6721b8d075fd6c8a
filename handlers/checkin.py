"""Check-ins by chat: answers to a prompt, and setting them up."""

from __future__ import annotations

from alerts.facts import Heard
from alerts.outbox import Outgoing
from alerts.people import Person
from alerts.recognition import Intent
from handlers.draft import Draft

CHOICES = frozenset({"checkin", "wellbeing", "checkin_set"})


def choice(draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing) -> None:
    """A choice on a prompt."""


def heard(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Words that answer a prompt or set up a check-in."""
    return False


def case_closed(draft: Draft, case: object) -> None:
    """A case was closed; its round is over."""
