"""`watchline run`: the desk with its real channels, or, while no account is configured, the practice phones.

What is said to the person who started it goes to stdout before anything runs; what happens then goes to the log.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts.store.engine import WrongDatabase, keys_url
from alerts.store.keks import WrongKey
from alerts.store.keystore import NewerKeyStore, NoKeyStore
from alerts.store.store import StoreRefused
from alerts.store.trouble import database_errors
from bot import app, practice
from bot.alarm import Alarm
from bot.canary import Canaries, Canary, Trip, meta_key
from bot.channel_news import ChannelNews
from bot.channels.practice.journal import JournalUnreadable
from bot.clock import NotAPracticeStore, RealClock, SystemEntropy
from bot.commands import address
from bot.commands.opening import (
    channel_settings_right,
    key_source,
    signal_settings,
    sqlite_path,
    telegram_settings,
)
from bot.commands.saying import Status, complain, foreseen, harmless, refuse
from bot.commands.version import installed
from bot.lock import AlreadyRunning, RunLock
from bot.logs import loop_trouble
from bot.metrics import Metrics
from bot.watch import Figures, Watch, WatchConfig
from config.keyfile import KeyFileError
from config.settings import Settings, empty_accounts, in_its_file, unknown_names

Job = Callable[[], Awaitable[None]]


def command(settings: Settings, practise: bool) -> None:
    """Serves until it is told to end. Ends the command when it may not start."""
    if not practise and not settings.has_accounts:
        _no_desk_was_meant()
    try:
        with foreseen():
            if practise or not settings.has_accounts:
                _practice(settings)
            else:
                _desk(settings)
    except (AlreadyRunning, app.PracticeStoreInUse) as error:
        refuse(in_its_file(str(error)))
    except KeyboardInterrupt:
        raise typer.Exit(Status.OK) from None


# ------------------------------------------------------------------------------------------------------------ practice


def _no_desk_was_meant() -> None:
    """Refuses where a file, or a line of the settings file, is there for an account and holds nothing: practice phones
    in a desk's place look like one that works, and nobody is heard."""
    if not (files := empty_accounts()):
        return
    for file in files:
        complain(
            f"{file} is empty, and no account is configured, so nobody on Signal or Telegram would be heard: write the"
            " account into it, or take the setting out (or start `watchline run --practice`) for the practice phones"
        )
    raise typer.Exit(Status.REFUSED)


def _practice(settings: Settings) -> None:
    folder = settings.practice_dir
    lock, made = _practice_set_up(folder, settings.practice_port)
    rows = [
        ("runs", "practice phones: everything is pretended, nobody is written to"),
        ("data", f"{folder}; it is kept for the next time, delete it to begin anew"),
        ("end", "Ctrl+C"),
    ]
    if settings.has_accounts:
        told = "the configured accounts are left alone (--practice): this run hears nobody who writes there"
    else:
        told = "no Telegram and no Signal account is configured (docs/running.md): nobody who writes there is heard"
    rows.append(("channels", told))

    def begun(where: str) -> None:
        _say(settings, rows)
        _open(where)

    try:
        with address.kept(folder, made.page.address):
            asyncio.run(_in_our_loop(app.serve_practice(made, begun)))
    finally:
        lock.release()


