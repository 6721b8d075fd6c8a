"""signalbot's client of signal-cli-rest-api, with what it leaves out.

Kept from it: addresses, typed requests, their serialisation, the websocket's place. Added: the bodies of errors (it
raises with the status alone, and a rate limit looks like a bad request then), time limits (it has none, and the
gateway never answers what was in flight when signal-cli went), the list of failed recipients (its answer model has no
place for it), streamed downloads, and the calls it does not have. Its bot, pipeline, storage and scheduler are not
used.

Nothing here logs, and no exception carries an address, a text or an account.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import aiohttp
import websockets
from signalbot import SignalAPIError
from signalbot._client.attachments import AttachmentsClient, AttachmentsURIs, DownloadAttachmentError
from signalbot._client.base import BaseClient, BaseURIs, SectionURIs, SessionManager
from signalbot._client.contacts import ContactsClient, ContactsURIs
from signalbot._client.general import GeneralClient, GeneralURIs
from signalbot._client.messages import MessagesClient, MessagesURIs, SendError
from signalbot._generated import RemoteDeleteRequest, SendMessageV2, UpdateContactRequest
from signalbot._generated.api.trust_identity_request import TrustIdentityRequest

T = TypeVar("T")
CONNECT_SECONDS = 3.0
CALL_SECONDS = 8.0
"""For calls that are answered from signal-cli's own data."""
ERROR_BODY = 64 * 1024
FRAME_LIMIT = 8 * 2**20
FRAMES_READ = 64
"""Frames that are read ahead: the gateway has no queue in front of a websocket, and drops what is not taken from it."""
FRAMES_AT_ONCE = 200
CHUNK = 64 * 1024


class GatewayRefused(Exception):
    """The gateway answered with an error status. `error` is its message, which may name people: never log it."""

    def __init__(self, status: int, error: str, challenge_tokens: tuple[str, ...] = ()) -> None:
        super().__init__(f"the Signal gateway answered {status}")
        self.status = status
        self.error = error
        self.challenge_tokens = challenge_tokens


class GatewayAway(Exception):
    """No answer came. `ambiguous` when the request may have been carried out all the same."""

    def __init__(self, reason: str, *, ambiguous: bool) -> None:
        super().__init__(f"the Signal gateway: {reason}")
        self.reason = reason
        self.ambiguous = ambiguous


class Gateway:
    """The calls Watchline makes. All raise `GatewayRefused` and `GatewayAway`, and nothing else."""

    def __init__(self, address: str, account: str) -> None:
        parts = urlsplit(address)
        base = BaseURIs(parts.netloc, account, use_https=parts.scheme == "https")
        self._account = account
        self._sessions = _Sessions()
        self._messages = _Messages(MessagesURIs(base), None, self._sessions)
        self._attachments = _Attachments(AttachmentsURIs(base), None, self._sessions)
        self._contacts = ContactsClient(ContactsURIs(base), None, self._sessions)
        self._general = GeneralClient(GeneralURIs(base), None, self._sessions)
        self._others = _Others(_OtherURIs(base), None, self._sessions)

    async def close(self) -> None:
        await self._sessions.close()

    async def send(self, request: SendMessageV2, *, seconds: float) -> object:
        """The decoded answer to a message; a list in which each entry has a timestamp."""
        return await _within(seconds, lambda: self._messages.send_and_tell(request))

    async def delete_remotely(self, recipient: str, timestamp: int, *, seconds: float) -> None:
        request = RemoteDeleteRequest(recipient=recipient, timestamp=timestamp)
        await _within(seconds, lambda: self._messages.remote_delete(request))

    async def set_timer(self, recipient: str, seconds: int) -> None:
        """Sets a chat's disappearing messages. The gateway does not pass on 0, so a timer cannot be ended."""
        request = UpdateContactRequest(recipient=recipient, expiration_in_seconds=seconds)
        await _within(CALL_SECONDS, lambda: self._contacts.update(request))

    async def contact(self, recipient: str) -> object:
        path = f"/v1/contacts/{self._account}/{quote(recipient, safe='')}"
        return await _within(CALL_SECONDS, lambda: self._others.get(path))

    async def accounts(self) -> object:
        return await _within(CALL_SECONDS, lambda: self._others.get("/v1/accounts"))

    async def version(self) -> str:
        """The gateway's own version."""
        return (await _within(CALL_SECONDS, self._general.about)).version

    async def identities(self) -> object:
        return await _within(CALL_SECONDS, lambda: self._others.get(f"/v1/identities/{self._account}"))

    async def trust(self, recipient: str, safety_number: str | None) -> None:
        request = (
            TrustIdentityRequest(verified_safety_number=safety_number)
            if safety_number
            else TrustIdentityRequest(trust_all_known_keys=True)
        )
        path = f"/v1/identities/{self._account}/trust/{quote(recipient, safe='')}"
        await _within(
            CALL_SECONDS, lambda: self._others.put(path, request.model_dump_json(exclude_none=True))
        )

    async def answer_challenge(self, token: str, captcha: str) -> None:
        path = f"/v1/accounts/{self._account}/rate-limit-challenge"
        body = json.dumps({"challenge_token": token, "captcha": captcha})
        await _within(CALL_SECONDS, lambda: self._others.post(path, body))

    async def attachment(self, remote_id: str, *, pause: float) -> AsyncIterator[bytes]:
        """The file's bytes as they come. `pause` is the longest wait for more, in seconds."""
        response = await _within(pause, lambda: self._attachments.open(remote_id))
        try:
            while chunk := await _within(pause, lambda: response.content.read(CHUNK)):
                yield chunk
        finally:
            response.close()

    async def delete_attachment(self, remote_id: str) -> None:
        path = f"/v1/attachments/{quote(remote_id, safe='')}"
        await _within(CALL_SECONDS, lambda: self._others.delete(path))

    async def frames(self, on_attached: Callable[[], None]) -> AsyncIterator[list[bytes]]:
        """What the websocket brings, all that is there at once, until it ends in whatever way; then the caller attaches
        anew."""
        try:
            async for frames in self._messages.receive_frames(on_attached):
                yield frames
        except (OSError, TimeoutError, websockets.WebSocketException):
            raise GatewayAway("websocket", ambiguous=False) from None


