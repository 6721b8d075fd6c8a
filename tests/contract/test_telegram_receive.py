"""What is Telegram's own in receiving: offsets, conflicts, limits, ids that start again, webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from alerts.events import Sent
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.health import TelegramHealth
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.settings import TelegramSettings, TelegramSettingsWrong, WebhookSettings
from tests.contract.bench_telegram import TelegramBench, settings_for
from tests.contract.channel_suite import PATIENCE, Inbox, receiving, send
from tests.fakes.telegram_server import TOKEN, ThreadTelegram, telegram

SECRET = "a-secret_of-32-characters-or-more"

Story = Callable[[ThreadTelegram, TelegramChannel, Inbox], Awaitable[None]]


def tell(story: Story, **settings: Any) -> None:
    async def whole() -> None:
        with telegram() as server:
            server.do("allow", kinds=ALLOWED_UPDATES)
            channel = TelegramChannel(settings_for(server, **settings))
            inbox = Inbox(channel)
            try:
                async with receiving(channel, inbox.accept):
                    await story(server, channel, inbox)
            finally:
                await channel.close()

    asyncio.run(whole())


async def eventually(true: Callable[[], Any]) -> None:
    """Waits until it is true, by looking."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is looked at is another thread's
            await asyncio.sleep(0.01)


def test_an_update_is_confirmed_only_when_it_is_stored() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        update = server.do("text", who=1, text="SOS")["update_id"]
        await inbox.until(lambda: inbox.offered)
        assert server.do("pending") == [update]
        inbox.hold.set()
        await eventually(lambda: server.do("confirmed") == [update])
        assert [event.text for event in inbox.events()] == ["SOS"]

    tell(story)


def test_what_stands_before_a_failure_is_confirmed_and_what_stands_behind_it_is_stored() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        server.do("text", who=9, text="first")
        await inbox.until(lambda: inbox.offered)
        numbers = [server.do("text", who=who, text=f"from {who}")["update_id"] for who in (1, 2, 3)]
        inbox.refuse = lambda raw: raw.sender == "2"
        inbox.hold.set()
        await inbox.until(lambda: {"1", "3"} <= {raw.sender for raw in inbox.frames})
        await eventually(lambda: channel.health is TelegramHealth.STORE_DOWN)
        await eventually(lambda: numbers[0] in server.do("confirmed"))
        assert server.do("pending") == numbers[1:]
        inbox.refuse = lambda raw: False
        await eventually(lambda: server.do("pending") == [])
        assert sorted(raw.sender for raw in inbox.frames) == ["1", "2", "3", "9"]

    tell(story)


def test_who_writes_without_a_pause_keeps_nobody_waiting_at_the_platform() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        server.do("text", who=9, text="first")
        await inbox.until(lambda: inbox.offered)
        for number in range(250):
            server.do("text", who=1, text=f"{number}")
        server.do("text", who=2, text="SOS")
        inbox.hold.set()
        events = await inbox.get(252)
        assert [event.text for event in events if event.sender == "1"] == [str(n) for n in range(250)]
        assert inbox.calls <= 10

    tell(story)


def test_of_many_that_cannot_be_stored_together_those_before_the_one_at_fault_are() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        inbox.hold = asyncio.Event()
        server.do("text", who=9, text="first")
        await inbox.until(lambda: inbox.offered)
        numbers = [server.do("text", who=1, text=str(n))["update_id"] for n in range(5)]
        at_fault = str(numbers[3])
        inbox.refuse = lambda raw: raw.dedup == at_fault
        inbox.hold.set()
        await eventually(lambda: server.do("pending") == numbers[3:])
        inbox.refuse = lambda raw: False
        events = await inbox.get(6)
        assert [event.text for event in events] == ["first", "0", "1", "2", "3", "4"]

    tell(story)


def test_one_persons_frames_wait_for_each_other_and_other_peoples_do_not() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        inbox.hold = first = asyncio.Event()
        server.do("text", who=9, text="first")
        await inbox.until(lambda: inbox.offered)
        for who in (1, 2, 1, 2, 1):
            server.do("text", who=who, text="x")
        inbox.hold = second = asyncio.Event()
        first.set()
        await inbox.until(lambda: inbox.calls >= 3)
        assert inbox.calls == 3, "what each person sent is under way in one go"
        second.set()
        await inbox.get(6)
        for sender in ("1", "2"):
            numbers = [int(raw.dedup) for raw in inbox.frames if raw.sender == sender]
            assert numbers == sorted(numbers)

    tell(story)


