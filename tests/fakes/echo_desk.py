"""A stand-in for everything behind the channels: just enough of a desk to make the practice phones tell a
story.

SOS from the defender pages Ana; whoever takes the case is connected with the defender. It decides nothing
by the project's rules, so no test of a rule may use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from alerts.events import Inbound, InboundKind, Outbound, OutboundKind, RawInbound
from bot.channels.practice.phones import PracticePhones
from bot.channels.practice.story import Happening, Tone
from bot.channels.pretend_channel import PretendChannel

CASE = "WL-7K2"


class EchoDesk:
    """Runs both channels of a practice run and answers what comes."""

    def __init__(self, phones: PracticePhones) -> None:
        self._phones = phones
        self._channels: Mapping[str, PretendChannel] = {channel.name: channel for channel in phones.channels}
        self._count = 0
        self._taker = ""
        self._opened = False
        self._home = "signal"
        self.stored: list[RawInbound] = []

    async def run(self) -> None:
        await asyncio.gather(*(channel.run(self._accept) for channel in self._channels.values()))

    async def _accept(self, *frames: RawInbound) -> None:
        for raw in frames:
            await self._heard(raw)

    async def _heard(self, raw: RawInbound) -> None:
        self.stored.append(raw)
        inbound = self._channels[raw.channel].parse(raw.raw)
        who = self._phones.network.world.owner(raw.channel, raw.sender)
        if inbound.kind in (InboundKind.RECEIPT, InboundKind.TYPING, InboundKind.REACHABLE):
            return
        if who == "sami":
            await self._from_defender(inbound)
        elif who in ("ana", "ben"):
            await self._from_officer(who, inbound)

    async def _from_defender(self, inbound: Inbound) -> None:
        self._home = inbound.channel
        if not self._opened:
            self._opened = True
            self._tell("A case is opened: P1", Tone.ALARM)
            page = f"🔴 P1 · {CASE}\nSami · verified · Beirut\n“{inbound.text or inbound.kind.value}”"
            for channel in ("signal", "telegram"):
                await self._say("ana", channel, OutboundKind.PAGE, page, ("Take", "Cannot now"), urgent=True)
            await self._say(
                "sami",
                self._home,
                OutboundKind.RECEIPT,
                "We have your message. It is stored, and Ana is being called now.",
            )
            danger = ("In danger now", "Soon", "Safe for now")
            await self._say("sami", self._home, OutboundKind.QUESTION, "Are you in danger right now?", danger)
        elif self._taker:
            words = inbound.text or f"[{inbound.kind.value}]"
            await self._say(self._taker, "telegram", OutboundKind.RELAY, f"{CASE} · Sami\n{words}")
        elif inbound.kind is InboundKind.TEXT and inbound.text in ("1", "2", "3"):
            where = "Where are you? A pin, a word or a voice note: whatever is easiest."
            await self._say("sami", self._home, OutboundKind.QUESTION, where)

    async def _from_officer(self, who: str, inbound: Inbound) -> None:
        if not self._taker:
            self._taker = who
            self._tell(f"{who.title()} takes the case", Tone.GOOD, settles=True)
            await self._say(
                who,
                inbound.channel,
                OutboundKind.NOTICE,
                f"{CASE} is yours. What you write here reaches Sami.",
            )
            await self._say(
                "sami",
                self._home,
                OutboundKind.RECEIPT,
                "A person has seen your message and is with you now.",
            )
        elif inbound.text:
            await self._say("sami", self._home, OutboundKind.RELAY, f"Desk: {inbound.text}")

    def _tell(self, text: str, tone: Tone, *, settles: bool = False) -> None:
        self._phones.story.tell(Happening(self._phones.clock.now(), text, tone, CASE, settles))

    async def _say(
        self,
        who: str,
        channel: str,
        kind: OutboundKind,
        text: str,
        choices: tuple[str, ...] = (),
        *,
        urgent: bool = False,
    ) -> None:
        self._count += 1
        address = self._phones.network.address(who, channel)
        outbound = Outbound(f"o{self._count}", channel, address, kind, text, choices, urgent=urgent)
        await self._channels[channel].send(outbound)
