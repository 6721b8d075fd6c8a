"""After our own outage."""

from __future__ import annotations

from alerts.facts import Gap
from handlers.draft import Draft


def decide(draft: Draft, event: Gap) -> None:
    """The desk is told of the gap."""
