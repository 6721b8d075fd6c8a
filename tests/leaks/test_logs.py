"""Nothing that a person wrote, and no token, reaches a log or stderr, whichever library or mistake carries it there.

Each case runs in a process of its own, as `run` would be: what `configure` does is done to a whole process.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
MARKER = "PLANTED-7c1f"

START = f"""
import asyncio, logging, sys, threading, warnings, gc
from bot import logs
import structlog
MARKER = {MARKER!r}
class Named(Exception):
    pass
logs.configure("debug")
log = structlog.get_logger("watchline")
"""

CASES = {
    "libraries": """
        import httpx, httpcore, telegram, telegram.ext, signalbot, aiohttp, websockets, uvicorn, apscheduler, sqlalchemy
        for name in ("httpx", "httpcore.http11", "telegram.Bot", "telegram.ext.Updater", "signalbot", "aiohttp.client",
                     "websockets.client", "uvicorn.error", "uvicorn.access", "apscheduler.executors.default",
                     "sqlalchemy.engine.Engine", "asyncio", "psycopg", "alembic", "PIL", "anything.else", ""):
            logger = logging.getLogger(name)
            logger.setLevel(1)
            for level in (10, 20, 30, 40, 50):
                logger.log(level, "text " + MARKER)
                logger.log(level, "argument %s", MARKER)
                logger.log(level, "extra", extra={"body": MARKER})
            try:
                raise ValueError(MARKER)
            except ValueError:
                logger.exception("failed with %r", MARKER, stack_info=True)
    """,
    "a library that brings its own handler": """
        logger = logging.getLogger("loud")
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s %(args)s %(exc_info)s"))
        logger.addHandler(handler)
        logger.setLevel(1)
        try:
            raise ValueError(MARKER)
        except ValueError:
            logger.exception("x %s", MARKER)
    """,
    "a handler that fails": """
        class Failing(logging.Handler):
            def emit(self, record):
                try:
                    raise ValueError(MARKER)
                except ValueError:
                    self.handleError(record)
        logging.getLogger("loud").addHandler(Failing())
        logging.getLogger("loud").error("x %s", MARKER)
        logging.getLogger("loud").error("too few arguments %s %s", MARKER)
    """,
    "printed by a library": """
        import traceback
        try:
            raise ValueError(MARKER)
        except ValueError:
            traceback.print_exc()
        print(MARKER, file=sys.stderr)
        warnings.warn(MARKER)
        sys.stderr.writelines([MARKER, MARKER])
    """,
    "our own values of a wrong shape": """
        log.error("event", text=MARKER + " with words", number="+14155550100", digits="14155550100", who="Sámi",
                  nested={"a": MARKER + " "}, thing=object(), many=[MARKER + " x", "fine"], data=MARKER.encode())
        log.error(MARKER + " in the name")
    """,
    "our own exceptions": """
        try:
            raise Named(MARKER)
        except Named:
            log.exception("failed")
            log.error("failed", exc_info=True)
            log.error("failed", exc_info=sys.exc_info(), stack_info=True)
    """,
    "a thread": """
        def work():
            local = MARKER
            raise Named(local)
        thread = threading.Thread(target=work, name=MARKER)
        thread.start()
        thread.join()
    """,
    "a loop": """
        async def main():
            loop = asyncio.get_running_loop()
            if sys.argv[1:] == ["ours"]:
                loop.set_exception_handler(logs.loop_trouble)
            async def fails(text):
                raise Named(text)
            task = asyncio.create_task(fails(MARKER), name=MARKER)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            del task
            gc.collect()
            loop.call_soon(lambda: 1 / len(MARKER[:0]))
            await asyncio.sleep(0)
            loop.call_exception_handler({"message": MARKER, "exception": Named(MARKER)})
        asyncio.run(main(), debug=True)
    """,
    "a finalizer": """
        class Falls:
            def __del__(self):
                raise Named(MARKER)
        Falls()
        gc.collect()
    """,
    "a group of exceptions": """
        def work():
            raise ExceptionGroup(MARKER, [Named(MARKER), OSError(MARKER)])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """,
    "the end of the process": """
        def deep(text):
            raise Named(text) from ValueError(MARKER)
        deep(MARKER)
    """,
}
NAMED = {
    "our own exceptions",
    "a thread",
    "a loop",
    "a finalizer",
    "a group of exceptions",
    "the end of the process",
}


def run(body: str, *arguments: str, start: str = START) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(body), *arguments],
        cwd=TOP,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("what", CASES)
@pytest.mark.parametrize("loop", ["ours", "default"])
def test_nothing_planted_comes_out(what: str, loop: str) -> None:
    if loop == "default" and what != "a loop":
        return
    done = run(CASES[what], loop)
    assert MARKER not in done.stdout + done.stderr
    assert "14155550100" not in done.stderr
    assert "Sámi" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if what == "the end of the process" else 0)
    assert done.stderr, "that something happened is told"
    if what in NAMED:
        assert "Named" in done.stderr


def test_what_would_come_out_without_us() -> None:
    """The cases can fail: unconfigured, the marker is everywhere."""
    bare = START.replace('logs.configure("debug")', "")
    for what in CASES:
        if what != "a handler that fails":
            assert MARKER in (done := run(CASES[what], "default", start=bare)).stdout + done.stderr, what


def test_our_own_references_come_out() -> None:
    done = run(
        'log.info("paged", case="XF7A", people=2, seconds=1.5, error="TimeoutError", inbox="0191a", none=None)'
    )
    (line,) = done.stderr.splitlines()
    assert line.split(" ", 1)[1] == (
        "info     paged case=XF7A people=2 seconds=1.5 error=TimeoutError inbox=0191a none=None"
    )


def test_an_exception_is_told_by_its_class_and_our_line() -> None:
    body = """
        from bot.clock import require_practice
        try:
            require_practice(MARKER)
        except Exception as error:
            log.error("refused", **logs.trouble(error))
    """
    done = run(body)
    assert " error=NotAPracticeStore at=bot/clock.py:" in done.stderr
    assert MARKER not in done.stderr


def test_json_lines_are_json() -> None:
    body = 'logs.configure("info", as_json=True); log.info("paged", case="XF7A", text=MARKER + " x")'
    line = json.loads(run(body).stderr)
    assert (line["event"], line["case"], line["text"]) == ("paged", "XF7A", "withheld")


def test_the_same_trouble_a_thousand_times_is_a_few_lines() -> None:
    done = run('for _ in range(1000): logging.getLogger("loud").error("x")')
    counts = [line.rpartition("count=")[2] for line in done.stderr.splitlines()]
    assert counts == ["1", "10", "100", "1000"]


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    body = """
        import contextlib, os
        os.close(2)
        for _ in range(3):
            log.error("event")
        with contextlib.suppress(OSError):  # the file may be gone already, unless another has got its number
            logs.through(sys.stderr).close()
        log.error("event")
        print("went on")
    """
    done = run(body)
    assert (done.stdout, done.stderr, done.returncode) == ("went on\n", "", 0)


TELLING = {
    *(
        "text",
        "body",
        "message",
        "msg",
        "name",
        "alias",
        "account",
        "address",
        "phone",
        "number",
        "sender",
        "raw",
    ),
    *(
        "url",
        "token",
        "secret",
        "password",
        "exc_info",
        "stack_info",
        "location",
        "code",
        "headline",
        "username",
    ),
}


def log_calls(tree: ast.AST) -> list[tuple[int, ast.Call]]:
    levels = {"debug", "info", "warning", "error", "critical", "exception"}
    return [
        (node.lineno, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in levels
        and ast.unparse(node.func.value) in ("log", "_log", "logger")
    ]


def test_no_call_of_ours_hands_the_log_anything_that_tells_of_a_person() -> None:
    bad = []
    seen = 0
    for package in ("bot", "handlers", "alerts", "config"):
        for path in (TOP / package).rglob("*.py"):
            for line, call in log_calls(ast.parse(path.read_text(encoding="utf-8"))):
                seen += 1
                names = {keyword.arg for keyword in call.keywords if keyword.arg}
                if names & TELLING or len(call.args) > 1 or ast.unparse(call.func).endswith(".exception"):
                    bad.append(f"{path.relative_to(TOP)}:{line}")
    assert bad == []
    assert seen > 20
