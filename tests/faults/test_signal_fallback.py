"""A receiver whose own signal-cli cannot be had listens to the other one meanwhile, and loses nothing on the way there
and back.

The stand-ins forget what they handed over, and keep what nobody asked for, as the real ones do.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.channels.signal.parse import parse
from bot.receiver_fallback import LOOK_SECONDS, STEADY_SECONDS, Choice
from bot.receiver_sources import Kind, Source, purpose
from bot.seats import at_work, take_seat
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon, envelope, message
from tests.faults.receivers import Running, eventually

UNREADABLE = {"type": "UntrustedIdentityException", "message": "Untrusted identity"}


@pytest.fixture
def daemons() -> Iterator[tuple[FakeDaemon, FakeDaemon]]:
    both = FakeDaemon(), FakeDaemon()
    yield both
    for daemon in both:
        daemon.close()
        assert daemon.strange == []


@contextmanager
def receiving(folder: Path, *daemons: FakeDaemon, count: int = 2) -> Iterator[Running]:
    """So many receivers; all that they stored and said is in the one that is returned."""
    running = [Running(folder, *daemons, look=0.3, drain=1.0) for _ in range(count)]
    try:
        yield running[0]
    finally:
        for one in running:
            one.keeper.terminate()
        for one in running:
            one.keeper.wait(30)


def listens_to(daemons: tuple[FakeDaemon, FakeDaemon], first: int, second: int) -> None:
    eventually(lambda: [daemon.subscribers for daemon in daemons] == [first, second])


def connected(running: Running, daemons: tuple[FakeDaemon, FakeDaemon]) -> int:
    sources = [
        Source(Kind.LINES, "127.0.0.1", one.port, ACCOUNT, number > 0) for number, one in enumerate(daemons)
    ]
    return at_work(running.lock, purpose(sources))


def test_while_the_second_is_away_both_listen_to_the_first(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    second.die()
    with receiving(tmp_path, *daemons) as running:
        listens_to(daemons, 2, 0)
        assert connected(running, daemons) == 2
        first.push(message("SOS", 1))
        eventually(lambda: running.texts() == ["SOS"])
        second.rise()
        listens_to(daemons, 1, 1)
        second.push(message("SOS", 1))
        second.push(message("the second's alone", 2))
        eventually(lambda: running.texts() == ["SOS", "the second's alone"])
        second.die()
        listens_to(daemons, 2, 0)
        assert connected(running, daemons) == 2
        second.rise()
        listens_to(daemons, 1, 1)


def test_while_the_first_is_away_both_listen_to_the_second_whose_reports_stay_the_seconds(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    with receiving(tmp_path, *daemons) as running:
        listens_to(daemons, 1, 1)
        first.die()
        listens_to(daemons, 0, 2)
        second.push({**envelope(1), "exception": UNREADABLE})
        eventually(lambda: running.count() == 1)
        first.rise()
        listens_to(daemons, 1, 1)
        first.push({**envelope(2), "exception": UNREADABLE})
        eventually(lambda: running.count() == 2)
        second.push(message("SOS", 3))
        eventually(lambda: running.count() == 3)
    assert [bool(parse(raw).twin) for raw in running.raws()] == [True, False, False], "by where it was read"


def test_until_the_second_is_linked_both_listen_to_the_first_and_nothing_has_to_be_restarted(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    second.accounts.clear()
    with receiving(tmp_path, *daemons) as running:
        listens_to(daemons, 2, 0)
        first.push(message("SOS", 1))
        eventually(lambda: running.texts() == ["SOS"])
        second.accounts.append(ACCOUNT)
        listens_to(daemons, 1, 1)


@contextmanager
def alone_on_the_second_seat(folder: Path, *daemons: FakeDaemon) -> Iterator[Running]:
    """A receiver that nobody else receives beside. What it loses is lost."""
    seat = take_seat(str(folder / "receiver.lock"))
    try:
        with receiving(folder, *daemons, count=1) as running:
            yield running
    finally:
        os.close(seat.descriptor)


def test_what_is_not_stored_yet_keeps_a_receiver_where_it_is(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    second.die()
    refuse = tmp_path / "inbox.db.refuse"
    refuse.write_bytes(b"SOS")
    with alone_on_the_second_seat(tmp_path, *daemons) as running:
        first.push(message("SOS", 1))
        eventually(running.stands)
        second.rise()
        eventually(running.stayed)
        assert second.subscribers == 0
        refuse.unlink()
        eventually(lambda: running.texts() == ["SOS"])
        assert first.subscriptions == 1, "on the same connection"
        listens_to(daemons, 0, 1)


def test_messages_that_pour_in_keep_a_receiver_where_it_is(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    """They were written before the second was linked, and it has no copies of them."""
    first, second = daemons
    second.die()
    sent: list[str] = []
    quiet = threading.Event()

    def pour() -> None:
        while not quiet.wait(0.1):
            sent.append(f"m{len(sent)}")
            first.push(message(sent[-1], len(sent)))

    with alone_on_the_second_seat(tmp_path, *daemons) as running:
        listens_to(daemons, 1, 0)
        pouring = threading.Thread(target=pour)
        pouring.start()
        try:
            second.rise()
            eventually(running.stayed)
            assert second.subscribers == 0
        finally:
            quiet.set()
            pouring.join()
        listens_to(daemons, 0, 1)
        assert running.texts() == sent
        assert first.subscriptions == 1


def test_where_neither_knows_the_account_no_worker_is_started_until_one_does(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    first.accounts.clear()
    second.accounts.clear()
    with receiving(tmp_path, *daemons, count=1) as running:
        for _ in ("the worker", "a look", "another look"):
            second.wait_for("gone")
        assert running.refused() == 2, (
            "each has refused once, and is only asked whether it knows the account since"
        )
        assert connected(running, daemons) == 0
        first.accounts.append(ACCOUNT)
        listens_to(daemons, 1, 0)


def test_one_that_comes_and_goes_is_taken_seldom(daemons: tuple[FakeDaemon, FakeDaemon]) -> None:
    first, second = map(source, daemons)
    choice = Choice((first, second), 1, lambda: None)

    def taken() -> Source:
        with choice.connect():
            return choice.source

    assert taken() is second
    choice.ended(1.0, refused=False)
    pauses = [choice.pause() for _ in LOOK_SECONDS]
    assert (taken(), pauses) == (first, list(LOOK_SECONDS))
    choice.ended(STEADY_SECONDS + 1, refused=False)
    assert taken() is second
    choice.ended(STEADY_SECONDS - 1, refused=False)
    assert (taken(), choice.pause()) == (first, LOOK_SECONDS[-1])
    choice.ended(1.0, refused=False)
    assert taken() is second
    choice.ended(STEADY_SECONDS + 1, refused=False)
    assert choice.pause() == LOOK_SECONDS[0]
    assert taken() is first
    choice.ended(1.0, refused=False)


def test_whether_a_signal_cli_hands_out_the_account(
    daemons: tuple[FakeDaemon, FakeDaemon], monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon, _ = daemons
    asked = source(daemon)
    assert asked.hands_out()
    daemon.accounts.clear()
    assert not asked.hands_out()
    daemon.accounts.append(ACCOUNT)
    monkeypatch.setattr("bot.receiver_sources.CONNECT_SECONDS", 0.1)
    daemon.mute = True
    assert not asked.hands_out()
    daemon.mute = False
    daemon.die()
    assert not asked.hands_out()
    daemon.rise()


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (b'{"method": "receive"}\n{"id": "accounts", "result": [{"number": "+14155550100"}]}\n', True),
        (b'{"id": "accounts", "result": [{"number": "+14155550199"}]}\n', False),
        # Of one that was started for a single account. Whether it is ours shows when it is asked for the messages.
        (b'{"id": "accounts", "error": {"code": -32601, "message": "Method not implemented"}}\n', True),
        (b'{"id": "accounts", "result": "+14155550100"}\n', False),
        (b"[" * 5000 + b"\n", False),
        (b'{"id": "accounts", "result": ["' + b"x" * 100_000 + b'"]}\n', False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
)
def test_what_else_may_answer(answer: bytes, known: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        host, port = listener.getsockname()
        assert Source(Kind.LINES, host, port, ACCOUNT).hands_out() is known
        server.join()


def source(daemon: FakeDaemon) -> Source:
    return Source(Kind.LINES, "127.0.0.1", daemon.port, ACCOUNT)
