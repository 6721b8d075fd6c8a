"""A strict fake of the Bot API on real HTTP, as a thread of a test or as a process of its own.

    python -m tests.fakes.telegram_server --port 8081 --control 8082

With `WATCHLINE_TELEGRAM_CONTRACT` set it refuses calls that the published API does not know, and fails loudly when an
answer of its own would not be one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.fakes.loopback_http import LoopbackServer, Request, Response
from tests.fakes.telegram_acts import Acts
from tests.fakes.telegram_contract import Contract, Rejected, Upload
from tests.fakes.telegram_methods import Methods
from tests.fakes.telegram_webhook import WebhookSender
from tests.fakes.telegram_world import Json, World

TOKEN = "7000000001:AAtest-TOKEN_that-nobody-has-0123456789"


class TelegramServer:
    """The server; everything happens in its event loop."""

    def __init__(self, *, token: str = TOKEN, port: int = 0) -> None:
        self.token = token
        self.world = World(Contract.from_environment())
        self._methods = Methods(self.world)
        self._acts = Acts(self.world, self._methods)
        self._http = LoopbackServer(self._handle, port=port)
        self._webhook = WebhookSender(self.world)
        self._faults: list[Json] = []
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.wrongs: list[str] = []

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        await self._http.start()
        self._webhook.start()

    async def stop(self) -> None:
        await self._webhook.stop()
        await self._http.stop()

    async def act(self, name: str, arguments: Json) -> Any:
        """One act of `Acts`, or of the server itself."""
        match name:
            case "down":
                await self._http.stop()
            case "up":
                await self._http.start()
            case "revoke":
                self.token = ""
            case "fail":
                self._faults.append({"times": 1, "method": "", **arguments})
            case "mend":
                self._faults.clear()
            case "calls":
                return self.calls
            case "wrongs":
                return self.wrongs
            case "base":
                return self.port
            case _ if not name.startswith("_"):
                return getattr(self._acts, name)(**arguments)
        return None

    async def _handle(self, request: Request) -> Response | None:
        path = urlsplit(request.target).path
        if path.startswith(f"/file/bot{self.token}/files/") and self.token:
            return await self._file(path.rpartition("/")[2])
        bot, _, method = path.removeprefix("/bot").partition("/")
        if not self.token or unquote(bot) != self.token:
            return _error(Rejected(401, "Unauthorized"))
        texts, uploads = _parameters(request)
        self.calls.append((method, texts))
        fault = self._fault(method)
        try:
            if fault is not None and not fault.get("after"):
                return await self._failing(fault, None)
            answer = await self._methods.call(method, texts, uploads)
            response = _ok(answer)
        except Rejected as rejected:
            return _error(rejected)
        except Exception as error:
            self.wrongs.append(f"{method}: {error!r}")
            raise
        return response if fault is None else await self._failing(fault, response)

    def _fault(self, method: str) -> Json | None:
        for fault in self._faults:
            if fault["method"] in ("", method):
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    async def _failing(self, fault: Json, response: Response | None) -> Response | None:
        """`status` with `description`; `body` as it is; `hang` seconds; else the connection breaks off."""
        if "hang" in fault:
            await asyncio.sleep(fault["hang"])
            return response
        if "body" in fault:
            return Response(fault.get("status", 200), fault["body"].encode("utf-8", "surrogateescape"))
        if "status" in fault:
            raise Rejected(fault["status"], fault.get("description", ""), fault.get("parameters"))
        return None

    async def _file(self, file_id: str) -> Response | None:
        content = self.world.files.get(file_id)
        if content is None:
            return Response(404, b"")
        fault = self._fault("file")
        short = fault.get("send_only") if fault is not None else None
        if fault is not None and "cut" in fault:
            content = content[: fault["cut"]]
        return Response(200, content, "application/octet-stream", send_only=short)


def _ok(answer: Any) -> Response:
    return Response(200, json.dumps({"ok": True, "result": answer}).encode())


def _error(rejected: Rejected) -> Response:
    body: Json = {"ok": False, "error_code": rejected.status, "description": rejected.description}
    if rejected.parameters:
        body["parameters"] = rejected.parameters
    return Response(rejected.status, json.dumps(body).encode())


def _parameters(request: Request) -> tuple[dict[str, str], dict[str, Upload]]:
    texts = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
    uploads: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        texts.update(parse_qsl(request.body.decode(), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        for part in request.body.split(b"--" + boundary)[1:-1]:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            content = content.removesuffix(b"\r\n")
            described = head.decode()
            name = described.partition('name="')[2].partition('"')[0]
            if "filename=" in described:
                filename = described.partition('filename="')[2].partition('"')[0]
                media = described.lower().partition("content-type: ")[2].partition("\r\n")[0]
                uploads[name] = Upload(filename, media, content)
            else:
                texts[name] = content.decode()
    return texts, uploads


class Telegram:
    """A test's hand on the platform. `do` runs any act of `Acts` or of the server by name."""

    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/file/bot"

    def do(self, name: str, **arguments: Any) -> Any:
        raise AssertionError("one of the two below")


class ThreadTelegram(Telegram):
    """The server in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-telegram", daemon=True)
        self._thread.start()
        self.server = TelegramServer()
        self._wait(self.server.start())
        self.port = self.server.port

    def do(self, name: str, **arguments: Any) -> Any:
        # Through JSON, so that a test holds a copy and not the server's own lists.
        return json.loads(json.dumps(self._wait(self.server.act(name, arguments))))

    def close(self) -> None:
        self._wait(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _wait(self, work: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(30)


class RemoteTelegram(Telegram):
    """The server in another process, by its control address."""

    def __init__(self, port: int, control: int) -> None:
        self.port = port
        self._control = control

    def do(self, name: str, **arguments: Any) -> Any:
        body = json.dumps({"do": name, **arguments}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self._control}/", body)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())


@contextlib.contextmanager
def telegram() -> Iterator[ThreadTelegram]:
    """A server for one test. Fails at the end when the fake itself broke its contract."""
    server = ThreadTelegram()
    try:
        yield server
    finally:
        wrongs = server.do("wrongs")
        server.close()
    assert wrongs == []


@contextlib.contextmanager
def telegram_process(kinds: Sequence[str]) -> Iterator[RemoteTelegram]:
    """A server in a process of its own, which hands out updates of these kinds: what it knows survives whatever dies
    here. Fails at the end when the fake itself broke its contract."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        server = RemoteTelegram(ports["port"], ports["control"])
        server.do("allow", kinds=kinds)
        yield server
        assert server.do("wrongs") == []
    finally:
        process.kill()
        process.wait()


async def _serve(port: int, control: int, token: str) -> None:
    server = TelegramServer(token=token, port=port)
    await server.start()

    async def controlled(request: Request) -> Response:
        arguments = json.loads(request.body)
        return Response(200, json.dumps(await server.act(arguments.pop("do"), arguments)).encode())

    control_server = LoopbackServer(controlled, port=control)
    await control_server.start()
    print(json.dumps({"port": server.port, "control": control_server.port}), flush=True)  # noqa: T201 - for its starter
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.control, options.token))
