"""`watchline receive`: the Signal receiver, a process of its own beside `run` (see `bot/receiver.py`).

`run` starts it, or a container engine or systemd does (WATCHLINE_SIGNAL_RECEIVER=external). Called as a worker, by
itself, it stores the frames.
"""

from __future__ import annotations

import sys

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
    receiver = ReceiverSettings(signal.sources(), str(receiver_lock(settings)))
    raise typer.Exit(keep(receiver, [*RECEIVER, "--worker"]))


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
