"""The small trained model beside the rules: logistic regression over hashed character n-grams.

The weights are one signed byte each; a message's score is their sum over its distinct n-grams, divided by the square
root of their number. Training is `benchmarks/train_recognition.py`, at build time; here is only the reading.
"""

from __future__ import annotations

import array
import json
import math
import zlib
from dataclasses import dataclass

from alerts.recognition.normal import BREAK, clauses, fold

SHORTEST, LONGEST = 1, 5  # characters of an n-gram
_CLAUSES_TOGETHER = 2


def features(folded: str, buckets: int) -> set[int]:
    """The buckets of all n-grams of a folded text."""
    text = "  " + " ".join(folded.replace(BREAK, " ").split()) + " "
    raw = text.encode("utf-8", "replace").decode("utf-8")
    return {
        zlib.crc32(raw[at : at + size].encode()) % buckets
        for size in range(SHORTEST, LONGEST + 1)
        for at in range(1, len(raw) - size + 1)
    }


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of a trained model. `threshold` is the score from which a text is called alarming."""

    weights: array.array[int]
    scale: float
    bias: float
    threshold: float

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Reads what the training wrote. Raises ValueError if it is something else."""
        head, _, body = data.partition(b"\n")
        try:
            facts = json.loads(head)
            weights = array.array("b", zlib.decompress(body))
            if facts["format"] != 1 or len(weights) != facts["buckets"]:
                raise ValueError("recognition model: another format or a cut file")
            return cls(weights, float(facts["scale"]), float(facts["bias"]), float(facts["threshold"]))
        except (KeyError, TypeError, zlib.error, json.JSONDecodeError) as error:
            raise ValueError("recognition model: not a model file") from error

    def score(self, folded: str) -> float:
        """Log-odds of an alarm for one folded text."""
        found = features(folded, len(self.weights))
        together = sum(self.weights[bucket] for bucket in found)
        return self.bias + self.scale * together / math.sqrt(len(found) or 1)

    def alarming(self, folded: str) -> bool:
        """Whether a folded text, or two clauses of it standing together, scores from the threshold on."""
        parts = [" ".join(words) for words in clauses(folded)]
        if not parts:
            return False
        pieces = {" ".join(parts[at : at + _CLAUSES_TOGETHER]) for at in range(len(parts))}
        return any(self.score(piece) >= self.threshold for piece in pieces)


__all__ = ["LONGEST", "SHORTEST", "Model", "features", "fold"]
