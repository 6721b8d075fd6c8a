"""The channels that are held to the suite. A new one adds its line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.bench_practice import PRETEND_FEATURES, pretend_bench
from tests.contract.bench_signal import SIGNAL_FEATURES, signal_bench
from tests.contract.bench_telegram import TELEGRAM_FEATURES, telegram_bench
from tests.contract.channel_suite import Feature, OpenBench

BENCHES: dict[str, tuple[OpenBench, frozenset[Feature]]] = {
    "telegram": (telegram_bench, TELEGRAM_FEATURES),
    "signal": (signal_bench, SIGNAL_FEATURES),
    "pretend signal": (pretend_bench("signal"), PRETEND_FEATURES["signal"]),
    "pretend telegram": (pretend_bench("telegram"), PRETEND_FEATURES["telegram"]),
}


def held(*features: Feature) -> Callable[[Any], Any]:
    """The test runs for each channel whose platform has all of these; it is no test where there is none."""
    fitting = [
        pytest.param(open_bench, id=name)
        for name, (open_bench, has) in BENCHES.items()
        if has.issuperset(features)
    ]
    return pytest.mark.parametrize("open_bench", fitting) if fitting else lambda function: None
