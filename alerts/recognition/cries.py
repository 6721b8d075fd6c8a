"""What a whole message that is a cry is made of: figures for letters, SOS tapped again and again, pleas around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from alerts.recognition.lexicon import Hit
from alerts.recognition.normal import squeeze

LEET = str.maketrans({"0": "o", "1": "l", "3": "e", "5": "s", "$": "s", "@": "a", "4": "a"})
INSIDE = re.compile(r"(?<=[^\W\d_])!(?=[^\W\d_])")  # "he!p"
TAPPED = re.compile("(?=.{4})(?:(?:so)+s?|(?:os)+o?)")  # SOS, tapped in panic
_PLEA = 4  # letters of a plea: shorter fillers ("the", "el") stand before any number and any noun
_PLEAS = frozenset(("pls", "plz", "svp", "stp"))
_PLEADING = frozenset(("urgent", "now", "me"))


def told_by(plain: str, language: str | None) -> str | None:
    """The language a cry is of, `language`, unless it is made of words of all languages, also misspelt."""
    letters = squeeze(plain.replace(" ", "").translate(LEET))
    return None if letters in ("sos", "help", "sossos") or TAPPED.fullmatch(letters) else language


def joined(words: Sequence[str]) -> str:
    """`words` as one; nothing of "so so", which is how one feels."""
    return "" if len(words) > 1 and all(squeeze(word) == "so" for word in words) else "".join(words)


def pleas(hits: Iterable[Hit], words: Sequence[str]) -> set[int]:
    """Where in `words` somebody pleads, or says that it is urgent, now, or about themselves."""
    found: set[int] = set()
    for hit in hits:
        said = " ".join(words[hit.start : hit.end])
        if hit.kind in _PLEADING or (hit.kind == "filler" and (len(said) >= _PLEA or said in _PLEAS)):
            found.update(range(hit.start, hit.end))
    return found