def _practice_set_up(folder: Path, port: int) -> tuple[RunLock, practice.Practice]:
    """The practice run, and the lock that keeps a second one away. Refuses what cannot be used."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return RunLock(folder / practice.PRACTICE_STORE), practice.set_up(folder, SystemEntropy(), port=port)
    except AlreadyRunning:
        if where := address.recall(folder):
            _open(where)
        refuse(
            f"WATCHLINE_DATA_DIR: another `watchline run` serves the practice phones of {folder}: open"
            f" {'this address' if where else 'the address that it printed'}, or stop it first (Ctrl+C where it runs)"
        )
    except (
        WrongDatabase,
        StoreRefused,
        WrongKey,
        NoKeyStore,
        NewerKeyStore,
        KeyFileError,
        JournalUnreadable,
    ):
        _practice_store_unusable(folder)
    except database_errors():
        _practice_store_unusable(folder)
    except NotAPracticeStore as error:
        refuse(f"WATCHLINE_DATA_DIR: {error}")
    except OSError as error:
        refuse(
            f"WATCHLINE_PRACTICE_PORT or WATCHLINE_DATA_DIR: the practice phones cannot be served ({error.strerror}):"
            " choose another port, or 0 for any; and a folder that can be written"
        )


def _practice_store_unusable(folder: Path) -> NoReturn:
    refuse(
        f"WATCHLINE_DATA_DIR: the practice phones' own store in {folder} cannot be opened or made: make room if the"
        " disk is full, let the user that runs watchline own the folder, or delete it to begin anew, since nothing"
        " in it is real"
    )


# ---------------------------------------------------------------------------------------------------------------- desk


def _desk(settings: Settings) -> None:
    with channel_settings_right():
        config = app.DeskConfig(
            database=settings.database_url,
            schema=settings.db_schema,
            keys=key_source(settings),
            zone=settings.zone,
            language=settings.language,
            telegram=telegram_settings(settings),
            signal=signal_settings(settings),
            telegram_content=settings.telegram_content,
            emergency_numbers=settings.emergency_numbers,
            gap_seconds=settings.gap_seconds,
            policy_dir=settings.policy_dir,
        )

    async def serve() -> None:
        # Channels belong to the event loop that they are made in.
        trips = canaries(settings)
        desk = app.set_up_desk(config, trips.listening)
        jobs = watching(settings, desk, trips)
        _say(settings, _rows(settings))
        await app.serve_desk(desk, *jobs)

    asyncio.run(_in_our_loop(serve()))


def canaries(settings: Settings) -> Canaries:
    """The canaries of the channels that have a canary address."""
    trips = Canaries(RealClock().now)
    every = settings.canary_every
    if settings.canary_signal is not None:
        trips.add(Canary("signal", Trip.ROUND, every), settings.canary_signal.get_secret_value())
    if settings.canary_telegram is not None:
        trips.add(Canary("telegram", Trip.OUT, every), settings.canary_telegram.get_secret_value())
    return trips


def watching(settings: Settings, desk: app.Desk, trips: Canaries) -> list[Job]:
    """What runs beside a desk and watches it."""
    store, now = desk.runtime.engine.store, desk.runtime.engine.clock.now
    # Before a turn can hear a canary come back that an earlier process sent.
    trips.recall({name: store.get_meta(meta_key(name)) for name in trips.channels()})
    show: list[Callable[[Figures, tuple[str, ...]], None]] = []
    if settings.metrics_port:
        metrics = Metrics(installed())
        try:
            metrics.serve(settings.metrics_listen, settings.metrics_port)
        except OSError as error:
            refuse(
                f"WATCHLINE_METRICS_PORT: cannot be listened on ({error.strerror}): choose another, or 0 for none"
            )
        show.append(metrics.show)
    alive = settings.alive_file
    # Looked at, not touched: to be there means that the desk works.
    if alive is not None and not os.access(alive.parent, os.W_OK | os.X_OK):
        refuse(
            f"WATCHLINE_ALIVE_FILE: {alive} cannot be written: make its folder and let the user that runs watchline"
            " write there, or correct the path"
        )
    addresses = {
        channel: secret.get_secret_value()
        for channel, secret in (("signal", settings.canary_signal), ("telegram", settings.canary_telegram))
        if secret is not None
    }
    config = WatchConfig(
        heartbeat=settings.heartbeat,
        heartbeat_seconds=settings.heartbeat_seconds,
        alive_file=alive,
        canary_addresses=addresses,
    )
    if settings.heartbeat is not None:
        desk.runtime.engine.nodes.heartbeat = settings.heartbeat.get_secret_value()
    show.append(ChannelNews(desk.runtime.engine, desk.runtime.lanes, desk.runtime.later).show)
    alarm = Alarm(settings.page_webhook, store, now) if settings.page_webhook is not None else None
    watch = Watch(
        config,
        desk.runtime,
        store,
        desk.channels,
        now,
        show=show,
        trips=trips,
        webhook=lambda: alarm.failing_since if alarm is not None else None,
        scarce=desk.scarce,
    )
    return [watch.run, alarm.run] if alarm is not None else [watch.run]


async def _in_our_loop(serving: Awaitable[None]) -> None:
    """Serves, and ends in order whenever it is told to end: the handlers here hold until `serve` has its own."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(loop_trouble)
    task = asyncio.ensure_future(serving)
    ended = False

    def end() -> None:
        nonlocal ended
        ended = True
        task.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    # A terminal that closes must not take the desk with it when nobody asked for that.
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    try:
        await task
    except asyncio.CancelledError:
        if not ended:
            raise


