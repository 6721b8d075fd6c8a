"""What a person is told when words about time were not understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Hint(StrEnum):
    """What to tell a person whose words about time were not understood."""

    TIMER_TIME = "time.hint.timer_time"
    """No length and no clock time: "timer 2h court" or "timer 18:00 court"."""
    TIMER_UNIT = "time.hint.timer_unit"
    """A bare small number: minutes or hours?"""
    TIMER_BOUNDS = "time.hint.timer_bounds"
    """Shorter than a minute or longer than seven days."""
    EXTEND_TIME = "time.hint.extend_time"
    EXTEND_BOUNDS = "time.hint.extend_bounds"
    PAUSE_UNTIL = "time.hint.pause_until"
    """Until when: "pause 2d" or "pause until 2026-03-05"."""
    PAUSE_BOUNDS = "time.hint.pause_bounds"
    """A pause of more than ninety days."""
    PAST = "time.hint.past"
    """That time is over."""
    NO_SUCH_DATE = "time.hint.no_such_date"
    DATE_UNCLEAR = "time.hint.date_unclear"
    """3/4 may be two days: "2026-04-03" is clear."""
    SCHEDULE = "time.hint.schedule"
    """Something in a schedule was not understood: "daily 9:00 21:00", "every 6h", "mon wed fri 08:30"."""
    SCHEDULE_TIMES = "time.hint.schedule_times"
    """Days without times."""
    SCHEDULE_MANY = "time.hint.schedule_many"
    """More than 24 times a day."""
    EVERY_BOUNDS = "time.hint.every_bounds"
    """More often than every hour or more seldom than once a week."""
    QUIET = "time.hint.quiet"
    """Two times: "quiet 23-7", or "quiet off"."""
    QUIET_SAME = "time.hint.quiet_same"
    """Quiet from a time to the same time would be for ever."""
    ZONE = "time.hint.zone"
    """No city or zone of that name."""
    ZONE_UNCLEAR = "time.hint.zone_unclear"
    """Several zones end in that name: say it with its continent."""


@dataclass(frozen=True, slots=True)
class Misread:
    """A command about time that was not understood."""

    hint_key: Hint
    what: str = field(default="", repr=False)
    """The piece that was not understood, as written, at most 40 characters; may be empty."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "what", self.what[:40])
