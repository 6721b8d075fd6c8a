"""Measures SOS recognition: `python -m benchmarks.recognition [--json] [--misses] [--blind] [--cuts]`.

Recall and false alarms a language on the labelled set of `tests/recognition`, with the rules alone and with the model
beside them, and the time it takes: short messages, and 64 KB of several kinds of text, some made to be slow.
`--blind` counts the batches of `recognition_blind` instead, as they stand today, and `--cuts` what the score from which
the model says doubt does to those of them that may choose it.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from alerts.recognition import Alarm, Model, Recogniser
from config.lexicons import load_lexicons, load_model

LABELLED = Path(__file__).parent.parent / "tests" / "recognition"
BLIND = Path(__file__).parent / "recognition_blind"
LONG = 64 * 1024  # characters
PAGES = (Alarm.SOS, Alarm.DOUBT, Alarm.TOLD)
FIRST_BATCH = 6  # whose files have no number in their names
CHOOSING = range(6, 11)  # the batches that thresholds may be chosen on; later ones only measure


class Row(NamedTuple):
    """One labelled text; `label` is sos, doubt, told or none."""

    language: str
    label: str
    text: str


class Score(NamedTuple):
    """Counts of one language: emergencies, those that page, those labelled sos and answered so, ordinary, disturbed."""

    emergencies: int
    paged: int
    sure: int
    surely: int
    ordinary: int
    disturbed: int


def labelled(folder: Path = LABELLED) -> Iterator[Row]:
    """All rows of the labelled set, by language."""
    for file in sorted(folder.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            yield Row(*line.split("\t"))


def batches() -> dict[int, list[Row]]:
    """The blind batches by number."""
    found: dict[int, list[Row]] = {}
    for file in sorted(BLIND.glob("*.tsv")):
        name, _, language = file.stem.partition("_")
        number = int(name.removeprefix("batch")) if language else FIRST_BATCH
        rows = [Row(*line.split("\t")) for line in file.read_text(encoding="utf-8").splitlines()]
        found.setdefault(number, []).extend(rows)
    return dict(sorted(found.items()))


def score(recogniser: Recogniser, rows: Sequence[Row]) -> tuple[Score, list[tuple[Row, Alarm]]]:
    """The counts for `rows`, and the rows answered wrongly: missed or disturbed."""
    answers = [(row, recogniser.recognise(row.text).alarm) for row in rows]
    emergencies = [(row, alarm) for row, alarm in answers if row.label != "none"]
    ordinary = [(row, alarm) for row, alarm in answers if row.label == "none"]
    sure = [alarm for row, alarm in emergencies if row.label == "sos"]
    wrong = [(row, alarm) for row, alarm in emergencies if alarm not in PAGES]
    wrong += [(row, alarm) for row, alarm in ordinary if alarm in PAGES]
    return Score(
        len(emergencies),
        sum(alarm in PAGES for _, alarm in emergencies),
        len(sure),
        sum(alarm is Alarm.SOS for alarm in sure),
        len(ordinary),
        sum(alarm in PAGES for _, alarm in ordinary),
    ), wrong


def long_texts(rows: Sequence[Row]) -> dict[str, str]:
    """64 KB each, by what is in it; several are made to be slow."""
    chance = random.Random(7)
    talk = " ".join(row.text for row in rows if row.label == "none") * 3
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = " ".join("".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(LONG // 6))
    cyrillic = " ".join("".join(chance.choices("абвгдежзиклмнопрст", k=7)) for _ in range(LONG // 8))
    return {
        "ordinary talk": talk[:LONG],
        "random words": words[:LONG],
        "random Cyrillic": cyrillic[:LONG],
        "one letter": "a" * LONG,
        "letters apart": "s " * (LONG // 2),
        "zero-width marks": "h\u200b" * (LONG // 2),
        "lone surrogates": "\ud83d" * LONG,
        "trigger words": ("police help desk door following the trial " * LONG)[:LONG],
        "SOS at the end": (talk * 2)[: LONG - 40] + " . please help me they are breaking the door",
    }


def timed(recogniser: Recogniser, text: str, rounds: int) -> list[float]:
    """Milliseconds of processor time of each of `rounds` readings of `text`: other work on the machine counts less."""
    times = []
    for _ in range(rounds):
        start = time.thread_time()
        recogniser.recognise(text)
        times.append((time.thread_time() - start) * 1000)
    return times


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure() -> dict[str, Any]:
    """Everything, as plain data."""
    rows = list(labelled())
    lexicons, stored = load_lexicons(), load_model()
    start = time.thread_time()
    rules = Recogniser(lexicons, None)
    built = time.thread_time() - start
    both = Recogniser(lexicons, Model.from_bytes(stored) if stored else None)
    found: dict[str, Any] = {"build_seconds": round(built, 2)}
    for name, recogniser in (("rules", rules), ("rules and model", both)):
        found[name] = {
            language: score(recogniser, [row for row in rows if row.language == language])[0]._asdict()
            for language in sorted({row.language for row in rows})
        }
    short = [taken for row in rows for taken in timed(both, row.text, 3)]
    found["short_ms"] = {"p50": statistics.median(short), "p99": percentile(short, 0.99), "max": max(short)}
    found["long_ms"] = {
        name: statistics.median(timed(both, text, 5)) for name, text in long_texts(rows).items()
    }
    return found


def table(counts: dict[str, dict[str, int]]) -> str:
    lines = ["language  recall           sos as sos       false alarms"]
    sums = {key: sum(one[key] for one in counts.values()) for key in Score._fields}
    for language, one in [*counts.items(), ("all", sums)]:
        parts = (
            (one["paged"], one["emergencies"]),
            (one["surely"], one["sure"]),
            (one["disturbed"], one["ordinary"]),
        )
        lines.append(
            f"{language:<8}" + "".join(f"  {f'{a}/{b}':>8} {a / b if b else 0:>6.1%}" for a, b in parts)
        )
    return "\n".join(lines)


def blind() -> str:
    """Each batch as it stands, by language."""
    both = shipped()
    lines = []
    for number, rows in batches().items():
        counts = {
            language: score(both, [row for row in rows if row.language == language])[0]._asdict()
            for language in sorted({row.language for row in rows})
        }
        lines.append(f"\nbatch {number}\n{table(counts)}")
    return "\n".join(lines)


def cuts() -> str:
    """What is missed and who is disturbed on the batches that may choose, by the score from which the model doubts."""
    rows = [row for number, chosen in batches().items() if number in CHOOSING for row in chosen]
    lexicons, stored = load_lexicons(), load_model()
    if stored is None:
        raise SystemExit("no model")
    model = Model.from_bytes(stored)
    lines = ["doubt from   missed               false alarms"]
    for step in range(-8, 9):
        counts, _ = score(Recogniser(lexicons, dataclasses.replace(model, doubt=step / 20)), rows)
        missed = counts.emergencies - counts.paged
        lines.append(
            f"{step / 20:10.2f}   {missed:4}/{counts.emergencies} {missed / counts.emergencies:6.2%}"
            f"   {counts.disturbed:4}/{counts.ordinary} {counts.disturbed / counts.ordinary:6.2%}"
        )
    return "\n".join(lines)


def shipped() -> Recogniser:
    """The rules and the model together."""
    stored = load_model()
    return Recogniser(load_lexicons(), Model.from_bytes(stored) if stored else None)


def main() -> None:
    """Prints the figures as tables, or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--misses", action="store_true", help="print the sentences answered wrongly")
    parser.add_argument("--blind", action="store_true", help="count the blind batches")
    parser.add_argument("--cuts", action="store_true", help="what the model's threshold of doubt does")
    options = parser.parse_args()
    if options.blind or options.cuts:
        print(blind() if options.blind else cuts())
        return
    if options.misses:
        for row, alarm in score(shipped(), list(labelled()))[1]:
            print(row.language, row.label, "->", alarm.value, "|", row.text)
        return
    found = measure()
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name in ("rules", "rules and model"):
        print(f"\n{name}\n{table(found[name])}")
    print(f"\nbuild: {found['build_seconds']} s")
    for name in ("short_ms", "long_ms"):
        times = found[name]
        print(f"\n{name}\n" + "\n".join(f"  {key:<18} {value:8.3f}" for key, value in times.items()))


if __name__ == "__main__":
    main()
