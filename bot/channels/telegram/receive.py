"""The polling loop: stored first, confirmed afterwards.

1. Ask for updates without an offset. Whatever an earlier process had not confirmed comes again.
2. Offer each update to `accept`, which returns when it is durably stored: one person's in order, different people's
   side by side.
3. The offset moves past the updates that are stored without a gap, and the next asking confirms them.
4. If an update could not be stored, wait at most 3 s and go to 2 with what Telegram hands out again.
5. After an empty answer the offset is forgotten: all before it is confirmed, and update ids may start again at a lower
   number after a quiet week, which a remembered offset would confirm unread.

Nothing is parsed here beyond what naming the update takes.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import structlog
from telegram import Bot
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.request import HTTPXRequest

from alerts.events import RawInbound
from bot.channels.port import Accept
from bot.channels.telegram.health import Health, TelegramHealth
from bot.channels.telegram.parse import ALLOWED_UPDATES, CHANNEL, peek, sender
from bot.channels.telegram.wire import RateLimited, retry_after

log = structlog.get_logger(__name__)

RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 3.0)
"""Waits after one failure, two, three…; the last one is the cap."""

_UPDATE_ID = re.compile(rb'"update_id"\s*:\s*(\d{1,15})')


@dataclass(frozen=True, slots=True)
class Frame:
    """One update before it is stored."""

    update_id: int
    inbound: RawInbound
    update: Mapping[str, Any] = field(repr=False)


class PollFailed(Exception):
    """An asking brought no updates; `state` says why, `wait` how long Telegram wants us to wait, in seconds."""

    def __init__(self, state: TelegramHealth, *, wait: float = 0.0) -> None:
        super().__init__(state.value)
        self.state = state
        self.wait = wait


class BatchUnreadable(Exception):
    """Telegram answered, and the answer is no list of updates."""

    def __init__(self, payload: bytes) -> None:
        super().__init__("the answer is no list of updates")
        self.payload = payload


def frame_of(update: Mapping[str, Any], update_id: int) -> Frame:
    """The update as it is stored. Escaped JSON keeps lone surrogates, which no database takes as text."""
    inbound = RawInbound(
        channel=CHANNEL,
        dedup=str(update_id),
        sender=sender(update),
        raw=json.dumps(update, separators=(",", ":")).encode("ascii"),
        peek=peek(update),
    )
    return Frame(update_id, inbound, update)


def unreadable_frame(payload: bytes) -> Frame | None:
    """An update that cannot be read, as the bytes it came in; None when it has no number either."""
    found = _UPDATE_ID.search(payload)
    if found is None:
        return None
    log.error("telegram.update_unreadable")
    raw = RawInbound(channel=CHANNEL, dedup=found[1].decode(), sender="", raw=payload)
    return Frame(int(found[1]), raw, {})


class Poller:
    """Receives by long polling."""

    def __init__(
        self,
        bot: Bot,
        request: HTTPXRequest,
        health: Health,
        *,
        poll_timeout: int,
        on_stored: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._bot = bot
        self._request = request
        self._health = health
        self._poll_timeout = poll_timeout
        self._on_stored = on_stored
        self._offset: int | None = None
        self._limit = 100
        self._failures = 0
        self._webhook_removed = False
        self.caught_up = asyncio.Event()
        """Set once an answer was stored that had room for more: nothing waits any more."""

    async def run(self, accept: Accept) -> None:
        """Polls until cancelled."""
        self._health.turn(TelegramHealth.STARTING)
        while True:
            try:
                if not self._webhook_removed:
                    await self._remove_webhook()
                frames = await self._poll()
                everything = await self._store(frames, accept)
            except PollFailed as failure:
                await self._back_off(failure.state, failure.wait)
            except Exception as error:  # noqa: BLE001 - a loop that lives depend on outlives its own mistakes
                log.error("telegram.poll_broke", error=type(error).__name__)
                await self._back_off(TelegramHealth.FAILING)
            else:
                if everything:
                    if len(frames) < self._limit:
                        self.caught_up.set()
                    self._failures = 0
                    self._health.turn(TelegramHealth.RECEIVING)
                else:
                    await self._back_off(TelegramHealth.STORE_DOWN)

    async def _back_off(self, state: TelegramHealth, wait: float = 0.0) -> None:
        self._health.turn(state)
        own = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
        self._failures += 1
        await asyncio.sleep(max(wait, own))

    async def _remove_webhook(self) -> None:
        """A webhook left from other settings would keep every update from us."""
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
        except TelegramError as error:
            raise failure_of(error) from None
        self._webhook_removed = True

    async def _poll(self) -> list[Frame]:
        try:
            frames = await self._ask(self._limit)
        except BatchUnreadable:
            # One update at a time, so that the one that cannot be read does not hold back those behind it.
            frames = [await self._salvage()]
        if not frames:
            self._offset = None
        return frames

    async def _ask(self, limit: int) -> list[Frame]:
        payload = await self._get_updates(limit)
        try:
            listed = json.loads(payload)["result"]
            if not isinstance(listed, list):
                raise BatchUnreadable(payload)
            return sorted(
                (frame_of(update, _update_id(update)) for update in listed), key=lambda f: f.update_id
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BatchUnreadable(payload) from None

    async def _salvage(self) -> Frame:
        """The first update, as the bytes it came in when they cannot be read: the turn puts it into quarantine."""
        try:
            return (await self._ask(1))[0]
        except IndexError:
            raise PollFailed(TelegramHealth.FAILING) from None
        except BatchUnreadable as error:
            frame = unreadable_frame(error.payload)
            if frame is None:
                raise PollFailed(TelegramHealth.FAILING) from None
            return frame

    async def _get_updates(self, limit: int) -> bytes:
        # The first asking does not wait, so that what is wrong, or that all is well, is known at once.
        known = self._health.state is TelegramHealth.RECEIVING
        asked = {
            "timeout": self._poll_timeout if known else 0,
            "limit": limit,
            "allowed_updates": json.dumps(ALLOWED_UPDATES),
        }
        if self._offset is not None:
            asked["offset"] = self._offset
        try:
            # The raw answer: python-telegram-bot's own parsing raises for all updates when it cannot read one.
            code, payload = await self._request.do_request(
                f"{self._bot.base_url}/getUpdates?{urlencode(asked)}", "POST"
            )
        except TelegramError as error:
            raise failure_of(error) from None
        if code == 200:
            return payload
        failure = _status_failure(code, payload)
        if failure.state is TelegramHealth.CONFLICT:
            # Perhaps it is a webhook that was set meanwhile; removing one that is not there costs nothing.
            self._webhook_removed = False
        raise failure

    async def _store(self, frames: list[Frame], accept: Accept) -> bool:
        """True when all are stored. Moves the offset past those that are stored without a gap."""
        stored: set[int] = set()
        people: dict[str, list[Frame]] = {}
        for frame in frames:
            people.setdefault(frame.inbound.sender, []).append(frame)

        async def one_person(theirs: list[Frame]) -> None:
            together = len(theirs) > 1 and await _together(theirs, accept)
            for frame in theirs:
                if not together:
                    await accept(frame.inbound)
                stored.add(frame.update_id)
                self._on_stored(frame.update)

        results = await asyncio.gather(*map(one_person, people.values()), return_exceptions=True)
        for result in results:
            if result is not None:
                log.error("telegram.not_stored", error=type(result).__name__)
        for frame in frames:
            if frame.update_id not in stored:
                return False
            self._offset = frame.update_id + 1
        return True


async def _together(theirs: list[Frame], accept: Accept) -> bool:
    """All that one person sent, in one go: one by one, somebody who writes without a pause would keep what others wrote
    waiting at Telegram. False when it could not be; perhaps one of them is at fault."""
    try:
        await accept(*(frame.inbound for frame in theirs))
    except Exception as error:  # noqa: BLE001 - whatever it is, the store says it again of the one that it is about
        log.warning("telegram.not_stored_together", error=type(error).__name__, frames=len(theirs))
        return False
    return True


def _update_id(update: Any) -> int:
    number = update["update_id"]
    if not isinstance(number, int):
        raise TypeError
    return number


def failure_of(error: TelegramError) -> PollFailed:
    """Why a call of the receiving side failed."""
    match error:
        case RateLimited():
            return PollFailed(TelegramHealth.LIMITED, wait=error.seconds)
        case InvalidToken():
            return PollFailed(TelegramHealth.UNAUTHORISED, wait=RETRY_SECONDS[-1])
        case NetworkError() if isinstance(error.__cause__, (httpx.HTTPError, OSError)):
            return PollFailed(TelegramHealth.UNREACHABLE)
        case _:
            return PollFailed(TelegramHealth.FAILING)


def _status_failure(code: int, payload: bytes) -> PollFailed:
    if code in (401, 404):
        return PollFailed(TelegramHealth.UNAUTHORISED, wait=RETRY_SECONDS[-1])
    if code == 409:
        return PollFailed(TelegramHealth.CONFLICT, wait=1.0)
    if code == 429:
        return PollFailed(TelegramHealth.LIMITED, wait=retry_after(payload))
    return PollFailed(TelegramHealth.FAILING)
