"""`watchline db upgrade`: brings the database to the form that this version works on."""

from __future__ import annotations

from alerts.store.store import Store
from bot.commands.opening import sqlite_path
from bot.commands.saying import foreseen, refuse, tell
from bot.commands.settled import settings_or_refuse
from bot.lock import AlreadyRunning, RunLock


def command() -> None:
    """Upgrades, or says that nothing is to be done."""
    settings = settings_or_refuse()
    with foreseen():
        file = sqlite_path(settings)
        lock = None
        if file is not None and file.is_file():
            try:
                lock = RunLock(file)
            except AlreadyRunning:
                refuse(
                    "WATCHLINE_DATABASE: `watchline run` works on this database: stop it, make a backup, then upgrade"
                )
        try:
            before, after = Store.upgrade(settings.database_url, schema=settings.db_schema)
        finally:
            if lock is not None:
                lock.release()
    if before == after:
        tell(f"Nothing to do: the database is at revision {after}, which this version works on.")
    else:
        tell(f"Upgraded from revision {before} to {after}. Start `watchline run` again.")
