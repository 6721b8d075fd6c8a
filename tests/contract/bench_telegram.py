"""Telegram for the contract suite: the channel against the strict fake server."""

from __future__ import annotations

import base64
import contextlib
import zlib
from collections.abc import Iterator
from typing import Any

from bot.channels.port import Channel
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.settings import TelegramSettings
from tests.contract.channel_suite import Bench, Feature, Received
from tests.fakes.telegram_server import TOKEN, Telegram, telegram

TELEGRAM_FEATURES = frozenset(Feature) - {Feature.DELETES_OF_THEIRS}


def number_of(who: str) -> int:
    """A person's account number, the same in every run."""
    return 5_000_000_000 + zlib.crc32(who.encode())


def settings_for(server: Telegram, **more: Any) -> TelegramSettings:
    return TelegramSettings(
        TOKEN, base_url=server.base_url, base_file_url=server.base_file_url, poll_timeout=2, **more
    )


class TelegramBench:
    """Implements `Bench`."""

    features = TELEGRAM_FEATURES

    def __init__(self, server: Telegram, **settings: Any) -> None:
        self._server = server
        self._settings = settings

    def channel(self) -> Channel:
        return TelegramChannel(settings_for(self._server, **self._settings))

    def address(self, who: str) -> str:
        self._server.do("name", who=number_of(who), first_name=who.title())
        return str(number_of(who))

    def _did(self, who: str, act: str, **arguments: Any) -> str:
        done = self._server.do(act, who=number_of(who), **arguments)
        return f"{number_of(who)}:{done['message_id']}"

    def text(self, who: str, text: str, quote: str = "") -> str:
        return self._did(who, "text", text=text, reply_to=_number(quote) if quote else None)

    def voice(self, who: str, content: bytes) -> str:
        return self._did(who, "media", kind="voice", content=base64.b64encode(content).decode())

    def photo(self, who: str, content: bytes, caption: str = "") -> str:
        return self._did(
            who, "media", kind="photo", content=base64.b64encode(content).decode(), caption=caption
        )

    def location(self, who: str, latitude: float, longitude: float) -> str:
        return self._did(who, "message", location={"latitude": latitude, "longitude": longitude})

    def odd(self, who: str) -> str:
        return self._did(who, "message", dice={"emoji": "🎲", "value": 4})

    def react(self, who: str, ref: str, emoji: str) -> None:
        self._server.do("react", who=number_of(who), message_id=_number(ref), emojis=[emoji])

    def unreact(self, who: str, ref: str, emoji: str) -> None:
        self._server.do("react", who=number_of(who), message_id=_number(ref), emojis=[])

    def edit(self, who: str, ref: str, text: str) -> None:
        self._server.do("edit", who=number_of(who), message_id=_number(ref), text=text)

    def delete(self, who: str, ref: str) -> None:
        raise AssertionError("Telegram does not tell bots of deletions")

    def press(self, who: str, ref: str, index: int) -> None:
        self._server.do("press", who=number_of(who), message_id=_number(ref), index=index)

    def live(self, who: str, *points: tuple[float, float]) -> str:
        (latitude, longitude), *later = points
        start = {"latitude": latitude, "longitude": longitude, "live_period": 900}
        ref = self._did(who, "message", location=start)
        for latitude, longitude in later[:-1]:
            place = {"latitude": latitude, "longitude": longitude, "live_period": 900}
            self._server.do("edit", who=number_of(who), message_id=_number(ref), location=place)
        last = {"latitude": later[-1][0], "longitude": later[-1][1]}
        self._server.do("edit", who=number_of(who), message_id=_number(ref), location=last)
        return ref

    def group(self, who: str, text: str) -> None:
        message = {
            "message_id": 9,
            "from": {"id": number_of(who), "is_bot": False, "first_name": who},
            "chat": {"id": -100123, "type": "supergroup", "title": "Group"},
            "date": 1_800_000_000,
            "text": text,
        }
        self._server.do("raw", update={"message": message}, checked=True)

    def phone(self, who: str) -> list[Received]:
        return [
            self._received(number_of(who), entry["message"])
            for entry in self._server.do("transcript", who=number_of(who))
            if entry["from_bot"] and not entry["deleted"]
        ]

    def _received(self, chat: int, message: dict[str, Any]) -> Received:
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        place = message.get("location")
        part = message.get("document") or message.get("voice") or (message.get("photo") or [None])[-1]
        return Received(
            ref=f"{chat}:{message['message_id']}",
            text=message.get("text", message.get("caption", "")),
            choices=tuple(button["text"] for row in rows for button in row),
            quote=f"{chat}:{message['reply_to_message']['message_id']}"
            if "reply_to_message" in message
            else "",
            file=base64.b64decode(self._server.do("file", file_id=part["file_id"])) if part else None,
            location=(place["latitude"], place["longitude"]) if place else None,
            protected=message.get("has_protected_content", False),
        )

    def malformed(self) -> None:
        self._server.do(
            "raw", update={"message": {"chat": "?", "from": 7, "text": ["SOS"]}, "new_thing": None}
        )

    def block(self, who: str) -> None:
        self._server.do("block", who=number_of(who))

    def unknown(self) -> str:
        return "5999999999"

    def limit(self, who: str, seconds: int) -> None:
        self._server.do("limit", who=number_of(who), seconds=seconds)

    def lose_next_answer(self) -> None:
        self._server.do("fail", method="sendMessage", after=True)

    def down(self) -> None:
        self._server.do("down")

    def up(self) -> None:
        self._server.do("up")


def _number(ref: str) -> int:
    return int(ref.partition(":")[2])


@contextlib.contextmanager
def telegram_bench() -> Iterator[Bench]:
    """A server of its own, polled. The account has been in use: Telegram remembers what it was asked for."""
    with telegram() as server:
        server.do("allow", kinds=ALLOWED_UPDATES)
        yield TelegramBench(server)
