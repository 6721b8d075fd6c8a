"""Each test finds logging as Python and structlog start with it, whatever the test before it configured.

`bot.logs.configure` changes the whole process, for good, as it has to; a test that runs a command calls it too.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    root = logging.getLogger()
    factory, last, raising = logging.getLogRecordFactory(), logging.lastResort, logging.raiseExceptions
    level, handlers = root.level, list(root.handlers)
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    stderr = sys.stderr
    yield
    logging.setLogRecordFactory(factory)
    logging.lastResort, logging.raiseExceptions = last, raising
    root.setLevel(level)
    for handler in list(root.handlers):
        if handler not in handlers:
            root.removeHandler(handler)
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    sys.stderr = stderr
    structlog.reset_defaults()
