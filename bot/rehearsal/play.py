"""Playing a rehearsal: the same turn, store, policy and delivery as `run`, with pretend sockets and a simulated clock.

Time only passes in `wait`, `until` and `outage`. Between two steps everything that can happen at that instant has
happened.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from alerts.cases import StoredFile
from alerts.checkins import CheckInKind
from alerts.events import InboundKind, OutboundKind, RawInbound, Sent
from alerts.facts import Fetched
from alerts.store import files
from alerts.store.engine import keys_url, sqlite_file
from alerts.store.keks import NewKek
from alerts.store.store import Store, StoreRefused
from alerts.store.work import Work
from bot.channels.pretend import CHANNELS, Handed, NotThere, PretendNetwork, PretendPerson
from bot.channels.pretend_frames import parse
from bot.clock import SeededEntropy, SimulatedClock
from bot.delivery import Budget, Delivery
from bot.downloads import stored
from bot.engine import Engine
from bot.rehearsal.cast import settle_in
from bot.rehearsal.nodes import ScriptError
from bot.rehearsal.script import Script, Step, passed
from bot.rehearsal.summary import summary
from bot.rules import shipped_rules
from handlers.rules import Rules

Line = Mapping[str, Any]
KEK = "rehearsal"
CLAIM = 16
START_UP = timedelta(milliseconds=1)
MOST_AT_ONCE = 100_000
"""Rounds of work at one instant after which something must be going in circles."""


class RehearsalKeys:
    """The key of a throw-away store: drawn for it, kept in memory, gone with it."""

    setting = "the rehearsal's own key"

    def __init__(self, key: bytes) -> None:
        self._key = key

    def candidates(self, derivations: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        """The one key."""
        yield KEK, self._key


class Stopped(Exception):
    """The rehearsal was ended from outside before its end."""


class StoryEntropy:
    """Two streams of chance: the story's, and one of the process and its store, which draw more or less of it by how
    often they start. So a restart changes no reference in a transcript."""

    def __init__(self, seed: int) -> None:
        self._story, self._process = SeededEntropy(seed), SeededEntropy(~seed)
        self._starting = False

    def draw(self, count: int) -> bytes:
        """Bytes for the story, or for the process while it starts."""
        return self.of_process(count) if self._starting else self._story.draw(count)

    def of_process(self, count: int) -> bytes:
        """Bytes for what the story does not show."""
        return self._process.draw(count)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """While a process starts."""
        self._starting = True
        yield
        self._starting = False


@dataclass
class Stage:
    """Everything that one rehearsal needs, and what survives the death of the process in it."""

    script: Script
    url: str
    schema: str
    tell: Callable[[Line], None]
    clock: SimulatedClock
    entropy: StoryEntropy
    key: bytes = field(repr=False)
    network: PretendNetwork
    rules: Rules
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    engine: Engine = field(init=False)
    deliveries: tuple[Delivery, ...] = ()
    ended: Callable[[], bool] = lambda: False
    """Whether whoever started the rehearsal wants it to end."""

    def __post_init__(self) -> None:
        self.network.on_out.append(self._went_out)

    # ---------------------------------------------------------------------------------------------- the process

    def start(self, *, first: bool = False) -> None:
        """A process begins on the store."""
        store = Store.open(
            self.url,
            RehearsalKeys(self.key),
            entropy=self.entropy.of_process,
            now=self.clock.now,
            schema=self.schema,
            durable=False,
            pool_low=8,
            pool_high=32,
        )
        parsers = {name: (lambda raw, name=name: parse(name, raw)) for name in CHANNELS}
        with self.entropy.starting():
            self.engine = Engine(store, self.rules, parsers, self.clock, self.entropy)
        engine = self.engine
        self.deliveries = tuple(
            Delivery(engine, name, Budget(), lambda file_id: stored(engine, file_id)) for name in CHANNELS
        )
        if first:
            settle_in(store, self.script, self.rules, self.entropy, self.clock.now())
            self.engine.mark_alive()
        else:
            # A process takes a moment to start, so that what it does is later than what the last one did.
            self.clock.advance(START_UP)
            self.hand_over()
            with self.entropy.starting():
                self.engine.wake_up()

    def die(self) -> None:
        """The process ends without notice: nothing in memory survives."""
        self.engine.store.close()

    # ------------------------------------------------------------------------------------------------- the world

    def hand_over(self) -> bool:
        """The platforms hand over what waits."""
        frames = self.network.pending()
        for frame in frames:
            self.engine.accept([frame])
            self.network.handed(frame)
            self._came_in(frame)
        return bool(frames)

    def pump(self) -> None:
        """Everything that can happen at this instant happens."""
        for _ in range(MOST_AT_ONCE):
            if self.ended():
                raise Stopped
            busy = self.hand_over()
            while True:
                report = self.engine.work_inbox()
                busy = busy or report.turns > 0
                if not report.full and not report.turns:
                    break
            report = self.engine.work_deadlines()
            busy = busy or report.turns > 0
            for delivery in self.deliveries:
                busy = self._send(delivery) or busy
            busy = self._fetch() or busy
            if not busy:
                return
        raise RuntimeError("the rehearsal does not come to rest")

    def _send(self, delivery: Delivery) -> bool:
        consignments = delivery.claim(CLAIM)
        for consignment in consignments:
            self._sending = consignment
            file = consignment.outbound.file
            outcome = self.network.deliver(consignment.outbound, b"".join(file.open()) if file else b"")
            self.engine.settle(delivery.answered(consignment, outcome))
        return bool(consignments)

    def _fetch(self) -> bool:
        """What was sent as a file is fetched, as soon as its channel is up."""
        if not self.network.world.files:
            return False  # nobody has sent any: this is asked at every instant of a story
        with self.engine.store.reading() as work:
            wanted = files.wanted(work, self.clock.now(), CLAIM)
        there = [file for file in wanted if self.network.is_up(file.channel)]
        for file in there:
            data = self.network.world.files[file.remote_id].data
            self.engine.happened(Fetched(file.id), partial(_keep, file, data))
        return bool(there)

    def until(self, moment: datetime) -> None:
        """Time passes until `moment`, and what is due on the way happens when it is due."""
        while True:
            self.pump()
            coming = [self.engine.next_deadline(), *(d.next_change() for d in self.deliveries)]
            nearest = min((t for t in coming if t is not None and t > self.clock.now()), default=None)
            if nearest is None or nearest > moment:
                break
            self._pass(nearest)
        self._pass(moment)
        self.pump()

    def _pass(self, moment: datetime) -> None:
        self.clock.set(moment)
        self.engine.alive()

    # ------------------------------------------------------------------------------------------------ the script

    def play(self, step: Step) -> None:
        """One step. Raises ScriptError for something that cannot be done at that point of the story."""
        match step.verb:
            case "wait":
                self.until(self.clock.now() + step.duration)
            case "until":
                now = self.clock.now()
                # The moment that a start takes is not the script's: what it calls now is now.
                if step.at is None or step.at < now.replace(microsecond=0):
                    raise passed(step)
                self.until(max(step.at, now))
            case "restart":
                self.die()
                self.system("restart")
                self.start()
                self.pump()
            case "outage":
                self.die()
                self.system("outage", seconds=int(step.duration.total_seconds()))
                self.clock.set(self.clock.now() + step.duration)
                self.start()
                self.pump()
            case "channel":
                if step.who:
                    self.network.set_person(step.who, step.channel, step.state)
                    self.system("channel", who=step.who, channel=step.channel, text=step.state)
                else:
                    self.network.set_channel(step.channel, step.state == "up")
                    self.system("channel", channel=step.channel, text=step.state)
                self.pump()
            case _:
                self._say(step)
                self.pump()

    def _say(self, step: Step) -> None:
        given = {step.action: step.value} if step.action else {"text": step.text}
        try:
            self.network.say(step.who, step.channel, **given)
        except NotThere as error:
            allowed = error.allowed or "something that is in the chat at that time"
            raise ScriptError(step.line, str(error), allowed) from None

    # -------------------------------------------------------------------------------------------- the transcript

    def system(self, kind: str, **more: Any) -> None:
        """A line about the world rather than about what somebody said."""
        self.tell({"at": stamp(self.clock.now()), "direction": "system", "kind": kind, **more})

    def _came_in(self, frame: RawInbound) -> None:
        inbound = parse(frame.channel, frame.raw)
        if inbound.kind in (InboundKind.RECEIPT, InboundKind.TYPING):
            return
        line: dict[str, Any] = {
            "at": stamp(self.clock.now()),
            "direction": "in",
            "who": self.network.world.owner(frame.channel, frame.sender),
            "channel": frame.channel,
            "kind": inbound.kind.value,
        }
        if inbound.text:
            line["text"] = inbound.text
        if inbound.location is not None:
            line["text"] = f"{inbound.location.latitude}, {inbound.location.longitude}"
        if inbound.choice is not None:
            line["text"] = str(inbound.choice + 1)
        self.tell(line)

    def _went_out(self, handed: Handed) -> None:
        if not isinstance(handed.outcome, Sent) or handed.outbound.delete_ref:
            return
        line: dict[str, Any] = {
            "at": stamp(self.clock.now()),
            "direction": "out",
            "who": handed.person,
            "channel": handed.outbound.channel,
            "kind": handed.outbound.kind.value,
            "text": handed.shown,
        }
        if handed.outbound.channel == "telegram" and handed.outbound.choices:
            line["buttons"] = list(handed.outbound.choices)
        if self._sending.case_ref:
            line["case"] = self._sending.case_ref
            # A page says its urgency itself; with everything else the case's is meant.
            page = handed.outbound.kind is OutboundKind.PAGE
            line["urgency"] = f"P{self._sending.urgency if page else self._sending.case_urgency}"
        self.tell(line)


def _keep(file: StoredFile, data: bytes, work: Work) -> None:
    files.store_chunks(work, file, [data])


def stamp(moment: datetime) -> str:
    """ISO, UTC, whole seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def stage(
    script: Script,
    tell: Callable[[Line], None],
    database: str | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> Iterator[Stage]:
    """A stage that is set up, and leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="watchline-rehearsal-") as folder:
        url = database or f"sqlite:///{Path(folder) / 'rehearsal.db'}"
        own = _own_files(database) if database else ()
        # The schema's name is not part of the story: two rehearsals at once must not meet in one.
        schema = f"rehearsal_{secrets.token_hex(8)}" if database else "watchline"
        clock = SimulatedClock(script.start)
        entropy = StoryEntropy(script.seed)
        key = entropy.draw(32)
        people = [PretendPerson(c.name, c.channels, language=c.language) for c in script.people.values()]
        network = PretendNetwork(clock.now, people)
        rules = shipped_rules(script.zone, language=script.language)
        _check_protocols(script, rules)
        made = Stage(script, url, schema, tell, clock, entropy, key, network, rules, ended=ended)
        try:
            Store.create(
                url, NewKek(KEK, key), entropy=entropy.draw, now=clock.now, schema=schema, durable=False
            )
            made.start(first=True)
            yield made
            made.die()
        finally:
            if database:
                Store.drop(url, schema)
            for file in own:
                file.unlink(missing_ok=True)


def _own_files(database: str) -> tuple[Path, ...]:
    """The files that a rehearsal on a SQLite file makes, and removes at its end; none on PostgreSQL, where a schema is
    made and dropped. Raises StoreRefused when one of them is there: it may be a desk's."""
    main, keys = sqlite_file(database), sqlite_file(keys_url(database))
    if main is None or keys is None:
        return ()
    for file in (main, keys):
        if file.exists():
            raise StoreRefused(
                f"WATCHLINE_DATABASE names {file}, which is there already: a rehearsal plays on a file of its own and"
                " removes it. Give the name of a file that is not there, or leave it out"
            )
    return tuple(file.with_name(file.name + end) for file in (main, keys) for end in ("", "-wal", "-shm"))


def _check_protocols(script: Script, rules: Rules) -> None:
    periodic = [
        name for name, protocol in rules.protocols.items() if protocol.watches is CheckInKind.PERIODIC
    ]
    for person in script.people.values():
        plan = person.check_in
        if plan is not None and plan.protocol not in periodic:
            kind = (
                "is not for check-ins at set times" if plan.protocol in rules.protocols else "does not exist"
            )
            raise ScriptError(plan.line, f"the protocol {plan.protocol!r} {kind}", ", ".join(periodic))


def rehearse(
    script: Script,
    tell: Callable[[Line], None],
    database: str | None = None,
    ended: Callable[[], bool] = lambda: False,
) -> None:
    """Plays a script to its end, telling each line of the transcript, the summary last.

    Raises ScriptError, WrongDatabase; Stopped soon after `ended` says yes.
    """
    with stage(script, tell, database, ended) as it:
        it.pump()
        for step in script.steps:
            it.play(step)
        it.tell({"at": stamp(it.clock.now()), **summary(it.engine.store, it.network, it.rules.desk)})
