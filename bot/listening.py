"""Hearing at once of what other nodes and processes add to the queues, where the database can tell (PostgreSQL).

What is heard only says where to look. A connection that is lost is made anew, and everything is looked at then; while
there is none, the desk thread's poll finds what nobody tells.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from alerts.store.store import Store
from alerts.store.wakes import Wake

log = structlog.get_logger("watchline")
AGAIN_SECONDS = 1.0
POLL_SECONDS = 0.1
"""How often the inbox is looked at for frames that another process stored."""
POLL_WHEN_TOLD = 1.0
"""The same while the database tells of them."""


class Listener:
    """Listens on a thread of its own."""

    def __init__(self, store: Store, heard: Callable[[frozenset[Wake]], None]) -> None:
        self._store = store
        self._heard = heard
        self._ended = threading.Event()
        self._hears = False

    @property
    def poll_seconds(self) -> float:
        """How often the inbox is to be looked at all the same."""
        return POLL_WHEN_TOLD if self._hears else POLL_SECONDS

    def start(self) -> None:
        """Begins to listen, until `stop`."""
        threading.Thread(target=self._run, name="listener", daemon=True).start()

    def stop(self) -> None:
        """Ends soon, without being waited for."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._store.listen(self._hear, self._ended)
            except Exception as error:  # noqa: BLE001  # whatever it is, the poll goes on, and this is tried again
                if self._hears:
                    log.warning("listening_ended", error=type(error).__name__)
            self._hears = False
            self._ended.wait(AGAIN_SECONDS)

    def _hear(self, wakes: frozenset[Wake]) -> None:
        self._hears = True
        self._heard(wakes)
