"""Recognition against the labelled set, and what holds between the set, the training and the model."""

from __future__ import annotations

import functools
import json

import pytest

from alerts.recognition import Model, Recogniser
from alerts.recognition.normal import fold
from benchmarks import train_recognition as training
from benchmarks.recognition import Row, labelled, score
from config.lexicons import LexiconError, load_lexicons, load_model, read_lexicon

LANGUAGES = ("ar", "bn", "en", "es", "fa", "fr", "pt", "ru", "sw", "tr")
RECALL = 0.97
DISTURBED = 0.06


@functools.cache
def rows() -> tuple[Row, ...]:
    return tuple(labelled())


@functools.cache
def recogniser() -> Recogniser:
    stored = load_model()
    return Recogniser(load_lexicons(), Model.from_bytes(stored) if stored else None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_recall_and_false_alarms_hold_in_every_language(language: str) -> None:
    mine = [row for row in rows() if row.language == language]
    assert len(mine) >= 120
    counts, wrong = score(recogniser(), mine)
    assert counts.paged >= RECALL * counts.emergencies, wrong
    assert counts.disturbed <= DISTURBED * counts.ordinary, wrong


def test_the_labelled_set_is_well_formed() -> None:
    assert {row.language for row in rows()} == set(LANGUAGES)
    assert {row.label for row in rows()} == {"sos", "doubt", "none"}
    assert all(row.text.strip() for row in rows())


def test_no_sentence_is_both_learned_and_measured() -> None:
    learned = {" ".join(fold(one.text).split()) for one in training.sentences(training.SENTENCES)}
    measured = {" ".join(fold(row.text).split()) for row in rows()}
    assert not learned & measured


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


def test_a_cut_model_file_is_refused() -> None:
    stored = load_model()
    assert stored is not None
    for broken in (b"", b"{}\n", stored[:200], b"[1]\n" + stored):
        with pytest.raises(ValueError, match="recognition model"):
            Model.from_bytes(broken)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_words_a_conversation_needs(language: str) -> None:
    lexicon = load_lexicons()[language]
    assert {"ok", "talk", "more_time", "help", "false_alarm", "clear", "yes", "no", "skip"} <= set(
        lexicon["intents"]
    )
    assert {"sos", "help", "helpme", "test", "att", "attp", "actor", "me", "kin", "mask"} <= set(
        lexicon["classes"]
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("language: [", "YAML"),
        ("language: yy", "'language'"),
        ("language: xx\nclases: {}", "'clases'"),
        ("language: xx\nclasses: [a]", "'classes'"),
        ("language: xx\nintents: {yes: [ja]}", "'intents'"),
        ("language: xx\nclasses: {sos: 3}", "'classes.sos'"),
    ],
)
def test_a_broken_lexicon_file_is_refused_with_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(LexiconError, match=complaint):
        read_lexicon("xx.yaml", text)
