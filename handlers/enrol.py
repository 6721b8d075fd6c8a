"""Invitations and codes."""

from __future__ import annotations

from alerts.facts import Heard
from alerts.outbox import Outgoing
from alerts.people import Person
from handlers.draft import Draft

CHOICES = frozenset({"language", "contact"})


def choice(draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing) -> None:
    """A choice in a dialogue of enrolment."""


def heard(draft: Draft, event: Heard, person: Person) -> bool:
    """A code, or a command about contacts, channels and language."""
    return False


def invite(draft: Draft, officer: Person, rest: str) -> None:
    """`invite`."""


def propose_check_in(draft: Draft, officer: Person, rest: str) -> None:
    """`checkin`."""
