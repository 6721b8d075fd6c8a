"""A strict signal-cli-rest-api with people behind it, for fast tests.

It answers as the real one was measured to answer, down to the words of its errors, and keeps to the interface
description in WATCHLINE_SIGNAL_CONTRACT where that is set: a request with a field, a type or a path that is not in it
ends the test (`strange`). With `keep` it holds what comes while no websocket is attached, which no real one does.

It runs on a thread of its own; the methods may be called from anywhere.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from tests.fakes.signal_contract import Contract
from tests.fakes.signal_daemon import ACCOUNT, OWN_ID, envelope, message

T = TypeVar("T")
FAILED = "Failed to send message"
UNTRUSTED = "Unable to complete request due to untrusted recipient keys"
LIMITED = f"{FAILED} due to rate limiting. Lift it at /v1/accounts/{{number}}/rate-limit-challenge."


def account_id(name: str) -> str:
    """A person's account id, the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


@dataclass
class Phone:
    """What stands on a person's phone, and how Signal treats them."""

    registered: bool = True
    trusted: bool = True
    reachable: bool = True
    limit: int = 0
    """429: told to wait; 428: told to solve a captcha; 0: neither."""
    timer: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)


class SignalGateway:
    """The gateway, Signal behind it, and everybody's phones."""

    def __init__(self, *, keep: bool = False) -> None:
        self.strange: list[str] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.port = 0
        self.account_known = True
        self.daemon_up = True
        self.lost_answers = 0
        """So many sends are carried out, and then the connection breaks."""
        self.silent = False
        """Sends are never answered, as when signal-cli went while they were under way."""
        self.contacts_served = True
        self.contacts_silent = False
        """Questions about contacts are never answered."""
        self.dropped = 0
        self.files: dict[str, bytes] = {}
        self._keep = keep
        self._contract = Contract.from_environment()
        self._phones: dict[str, Phone] = {}
        self._held: list[str] = []
        self._sockets: list[web.WebSocketResponse] = []
        self._timestamps = itertools.count(1_800_000_000_000)
        self._loop = asyncio.new_event_loop()
        self._runner: web.AppRunner | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.up()

    # ----------------------------------------------------------------------------------------------- from outside

    def _do(self, act: Callable[[], T]) -> T:
        async def run() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(20)

    def close(self) -> None:
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(20)

    def down(self) -> None:
        asyncio.run_coroutine_threadsafe(self._down(), self._loop).result(20)

    def hang_up(self) -> None:
        """Closes every websocket politely, as a gateway does that is restarted."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(20)

    def phone(self, who: str) -> Phone:
        """The phone of the person with this name or account id."""
        return self._phones.setdefault(who if len(who) == 36 else account_id(who), Phone())

    def timestamp(self) -> int:
        return next(self._timestamps)

    def say(self, who: str, text: str | None, **fields: Any) -> int:
        """A message from a person; answers with its timestamp."""
        now = self.timestamp()
        data = message(text, now, **fields)["envelope"]["dataMessage"]
        self.deliver(envelope(now, account_id(who), dataMessage=data))
        return now

    def attachment(self, content: bytes, content_type: str, **more: Any) -> dict[str, Any]:
        """An attachment that can be fetched, as it stands in a frame."""
        name = f"{uuid.uuid4().hex}.bin"
        self.files[name] = content
        return {"contentType": content_type, "filename": None, "id": name, "size": len(content), **more}

    def deliver(self, frame: dict[str, Any]) -> None:
        """A frame as signal-cli makes it."""
        self.deliver_text(json.dumps(frame))

    def deliver_text(self, frame: str) -> None:
        self._do(lambda: self._deliver(frame))

    def attached(self) -> int:
        return self._do(lambda: len(self._sockets))

    # ------------------------------------------------------------------------------------------------- life cycle

    async def _up(self) -> None:
        app = web.Application(middlewares=[self._checked], client_max_size=64 * 2**20)
        # The middleware hands each handler the checked body beside the request.
        handlers: list[tuple[str, str, Any]] = [
            ("GET", "/v1/about", self._about),
            ("GET", "/v1/accounts", self._accounts),
            ("GET", "/v1/receive/{number}", self._receive),
            ("POST", "/v2/send", self._send),
            ("DELETE", "/v1/remote-delete/{number}", self._remote_delete),
            ("PUT", "/v1/contacts/{number}", self._set_timer),
            ("GET", "/v1/contacts/{number}/{uuid}", self._contact),
            ("GET", "/v1/attachments/{attachment}", self._attachment),
            ("DELETE", "/v1/attachments/{attachment}", self._delete_attachment),
            ("GET", "/v1/identities/{number}", self._identities),
            ("PUT", "/v1/identities/{number}/trust/{numberToTrust}", self._trust),
            ("POST", "/v1/accounts/{number}/rate-limit-challenge", self._challenge),
        ]
        app.add_routes([web.route(method, path, handler) for method, path, handler in handlers])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _hang_up(self) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)

    async def _down(self) -> None:
        await self._hang_up()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = json.loads(await request.read() or b"null") if request.can_read_body else None
        self.requests.append((request.method, request.path, body))
        route = request.match_info.route.resource
        template = route.canonical if route is not None else request.path
        self.strange += self._contract.complaints(request.method, template, body)
        if request.match_info.get("number", ACCOUNT) != ACCOUNT:
            self.strange.append(f"another account at {template}")
        if request.path != "/v1/about" and not self.daemon_up:
            return _error(400, "write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe")
        response: web.StreamResponse = await handler(request, body)
        return response

    # -------------------------------------------------------------------------------------------------- receiving

    def _deliver(self, frame: str) -> None:
        sockets = [socket for socket in self._sockets if not socket.closed]
        for socket in sockets:
            self._loop.create_task(socket.send_str(frame))
        if not sockets and self._keep:
            self._held.append(frame)
        elif not sockets:
            self.dropped += 1

    async def _receive(self, request: web.Request, body: Any) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        held, self._held = self._held, []
        for frame in held:
            await socket.send_str(frame)
        try:
            async for _ in socket:
                pass
        finally:
            self._sockets.remove(socket)
        return socket

    # ---------------------------------------------------------------------------------------------------- sending

    async def _send(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if self.silent:
            await asyncio.Event().wait()
        if not self.account_known or body["number"] != ACCOUNT:
            return _error(400, "Specified account does not exist")
        if not body["message"] and not body.get("base64_attachments"):
            return _error(
                400,
                "Sending empty message is not allowed, either a message, attachment or sticker must be given.",
            )
        failed = {who: reason for who in body["recipients"] if (reason := self._failure(who))}
        timestamp = self.timestamp()
        for who in body["recipients"]:
            if who not in failed and who != ACCOUNT:
                self.phone(who).messages.append(self._arrived(timestamp, body))
        if self.lost_answers:
            self.lost_answers -= 1
            assert request.transport is not None
            request.transport.close()
        if len(failed) == len(body["recipients"]):
            return self._all_failed(
                set(failed.values()), [self._phones.get(who, Phone()).limit for who in failed]
            )
        answer: dict[str, Any] = {"timestamp": str(timestamp)}
        if failed:
            answer["errors"] = {
                "recipients": [{"uuid": who, "reason": reason} for who, reason in failed.items()]
            }
        return web.json_response([answer], status=201)

    def _failure(self, who: str) -> str:
        if who == ACCOUNT:
            return ""
        phone = self._phones.get(who)
        if phone is None or not phone.registered:
            return "UNREGISTERED_FAILURE"
        if not phone.reachable:
            return "NETWORK_FAILURE"
        if not phone.trusted:
            return "IDENTITY_FAILURE"
        return "RATE_LIMIT_FAILURE" if phone.limit else ""

    def _all_failed(self, reasons: set[str], limits: list[int]) -> web.Response:
        if reasons == {"IDENTITY_FAILURE"}:
            return _error(400, UNTRUSTED)
        if reasons == {"RATE_LIMIT_FAILURE"}:
            tokens = ["challenge-token" if limit == 428 else "" for limit in limits]
            return _error(429, LIMITED, challenge_tokens=tokens, account=ACCOUNT)
        return _error(400, FAILED)

    def _arrived(self, timestamp: int, body: dict[str, Any]) -> dict[str, Any]:
        files = [
            base64.b64decode(one.partition("base64,")[2]) for one in body.get("base64_attachments") or []
        ]
        author = body.get("quote_author", "")
        quote = f"{'me' if author == ACCOUNT else author}:{body['quote_timestamp']}" if author else ""
        return {"ref": f"me:{timestamp}", "text": body["message"], "files": files, "quote": quote}

    async def _remote_delete(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if reason := self._failure(body["recipient"]):
            return _error(400, UNTRUSTED if reason == "IDENTITY_FAILURE" else FAILED)
        phone = self.phone(body["recipient"])
        phone.messages = [one for one in phone.messages if one["ref"] != f"me:{body['timestamp']}"]
        return web.json_response({"timestamp": str(self.timestamp())}, status=201)

    # ------------------------------------------------------------------------------------------------- the others

    async def _about(self, request: web.Request, body: Any) -> web.Response:
        return web.json_response(
            {"versions": ["v1", "v2"], "build": 2, "mode": "json-rpc", "version": "0.95", "capabilities": {}}
        )

    async def _accounts(self, request: web.Request, body: Any) -> web.Response:
        return web.json_response([ACCOUNT] if self.account_known else [])

    async def _set_timer(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if body.get("expiration_in_seconds") and (phone := self._phones.get(body["recipient"])):
            phone.timer = body["expiration_in_seconds"]
        return web.Response(status=204)

    async def _contact(self, request: web.Request, body: Any) -> web.Response:
        if self.contacts_silent:
            await asyncio.Event().wait()
        if not self.contacts_served:
            return web.Response(status=404, text="404 page not found")
        who = request.match_info["uuid"]
        phone = self._phones.get(who, Phone())
        return web.json_response({"uuid": who, "message_expiration": str(phone.timer)})

    async def _attachment(self, request: web.Request, body: Any) -> web.Response:
        content = self.files.get(request.match_info["attachment"])
        return (
            _error(404, "No attachment with that name found")
            if content is None
            else web.Response(body=content)
        )

    async def _delete_attachment(self, request: web.Request, body: Any) -> web.Response:
        if self.files.pop(request.match_info["attachment"], None) is None:
            return _error(404, "No attachment with that name found")
        return web.Response(status=204)

    async def _identities(self, request: web.Request, body: Any) -> web.Response:
        return web.json_response(
            [
                {
                    "number": "", "uuid": who, "added": "0", "fingerprint": "", "safety_number": f"12345 {n:05}",
                    "status": "TRUSTED_UNVERIFIED" if phone.trusted else "UNTRUSTED",
                }
                for n, (who, phone) in enumerate(self._phones.items())
            ]
        )  # fmt: skip

    async def _trust(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if bool(body.get("verified_safety_number")) == bool(body.get("trust_all_known_keys")):
            return _error(
                400,
                "Couldn't process request - provide either verified_safety_number or trust_all_known_keys",
            )
        self.phone(request.match_info["numberToTrust"]).trusted = True
        return web.Response(status=204)

    async def _challenge(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        if body["challenge_token"] != "challenge-token":
            return _error(400, "Invalid challenge token")
        for phone in self._phones.values():
            phone.limit = 0
        return web.Response(status=204)


def _error(status: int, text: str, **more: Any) -> web.Response:
    return web.json_response({"error": text, **more}, status=status)


@contextlib.contextmanager
def signal_gateway(*, keep: bool = False) -> Iterator[SignalGateway]:
    """A gateway for one test, which fails if anything strange was asked of it."""
    gateway = SignalGateway(keep=keep)
    try:
        yield gateway
    finally:
        gateway.close()
    assert gateway.strange == []


__all__ = ["ACCOUNT", "OWN_ID", "SignalGateway", "account_id", "signal_gateway"]