async def _within(seconds: float, call: Callable[[], Awaitable[T]]) -> T:
    """One call with a time limit, and with the transport's exceptions (they hold addresses) made ours."""
    try:
        async with asyncio.timeout(seconds):
            return await call()
    except SignalAPIError as error:
        cause = error.__cause__
        if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            raise GatewayAway("unreachable", ambiguous=False) from None
        raise GatewayAway("connection broke", ambiguous=True) from None
    except (TimeoutError, aiohttp.ServerTimeoutError):
        raise GatewayAway("timeout", ambiguous=True) from None
    except (aiohttp.ClientError, OSError):
        raise GatewayAway("connection broke", ambiguous=True) from None
    except ValueError:
        # Not JSON, or not of the form that signalbot's model of the answer has.
        raise GatewayAway("unknown answer", ambiguous=True) from None


async def _keep_error(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Reads an error's body before signalbot raises without it."""
    response = await handler(request)
    if response.status < 400:
        return response
    body = await response.content.read(ERROR_BODY)
    response.close()
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    told = told if isinstance(told, dict) else {}
    tokens = told.get("challenge_tokens")
    raise GatewayRefused(
        response.status,
        str(told.get("error") or ""),
        tuple(t for t in tokens if isinstance(t, str) and t) if isinstance(tokens, list) else (),
    )


class _Sessions(SessionManager):
    async def get(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # The time for a whole call is limited where the call is made.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
                middlewares=(_keep_error,),
            )
        return self._session


class _Messages(MessagesClient):
    async def send_and_tell(self, request: SendMessageV2) -> object:
        payload = request.model_dump_json(exclude_none=True, by_alias=True)
        response = await self._request("post", self._uris.send_uri(), error_cls=SendError, payload=payload)
        return await response.json(content_type=None)

    async def receive_frames(self, on_attached: Callable[[], None]) -> AsyncIterator[list[bytes]]:
        """signalbot's reception, with a limit above one MiB, without proxies from the environment, and ending for the
        caller to see when the gateway closes politely."""
        async with websockets.connect(
            self._uris.receive_ws_uri(), additional_headers=self._add_auth(), max_size=FRAME_LIMIT, proxy=None,
            open_timeout=CONNECT_SECONDS, max_queue=FRAMES_READ,
        ) as websocket:  # fmt: skip
            on_attached()
            with contextlib.suppress(websockets.ConnectionClosedOK):
                while True:
                    frames = [await websocket.recv(decode=False)]
                    # What has come is handed out without waiting, so that the limit of no time stops only at the first
                    # that has not. An end of the connection shows at the next call.
                    with contextlib.suppress(TimeoutError, websockets.ConnectionClosed):
                        async with asyncio.timeout(0):
                            while len(frames) < FRAMES_AT_ONCE:
                                frames.append(await websocket.recv(decode=False))
                    yield frames


class _Attachments(AttachmentsClient):
    async def open(self, remote_id: str) -> aiohttp.ClientResponse:
        uri = f"{self._uris.attachment_uri()}/{quote(remote_id, safe='')}"
        return await self._request("get", uri, error_cls=DownloadAttachmentError)


class _OtherURIs(SectionURIs):
    def at(self, path: str) -> str:
        return self._base.http_uri(path)


class _Others(BaseClient[_OtherURIs]):
    """Calls of the gateway that signalbot has no method for."""

    async def get(self, path: str) -> Any:
        response = await self._request("get", self._uris.at(path), error_cls=SignalAPIError)
        return await response.json(content_type=None)

    async def put(self, path: str, body: str) -> None:
        await self._request("put", self._uris.at(path), error_cls=SignalAPIError, payload=body)

    async def post(self, path: str, body: str) -> None:
        await self._request("post", self._uris.at(path), error_cls=SignalAPIError, payload=body)

    async def delete(self, path: str) -> None:
        await self._request("delete", self._uris.at(path), error_cls=SignalAPIError)
