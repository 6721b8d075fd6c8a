"""What an administrator sets, and the refusal of what cannot work or is not safe.

Settings are environment variables that begin with WATCHLINE_, or lines NAME=value in a file: `.env` in the working
folder, or the one that WATCHLINE_SETTINGS_FILE names. The environment wins. A secret may stand in a file of its own:
the setting with _FILE behind its name holds the path, or a file with the setting's name in lower case lies in the
folder WATCHLINE_SECRETS_DIR (/run/secrets, where container engines put them). `sources.py` reads all these.

Rules:

1. Every error names the setting, what is wrong and how to mend it, and all that are seen are told at once. No error,
   and no repr, shows a value that may be secret.
2. A name that is not known is an error in the settings file: a page that nobody gets because of a slip of the pen is
   worse than a refusal. In the environment, which others share, it is told by `doctor`.
3. What is unsafe refuses to start: there is no setting that makes it safe.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from config.addresses import is_near, is_open, what_is_wrong
from config.sources import IN_FILE, PREFIX, SECRETS, Collected, collect, meant, setting, settings_path

_TRANSLATIONS: Final = Path(__file__).parent / "translations"
ACCOUNTS: Final = ("telegram_token", "signal_account")
"""Each of them alone makes a desk of an installation; without them there are the practice phones."""
_LEADING: Final = re.compile(rf"{PREFIX}[A-Z_]+(?=[: ])")
_ELSEWHERE: Final = ("settings_file", "secrets_dir", "receiver_files")


class SettingsWrong(ValueError):
    """The settings cannot be used. One line for each thing that is wrong: the setting, what is wrong, the mend."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _secret() -> Any:
    return Field(default=None, repr=False)


