"""The server of the practice phones: one page, its live updates, and what people do on it.

GET  /                  the empty page; it knows nothing without the token
GET  /static/{name}     its style and scripts
GET  /api/events        everything as one event `state`, then what changes, as server-sent events
GET  /api/file/{id}     a photo, a voice note or a document on a phone
POST /api/act           what a person does on a phone
POST /api/line          the network of a phone: ok, offline, refused
POST /api/channel       the line between Watchline and a platform
POST /api/clock         the speed of the clock, or a step to what is due next
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from importlib import resources
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.channels.practice.acts import NotUnderstood, act
from bot.channels.practice.guard import Guard
from bot.channels.practice.phones import Note, PracticePhones
from bot.channels.practice.story import Happening
from bot.channels.pretend import NotThere, PretendMessage
from bot.channels.pretend_channel import LARGEST_FILE
from bot.channels.pretend_phones import Tick
from bot.clock import Entropy

Json = dict[str, Any]

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
_LARGEST_BODY = LARGEST_FILE * 4 // 3 + 64 * 1024
_BEAT = 0.5
"""Seconds between looks at what is due next."""
_SILENCE = 15.0
"""Seconds after which a stream without news sends a sign of life."""
_PAUSE = 0.1
"""Seconds between changes that the page is told: at 600 times the speed each would be a drawing of its own."""
_BACKLOG = 500
"""Updates a page may be behind before it is cut off, to come back and ask for everything."""
_SHOWN = 200
"""Messages of a chat that the page gets: the latest. A clock left running fast makes thousands of pages."""
_SHOWABLE = re.compile(r"image/(?:png|jpeg|gif|webp)|audio/[\w.+-]{1,60}(?:; ?codecs=[\w.]{1,20})?", re.ASCII)

_log = structlog.get_logger(__name__)


class NotLoopback(Exception):
    """The practice page shows every chat to whoever can open it, so it is served to this machine only."""


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PracticePage:
    """The page of one practice run."""

    def __init__(
        self,
        phones: PracticePhones,
        entropy: Entropy,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        next_due: Callable[[], datetime | None] = lambda: None,
        quiet: Callable[[], bool] | None = None,
    ) -> None:
        """Binds the address and listens at once: whoever is told of it can come. Port 0 takes a free one. `next_due`
        is when the engine will do something by itself, `quiet` whether nothing is going on, so that something may be
        begun (None: until the first happening); they may look into a store and are called on a worker thread.

        Raises `NotLoopback` for any address that other machines can reach, and OSError when the port is
        taken.
        """
        if not ipaddress.ip_address(host).is_loopback or host != "127.0.0.1":
            raise NotLoopback(
                "the practice phones are served on 127.0.0.1 only; use an SSH tunnel to look from afar"
            )
        self._phones = phones
        self._next_due = next_due
        self._ask_quiet = quiet or (lambda: not phones.story.recent())
        self._quiet = self._ask_quiet()
        self._due: datetime | None = None
        self._stirred = asyncio.Event()
        """Something happened, so that it may be quiet no more, or again."""
        self._streams: set[asyncio.Queue[str | None]] = set()
        self._gathered: dict[tuple[str, str], PretendMessage] = {}
        self._untold = False
        self._telling: asyncio.TimerHandle | None = None
        self._static = _load_static()
        self._token = base64.urlsafe_b64encode(entropy.draw(24)).decode("ascii")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            # Bound alone, the port would refuse whoever opens the printed address before the server is up, and a
            # second process could bind it too.
            self._socket.listen()
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]

    @property
    def address(self) -> str:
        """The address to open, token included: print it, never log it."""
        return f"http://127.0.0.1:{self.port}/#{self._token}"

    def app(self) -> Guard:
        """The application behind its guard."""
        routes = [
            Route("/", self._index),
            Route("/static/{name}", self._asset),
            Route("/api/events", self._events),
            Route("/api/file/{id}", self._file),
            Route("/api/act", self._on(self._act), methods=["POST"]),
            Route("/api/line", self._on(self._line), methods=["POST"]),
            Route("/api/channel", self._on(self._channel), methods=["POST"]),
            Route("/api/clock", self._on(self._clock), methods=["POST"]),
        ]
        return Guard(Starlette(routes=routes), token=self._token, port=self.port)

    async def serve(self) -> None:
        """Serves until cancelled."""
        loop = asyncio.get_running_loop()

        def told(happening: Happening) -> None:
            loop.call_soon_threadsafe(self._told, happening)

        self._phones.on_news.append(self._news)
        self._phones.story.on_tell.append(told)
        config = uvicorn.Config(
            self.app(),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket]))
        watching = asyncio.create_task(self._watch())
        try:
            await asyncio.wait((serving, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for stream in self._streams:
                _push(stream, None)
            server.should_exit = True
            watching.cancel()
            if self._telling is not None:
                self._telling.cancel()
            await asyncio.gather(serving, watching, return_exceptions=True)
            self._phones.on_news.remove(self._news)
            self._phones.story.on_tell.remove(told)
            self._socket.close()

    async def _watch(self) -> None:
        """Keeps what is shown of the clock and what is kept on disk up to date."""
        while True:
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`: in Python 3.11 that takes an end which comes with a stir for none, and never ends.
                async with asyncio.timeout(_BEAT):
                    await self._stirred.wait()
            self._stirred.clear()
            quiet = await asyncio.to_thread(self._ask_quiet)
            if quiet != self._quiet:
                self._quiet = quiet
                self._publish("quiet", self._quiet_view())
            due = await asyncio.to_thread(self._next_due)
            if due != self._due:
                self._due = due
                self._publish("clock", self._clock_view())
            try:
                self._phones.keep()
            except OSError as error:
                _log.warning("practice_story_not_kept", error=type(error).__name__)
            await asyncio.sleep(_PAUSE)

    # ----------------------------------------------------------------------------------------------- the page

    async def _index(self, _: Request) -> Response:
        content, content_type = self._static["index.html"]
        return Response(content, media_type=content_type)

    async def _asset(self, request: Request) -> Response:
        found = self._static.get(request.path_params["name"])
        if found is None:
            return JSONResponse({"error": "there is no such file"}, 404)
        return Response(found[0], media_type=found[1])

    async def _file(self, request: Request) -> Response:
        file = self._phones.network.world.files.get(request.path_params["id"])
        if file is None:
            return JSONResponse({"error": "there is no such file"}, 404)
        shown = file.content_type if _SHOWABLE.fullmatch(file.content_type) else "application/octet-stream"
        return Response(file.data, headers={"content-type": shown, "content-disposition": "attachment"})

    # ------------------------------------------------------------------------------------------- live updates

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        stream: asyncio.Queue[str | None] = asyncio.Queue(_BACKLOG)
        self._streams.add(stream)
        try:
            yield _event("state", self._state())
            while True:
                try:
                    news = await asyncio.wait_for(stream.get(), _SILENCE)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if news is None:
                    return
                yield news
        finally:
            self._streams.discard(stream)

    def _news(self, messages: list[PretendMessage]) -> None:
        """Tells at once what comes alone; what comes in a rush is gathered and told together."""
        for message in messages:
            self._gathered[message.channel, message.ref] = message
        self._untold = True
        if self._telling is None:
            self._tell_gathered()

    def _tell_gathered(self) -> None:
        self._telling = None
        if not self._untold:
            return
        chats: dict[tuple[str, str], list[PretendMessage]] = {}
        for message in self._gathered.values():
            if _on_phone(message):
                chats.setdefault((message.person, message.channel), []).append(message)
        views = [self._message_view(m) for chat in chats.values() for m in chat[-_SHOWN:]]
        self._gathered, self._untold = {}, False
        self._publish("change", {"messages": views, **self._lines_view()})
        self._telling = asyncio.get_running_loop().call_later(_PAUSE, self._tell_gathered)

    def _told(self, happening: Happening) -> None:
        self._publish("happening", happening.to_json())
        self._stirred.set()
        if happening.settles:
            self._news([])

    def _publish(self, name: str, data: Json) -> None:
        event = _event(name, data)
        for stream in list(self._streams):
            if not _push(stream, event):
                self._streams.discard(stream)

    def _state(self) -> Json:
        network, cast = self._phones.network, self._phones.cast
        people = [
            {
                "name": person.name,
                "display": person.display or person.name,
                "role": person.role,
                "note": _note_view(cast.notes.get(person.name)),
                "language": person.language,
                "zone": person.zone or cast.zone,
                "channels": list(person.channels),
            }
            for person in cast.people
        ]
        messages = [
            self._message_view(message)
            for person in cast.people
            for channel in person.channels
            for message in network.chat(person.name, channel)[-_SHOWN:]
        ]
        return {
            "people": people,
            "defender": cast.defender,
            "suggestions": [
                {
                    "label": s.label,
                    "person": s.person,
                    "text": s.text,
                    "location": s.location,
                    "language": s.language,
                }
                for s in cast.suggestions
            ],
            "messages": messages,
            "story": [happening.to_json() for happening in self._phones.story.recent()],
            "clock": self._clock_view(),
            **self._quiet_view(),
            **self._lines_view(),
        }

    def _lines_view(self) -> Json:
        network, cast = self._phones.network, self._phones.cast
        lines = [
            {"person": person.name, "channel": channel, "state": network.line(person.name, channel).value}
            for person in cast.people
            for channel in person.channels
        ]
        return {"lines": lines, "up": dict(network.world.up), "ringing": self._phones.story.ringing()}

    def _quiet_view(self) -> Json:
        return {"quiet": self._quiet}

    def _clock_view(self) -> Json:
        clock, due = self._phones.clock, self._due
        return {
            "now": clock.now().isoformat(),
            "factor": clock.factor,
            "zone": self._phones.cast.zone,
            "due": due.isoformat() if due else None,
        }

    def _message_view(self, message: PretendMessage) -> Json:
        view = message.to_json()
        file = self._phones.network.world.files.get(message.file)
        if file is not None:
            view["file"] = {
                "id": file.id,
                "name": file.name,
                "content_type": file.content_type,
                "size": len(file.data),
            }
        else:
            view["file"] = None
        return view

    # ------------------------------------------------------------------------------------------- what is done

    def _on(self, do: Callable[[Json], Awaitable[None] | None]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                done = do(await _body(request))
                if done is not None:
                    await done
            except NotThere as error:
                return JSONResponse({"error": str(error)}, 409)
            except NotUnderstood as error:
                return JSONResponse({"error": str(error)}, 400)
            except OSError as error:
                _log.warning("pretend_phone_not_written", error=type(error).__name__)
                return JSONResponse({"error": "the disk did not take it; nothing was sent"}, 507)
            return JSONResponse({})

        return answer

    def _act(self, body: Json) -> None:
        act(self._phones.network, body)

    def _line(self, body: Json) -> None:
        if body.get("state") not in ("ok", "offline", "refused"):
            raise NotUnderstood("a phone is ok, offline or refused")
        self._phones.set_person(str(body.get("person")), str(body.get("channel", "")), body["state"])

    def _channel(self, body: Json) -> None:
        self._phones.set_channel(str(body.get("name")), up=body.get("up") is True)

    async def _clock(self, body: Json) -> None:
        if body.get("skip") is True:
            due = await asyncio.to_thread(self._next_due)
            if due is None:
                raise NotThere("nothing is due")
            self._phones.skip_to(due)
        else:
            try:
                self._phones.run_at(float(body.get("factor", "")))
            except (TypeError, ValueError):
                raise NotUnderstood("the clock does not have this speed") from None
        self._publish("clock", self._clock_view())


def _note_view(note: Note | None) -> Json:
    note = note or Note("bell", "Nothing here yet", "")
    return {"picture": note.picture, "title": note.title, "text": note.text}


def _on_phone(message: PretendMessage) -> bool:
    return message.mine or message.tick is Tick.ARRIVED


def _event(name: str, data: Json) -> str:
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


def _push(stream: asyncio.Queue[str | None], event: str | None) -> bool:
    """Whether the stream goes on. One that is too far behind is ended: it comes back and asks for
    everything."""
    if event is None or stream.full():
        while not stream.empty():
            stream.get_nowait()
        stream.put_nowait(None)
        return False
    stream.put_nowait(event)
    return True


async def _body(request: Request) -> Json:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _LARGEST_BODY:
            raise NotUnderstood(f"a pretend phone sends files up to {LARGEST_FILE // 1024 // 1024} MB")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise NotUnderstood("this is not an object in JSON")
    return body


def _load_static() -> dict[str, tuple[bytes, str]]:
    folder = resources.files("bot.channels.practice") / "static"
    return {
        item.name: (item.read_bytes(), _TYPES[item.name.rsplit(".", 1)[-1]])
        for item in folder.iterdir()
        if item.name.rsplit(".", 1)[-1] in _TYPES
    }
