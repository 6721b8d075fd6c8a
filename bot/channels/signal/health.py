"""How receiving from Signal goes and whether sending could, for `doctor`, the watch and the log."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import structlog

from bot.channels.signal.settings import Receive

log = structlog.get_logger(__name__)


class SignalState(enum.Enum):
    """State of the receiving side as this process sees it."""

    STOPPED = "stopped"
    STARTING = "starting"
    RECEIVING = "receiving"
    """The receivers are there; where the bot itself reads the gateway's websocket, it is attached."""
    ELSEWHERE = "elsewhere"
    """With external receivers: somebody else keeps it running, this process does not see it."""
    UNREACHABLE = "unreachable"
    """The receivers ended, or what they take the messages from does not answer, so nothing comes in. In gateway mode
    what comes now is lost."""
    STORE_DOWN = "store_down"
    """Frames come, and our own store does not take them."""


class Health:
    """The present state; a change, and only a change, is one log line."""

    def __init__(self) -> None:
        self._own = self._said = SignalState.STOPPED
        self._missing = False

    @property
    def state(self) -> SignalState:
        """What this process sees, unless what it relies on is gone."""
        well = self._own in (SignalState.RECEIVING, SignalState.ELSEWHERE)
        return SignalState.UNREACHABLE if self._missing and well else self._own

    def turn(self, state: SignalState) -> None:
        """This process sees something else."""
        self._own = state
        self._say()

    def miss(self, missing: bool) -> None:
        """Whether signal-cli, or whoever receives for us, is gone."""
        self._missing = missing
        self._say()

    def _say(self) -> None:
        if self.state is self._said:
            return
        self._said = self.state
        bad = self._said in (SignalState.UNREACHABLE, SignalState.STORE_DOWN)
        (log.warning if bad else log.info)(f"signal.{self._said.value}")


class Second(enum.Enum):
    """How a second signal-cli is, as a device linked to the account."""

    NONE = "none"
    """None is set."""
    WELL = "well"
    SILENT = "silent"
    """Its socket does not answer."""
    UNLINKED = "unlinked"
    """It does not know the account: it was not linked yet, or Signal has dropped it after a month of silence."""


@dataclass(frozen=True, slots=True)
class SignalReport:
    """What `doctor` asks for. None is "not asked", since it does not apply or what comes before it failed."""

    receive: Receive
    state: SignalState
    gateway: bool
    """The gateway answers. Its own health says nothing of signal-cli, so `account` is what counts."""
    gateway_version: str
    account: bool | None
    """signal-cli, behind the gateway, has our account."""
    daemon: bool | None
    """Durable mode: signal-cli's socket answers, that of the account's own one."""
    second: Second
    """Durable mode: how the second signal-cli is, which is linked to the account."""
    signal_cli_version: str
    """Durable mode only: the gateway does not tell. Signal refuses clients that are some months old."""
    receivers: int | None
    """How many receivers hold a lock on this machine."""
    challenged: bool
    """Signal asked for a captcha before we may write to more people."""
