"""The way out of one channel, as the desk thread sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.channels.port import Channel
from bot.delivery import Delivery

IN_FLIGHT = 16
"""Messages that one channel is given at once. The next urgent one waits for one of these at most."""


@dataclass
class Lane:
    """One channel's way out."""

    channel: Channel
    delivery: Delivery
    in_flight: set[str] = field(default_factory=set)
    """Addresses that a message is being handed to: one chat gets its messages one after another."""
    look: bool = True
    look_pressing: bool = True
    """The same for P1 and P2 alone."""
    later: datetime | None = None
    unsure: bool = True
    """Whether `later` has to be asked for: at the next quiet moment."""

    @property
    def has_room(self) -> bool:
        """Whether the channel may be given more."""
        return len(self.in_flight) < IN_FLIGHT
