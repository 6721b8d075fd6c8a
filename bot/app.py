"""The composition root: what a running Watchline is made of, and how it is started and ended.

Nothing is decided here. Parts are made from settings and given to each other; a part that cannot be made
refuses to start and names the setting.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from alerts.events import Inbound
from alerts.store.engine import sqlite_file
from alerts.store.keks import KekSource
from alerts.store.store import Store
from bot import practice
from bot.channels.port import Channel
from bot.channels.signal.settings import SignalSettings
from bot.channels.telegram.settings import TelegramSettings
from bot.clock import PRACTICE_LINEAGE, RealClock, SystemEntropy
from bot.delivery import Budget, Delivery
from bot.downloads import Downloads
from bot.engine import Engine
from bot.lane import Lane
from bot.lock import RunLock
from bot.receiving import receive
from bot.room import is_scarce
from bot.rules import shipped_rules
from bot.runtime import Runtime
from bot.ticker import Ticker

if TYPE_CHECKING:
    from bot.channels.signal.channel import SignalChannel

log = structlog.get_logger("watchline")

ALIVE_SECONDS = 10.0
TRUST_AGAIN = (0.0, 1.0, 3.0, 10.0, 30.0)
"""Seconds before each try to have a key trusted, while the gateway or signal-cli is away."""
TIDY_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 5.0
FORGET_SECONDS = 120.0
TELEGRAM_BUDGET = Budget(per_second=25.0, chat_per_second=1.0, chat_burst=4)
"""Below the limits that Telegram's documentation mentions; the ones in force are unpublished, so 429 is
obeyed too."""
SIGNAL_BUDGET = Budget(per_second=10.0, chat_per_second=1.0, chat_burst=6)


class PracticeStoreInUse(Exception):
    """The database was made for practice and cannot serve real people. Names the setting, and the mend."""


@dataclass(frozen=True)
class DeskConfig:
    """What a desk with real accounts runs on."""

    database: str = field(repr=False)
    schema: str
    keys: KekSource
    zone: str
    language: str = "en"
    telegram: TelegramSettings | None = None
    signal: SignalSettings | None = None
    telegram_content: str = "fallback"
    emergency_numbers: Mapping[str, str] = field(default_factory=dict)
    gap_seconds: int = 120
    policy_dir: Path | None = None
    """Where the desk keeps policy files of its own."""


@dataclass
class Desk:
    """A desk that is set up and not started yet."""

    runtime: Runtime
    channels: dict[str, Channel]
    downloads: Downloads
    lock: RunLock | None
    scarce: Callable[[], bool] = lambda: False
    """Whether little room is left for the database."""


Parse = Callable[[bytes], Inbound]


def set_up_desk(
    config: DeskConfig, listening: Callable[[str, Parse], Parse] = lambda _, parse: parse
) -> Desk:
    """Opens the store and makes the channels. `listening` wraps each channel's parser: the canaries hear so what comes
    back.

    Raises AlreadyRunning, StoreRefused, WrongKey, NoKeyStore, PracticeStoreInUse, and the settings' own
    errors.
    """
    clock, entropy = RealClock(), SystemEntropy()
    lock = _lock(config.database)
    store = Store.open(
        config.database, config.keys, entropy=entropy.draw, now=clock.now, schema=config.schema
    )
    if store.get_meta(practice.LINEAGE) == PRACTICE_LINEAGE:
        store.close()
        raise PracticeStoreInUse(
            "WATCHLINE_DATABASE: this database was made for practice and may hold made-up alarms. Use another one:"
            " `watchline init` makes it."
        )
    store.set_meta(practice.LINEAGE, "desk")
    rules = shipped_rules(
        config.zone,
        language=config.language,
        telegram_content=config.telegram_content,
        emergency_numbers=config.emergency_numbers,
        gap_seconds=config.gap_seconds,
        own=config.policy_dir,
    )
    channels: dict[str, Channel] = {}
    budgets: dict[str, Budget] = {}
    signal_channel = None
    # Each channel's library takes long to load, and a desk has use for those of its accounts alone.
    if config.signal is not None:
        from bot.channels.signal.channel import SignalChannel

        signal_channel = SignalChannel(config.signal)
        channels["signal"], budgets["signal"] = signal_channel, SIGNAL_BUDGET
    if config.telegram is not None:
        from bot.channels.telegram.channel import TelegramChannel

        channels["telegram"], budgets["telegram"] = TelegramChannel(config.telegram), TELEGRAM_BUDGET
    parsers = {name: listening(name, c.parse) for name, c in channels.items()}
    engine = Engine(store, rules, parsers, clock, entropy)
    lanes = {name: Lane(c, Delivery(engine, name, budgets[name])) for name, c in channels.items()}
    runtime = Runtime(engine, lanes)
    scarce = is_scarce(config.database)
    downloads = Downloads(engine, runtime, channels, scarce)
    for lane in lanes.values():
        lane.delivery.open_file = downloads.open_file
    if signal_channel is not None:
        window = signal_channel.redelivery()
        engine.redelivery = {} if window is None else {signal_channel.name: window}
        engine.observe = trusting(runtime, signal_channel)
    return Desk(runtime, channels, downloads, lock, scarce)


def trusting(runtime: Runtime, channel: SignalChannel) -> Callable[[str, Mapping[str, object]], None]:
    """Passes on to signal-cli that an officer wants a changed key to be trusted: until then it neither sends there nor
    hands over what comes from there."""

    def observe(name: str, references: Mapping[str, object]) -> None:
        if name == "trust_wanted" and references.get("channel") == channel.name:
            runtime.spawn(lambda: _trust(runtime, channel, str(references.get("address", ""))))

    return observe


async def _trust(runtime: Runtime, channel: SignalChannel, address_id: str) -> None:
    def account() -> str:
        with runtime.engine.store.reading() as work:
            return work.account_of(address_id)

    whom = await asyncio.to_thread(account)
    for pause in TRUST_AGAIN:
        await asyncio.sleep(pause)
        if await channel.trust(whom):
            log.info("trusted", row=address_id)
            return
    log.error("trust_failed", row=address_id)


def _lock(database: str) -> RunLock | None:
    file = sqlite_file(database)
    return RunLock(file) if file is not None else None


async def serve(
    runtime: Runtime,
    channels: Mapping[str, Channel],
    jobs: tuple[Callable[[], Awaitable[None]], ...] = (),
    *,
    ticker: Ticker | None = None,
    alive: Callable[[], object] | None = None,
) -> None:
    """Runs until a signal to end, or until a part that cannot be done without has failed.

    `alive` writes the sign of life; by default a long pause between two of them counts as an outage of ours.
    """
    engine = runtime.engine
    sign = alive or engine.mark_alive
    ticker = ticker or Ticker()
    await asyncio.to_thread(engine.store.vault.keys.refill)
    runtime.catch_up()
    runtime.start(asyncio.get_running_loop())
    ticker.every(0.5, lambda: runtime.poke(deadlines=True))
    ticker.every(ALIVE_SECONDS, lambda: runtime.later(sign))
    ticker.every(HOUSEKEEPING_SECONDS, lambda: _quietly("refill", engine.store.vault.keys.refill))
    ticker.every(TIDY_SECONDS, lambda: _quietly("tidy", engine.store.tidy))
    if not engine.nodes.single:
        ticker.every(HOUSEKEEPING_SECONDS, lambda: runtime.later(lambda: engine.release(starting=False)))
    ticker.every(FORGET_SECONDS, lambda: runtime.later(engine.housekeeping))
    ticker.start()
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(ValueError, RuntimeError):
            loop.add_signal_handler(number, ended.set)
    tasks = [asyncio.ensure_future(receive(runtime, lane)) for lane in runtime.lanes.values()]
    tasks += [asyncio.ensure_future(_plain(job())) for job in jobs]
    try:
        waiting = asyncio.ensure_future(ended.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        ticker.stop()
        await asyncio.to_thread(runtime.stop)
        for channel in channels.values():
            await channel.close()
        await asyncio.to_thread(engine.store.close)
    for result in results:
        if isinstance(result, Exception):
            raise result
    if runtime.failure is not None:
        raise runtime.failure


async def _plain(job: Awaitable[None]) -> None:
    await job


def _quietly(what: str, do: Callable[[], object]) -> None:
    """Housekeeping that fails is tried again at the next tick; it must not end the ticker."""
    try:
        do()
    except Exception as error:  # noqa: BLE001  # whatever it is, the next tick tries again
        log.warning("housekeeping_failed", what=what, error=type(error).__name__)


async def serve_desk(desk: Desk, *jobs: Callable[[], Awaitable[None]], ticker: Ticker | None = None) -> None:
    """Runs a desk with its real channels."""
    try:
        await serve(desk.runtime, desk.channels, (desk.downloads.run, *jobs), ticker=ticker)
    finally:
        if desk.lock is not None:
            desk.lock.release()


async def serve_practice(made: practice.Practice, told: Callable[[str], None]) -> None:
    """Runs the practice phones. `told` gets the address to open, once it can be opened."""
    told(made.page.address)
    channels = {lane.channel.name: lane.channel for lane in made.runtime.lanes.values()}
    # Ten seconds are hours on a clock that runs faster, and no outage.
    alive = made.runtime.engine.alive
    await serve(made.runtime, channels, (made.page.serve, made.downloads.run), alive=alive)
