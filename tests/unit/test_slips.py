"""A slip of the finger: which word of the lexicon a word is taken for. Held against the rule written out at length."""

from __future__ import annotations

import random

import pytest

from alerts.recognition.lexicon import Lexicon
from alerts.recognition.normal import spellings

LETTERS = "abc"


def lexicon_of(words: dict[str, list[str]]) -> Lexicon:
    return Lexicon.compiled(
        {language: {"classes": {"mine": entries, "sos": ["sos"]}} for language, entries in words.items()}
    )


def written_out(lexicon: Lexicon, word: str, languages: set[str]) -> str:
    """Take a letter out of each: what meets then differs by one slip. A word that is a letter longer comes first."""
    if lexicon.known(word) or any(lexicon.known(other) for other in spellings(word)):
        return next(one for one in (word, *spellings(word)) if lexicon.known(one))
    for shortened in (word, *without_one(word)):
        for near in sorted(lexicon.words):
            fits = near[0] == word[0] and len(near) >= 6 and shortened in without_one(near)
            if fits and one_slip(word, near) and (not languages or languages & lexicon.words[near].languages):
                return near
    return word


def without_one(word: str) -> list[str]:
    return list(dict.fromkeys(word[:at] + word[at + 1 :] for at in range(len(word))))


def one_slip(one: str, other: str) -> bool:
    """A letter left out, changed, or two of them swapped; not the same letter moved elsewhere."""
    if len(one) != len(other):
        return True
    apart = [at for at in range(len(one)) if one[at] != other[at]]
    if len(apart) < 2:
        return True
    first, last = apart[0], apart[-1]
    return last == first + 1 and (one[first], one[last]) == (other[last], other[first])


@pytest.mark.parametrize("seed", range(20))
def test_a_word_is_taken_for_what_it_differs_from_by_one_slip(seed: int) -> None:
    draw = random.Random(seed)
    words = {
        language: ["".join(draw.choices(LETTERS, k=draw.choice((6, 7)))) for _ in range(12)]
        for language in ("en", "tr")
    }
    lexicon = lexicon_of(words)
    taken = 0
    for _ in range(300):
        word = "".join(draw.choices(LETTERS, k=draw.choice((6, 7))))
        languages = set(draw.choice(((), ("en",), ("tr",), ("en", "tr"))))
        found = lexicon.corrected(word, languages, {})
        assert found == written_out(lexicon, word, languages), (word, languages)
        taken += found != word
    assert taken > 15
