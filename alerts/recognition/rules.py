"""Decides what the words of one clause add up to, the same way in every language.

The languages differ in their words; what makes an emergency does not: somebody hostile (`actor`, `they`), a deed
(`att` going on, `attp` done, `attb` bare and wanting an `intent`, `attn` as a noun), somebody it is done to (`me`,
`kin`, `him`) or a place that is ours (`home`, `place`), a state of the writer (`state`), a time (`now`, `past`).
`sure` and `maybe` are whole phrases; `unwell` (I am not all right), `farewell` (if I do not write by six) and `alone`
(a word like "raid" that is a whole message) are doubts of their own. `threat` is what threats are told with, `venue` a
place of work (the court, the conference hall), `enter` what is ordinary unless the police do it. What is seen and
heard and what is missing (`again`, `lurk`, `went`, `unseen`, `ransacked`, `omen`, `lure`, `dark`) is read in `scenes`.
What makes it ordinary: `topic` (work talk), `asked` (what SOS means), `fiction`, `cond` (if, when), `report` (somebody
tells the news), `neg` and `nobody`, `calm` (it is over, all is well), `tame` (what chases and kills only in a manner of
speaking: the boss, the heat), and fixed expressions (`mask`), whose words count for nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerts.recognition.lexicon import Hit
from alerts.recognition.scenes import SCENES, scene
from alerts.recognition.verdict import Alarm

Finding = tuple[Alarm, str]

TRIGGERS = SCENES | frozenset(
    (
        "sos",
        "help",
        "helpme",
        "sure",
        "maybe",
        "att",
        "attp",
        "attb",
        "attn",
        "come",
        "weapon",
        "state",
        "miss",
        "urgent",
        "place",
        "actor",
        "deed",
        "deedme",
        "unwell",
        "farewell",
    )
)
_TOLD_AFTERWARDS = frozenset(("deed-done", "actor-coming", "missing"))  # with "all home, thanks" it is over
# Words for these mean the same beside any language: people mix.
SHARED = frozenset(("actor", "weapon"))
SILENT = frozenset(("mask", "neg", "nobody", "negafter", "filler", "ordinary"))
CALMING = frozenset(("topic", "fiction", "cond", "report", "past", "task", "thanks", "tame", "calm"))
_DEEDS = frozenset(("att", "attp", "attb", "come", "state"))
_DENIABLE = _DEEDS | {"attn", "weapon", "help", "helpme", "urgent", "sos", "maybe", "miss"}
# "They took my ..." and "I am stuck" are told of seats and of questions too: on new sentences one in four such findings
# was wrong where nothing else spoke for it. They are doubts then, which the model may make an sos, or still.
_LEAN = frozenset(("deed-going-on", "deed-done", "state"))
_BORNE_OUT = frozenset(("actor", "weapon", "now", "recent", "urgent", "place", "home", "attn"))
_SAID_OF_PLACES = frozenset(("past", "topic", "report", "fiction"))
_BRIEF = 4  # words of a cry
_PLAIN = 12  # words of a plain telling: reports and statements are longer
_REACH_BEFORE = 3  # words a negation reaches forward
_REACH_OBJECT = 2  # words between a deed and the one it is done to
_REACH_AFTER = 2  # words a negation that stands behind reaches back


def unmasked(hits: Sequence[Hit], elsewhere: Sequence[Hit], shouted: bool) -> list[Hit]:
    """`hits` of one language without what is said otherwise than as an alarm: in a fixed ordinary expression of this
    language or of another one (`elsewhere`: neighbours share words), or denied."""
    masks = [hit for hit in hits if hit.kind == "mask"]
    masks += [
        hit for hit in elsewhere if hit.kind == "mask" or (hit.kind == "task" and hit.end - hit.start > 1)
    ]
    kept = []
    for hit in hits:
        if hit.kind in SILENT:
            continue
        # Spanish "sos" is also "you are", but nobody writes that in capitals.
        if any(_hidden(hit, mask) for mask in masks) and not (shouted and hit.kind == "sos"):
            continue
        if not any(_denied(hit, no) for no in hits):
            kept.append(hit)
    return kept


def _done_to_us(hits: Sequence[Hit], hostile: bool) -> bool:
    """Whether several people do to us what no word is known for, and what is nothing friendly (`benign`)."""
    friendly = [hit for hit in hits if hit.kind == "benign"]
    ours = [hit for hit in hits if hit.kind == "me"]
    for deed in hits:
        if deed.kind not in ("deed", "deedme") or any(
            hit.start < deed.end and deed.start < hit.end for hit in friendly
        ):
            continue
        near = any(0 < abs(hit.start - deed.start) <= _REACH_OBJECT for hit in ours)
        if deed.kind == "deedme" or (near and hostile):
            return True
    return False


def _within(past: Hit, hits: Sequence[Hit]) -> bool:
    """Whether a word for the past is part of a phrase of alarm ("the man from yesterday is back"), or one for work is
    part of where it happened ("in front of the court")."""
    spoken = ("sure", "maybe") if past.kind == "past" else ("venue",)
    return any(hit.kind in spoken and hit.start <= past.start and past.end <= hit.end for hit in hits)


def _hidden(hit: Hit, mask: Hit) -> bool:
    if hit.kind in CALMING:
        return False
    overlap = mask.start < hit.end and hit.start < mask.end
    return overlap and (hit.kind in _DEEDS or hit.end - hit.start <= mask.end - mask.start)


def _denied(hit: Hit, no: Hit) -> bool:
    if no.kind == "neg":
        return hit.kind in _DENIABLE and 0 <= hit.start - no.end < _REACH_BEFORE
    if no.kind == "nobody":
        return hit.kind in _DENIABLE | {"sure"} and 0 <= hit.start - no.end <= _REACH_BEFORE
    if no.kind == "negafter":
        return hit.kind in _DENIABLE | {"sure"} and 0 <= no.start - hit.end < _REACH_AFTER
    return False


def judge(
    hits: Sequence[Hit], length: int, *, question: bool, shouted: bool, implied: bool
) -> Finding | None:
    """What `hits` of one language in a clause of `length` words tell; None if nothing.

    `implied`: the language leaves "they" out, the verb's ending says it.
    """
    kinds = {hit.kind for hit in hits if not (hit.kind in _SAID_OF_PLACES and _within(hit, hits))}
    if not kinds & TRIGGERS:
        return None
    if "tame" in kinds and not kinds & {"actor", "weapon", "now", "they"}:
        return None  # the boss chases, the heat kills, the flu holds at home
    if implied and kinds & {"att", "attp", "deed"}:
        kinds.add("they")
    return (
        _called(hits, kinds, length, question, shouted)
        or _told(hits, kinds, length, question)
        or _foretold(kinds, length, question)
        or scene(kinds, hits, question=question)
    )


def _foretold(kinds: set[str], length: int, question: bool) -> Finding | None:
    """What the rules for deeds leave out: threats on a condition, farewells, "I am not well", deeds done at work."""
    if "fiction" in kinds or question:
        return None
    if "farewell" in kinds and not (
        kinds & {"topic", "task"} and not kinds & {"attp", "att", "actor", "kin"}
    ):
        return Alarm.DOUBT, "farewell"
    if "report" in kinds or ("past" in kinds and not kinds & {"now", "recent"}):
        return None
    close = bool(kinds & {"me", "kin", "my", "him"})
    if "unwell" in kinds:
        return Alarm.DOUBT, "not-well"
    if "threat" in kinds and close and kinds & {"att", "attp", "attb", "weapon"}:
        return Alarm.DOUBT, "threat"
    # Courts and conferences are where defenders are taken, so work talk does not outweigh what was done to one of us.
    if kinds & {"cond", "calm", "thanks", "task"} or length > _PLAIN:
        return None
    if "enter" in kinds and "actor" in kinds and kinds & {"venue", "place", "home"}:
        return Alarm.DOUBT, "entered"
    if kinds & {"att", "attp"} and _one_of_us(kinds):
        return Alarm.DOUBT, "deed-at-work"
    return None


def _one_of_us(kinds: set[str]) -> bool:
    """Whether it was done to somebody of ours, or by somebody armed with power in a place of ours."""
    return {"my", "kin"} <= kinds or bool("actor" in kinds and kinds & {"my", "me", "kin", "venue"})


def _called(
    hits: Sequence[Hit], kinds: set[str], length: int, question: bool, shouted: bool
) -> Finding | None:
    """SOS words, cries for help and the fixed phrases of an emergency."""
    talk = bool(kinds & {"topic", "fiction", "cond", "report"})
    danger = bool(
        kinds & {"att", "attp", "attn", "they", "actor", "now", "urgent", "place", "state", "weapon", "come"}
    )
    if (
        "sure" in kinds
        and not kinds & {"fiction", "cond"}
        and not ("report" in kinds and not kinds & {"me", "my"})
    ):
        if "past" in kinds and "recent" not in kinds and ("now" not in kinds or "calm" in kinds):
            return None
        return Alarm.SOS, "phrase"
    if "sos" in kinds and not talk and not (question and length > 3 and not danger):
        # At the end of a longer sentence the word is as often what is asked about: "how fast do you answer an SOS".
        edge = any(
            hit.kind == "sos" and (hit.start == 0 or (hit.end == length and length <= _BRIEF)) for hit in hits
        )
        close = bool(kinds & {"me", "i", "my", "kin", "home"})
        if edge or danger or close or shouted:
            return Alarm.SOS, "sos-word"
        return Alarm.DOUBT, "sos-word-inside"
    aside = talk or bool(kinds & {"task", "thanks"})
    if "helpme" in kinds:
        taken = max(hit.end - hit.start for hit in hits if hit.kind == "helpme")
        if not aside and (danger or length - taken <= 2):
            return Alarm.SOS, "help-me"
        if aside and not kinds & {"fiction", "cond", "thanks"} and kinds & {"att", "state", "weapon"}:
            return Alarm.SOS, "help-me-danger"
        if not aside:
            return Alarm.DOUBT, "help-me-unclear"
    if "help" in kinds and not aside:
        edge = any(hit.kind == "help" and (hit.start == 0 or hit.end == length) for hit in hits)
        if edge and (length <= 2 or danger):
            return Alarm.SOS, "help-danger"
        if danger and kinds & {"now", "urgent", "att", "state", "weapon"}:
            return Alarm.SOS, "help-now"
    if (
        "maybe" in kinds
        and not kinds & {"fiction", "cond", "report", "calm"}
        and not ("past" in kinds and "now" not in kinds)
    ):
        return Alarm.DOUBT, "phrase-unclear"
    return None


def _told(hits: Sequence[Hit], kinds: set[str], length: int, question: bool) -> Finding | None:
    """Emergencies told without any SOS word."""
    if kinds & {"fiction"}:
        return None
    conditional = "cond" in kinds
    if conditional and "now" not in kinds:
        return None
    ours = bool(kinds & {"me", "kin", "him"})
    hostile = bool(kinds & {"actor", "they"})
    here = bool(kinds & {"place", "home"})
    old = "past" in kinds
    now = "now" in kinds or "recent" in kinds
    talk = bool(kinds & {"topic", "report"})
    found: Finding | None = None
    if "att" in kinds and not (old and not now):
        if (
            "me" in kinds
            or (ours and not talk)
            or ("my" in kinds and not talk)
            or (hostile and here and not talk)
            or ("i" in kinds and now and hostile)
        ):
            found = Alarm.SOS, "deed-going-on"
        elif (hostile or here or now) and not talk and not question:
            found = Alarm.DOUBT, "deed-near"
        elif length <= 3 and not talk:
            found = Alarm.DOUBT, "deed-bare"
    # "Last month they arrested her, now she is out": only a recent time outweighs an old one for what is over.
    if (
        found is None
        and "attp" in kinds
        and not (old and "recent" not in kinds)
        and not (talk and not now and not ("me" in kinds and hostile))
    ):
        if ours or (hostile and (here or "my" in kinds)):
            found = Alarm.SOS, "deed-done"
        elif (
            (hostile and (now or here))
            or (hostile and "they" in kinds and length <= 6)
            or ("i" in kinds and now)
            or (hostile and length <= 4 and not question)
        ):
            found = Alarm.DOUBT, "deed-done-near"
    if found is None and "attb" in kinds and "intent" in kinds and not talk and not old:
        if ours or (here and hostile) or "my" in kinds:
            found = Alarm.SOS, "deed-coming"
        elif hostile and not question:
            found = Alarm.DOUBT, "deed-coming-near"
    if found is None and "state" in kinds and not (old and (not now or "calm" in kinds)):
        # A state of several words ("cannot breathe") says whose it is; one word ("hiding") may be anybody's.
        whole = any(hit.kind == "state" and hit.end - hit.start > 1 for hit in hits)
        if whole or kinds & {"i", "me", "my", "now", "kin"} or length <= 4 or hostile:
            found = (Alarm.DOUBT if talk else Alarm.SOS), "state"
    if found is None and "weapon" in kinds and not old and not talk:
        if hostile and (kinds & {"me", "place", "home", "i", "my", "now", "come", "kin", "him"}):
            found = Alarm.SOS, "weapon-near"
        elif hostile or "me" in kinds or "place" in kinds:
            found = Alarm.DOUBT, "weapon"
    if found is None and "come" in kinds and hostile and not talk and not old:
        if kinds & {"me", "my", "home", "now", "place"} and "actor" in kinds:
            found = Alarm.SOS, "actor-coming"
        elif kinds & {"me", "my", "now"} or "actor" in kinds:
            found = (Alarm.DOUBT, "coming") if not question else None
    if found is None and "place" in kinds and "actor" in kinds and not talk and not old and not question:
        near = bool(kinds & {"me", "my", "home", "now"})
        found = (Alarm.SOS, "actor-here") if near and "now" in kinds else (Alarm.DOUBT, "actor-near")
    # People vanish on the way to meetings and trainings, so work talk does not speak against it where kin is named.
    if (
        found is None
        and "miss" in kinds
        and "report" not in kinds
        and not (old and not now)
        and ("kin" in kinds or ("him" in kinds and not talk))
    ):
        found = Alarm.SOS, "missing"
    if found is None and "attn" in kinds and not old and not talk:
        if "now" in kinds and (here or ours or hostile):
            found = Alarm.SOS, "attack-now"
        elif here or ours or "now" in kinds or "my" in kinds:
            found = (Alarm.DOUBT, "attack-near") if not question else None
    pressing = "urgent" in kinds and not talk
    if found is None and pressing and (kinds & {"me", "i", "my", "actor", "place", "now"} or length <= 3):
        found = Alarm.DOUBT, "urgent"
    if (
        found is None
        and "actor" in kinds
        and (here or ours or "my" in kinds or "weapon" in kinds)
        and not (talk or old or question)
    ):
        found = Alarm.DOUBT, "actor-and-us"
    if found is None and not (talk or old or question or "thanks" in kinds) and _done_to_us(hits, hostile):
        found = Alarm.DOUBT, "deed-unknown"
    if found is not None and "calm" in kinds and (found[0] is Alarm.DOUBT or found[1] in _TOLD_AFTERWARDS):
        return None
    if found is not None and (conditional or (found[1] in _LEAN and not kinds & _BORNE_OUT)):
        return Alarm.DOUBT, found[1]
    return found
