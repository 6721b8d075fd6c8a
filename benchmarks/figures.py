"""The figures by name, what each is measured with, and what is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks import alarms, costs, members, overdue
from benchmarks.desk import Place
from benchmarks.machine import Figures

NAMES = ("idle", "loaded", "overdue", "people", "burst", "costs")

Sizes = Mapping[str, int]

FULL: Sizes = {
    "idle_alarms": 300,
    "loaded_alarms": 200,
    "loaded_prompts": 10_000,
    "overdue_deadlines": 10_000,
    "people_many": 1_000_000,
    "people_few": 1_000,
    "burst_alarms": 5_000,
    "costs_alarms": 100,
    "costs_payloads": 10_000,
}
QUICK: Sizes = {
    "idle_alarms": 50,
    "loaded_alarms": 30,
    "loaded_prompts": 1_000,
    "overdue_deadlines": 1_000,
    "people_many": 20_000,
    "people_few": 1_000,
    "burst_alarms": 500,
    "costs_alarms": 30,
    "costs_payloads": 1_000,
}

AIMS: Mapping[str, Mapping[str, float]] = {
    "idle": {"p50_ms": 10, "p99_ms": 30},
    "loaded": {"p99_ms": 100},
    "overdue": {"all_committed_s": 3, "first_page_s": 0.5},
    "people": {"times_as_long": 1.5, "memory_mb_with_1000000": 250},
    "burst": {"accepted_per_s": 500, "lost": 0},
}
"""At most so much, but for what is counted per second: at least so many."""

MEANING: Mapping[str, str] = {
    "idle": "SOS in to page handed to the channel, one after another",
    "loaded": "the same while check-in prompts wait in the outbox",
    "overdue": "deadlines overdue at once",
    "people": "100 due among many people with check-ins",
    "burst": "SOS of as many people in one burst",
    "costs": "what one alarm costs on one thread",
}


def measure(name: str, place: Place, sizes: Sizes, cache: Path) -> Figures:
    """Measures one figure. Raises KeyError for a name that is none of `NAMES`."""
    match name:
        case "idle":
            return alarms.idle(place, sizes["idle_alarms"])
        case "loaded":
            return alarms.loaded(place, sizes["loaded_alarms"], sizes["loaded_prompts"])
        case "overdue":
            return overdue.overdue(place, sizes["overdue_deadlines"])
        case "people":
            return members.people(place, sizes["people_many"], sizes["people_few"], cache)
        case "burst":
            return alarms.burst(place, sizes["burst_alarms"])
        case "costs":
            sealing = costs.sealing(place, sizes["costs_payloads"])
            return {**costs.per_alarm(place, sizes["costs_alarms"]), **sealing}
        case _:
            raise KeyError(name)
