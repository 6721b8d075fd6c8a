"""Who hears that a channel is dead: officers who can be reached another way, by chat, once, and once more when it is
back. It is no page: nobody's case is behind it, and the administrator hears by the heartbeat.

1. A channel is dead when receiving has been down, or nothing could be sent, for three minutes, or its canary says so.
2. It is back after three minutes without any of that.
3. What was told stands in the store: a process that is started anew or another node does not say it again, and one that
   comes and goes is told of at most every half an hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.engine import Engine
from bot.lane import Lane
from bot.watch import CHANNEL_DOWN_SECONDS, Figures

STEADY_SECONDS = 180.0
"""A channel that was dead counts as back after so long without trouble."""
TRIED_LATELY = timedelta(minutes=2)
"""While something waits a channel that is down is tried at least once a minute."""
ASK_SECONDS = 60.0
"""Until what may have been told already is looked up again."""


@dataclass
class ChannelNews:
    """What this process sees of the channels, and whom it has told."""

    engine: Engine
    lanes: Mapping[str, Lane]
    later: Callable[[Callable[[], object]], object]
    """Runs something on the desk thread."""
    monotonic: Callable[[], float] = time.monotonic
    _well_since: dict[str, float] = field(default_factory=dict)
    _asked: dict[str, tuple[bool, float]] = field(default_factory=dict)

    def show(self, figures: Figures, wrong: tuple[str, ...] = ()) -> None:
        """Looks at new figures; called at each beat of the watch."""
        if not figures.store:
            return
        tick = self.monotonic()
        for name in self.lanes:
            since, known = self._dead_since(name, figures), self._is_known(name, figures)
            if since is not None or not known:
                self._well_since.pop(name, None)
            if since is None and not (known and self._steady(name, tick)):
                continue
            dead, (asked, at) = since is not None, self._asked.get(name, (None, tick))
            if asked is dead and tick - at < ASK_SECONDS:
                continue
            self._asked[name] = (dead, tick)
            self.later(lambda name=name, since=since: self.engine.channel_turned(name, since))  # type: ignore[misc]

    def _steady(self, name: str, tick: float) -> bool:
        return tick - self._well_since.setdefault(name, tick) >= STEADY_SECONDS

    def _is_known(self, name: str, figures: Figures) -> bool:
        """Whether it is known how sending goes. After a failure that nothing has been sent since it is not."""
        limits = self.lanes[name].delivery.limits
        tried = limits.down_until
        return limits.down_since is None or (tried is not None and figures.at - tried < TRIED_LATELY)

    def _dead_since(self, name: str, figures: Figures) -> datetime | None:
        """Since when a channel is dead; None: it is not, or not for long enough."""
        sending = self.lanes[name].delivery.limits.down_since
        down = [timedelta(seconds=figures.down.get(name, 0.0))]
        down += [figures.at - sending] if sending is not None and self._is_known(name, figures) else []
        longest = max(down)
        found = [figures.at - longest] if longest.total_seconds() > CHANNEL_DOWN_SECONDS else []
        for canary in figures.canaries:
            if canary.channel == name and canary.bad(figures.at):
                found += [t for t in (canary.unproven_since or canary.done_at or canary.sent_at,) if t]
        return min(found, default=None)
