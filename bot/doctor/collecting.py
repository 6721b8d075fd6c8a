"""Finds out what the doctor judges. Reads only; whatever fails to answer is a fact of its own.

No heartbeat is sent and no alarm service is called: the one would hide a dead machine, the other would wake somebody.
"""

from __future__ import annotations

import asyncio
import email.utils
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from alerts.ids import from_micros
from alerts.oncall import gaps
from alerts.people import Person, Purpose, Reach, Role, Standing
from alerts.records import replace
from alerts.store import leases
from alerts.store.engine import WrongDatabase
from alerts.store.figures import backlog, server_clock
from alerts.store.keks import WrongKey
from alerts.store.keystore import NewerKeyStore, NoKeyStore
from alerts.store.schema import Fit
from alerts.store.store import Store, StoreRefused
from alerts.store.trouble import database_errors, plain_trouble
from bot.canary import Canary, Trip, meta_key, recalled
from bot.channels.signal.settings import SignalSettings
from bot.clock import PRACTICE_LINEAGE, RealClock, SystemEntropy
from bot.commands.opening import key_source, receiver_lock, signal_settings, sqlite_path
from bot.doctor.facts import CodeFacts, Facts, SignalFacts, StaffFacts, TelegramFacts
from bot.doctor.people_and_channels import AHEAD
from bot.engine import ALIVE
from bot.practice import LINEAGE
from bot.receiver_sources import purpose
from bot.room import is_scarce
from bot.rules import DESK, own_file, wrong_policy
from bot.seats import at_work
from config.keyfile import KeyFileError
from config.policyfile import reviewed_on
from config.settings import (
    Settings,
    in_its_file,
    secrets_in_environment,
    secrets_others_can_read,
    unknown_names,
)

POLICY_FILES = ("escalation.yaml", "protocols.yaml")
BACKUP = "backup_at"
"""In the store: when the last backup was made."""
ASK_SECONDS = 6.0


def collect(settings: Settings, environment: Mapping[str, str] | None = None) -> Facts:
    """Everything that is judged, as it is now; takes at most some ten seconds for each thing that does not answer."""
    environment = os.environ if environment is None else environment
    settings_file, open_secrets = secrets_others_can_read(environment) or ("", ())
    facts = Facts(
        now=RealClock().now(),
        unknown_settings=unknown_names(environment),
        secrets_in_environment=tuple(secrets_in_environment(environment)),
        open_secrets=open_secrets,
        settings_file=str(settings_file),
        unreviewed=tuple(
            str(own or f"config/{name} (as shipped)")
            for name in POLICY_FILES
            if reviewed_on(name, own := own_file(settings.policy_dir, name)) is None
        ),
        wrong_policy=tuple(wrong_policy(settings.policy_dir)),
        zone=settings.zone,
        zone_set="zone" in settings.model_fields_set,
        telegram_webhook=settings.telegram_webhook_url is not None,
        telegram_content=settings.telegram_content,
        signal_receive=settings.signal_receive,
        heartbeat=settings.heartbeat is not None,
        page_webhook=settings.page_webhook is not None,
        canary_telegram=settings.canary_telegram is not None,
        canary_signal=settings.canary_signal is not None,
        emergency_numbers=bool(settings.emergency_numbers),
    )
    facts = _store(settings, facts)
    return asyncio.run(_channels(settings, facts))


# --------------------------------------------------------------------------------------------------------------- store


def _store(settings: Settings, facts: Facts) -> Facts:
    try:
        file = sqlite_path(settings)
        keys = settings.keys_path.absolute().parent
        beside = file is not None and settings.passphrase_file is None and keys == file.absolute().parent
        facts = replace(facts, key_beside_database=beside, scarce=is_scarce(settings.database_url)())
        facts = replace(facts, fit=Store.fit(settings.database_url, schema=settings.db_schema))
        store = Store.open(
            settings.database_url,
            key_source(settings),
            entropy=SystemEntropy().draw,
            now=RealClock().now,
            schema=settings.db_schema,
            pool_low=1,
            pool_high=2,
        )
    except (StoreRefused, WrongDatabase, WrongKey, NoKeyStore, NewerKeyStore, KeyFileError) as problem:
        return replace(facts, problems=(in_its_file(str(problem)),))
    except database_errors() as problem:
        return replace(facts, problems=(in_its_file(f"WATCHLINE_DATABASE: {plain_trouble(problem)}"),))
    try:
        return _inside(store, facts)
    except database_errors() as problem:
        return replace(facts, problems=(in_its_file(f"WATCHLINE_DATABASE: {plain_trouble(problem)}"),))
    finally:
        store.close()


