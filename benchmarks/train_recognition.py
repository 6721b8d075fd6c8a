"""Trains the small model beside the recognition rules: `python -m benchmarks.train_recognition`.

Logistic regression in plain Python, in a fixed order with fixed steps, so that the same sentences and lexicons always
give the same file. It learns from the sentences in `recognition_training/*.tsv`, never from the labelled sets that
measure it (a test compares them), and reads them through the recogniser's own eyes: the rules' signs are features.
`--check` trains nothing for keeps and prints what cross-validation says, by language.
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

from alerts.recognition import Alarm, Recogniser
from alerts.recognition.model import Features, features, weighed
from config.lexicons import load_lexicons

HERE = Path(__file__).parent
SENTENCES = HERE / "recognition_training"
MODEL = HERE.parent / "config" / "lexicon" / "model.bin"

BUCKETS = 1 << 20
EPOCHS = 12
STEP = 1.0
DECAY = 3e-3  # each time a weight is moved: what few sentences tell counts little
LEARNED = 0.1  # what is answered within this of its label teaches nothing more
FOLDS = 5
_STEEPEST = 30.0  # log-odds beyond which the exponential is not worth taking


class Cuts(NamedTuple):
    """The log-odds from which the model says sos and doubt, and below which it stills a doubt or an sos of rules."""

    sos: float
    doubt: float
    ordinary: float
    stilled: float


# A doubt is raised from even odds on; what other thresholds would do stands in docs/recognition.md. The rest is chosen
# on what cross-validation and the blind batches say: one more alarm in a hundred costs one more false one there.
CUT = Cuts(sos=1.5, doubt=-0.2, ordinary=-0.2, stilled=-0.45)


class Example(NamedTuple):
    """One sentence to learn from: whether it measures anything, its language, its label, what the rules say of it, and
    what is to be learned."""

    fresh: bool
    language: str
    alarm: bool
    rules: Alarm
    readings: tuple[Features, ...]


class Sentence(NamedTuple):
    """One row of a training file. `met`: the rules were mended for it, so what they say of it is not learned.

    `fresh`: they were not, or hardly; the rest lies in the folder `more`. Only fresh ones measure anything.
    """

    language: str
    label: str
    text: str
    met: bool
    fresh: bool


def sentences(folder: Path) -> Iterator[Sentence]:
    """Every row of the files in `folder`, in the order of names and lines."""
    for file in sorted(folder.rglob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            language, label, text = line.split("\t")
            yield Sentence(language, label, text, file.stem == language, file.parent == folder)


def examples(folder: Path = SENTENCES) -> tuple[list[Example], str]:
    """All examples in a fixed order that mixes languages and labels, and the hash of what they were made from."""
    given = list(sentences(folder))
    digest = hashlib.sha256(json.dumps(given, ensure_ascii=False).encode()).hexdigest()
    given.sort(key=lambda one: hashlib.sha256(one.text.encode()).digest())
    recogniser = Recogniser(load_lexicons(), None)
    found = []
    for one in given:
        verdict, readings = recogniser.readings(one.text)
        if one.met:
            readings = tuple(part._replace(shape=part.words, signs=frozenset()) for part in readings)
        read = tuple(features(reading, BUCKETS) for reading in readings)
        found.append(
            Example(one.fresh and not one.met, one.language, one.label != "none", verdict.alarm, read)
        )
    return found, digest


def trained(learn: Sequence[Example]) -> tuple[list[float], float]:
    """Weights and bias after `EPOCHS` passes of gradient descent in the given order, each weight at its own pace."""
    weights = [0.0] * BUCKETS
    moved = [1.0] * BUCKETS
    bias = 0.0
    for epoch in range(EPOCHS):
        step = STEP * 8 / (8 + epoch)
        for example in learn:
            for reading in example.readings:
                score = bias + weighed(weights, reading)
                error = example.alarm - 1 / (1 + math.exp(-min(max(score, -_STEEPEST), _STEEPEST)))
                if abs(error) < LEARNED:
                    continue
                bias += 0.01 * error
                for group in reading:
                    if not group:
                        continue
                    slope = error / math.sqrt(len(group))
                    square = slope * slope
                    slope *= step
                    for bucket in group:
                        moved[bucket] += square
                        weights[bucket] += slope / math.sqrt(moved[bucket]) - DECAY * weights[bucket]
    return weights, bias


def score(weights: Sequence[float], bias: float, example: Example) -> float:
    """Log-odds of an alarm in the most alarming reading of `example`."""
    return max((bias + weighed(weights, reading) for reading in example.readings), default=-_STEEPEST)


def unseen(all_examples: Sequence[Example]) -> list[float]:
    """The score of every example by a model that did not learn from it."""
    found = [0.0] * len(all_examples)
    for part in range(FOLDS):
        weights, bias = trained([one for at, one in enumerate(all_examples) if at % FOLDS != part])
        for at in range(part, len(all_examples), FOLDS):
            found[at] = score(weights, bias, all_examples[at])
    return found


def model_file(weights: Sequence[float], bias: float, digest: str) -> bytes:
    """The model as stored: one line of facts, then the weights as signed bytes, packed."""
    scale = max(abs(weight) for weight in weights) / 127
    small = bytes(round(weight / scale) & 0xFF for weight in weights)
    facts = {
        "format": 3,
        "buckets": BUCKETS,
        "scale": round(scale, 9),
        "bias": round(bias, 6),
        **{name: round(value, 6) for name, value in CUT._asdict().items()},
        "learned_from": digest,
    }
    return json.dumps(facts).encode() + b"\n" + zlib.compress(small, 9)


def paged(example: Example, own: float) -> bool:
    """Whether rules and model together would page for `example`, scored `own` by the model."""
    if not example.readings:  # a whole message of SOS words: the model is not asked
        return example.rules in (Alarm.SOS, Alarm.DOUBT)
    needed = {Alarm.SOS: CUT.stilled, Alarm.DOUBT: CUT.ordinary}
    return own >= needed.get(example.rules, CUT.doubt)


def report(all_examples: Sequence[Example], scores: Sequence[float]) -> str:
    """What cross-validation says, by language: recall and false alarms of the rules, and of both together."""
    lines = ["lang      rules: recall, false   both: recall, false"]
    fresh = [(one, s) for one, s in zip(all_examples, scores, strict=True) if one.fresh]
    for language in [*sorted({one.language for one, _ in fresh}), ""]:
        mine = [(one, s) for one, s in fresh if language in ("", one.language)]
        bad = [(one, s) for one, s in mine if one.alarm]
        good = [(one, s) for one, s in mine if not one.alarm]
        shares = [
            sum(one.rules in (Alarm.SOS, Alarm.DOUBT) for one, _ in group) / max(len(group), 1)
            for group in (bad, good)
        ] + [sum(paged(one, s) for one, s in group) / max(len(group), 1) for group in (bad, good)]
        lines.append(f"{language or 'all':<8}" + "".join(f"{share:11.1%}" for share in shares))
    return "\n".join(lines)


def main() -> None:
    """Trains and writes the model, or prints what cross-validation says of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--check", action="store_true", help="only print what cross-validation says")
    options = parser.parse_args()
    learn, digest = examples()
    if options.check:
        print(report(learn, unseen(learn)))
        return
    data = model_file(*trained(learn), digest)
    options.out.write_bytes(data)
    print(f"{len(learn)} sentences; {options.out.name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
