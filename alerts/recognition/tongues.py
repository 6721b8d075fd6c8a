"""Which languages the words of a clause are of, and which of them may speak there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from alerts.recognition.lexicon import Hit
from alerts.recognition.rules import TRIGGERS, Finding
from alerts.recognition.verdict import Alarm

CRIES = frozenset(("sos-word", "help-me", "help-danger", "help-me-danger", "help-now"))
HEARD_IN_ANY = CRIES | {"phrase"}
OF_ALL_LANGUAGES = frozenset(("sos", "help"))  # words that do not tell what language somebody speaks


def chance(finding: Finding, known: int, most: int) -> bool:
    """Whether a language that knows only `known` words, where another knows `most`, hears an alarm by chance: words of
    one are words of another ("force"). Cries and whole phrases are heard in any: people call in several languages."""
    alarm, rule = finding
    if alarm is Alarm.DOUBT:
        return 3 * known < 2 * most
    return rule not in HEARD_IN_ANY and 2 * known < most


def coverage(hits: Iterable[Hit], apart: Collection[int] = ()) -> dict[str, int]:
    """How many words each language knows here, but for those at `apart`: a doubt of a language that knows few of them
    is a chance likeness."""
    known: dict[str, set[int]] = {}
    for hit in hits:
        known.setdefault(hit.language, set()).update(range(hit.start, hit.end))
    return {language: len(words.difference(apart)) for language, words in known.items()}


def spoken(hits: Sequence[Hit], cried: Sequence[Hit], words: Sequence[str]) -> str | None:
    """The language most of `words` are of, but for those of all languages; among equals one that cries in `cried`."""
    known = coverage(hits, {at for at, word in enumerate(words) if word in OF_ALL_LANGUAGES})
    most = max(known.values(), default=0)
    if not most:
        return None
    tied = sorted(language for language, count in known.items() if count == most)
    crying = [language for language in tied if any(hit.language == language for hit in cried)]
    return crying[0] if crying else tied[0] if len(tied) == 1 else None


def spoken_of(hits: Sequence[Hit], shouted: bool) -> bool:
    """Whether "SOS" is a subject here, in whatever language the rest is: the word itself belongs to all of them."""
    called = {hit.start for hit in hits if hit.kind == "sos"}
    return any(
        hit.kind in ("topic", "fiction", "report", "asked")
        or (hit.kind == "mask" and not shouted and any(hit.start <= at < hit.end for at in called))
        for hit in hits
    )


def languages(hits: Iterable[Hit]) -> list[str]:
    """The languages whose words here could make an alarm, by name, so that ties always fall the same way."""
    return sorted({hit.language for hit in hits if hit.kind in TRIGGERS})
