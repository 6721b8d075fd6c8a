"""From settings to what runs: the store, its keys, the channels' own settings. Refuses in plain words."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from alerts.store.engine import keys_url
from alerts.store.store import Store
from bot.channels.signal.settings import Receive, Receiver, SignalSettings, SignalSettingsWrong
from bot.channels.telegram.settings import TelegramSettings, TelegramSettingsWrong, WebhookSettings
from bot.clock import RealClock, SystemEntropy
from bot.commands.saying import Status, complain, foreseen
from config.keyfile import KeyFileSource, PassphraseSource
from config.settings import Settings, in_its_file

KeySource = KeyFileSource | PassphraseSource
RECEIVER = (sys.executable, "-m", "bot.cli", "receive")
"""The Signal receiver's own process; its settings come the way ours do."""


def key_source(settings: Settings) -> KeySource:
    """Where the key-encryption key comes from."""
    if settings.passphrase_file is not None:
        return PassphraseSource(settings.passphrase_file, SystemEntropy().draw)
    return KeyFileSource(settings.keys_path)


@contextlib.contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The store, for a command that is soon done. Ends the command when it cannot be opened."""
    with foreseen():
        store = Store.open(
            settings.database_url,
            key_source(settings),
            entropy=SystemEntropy().draw,
            now=RealClock().now,
            schema=settings.db_schema,
            # A command takes one key or none; making a thousand ahead would only be left to be swept.
            pool_low=1,
            pool_high=2,
        )
        try:
            yield store
        finally:
            store.close()


def sqlite_path(settings: Settings) -> Path | None:
    """The database's file; None on PostgreSQL. Raises WrongDatabase."""
    keys = keys_url(settings.database_url)
    if keys.get_backend_name() != "sqlite" or keys.database is None:
        return None
    # The key store lies beside it under the same name with -keys.
    path = Path(keys.database)
    return path.with_name(path.stem.removesuffix("-keys") + path.suffix)


def telegram_settings(settings: Settings) -> TelegramSettings | None:
    """The Telegram account, if there is one. Raises TelegramSettingsWrong."""
    if settings.telegram_token is None:
        return None
    webhook = None
    if settings.telegram_webhook_url is not None and settings.telegram_webhook_secret is not None:
        webhook = WebhookSettings(
            url=settings.telegram_webhook_url.get_secret_value(),
            secret=settings.telegram_webhook_secret.get_secret_value(),
            listen=settings.telegram_webhook_listen,
            port=settings.telegram_webhook_port,
        )
    proxy = settings.telegram_proxy
    return TelegramSettings(
        token=settings.telegram_token.get_secret_value(),
        base_url=settings.telegram_base_url,
        base_file_url=settings.telegram_base_file_url,
        proxy=proxy.get_secret_value() if proxy is not None else None,
        poll_timeout=settings.telegram_poll_timeout,
        webhook=webhook,
        protect_content=settings.telegram_protect_content,
    )


def signal_settings(settings: Settings) -> SignalSettings | None:
    """The Signal account, if there is one. Raises SignalSettingsWrong."""
    if settings.signal_account is None:
        return None
    return SignalSettings(
        account=settings.signal_account.get_secret_value(),
        gateway=settings.signal_gateway,
        daemon=settings.signal_daemon,
        receive=Receive(settings.signal_receive),
        receiver=Receiver(settings.signal_receiver),
        receiver_command=RECEIVER,
        receiver_lock=str(receiver_lock(settings)),
        challenge_file=str(settings.data_dir.absolute() / "signal-challenge"),
        expire_seconds=settings.signal_expire_seconds,
    )


def receiver_lock(settings: Settings) -> Path:
    """The file that the first Signal receiver holds locked (`bot.seats`)."""
    return settings.data_dir.absolute() / "signal-receiver.lock"


@contextlib.contextmanager
def channel_settings_right() -> Iterator[None]:
    """Ends the command when an account's settings cannot work; the message names no value."""
    try:
        yield
    except TelegramSettingsWrong as wrong:
        complain(in_its_file(str(wrong)))
    except SignalSettingsWrong as wrong:
        complain(in_its_file(str(wrong)))
    else:
        return
    raise typer.Exit(Status.REFUSED)
