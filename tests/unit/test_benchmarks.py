"""The measurements run and name what they measured. Sizes are tiny and no time is judged: that is what a run is for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.desk import Place
from benchmarks.figures import AIMS, FULL, MEANING, NAMES, QUICK, measure
from benchmarks.machine import fsync_times, machine, percentile
from benchmarks.table import rows, verdict

TINY = {
    "idle_alarms": 2,
    "loaded_alarms": 2,
    "loaded_prompts": 12,
    "overdue_deadlines": 100,
    "people_many": 150,
    "people_few": 120,
    "burst_alarms": 12,
    "costs_alarms": 2,
    "costs_payloads": 3,
}
KEYS = {
    "idle": {"alarms", "stored_p50_ms", "p50_ms", "p99_ms", "max_ms", "cpu_ms_per_alarm"},
    "loaded": {"p50_ms", "p99_ms", "outbox_at_start", "outbox_at_end", "socket_answers_after_ms"},
    "overdue": {"all_committed_s", "first_page_s", "all_sent_s", "outbox_rows", "cpu_ms_per_deadline"},
    "people": {"sweep_ms_with_150", "memory_mb_with_150", "times_as_long", "cpu_times_as_much"},
    "burst": {"accepted_per_s", "opened_per_s", "paged_per_s", "lost", "cases_in_store"},
    "costs": {"turn_statements", "turn_cpu_ms", "accept_cpu_ms", "hand_out_cpu_ms", "seal_us", "open_us"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_measurement_runs_and_gives_its_figures(name: str, tmp_path: Path) -> None:
    found = measure(name, Place(tmp_path), TINY, tmp_path / "cache")
    assert KEYS[name] <= set(found)
    assert json.loads(json.dumps(found)) == found
    if name == "burst":
        assert (found["lost"], found["cases_in_store"], found["cases_named_in_pages"]) == (0, 12, 12)
    if name == "overdue":
        # 89 prompts, 10 reminders, and what follows from one desk rung.
        assert isinstance(found["outbox_rows"], int)
        assert found["outbox_rows"] > 99
    if name == "people":
        assert (found["turns_with_150"], found["turns_with_120"]) == (100, 100)


def test_every_figure_has_sizes_words_and_known_aims() -> None:
    assert set(FULL) == set(QUICK) == set(TINY)
    assert set(MEANING) == set(NAMES) == set(KEYS)
    assert set(AIMS) <= set(NAMES)


def test_a_value_stands_beside_what_was_aimed_at() -> None:
    assert verdict("idle", "p50_ms", 9.5).endswith("met")
    assert verdict("idle", "p50_ms", 10.5).endswith("NOT met")
    assert verdict("burst", "accepted_per_s", 400).endswith("NOT met")
    assert verdict("idle", "alarms", 300) == ""
    assert any("p50_ms" in line and "aim" in line for line in rows("idle", {"p50_ms": 1.0}))


def test_a_run_says_what_it_was_measured_on(tmp_path: Path) -> None:
    assert {"cores", "cpu", "file_system", "python", "sqlite", "database"} <= set(machine(tmp_path, "x"))
    assert set(fsync_times(tmp_path, 3)) == {"fsync_p50_ms", "fsync_p99_ms"}
    assert percentile([float(n) for n in range(1, 101)], 99) == 99
    assert percentile([5.0], 99) == 5