def test_two_pollers_are_told_apart_from_an_outage() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        await eventually(lambda: channel.health is TelegramHealth.RECEIVING)
        await eventually(lambda: _is_waiting(server))
        server.do("conflict")
        await eventually(lambda: channel.health is TelegramHealth.CONFLICT)
        server.do("text", who=1, text="SOS")
        await inbox.get(1)
        await eventually(lambda: channel.health is TelegramHealth.RECEIVING)

    tell(story)


def _is_waiting(server: ThreadTelegram) -> bool:
    calls = server.do("calls")
    return bool(calls) and calls[-1][0] == "getUpdates" and calls[-1][1]["timeout"] != "0"


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ({"status": 401, "description": "Unauthorized"}, TelegramHealth.UNAUTHORISED),
        ({"status": 404, "description": "Not Found"}, TelegramHealth.UNAUTHORISED),
        ({"status": 502, "description": "Bad Gateway"}, TelegramHealth.FAILING),
        (
            {
                "status": 429,
                "description": "Too Many Requests: retry after 1",
                "parameters": {"retry_after": 1},
            },
            TelegramHealth.LIMITED,
        ),
        ({"body": "<html>captive portal</html>"}, TelegramHealth.FAILING),
        ({"body": '{"ok":true,"result":{}}'}, TelegramHealth.FAILING),
        ({"body": '{"ok":true,"result":[7]}'}, TelegramHealth.FAILING),
        ({"body": '{"ok":true}'}, TelegramHealth.FAILING),
        ({}, TelegramHealth.UNREACHABLE),
    ],
    ids=str,
)
def test_each_trouble_has_its_name_and_passes(fault: dict[str, Any], state: TelegramHealth) -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        server.do("fail", method="getUpdates", times=3, **fault)
        server.do("text", who=1, text="SOS")
        await eventually(lambda: channel.health is state)
        server.do("mend")
        assert [event.text for event in await inbox.get(1)] == ["SOS"]
        await eventually(lambda: channel.health is TelegramHealth.RECEIVING)

    tell(story)


def test_an_unreadable_update_is_stored_as_it_came_and_the_next_ones_are_read() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        number = server.do("text", who=1, text="unreadable")["update_id"]
        deep = "[" * 100_000
        body = f'{{"ok":true,"result":[{{"update_id":{number},"message":{deep}'
        server.do("fail", method="getUpdates", times=2, body=body)
        server.do("text", who=2, text="SOS")
        (event,) = await inbox.get(1)
        assert event.text == "SOS"
        assert inbox.frames[0].dedup == str(number)
        assert inbox.frames[0].raw == body.encode()

    tell(story)


def test_ids_that_start_again_after_a_quiet_week_are_not_confirmed_unread() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        server.do("text", who=1, text="before")
        await inbox.get(1)
        asked = len(server.do("calls"))
        await eventually(
            lambda: len([call for call in server.do("calls")[asked:] if call[0] == "getUpdates"]) >= 2
        )
        server.do("next_update", number=1000)
        server.do("text", who=1, text="SOS")
        assert [event.text for event in await inbox.get(2)] == ["before", "SOS"]

    tell(story)


def test_updates_come_after_a_webhook_was_left_behind() -> None:
    async def whole() -> None:
        with telegram() as server:
            async with httpx.AsyncClient(trust_env=False) as client:
                await client.post(
                    f"{server.base_url}{TOKEN}/setWebhook", data={"url": "https://old.example/hook"}
                )
            server.do("text", who=1, text="SOS")
            channel = TelegramChannel(settings_for(server))
            inbox = Inbox(channel)
            async with receiving(channel, inbox.accept):
                await inbox.get(1)
            await channel.close()

    asyncio.run(whole())


