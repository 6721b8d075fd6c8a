"""The pretend platforms for the contract suite."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from alerts.events import Location
from bot.channels.port import Channel
from bot.channels.pretend import CHANNELS, PretendNetwork, PretendPerson
from bot.channels.pretend_channel import PretendChannel
from bot.channels.pretend_phones import account
from bot.clock import SimulatedClock
from tests.contract.channel_suite import Bench, Feature, Received

_BOTH = frozenset(
    {
        Feature.EDITS,
        Feature.LIVE_LOCATION,
        Feature.REDELIVERS,
        Feature.HELD,
        Feature.OUTAGE,
        Feature.BLOCKING,
        Feature.UNKNOWN,
        Feature.DELETES_OF_OURS,
    }
)
PRETEND_FEATURES = {
    "signal": _BOTH | {Feature.DELETES_OF_THEIRS},
    "telegram": _BOTH | {Feature.BUTTONS},
}


class PretendBench:
    """Implements `Bench`."""

    def __init__(self, name: str) -> None:
        self.features = PRETEND_FEATURES[name]
        self._name = name
        self._network = PretendNetwork(SimulatedClock(datetime(2026, 3, 2, 8, 0, tzinfo=UTC)).now)

    def channel(self) -> Channel:
        return PretendChannel(self._name, self._network)

    def address(self, who: str) -> str:
        return account(self._known(who), self._name)

    def _known(self, who: str) -> str:
        if who not in self._network.world.people:
            self._network.add(PretendPerson(who, CHANNELS))
        return who

    def text(self, who: str, text: str, quote: str = "") -> str:
        return self._network.write(self._known(who), self._name, text=text, quote=quote)

    def voice(self, who: str, content: bytes) -> str:
        return self._network.attach(
            self._known(who), self._name, data=content, content_type="audio/ogg", name="v.ogg", voice=True
        )

    def photo(self, who: str, content: bytes, caption: str = "") -> str:
        return self._network.attach(
            self._known(who), self._name, data=content, content_type="image/jpeg", name="p.jpg", text=caption
        )

    def location(self, who: str, latitude: float, longitude: float) -> str:
        return self._network.pin(self._known(who), self._name, location=Location(latitude, longitude))

    def odd(self, who: str) -> str:
        return self._network.other(self._known(who), self._name, text="a sticker")

    def react(self, who: str, ref: str, emoji: str) -> None:
        self._network.react(who, self._name, emoji=emoji, target=ref)

    def unreact(self, who: str, ref: str, emoji: str) -> None:
        self._network.react(who, self._name, emoji=emoji, target=ref, removed=True)

    def edit(self, who: str, ref: str, text: str) -> None:
        self._network.edit(who, self._name, text=text, target=ref)

    def delete(self, who: str, ref: str) -> None:
        self._network.delete(who, self._name, target=ref)

    def press(self, who: str, ref: str, index: int) -> None:
        self._network.press(who, self._name, number=index + 1, target=ref)

    def live(self, who: str, *points: tuple[float, float]) -> str:
        first, *later = points
        ref = self._network.pin(self._known(who), self._name, location=Location(*first, live=True))
        for point in later:
            ended = point == points[-1]
            self._network.move(who, self._name, location=Location(*point, live=True, ended=ended), target=ref)
        return ref

    def group(self, who: str, text: str) -> None:
        raise AssertionError("the pretend platforms have no groups")

    def phone(self, who: str) -> list[Received]:
        return [
            Received(
                ref=message.ref,
                text=message.text,
                choices=message.choices,
                quote=message.quote,
                file=self._network.world.files[message.file].data if message.file else None,
                location=(
                    (message.location.latitude, message.location.longitude) if message.location else None
                ),
            )
            for message in self._network.chat(who, self._name)
            if not message.mine and not message.deleted
        ]

    def malformed(self) -> None:
        raise AssertionError("the pretend platforms hand out no frame that they do not know")

    def block(self, who: str) -> None:
        self._network.set_person(who, self._name, "refused")

    def unknown(self) -> str:
        return account("nobody", self._name)

    def limit(self, who: str, seconds: int) -> None:
        raise AssertionError("the pretend platforms have no limits")

    def lose_next_answer(self) -> None:
        raise AssertionError("the pretend platforms lose no answers")

    def down(self) -> None:
        self._network.set_channel(self._name, up=False)

    def up(self) -> None:
        self._network.set_channel(self._name, up=True)


def pretend_bench(name: str) -> Callable[[], contextlib.AbstractContextManager[Bench]]:
    """The bench of one of the pretend platforms."""

    @contextlib.contextmanager
    def open_bench() -> Iterator[Bench]:
        yield PretendBench(name)

    return open_bench
