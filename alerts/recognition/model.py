"""The small trained model beside the rules: logistic regression over what a stretch of words is made of.

Three groups of features, each divided by the square root of its number so that none outweighs the others by its size:
character n-grams, words and pairs of words (also with the words that a lexicon knows replaced by their class), and the
signs the rules found (classes of the lexicon, pairs of them, and the rule's own answer). Classes and signs are the same
in every language, so what is learned in one serves the others.
The weights are one signed byte each. Training is `benchmarks/train_recognition.py`, at build time; here is only the
reading.
"""

from __future__ import annotations

import array
import json
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

_FORMAT = 3
SHORTEST, LONGEST = 1, 5  # characters of an n-gram
_SIGNS_TABLE = (
    1 << 13
)  # buckets at the end of the table kept for signs: there are few of them, and each weighs much


class Reading(NamedTuple):
    """One stretch of a message: its words, the same with classes for what a lexicon knows, and the rules' signs."""

    words: tuple[str, ...]
    shape: tuple[str, ...]
    signs: frozenset[str]


Features = tuple[tuple[int, ...], ...]


def features(reading: Reading, buckets: int) -> Features:
    """The buckets of the n-grams, of the words and of the signs of a reading, each group in rising order."""
    text = f" {' '.join(reading.words)} ".encode("utf-8", "replace").decode("utf-8")
    plain = buckets - _SIGNS_TABLE
    hashed = zlib.crc32
    sizes = range(SHORTEST, LONGEST + 1)
    if text.isascii():  # the same, without encoding every n-gram anew
        plainly = text.encode()
        grams = {hashed(plainly[at : at + n]) % plain for n in sizes for at in range(len(text) - n + 1)}
    else:
        grams = {hashed(text[at : at + n].encode()) % plain for n in sizes for at in range(len(text) - n + 1)}
    bounded = text.split()
    pairs = [f"{one} {other}" for one, other in _neighbours(bounded)]
    pairs += [f"{one}>{other}" for one, other in _neighbours(reading.shape)]
    words = {hashed(f"w {word}".encode("utf-8", "replace")) % plain for word in (*bounded, *pairs)}
    ordered = sorted(reading.signs)
    both = [f"{one} {other}" for one, other in combinations(ordered, 2)]
    signs = {plain + hashed(sign.encode()) % _SIGNS_TABLE for sign in (*ordered, *both)}
    return tuple(sorted(grams)), tuple(sorted(words)), tuple(sorted(signs))


def _neighbours(words: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Each word with the next one, and the edges of the stretch."""
    return zip(("^", *words), (*words, "$"), strict=True)


def weighed(weights: Sequence[float], found: Features) -> float:
    """The sum of the weights of `found`, each group divided by the root of its number."""
    return sum(sum(map(weights.__getitem__, group)) / math.sqrt(len(group)) for group in found if group)


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a trained model, and its log-odds: from which it says sos and doubt, below which it stills a doubt of
    the rules (`ordinary`), and further below an sos of theirs (`stilled`)."""

    weights: array.array[int]
    scale: float
    bias: float
    sos: float
    doubt: float
    ordinary: float
    stilled: float

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Reads what the training wrote. Raises ValueError if it is something else."""
        head, _, body = data.partition(b"\n")
        try:
            facts = json.loads(head)
            weights = array.array("b", zlib.decompress(body))
            if facts["format"] != _FORMAT or len(weights) != facts["buckets"]:
                raise ValueError("recognition model: another format or a cut file")
            numbers = [
                float(facts[name]) for name in ("scale", "bias", "sos", "doubt", "ordinary", "stilled")
            ]
            return cls(weights, *numbers)
        except (KeyError, TypeError, zlib.error, json.JSONDecodeError) as error:
            raise ValueError("recognition model: not a model file") from error

    def score(self, readings: Iterable[Reading]) -> float:
        """Log-odds of an alarm in the most alarming of `readings`; minus infinity where there is none."""
        buckets = len(self.weights)
        return max(
            (self.bias + self.scale * weighed(self.weights, features(one, buckets)) for one in readings),
            default=-math.inf,
        )