def test_a_press_is_answered_after_it_is_stored_and_never_before() -> None:
    async def story(server: ThreadTelegram, channel: TelegramChannel, inbox: Inbox) -> None:
        keyboard = {"inline_keyboard": [[{"text": "OK", "callback_data": "w:1:0"}]]}
        async with httpx.AsyncClient(trust_env=False) as client:
            server.do("name", who=1)
            await client.post(
                f"{server.base_url}{TOKEN}/sendMessage",
                data={"chat_id": "1", "text": "Well?", "reply_markup": json.dumps(keyboard)},
            )
        number = server.do("transcript", who=1)[-1]["message"]["message_id"]
        inbox.hold = asyncio.Event()
        query = server.do("press", who=1, message_id=number, index=0)["query_id"]
        await inbox.until(lambda: inbox.offered)
        for _ in range(5):
            # An answer begun too early would be through before these are.
            assert isinstance(await send(TelegramBench(server), channel, "sami", "x", address="1"), Sent)
        assert server.do("queries") == {query: False}
        server.do(
            "fail", method="answerCallbackQuery", status=400, description="Bad Request: query is too old"
        )
        inbox.hold.set()
        await inbox.get(1)
        again = server.do("press", who=1, message_id=number, index=0)["query_id"]
        await eventually(lambda: server.do("queries")[again])

    tell(story)


# --------------------------------------------------------------------------------------------------------- webhook


class Hook:
    """A channel that is called, and an address to call it at."""

    def __init__(self, server: ThreadTelegram) -> None:
        # A port that is free now; the address has to be known before anybody listens.
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/hook/path"
        webhook = WebhookSettings(url=self.url, secret=SECRET, port=port)
        self.channel = TelegramChannel(settings_for(server, webhook=webhook))
        self.inbox = Inbox(self.channel)


def call(story: Callable[[ThreadTelegram, Hook, httpx.AsyncClient], Awaitable[None]]) -> None:
    async def whole() -> None:
        with telegram() as server:
            hook = Hook(server)
            async with (
                receiving(hook.channel, hook.inbox.accept),
                httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client,
            ):
                await eventually(lambda: hook.channel.health is TelegramHealth.RECEIVING)
                await story(server, hook, client)
            await hook.channel.close()

    asyncio.run(whole())


HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
UPDATE = {
    "update_id": 5,
    "message": {"message_id": 1, "chat": {"id": 1, "type": "private"}, "date": 1, "text": "SOS"},
}


def test_the_webhook_stores_before_it_answers() -> None:
    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        hook.inbox.hold = asyncio.Event()
        number = server.do("text", who=1, text="SOS")["update_id"]
        await hook.inbox.until(lambda: hook.inbox.offered)
        assert server.do("pending") == [number]
        hook.inbox.hold.set()
        await eventually(lambda: server.do("pending") == [])
        assert [event.text for event in hook.inbox.events()] == ["SOS"]

    call(story)


def test_a_webhook_call_that_is_not_stored_comes_again_soon() -> None:
    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        hook.inbox.refuse = lambda raw: hook.inbox.offered <= 3
        for number in range(4):
            server.do("text", who=1, text=f"{number}")
        events = await hook.inbox.get(4)
        assert [event.text for event in events] == ["0", "1", "2", "3"]
        hook.inbox.refuse = lambda raw: True
        answer = await client.post(hook.url, json=UPDATE, headers=HEADERS)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert hook.channel.health is TelegramHealth.STORE_DOWN

    call(story)


def test_the_webhook_lets_in_only_who_knows_the_secret_and_looks_at_nothing_before() -> None:
    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        for headers in (
            {},
            {"X-Telegram-Bot-Api-Secret-Token": SECRET[:-1]},
            {"X-Telegram-Bot-Api-Secret-Token": ""},
        ):
            answer = await client.post(hook.url, json=UPDATE, headers=headers)
            assert answer.status_code == 403
        assert await _status_without_body(hook.url, "wrong") == 403
        huge = {"content-type": "application/json", **HEADERS}
        assert (await client.post(hook.url, content=b"x" * 1_500_000, headers=huge)).status_code == 413
        assert (await client.post(hook.url, content=_drip(), headers=huge)).status_code == 413
        for body in (b"", b"[]", b"{}", b'{"update_id":"x"}', b"[" * 5000, b"\xff"):
            assert (await client.post(hook.url, content=body, headers=HEADERS)).status_code == 400
        assert (await client.get(hook.url, headers=HEADERS)).status_code == 405
        assert (await client.post(hook.url + "x", json=UPDATE, headers=HEADERS)).status_code == 404
        assert hook.inbox.offered == 0
        assert (await client.post(hook.url, json=UPDATE, headers=HEADERS)).status_code == 200
        assert len(hook.inbox.frames) == 1

    call(story)


