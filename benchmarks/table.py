"""Figures as lines of text, each beside what was aimed at."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figures import AIMS, MEANING
from benchmarks.machine import Figures


def rows(name: str, figures: Figures) -> Iterator[str]:
    """A title, then a line for each value."""
    yield ""
    yield f"{name}: {MEANING[name]}"
    for key, value in figures.items():
        yield f"  {key:<34}{value!s:>12}  {verdict(name, key, value)}".rstrip()


def verdict(name: str, key: str, value: object) -> str:
    """How a value stands to what was aimed at; empty where nothing was."""
    aim = AIMS.get(name, {}).get(key)
    if aim is None or not isinstance(value, (int, float)):
        return ""
    more = key.endswith("per_s")
    met = value >= aim if more else value <= aim
    return f"aim {'>=' if more else '<='} {aim:g}: {'met' if met else 'NOT met'}"
