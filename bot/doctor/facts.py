"""The facts that are judged, and the findings that come of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.store.schema import Fit


class Weight(enum.IntEnum):
    """How much a finding matters."""

    NOTE = 0
    """Worth knowing; nothing has to be done."""
    WARNING = 1
    """It runs, and something that a desk relies on is missing or unsafe."""
    WRONG = 2
    """It does not start, or people are in danger of not being heard."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that an administrator should know."""

    weight: Weight
    about: str
    """One or two words: the part of Watchline that it is about."""
    what: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class StaffFacts:
    """One member of the desk, without a name."""

    lead: bool
    channels: tuple[str, ...]
    """Channels on which this person can be reached now."""


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """A code for the desk that nobody has used, without the name."""

    lead: bool
    until: datetime


@dataclass(frozen=True, slots=True)
class TelegramFacts:
    """What Telegram said."""

    problem: str = ""
    """Code: unreachable, unauthorised, failing; empty when all is well."""
    webhook_set: bool = False
    """Telegram has a webhook for this bot."""
    waiting: int = 0
    """Updates that Telegram holds."""


@dataclass(frozen=True, slots=True)
class SignalFacts:
    """What the Signal services said."""

    gateway: bool
    account: bool | None
    daemon: bool | None
    version: str = ""
    challenged: bool = False
    """Signal wants a captcha."""
    second: str = "none"
    """A second signal-cli, linked to the account: "none", "well", "silent", "unlinked"."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is judged. None: could not be found out, and another finding says why."""

    now: datetime
    problems: tuple[str, ...] = ()
    """What kept the store from being opened, in words that name the setting and the mend."""
    unknown_settings: Mapping[str, str] = field(default_factory=dict)
    """Names in the environment that are no settings, each with what it may mean."""
    secrets_in_environment: tuple[str, ...] = ()
    open_secrets: tuple[str, ...] = ()
    """Secrets in the settings file, when others than its owner can read it."""
    settings_file: str = ""
    key_beside_database: bool = False
    fit: Fit | None = None
    practice_store: bool = False
    alive_at: datetime | None = None
    """When `run` last said that it lives, which it does every few seconds."""
    overdue_since: datetime | None = None
    page_since: datetime | None = None
    scarce: bool = False
    """Whether so little room is left for the database that files wait."""
    shut: int = 0
    """Members of the desk, accounts of theirs and rotas that cannot be opened."""
    staff: tuple[StaffFacts, ...] | None = None
    codes: tuple[CodeFacts, ...] = ()
    """Codes that make somebody a lead or an officer, and still work."""
    has_rota: bool | None = None
    gaps: tuple[tuple[datetime, datetime], ...] = ()
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    """How far other clocks are ahead of ours, by whose they are."""
    backup_at: datetime | None = None
    unreviewed: tuple[str, ...] = ()
    """Policy files that nobody has reviewed."""
    wrong_policy: tuple[str, ...] = ()
    """What is wrong with the desk's own policy files: the file, the key, and the mend."""
    zone: str = "UTC"
    zone_set: bool = True
    telegram: TelegramFacts | None = None
    """None: not configured."""
    telegram_webhook: bool = False
    telegram_content: str = "fallback"
    signal: SignalFacts | None = None
    signal_receive: str = "durable"
    signal_receivers: int | None = None
    """How many receivers hold a lock, as far as it can be seen from here."""
    heartbeat: bool = False
    nodes: int = 0
    """Living nodes on a PostgreSQL; 0 on SQLite."""
    beating: int = 0
    """How many of them have a heartbeat."""
    beats: int = 0
    """To how many different addresses their heartbeats go."""
    page_webhook: bool = False
    canary_telegram: bool = False
    canary_signal: bool = False
    canary_unproven: Mapping[str, datetime] = field(default_factory=dict)
    """Channels whose canary's phone is silent, with nothing else that shows that they carry, and since when."""
    emergency_numbers: bool = False