def test_an_update_that_cannot_be_read_does_not_stand_before_the_next_one() -> None:
    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        for number, body in enumerate(
            (b'{"update_id":7,"message":' + b"[" * 5000, b'{"update_id": 8, ', b'{"update_id":9e400}')
        ):
            assert (await client.post(hook.url, content=body, headers=HEADERS)).status_code == 200
            assert hook.inbox.frames[number].raw == body
        assert [frame.dedup for frame in hook.inbox.frames] == ["7", "8", "9"]

    call(story)


def test_connections_that_ask_nothing_keep_no_call_out() -> None:
    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        idle = []
        for number in range(300):
            reader, writer = await asyncio.open_connection(httpx.URL(hook.url).host, httpx.URL(hook.url).port)
            if number % 2:
                writer.write(b"POST / HTTP/1.1\r\nX-Slow: ")
            idle.append((reader, writer))
        assert (await client.post(hook.url, json=UPDATE, headers=HEADERS)).status_code == 200
        assert len(hook.inbox.frames) == 1
        with contextlib.suppress(ConnectionError):
            assert await idle[0][0].read() == b""  # the oldest had to go
        for _, writer in idle:
            writer.close()

    call(story)


def test_calls_that_do_not_get_through_show_in_the_channel_s_health(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.telegram.webhook.LOOK_SECONDS", 0.05)

    async def story(server: ThreadTelegram, hook: Hook, client: httpx.AsyncClient) -> None:
        server.do("cut_webhook", cut=True)
        server.do("text", who=1, text="SOS")
        await eventually(lambda: hook.channel.health is TelegramHealth.UNREACHABLE)
        server.do("cut_webhook", cut=False)
        await hook.inbox.get(1)
        await eventually(lambda: hook.channel.health is TelegramHealth.RECEIVING)
        other = {"url": "http://127.0.0.1:9/elsewhere"}
        await client.post(f"{server.base_url}{TOKEN}/setWebhook", data=other)
        await eventually(lambda: server.do("webhook")["url"] == hook.url)

    call(story)


async def _drip() -> Any:
    for _ in range(30):
        yield b"x" * 50_000


async def _status_without_body(url: str, secret: str) -> int:
    """Announces a body, never sends it, and is answered all the same."""
    host, port = httpx.URL(url).host, httpx.URL(url).port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(
        f"POST {httpx.URL(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE):
        status = int((await reader.readline()).split()[1])
    writer.close()
    return status


def test_the_webhook_ends_at_once_and_frees_its_port() -> None:
    async def whole() -> None:
        with telegram() as server:
            hook = Hook(server)
            for _ in range(2):
                async with receiving(hook.channel, hook.inbox.accept):
                    await eventually(lambda: hook.channel.health is TelegramHealth.RECEIVING)
                assert hook.channel.health is TelegramHealth.STOPPED
            await hook.channel.close()

    asyncio.run(whole())


def test_settings_that_cannot_work_are_refused_without_being_shown() -> None:
    for token, poll_timeout in (("not a token", 10), (TOKEN, 0)):
        with pytest.raises(TelegramSettingsWrong) as refused:
            TelegramSettings(token, poll_timeout=poll_timeout)
        assert str(refused.value).startswith("WATCHLINE_TELEGRAM_")
        assert "not a token" not in str(refused.value)
    for proxy in ("ftp://marker", "marker:1080", "socks5://"):
        with pytest.raises(TelegramSettingsWrong, match=r"^WATCHLINE_TELEGRAM_PROXY ") as refused:
            TelegramSettings(TOKEN, proxy=proxy)
        assert "marker" not in str(refused.value)
    for url, secret in (
        ("https://x.example/", "short"),
        ("x.example", SECRET),
        ("https://x.example/", SECRET + "é"),
    ):
        with pytest.raises(TelegramSettingsWrong) as refused:
            WebhookSettings(url=url, secret=secret)
        assert secret not in str(refused.value)
    assert TOKEN not in repr(TelegramSettings(TOKEN, proxy="socks5://user:word@127.0.0.1:1"))
    assert "word" not in repr(TelegramSettings(TOKEN, proxy="socks5://user:word@127.0.0.1:1"))
    assert SECRET not in repr(WebhookSettings(url="https://x.example/", secret=SECRET))
