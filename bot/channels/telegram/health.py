"""How receiving from Telegram goes, for `doctor`, the watch and the log."""

from __future__ import annotations

import enum

import structlog

log = structlog.get_logger(__name__)


class TelegramHealth(enum.Enum):
    """State of the receiving side."""

    STOPPED = "stopped"
    STARTING = "starting"
    RECEIVING = "receiving"
    UNREACHABLE = "unreachable"
    """No connection, or the connection broke."""
    FAILING = "failing"
    """Telegram answers with errors of its own."""
    LIMITED = "limited"
    """Telegram asked us to wait."""
    CONFLICT = "conflict"
    """Another program receives with the same token, and each takes updates from the other."""
    UNAUTHORISED = "unauthorised"
    """Telegram does not know the token (any more)."""
    STORE_DOWN = "store_down"
    """Updates come, and our own store does not take them."""


class Health:
    """The present state; a change, and only a change, is one log line."""

    def __init__(self) -> None:
        self.state = TelegramHealth.STOPPED

    def turn(self, state: TelegramHealth) -> None:
        if state is self.state:
            return
        self.state = state
        healthy = state in (TelegramHealth.RECEIVING, TelegramHealth.STARTING, TelegramHealth.STOPPED)
        (log.info if healthy else log.warning)(f"telegram.{state.value}")
