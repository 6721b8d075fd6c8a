"""A desk with its store, on Telegram's fake, under load: people who write, officers who answer, and the judgement of
what came of it all at the end.

Every message carries a number of its own, so that what arrived can be counted by content.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts.cases import Case, Message
from alerts.store import inbox, queues, tables
from alerts.store.keks import NewKek
from alerts.store.shapes import CASES, MESSAGES
from alerts.store.store import Store
from bot.channels.pretend_phones import account
from bot.rehearsal.cast import settle_in
from bot.rehearsal.script import Character, Script
from bot.rules import shipped_rules
from config.keyfile import KeyFileSource, make_key_file
from tests.fakes.telegram_desk import DeskSettings
from tests.fakes.telegram_server import RemoteTelegram
from tests.machines.law3 import broken

ZONE = "Europe/Brussels"
SCHEMA = "watchline"
OFFICERS = ("ana", "ben")
STAFF = (*OFFICERS, "carla")
DEFENDERS = tuple(f"d{n}" for n in range(12))
STRANGERS = tuple(f"s{n}" for n in range(18))
PATIENCE = 90.0
SAYS = (
    "SOS m{n}",
    "SOS m{n}",
    "help they are taking me m{n}",
    "the road to the office is closed m{n}",
    "I will be at the court on Friday m{n}",
    "we are still waiting m{n}",
)
NUMBER = re.compile(r"\bm\d+\b")
REPEAT = "(This may be a repeat.)"


def who(name: str) -> int:
    """Somebody's Telegram account."""
    return int(account(name, "telegram"))


class Entropy:
    """The operating system's, by the name that the store's set-up wants."""

    @staticmethod
    def draw(count: int) -> bytes:
        return os.urandom(count)


@dataclass
class DeskProcess:
    """The bot as a process that can be killed and started again."""

    nursery: subprocess.Popen[str]
    pid: int = 0

    def start(self) -> None:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write("start\n")
        self.nursery.stdin.flush()
        self.pid = int(self.nursery.stdout.readline())

    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kills it, and waits until it is gone and its locks with it."""
        os.kill(self.pid, number)
        until(lambda: not self.alive(), "the desk process ends")


@contextmanager
def nursery(settings: DeskSettings, folder: Path) -> Iterator[DeskProcess]:
    """Desks on these settings; none is left afterwards."""
    path = folder / "desk.json"
    settings.write(path)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.telegram_desk", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    desk = DeskProcess(process)
    try:
        yield desk
    finally:
        if desk.pid and desk.alive():
            desk.end()
        process.kill()
        process.wait()


def until(true: Callable[[], object], what: str, *, every: float = 0.02) -> None:
    """Waits for something to become true; fails with what it was when it does not."""
    ends = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < ends, f"waited in vain until {what}"
        time.sleep(every)


def settle(database: str, folder: Path, port: int) -> DeskSettings:
    """A store with staff and verified defenders, all on Telegram, and the settings of a desk on it."""
    key_file = folder / "keys"
    key_id, key = make_key_file(key_file, os.urandom).keys[0]
    now = datetime.now(UTC)
    Store.create(database, NewKek(key_id, key), entropy=os.urandom, now=lambda: now, schema=SCHEMA)
    people = {
        name: Character(name, ("telegram",), verified=name in DEFENDERS) for name in (*STAFF, *DEFENDERS)
    }
    script = Script(ZONE, now, 0, "en", OFFICERS, "carla", people, ())
    settings = DeskSettings(database, SCHEMA, str(key_file), ZONE, port, str(folder / "desk.log"))
    with opened(settings) as store:
        settle_in(store, script, shipped_rules(ZONE), Entropy(), now)
    return settings


@contextmanager
def opened(settings: DeskSettings) -> Iterator[Store]:
    """The desk's store, for looking into it."""
    store = Store.open(
        settings.database,
        KeyFileSource(Path(settings.key_file)),
        entropy=os.urandom,
        now=lambda: datetime.now(UTC),
        schema=settings.schema,
        pool_low=1,
        pool_high=100,
    )
    try:
        yield store
    finally:
        store.close()


