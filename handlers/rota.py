"""The rota by chat."""

from __future__ import annotations

from alerts.people import Person
from handlers.draft import Draft


def command(draft: Draft, officer: Person, command: str, rest: str) -> None:
    """`rota` and `cover`."""
