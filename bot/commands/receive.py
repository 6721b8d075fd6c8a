"""`watchline receive`: the Signal receiver, a process of its own beside `run` (see `bot/receiver.py`).

`run` starts it, or a container engine or systemd does (WATCHLINE_SIGNAL_RECEIVER=external). Called as a worker, by
itself, it stores the frames.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from bot.commands.opening import (
    RECEIVER,
    channel_settings_right,
    open_store,
    receiver_lock,
    signal_settings,
)
from bot.commands.saying import refuse
from bot.commands.settled import settings_or_refuse
from bot.receiver import ReceiverSettings, keep, work
from config.settings import Settings


def command(worker: bool) -> None:
    """Receives until it is told to end."""
    settings = settings_or_refuse()
    with channel_settings_right():
        signal = signal_settings(settings)
    if signal is None:
        refuse(
            "WATCHLINE_SIGNAL_ACCOUNT is not set, so there is nothing to receive: set it to the bot's number"
        )
    if worker:
        _work(settings, linked=signal.has_linked_device)
        return
    if not signal.has_receivers:
        refuse(
            "WATCHLINE_SIGNAL_GATEWAY is an https address or holds a password, and then only the bot itself reads the"
            " messages: run no receiver beside it, give the gateway's own address, or set WATCHLINE_SIGNAL_RECEIVE to"
            " durable"
        )
    lock = receiver_lock(settings)
    _folder_right(lock)
    receiver = ReceiverSettings(signal.sources(), str(lock))
    raise typer.Exit(keep(receiver, [*RECEIVER, "--worker"]))


def _folder_right(lock: Path) -> None:
    """Refuses where the lock files cannot be made. To open one takes nothing from whoever holds it."""
    try:
        os.close(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except (FileNotFoundError, NotADirectoryError):
        refuse(
            f"WATCHLINE_DATA_DIR: there is no folder {lock.parent}: run `watchline init` for a new installation, or"
            " point the setting at the right one"
        )
    except OSError as error:
        refuse(
            f"WATCHLINE_DATA_DIR: {lock} cannot be written ({error.strerror}): make room if the disk is full, and let"
            " the user that runs watchline own the folder"
        )


def _work(settings: Settings, *, linked: bool) -> None:
    # The keeper, which does none of it, is not to hold it in memory.
    from bot.clock import RealClock, SystemEntropy
    from bot.engine import Engine
    from bot.rules import shipped_rules

    rules = shipped_rules(settings.zone, language=settings.language, own=settings.policy_dir)
    with open_store(settings) as store:
        store.vault.keys.refill()
        engine = Engine(store, rules, {}, RealClock(), SystemEntropy())
        engine.twins = linked
        status = work(engine.accept)
    sys.exit(status)
