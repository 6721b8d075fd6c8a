"""The ticker ticks on, whatever is done to the machine's clock."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine

from bot.ticker import Ticker

PATIENCE = 20.0


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_set_does_not_stop_it(hours: int) -> None:
    ticked = threading.Event()
    with time_machine.travel("2026-03-02T12:00:00+00:00", tick=True) as machine:
        ticker = Ticker()
        ticker.every(0.5, ticked.set)
        ticker.start()
        try:
            assert ticked.wait(PATIENCE)
            machine.shift(timedelta(hours=hours))
            for _ in range(3):
                ticked.clear()
                assert ticked.wait(PATIENCE)
        finally:
            ticker.stop()
