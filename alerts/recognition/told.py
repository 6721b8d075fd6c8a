"""Tells what was done and is reported ("our office was raided on Monday") from an emergency and from talk about it.

Protection practice counts a specific threat, a raid, a seized device, spyware, an imminent arrest and an acknowledged
detention as P2: an officer is called, and the person is asked whether there is danger now. The words stand in the
lexicons, the same classes in each: `menace` (a threat), `got` (came to us), `raided`, `seized`, `device`, `spyware`,
`jailed`, `ours` (people who work with us), `warrant`, `lately` (the last days), `longago` (years past), `spokenof` (a
course, a report, "how do I": what is talked about and did not happen to us). Phrases that tell all of it are `menaced`,
`searched`, `bereft`, `spied` and `wanted`. An attack of the last days on the writer or on anybody who is named by what
they are to us (a colleague, a neighbour) counts too, and so does a raid elsewhere that is told with its place and time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alerts.recognition.lexicon import Hit
from alerts.recognition.verdict import Alarm, Verdict

_PHRASES = frozenset(("menaced", "searched", "bereft", "spied", "wanted"))
_NAMED = _PHRASES | {"menace", "raided", "seized", "spyware", "jailed", "warrant"}
_DONE = _NAMED | {"attp", "miss"}
TELLING = _NAMED | {"got", "device", "ours", "lately", "longago", "spokenof"}
_SPOKEN_OF = frozenset(("spokenof", "longago", "cond", "fiction", "asked"))
MISSING = "told-missing"
_TALK = frozenset(("report", "topic", "tame", "calm", "thanks"))
_NOT_OVER = frozenset(("now", "recent", "att", "weapon", "come", "state", "urgent"))
_REACH_BEFORE = 3  # words a negation reaches forward, as in `rules`
_REACH_AFTER = 2


class Told(NamedTuple):
    """What is reported: the code of the rule, the language, and whether it is `settled`: said to be past, and nothing
    said of now."""

    rule: str
    language: str
    settled: bool


def outweighed(heard: Verdict, told: Told | None, *, guessed: bool) -> Verdict:
    """`heard`, or that something was told where no alarm is heard. A doubt that only the model has (`guessed`) gives
    way to what is surely past: silence would make it an emergency in two minutes."""
    if told is None or heard.alarm in (Alarm.SOS, Alarm.TEST):
        return heard
    if heard.alarm is Alarm.DOUBT and not (guessed and told.settled):
        return heard
    # Nobody knows where somebody is: that does not pass by being days old.
    return Verdict(Alarm.DOUBT if told.rule == MISSING else Alarm.TOLD, told.rule, told.language)


def told_of(hits: Sequence[Hit], *, question: bool) -> Told | None:
    """What one clause tells that was done to somebody of ours, in whatever language it does; None if nothing."""
    speaking = sorted({hit.language for hit in hits if hit.kind in _DONE})
    for language in speaking:
        mine = [hit for hit in hits if hit.language == language]
        rule = _rule(mine, question=question)
        if rule is not None:
            kinds = {hit.kind for hit in mine}
            return Told(rule, language, "past" in kinds and not kinds & _NOT_OVER)
    return None


def _rule(hits: Sequence[Hit], *, question: bool) -> str | None:
    """The code of what `hits` of one language tell."""
    masks = [hit for hit in hits if hit.kind == "mask"]
    kinds = {hit.kind for hit in hits if not (hit.kind in _DONE and _unsaid(hit, hits, masks))}
    # "We got threats. What can we do?" tells and asks; a question by itself tells of nothing.
    if kinds & _SPOKEN_OF or (question and not kinds & {"past", "recent"}):
        return None
    ours = bool(kinds & {"my", "me", "kin"})
    if "menaced" in kinds or ("menace" in kinds and ("got" in kinds or "me" in kinds)):
        return "told-threat"
    if "searched" in kinds or ("raided" in kinds and ours and kinds & {"home", "past", "recent"}):
        return "told-raid"
    # Another organisation's, a neighbour's: the table of protection practice does not ask whose.
    if {"raided", "home"} <= kinds and kinds & {"past", "recent"} and not kinds & _TALK:
        return "told-raid"
    if "bereft" in kinds or ("seized" in kinds and "device" in kinds and ours):
        return "told-seizure"
    if "spied" in kinds or ("spyware" in kinds and ours and kinds & {"device", "got"}):
        return "told-spyware"
    if "wanted" in kinds or ("warrant" in kinds and kinds & {"me", "my"}):
        return "told-warrant"
    if "jailed" in kinds and (kinds & {"kin", "ours"} or ("my" in kinds and kinds & {"past", "recent"})):
        return "told-detention" if "calm" not in kinds else None
    if "lately" in kinds and not kinds & _TALK:
        if "miss" in kinds and "kin" in kinds:
            return MISSING
        if "attp" in kinds and (kinds & {"me", "kin"} or {"i", "actor"} <= kinds):
            return "told-attack"
    return None


def _unsaid(hit: Hit, hits: Sequence[Hit], masks: Sequence[Hit]) -> bool:
    """Whether a word is denied ("no threats so far"), or part of a fixed expression that means something else."""
    if any(mask.start <= hit.start and hit.end <= mask.end for mask in masks):
        return True
    return any(
        (no.kind in ("neg", "nobody") and 0 <= hit.start - no.end < _REACH_BEFORE)
        or (no.kind == "negafter" and 0 <= no.start - hit.end < _REACH_AFTER)
        for no in hits
    )
