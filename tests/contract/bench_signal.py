"""Signal for the contract suite: the channel in gateway mode against the strict fake gateway.

The fake holds what comes before the channel is attached, since a test cannot wait for that; the channel is not held to
keeping it (`HELD`, `REDELIVERS`), which is what durable mode is for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from bot.channels.port import Channel
from bot.channels.signal.channel import SignalChannel
from bot.channels.signal.settings import Receive, SignalSettings
from tests.contract.channel_suite import Bench, Feature, Received
from tests.fakes.signal_daemon import ACCOUNT, OWN_ID, envelope
from tests.fakes.signal_gateway import SignalGateway, account_id, signal_gateway

SIGNAL_FEATURES = frozenset(
    (
        Feature.DELETES_OF_THEIRS,
        Feature.EDITS,
        Feature.GROUPS,
        Feature.FORMATS,
        Feature.OUTAGE,
        Feature.LOST_ANSWERS,
        Feature.UNKNOWN,
        Feature.DELETES_OF_OURS,
    )
)
NOW = 1_800_000_000.0


def settings_for(gateway: SignalGateway, **more: Any) -> SignalSettings:
    given = {"receive": Receive.GATEWAY, **more}
    return SignalSettings(ACCOUNT, gateway=f"http://127.0.0.1:{gateway.port}", **given)


class SignalBench:
    """Implements `Bench`."""

    features = SIGNAL_FEATURES

    def __init__(self, gateway: SignalGateway) -> None:
        self._gateway = gateway

    def channel(self) -> Channel:
        return SignalChannel(settings_for(self._gateway), now=lambda: NOW)

    def address(self, who: str) -> str:
        self._gateway.phone(who)
        return account_id(who)

    def _say(self, who: str, text: str | None, **fields: Any) -> str:
        return f"{self.address(who)}:{self._gateway.say(who, text, **fields)}"

    def _author(self, ref: str) -> dict[str, Any]:
        author = ref.rpartition(":")[0]
        return {"Uuid": OWN_ID, "Number": ACCOUNT} if author == "me" else {"Uuid": author, "Number": None}

    def text(self, who: str, text: str, quote: str = "") -> str:
        if not quote:
            return self._say(who, text)
        author = self._author(quote)
        quoted = {"id": _time(quote), "authorUuid": author["Uuid"], "authorNumber": author["Number"]}
        return self._say(
            who, text, quote={**quoted, "author": author["Number"] or author["Uuid"], "text": ""}
        )

    def voice(self, who: str, content: bytes) -> str:
        return self._say(who, None, attachments=[self._gateway.attachment(content, "audio/aac")])

    def photo(self, who: str, content: bytes, caption: str = "") -> str:
        return self._say(who, caption or None, attachments=[self._gateway.attachment(content, "image/jpeg")])

    def location(self, who: str, latitude: float, longitude: float) -> str:
        link = f"https://maps.google.com/maps?q={latitude}%2C{longitude}"
        picture = self._gateway.attachment(b"\xff\xd8\xff", "image/jpeg")
        return self._say(who, f"A street\nA town\n{link}", attachments=[picture])

    def odd(self, who: str) -> str:
        return self._say(who, None, sticker={"packId": "5f", "stickerId": 3})

    def _reaction(self, who: str, ref: str, emoji: str, removed: bool) -> None:
        author = self._author(ref)
        reaction = {
            "emoji": emoji,
            "targetAuthor": author["Number"] or author["Uuid"],
            "targetAuthorNumber": author["Number"],
            "targetAuthorUuid": author["Uuid"],
            "targetSentTimestamp": _time(ref),
            "isRemove": removed,
        }
        self._say(who, None, reaction=reaction)

    def react(self, who: str, ref: str, emoji: str) -> None:
        self._reaction(who, ref, emoji, removed=False)

    def unreact(self, who: str, ref: str, emoji: str) -> None:
        self._reaction(who, ref, emoji, removed=True)

    def edit(self, who: str, ref: str, text: str) -> None:
        now = self._gateway.timestamp()
        data = {"timestamp": now, "message": text, "expiresInSeconds": 0, "viewOnce": False}
        edit = {"targetSentTimestamp": _time(ref), "dataMessage": data}
        self._gateway.deliver(envelope(now, self.address(who), editMessage=edit))

    def delete(self, who: str, ref: str) -> None:
        self._say(who, None, remoteDelete={"timestamp": _time(ref)})

    def press(self, who: str, ref: str, index: int) -> None:
        raise AssertionError("Signal has no buttons")

    def live(self, who: str, *points: tuple[float, float]) -> str:
        raise AssertionError("Signal has no live locations")

    def group(self, who: str, text: str) -> None:
        self._say(
            who, text, groupInfo={"groupId": "Zw==", "groupName": "g", "revision": 0, "type": "DELIVER"}
        )

    def phone(self, who: str) -> list[Received]:
        return [
            Received(
                ref=message["ref"],
                text=message["text"],
                quote=message["quote"],
                file=message["files"][0] if message["files"] else None,
            )
            for message in self._gateway.phone(who).messages
        ]

    def malformed(self) -> None:
        self._gateway.deliver_text('{"account": 7, "envelope": "SOS"}')

    def block(self, who: str) -> None:
        raise AssertionError("Signal does not tell who blocked us")

    def unknown(self) -> str:
        return account_id("nobody of this name")

    def limit(self, who: str, seconds: int) -> None:
        raise AssertionError("the gateway does not tell how long a limit lasts")

    def lose_next_answer(self) -> None:
        self._gateway.lost_answers = 1

    def down(self) -> None:
        self._gateway.down()

    def up(self) -> None:
        self._gateway.up()


def _time(ref: str) -> int:
    return int(ref.rpartition(":")[2])


@contextlib.contextmanager
def signal_bench() -> Iterator[Bench]:
    with signal_gateway(keep=True) as gateway:
        yield SignalBench(gateway)
