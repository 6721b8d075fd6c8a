"""Rounds of check-ins."""

from __future__ import annotations

from alerts.facts import Due
from handlers.draft import Draft


def due(draft: Draft, event: Due) -> None:
    """A prompt or a rung has come."""
