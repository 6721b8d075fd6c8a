"""The receiver's processes on the gateway's websocket: what the gateway handed over is not lost.

What signal-cli's own socket is owed as well is in `test_receivers.py`; the same with the real signal-cli behind the
gateway, and with many kills, in `test_signal_gateway_kill.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import receiver_sources
from bot.channels.signal.parse import parse
from bot.receiver_sources import Kind, Source, purpose
from bot.seats import SEATS, at_work, holders_of, seats_taken
from bot.socket_peek import FRAME_LIMIT
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon
from tests.fakes.signal_gateway import SignalGateway, signal_gateway
from tests.fakes.signal_receiver import SELF, environment
from tests.faults.receivers import PATIENCE, Running, Websocket, eventually


@pytest.fixture
def gateway() -> Iterator[SignalGateway]:
    with signal_gateway() as running:
        yield running


@pytest.fixture
def line(gateway: SignalGateway) -> Websocket:
    return Websocket(gateway)


def test_what_two_receivers_are_handed_is_stored_once(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    with (
        line.receiving(tmp_path) as one,
        line.receiving(tmp_path, lock="other.lock"),
    ):
        gateway.deliver_text('{"account": 7, "envelope": "SOS"}')
        gateway.deliver_text("not even JSON")
        line.say("SOS", "second")
        eventually(lambda: len(one.raws()) == 4)
    assert len(one.raws()) == 4, "both have ended, and taken all they were handed"


def test_what_comes_before_the_worker_reads_waits_in_the_socket(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    with line.receiving(tmp_path, start=0.5) as running:
        line.say("SOS", "second")
        eventually(lambda: running.texts() == ["SOS", "second"])


@pytest.mark.parametrize("politely", [True, False])
def test_a_gateway_that_restarts_is_attached_to_again(
    tmp_path: Path, gateway: SignalGateway, line: Websocket, politely: bool
) -> None:
    with line.receiving(tmp_path) as running:
        line.say("before")
        if politely:
            gateway.hang_up()
        else:
            gateway.down()
            gateway.up()
        eventually(gateway.attached)
        line.say("after")
        eventually(lambda: running.texts() == ["before", "after"])


def test_a_message_larger_than_the_socket_and_one_beyond_all_measure(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    large = "x" * 300_000
    with line.receiving(tmp_path) as running:
        line.say("small", large)
        gateway.deliver_text(json.dumps({"envelope": "y" * FRAME_LIMIT}))
        line.say("after")
        eventually(lambda: len(running.raws()) == 4)
        raws = running.raws()
        assert parse(raws[1]).text == large
        assert len(raws[2]) == FRAME_LIMIT, "stored as far as it goes, for quarantine"
        assert parse(raws[3]).text == "after"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 101 Ok\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
        b"X" * 20_000,
        b"",
    ],
    ids=["refused", "not for us", "without an end", "nothing"],
)
def test_what_is_no_websocket_is_tried_again_and_not_taken_for_one(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            theirs, _ = listener.accept()
            with theirs:
                theirs.recv(10_000)
                theirs.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        source = Source(Kind.FRAMES, "127.0.0.1", listener.getsockname()[1], ACCOUNT)
        with pytest.raises(ConnectionError):
            source.connect()
        server.join()


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_for_hours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(receiver_sources, "CONNECT_SECONDS", 0.3)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            theirs, _ = listener.accept()
            with theirs, contextlib.suppress(OSError):
                while not over.wait(0.05):
                    theirs.sendall(b"H")

        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(OSError, match="timed out"):
            Source(Kind.FRAMES, "127.0.0.1", listener.getsockname()[1], ACCOUNT).connect()
        over.set()
        server.join()


def test_an_address_of_the_sixth_version_is_named_as_the_gateway_wants_it() -> None:
    """Over a pair of sockets, since not every machine has such addresses."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionError):
            Source(Kind.FRAMES, "::1", 8080, ACCOUNT).greet(ours)
        assert b"Host: [::1]:8080\r\n" in theirs.recv(10_000)


def test_receivers_that_are_not_attached_are_not_at_work(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    with line.receiving(tmp_path) as running:
        ours = purpose([Source(Kind.FRAMES, "127.0.0.1", gateway.port, ACCOUNT)])
        eventually(lambda: at_work(running.lock, ours) == 1)
        gateway.down()
        eventually(lambda: at_work(running.lock, ours) == 0)
        assert holders_of(running.lock) == {running.keeper.pid}
        gateway.up()
        eventually(lambda: at_work(running.lock, ours) == 1)


BOT = (sys.executable, "-m", "tests.fakes.signal_bot", "gateway")


def test_receivers_of_other_settings_that_outlived_their_bot_are_replaced(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    elsewhere = FakeDaemon()
    lock, database = str(tmp_path / "receiver.lock"), str(tmp_path / "inbox.db")
    common = {"host": "127.0.0.1", "account": ACCOUNT, "lock": lock, "database": database}
    before = Running.__new__(Running)
    before.database = database
    left = [
        subprocess.Popen(SELF, env=environment(**common, ports=[elsewhere.port]), start_new_session=True)
        for _ in range(SEATS)
    ]
    eventually(lambda: holders_of(lock) == {one.pid for one in left})
    given = environment(**common, ports=[gateway.port], kind="frames")
    command = [*BOT, f"http://127.0.0.1:{gateway.port}", ACCOUNT, lock, *SELF]
    bot = subprocess.Popen(command, env=given, start_new_session=True)
    try:
        assert [one.wait(PATIENCE) for one in left] == [0] * SEATS
        eventually(lambda: gateway.attached() == SEATS)
        line.say("SOS")
        eventually(lambda: before.texts() == ["SOS"])
    finally:
        bot.send_signal(signal.SIGINT)
        bot.wait(PATIENCE)
        elsewhere.close()
    assert not seats_taken(lock)


def test_the_receivers_outlive_a_killed_bot_and_the_next_bot_starts_no_others(
    tmp_path: Path, gateway: SignalGateway, line: Websocket
) -> None:
    lock, database = str(tmp_path / "receiver.lock"), str(tmp_path / "inbox.db")
    given = environment(
        host="127.0.0.1", ports=[gateway.port], account=ACCOUNT, lock=lock, database=database, kind="frames"
    )
    command = [*BOT, f"http://127.0.0.1:{gateway.port}", ACCOUNT, lock, *SELF]

    def bot() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, env=given, start_new_session=True)

    stored = Running.__new__(Running)
    stored.database = database
    first = bot()
    eventually(lambda: gateway.attached() == SEATS)
    keepers = holders_of(lock)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    line.say("while no bot is there")
    eventually(lambda: stored.texts() == ["while no bot is there"])
    second = bot()
    try:
        line.say("and with the next")
        eventually(lambda: stored.count() == 2)
        assert holders_of(lock) == keepers
        assert gateway.attached() == SEATS
    finally:
        second.kill()
        second.wait()
        for keeper in keepers:
            os.kill(keeper, signal.SIGTERM)
        eventually(lambda: not seats_taken(lock))
