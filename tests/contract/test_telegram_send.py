"""What is Telegram's own in sending: parts, keyboards, media, previews, every refusal by its words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.events import (
    Attachment,
    Location,
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
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.compose import clean, split, units
from tests.contract.bench_telegram import TelegramBench, number_of
from tests.contract.channel_suite import Bench, send
from tests.fakes.telegram_contract import VARIABLE, Contract
from tests.fakes.telegram_server import ThreadTelegram, telegram

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)

Story = Callable[[ThreadTelegram, Bench, TelegramChannel], Awaitable[None]]


def tell(story: Story, **settings: Any) -> None:
    async def whole() -> None:
        with telegram() as server:
            bench = TelegramBench(server, **settings)
            channel = bench.channel()
            assert isinstance(channel, TelegramChannel)
            try:
                await story(server, bench, channel)
            finally:
                await channel.close()

    asyncio.run(whole())


def file(
    content: bytes, content_type: str, *, voice: bool = False, size: int | None = None, name: str = "f"
) -> OutboundFile:
    def chunks() -> Iterator[bytes]:
        yield from (content[at : at + 1000] for at in range(0, len(content), 1000))

    return OutboundFile(name, content_type, len(content) if size is None else size, chunks, voice)


def last(server: ThreadTelegram, who: str) -> dict[str, Any]:
    found: dict[str, Any] = server.do("transcript", who=number_of(who))[-1]
    return found


@given(st.text(alphabet=st.sampled_from("ab \n🆘é"), max_size=300), st.integers(min_value=2, max_value=40))
def test_parts_are_short_enough_and_nothing_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert "".join(parts) == text
    assert all(0 < units(part) <= limit for part in parts)
    assert all(units(part) == len(part.encode("utf-16-le")) // 2 for part in parts)


@given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_cleaned_text_goes_on_the_wire(text: str) -> None:
    assert clean(text).encode().decode() == clean(text)
    assert len(clean(text)) <= len(text)


def test_previews_are_off_and_nothing_is_formatted() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        await send(bench, channel, "ana", "https://example.org/x *y*")
        told = last(server, "ana")["parameters"]
        assert told["link_preview_options"] == '{"is_disabled": true}'
        assert not {"parse_mode", "entities", "disable_notification"} & told.keys()

    tell(story)


def test_a_limit_between_two_parts_does_not_bring_the_first_again() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        bench.address("ana")
        server.do("per_chat", seconds=1000)
        text = "x" * 9000
        outcomes: list[Outcome] = []
        for _ in range(3):
            outcomes.append(await send_again(bench, channel, text))
            server.do("advance", seconds=1001)
        assert [type(outcome) for outcome in outcomes] == [RetryAt, RetryAt, Sent]
        assert [len(message.text) for message in bench.phone("ana")] == [4096, 4096, 808]
        assert await send_again(bench, channel, "another text") != outcomes[-1]

    async def send_again(bench: Bench, channel: TelegramChannel, text: str) -> Outcome:
        outbound = Outbound(
            id="row-1", channel="telegram", address=bench.address("ana"), kind=OutboundKind.PAGE, text=text
        )
        return await channel.send(outbound)

    tell(story)


def test_asking_for_a_place_offers_the_phones_own_button() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        await send(bench, channel, "sami", "Where are you?", choices=("Skip",), ask_location=True)
        markup = json.loads(last(server, "sami")["parameters"]["reply_markup"])
        assert markup["keyboard"] == [
            [{"text": "📍", "request_location": True}],
            [{"text": "Skip", "request_location": False}],
        ]
        assert markup["one_time_keyboard"]

    tell(story)


def test_short_labels_stand_two_in_a_row_and_long_ones_alone() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        await send(bench, channel, "sami", "?", choices=("1", "2", "3", "4", "5"))
        rows = last(server, "sami")["message"]["reply_markup"]["inline_keyboard"]
        assert [len(row) for row in rows] == [2, 2, 1]
        await send(bench, channel, "sami", "?", choices=("OK", "Talk to me about the court", "Help"))
        rows = last(server, "sami")["message"]["reply_markup"]["inline_keyboard"]
        assert [len(row) for row in rows] == [1, 1, 1]
        assert all(len(row[0]["callback_data"].encode()) <= 64 for row in rows)

    tell(story)


@pytest.mark.parametrize(
    ("content", "content_type", "voice", "kind"),
    [
        (PNG, "image/png", False, "photo"),
        (b"no picture at all", "image/png", False, "document"),
        (b"OggS" + bytes(50), "audio/ogg", True, "voice"),
        (b"OggS" + bytes(50), "audio/ogg", False, "document"),
        (b"\x00", "application/pdf", False, "document"),
        (PNG + bytes(10_000_001), "image/png", False, "document"),
    ],
    ids=["photo", "broken photo", "voice", "audio", "document", "large photo"],
)
def test_files_go_as_what_they_are(content: bytes, content_type: str, voice: bool, kind: str) -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        outcome = await send(bench, channel, "ana", "caption", file=file(content, content_type, voice=voice))
        bench.address("ana")
        assert isinstance(outcome, Sent) or outcome == Refused(Refusal.NOT_FOUND)
        outcome = await send(bench, channel, "ana", "caption", file=file(content, content_type, voice=voice))
        assert isinstance(outcome, Sent)
        message = last(server, "ana")["message"]
        assert kind in message
        assert message["caption"] == "caption"
        assert bench.phone("ana")[-1].file == content

    tell(story)


def test_a_voice_note_goes_as_a_document_to_who_does_not_take_voice() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        bench.address("ana")
        server.do("forbid_voice", who=number_of("ana"))
        outcome = await send(bench, channel, "ana", file=file(b"OggS123", "audio/ogg", voice=True))
        assert isinstance(outcome, Sent)
        assert "document" in last(server, "ana")["message"]

    tell(story)


def test_a_long_text_stands_before_its_file_and_carries_the_buttons() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        outcome = await send(
            bench,
            channel,
            "ana",
            "x" * 5000,
            choices=("take",),
            file=file(b"1", "text/plain", name='a/../b"\r\nX: y.txt'),
            location=Location(1.0, 2.0, accuracy=1e9),
        )
        messages = bench.phone("ana")
        assert [bool(message.text) for message in messages] == [True, True, False, False]
        assert [message.choices for message in messages] == [(), ("take",), (), ()]
        assert isinstance(outcome, Sent)
        assert outcome.ref == messages[1].ref
        assert messages[3].file == b"1"

    tell(story)


def test_a_file_that_is_not_as_long_as_its_row_says_is_not_sent() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        for size in (3, 9):
            with pytest.raises(Exception, match="stored attachment"):
                await send(bench, channel, "ana", file=file(b"12345", "text/plain", size=size))
        assert bench.phone("ana") == []
        too_large = file(b"", "text/plain", size=50_000_001)
        assert await send(bench, channel, "ana", file=too_large) == Refused(Refusal.TOO_LARGE)

    tell(story)


@pytest.mark.parametrize(
    ("status", "description", "expected"),
    [
        (400, "Bad Request: chat not found", Refused(Refusal.NOT_FOUND)),
        (403, "Forbidden: bot was blocked by the user", Refused(Refusal.BLOCKED)),
        (403, "Forbidden: user is deactivated", Refused(Refusal.UNREGISTERED)),
        (403, "Forbidden: bot can't initiate conversation with a user", Refused(Refusal.FORBIDDEN)),
        (400, "Bad Request: PEER_ID_INVALID", Refused(Refusal.NOT_FOUND)),
        (400, "Bad Request: message is too long", Refused(Refusal.TOO_LARGE)),
        (413, "Request Entity Too Large", Refused(Refusal.TOO_LARGE)),
        (400, "Bad Request: something new", Refused(Refusal.REJECTED)),
        (500, "Internal Server Error", RetryAt(1.0, "server_error", ambiguous=True)),
        (502, "Bad Gateway", RetryAt(1.0, "server_error", ambiguous=True)),
        (401, "Unauthorized", RetryAt(3.0, "unauthorised", whole_channel=True)),
        (404, "Not Found", RetryAt(3.0, "unauthorised", whole_channel=True)),
        (429, "Too Many Requests: retry later", RetryAt(3.0, "rate_limited", obey=True)),
    ],
    ids=str,
)
def test_every_answer_has_its_outcome(status: int, description: str, expected: Outcome) -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        bench.address("ana")
        server.do("fail", method="sendMessage", status=status, description=description)
        assert await send(bench, channel, "ana", "hello") == expected
        assert isinstance(await send(bench, channel, "ana", "hello"), Sent)

    tell(story)


def test_a_chat_that_moved_says_where() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        bench.address("ana")
        server.do("migrate", who=number_of("ana"), to=-100777)
        assert await send(bench, channel, "ana", "hello") == Refused(Refusal.MIGRATED, moved_to="-100777")

    tell(story)


def test_an_answer_that_cannot_be_read_leaves_it_open() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        bench.address("ana")
        for body in (
            "<html>",
            '{"ok":true}',
            '{"ok":true,"result":true}',
            '{"ok":true,"result":{"message_id":null}}',
        ):
            server.do("fail", method="sendMessage", body=body)
            outcome = await send(bench, channel, "ana", "hello")
            assert outcome == RetryAt(1.0, "server_error", ambiguous=True), body
        strange = '{"ok":true,"result":{"message_id":5,"date":"never","chat":null,"from":[]}}'
        server.do("fail", method="sendMessage", body=strange)
        assert await send(bench, channel, "ana", "hello") == Sent(f"{number_of('ana')}:5")

    tell(story)


def test_after_two_days_a_message_stays() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        outcome = await send(bench, channel, "sami", "remember", address=bench.address("sami"))
        assert isinstance(outcome, Sent)
        server.do("advance", seconds=48 * 3600 + 60)
        assert await send(bench, channel, "sami", delete_ref=outcome.ref) == Refused(Refusal.EXPIRED)
        for ref in ("", "5:5", "x", f"{number_of('sami')}:", f"{number_of('sami')}:1:2"):
            if ref:
                assert await send(bench, channel, "sami", delete_ref=ref) == Refused(Refusal.REJECTED)

    tell(story)


def test_a_desk_can_switch_protection_off() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        await send(bench, channel, "ana", "one", address=bench.address("ana"))
        assert [message.protected for message in bench.phone("ana")] == [False]

    tell(story, protect_content=False)


# ------------------------------------------------------------------------------------------------------- downloads


def test_downloads_that_fail_say_whether_another_try_may_do() -> None:
    async def story(server: ThreadTelegram, bench: Bench, channel: TelegramChannel) -> None:
        small, huge = (
            server.do("put_file", content_bytes=70_000),
            server.do("put_file", content_bytes=20_000_001),
        )

        async def fetch(file_id: str, size: int | None = None, limit: int = 30_000_000) -> str:
            try:
                parts = [part async for part in channel.fetch(Attachment(file_id, "x/y", size), limit)]
            except FetchFailed as failed:
                return f"{failed}{' for good' if failed.gone else ''}"
            return str(len(b"".join(parts)))

        assert await fetch(small) == "70000"
        assert await fetch(huge) == "too_large for good"
        assert await fetch(small, limit=69_999) == "too_large for good"
        assert await fetch(small, size=30_000_001) == "too_large for good"
        assert await fetch("nonsense") == "unknown_file for good"
        server.do("fail", method="getFile", status=502, description="Bad Gateway")
        assert await fetch(small) == "not_told_where"
        server.do("fail", method="file", cut=69_999)
        assert await fetch(small) == "incomplete"
        server.do("fail", method="file", send_only=100)
        assert await fetch(small) == "broken_off"
        server.do("down")
        assert await fetch(small) == "not_told_where"
        server.do("up")

    tell(story)


# -------------------------------------------------------------------------------------------------------- the fake


@pytest.fixture
def contract() -> Contract:
    found = Contract.from_environment()
    if found is None:
        pytest.skip(f"{VARIABLE} does not name the Bot API's description")
    return found


def test_the_fake_refuses_what_the_published_api_does_not_know(contract: Contract) -> None:
    for texts, wrong in (
        ({"chat_id": "1"}, '"text" is required'),
        ({"chat_id": "1", "text": "x", "colour": "red"}, 'no parameter "colour"'),
        ({"chat_id": "1", "text": "x", "protect_content": "1"}, "must be of type Boolean"),
        ({"chat_id": "1", "text": "x", "reply_parameters": "{}"}, "needs the field message_id"),
        ({"chat_id": "1", "text": "x", "reply_markup": "{"}, "can't parse reply_markup"),
    ):
        with pytest.raises(Exception, match=wrong):
            contract.check_call("sendMessage", texts, {})
    contract.check_call("sendmessage", {"chat_id": "1", "text": "x", "protect_content": "true"}, {})
    with pytest.raises(AssertionError, match="Message needs the field"):
        contract.check_answer("sendMessage", {"message_id": 1})
