"""The whole bot as a process of its own, for a test to kill.

    python -m tests.fakes.telegram_desk CONFIG.json

What takes long to load is loaded once; each line on stdin then starts a desk in a fresh process, whose number is
printed. It reads nothing but the store, the key file and the settings in CONFIG.json, as `watchline run` would.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import logs
from bot.app import DeskConfig, serve_desk, set_up_desk
from bot.channels.telegram.settings import TelegramSettings
from bot.limits import Budget, ChatLimits
from bot.rules import shipped_recogniser
from config.keyfile import KeyFileSource
from tests.fakes.telegram_server import TOKEN


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """What one desk process is told."""

    database: str
    schema: str
    key_file: str
    zone: str
    port: int
    """Of the fake Bot API."""
    log: str
    """A file that the desk's log is added to."""

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({name: getattr(self, name) for name in self.__slots__}))

    @staticmethod
    def read(path: Path) -> DeskSettings:
        return DeskSettings(**json.loads(path.read_text()))


def config_of(settings: DeskSettings) -> DeskConfig:
    here = f"http://127.0.0.1:{settings.port}"
    return DeskConfig(
        database=settings.database,
        schema=settings.schema,
        keys=KeyFileSource(Path(settings.key_file)),
        zone=settings.zone,
        telegram=TelegramSettings(
            TOKEN, base_url=f"{here}/bot", base_file_url=f"{here}/file/bot", poll_timeout=5
        ),
        telegram_content="always",
    )


async def serve(settings: DeskSettings) -> None:
    desk = set_up_desk(config_of(settings))
    for lane in desk.runtime.lanes.values():
        # Telegram's real limits would make a drained outbox take minutes; the fake's own 429 is what is obeyed here.
        lane.delivery.limits = ChatLimits(Budget())
    await serve_desk(desk)


def run(settings: DeskSettings) -> int:
    """One desk, until it is told to end or dies. Answers the exit status."""
    out = os.open(settings.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 2)
    os.dup2(out, 1)
    logs.configure("info")
    try:
        asyncio.run(serve(settings))
    except Exception as error:  # noqa: BLE001  # the test reads of it in the log
        places = [f"{f.filename}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)]
        os.write(out, f"desk ended: {type(error).__name__} {places}\n".encode())
        return 1
    return 0


def nursery(settings: DeskSettings) -> None:
    """Starts a desk for every line, and reaps those that were killed."""
    shipped_recogniser()
    signal.signal(signal.SIGCHLD, _reap)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(run(settings))
        print(child, flush=True)  # noqa: T201 - for its starter


def _reap(_number: int, _frame: Any) -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return  # none is left


if __name__ == "__main__":
    nursery(DeskSettings.read(Path(sys.argv[1])))
