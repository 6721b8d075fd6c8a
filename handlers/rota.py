"""The rota by chat."""

from __future__ import annotations

from alerts.people import Person
from handlers.draft import Draft


def due(draft: Draft) -> None:
    """The daily look for gaps has come."""


def changes_rota(text: str) -> bool:
    """Whether a message of staff may change the rota."""
    return text.lstrip("/ ").casefold().startswith(("rota", "cover"))


def command(draft: Draft, officer: Person, command: str, rest: str) -> None:
    """`rota` and `cover`."""
