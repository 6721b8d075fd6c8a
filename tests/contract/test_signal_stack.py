"""The channel on a real signal-cli, with real people's phones at the other end of real encryption."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from alerts.events import (
    Inbound,
    InboundKind,
    Outbound,
    OutboundFile,
    OutboundKind,
    Outcome,
    Refusal,
    Refused,
    RetryAt,
    Sent,
)
from bot.channels.port import FetchFailed
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.settings import Receive, SignalSettings
from tests.contract.channel_suite import Inbox, receiving
from tests.signal_stack import BOT, signal_stack

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
NOISE = (InboundKind.TYPING, InboundKind.RECEIPT)

Story = Callable[[SignalChannel, "Events"], Awaitable[None]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with signal_stack(tmp_path_factory.mktemp("stack"), receive_mode="on-start") as running:
        yield running
        assert running.refused() == [], "something wanted to leave this machine"


@pytest.fixture
def alice(stack: Any, request: pytest.FixtureRequest) -> Any:
    return stack.user(f"alice in {request.node.name}")


class Events:
    """What one person did, as the channel understood it."""

    def __init__(self, inbox: Inbox, channel: SignalChannel, sender: str) -> None:
        self._inbox = inbox
        self._channel = channel
        self._sender = sender

    def all(self) -> list[Inbound]:
        events = (self._channel.parse(raw.raw) for raw in self._inbox.frames)
        return [event for event in events if event.sender == self._sender]

    async def of(self, kind: InboundKind) -> Inbound:
        """The latest of this kind, once there is one."""
        await self._inbox.until(lambda: any(event.kind is kind for event in self.all()))
        return [event for event in self.all() if event.kind is kind][-1]

    async def count(self, number: int) -> list[Inbound]:
        """The first so many that a person did on purpose."""
        await self._inbox.until(lambda: len(self.said()) >= number)
        return self.said()

    def said(self) -> list[Inbound]:
        return [event for event in self.all() if event.kind not in NOISE]


def play(stack: Any, person: Any, story: Story, **settings: Any) -> None:
    """Runs a story with the channel attached to the gateway's websocket."""

    async def whole() -> None:
        given = {"receive": Receive.GATEWAY, "expire_seconds": 0, **settings}
        channel = SignalChannel(SignalSettings(BOT, gateway=f"http://{stack.gateway_address}", **given))
        inbox = Inbox(channel)
        async with receiving(channel, inbox.accept):
            async with asyncio.timeout(20):
                while not stack.gateway_state()["attached"].get(BOT):  # noqa: ASYNC110 -- the stack tells nobody
                    await asyncio.sleep(0.05)
            await story(channel, Events(inbox, channel, person.aci))
        await channel.close()

    asyncio.run(whole())


def to(person: Any, text: str = "we are here", **more: Any) -> Outbound:
    given = {
        "id": "1",
        "channel": "signal",
        "address": person.aci,
        "kind": OutboundKind.NOTICE,
        "text": text,
        **more,
    }
    return Outbound(**given)


def time_of(ref: str) -> int:
    return int(ref.rpartition(":")[2])


