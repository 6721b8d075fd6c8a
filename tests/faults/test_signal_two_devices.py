"""Two signal-clis on one account, the second as a linked device, with the real program and the real protocol.

signal-cli that is killed loses the message that it has decrypted and not handed over. The other one has it: Signal
keeps a copy for each device. So here nothing may be lost, whichever of them is killed, or whichever receiver.

The settings of `test_signal_kill.py` say how many kills there are.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alerts.events import Attachment, Inbound, InboundKind
from bot.channels.port import FetchFailed
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.frames import describe
from bot.channels.signal.parse import parse
from bot.channels.signal.settings import SignalSettings
from tests.faults.receivers import Running, eventually
from tests.faults.test_signal_kill import DAEMON_KILLS, KILLS, Daemon, account, campaign, kill_whole
from tests.signal_stack import BOT, two_signal_clis

TOP = Path(__file__).parents[2]
PAUSE = 0.05
"""Seconds between two messages: each is decrypted twice, on a machine of two processors."""


def link(first: Any, second: Any, folder: Path) -> tuple[int, str]:
    """`watchline link` as an administrator runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
    ports = [stack.ports["signal-cli"] for stack in (first, second)]
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "link"],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(TOP),
            "WATCHLINE_SIGNAL_ACCOUNT": BOT,
            "WATCHLINE_SIGNAL_DAEMON": ",".join(f"127.0.0.1:{port}" for port in ports),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def clis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    with two_signal_clis(tmp_path_factory.mktemp("stack")) as (first, second):
        status, said = link(first, second, tmp_path_factory.mktemp("link"))
        assert status == 0, said
        assert BOT not in said
        assert "linkdevice" not in said
        yield first, second


@contextmanager
def receiving_from(stack: Any, folder: Path, name: str, *other: Any) -> Iterator[Running]:
    """A receiver with a lock file of its own, so that its own signal-cli is the one that is named first."""
    running = Running(folder, *map(Daemon, (stack, *other)), lock=f"{name}.lock")  # type: ignore[arg-type]
    try:
        yield running
    finally:
        running.end()


def once(sent: list[str], stored: list[str]) -> bool:
    """Whether nothing of it is stored twice. What the test before left at Signal comes too."""
    ours = [text for text in stored if text in set(sent)]
    return len(ours) == len(set(ours))


def started(stack: Any) -> None:
    """Starts signal-cli as a container engine does: again, when it found that Signal does not answer and ended."""
    for left in reversed(range(3)):
        try:
            stack.start_daemon()
            return
        except RuntimeError:
            if not left:
                raise


def settings(first: Any, second: Any) -> SignalSettings:
    ports = [stack.ports["signal-cli"] for stack in (first, second)]
    return SignalSettings(
        BOT,
        gateway=f"http://{first.gateway_address}",
        daemon=",".join(f"127.0.0.1:{port}" for port in ports),
    )


def test_linked_once_is_linked(clis: tuple[Any, Any], tmp_path: Path) -> None:
    status, said = link(*clis, tmp_path)
    assert (status, "linked already" in said) == (0, True)


