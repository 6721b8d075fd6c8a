"""Emergencies that nobody names: what is seen and heard, and what is missing.

Frightened people often tell the scene and not what it means: the same man is on the bus again, somebody films the
entrance, he went to sign a paper and nobody has seen him since, the door is open and the laptop gone. Each of these
words is ordinary by itself, so a scene needs two things that belong together, and is never more than a doubt.

The words stand in the lexicons, the same classes in each: `again` (the same man, car or motorbike), `lurk` (films,
stares, stands under the window, asks the neighbours), `went` (left for bread, was called in for five minutes) with
`unseen` (not back, nobody saw him, the phone is off, never late before), `ransacked` (all upside down, the lock cut,
the laptop gone), `omen` (a wreath, a bullet in an envelope), `lure` (come alone, tell nobody) and
`dark` (I put the lights off, not a sound).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alerts.recognition.lexicon import Hit
from alerts.recognition.verdict import Alarm

SCENES = frozenset(("again", "lurk", "unseen", "ransacked", "omen", "lure", "dark"))
_SAID_OTHERWISE = frozenset(("fiction", "report", "cond", "calm", "thanks", "task", "asked", "tame"))
_OURS = frozenset(("my", "me", "i", "home", "place"))
_NEAR = frozenset(("place", "now", "recent", "lurk", "come"))


def scene(kinds: Collection[str], hits: Sequence[Hit], *, question: bool) -> tuple[Alarm, str] | None:
    """What the classes of one clause tell without a deed. "The lock is broken" and "tell nobody" are said every day:
    two things broken or gone are needed, or two such demands, or somebody who did it; and "no answer" of a person."""
    said = frozenset(kinds)
    if question or said & _SAID_OTHERWISE or ("past" in said and not said & {"now", "recent"}):
        return None
    # Work talk does not speak against these: people vanish on their way to meetings, and it is laptops that are taken.
    if "unseen" in said and (said & {"went", "kin"} or _several(hits, "unseen")):
        return Alarm.DOUBT, "not-back"
    if "ransacked" in said and (_several(hits, "ransacked") or said & {"actor", "they"}):
        return Alarm.DOUBT, "ransacked"
    if "topic" in said:
        return None
    if "again" in said and said & _NEAR:  # "my van broke down again" is near nothing
        return Alarm.DOUBT, "followed-again"
    if "lurk" in said and said & {"actor", "they"} and said & _OURS:
        return Alarm.DOUBT, "watched"
    if "omen" in said and said & (_OURS | {"they", "actor"}):
        return Alarm.DOUBT, "omen"
    if "lure" in said and (_several(hits, "lure") or said & {"actor", "they"}):
        return Alarm.DOUBT, "lured"
    if "dark" in said and said & {"actor", "they", "come"} and said & {"place", "come", "home", "att"}:
        return Alarm.DOUBT, "in-the-dark"
    return None


def _several(hits: Sequence[Hit], kind: str) -> bool:
    return len({hit.start for hit in hits if hit.kind == kind}) > 1