def test_a_conversation(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        sent_at = alice.send("SOS")
        text = await events.of(InboundKind.TEXT)
        assert (text.text, text.message_ref) == ("SOS", f"{alice.aci}:{sent_at}")

        outcome = await channel.send(
            to(alice, "Are you safe?", choices=("Yes", "No"), quote_ref=text.message_ref)
        )
        assert isinstance(outcome, Sent)
        got = alice.wait_for("Are you safe?\n\n1. Yes\n2. No")
        assert time_of(outcome.ref) == got["timestamp"]
        assert int(got["content"]["dataMessage"]["quote"]["id"]) == sent_at

        own = stack.bots[BOT]
        alice.receipt("delivery", got["timestamp"])
        assert (await events.of(InboundKind.RECEIPT)).target_refs == (outcome.ref,)
        alice.typing()
        await events.of(InboundKind.TYPING)
        alice.send(reaction={"emoji": "👍", "timestamp": got["timestamp"], "author": own})
        assert (await events.of(InboundKind.REACTION)).target_ref == outcome.ref
        alice.send("2", quote={"timestamp": got["timestamp"], "author": own, "text": "Are you safe?"})
        assert [e.target_ref for e in await events.count(3)][-1] == outcome.ref
        alice.send("SOS now", edit=sent_at)
        assert (await events.of(InboundKind.EDIT)).target_ref == text.message_ref
        alice.send(delete=sent_at)
        assert (await events.of(InboundKind.DELETE)).target_ref == text.message_ref

        assert isinstance(await channel.send(to(alice, "", delete_ref=outcome.ref)), Sent)
        assert alice.wait_for(kind="delete")

    play(stack, alice, story)


def test_files_both_ways(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        data = base64.b64encode(PNG).decode()
        alice.send("look", attachments=[{"data": data, "contentType": "image/png", "fileName": "gate.png"}])
        photo = (await events.of(InboundKind.PHOTO)).attachments[0]
        assert photo.size == len(PNG)
        assert b"".join([chunk async for chunk in channel.fetch(photo, 10**6)]) == PNG
        assert await channel.discard(photo)

        alice.send(attachments=[{"data": data, "contentType": "audio/aac", "flags": 1}])
        assert (await events.of(InboundKind.VOICE)).attachments[0].voice

        lost = {"data": data, "contentType": "application/pdf", "fileName": "lost.pdf", "missing": True}
        alice.send("look", attachments=[lost])
        missing = (await events.of(InboundKind.FILE)).attachments[0]
        with pytest.raises(FetchFailed) as failed:
            assert [chunk async for chunk in channel.fetch(missing, 10**6)]
        assert failed.value.gone

        file = OutboundFile("plan.png", "image/png", len(PNG), lambda: iter([PNG]))
        assert isinstance(await channel.send(to(alice, "plan", file=file)), Sent)
        (received,) = alice.wait_for("plan")["attachments"]
        assert (received["data"], received["fileName"]) == (data, "plan.png")

    play(stack, alice, story)


def test_timers(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        alice.send("this goes away", expireTimer=60)
        await events.of(InboundKind.TEXT)
        await channel.send(to(alice, "so does this"))
        assert alice.wait_for("so does this")["expireTimer"] == 60

    play(stack, alice, story)
    bob = stack.user("bob without a timer")

    async def first_contact(channel: SignalChannel, events: Events) -> None:
        bob.send("hello")
        await events.of(InboundKind.TEXT)
        await channel.send(to(bob, "goes away in an hour"))
        assert bob.wait_for("goes away in an hour")["expireTimer"] == 3600

    play(stack, bob, first_contact, expire_seconds=3600)


def test_a_long_text(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        text = "مساعدة " * 400
        outcome = await channel.send(to(alice, text))
        assert isinstance(outcome, Sent)
        times = [time_of(ref) for ref in (*outcome.earlier_refs, outcome.ref)]
        for timestamp in times:
            assert alice.wait_for(kind="message")
            assert timestamp in [event["timestamp"] for event in alice.inbox()]
        arrived = " ".join(event["text"] for event in alice.inbox() if event["timestamp"] in times)
        assert arrived.split() == text.split()
        assert not any(event.get("attachments") for event in alice.inbox())

    play(stack, alice, story)


def test_a_new_phone(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        alice.send("hello")
        await events.of(InboundKind.TEXT)
        alice.reinstall()
        assert await channel.send(to(alice)) == Refused(Refusal.UNTRUSTED)
        alice.send("SOS from a new phone")
        tried = await events.of(InboundKind.UNREADABLE)
        assert tried.text == "UntrustedIdentityException"
        identity = await channel.identity(alice.aci)
        assert identity is not None
        assert not identity.trusted
        assert await channel.trust(alice.aci, identity.safety_number.replace(" ", ""))
        assert isinstance(await channel.send(to(alice, "is that you?")), Sent)
        assert alice.wait_for("is that you?")
        alice.send("yes")
        texts = {event.text for event in await events.count(4)}
        assert {"yes", "SOS from a new phone"} <= texts

    play(stack, alice, story)


def test_unregistered_limited_and_unreachable(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        alice.send("hello")
        await events.of(InboundKind.TEXT)
        for status, reason in ((429, "rate_limited"), (428, "challenge")):
            alice.limit(status)
            outcome = await channel.send(to(alice))
            assert isinstance(outcome, RetryAt)
            assert (outcome.reason, outcome.obey) == (reason, True)
        assert await channel.answer_challenge("signalcaptcha://any")
        alice.limit(0)
        assert isinstance(await channel.send(to(alice)), Sent)
        stack.outage(True)
        try:
            outcome = await channel.send(to(alice))
            assert isinstance(outcome, RetryAt)
            assert outcome.reason == "unreachable"
        finally:
            stack.outage(False)
        alice.unregister()
        outcomes: list[Outcome] = []
        async with asyncio.timeout(20):
            while not outcomes or isinstance(outcomes[-1], RetryAt):  # signal-cli finds back to the service
                outcomes.append(await channel.send(to(alice)))
        assert outcomes[-1] == Refused(Refusal.UNREGISTERED)

    play(stack, alice, story)


def test_the_gateway_and_signal_cli_restarted(stack: Any, alice: Any) -> None:
    async def story(channel: SignalChannel, events: Events) -> None:
        alice.send("before")
        await events.of(InboundKind.TEXT)
        await asyncio.to_thread(stack.stop_gateway)
        outcome = await channel.send(to(alice))
        assert isinstance(outcome, RetryAt)
        assert (outcome.reason, outcome.whole_channel, outcome.ambiguous) == ("unreachable", True, False)
        await asyncio.to_thread(stack.start_gateway)
        async with asyncio.timeout(20):
            while not stack.gateway_state()["attached"].get(BOT):  # noqa: ASYNC110 -- the stack tells nobody
                await asyncio.sleep(0.05)
        alice.send("after the gateway")
        await events.count(2)
        await asyncio.to_thread(stack.stop_daemon, kill=True)
        outcome = await channel.send(to(alice))
        assert isinstance(outcome, RetryAt)
        assert outcome.whole_channel
        await asyncio.to_thread(stack.start_daemon)
        async with asyncio.timeout(30):
            while isinstance(await channel.send(to(alice, "back again")), RetryAt):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        assert alice.wait_for("back again")
        report = await channel.report()
        assert (report.gateway, report.account) == (True, True)

    play(stack, alice, story)
