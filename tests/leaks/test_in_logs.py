"""Nothing planted comes out in any log, traceback or print, at any level, even without the guard that `run` puts up.

The whole story is told first, then everything fails that can fail, with exceptions that carry what people wrote.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import warnings
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import structlog
from sqlalchemy import text

from alerts.events import Attachment, Inbound, Outbound, Outcome, RawInbound
from alerts.recognition import Intent, Verdict
from bot.channels.port import Accept
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.delivery import Budget, Delivery
from bot.downloads import Downloads
from bot.engine import Engine
from bot.lane import Lane
from bot.receiving import receive
from bot.runtime import Runtime
from handlers.turn import Parser
from tests.leaks.planted import LINA, NOUR, SAMI, STEM, desk, play, readable
from tests.stories.chat import Chat

OMEN = f"{STEM}omen"
TOLD = ("send_raised", "receiver_failed", "fetch_failed", "turn_failed", "batch_failed", "message_set_aside")
"""Our own lines about each of the failures: the proof that they happened, and were told."""


@dataclass
class Listening:
    """Everything that any logger, print or warning of this process says."""

    out: io.StringIO = field(default_factory=io.StringIO)

    @property
    def said(self) -> str:
        return self.out.getvalue()


@contextlib.contextmanager
def listening() -> Iterator[Listening]:
    """Every logger at DEBUG, tracebacks included; stdout, stderr and warnings as well.

    The guard that `run` puts up, which an earlier test may have left standing, is down meanwhile.
    """
    heard = Listening()
    handler = logging.StreamHandler(heard.out)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)s"))
    root = logging.getLogger()
    loggers = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    before = {one: (one.level, one.disabled) for one in (root, *loggers)}
    maker = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    root.addHandler(handler)
    for one in before:
        one.setLevel(logging.DEBUG)
        one.disabled = False
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(heard.out),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(heard.out))
        stack.enter_context(contextlib.redirect_stderr(heard.out))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always")
        # pytest keeps warnings to itself.
        warnings.showwarning = lambda message, *_, **__: print(message, file=heard.out)
        try:
            yield heard
        finally:
            root.removeHandler(handler)
            logging.setLogRecordFactory(maker)
            for one, (level, disabled) in before.items():
                one.level, one.disabled = level, disabled
            structlog.reset_defaults()


def fail(*details: object) -> NoReturn:
    """Raises as a library would: with all it has in its hands."""
    raise RuntimeError(f"cannot do this with {details}")


class Blind:
    """A recogniser that fails on everything."""

    def recognise(self, words: str) -> Verdict:
        fail(words)

    def language(self, words: str) -> str:
        fail(words)

    def whole_message_sos(self, words: str) -> bool:
        fail(words)

    def intent(self, words: str) -> Intent | None:
        fail(words)


class Broken:
    """A channel whose every part fails."""

    name = "signal"

    def parse(self, raw: bytes) -> Inbound:
        fail(raw)

    async def run(self, accept: Accept) -> None:
        fail(account(NOUR, "signal"), STEM)

    async def send(self, outbound: Outbound) -> Outcome:
        fail(outbound.text, outbound.address)

    async def fetch(self, attachment: Attachment, limit: int) -> AsyncIterator[bytes]:
        yield b""
        fail(attachment.name, attachment.remote_id)

    async def close(self) -> None:
        """Nothing is open."""


def frame(who: str, number: int, **more: Any) -> RawInbound:
    about = {
        "n": 7_000 + number,
        "from": account(who, "signal"),
        "kind": "text",
        "ref": f"7{number}",
        "text": OMEN,
    }
    return to_raw("signal", about | more)


def engine_with(it: Chat, *, blind: bool = False, parsers: Mapping[str, Parser] | None = None) -> Engine:
    old = it.stage.engine
    rules = replace(it.stage.rules, recogniser=Blind()) if blind else it.stage.rules
    return Engine(old.store, rules, parsers or old.parsers, old.clock, old.entropy)


def worked(engine: Engine) -> None:
    for _ in range(5):
        engine.work_inbox()


def troubled_day(it: Chat, log: Listening) -> None:
    """Everything fails in turn."""
    store = it.stage.engine.store
    engine = engine_with(it, blind=True)
    engine.accept([frame(SAMI, 1)])
    worked(engine)
    engine = engine_with(it, parsers={"signal": Broken().parse})
    engine.accept([frame(SAMI, 2)])
    worked(engine)
    with store.writing() as work:
        if store.dialect == "sqlite":
            fault = "CREATE TRIGGER fault BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'fault'); END"
        else:
            fault = "ALTER TABLE messages ADD CONSTRAINT fault CHECK (person_id = '') NOT VALID"
        work.connection.execute(text(fault))
    engine = engine_with(it)
    engine.accept([frame(LINA, 3)])
    worked(engine)
    with store.writing() as work:
        lifted = (
            "DROP TRIGGER fault"
            if store.dialect == "sqlite"
            else "ALTER TABLE messages DROP CONSTRAINT fault"
        )
        work.connection.execute(text(lifted))
    files = [{"id": f"{STEM}remote", "content_type": "image/png", "size": 9, "name": f"{STEM}late.png"}]
    engine.accept([frame(SAMI, 4, text=f"SOS {OMEN}", files=files)])
    worked(engine)
    asyncio.run(_nothing_goes_out(engine, log), debug=True)
    with store.writing() as work:
        unreadable = (
            "UPDATE outbox SET sealed = :nothing, ready_at = 0, state = 'queued' WHERE channel = 'signal'"
        )
        work.connection.execute(text(unreadable), {"nothing": b"\1" * 40})
    Delivery(engine, "signal", Budget()).set_aside(50)


async def _nothing_goes_out(engine: Engine, log: Listening) -> None:
    channel = Broken()
    lane = Lane(channel, Delivery(engine, "signal", Budget()))
    runtime = Runtime(engine, {"signal": lane})
    runtime.start(asyncio.get_running_loop())
    jobs = [
        asyncio.create_task(receive(runtime, lane)),
        asyncio.create_task(Downloads(engine, runtime, {"signal": channel}).run()),
    ]
    for _ in range(400):
        if all(name in log.said for name in ("send_raised", "receiver_failed", "fetch_failed")):
            break
        await asyncio.sleep(0.05)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    await asyncio.to_thread(runtime.stop)


def test_nothing_planted_comes_out(database: str) -> None:
    with listening() as log, desk(database) as it:
        secrets = [STEM, *play(it)]
        troubled_day(it, log)
    said = log.said
    assert [name for name in TOLD if name not in said] == []
    assert "case_opened" in said
    assert "sqlalchemy.engine" in said, "the libraries were listened to at their most talkative"
    assert sorted(set(readable(said.encode(), *secrets))) == []


def test_what_would_come_out_is_heard() -> None:
    """The test above can fail: each way out is listened to."""
    with listening() as log:
        logging.getLogger("some.library").debug("x %s", f"{STEM}one")
        structlog.get_logger("watchline").info("x", text=f"{STEM}two")
        print(f"{STEM}three")  # noqa: T201 - what the test listens for
        warnings.warn(f"{STEM}four", stacklevel=1)
        try:
            fail(f"{STEM}five")
        except RuntimeError:
            logging.getLogger("other").exception("x")
    for word in ("one", "two", "three", "four", "five"):
        assert f"{STEM}{word}" in log.said
