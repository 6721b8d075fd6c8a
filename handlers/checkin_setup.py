"""Setting up check-ins by chat."""

from __future__ import annotations

from alerts.facts import Heard
from alerts.people import Person
from alerts.recognition import Intent
from handlers.draft import Draft


def heard(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Commands about check-ins."""
    return False


def decided(draft: Draft, event: Heard, person: Person, *, yes: bool) -> None:
    """The defender's yes or no to what an officer proposed."""
