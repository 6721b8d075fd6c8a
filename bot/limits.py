"""How much a channel and each of its chats may be sent now, and when a channel that is down is tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.events import Outcome, RetryAt


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a channel may send. A rate of 0 is no limit."""

    per_second: float = 0.0
    chat_per_second: float = 0.0
    chat_burst: int = 1


@dataclass
class ChatLimits:
    """Token buckets: one for the channel, one for each chat that was used lately."""

    budget: Budget
    _channel: tuple[float, datetime] | None = None
    _chats: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    _blocked: dict[str, datetime] = field(default_factory=dict)
    down_until: datetime | None = None
    down_since: datetime | None = None
    _looked: datetime | None = None

    def _follow(self, now: datetime) -> None:
        """Once the machine's clock was set back, what was noted by it goes back with it: else nothing would go out for
        as long."""
        back = self._looked - now if self._looked is not None and self._looked > now else None
        self._looked = now
        if back is None:
            return
        if self._channel is not None:
            self._channel = (self._channel[0], self._channel[1] - back)
        self._chats = {chat: (tokens, at - back) for chat, (tokens, at) in self._chats.items()}
        self._blocked = {chat: until - back for chat, until in self._blocked.items()}
        self.down_until = self.down_until - back if self.down_until is not None else None
        self.down_since = self.down_since - back if self.down_since is not None else None

    def held(self, now: datetime) -> set[str]:
        """Chats that have to wait now."""
        self._follow(now)
        self._blocked = {chat: until for chat, until in self._blocked.items() if until > now}
        held = set(self._blocked)
        if self.budget.chat_per_second:
            held |= {chat for chat in list(self._chats) if self._left(chat, now) < 1.0}
        return held

    def _left(self, chat: str, now: datetime) -> float:
        tokens, at = self._chats.get(chat, (float(self.budget.chat_burst), now))
        tokens = min(
            self.budget.chat_burst, tokens + (now - at).total_seconds() * self.budget.chat_per_second
        )
        if tokens >= self.budget.chat_burst:
            self._chats.pop(chat, None)
        return tokens

    def allowance(self, now: datetime, wanted: int) -> int:
        """How many messages the channel may be given now."""
        self._follow(now)
        if self.down_until is not None and now < self.down_until:
            return 0
        if self.down_since is not None:
            return min(wanted, 1)  # a probe, until the channel has answered again
        if not self.budget.per_second:
            return wanted
        tokens, at = self._channel or (self.budget.per_second, now)
        tokens = min(self.budget.per_second, tokens + (now - at).total_seconds() * self.budget.per_second)
        self._channel = (tokens, now)
        return min(wanted, int(tokens))

    def spend(self, chat: str, now: datetime) -> None:
        """One message went to a chat."""
        if self._channel is not None:
            self._channel = (self._channel[0] - 1.0, self._channel[1])
        if self.budget.chat_per_second:
            self._chats[chat] = (self._left(chat, now) - 1.0, now)

    def learn(self, chat: str, outcome: Outcome, now: datetime) -> None:
        """What the channel's answer says about limits."""
        self._follow(now)
        if not isinstance(outcome, RetryAt):
            self.down_since = self.down_until = None
            return
        until = now + timedelta(seconds=outcome.after)
        if outcome.whole_channel:
            self.down_since = self.down_since or now
            self.down_until = until if outcome.obey else now + probe_interval(now - self.down_since)
        elif outcome.obey:
            self._blocked[chat] = until

    def next_change(self, now: datetime) -> datetime | None:
        """When something that has to wait now may go."""
        self._follow(now)
        times = [t for t in self._blocked.values() if t > now]
        if self.down_until is not None and self.down_until > now:
            times.append(self.down_until)
        rate = self.budget.chat_per_second
        times += [
            now + timedelta(seconds=max(0.01, (1.0 - self._left(c, now)) / rate))
            for c in list(self._chats)
            if rate
        ]
        return min(times, default=None)


def probe_interval(down: timedelta) -> timedelta:
    """How long to wait before a channel that is down is tried again: seconds at first, a quarter of a minute later."""
    if down < timedelta(seconds=10):
        return timedelta(seconds=1)
    if down < timedelta(minutes=10):
        return timedelta(seconds=3)
    return timedelta(seconds=15) if down < timedelta(hours=6) else timedelta(minutes=1)
