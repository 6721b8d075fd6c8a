"""Receiving with things going wrong: the gateway's websocket, our own store, and the receiver's supervision."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from alerts.events import RawInbound
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.health import SignalState
from bot.channels.signal.settings import Receive, Receiver, SignalSettings
from bot.seats import SEATS, holders_of, seats_taken
from tests.contract.bench_signal import settings_for
from tests.contract.channel_suite import PATIENCE, Inbox, receiving
from tests.fakes.signal_daemon import ACCOUNT, FakeDaemon
from tests.fakes.signal_gateway import SignalGateway, account_id, signal_gateway
from tests.fakes.signal_receiver import SELF, environment, open_database
from tests.faults.receivers import eventually, say


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- processes and threads tell nobody
            await asyncio.sleep(0.01)


Story = Callable[[SignalGateway, SignalChannel, Inbox], Awaitable[None]]


def play(story: Story) -> None:
    """Plays it with a gateway that keeps what it could not hand over, a channel on it, and an inbox."""

    async def whole() -> None:
        with signal_gateway(keep=True) as gateway:
            channel = SignalChannel(settings_for(gateway))
            await story(gateway, channel, Inbox(channel))
            await channel.close()

    asyncio.run(whole())


@pytest.mark.parametrize("politely", [True, False])
def test_a_gateway_that_restarts_is_attached_to_again(politely: bool) -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        async with receiving(channel, inbox.accept):
            for n in range(3):
                gateway.say("sami", f"SOS {n}")
                await inbox.get(n + 1)
                if politely:
                    gateway.hang_up()
                else:
                    gateway.down()
                    gateway.up()
            gateway.say("sami", "last")
            assert [event.text for event in await inbox.get(4)][-1] == "last"

    play(story)


def test_a_store_that_is_down_for_a_while_loses_no_frame_and_keeps_their_order() -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        refusals = iter([True] * 3)
        inbox.refuse = lambda raw: next(refusals, False)
        async with receiving(channel, inbox.accept):
            for n in range(5):
                gateway.say("sami", f"m{n}")
            await until(lambda: channel.state is SignalState.STORE_DOWN)
            assert [event.text for event in await inbox.get(5)] == [f"m{n}" for n in range(5)]
            await until(lambda: channel.state is SignalState.RECEIVING)

    play(story)


def test_nothing_is_read_on_before_the_store_has_it() -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        async with receiving(channel, inbox.accept):
            gateway.say("sami", "one")
            await inbox.until(lambda: inbox.offered)
            gateway.say("sami", "two")
            await asyncio.sleep(0)
            assert inbox.offered == 1
            inbox.hold.set()
            await inbox.get(2)

    play(story)


def test_who_writes_without_a_pause_keeps_nobody_waiting_at_the_websocket() -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        async with receiving(channel, inbox.accept):
            gateway.say("lina", "first")
            await inbox.until(lambda: inbox.offered)
            for number in range(250):
                gateway.say("nour", f"{number}")
            gateway.say("sami", "SOS")
            inbox.hold.set()
            events = await inbox.get(252)
        texts = [event.text for event in events if event.sender == account_id("nour")]
        assert texts == [str(number) for number in range(250)]
        assert inbox.calls <= 25

    play(story)


def test_what_the_store_does_not_take_holds_up_only_what_the_same_person_sent_after_it() -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        inbox.refuse = lambda raw: b"at fault" in raw.raw
        async with receiving(channel, inbox.accept):
            gateway.say("lina", "first")
            await inbox.until(lambda: inbox.offered)
            for text in ("before", "at fault", "behind"):
                gateway.say("nour", text)
                gateway.say("sami", text.replace("at fault", "SOS"))
            assert gateway.attached(), "and by its answer all of it is on the socket"
            inbox.hold.set()
            await until(lambda: channel.state is SignalState.STORE_DOWN)
            await inbox.until(lambda: len(inbox.events()) >= 5)
            told = {
                who: [e.text for e in inbox.events() if e.sender == account_id(who)]
                for who in ("nour", "sami")
            }
            assert told == {"nour": ["before"], "sami": ["before", "SOS", "behind"]}
            inbox.refuse = lambda raw: False
            events = await inbox.get(7)
        texts = [event.text for event in events if event.sender == account_id("nour")]
        assert texts == ["before", "at fault", "behind"]

    play(story)


@pytest.mark.parametrize("politely", [True, False])
def test_what_came_before_the_end_of_a_websocket_is_stored(politely: bool) -> None:
    async def story(gateway: SignalGateway, channel: SignalChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        async with receiving(channel, inbox.accept):
            gateway.say("sami", "first")
            await inbox.until(lambda: inbox.offered)
            for number in range(20):
                gateway.say("sami", str(number))
            (gateway.hang_up if politely else gateway.down)()
            inbox.hold.set()
            assert len(await inbox.get(21)) == 21

    play(story)


# -------------------------------------------------------------------------------------------- the managed receiver


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    fake = FakeDaemon()
    yield fake
    fake.close()
    assert fake.strange == []


def settings(folder: Path, daemon: FakeDaemon) -> SignalSettings:
    given = environment(
        host="127.0.0.1",
        ports=[daemon.port],
        account=ACCOUNT,
        lock=str(folder / "lock"),
        database=str(folder / "inbox.db"),
    )
    os.environ.update({name: given[name] for name in ("RECEIVER_TEST", "PYTHONPATH")})
    return SignalSettings(
        ACCOUNT,
        daemon=f"127.0.0.1:{daemon.port}",
        receive=Receive.DURABLE,
        receiver=Receiver.MANAGED,
        receiver_command=tuple(SELF),
        receiver_lock=str(folder / "lock"),
    )


@pytest.fixture(autouse=True)
def same_environment_afterwards() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def stored(folder: Path) -> int:
    with contextlib.closing(open_database(str(folder / "inbox.db"))) as database:
        (count,) = database.execute("SELECT count(*) FROM inbox").fetchone()
        return int(count)


def kill_with_children(pid: int) -> None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for one in (pid, *map(int, children)):
        os.kill(one, signal.SIGKILL)


async def refuse(*frames: RawInbound) -> None:
    raise AssertionError("in durable mode the receiver stores, not the bot")


def test_the_receiver_is_started_and_started_again_and_ended_with_the_bot(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    async def story() -> None:
        channel = SignalChannel(settings(tmp_path, daemon))
        async with receiving(channel, refuse):
            say(daemon, "one")
            await until(lambda: stored(tmp_path) == 1)
            await until(lambda: channel.state is SignalState.RECEIVING)
            await until(lambda: len(holders_of(str(tmp_path / "lock"))) == SEATS)
            first = holders_of(str(tmp_path / "lock"))
            for keeper in first:
                kill_with_children(keeper)
            await until(lambda: len(holders_of(str(tmp_path / "lock")) - first) == SEATS)
            say(daemon, "two")
            await until(lambda: stored(tmp_path) == 2)
            report = await channel.report()
            assert (report.daemon, report.signal_cli_version, report.receivers) == (True, "0.13.19", SEATS)
        await channel.close()

    asyncio.run(story())
    assert not seats_taken(str(tmp_path / "lock"))


BOT = (sys.executable, "-m", "tests.fakes.signal_bot", "durable")


def test_the_receiver_outlives_a_killed_bot_and_the_next_bot_starts_no_second(
    tmp_path: Path, daemon: FakeDaemon
) -> None:
    lock = str(tmp_path / "lock")
    made = settings(tmp_path, daemon)
    command = [*BOT, made.daemon, ACCOUNT, lock, *SELF]

    def bot() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, start_new_session=True)

    first = bot()
    for _ in range(SEATS):
        daemon.wait_for("subscribed")
    keepers = holders_of(lock)
    assert len(keepers) == SEATS
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    say(daemon, "while no bot is there")
    eventually(lambda: stored(tmp_path) == 1)
    second = bot()
    try:
        say(daemon, "and with the next")
        eventually(lambda: stored(tmp_path) == 2)
        assert holders_of(lock) == keepers
        assert daemon.subscriptions == SEATS
    finally:
        second.kill()
        second.wait()
        for keeper in keepers:
            os.kill(keeper, signal.SIGTERM)
        eventually(lambda: not seats_taken(lock))
