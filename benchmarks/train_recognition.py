"""Trains the small model beside the recognition rules: `python -m benchmarks.train_recognition`.

Logistic regression over hashed character n-grams, in plain Python, in a fixed order with fixed steps, so that the same
sentences always give the same file. It learns from the sentences in `recognition_training/*.tsv`, never from the
labelled sets that measure it (a test compares them).
The threshold comes from cross-validation over the training sentences, for the share of ordinary ones it may disturb.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alerts.recognition.model import features
from alerts.recognition.normal import fold

HERE = Path(__file__).parent
SENTENCES = HERE / "recognition_training"
MODEL = HERE.parent / "config" / "lexicon" / "model.bin"

BUCKETS = 1 << 18
EPOCHS = 12
STEP = 0.6
DECAY = 1e-5
FOLDS = 5
_STEEPEST = 30.0  # log-odds beyond which the exponential is not worth taking
# Share of ordinary sentences that may be called alarming in cross-validation; most of them the rules excuse.
DISTURBED = 0.05


class Example(NamedTuple):
    """One sentence to learn from; `buckets` are its n-grams."""

    buckets: tuple[int, ...]
    alarm: bool


def sentences(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(language, label, text) of every row of the files in `folder`, in the order of names and lines."""
    for file in sorted(folder.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            language, label, text = line.split("\t")
            yield language, label, text


def examples() -> tuple[list[Example], str]:
    """All examples in a fixed order that mixes languages and labels, and the hash of what they were made from."""
    given = [(text, label != "none") for _, label, text in sentences(SENTENCES)]
    digest = hashlib.sha256(json.dumps(given, ensure_ascii=False).encode()).hexdigest()
    given.sort(key=lambda one: hashlib.sha256(one[0].encode()).digest())
    return [Example(tuple(sorted(features(fold(text), BUCKETS))), alarm) for text, alarm in given], digest


def trained(learn: Sequence[Example]) -> tuple[list[float], float]:
    """Weights and bias after `EPOCHS` passes of gradient descent in the given order."""
    weights = [0.0] * BUCKETS
    bias = 0.0
    for epoch in range(EPOCHS):
        step = STEP / (1 + epoch / 3)
        for example in learn:
            size = math.sqrt(len(example.buckets)) or 1.0
            score = bias + sum(weights[bucket] for bucket in example.buckets) / size
            error = example.alarm - 1 / (1 + math.exp(-min(max(score, -_STEEPEST), _STEEPEST)))
            change = step * error
            bias += change * 0.1
            change /= size
            for bucket in example.buckets:
                weights[bucket] += change - DECAY * weights[bucket]
    return weights, bias


def score(weights: Sequence[float], bias: float, example: Example) -> float:
    return bias + sum(weights[bucket] for bucket in example.buckets) / (
        math.sqrt(len(example.buckets)) or 1.0
    )


def threshold(all_examples: Sequence[Example]) -> tuple[float, float]:
    """The score that at most `DISTURBED` of the ordinary sentences reach unseen, and the recall it leaves."""
    ordinary: list[float] = []
    alarms: list[float] = []
    for fold_number in range(FOLDS):
        learn = [one for at, one in enumerate(all_examples) if at % FOLDS != fold_number]
        weights, bias = trained(learn)
        for at, one in enumerate(all_examples):
            if at % FOLDS == fold_number:
                (alarms if one.alarm else ordinary).append(score(weights, bias, one))
    ordinary.sort(reverse=True)
    cut = ordinary[int(len(ordinary) * DISTURBED)] + 1e-6
    return cut, sum(one >= cut for one in alarms) / len(alarms)


def model_file(weights: Sequence[float], bias: float, cut: float, digest: str) -> bytes:
    """The model as stored: one line of facts, then the weights as signed bytes, packed."""
    scale = max(abs(weight) for weight in weights) / 127
    small = bytes(round(weight / scale) & 0xFF for weight in weights)
    facts = {
        "format": 1,
        "buckets": BUCKETS,
        "scale": round(scale, 9),
        "bias": round(bias, 6),
        "threshold": round(cut, 6),
        "learned_from": digest,
    }
    return json.dumps(facts).encode() + b"\n" + zlib.compress(small, 9)


def main() -> None:
    """Trains and writes the model; prints what cross-validation says of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    out: Path = parser.parse_args().out
    learn, digest = examples()
    cut, recall = threshold(learn)
    data = model_file(*trained(learn), cut, digest)
    out.write_bytes(data)
    print(f"{len(learn)} sentences")
    print(f"unseen sentences: {recall:.1%} of the alarms at {DISTURBED:.1%} of the ordinary ones disturbed")
    print(f"{out.name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
