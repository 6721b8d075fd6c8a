"""`watchline keys rotate`: a new key-encryption key, under which every data key is wrapped anew.

It may run beside `watchline run`. Killed at any instant it leaves everything readable, and called again it first ends
what was begun.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

from alerts.store.keks import NewKek
from alerts.store.keystore import KeyStore
from bot.clock import RealClock, SystemEntropy
from bot.commands.opening import key_source
from bot.commands.saying import foreseen, tell
from bot.commands.settled import settings_or_refuse
from bot.logs import through
from config.keyfile import KeyFileSource, add_key, keep_keys, read_keys

PATIENCE_SECONDS = 2.0
"""What is done sooner needs no progress bar."""
REPORT_SECONDS = 10.0


def command(drop_old: bool) -> None:
    """Rotates. `drop_old` throws the older keys out of the key file once nothing in the store needs them."""
    settings = settings_or_refuse()
    entropy = SystemEntropy().draw
    with foreseen():
        source = key_source(settings)
        store = KeyStore.open(
            settings.database_url, source, entropy=entropy, now=RealClock().now, schema=settings.db_schema
        )
        try:
            with progress() as told:
                ended = isinstance(source, KeyFileSource) and store.rotate(NewKek(*source.fresh()), told) > 0
                if not ended:
                    if isinstance(source, KeyFileSource):
                        add_key(settings.keys_path, entropy)
                    store.rotate(NewKek(*source.fresh()), told)
        finally:
            store.close()
        if isinstance(source, KeyFileSource) and drop_old:
            keep_keys(settings.keys_path, [read_keys(settings.keys_path).ids[0]])
    if ended:
        tell("An earlier rotation had been interrupted. It is complete now; for one more, run this again.")
    else:
        tell("Rotated: every data key is wrapped under the new key.")
    if not isinstance(source, KeyFileSource):
        tell(
            "The first passphrase in the file is the one that opens the store. Keep the older lines for seven days, as"
            " long as there are copies of the key store that need them; then take them out."
        )
        return
    tell(f"Back up {settings.keys_path} now, in place of its old copy, away from the database's backups.")
    if drop_old:
        tell(
            "The older keys were taken out of the file: copies of the key store from before now open no more."
        )
    else:
        tell(
            "The older keys stay in the file for the copies of the key store that still need them. After seven days,"
            " when those are gone, run `watchline keys rotate --drop-old`."
        )


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, a line now and then elsewhere; neither for what is done at once."""
    out = through(sys.stderr)
    bar = Progress(console=Console(file=out), transient=True, disable=not out.isatty())
    task = bar.add_task("Wrapping data keys anew", total=None)
    began = said = time.monotonic()
    shown = False

    def told(done: int, total: int) -> None:
        nonlocal shown, said
        now = time.monotonic()
        if now - began < PATIENCE_SECONDS:
            return
        if not out.isatty():
            if now - said >= REPORT_SECONDS:
                said = now
                out.write(f"{done} of {total} data keys\n")
                out.flush()
            return
        if not shown:
            shown = True
            bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield told
    finally:
        if shown:
            bar.stop()
