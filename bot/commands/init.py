"""`watchline init`: the key, the folder and the database of a new installation.

It never overwrites anything. When it was interrupted it can be called again: a key file that is there is used, as long
as there is no database yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alerts.store.engine import keys_url
from alerts.store.keks import NewKek, WrongKey
from alerts.store.keystore import KeyStore, NewerKeyStore, NoKeyStore
from alerts.store.schema import Fit
from alerts.store.store import Store
from bot.clock import RealClock, SystemEntropy
from bot.commands.opening import key_source, sqlite_path
from bot.commands.saying import foreseen, refuse, tell
from bot.commands.settled import settings_or_refuse
from config.keyfile import make_key_file, read_passphrases
from config.settings import Settings


def command() -> None:
    """Makes what a new installation needs and says what it made."""
    settings = settings_or_refuse()
    with foreseen():
        _folder(settings.data_dir, "WATCHLINE_DATA_DIR")
        if Store.fit(settings.database_url, schema=settings.db_schema) is not Fit.EMPTY:
            refuse(
                "WATCHLINE_DATABASE: there is a database already, and nothing was changed: run `watchline db upgrade`"
                " if it is of an older version, or point the setting at another place for a new one"
            )
        made_key = _keys(settings)
        if _key_store_is_there(settings):
            refuse(
                "WATCHLINE_DATABASE: there is a key store but no database, and nothing was changed: restore the"
                " database from its backup, or move the key store away for a new installation"
            )
        with _nothing_half_made(settings):
            Store.create(
                settings.database_url,
                NewKek(*key_source(settings).fresh()),
                entropy=SystemEntropy().draw,
                now=RealClock().now,
                schema=settings.db_schema,
            )
    _tell(settings, made_key)


@contextmanager
def _nothing_half_made(settings: Settings) -> Iterator[None]:
    """On SQLite, takes away what was made here when it cannot be finished: the next `init` would take it for data."""
    main, keys = sqlite_path(settings), keys_url(settings.database_url).database
    files = [] if main is None else [main, Path(keys or "")]
    parts = [file.with_name(file.name + end) for file in files for end in ("", "-wal", "-shm", "-journal")]
    new = [part for part in parts if not part.exists()]
    try:
        yield
    except BaseException:
        for part in new:
            part.unlink(missing_ok=True)
        raise


def _folder(path: Path, name: str) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        refuse(
            f"{name}: the folder {path} cannot be made ({error.strerror}): correct the path, or let the user that runs"
            " watchline write there"
        )


def _keys(settings: Settings) -> bool:
    """Makes the key file unless there is one, or a passphrase instead. Says whether it did. Raises KeyFileError."""
    if settings.passphrase_file is not None:
        read_passphrases(settings.passphrase_file)
        return False
    path = settings.keys_path
    if path.exists():
        key_source(settings).fresh()
        return False
    _folder(path.parent, "WATCHLINE_KEY_FILE")
    make_key_file(path, SystemEntropy().draw)
    return True


def _key_store_is_there(settings: Settings) -> bool:
    try:
        KeyStore.open(
            settings.database_url,
            key_source(settings),
            entropy=SystemEntropy().draw,
            now=RealClock().now,
            schema=settings.db_schema,
        ).close()
    except NoKeyStore:
        return False
    except (WrongKey, NewerKeyStore):
        return True
    return True


def _tell(settings: Settings, made_key: bool) -> None:
    keys = keys_url(settings.database_url)
    tell("Made:")
    if keys.get_backend_name() == "sqlite":
        tell(
            f"  {settings.data_dir}: the folder, with the database in it unless WATCHLINE_DATABASE says otherwise"
        )
        tell(f"  {keys.database}: the key store, which lies beside the database")
    else:
        tell(f"  the schemas {settings.db_schema} and {settings.db_schema}_keys in the database")
    if settings.passphrase_file is None:
        was = "the key file" if made_key else "the key file, which was there already and is used"
        tell(f"  {settings.keys_path}: {was}")
    opener = "passphrase" if settings.passphrase_file is not None else "key file"
    tell()
    tell(
        f"Back up the {opener} now, on paper or on a medium that lies elsewhere, never beside the database's backups:"
        f" without the {opener} nobody can read anything again, and with both anybody can read everything. Leave the"
        " key store out of the database's backups too, and keep its own copies for seven days at most."
    )
    tell()
    tell(
        "Next: `watchline doctor` says what is missing, `watchline invite lead NAME` lets the first person join,"
        " `watchline run` begins."
    )