def _inside(store: Store, facts: Facts) -> Facts:
    def instant(name: str) -> datetime | None:
        value = store.get_meta(name)
        return from_micros(int(value)) if value is not None else None

    with store.reading() as work:
        waits = backlog(work.connection, facts.now)
        clock = server_clock(work.connection)
        asked_at = RealClock().now()
        shut = work.desk_shut()
        staff = work.staff(DESK)
        codes = work.codes_of_desk(DESK, facts.now)
        rota = work.rota(DESK)
        several = work.connection.dialect.name == "postgresql"
        nodes = len(leases.living(work, facts.now)) if several else 0
        beats = leases.beats(work, facts.now) if several else {}
    active = tuple(person for person in staff if person.status is Standing.ACTIVE)
    return replace(
        facts,
        fit=Fit.CURRENT,
        practice_store=store.get_meta(LINEAGE) == PRACTICE_LINEAGE,
        alive_at=instant(ALIVE),
        backup_at=instant(BACKUP),
        overdue_since=waits.overdue_since,
        page_since=waits.page_since,
        shut=shut,
        staff=tuple(_staff(person) for person in active),
        codes=tuple(
            CodeFacts(code.purpose is Purpose.LEAD, code.expires_at)
            for code in codes
            if code.purpose in (Purpose.LEAD, Purpose.OFFICER)
        ),
        has_rota=rota is not None and bool(rota.layers or rota.overrides or rota.holidays),
        gaps=gaps(rota, facts.now, facts.now + AHEAD) if rota is not None else (),
        clocks={"the database server": clock - asked_at} if clock is not None else {},
        canary_unproven=_unproven(store, facts),
        nodes=nodes,
        beating=len(beats),
        beats=len(set(beats.values())),
    )


def _unproven(store: Store, facts: Facts) -> dict[str, datetime]:
    note = store.get_meta(meta_key("signal")) if facts.canary_signal else None
    unknown = Canary("signal", Trip.ROUND, timedelta(0))
    since = recalled(unknown, note or "", facts.now).unproven_since
    return {"signal": since} if since is not None else {}


def _staff(person: Person) -> StaffFacts:
    reachable = tuple(address.channel for address in person.addresses if address.status is Reach.OK)
    return StaffFacts(person.role is Role.LEAD, reachable)


# ------------------------------------------------------------------------------------------------------------ channels


async def _channels(settings: Settings, facts: Facts) -> Facts:
    if settings.telegram_token is not None:
        telegram, ahead = await _telegram(settings, settings.telegram_token)
        clocks = {**facts.clocks, "Telegram": ahead} if ahead is not None else facts.clocks
        facts = replace(facts, telegram=telegram, clocks=clocks)
    signal = signal_settings(settings)
    if signal is not None:
        lock = str(receiver_lock(settings))
        taken = at_work(lock, purpose(signal.sources())) if signal.has_receivers else None
        facts = replace(facts, signal=await _signal(signal), signal_receivers=taken)
    return facts


async def _telegram(settings: Settings, token: SecretStr) -> tuple[TelegramFacts, timedelta | None]:
    """What Telegram says of the bot, and how far its clock is ahead of ours. Asked without the bot library, which would
    want to be the one that polls."""
    base = settings.telegram_base_url + token.get_secret_value()
    proxy = settings.telegram_proxy.get_secret_value() if settings.telegram_proxy is not None else None
    try:
        async with httpx.AsyncClient(proxy=proxy, trust_env=False, timeout=ASK_SECONDS) as client:
            me = await client.get(f"{base}/getMe")
            if me.status_code in (401, 404):
                return TelegramFacts("unauthorised"), None
            if not me.is_success:
                return TelegramFacts("failing"), None
            hook = _result(await client.get(f"{base}/getWebhookInfo"))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return TelegramFacts("unreachable"), None
    waiting = hook.get("pending_update_count")
    said = TelegramFacts(
        webhook_set=bool(hook.get("url")), waiting=waiting if isinstance(waiting, int) else 0
    )
    return said, _ahead(me.headers.get("date", ""))


def _result(answer: httpx.Response) -> Mapping[str, Any]:
    found = answer.json()
    result = found.get("result") if isinstance(found, dict) else None
    return result if isinstance(result, dict) else {}


def _ahead(date: str) -> timedelta | None:
    """How far the clock behind an HTTP Date header is ahead of ours, to about a second; None when it tells nothing."""
    try:
        theirs = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    if theirs.tzinfo is None:
        return None
    return theirs.astimezone(UTC) - RealClock().now()


async def _signal(settings: SignalSettings) -> SignalFacts:
    # Only a desk with an account there wants the library, which takes long to load.
    from bot.channels.signal.channel import SignalChannel

    channel = SignalChannel(settings)
    try:
        report = await channel.report()
    finally:
        await channel.close()
    return SignalFacts(
        report.gateway,
        report.account,
        report.daemon,
        report.signal_cli_version,
        report.challenged,
        report.second.value,
    )
