"""The practice page from outside: who may ask it anything, and what its answers do."""

import asyncio
import base64
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.practice.page import NotLoopback, PracticePage
from bot.channels.practice.phones import PracticePhones
from bot.clock import SystemEntropy
from tests.fakes.practice_server import KEY, PracticeServer, practice_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PracticeServer]:
    with practice_server(tmp_path) as running:
        yield running


def asks(server: PracticeServer, **headers: str) -> httpx.Client:
    own = {"Authorization": f"Bearer {server.token}", "Origin": server.root}
    return httpx.Client(base_url=server.root, headers={**own, **headers}, trust_env=False)


def act(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post("/api/act", json={"person": "sami", "channel": "signal", **body})


class Stream:
    """The page's own view: server-sent events, read one after another."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def next(self, name: str) -> dict[str, Any]:
        """The next event of this name; others are passed over."""
        found = ""
        for line in self._lines:
            if line.startswith("event: "):
                found = line.removeprefix("event: ")
            elif line.startswith("data: ") and found == name:
                data: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return data
        raise AssertionError("the stream has ended")


def test_the_empty_page_is_served_and_knows_nothing(server: PracticeServer) -> None:
    with httpx.Client(base_url=server.root, trust_env=False) as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "Sami" not in page.text
        for name in ("main.js", "base.css", "mark.svg"):
            assert client.get(f"/static/{name}").status_code == 200
        assert client.get("/static/page.py").status_code == 404
        assert client.get("/static/..%2fpage.py").status_code == 404


def test_nothing_on_the_page_comes_from_elsewhere(server: PracticeServer) -> None:
    with httpx.Client(base_url=server.root, trust_env=False) as client:
        page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "http" not in page.text
    assert "style=" not in page.text
    assert page.text.count("<script") == 1


API = ("/api/events", "/api/file/f1", "/api/act", "/api/line", "/api/channel", "/api/clock", "/api/none")


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", "Bearer \u00e9", "wrong"])
def test_every_question_needs_the_token(server: PracticeServer, shown: str) -> None:
    with asks(server) as client:
        headers = {b"Authorization": shown.encode("latin-1")}
        for path in API:
            assert client.get(path, headers=headers).status_code == 401, path
            assert client.post(path, headers=headers, json={}).status_code == 401, path


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{port}", ""]
)
def test_a_name_that_was_made_to_point_here_gets_nothing(server: PracticeServer, host: str) -> None:
    with asks(server, Host=host.format(port=server.page.port)) as client:
        # h11 refuses an empty host before we see it.
        assert client.get("/").status_code in (400, 421)
        assert act(client, do="write", text="SOS").status_code in (400, 421)
    assert server.desk.stored == []


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1"]
)
def test_another_web_page_gets_nothing_even_with_the_token(server: PracticeServer, origin: str) -> None:
    with asks(server, Origin=origin.format(port=server.page.port)) as client:
        assert act(client, do="write", text="SOS").status_code == 403
        assert client.get("/").status_code == 403
    with asks(server, **{"Sec-Fetch-Site": "cross-site"}) as client:
        assert act(client, do="write", text="SOS").status_code == 403
    with httpx.Client(base_url=server.root, trust_env=False) as client:
        answer = client.post("/api/act", json={}, headers={"Authorization": f"Bearer {server.token}"})
        assert answer.status_code == 403
    assert server.desk.stored == []


@pytest.mark.parametrize("later", range(4))
def test_it_ends_when_told_to_though_something_happens_just_then(tmp_path: Path, later: int) -> None:
    async def ended() -> bool:
        watching = asyncio.ensure_future(page._watch())
        for _ in range(4):  # so that it waits for something to happen
            await asyncio.sleep(0)
        page._stirred.set()
        for _ in range(later):
            await asyncio.sleep(0)
        watching.cancel()
        done, _ = await asyncio.wait({watching}, timeout=1)
        watching.cancel()  # once more, or a test that fails would never end
        return bool(done)

    phones = PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="practice")
    page = PracticePage(phones, SystemEntropy())
    assert asyncio.run(ended())
    phones.close()


def test_whoever_comes_before_it_is_up_waits_instead_of_being_refused(tmp_path: Path) -> None:
    phones = PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="practice")
    page = PracticePage(phones, SystemEntropy())
    with socket.create_connection(("127.0.0.1", page.port), timeout=10) as early:
        assert early.getpeername() == ("127.0.0.1", page.port)
    phones.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::1", "::"])  # noqa: S104  # refused is the point
def test_it_is_served_to_this_machine_only(tmp_path: Path, host: str) -> None:
    phones = PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="practice")
    with pytest.raises(NotLoopback):
        PracticePage(phones, SystemEntropy(), host=host)
    phones.close()


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    phones = PracticePhones(tmp_path / "phones", KEY, SystemEntropy(), lineage="practice")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        PracticePage(phones, SystemEntropy(), port=taken.getsockname()[1])
    phones.close()


def test_an_sos_is_seen_going_from_phone_to_phone(server: PracticeServer) -> None:
    with asks(server) as client, client.stream("GET", "/api/events") as response:
        stream = Stream(response)
        state = stream.next("state")
        assert [person["name"] for person in state["people"]] == ["sami", "lina", "ana", "ben", "carla"]
        assert act(client, do="write", text="SOS").status_code == 200
        written = stream.next("change")["messages"]
        assert [(m["person"], m["text"], m["tick"]) for m in written] == [("sami", "SOS", "sent")]
        ringing: list[dict[str, Any]] = []
        while not ringing:
            ringing = stream.next("change")["ringing"]
        assert {page["person"] for page in ringing} == {"ana"}
        pressed = {"person": "ana", "channel": "telegram", "do": "press", "number": 1}
        assert client.post("/api/act", json=pressed).status_code == 200
        while ringing:
            ringing = stream.next("change")["ringing"]
    with asks(server) as client, client.stream("GET", "/api/events") as response:
        again = Stream(response).next("state")
    texts = [happening["text"] for happening in again["story"]]
    assert texts[:3] == ["Sami writes on Signal", "A case is opened: P1", "Ana is paged"]
    assert "Ana takes the case" in texts
    ticks = {m["tick"] for m in again["messages"] if m["person"] == "sami" and m["mine"]}
    assert ticks == {"stored"}


def test_files_go_in_and_come_out_as_they_were(server: PracticeServer) -> None:
    content = bytes(range(256)) * 600
    with asks(server) as client, client.stream("GET", "/api/events") as response:
        stream = Stream(response)
        stream.next("state")
        sent = act(
            client,
            do="attach",
            data=base64.b64encode(content).decode(),
            name="<b>x</b>.svg",
            content_type="image/svg+xml",
        )
        assert sent.status_code == 200
        (message,) = stream.next("change")["messages"]
        file = client.get(f"/api/file/{message['file']['id']}")
        assert file.content == content
        # A drawing with a script in it must not run under this page's origin.
        assert file.headers["content-type"] == "application/octet-stream"
        assert file.headers["content-disposition"] == "attachment"
        assert client.get("/api/file/f99").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "write", "text": ""}, 400),
        ({"do": "write", "text": 7}, 400),
        ({"do": "write", "text": "x" * 300_000}, 400),
        ({"do": "fly"}, 400),
        ({}, 400),
        ({"do": "pin", "latitude": 91, "longitude": 0}, 400),
        ({"do": "pin", "latitude": "here"}, 400),
        ({"do": "press", "number": "1"}, 400),
        ({"do": "attach", "data": "%%%"}, 400),
        ({"do": "attach", "data": 7}, 400),
        ({"do": "write", "text": "SOS", "person": "nobody"}, 409),
        ({"do": "write", "text": "SOS", "person": "lina", "channel": "telegram"}, 409),
        ({"do": "press", "number": 1, "channel": "telegram"}, 409),
        ({"do": "edit", "text": "x", "target": "99"}, 409),
        ({"do": "delete", "target": "1"}, 409),
    ],
)
def test_what_no_phone_can_do_is_said_and_changes_nothing(
    server: PracticeServer, body: dict[str, Any], status: int
) -> None:
    with asks(server) as client:
        answer = act(client, **body)
        assert answer.status_code == status
        assert answer.json()["error"]
    assert server.desk.stored == []


@pytest.mark.parametrize(
    "told", ["audio/\r\n\r\nx", "image/png\r\nX: y", "image/svg+xml", "audio/ogg,text/html", "audio/\u00e9"]
)
def test_a_file_of_an_odd_type_is_only_a_file(server: PracticeServer, told: str) -> None:
    with asks(server) as client:
        act(client, do="attach", data="YQ==", name="a", content_type=told)
        (file,) = server.phones.network.world.files
        answer = client.get(f"/api/file/{file}")
    assert (answer.content, answer.headers["content-type"]) == (b"a", "application/octet-stream")


@pytest.mark.parametrize("told", ["audio/webm;codecs=opus", "audio/ogg", "image/jpeg"])
def test_what_can_be_shown_is_served_as_what_it_is(server: PracticeServer, told: str) -> None:
    with asks(server) as client:
        act(client, do="attach", data="YQ==", name="a", content_type=told)
        (file,) = server.phones.network.world.files
        assert client.get(f"/api/file/{file}").headers["content-type"] == told


@pytest.mark.parametrize("body", [b"", b"[]", b"SOS", b"[" * 5000, b"\xff\xfe"])
def test_what_is_not_json_is_refused(server: PracticeServer, body: bytes) -> None:
    with asks(server) as client:
        assert client.post("/api/act", content=body).status_code == 400


def test_half_a_letter_gets_through_whole(server: PracticeServer) -> None:
    with asks(server) as client, client.stream("GET", "/api/events") as response:
        stream = Stream(response)
        stream.next("state")
        body = b'{"person":"sami","channel":"signal","do":"write","text":"SOS \\ud83c"}'
        assert client.post("/api/act", content=body).status_code == 200
        assert stream.next("change")["messages"][0]["text"] == "SOS \ud83c"


def test_phones_and_lines_are_switched(server: PracticeServer) -> None:
    with asks(server) as client, client.stream("GET", "/api/events") as response:
        stream = Stream(response)
        stream.next("state")
        line = {"person": "ben", "channel": "signal", "state": "offline"}
        assert client.post("/api/line", json=line).status_code == 200
        assert line in stream.next("change")["lines"]
        assert client.post("/api/channel", json={"name": "telegram", "up": False}).status_code == 200
        assert stream.next("change")["up"] == {"signal": True, "telegram": False}
        assert client.post("/api/line", json={**line, "state": "asleep"}).status_code == 400
        assert client.post("/api/channel", json={"name": "fax", "up": True}).status_code == 409


def test_the_clock_runs_faster_and_is_put_forward_to_what_is_due(tmp_path: Path) -> None:
    due = datetime.now(UTC) + timedelta(days=3)
    with (
        practice_server(tmp_path, next_due=lambda: due) as server,
        asks(server) as client,
        client.stream("GET", "/api/events") as response,
    ):
        stream = Stream(response)
        stream.next("state")
        assert client.post("/api/clock", json={"factor": 60}).status_code == 200
        while stream.next("clock")["factor"] != 60:
            pass
        assert client.post("/api/clock", json={"skip": True}).status_code == 200
        while datetime.fromisoformat(stream.next("clock")["now"]) < due:
            pass
        for wrong in ({"factor": 0}, {"factor": "fast"}, {"factor": 1e9}, {}):
            assert client.post("/api/clock", json=wrong).status_code == 400


def test_with_nothing_due_the_clock_is_not_put_forward(server: PracticeServer) -> None:
    with asks(server) as client:
        assert client.post("/api/clock", json={"skip": True}).status_code == 409


def test_the_token_is_different_every_time_and_long(tmp_path: Path) -> None:
    tokens = set()
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        with practice_server(tmp_path / str(number)) as server:
            tokens.add(server.token)
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)
