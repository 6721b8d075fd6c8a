"""The Signal channel.

Sending goes through the gateway in both modes. Receiving:

- durable: processes of their own (`bot.receiver`) store the frames; `run` only sees to it that they are there.
- gateway: `run` itself reads the websocket, in these steps:
  1. attach; 2. take the frames that are there; 3. have them stored, each person's in one go, however often that takes;
  4. read on from 2; 5. when the socket ends, politely or not, wait at most 3 s and begin anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from signalbot._generated import SendMessageV2

from alerts.events import (
    Attachment,
    Inbound,
    Outbound,
    OutboundKind,
    Outcome,
    RawInbound,
    Refusal,
    Refused,
    RetryAt,
    Sent,
)
from bot.channels.port import Accept
from bot.channels.signal.challenge import Challenge
from bot.channels.signal.daemon import DaemonAway, ask_daemon, has_account
from bot.channels.signal.files import Files
from bot.channels.signal.frames import CHANNEL, OWN, describe
from bot.channels.signal.gateway import Gateway, GatewayAway, GatewayRefused
from bot.channels.signal.health import Health, Second, SignalReport, SignalState
from bot.channels.signal.lookout import Lookout
from bot.channels.signal.outcomes import Unexplained, of_answer, of_refusal, of_silence
from bot.channels.signal.outgoing import FileTooLarge, is_person, read_file, requests_of
from bot.channels.signal.parse import parse
from bot.channels.signal.settings import Receive, Receiver, SignalSettings
from bot.channels.signal.supervise import Receivers
from bot.receiver_sources import purpose
from bot.seats import at_work

log = structlog.get_logger(__name__)

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 3.0)
DELETE_WITHIN = 48 * 3600.0
"""Seconds after which the apps no longer obey a wish to delete."""
TIMER_SECONDS = 3.0
"""A message waits no longer than this for its chat's timer."""
KNOWN_TIMERS = 50_000
KEPT_BY_SIGNAL = timedelta(days=46)
"""Signal keeps what a device has not fetched for 45 days."""
_LIBRARIES = ("signalbot", "aiohttp", "websockets")


@dataclass(frozen=True, slots=True)
class Identity:
    """What signal-cli knows of a person's key."""

    trusted: bool
    verified: bool
    """Somebody compared the safety number."""
    safety_number: str = field(repr=False)


SETTLE_SECONDS, START_SECONDS = 1.5, 6.0