def test_signal_clis_killed_in_turns_lose_nothing(
    clis: tuple[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = clis
    turns = itertools.count()
    with receiving_from(second, tmp_path, "second", first) as beside:

        def kill(running: Running) -> None:
            stack, receiver = ((first, running), (second, beside))[next(turns) % 2]
            before = receiver.subscriptions()
            stack.stop_daemon(kill=True)
            started(stack)
            # Its receiver listens to the other one meanwhile, or is back from there.
            eventually(lambda: receiver.subscriptions() > before)

        eventually(beside.subscriptions)
        sent, stored = campaign(
            first,
            tmp_path,
            "one of two signal-clis",
            kill,
            DAEMON_KILLS,
            steady=True,
            pause=PAUSE,
            other=[second],
        )
    assert account("one of two signal-clis", sent, stored, capsys, DAEMON_KILLS) == set()
    assert once(sent, stored), "what both stored is stored once"


def test_receivers_killed_whole_in_turns_lose_nothing(
    clis: tuple[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = clis
    turns = itertools.count()
    with receiving_from(second, tmp_path, "second") as beside:

        def kill(running: Running) -> None:
            kill_whole((running, beside)[next(turns) % 2])

        eventually(beside.subscriptions)
        sent, stored = campaign(
            first, tmp_path, "receiver of two signal-clis", kill, steady=True, pause=PAUSE
        )
    assert account("one receiver, whole, of two signal-clis", sent, stored, capsys, KILLS) == set()
    assert once(sent, stored)


def test_what_the_first_sends_is_no_message_and_is_not_stored(clis: tuple[Any, Any], tmp_path: Path) -> None:
    first, second = clis
    person = first.user("listener")
    with receiving_from(second, tmp_path, "second") as beside:
        eventually(beside.subscriptions)
        person.send("before")
        eventually(lambda: "before" in beside.texts())
        first.rpc("send", account=BOT, recipient=[person.aci], message="PLANTED")
        person.wait_for("PLANTED")
        person.send("after")
        eventually(lambda: "after" in beside.texts())
        assert not [raw for raw in beside.raws() if b"PLANTED" in raw or b"syncMessage" in raw]


def trust_in(signal_cli: Any, person: Any) -> list[str]:
    listed = signal_cli.rpc("listIdentities", account=BOT)
    return [one["trustLevel"] for one in listed if one["uuid"] == person.aci]


def test_a_key_that_the_first_was_told_to_trust_the_second_trusts(
    clis: tuple[Any, Any], tmp_path: Path
) -> None:
    first, second = clis
    person = first.user("renewed")
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    # Each as if it were the only one, so that both tell what they cannot read.
    with (
        receiving_from(first, tmp_path / "a", "first") as one,
        receiving_from(second, tmp_path / "b", "second") as other,
    ):
        both = (one, other)
        eventually(lambda: all(running.subscriptions() for running in both))
        person.send("known")
        eventually(lambda: all("known" in running.texts() for running in both))
        person.reinstall()
        person.send("new key")
        eventually(lambda: all(unreadable(running) for running in both))
        # signal-cli tells of the message first and notes the new key then; only what it has noted can be trusted.
        eventually(lambda: "UNTRUSTED" in trust_in(first, person))
        first.rpc("trust", account=BOT, recipient=person.aci, trustAllKnownKeys=True)
        person.send("trusted")
        eventually(lambda: all("trusted" in running.texts() for running in both))
        assert [unreadable(running) for running in both] == [1, 1]


def test_what_the_second_alone_gets_and_cannot_read_is_stored_as_a_report_of_its_own(
    clis: tuple[Any, Any], tmp_path: Path
) -> None:
    """A new phone's first message, while the first signal-cli is dead: what nobody has read must not vanish."""
    first, second = clis
    person = first.user("reinstalled")
    both = [Running(tmp_path, Daemon(first), Daemon(second)) for _ in range(2)]  # type: ignore[arg-type]

    def reports() -> list[Inbound]:
        return [one for one in map(parse, both[0].raws()) if one.kind is InboundKind.UNREADABLE]

    try:
        eventually(lambda: both[0].subscriptions() >= 2)
        person.send("known")
        eventually(lambda: "known" in both[0].texts())
        first.stop_daemon(kill=True)
        person.reinstall()
        # The receiver of the first listens to the second meanwhile.
        eventually(lambda: both[0].subscriptions() >= 3)
        person.send("PLANTED")
        (report,) = eventually(reports)
        assert (report.sender, report.twin) == (person.aci, report.message_ref)
        started(first)
        # The first tells of its own copy, and by that the report is known.
        eventually(lambda: len(reports()) == 2)
        assert both[0].subscriptions() >= 4
        mine = [describe(raw).twin for raw in both[0].raws() if not parse(raw).twin]
        assert report.twin in mine
    finally:
        for one in both:
            one.keeper.terminate()
        for one in both:
            one.keeper.wait(30)


def unreadable(running: Running) -> int:
    return sum(parse(raw).kind is InboundKind.UNREADABLE for raw in running.raws())


def test_a_photo_that_came_while_the_first_was_down_is_fetched_from_the_second(
    clis: tuple[Any, Any], tmp_path: Path
) -> None:
    first, second = clis
    person = first.user("photographer")
    photo = os.urandom(100_000)
    with receiving_from(second, tmp_path, "second") as beside:
        eventually(beside.subscriptions)
        first.stop_daemon(kill=True)
        try:
            encoded = base64.b64encode(photo).decode()
            person.send(
                "look", attachments=[{"data": encoded, "contentType": "image/jpeg", "fileName": "p.jpg"}]
            )
            eventually(lambda: "look" in beside.texts())
            (attachment,) = next(found for raw in beside.raws() if (found := parse(raw).attachments))
            assert fetched(first, second, attachment) == photo
            gone = Attachment("nothing.jpg", "image/jpeg", 5, "", False)
            with pytest.raises(FetchFailed) as failed:
                fetched(first, second, gone)
            assert failed.value.gone
        finally:
            first.start_daemon()


def fetched(first: Any, second: Any, attachment: Attachment) -> bytes:
    async def fetch() -> bytes:
        channel = SignalChannel(settings(first, second))
        try:
            return b"".join([piece async for piece in channel.fetch(attachment, 10**6)])
        finally:
            await channel.close()

    return asyncio.run(fetch())


def test_a_report_tells_whether_the_second_is_there_and_linked(clis: tuple[Any, Any], tmp_path: Path) -> None:
    first, second = clis

    def second_is() -> str:
        async def ask() -> str:
            channel = SignalChannel(settings(first, second))
            try:
                return (await channel.report()).second.value
            finally:
                await channel.close()

        return asyncio.run(ask())

    assert second_is() == "well"
    second.stop_daemon()
    assert second_is() == "silent"
    moved = second.data.rename(second.data.with_name("moved"))
    second.start_daemon()
    assert second_is() == "unlinked"
    second.stop_daemon()
    assert second_is() == "silent"
    for stray in sorted(second.data.rglob("*"), reverse=True):
        stray.rmdir() if stray.is_dir() else stray.unlink()
    second.data.rmdir()
    moved.rename(second.data)
    second.start_daemon()
    assert second_is() == "well"
