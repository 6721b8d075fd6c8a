"""Two signal-clis of one account, as far as stand-ins show it.

The real two are in `tests/faults/test_signal_two_devices.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from alerts.events import InboundKind, RawInbound
from alerts.records import replace
from alerts.store import inbox, tables
from bot.channels.signal.channel import KEPT_BY_SIGNAL, SignalChannel
from bot.channels.signal.frames import describe, describe_report, is_echo, is_report
from bot.channels.signal.health import Health, SignalState
from bot.channels.signal.lookout import Lookout
from bot.channels.signal.parse import parse
from bot.channels.signal.settings import SignalSettings, SignalSettingsWrong
from bot.clock import SimulatedClock
from bot.commands.run import missing
from bot.engine import DEDUP_WINDOW, Engine
from bot.receiver_sources import purpose
from bot.rules import shipped_rules
from bot.seats import take_seat
from config.settings import Settings
from tests.contract.test_nodes import opened
from tests.fakes.signal_daemon import ACCOUNT, ALICE, OWN_ID, FakeDaemon, envelope, message, ours
from tests.faults.receivers import Running, eventually, say

TOP = Path(__file__).parents[2]


@pytest.fixture
def daemons() -> Iterator[tuple[FakeDaemon, FakeDaemon]]:
    both = FakeDaemon(), FakeDaemon()
    yield both
    for daemon in both:
        daemon.close()
        assert daemon.strange == []


def named(*daemons: FakeDaemon) -> str:
    return ",".join(f"127.0.0.1:{daemon.port}" for daemon in daemons)


# ------------------------------------------------------------------------------------------------------------ settings


def test_one_socket_or_two() -> None:
    one = SignalSettings(ACCOUNT, daemon="signal-cli:6001")
    assert one.daemon_addresses() == (("signal-cli", 6001),)
    two = SignalSettings(ACCOUNT, daemon="127.0.0.1:6001, [::1]:6002")
    assert two.daemon_addresses() == (("127.0.0.1", 6001), ("::1", 6002))


@pytest.mark.parametrize(
    "daemon", ["", "a:1,", ",a:1", "a:1,b", "a:1,a:1", "a:1,b:2,c:3", "a:0", "a:65536", "a:٣"]
)
def test_what_names_no_sockets_is_refused(daemon: str) -> None:
    with pytest.raises(SignalSettingsWrong, match="WATCHLINE_SIGNAL_DAEMON"):
        SignalSettings(ACCOUNT, daemon=daemon)


# ----------------------------------------------------------------------------------------------------------- receiving


def test_each_of_two_receivers_takes_one_and_the_copies_are_stored_once(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    running = [Running(tmp_path, first, second) for _ in range(2)]
    try:
        for daemon in daemons:
            daemon.wait_for("subscribed")
        assert [daemon.subscriptions for daemon in daemons] == [1, 1]
        for frame in (message("SOS", 1), message("both", 2)):
            first.push(frame)
            second.push(frame)
        second.push(message("the second's alone", 3))
        eventually(lambda: len(running[0].texts()) == 3)
        first.die()
        second.push(message("while the first is dead", 4))
        eventually(lambda: "while the first is dead" in running[0].texts())
        first.rise()
        first.push(message("while the first is dead", 4))
        first.push(message("alive again", 5))
        eventually(lambda: "alive again" in running[0].texts())
        assert sorted(running[0].texts()) == sorted(
            ["SOS", "both", "the second's alone", "while the first is dead", "alive again"]
        )
    finally:
        for one in running:
            one.keeper.terminate()
        for one in running:
            one.keeper.wait(30)


def test_what_our_other_device_did_is_not_stored(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    running = Running(tmp_path, daemons[0])
    try:
        daemons[0].push(ours(syncMessage={"sentMessage": {"message": "PLANTED"}}))
        daemons[0].push(envelope(8, syncMessage={"sentMessage": {"message": "a stranger's"}}))
        say(daemons[0], "SOS")
        eventually(lambda: running.count() == 2)
        assert running.texts()[-1] == "SOS"
        assert parse(running.raws()[0]).kind is InboundKind.OTHER
    finally:
        running.end()


@pytest.mark.parametrize(
    ("frame", "echo"),
    [
        (ours(syncMessage={}), True),
        (ours(syncMessage={"sentMessage": {"message": "x"}}), True),
        ({**ours(syncMessage={}), "account": OWN_ID}, True),
        (ours(syncMessage={}, dataMessage={"message": "SOS"}), False),
        (ours(syncMessage={}, receiptMessage={"timestamps": [1]}), False),
        ({**ours(syncMessage={}), "exception": {"type": "UntrustedIdentityException"}}, False),
        (ours(syncMessage="SOS"), False),
        # A stranger's, or whose cannot be said.
        (envelope(1, syncMessage={}), False),
        (envelope(1, syncMessage={"sentMessage": {"message": "SOS"}}), False),
        (envelope(1, sourceNumber="+14155550111", syncMessage={}), False),
        (envelope(1, sender="", syncMessage={}), False),
        ({"envelope": ours(syncMessage={})["envelope"]}, False),
        ({**envelope(1, sender="", syncMessage={}), "account": ""}, False),
        (message('"syncMessage"'), False),
        (message("SOS"), False),
    ],
)
def test_only_what_nobody_said_to_us_is_an_echo(frame: dict[str, Any], echo: bool) -> None:
    assert is_echo(json.dumps(frame).encode()) is echo
    wrapped = {"jsonrpc": "2.0", "method": "receive", "params": {"subscription": 0, "result": frame}}
    assert is_echo(json.dumps(wrapped).encode()) is echo


def test_what_the_second_cannot_read_is_stored_beside_what_the_first_tells_of_it(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    running = [Running(tmp_path, *daemons) for _ in range(2)]
    changed = {"type": "UntrustedIdentityException", "message": "Untrusted identity"}
    try:
        for daemon in daemons:
            daemon.wait_for("subscribed")
        daemons[1].push({**envelope(1), "exception": changed})
        daemons[1].push({**message("read all the same", 2), "exception": changed})
        daemons[1].push(message("after it", 3))
        eventually(lambda: running[0].count() == 3)
        daemons[0].push({**envelope(1), "exception": changed})
        eventually(lambda: running[0].count() == 4)
        found = [parse(raw) for raw in running[0].raws()]
        assert [(one.kind, one.twin) for one in found] == [
            (InboundKind.UNREADABLE, f"{ALICE}:1"),
            (InboundKind.TEXT, ""),
            (InboundKind.TEXT, ""),
            (InboundKind.UNREADABLE, ""),
        ]
    finally:
        for one in running:
            one.keeper.terminate()
        for one in running:
            one.keeper.wait(30)


def test_a_report_of_the_second_is_no_alarm_yet_and_nobody_else_s_frame_looks_like_one() -> None:
    changed = {"type": "UntrustedIdentityException", "message": '{"linkedDevice":true,'}
    raw = json.dumps({**envelope(1, sourceName='{"linkedDevice":true,'), "exception": changed}).encode()
    first, second = describe(raw), describe_report(raw)
    assert (first.peek, second.peek) == ("🆘", "")
    assert first.dedup != second.dedup
    assert (first.twin, second.twin) == (f"{ALICE}:1", "")
    assert (parse(first.raw).twin, parse(second.raw).twin) == ("", first.twin)
    assert parse(second.raw) == replace(parse(first.raw), twin=first.twin)
    assert describe_report(b" " + raw) == second
    for odd in (b"", b"[]", b"\xef\xbb\xbf{}", b"{", b'{"envelope":'):
        assert describe_report(odd).raw.endswith(odd.lstrip(b"{")), "nothing of it is lost"


@pytest.mark.parametrize("raw", [b'"syncMessage"', b'{"envelope": {"syncMessage": {}', b'["syncMessage"]'])
def test_what_cannot_be_read_is_no_echo(raw: bytes) -> None:
    assert not is_echo(raw)
    assert not is_report(raw.replace(b"syncMessage", b"exception"))


# --------------------------------------------------------------------------------------------------------- redelivery


def test_ids_are_kept_for_as_long_as_a_second_signal_cli_may_bring_a_message_again() -> None:
    one, two = (SignalSettings(ACCOUNT, daemon=daemon) for daemon in ("a:1", "a:1,b:2"))
    assert SignalChannel(one).redelivery() is None
    assert SignalChannel(two).redelivery() == KEPT_BY_SIGNAL > timedelta(days=45)


def test_an_old_message_that_comes_again_is_known_while_its_channel_may_bring_it(database: str) -> None:
    clock = SimulatedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    store, entropy = opened(database, clock, 5, create=True)
    engine = Engine(store, shipped_rules("Europe/Brussels"), {}, clock, entropy)
    engine.redelivery = {"signal": timedelta(days=46)}
    frames = [RawInbound(channel, "again", "sami", b"SOS") for channel in ("signal", "telegram")]

    def stored() -> int:
        with store.reading() as work:
            return work.connection.execute(select(func.count()).select_from(tables.inbox)).scalar_one()

    try:
        engine.accept(frames)
        with store.writing() as work:
            inbox.finish(work.connection, work.connection.execute(select(tables.inbox.c.id)).scalars().all())
        for after, left in ((DEDUP_WINDOW, 2), (timedelta(minutes=1), 1), (timedelta(days=43), 1)):
            clock.advance(after)
            engine.housekeeping()
            assert stored() == left
        engine.accept(frames[:1])
        assert stored() == 1, "it is known, and no second message"
        clock.advance(timedelta(days=2))
        engine.housekeeping()
        assert stored() == 0
    finally:
        store.close()


# ------------------------------------------------------------------------------------------------------------ watching


def test_one_of_two_that_answers_is_enough(daemons: tuple[FakeDaemon, FakeDaemon]) -> None:
    health = Health()
    lookout = Lookout(SignalSettings(ACCOUNT, daemon=named(*daemons)), health)
    health.turn(SignalState.RECEIVING)

    def looked() -> str:
        async def look() -> None:
            await lookout.look()
            await lookout.look()

        asyncio.run(look())
        return health.state.value

    assert looked() == "receiving"
    daemons[0].die()
    assert looked() == "receiving"
    daemons[1].die()
    assert looked() == "unreachable"
    daemons[0].rise()
    assert looked() == "receiving"
    daemons[1].rise()


# ------------------------------------------------------------------------------------------------------------- linking


def link(folder: Path, **settings: str) -> tuple[int, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
    given = {f"WATCHLINE_{name.upper()}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "link"],
        cwd=folder,
        env={**kept, **given, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_linking_needs_an_account_and_two_sockets_that_answer(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    status, said = link(tmp_path)
    assert status == 1
    assert "WATCHLINE_SIGNAL_ACCOUNT" in said
    status, said = link(tmp_path, signal_account=ACCOUNT, signal_daemon=named(first))
    assert status == 1
    assert "WATCHLINE_SIGNAL_DAEMON names one" in said
    first.die()
    status, said = link(tmp_path, signal_account=ACCOUNT, signal_daemon=named(first, second))
    assert status == 1
    assert "the first signal-cli does not answer" in said
    first.rise()


def test_linking_says_who_does_not_know_the_account(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    first, second = daemons
    both = named(first, second)
    status, said = link(tmp_path, signal_account="+14155559999", signal_daemon=both)
    assert status == 1
    assert "the first signal-cli does not know the number" in said
    status, said = link(tmp_path, signal_account=ACCOUNT, signal_daemon=both)
    assert (status, said) == (0, "The second signal-cli is linked already.")
    second.accounts.clear()
    status, said = link(tmp_path, signal_account=ACCOUNT, signal_daemon=both)
    assert status == 1
    assert "signal-cli refused" in said
    assert ACCOUNT not in said
    assert second.strange == ["startLink"]
    second.strange.clear()


def test_linking_says_when_a_receiver_does_not_know_of_the_second_yet(
    tmp_path: Path, daemons: tuple[FakeDaemon, FakeDaemon]
) -> None:
    both = named(*daemons)
    lock = str(tmp_path / "signal-receiver.lock")
    given = {"signal_account": ACCOUNT, "signal_daemon": both, "data_dir": str(tmp_path)}
    for knows, anew in ((named(daemons[0]), True), (both, False)):
        seat = take_seat(lock, purpose(SignalSettings(ACCOUNT, daemon=knows).sources()))
        status, said = link(tmp_path, **given)
        os.close(seat.descriptor)
        assert (status, "start `watchline run` anew" in said) == (0, anew)


def test_run_says_at_its_start_that_there_is_one_signal_cli() -> None:
    def said(**settings: Any) -> str:
        return " ".join(missing(Settings(signal_account=SecretStr(ACCOUNT), **settings)))

    assert "a second signal-cli" in said()
    assert "a second signal-cli" not in said(signal_daemon="127.0.0.1:6001,127.0.0.1:6002")
    assert "a second signal-cli" not in said(signal_receive="gateway")
