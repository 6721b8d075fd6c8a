"""The third path for P1: an alarm service that rings where a chat message does not.

A chat message does not break a phone's do-not-disturb; an alarm service does. It is a stranger to the desk, so it is
told as little as it takes to wake somebody: the urgency, the case's reference and whether it is a drill. The reference
is four drawn letters that mean nothing outside the desk; it lets the service treat two calls for one case as one alarm,
and the officer find the case. Who, what and where stand in the chat.

It is a path of its own, past the outbox, the delivery and the channels: it reads from the store which P1 pages were
queued, so that it rings even when what should have sent them does not work. Each page of the escalation, to the first
person or to the whole desk, is one call, until the case is taken or closed. Calls are at least once: a failed one is
made again every few seconds, and after a restart the pages of the last minutes are looked at again.

1. Read the P1 pages of the last minutes about which nobody has done anything. 2. Leave out what was called for.
3. Call, all at once. 4. Note which calls were taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from pydantic import SecretStr

from alerts.ids import from_micros, micros
from alerts.store.figures import PageCall, page_calls
from alerts.store.store import Store
from bot.logs import trouble
from bot.outside import Outside

log = structlog.get_logger("watchline")

LOOK_SECONDS = 1.0
RETRY_SECONDS = 3.0
WINDOW = timedelta(minutes=15)
"""How far back a page may lie: a later climb of the same case makes a page of its own."""
MOST_AT_ONCE = 10
"""Calls in one look. When more cases are paged at once, the last call says how many `more` there are: whoever is awake
by then reads the rest in the chat, and an alarm service that is flooded lets nobody through."""
OVERLAP = timedelta(seconds=30)
"""Pages may be committed a little after the instant they carry."""
CALLED = "page_webhook_called_to"
"""In the store: up to which instant every page has been called for."""


class Alarm:
    """Calls the alarm service for every P1 page of one store."""

    def __init__(
        self, address: SecretStr, store: Store, now: Callable[[], datetime], *, outside: Outside | None = None
    ) -> None:
        self._address = address
        self._store = store
        self._now = now
        self._outside = outside
        self._called: dict[tuple[str, datetime], datetime] = {}
        self._from: datetime | None = None
        self._failed = 0
        self.failures = 0
        """Calls that were not taken, since the start."""
        self.failing_since: datetime | None = None
        """Since when there is a call that is not taken, or pages cannot be read; the watch looks at it."""

    async def run(self) -> None:
        """Looks and calls until cancelled."""
        outside = self._outside or Outside()
        try:
            while True:
                try:
                    await self.look(outside)
                except Exception as error:  # noqa: BLE001 - a store that is away comes back; this loop must be there then
                    log.error("alarm_failed", **trouble(error))
                    self._failed += 1
                self._note_failing()
                await asyncio.sleep(RETRY_SECONDS if self._failed else LOOK_SECONDS)
        finally:
            await outside.close()

    async def look(self, outside: Outside) -> None:
        """Steps 1 to 4, once."""
        now = self._now()
        wanted = [
            call
            for call in await asyncio.to_thread(self._read, now)
            if (call.case_id, call.queued_at) not in self._called
        ]
        # A case that was paged twice since the last look rings once; the last page stands for those before it.
        latest = list({call.case_id: call for call in wanted}.values())
        now_calling, rest = latest[:MOST_AT_ONCE], latest[MOST_AT_ONCE:]
        bodies = [body(call) for call in now_calling]
        if rest:
            bodies[-1]["more"] = len(rest)
        answers = await asyncio.gather(*(outside.post(self._address, one) for one in bodies))
        taken = {call.case_id for call, answer in zip(now_calling, answers, strict=True) if not answer}
        for call, answer in zip(now_calling, answers, strict=True):
            if answer:
                log.error("page_webhook_failed", case=call.case_ref, reason=answer)
            else:
                log.info("page_webhook", case=call.case_ref)
        if rest and not answers[-1]:
            taken.update(call.case_id for call in rest)
        self._failed = sum(map(bool, answers))
        self.failures += self._failed
        self._note_failing()
        self._called.update({(c.case_id, c.queued_at): c.queued_at for c in wanted if c.case_id in taken})
        if wanted:
            await asyncio.to_thread(self._note, now, [c for c in wanted if c.case_id not in taken])

    def _note_failing(self) -> None:
        self.failing_since = (self.failing_since or self._now()) if self._failed else None

    def _read(self, now: datetime) -> Sequence[PageCall]:
        if self._from is None:
            noted = self._store.get_meta(CALLED)
            if noted is None:
                # The first start with this service: what was paged before is not news, what comes from now on is.
                self._note(now, [])
            self._from = from_micros(int(noted)) if noted is not None else now
        since = max(min(self._from, now) - OVERLAP, now - WINDOW)
        self._called = {key: at for key, at in self._called.items() if at >= since}
        with self._store.reading() as work:
            return page_calls(work.connection, since)

    def _note(self, now: datetime, missing: Sequence[PageCall]) -> None:
        """Written after the calls: who dies in between calls again."""
        upto = min((call.queued_at for call in missing), default=now)
        self._from = upto
        self._store.set_meta(CALLED, str(micros(upto)))


def body(call: PageCall) -> dict[str, object]:
    """All that an alarm service is told."""
    return {"urgency": "P1", "case": call.case_ref, "drill": call.drill}
