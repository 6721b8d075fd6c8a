"""Which signal-cli a receiver listens to: the one of its seat, and the other one for as long as that cannot be had.

Two signal-clis with a receiver on each must never be worse than one with two receivers. So:

1. Is the own one away, did its connection end, or does it not know the account? Then the other one is asked.
2. Meanwhile the own one is looked at, on a connection of its own, in a thread, so that a signal-cli or a name server
   that hangs keeps nobody from starting the next worker.
3. Does it hand out the account (again)? Then the worker is told to end, and the own one is asked.

Step 3 may cost nothing that only the other signal-cli has: what was written before the second one was linked. That one
loses the message it is busy with when its last subscriber leaves, and what lies in the socket goes with the connection.
So the keeper leaves in a quiet moment and with an empty socket, or stays (`bot.receiver`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

import structlog

from bot.receiver_sources import Source

log = structlog.get_logger(__name__)

LOOK_SECONDS: tuple[float, ...] = (2.0, 3.0, 5.0, 10.0, 15.0)
"""Between two looks at the own one; the last for all that follow. A signal-cli that was started anew needs a few
seconds."""
STEADY_SECONDS = 60.0
"""After so long with the own one the looks begin anew with short pauses. One that comes and goes is taken seldom."""


class Choice:
    """The signal-clis of one seat, and which of them it is now."""

    def __init__(self, sources: Sequence[Source], seat: int, wake: Callable[[], None]) -> None:
        """`wake` is called from another thread, when the own one can be had again."""
        own = seat % len(sources)
        self.source = self._own = sources[own]
        self._others = (*sources[own + 1 :], *sources[:own])
        self._wake = wake
        self._own_ended = False
        self._refused: set[Source] = set()
        self._looks = 0
        self._look: _Look | None = None

    @property
    def own_is_back(self) -> bool:
        """Whether another one is listened to, and the own one hands out the account."""
        return self._look is not None and self._look.found

    def connect(self) -> socket.socket:
        """A connection to the own one or, where that just ended or cannot be had, to another. One that did not know the
        account is asked first whether it does now: a worker is not to be started for that each time. Raises OSError
        when none can be had."""
        sources = (*self._others, self._own) if self._own_ended else (self._own, *self._others)
        for source in sources:
            if source in self._refused and not source.hands_out():
                continue
            try:
                connection = source.connect()
            except OSError:
                continue
            self._take(source)
            return connection
        raise ConnectionError("no source")

    def ended(self, lasted: float, *, refused: bool) -> None:
        """The connection is of no more use, after so many seconds; `refused`: the account is not known there."""
        self._give_up()
        (self._refused.add if refused else self._refused.discard)(self.source)
        self._own_ended = self.source is self._own
        if self._own_ended and lasted > STEADY_SECONDS:
            self._looks = 0

    def stay(self) -> None:
        """The own one is back and the change was not made; there is another look later."""
        log.info("receiver.stays")
        self._begin()

    def pause(self) -> float:
        """Seconds until the next look at the own one."""
        seconds = LOOK_SECONDS[min(self._looks, len(LOOK_SECONDS) - 1)]
        self._looks += 1
        return seconds

    def _take(self, source: Source) -> None:
        if source is not self.source:
            own = source is self._own
            (log.info if own else log.warning)("receiver.at_its_own" if own else "receiver.at_another")
        self.source = source
        if source is not self._own:
            self._begin()

    def _begin(self) -> None:
        self._give_up()
        try:
            self._look = _Look(self._own, self.pause, self._wake)
        except RuntimeError:  # no room for a thread; when this connection ends the own one is asked first
            log.warning("receiver.no_look")

    def _give_up(self) -> None:
        if self._look is not None:
            self._look.given_up.set()
        self._look = None


class _Look:
    """Looks at a source until it hands out the account, or is given up."""

    def __init__(self, source: Source, pause: Callable[[], float], wake: Callable[[], None]) -> None:
        self.found = False
        self.given_up = threading.Event()
        self._source = source
        self._pause = pause
        self._wake = wake
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while not self.given_up.wait(self._pause()):
            if self._source.hands_out():
                self.found = True
                self._wake()
                return