@dataclass
class Crowd:
    """Everybody at their phones."""

    server: RemoteTelegram
    chance: random.Random
    said: dict[str, list[str]] = field(default_factory=dict)
    """Per person, the numbers of their messages in order."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    answers: int = 0

    def writes(self, name: str = "") -> str:
        """Somebody writes something; answers its number."""
        name = name or self.chance.choice(DEFENDERS + STRANGERS)
        number = next(self.numbers)
        self.server.do("text", who=who(name), text=self.chance.choice(SAYS).format(n=number))
        self.said.setdefault(name, []).append(f"m{number}")
        return f"m{number}"

    def desk_acts(self) -> None:
        """An officer takes what was paged last, or writes to somebody."""
        officer = who(self.chance.choice(OFFICERS))
        shown = [e["message"] for e in self.server.do("transcript", who=officer) if e["from_bot"]]
        pages = [m for m in shown[-40:] if "take " in m.get("text", "") and "inline_keyboard" in str(m)]
        if not pages:
            return
        page = self.chance.choice(pages)
        match self.chance.randrange(3):
            case 0:
                self.server.do("react", who=officer, message_id=page["message_id"], emojis=["👍"])
            case 1:
                self.server.do("press", who=officer, message_id=page["message_id"], index=0)
            case _:
                self.answers += 1
                text = f"We are with you a{self.answers}"
                self.server.do("text", who=officer, text=text, reply_to=page["message_id"])

    def something_fails(self) -> None:
        """Telegram has a bad moment."""
        match self.chance.randrange(4):
            case 0:
                self.server.do("limit", who=who(self.chance.choice(STAFF)), seconds=1.0)
            case 1:  # sent, and the answer is lost
                self.server.do("fail", method="sendMessage", after=True)
            case 2:
                self.server.do("fail", method="sendMessage", status=502, description="Bad Gateway")
            case _:
                self.server.do("fail", method="getUpdates", status=500, description="Internal Server Error")

    def busy(self, seconds: float) -> None:
        """So long everybody does something all the time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.writes()
            if self.chance.random() < 0.25:
                self.desk_acts()
            if self.chance.random() < 0.1:
                self.something_fails()
            time.sleep(0.05 * self.chance.random())


def comes_to_rest(server: RemoteTelegram, settings: DeskSettings) -> None:
    """Waits until all that was said has been worked on and all that was to be sent is sent."""

    def done(store: Store) -> bool:
        if server.do("pending"):
            return False
        with store.reading() as work:
            return not inbox.inbox_waiting(work.connection) and queues.unsent(work.connection) == 0

    with opened(settings) as store:
        until(lambda: done(store), "everything is worked on and sent", every=0.25)


@dataclass(frozen=True)
class Found:
    """What is in the store and in the chats at the end."""

    messages: list[Message]
    cases: list[Case]
    poison: int
    chats: dict[str, list[dict[str, Any]]]
    """Messages of the bot, by name."""

    def texts(self, name: str) -> list[str]:
        return [message.get("text", "") for message in self.chats[name]]


def look(server: RemoteTelegram, settings: DeskSettings, crowd: Crowd) -> Found:
    """Reads everything once."""
    with opened(settings) as store, store.reading() as work:
        assert broken(store) == [], "law 3"
        rows = work.connection.execute(select(tables.messages).order_by(tables.messages.c.id)).all()
        messages = [MESSAGES.entity(row, store.vault) for row in rows]
        cases = [
            CASES.entity(row, store.vault) for row in work.connection.execute(select(tables.cases)).all()
        ]
        states = work.connection.execute(select(tables.inbox.c.state)).scalars().all()
    chats = {
        name: [entry["message"] for entry in server.do("transcript", who=who(name)) if entry["from_bot"]]
        for name in (*STAFF, *crowd.said)
    }
    return Found(messages, cases, states.count("poison"), chats)


def judge(server: RemoteTelegram, settings: DeskSettings, crowd: Crowd) -> str:
    """Fails when anything was lost, forgotten, out of order or repeated unmarked. Answers the figures."""
    found = look(server, settings, crowd)
    assert found.poison == 0
    kept = Counter(number for message in found.messages for number in NUMBER.findall(message.text))
    said = [number for numbers in crowd.said.values() for number in numbers]
    assert {number: kept[number] for number in said if kept[number] != 1} == {}, "each once"
    stored = [number for message in found.messages for number in NUMBER.findall(message.text)]
    for name, numbers in crowd.said.items():
        mine = set(numbers)
        assert [number for number in stored if number in mine] == numbers, f"the order of {name}'s messages"
    shown = "\n".join(text for name in STAFF for text in found.texts(name))
    unpaged = [case.ref for case in found.cases if case.ref not in shown]
    assert unpaged == [], "every case was shown to somebody on the desk"
    assert len(found.cases) >= len({name for name in crowd.said if name in STRANGERS})
    relayed = [message for message in found.messages if message.kind == "relay"]
    told = Counter(re.findall(r"\ba\d+\b", "\n".join(t for n in crowd.said for t in found.texts(n))))
    missing = [m.text for m in relayed if told[m.text.rpartition(" ")[2]] == 0]
    assert missing == [], "the desk's words reached those they were for"
    repeats = sum(_repeated(found.chats[name]) for name in STAFF)
    return f"{len(said)} messages, {len(found.cases)} cases, {len(relayed)} answers, lost 0, pages sent again {repeats}"


def _repeated(chat: list[dict[str, Any]]) -> int:
    """Pages that came more than once: all but one of each say that they may be repeats.

    Which one came first does not matter: what a dead process had written to its socket may arrive after it.
    """
    plain: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for message in chat:
        buttons = message.get("reply_markup", {}).get("inline_keyboard", [])
        row = next((b["callback_data"] for line in buttons for b in line), "")
        if row and "take " in message["text"]:
            (marked if message["text"].startswith(REPEAT) else plain)[row] += 1
    twice = [row for row in plain if plain[row] > 1]
    shown = [message["text"] for message in chat if any(row in json.dumps(message) for row in twice)]
    assert twice == [], f"a repeated page is marked: {shown}"
    return sum(plain[row] + marked[row] - 1 for row in plain | marked)