# ------------------------------------------------------------------------------------------------------------- banner


def _rows(settings: Settings) -> list[tuple[str, str]]:
    file = sqlite_path(settings)
    rows = [("runs", "the desk, with its real channels")]
    rows.append(("database", str(file) if file is not None else f"PostgreSQL, schema {settings.db_schema}"))
    keys = keys_url(settings.database_url)
    rows.append(
        ("key store", str(keys.database) if file is not None else f"schema {settings.db_schema}_keys")
    )
    rows.append(("telegram", _telegram(settings)))
    rows.append(("signal", _signal(settings)))
    rows.append(("desk", f"zone {settings.zone}, language {settings.language}"))
    return rows


def _telegram(settings: Settings) -> str:
    if settings.telegram_token is None:
        return "not configured (WATCHLINE_TELEGRAM_TOKEN_FILE)"
    way = "webhook" if settings.telegram_webhook_url is not None else "polling"
    return f"configured, {way}; officers read cases there: {settings.telegram_content}"


def _signal(settings: Settings) -> str:
    if settings.signal_account is None:
        return "not configured (WATCHLINE_SIGNAL_ACCOUNT)"
    if settings.signal_receive == "gateway":
        return "configured, receiving through the gateway, which loses messages (see watchline doctor)"
    return "configured, durable receiving"


def missing(settings: Settings) -> list[str]:
    """What is not configured and should be, in a few words each."""
    lacking = []
    if settings.heartbeat is None:
        lacking.append("WATCHLINE_HEARTBEAT: nobody is told when this machine is gone")
    if settings.page_webhook is None:
        lacking.append("WATCHLINE_PAGE_WEBHOOK: a phone on do-not-disturb stays silent at a P1")
    durable = settings.signal_account is not None and settings.signal_receive == "durable"
    if durable and "," not in settings.signal_daemon:
        lacking.append(
            "WATCHLINE_SIGNAL_DAEMON, a second signal-cli: the only one, killed, loses the message in hand (watchline"
            " doctor says how)"
        )
    if settings.signal_account is not None and settings.canary_signal is None:
        lacking.append("WATCHLINE_CANARY_SIGNAL: nobody notices when Signal swallows messages")
    if settings.telegram_token is not None and settings.canary_telegram is None:
        lacking.append("WATCHLINE_CANARY_TELEGRAM: nobody notices when Telegram swallows messages")
    return lacking


def _say(settings: Settings, rows: list[tuple[str, str]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for name, words in rows:
        table.add_row(Text(f"  {name}", style="dim"), Text(words))
    console.print(table)
    if settings.has_accounts:
        for words in missing(settings):
            console.print(Text(f"  not set    {words}", style="yellow"))
    for name, hint in unknown_names().items():
        words = f"{harmless(name)} stands in the environment and is no setting: {hint}"
        console.print(Text(f"  unknown    {words}", style="yellow"))
    console.file.flush()


def _open(where: str) -> None:
    """The address of the practice phones, to the person who started them."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(f"Open {where}", style="bold green"))
    console.file.flush()