class Settings(BaseSettings):
    """The settings of one installation."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True, case_sensitive=False
    )

    # ------------------------------------------------------------------------------------------------- the store
    data_dir: Path = Path("data")
    """Folder of the database, unless `database` says otherwise, and of what goes with it."""
    database: SecretStr | None = _secret()
    """sqlite:////path/to/watchline.db or postgresql://user:password@host/database."""
    db_schema: str = "watchline"
    """PostgreSQL's schema; the key store's is the same with _keys behind it."""
    key_file: Path | None = None
    passphrase_file: Path | None = None

    # -------------------------------------------------------------------------------------------------- the desk
    zone: str = "UTC"
    """The desk's own time zone."""
    policy_dir: Path | None = None
    """Folder of policy files of the desk's own, each in place of the shipped one of the same name."""
    language: str = "en"
    """What the desk's own people read until they say otherwise."""
    emergency_numbers: Annotated[Mapping[str, str], NoDecode] = Field(default_factory=dict)
    """What a defender may be told to call, by the defender's time zone: Asia/Beirut=112,Europe/Kyiv=112. Empty unless
    the desk sets it: a public number may reach the perpetrator."""
    gap_seconds: int = Field(default=120, ge=30, le=3600)
    """A silence of our own that is longer than this is told to the desk."""

    # -------------------------------------------------------------------------------------------------- Telegram
    telegram_token: SecretStr | None = _secret()
    telegram_base_url: str = "https://api.telegram.org/bot"
    telegram_base_file_url: str = "https://api.telegram.org/file/bot"
    telegram_proxy: SecretStr | None = _secret()
    telegram_webhook_url: SecretStr | None = _secret()
    telegram_webhook_secret: SecretStr | None = _secret()
    telegram_webhook_listen: str = "127.0.0.1"
    telegram_webhook_port: int = Field(default=8443, ge=1, le=65535)
    telegram_poll_timeout: int = Field(default=10, ge=1, le=50)
    telegram_protect_content: bool = True
    telegram_content: Literal["never", "fallback", "always"] = "fallback"
    """Whether officers may read a case on Telegram: never, only who has no Signal (fallback), or always."""

    # ---------------------------------------------------------------------------------------------------- Signal
    signal_account: SecretStr | None = _secret()
    """The bot's telephone number, with + and country code."""
    signal_gateway: str = "http://127.0.0.1:8080"
    signal_daemon: str = "127.0.0.1:6001"
    signal_receive: Literal["durable", "gateway"] = "durable"
    signal_receiver: Literal["managed", "external"] = "managed"
    signal_expire_seconds: int = Field(default=7 * 24 * 3600, ge=0)

    # -------------------------------------------------------------------------------------------------- practice
    practice_port: int = Field(default=0, ge=0, le=65535)
    """On 127.0.0.1, always. 0 takes a free one."""

    # -------------------------------------------------------------------------------------------------- watching
    page_webhook: SecretStr | None = _secret()
    """An alarm service that wakes people: called for every P1, without content."""
    heartbeat: SecretStr | None = _secret()
    """A dead-man's switch outside this machine (healthchecks and what is compatible): called while all is well."""
    heartbeat_seconds: int = Field(default=60, ge=10, le=3600)
    alive_file: Path | None = None
    metrics_listen: str = "127.0.0.1"
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """0 serves no metrics."""
    canary_telegram: SecretStr | None = _secret()
    """A chat that canary messages go to: best a group that only the bot and an administrator are in."""
    canary_signal: SecretStr | None = _secret()
    """An account id on Signal, best an administrator's: the receipt of that phone is the way back. Empty: none."""
    canary_minutes: int = Field(default=15, ge=1, le=24 * 60)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["plain", "json"] = "plain"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` collected: it knows from where each value came, and that no two contradict each other."""
        return (init_settings,)

    @field_validator("emergency_numbers", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found: dict[str, str] = {}
        for pair in filter(None, (part.strip() for part in value.split(","))):
            zone, separator, number = (part.strip() for part in pair.partition("="))
            if not separator:
                raise ValueError("is not a list like Asia/Beirut=112,Europe/Kyiv=112")
            if not _is_zone(zone):
                raise ValueError(f"has {zone!r} before an =, which {_no_zone(zone)}")
            if not re.fullmatch(r"\+?[0-9 ]{2,20}", number):
                raise ValueError("has something behind an = that is no telephone number")
            found[zone] = number
        return found

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if not _is_zone(value):
            raise ValueError(_no_zone(value))
        return value

    @field_validator("language")
    @classmethod
    def _language(cls, value: str) -> str:
        spoken = sorted(path.stem for path in _TRANSLATIONS.glob("*.po"))
        if value not in spoken:
            raise ValueError(f"is none of {', '.join(spoken)}")
        return value

    @field_validator("page_webhook", "heartbeat")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            local = parts.hostname in ("127.0.0.1", "::1", "localhost")
        except ValueError:
            raise ValueError("is not an address that begins with https://") from None
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            raise ValueError("is not an address that begins with https://")
        return value

    @field_validator("telegram_base_url", "telegram_base_file_url", "signal_gateway")
    @classmethod
    def _service(cls, value: str) -> str:
        if wrong := what_is_wrong(value):
            raise ValueError(wrong)
        return value

    @field_validator("telegram_webhook_url")
    @classmethod
    def _called_at(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and (wrong := what_is_wrong(value.get_secret_value())):
            raise ValueError(wrong)
        return value

    @field_validator("signal_daemon")
    @classmethod
    def _daemon(cls, value: str) -> str:
        if all(is_near(one.strip().rpartition(":")[0]) for one in value.split(",")):
            return value
        raise ValueError("is on another network, and what people write could be read on the way")

    @field_validator("metrics_listen")
    @classmethod
    def _loopback(cls, value: str) -> str:
        try:
            if ipaddress.ip_address(value).is_loopback:
                return value
        except ValueError:
            pass  # a name is refused like an address that others can reach: where it points can change
        raise ValueError("is not an address of this machine's loopback, and others could look in")

    # ---------------------------------------------------------------------------------- what follows from the settings

    @property
    def database_url(self) -> str:
        """Where the store is."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{self.data_dir.absolute() / 'watchline.db'}"

    @property
    def keys_path(self) -> Path:
        """The key file, when there is no passphrase file."""
        return self.key_file or self.data_dir / "keys" / "key"

    @property
    def practice_dir(self) -> Path:
        """Folder of the practice phones."""
        return self.data_dir / "practice"

    @property
    def canary_every(self) -> timedelta:
        """The pace of the canaries."""
        return timedelta(minutes=self.canary_minutes)

    @property
    def has_accounts(self) -> bool:
        """Whether there is a real channel to serve."""
        return self.telegram_token is not None or self.signal_account is not None


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _no_zone(name: str) -> str:
    """What is wrong about `name` as a time zone, with the one that may be meant."""
    close = _zones_like(name)
    meant = f" (is {' or '.join(close)} meant?)" if close else ""
    return f"is not an IANA time zone such as Europe/Brussels{meant}"


def _zones_like(name: str) -> list[str]:
    """Time zones that somebody may mean who wrote `name`: by its letters, or by the town alone."""
    zones = {zone.lower(): zone for zone in sorted(available_timezones()) if "/" in zone}
    written = name.lower().replace(" ", "_")
    towns = [zone for low, zone in zones.items() if low.rpartition("/")[2] == written.rpartition("/")[2]]
    close = difflib.get_close_matches(written, zones, 2, cutoff=0.8)
    return list(dict.fromkeys([*towns, *(zones[one] for one in close)]))[:2]


# ------------------------------------------------------------------------------------------------------------- loading


def load(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """The settings of this process; `folder` is the working folder. Raises SettingsWrong."""
    collected = collect(os.environ if environment is None else environment, folder or Path(), known_names())
    problems = list(collected.problems)
    try:
        settings = Settings.model_validate(collected.values)
    except ValidationError as error:
        problems += [_explained(one) for one in error.errors(include_url=False, include_input=False)]
        raise SettingsWrong([_in_its_file(problem, collected) for problem in problems]) from None
    problems += _together(settings)
    libpq = (os.environ if environment is None else environment).get("PGSSLMODE", "")
    if settings.database is not None and is_open(settings.database_url, libpq):
        problems.append(
            "WATCHLINE_DATABASE leads to a server on another network without asking for TLS, so the password and the"
            " data can be read on the way: put ?sslmode=verify-full behind it (or require, where the server's"
            " certificate cannot be checked)"
        )
    if problems:
        raise SettingsWrong([_in_its_file(problem, collected) for problem in problems])
    return settings


def in_its_file(
    problem: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> str:
    """A problem that begins with a setting's name, with the file that its value came from, if it came from one."""
    given = os.environ if environment is None else environment
    return _in_its_file(problem, collect(given, folder or Path(), known_names()))


def _in_its_file(problem: str, collected: Collected) -> str:
    found = _LEADING.match(problem)
    name = found.group() if found else ""
    file = collected.files.get(name.removeprefix(PREFIX).lower())
    return f"{name} ({file}){problem[len(name) :]}" if file else problem


def known_names() -> frozenset[str]:
    """Every name that may stand in a settings file, in lower case and without the prefix."""
    return frozenset({*Settings.model_fields, *(name + IN_FILE for name in SECRETS), *_ELSEWHERE})


def unknown_names(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of the environment that begin like ours and are none, in order, each with what it may mean."""
    names, known = (os.environ if environment is None else environment), known_names()
    unknown = sorted(n for n in names if n.startswith(PREFIX) and n.removeprefix(PREFIX).lower() not in known)
    return {name: meant(name, known) for name in unknown}


def empty_accounts(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> list[str]:
    """Where accounts were left empty: files that hold nothing, each with the setting that points at it, and lines of
    the settings file. In the environment, an empty text is how one takes a setting out for once."""
    collected = collect(os.environ if environment is None else environment, folder or Path(), known_names())
    return [collected.empty[name] for name in ACCOUNTS if name in collected.empty]


def secrets_in_environment(environment: Mapping[str, str] | None = None) -> list[str]:
    """Secrets that stand in the environment itself, where a crash report or a child process may take them along."""
    names = os.environ if environment is None else environment
    return sorted(setting(name) for name in SECRETS if _is_secret(name, names.get(setting(name), "")))


def secrets_others_can_read(
    environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> tuple[Path, tuple[str, ...]] | None:
    """The settings file and the secrets in it, when other users of the machine can read them."""
    path = settings_path(os.environ if environment is None else environment, folder or Path())
    try:
        open_to_others = path.stat().st_mode & 0o077
        lines = dotenv_values(path, interpolate=False, encoding="utf-8") if open_to_others else {}
    except (OSError, UnicodeDecodeError):
        return None
    found = sorted(setting(name) for name in SECRETS if _is_secret(name, lines.get(setting(name)) or ""))
    return (path.absolute(), tuple(found)) if found else None


def _is_secret(name: str, value: str) -> bool:
    """Whether there is something in a setting that nobody else may know: in an address of a database, the password."""
    if name != "database":
        return bool(value.strip())
    try:
        parts = urlsplit(value.strip())
        return bool(parts.password) or "password=" in parts.query
    except ValueError:
        return True  # not understood, so not known to be harmless


_WRONG: Final = {
    "int_parsing": "is not a whole number",
    "bool_parsing": "is neither true nor false",
    "path_type": "is not a path",
}
_MENDS: Final = {
    "page_webhook": "copy the address of the alarm service again",
    "heartbeat": "copy the ping address of the check again",
    "telegram_base_url": "give one that begins with https://, or that of a server on this network",
    "telegram_base_file_url": "give one that begins with https://, or that of a server on this network",
    "telegram_webhook_url": "give the public one, which begins with https://",
    "signal_gateway": "give one like http://127.0.0.1:8080, on this machine or its own network",
    "signal_daemon": "run signal-cli on this machine or its own network, or reach it by a tunnel",
    "metrics_listen": "use 127.0.0.1, and an agent on this machine to collect from afar",
    "zone": "`timedatectl list-timezones` lists them all",
}


def _explained(error: Mapping[str, Any]) -> str:
    """One problem that pydantic found, in our words; its own would repeat values."""
    name = str(error["loc"][0]) if error["loc"] else ""
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "value_error":
        wrong = str(context.get("error", "cannot be used"))
    elif kind == "literal_error":
        wrong = f"is none of {context['expected']}".replace("'", "")
    elif kind in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        wrong = f"is not in its range: {bound}"
    else:
        wrong = _WRONG.get(kind, "cannot be used")
    mend = _MENDS.get(name, "correct it, or leave it out")
    return f"{setting(name)} {wrong}; {mend}"


def _together(settings: Settings) -> list[str]:
    """What is wrong about settings that are right one by one."""
    problems = []
    if settings.policy_dir is not None and not settings.policy_dir.is_dir():
        problems.append(
            f"WATCHLINE_POLICY_DIR: {settings.policy_dir} is no folder: correct the path, or leave it out for the"
            " shipped policy"
        )
    if settings.key_file is not None and settings.passphrase_file is not None:
        problems.append(
            "WATCHLINE_KEY_FILE and WATCHLINE_PASSPHRASE_FILE are both set, and only one can open the store: leave one"
            " out"
        )
    webhook, secret = settings.telegram_webhook_url, settings.telegram_webhook_secret
    if webhook is not None and secret is None:
        problems.append(
            "WATCHLINE_TELEGRAM_WEBHOOK_SECRET is missing, and without it anybody could send the bot made-up messages:"
            " set it to 16 to 256 letters, digits, _ or -, or leave out WATCHLINE_TELEGRAM_WEBHOOK_URL to poll"
        )
    if webhook is None and secret is not None:
        problems.append(
            "WATCHLINE_TELEGRAM_WEBHOOK_SECRET is set without WATCHLINE_TELEGRAM_WEBHOOK_URL: set both, or neither to"
            " poll"
        )
    if settings.telegram_token is None:
        problems += [
            f"{setting(name)} is set, and WATCHLINE_TELEGRAM_TOKEN is not: set the token too"
            for name in ("telegram_webhook_url", "telegram_proxy", "canary_telegram")
            if getattr(settings, name) is not None
        ]
    if settings.canary_signal is not None and settings.signal_account is None:
        problems.append(
            "WATCHLINE_CANARY_SIGNAL is set, and WATCHLINE_SIGNAL_ACCOUNT is not: set the account too"
        )
    return problems
