"""The shipped model against a training of its own. It takes a minute, so it stands apart from the unit tests, which are
run on every supported Python."""

from __future__ import annotations

import json

from alerts.recognition import Model
from benchmarks import train_recognition as training
from config.lexicons import load_model


def test_the_model_is_what_the_training_makes_of_its_sentences() -> None:
    stored = load_model()
    assert stored is not None
    learn, digest = training.examples()
    facts = json.loads(stored.partition(b"\n")[0])
    assert facts["learned_from"] == digest, "run: python -m benchmarks.train_recognition"
    weights, bias = training.trained(learn)
    again = Model.from_bytes(training.model_file(weights, bias, digest))
    shipped = Model.from_bytes(stored)
    # The last digit of an exponential may differ between machines.
    assert max(abs(one - other) for one, other in zip(again.weights, shipped.weights, strict=True)) <= 1
    assert len(stored) <= 1_000_000
