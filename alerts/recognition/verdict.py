"""What recognition can say of a text. Codes only: none of these ever carries the text itself."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Alarm(enum.Enum):
    """How much of an emergency a message tells of (protection practice: doubt is not silence)."""

    NONE = "none"
    TOLD = "told"
    """No emergency, but what protection practice calls P2 was done and is reported: a threat, a raid, a detention."""
    DOUBT = "doubt"
    SOS = "sos"
    TEST = "test"


class Intent(enum.Enum):
    """What a short message says as a whole, where a conversation expects one of these."""

    OK = "ok"
    TALK = "talk"
    MORE_TIME = "more_time"
    HELP = "help"
    SAFE = "safe"
    """ "I am safe": an OK where one is asked for, the end of an alarm where one is open."""
    FALSE_ALARM = "false_alarm"
    CLEAR = "clear"
    YES = "yes"
    NO = "no"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one text: the alarm, the code of the rule that gave it, and the language of what matched."""

    alarm: Alarm
    rule: str
    language: str | None = None