class SignalChannel:
    """Signal, held to `bot.channels.port.Channel`."""

    def __init__(self, settings: SignalSettings, *, now: Callable[[], float] = time.time) -> None:
        """`now` answers with seconds since 1970."""
        silence_libraries()
        self._settings = settings
        self._now = now
        self._gateway = Gateway(settings.gateway, settings.account)
        self._health = Health()
        self._timed: set[str] = set()
        self._timers: set[asyncio.Task[None]] = set()
        self._challenge = Challenge(settings.challenge_file)
        self._files = Files(settings, self._gateway)

    @property
    def name(self) -> str:
        return CHANNEL

    @property
    def hands_over_once(self) -> bool:
        """signal-cli and the gateway do, and the store takes the first copy of what two receive."""
        return True

    @property
    def state(self) -> SignalState:
        return self._health.state

    @property
    def challenge(self) -> str:
        """The token of Signal's latest challenge, for `answer_challenge`; empty when there is none."""
        return self._challenge.token

    def parse(self, raw: bytes) -> Inbound:
        """Understands a stored frame. Raises `alerts.events.Unreadable`."""
        return parse(raw)

    # ------------------------------------------------------------------------------------------------- receiving

    def redelivery(self) -> timedelta | None:
        """How old a message may be that comes again: a second signal-cli that was away hands over all that Signal kept
        for it, also what the first one has brought long ago. None where there is no second."""
        return KEPT_BY_SIGNAL if len(self._settings.daemon_addresses()) > 1 else None

    async def caught_up(self) -> None:
        """Returns a moment after receiving began: signal-cli does not tell when it has handed over what waited, and
        needs less than half a second for it. Of a receiver that somebody else starts the beginning is not seen."""
        while self._health.state not in (SignalState.RECEIVING, SignalState.ELSEWHERE):  # noqa: ASYNC110 -- at the start
            await asyncio.sleep(SETTLE_SECONDS / 10)
        await asyncio.sleep(SETTLE_SECONDS if self._health.state is SignalState.RECEIVING else START_SECONDS)

    async def run(self, accept: Accept) -> None:
        """Receives until cancelled; see the module's steps."""
        self._health.turn(SignalState.STARTING)
        settings = self._settings
        lookout = None
        if settings.has_receivers:
            gateway = self._gateway_there if settings.receive is Receive.GATEWAY else None
            lookout = asyncio.ensure_future(Lookout(settings, self._health, gateway).keep())
        try:
            if not settings.has_receivers:
                await self._read_websocket(accept)
            elif settings.receiver is Receiver.MANAGED:
                await Receivers(settings, self._health).keep()
            else:
                self._health.turn(SignalState.ELSEWHERE)
                await asyncio.Event().wait()
        finally:
            if lookout is not None:
                lookout.cancel()
            self._health.turn(SignalState.STOPPED)

    async def _gateway_there(self) -> bool:
        try:
            await self._gateway.version()
        except (GatewayRefused, GatewayAway):
            return False
        return True

    async def _read_websocket(self, accept: Accept) -> None:
        failures = 0
        while True:
            try:
                async for frames in self._gateway.frames(lambda: self._health.turn(SignalState.RECEIVING)):
                    failures = 0
                    await self._store(accept, [describe(frame) for frame in frames])
            except GatewayAway:
                failures += 1
            self._health.turn(SignalState.UNREACHABLE)
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])

    async def _store(self, accept: Accept, frames: Sequence[RawInbound]) -> None:
        """Each person's in one go: one by one, somebody who writes without a pause would keep others waiting."""
        people: dict[str, list[RawInbound]] = {}
        for raw in frames:
            people.setdefault(raw.sender, []).append(raw)
        async with asyncio.TaskGroup() as stored:
            for theirs in people.values():
                stored.create_task(self._store_of_one(accept, theirs))

    async def _store_of_one(self, accept: Accept, theirs: Sequence[RawInbound]) -> None:
        if len(theirs) > 1:
            try:
                await accept(*theirs)
            except Exception as error:  # noqa: BLE001 -- whatever it is, the store says it again of the one at fault
                log.warning("signal.not_stored_together", error=type(error).__name__, frames=len(theirs))
            else:
                self._health.turn(SignalState.RECEIVING)
                return
        for place, raw in enumerate(theirs):
            try:
                await self._store_until_stored(accept, raw)
            except asyncio.CancelledError:
                # Told to end. The one in hand may be stored yet, those behind it are gone.
                log.error("signal.left_behind", frames=len(theirs) - place)
                raise

    async def _store_until_stored(self, accept: Accept, raw: RawInbound) -> None:
        """Offers the frame until it is stored: the gateway will not bring it again."""
        for attempt in range(2**63):
            try:
                await accept(raw)
            except Exception as error:  # noqa: BLE001 -- whatever the store's trouble is, this frame must outlive it
                if attempt == 0:
                    log.error("signal.frame_not_stored", error=type(error).__name__)
                self._health.turn(SignalState.STORE_DOWN)
                await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
            else:
                self._health.turn(SignalState.RECEIVING)
                return

    # --------------------------------------------------------------------------------------------------- sending

    async def send(self, outbound: Outbound) -> Outcome:
        """Hands one message to Signal. A long one goes in parts; the reference is the last part's."""
        if not is_person(outbound.address):
            return Refused(Refusal.NOT_FOUND)
        if outbound.delete_ref:
            return await self._delete(outbound)
        try:
            file = await asyncio.to_thread(read_file, outbound, self._settings.upload_limit)
        except FileTooLarge:
            return Refused(Refusal.TOO_LARGE)
        seconds = self._settings.send_timeout if outbound.file is None else self._settings.file_timeout
        if outbound.kind is OutboundKind.PAGE:
            self._set_timer_beside(outbound.address)
        else:
            await self._set_timer(outbound.address)
        refs: list[str] = []
        for request in requests_of(outbound, self._settings.account, file):
            outcome = await self._post(request, seconds)
            if isinstance(outcome, Sent):
                refs.append(outcome.ref)
            elif isinstance(outcome, RetryAt) and refs:
                return RetryAt(
                    outcome.after,
                    outcome.reason,
                    ambiguous=True,
                    whole_channel=outcome.whole_channel,
                    obey=outcome.obey,
                )
            else:
                return outcome
        return Sent(refs[-1], delivered=False, earlier_refs=tuple(refs[:-1]))

    async def _post(self, request: SendMessageV2, seconds: float) -> Outcome:
        """Sends to the person; where the gateway refuses and names no reason, once more so that it does."""
        try:
            return await self._call(request, seconds)
        except Unexplained:
            # To the person and to ourselves: if not everybody failed, the gateway says who and why.
            both = request.model_copy(
                update={"recipients": [*request.recipients, self._settings.account], "notify_self": False}
            )
        try:
            return await self._call(both, seconds)
        except Unexplained:
            return RetryAt(RETRY_SECONDS[-1], "unreachable", ambiguous=True, whole_channel=True)

    async def _call(self, request: SendMessageV2, seconds: float) -> Outcome:
        """What one call comes to. Raises Unexplained for a refusal that names no reason."""
        try:
            return of_answer(await self._gateway.send(request, seconds=seconds))
        except GatewayAway as away:
            return of_silence(away)
        except GatewayRefused as refused:
            self._note_challenge(refused)
            return of_refusal(refused)

    async def _delete(self, outbound: Outbound) -> Outcome:
        author, _, timestamp = outbound.delete_ref.rpartition(":")
        if author != OWN or not timestamp.isdecimal():
            return Refused(Refusal.FORBIDDEN)
        if self._now() - int(timestamp) / 1000 > DELETE_WITHIN:
            return Refused(Refusal.EXPIRED)
        try:
            await self._gateway.delete_remotely(
                outbound.address, int(timestamp), seconds=self._settings.send_timeout
            )
        except GatewayAway as away:
            return of_silence(away)
        except GatewayRefused as refused:
            self._note_challenge(refused)
            try:
                return of_refusal(refused)
            except Unexplained:
                return RetryAt(RETRY_SECONDS[-1], "unreachable", ambiguous=True)
        return Sent(outbound.delete_ref)

    def _note_challenge(self, refused: GatewayRefused) -> None:
        if refused.challenge_tokens:
            self._challenge.note(refused.challenge_tokens[0])

    # ------------------------------------------------------------------------------------- disappearing messages

    def _set_timer_beside(self, address: str) -> None:
        """A page waits for nothing."""
        task = asyncio.create_task(self._set_timer(address))
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    async def _set_timer(self, address: str) -> None:
        """Sets the timer of a chat that has none, once a chat and process; a timer somebody chose is left alone. A
        failure never holds a message up: it is tried again at the next one."""
        if not self._settings.expire_seconds or address in self._timed:
            return
        try:
            async with asyncio.timeout(TIMER_SECONDS):
                if not await self._has_timer(address):
                    await self._gateway.set_timer(address, self._settings.expire_seconds)
        except (GatewayRefused, GatewayAway, TimeoutError):
            log.info("signal.timer_not_set")
            return
        if len(self._timed) >= KNOWN_TIMERS:
            self._timed.clear()
        self._timed.add(address)

    async def _has_timer(self, address: str) -> bool:
        try:
            contact = await self._gateway.contact(address)
        except GatewayRefused:
            return False  # a gateway without this call, or a person it does not know yet
        timer = contact.get("message_expiration") if isinstance(contact, dict) else None
        return str(timer or 0) != "0"

    # --------------------------------------------------------------------------------------------------- files

    def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        """Streams an attachment. Raises `FetchFailed`."""
        return self._files.fetch(attachment, limit)

    async def discard(self, attachment: Attachment) -> bool:
        """Deletes the gateway's own, unsealed copy. To be called when ours is committed. False: it is still there."""
        return await self._files.discard(attachment)

    # ------------------------------------------------------------------------------------------ keys and limits

    async def identity(self, account_id: str) -> Identity | None:
        """The person's key as signal-cli knows it, None if it knows none or does not answer."""
        try:
            listed = await self._gateway.identities()
        except (GatewayRefused, GatewayAway):
            return None
        for entry in listed if isinstance(listed, list) else []:
            if isinstance(entry, dict) and str(entry.get("uuid", "")).lower() == account_id.lower():
                status = str(entry.get("status", ""))
                return Identity(
                    trusted=status.startswith("TRUSTED"),
                    verified=status == "TRUSTED_VERIFIED",
                    safety_number=str(entry.get("safety_number", "")),
                )
        return None

    async def trust(self, account_id: str, safety_number: str | None = None) -> bool:
        """Accepts a changed key, after an officer confirmed it: by the safety number compared out of band, or as it
        is. What the person wrote in between comes with their next message. False: signal-cli did not do it."""
        if not is_person(account_id):
            return False
        try:
            await self._gateway.trust(account_id, safety_number)
        except (GatewayRefused, GatewayAway):
            return False
        return True

    async def answer_challenge(self, captcha: str) -> bool:
        """Hands in the captcha for the pending challenge. False: not accepted."""
        try:
            await self._gateway.answer_challenge(self.challenge, captcha)
        except (GatewayRefused, GatewayAway):
            return False
        self._challenge.answered()
        return True

    async def report(self) -> SignalReport:
        """The state of every part, asked now; at most some ten seconds."""
        settings = self._settings
        try:
            version: str | None = await self._gateway.version()
        except (GatewayRefused, GatewayAway):
            version = None
        account: bool | None = None
        if version is not None:
            try:
                listed = await self._gateway.accounts()
                account = isinstance(listed, list) and settings.account in listed
            except (GatewayRefused, GatewayAway):
                account = None
        durable = settings.receive is Receive.DURABLE
        daemon = await ask_daemon(settings.daemon_addresses()[0]) if durable else None
        return SignalReport(
            receive=settings.receive,
            state=self.state,
            gateway=version is not None,
            gateway_version=version or "",
            account=account,
            daemon=daemon is not None if durable else None,
            second=await self._second() if durable else Second.NONE,
            signal_cli_version=daemon or "",
            receivers=at_work(settings.receiver_lock, purpose(settings.sources()))
            if settings.has_receivers and settings.receiver_lock
            else None,
            challenged=bool(self.challenge),
        )

    async def _second(self) -> Second:
        for address in self._settings.daemon_addresses()[1:]:
            try:
                return Second.WELL if await has_account(address, self._settings.account) else Second.UNLINKED
            except DaemonAway:
                return Second.SILENT
        return Second.NONE

    async def close(self) -> None:
        """Ends connections. Called once, after `run` was cancelled."""
        for timer in list(self._timers):
            timer.cancel()
        await asyncio.gather(*self._timers, return_exceptions=True)
        await self._gateway.close()


def silence_libraries() -> None:
    """signalbot logs texts, aiohttp and websockets log addresses. What matters of it is said by this package."""
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
