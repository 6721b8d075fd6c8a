"""What people type about time, made into values: timers, more time, pauses, schedules, quiet hours, zones.

Every parser answers one of three things: None, the message is not that command; a value; or a `Misread`, which says
what was not understood and what to tell the person. Rules:

* A command may begin with a slash. Its words count in all the bot's languages, whatever language the person chose.
* Many of these words begin ordinary sentences too ("quiet here, they left"). Where what follows does not fit and holds
  no number, the answer is None, and the message goes where any unexpected message goes. A `Misread` is a hint beside
  that, never instead of it: the router does not drop such a message.
* `asked`: the conversation has just asked for it, so the command word is not needed, and what does not fit is a
  `Misread` and never None.
* Where a text can be read in two ways, the one that ends earlier is taken: a timer that comes too early asks a
  question, one that comes too late is silence.

Pure: now and the person's zone are arguments. Only the first thousand characters are read.
"""

from __future__ import annotations

from alerts.timetext.hints import Hint, Misread
from alerts.timetext.schedules import Quiet, Timetable, parse_quiet, parse_schedule
from alerts.timetext.timers import (
    End,
    Extend,
    Pause,
    Timer,
    parse_end,
    parse_extend,
    parse_pause,
    parse_resume,
    parse_timer,
)
from alerts.timetext.words import COMMAND_WORDS, Command, CommandWords
from alerts.timetext.zones import parse_zone, zone_from_text

__all__ = [
    "COMMAND_WORDS",
    "Command",
    "CommandWords",
    "End",
    "Extend",
    "Hint",
    "Misread",
    "Pause",
    "Quiet",
    "Timer",
    "Timetable",
    "parse_end",
    "parse_extend",
    "parse_pause",
    "parse_quiet",
    "parse_resume",
    "parse_schedule",
    "parse_timer",
    "parse_zone",
    "zone_from_text",
]
