"""From the desk's wish to trust a changed key to signal-cli, over the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.app import trusting
from bot.channels.signal.channel import SignalChannel
from bot.runtime import Runtime
from tests.contract.bench_signal import NOW, settings_for
from tests.fakes.signal_gateway import Phone, SignalGateway, signal_gateway
from tests.stories.chat import Chat, chat

PATIENCE = 30


def wished(
    it: Chat, gateway: SignalGateway, where: str, story: Callable[[Phone], Any] = lambda _: None
) -> Phone:
    """Sami's phone at the gateway, after the desk wished to trust the account that it has on this channel."""
    person = it.person("sami")
    assert person is not None
    (signal,) = [address for address in person.addresses if address.channel == "signal"]
    phone = gateway.phone(signal.account)
    phone.trusted = False

    async def go() -> None:
        channel = SignalChannel(settings_for(gateway), now=lambda: NOW)
        runtime = Runtime(it.stage.engine, {})
        runtime.start(asyncio.get_running_loop())
        observe = trusting(runtime, channel)
        try:
            observe("case_opened", {"case": "K7PM"})
            observe("trust_wanted", {"channel": where, "address": signal.id})
            story(phone)
            async with asyncio.timeout(PATIENCE):
                while where == "signal" and not phone.trusted:  # noqa: ASYNC110  # the gateway is another thread's
                    await asyncio.sleep(0.02)
        finally:
            await asyncio.to_thread(runtime.stop)
            await channel.close()

    asyncio.run(go())
    return phone


def test_the_wish_reaches_signal_cli() -> None:
    with chat("sami", restarts=False) as it, signal_gateway() as gateway:
        it.says("sami", "hello")
        assert wished(it, gateway, "signal").trusted


def test_a_gateway_that_is_away_is_asked_again() -> None:
    with chat("sami", restarts=False) as it, signal_gateway() as gateway:
        it.says("sami", "hello")
        gateway.down()

        def back(_: Phone) -> None:
            asyncio.get_running_loop().call_later(0.3, asyncio.ensure_future, asyncio.to_thread(gateway.up))

        assert wished(it, gateway, "signal", back).trusted


def test_a_telegram_account_has_no_key() -> None:
    with chat("sami", restarts=False) as it, signal_gateway() as gateway:
        it.says("sami", "hello")
        assert not wished(it, gateway, "telegram").trusted
