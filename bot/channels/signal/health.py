"""How receiving from Signal goes and whether sending could, for `doctor`, the watch and the log."""

from __future__ import annotations

import asyncio
import enum
import json
from dataclasses import dataclass

import structlog

from bot.channels.signal.settings import Receive

log = structlog.get_logger(__name__)
ASK_SECONDS = 3.0


class SignalState(enum.Enum):
    """State of the receiving side as this process sees it."""

    STOPPED = "stopped"
    STARTING = "starting"
    RECEIVING = "receiving"
    """Gateway mode: attached to the websocket. Durable mode: the receiver process is there."""
    ELSEWHERE = "elsewhere"
    """Durable mode with an external receiver: somebody else keeps it running, this process does not see it."""
    UNREACHABLE = "unreachable"
    """Gateway mode: not attached, and what comes now is lost. Durable mode: the receivers ended, or signal-cli does not
    answer; nothing is lost meanwhile, and nothing comes in."""
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
    """Durable mode: signal-cli's socket answers."""
    signal_cli_version: str
    """Durable mode only: the gateway does not tell. Signal refuses clients that are some months old."""
    receivers: int | None
    """Durable mode: how many receivers hold a lock on this machine."""
    challenged: bool
    """Signal asked for a captcha before we may write to more people."""


async def ask_daemon(host: str, port: int) -> str | None:
    """signal-cli's version, empty if it does not say; None if its socket does not answer."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b'{"jsonrpc":"2.0","id":"doctor","method":"version"}\n')
                answer = json.loads(await reader.readline())
            finally:
                writer.close()
    except (OSError, ValueError):  # TimeoutError is an OSError
        return None
    result = answer.get("result") if isinstance(answer, dict) else None
    return str(result.get("version", "")) if isinstance(result, dict) else ""
