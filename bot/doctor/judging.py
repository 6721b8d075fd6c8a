"""Judges the store, the clock, the policy and the watching; and puts all findings in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.store.schema import Fit
from alerts.walltime import on_desks_clock
from bot.doctor.facts import Facts, Finding, Weight
from bot.doctor.people_and_channels import channels, desk

CLOCK_WRONG = timedelta(seconds=30)
CLOCK_OFF = timedelta(seconds=3)
"""A clock that is off by more makes check-ins early or late, and a second factor's codes fail."""


def judge(facts: Facts) -> list[Finding]:
    """All findings, the heaviest first, otherwise in the order in which things are looked at."""
    found = [
        *_settings(facts),
        *_store(facts),
        *_clock(facts),
        *channels(facts),
        *desk(facts),
        *_policy(facts),
        *_watching(facts),
    ]
    return sorted(found, key=lambda finding: -finding.weight)


def _settings(facts: Facts) -> Iterator[Finding]:
    for name, hint in facts.unknown_settings.items():
        yield Finding(
            Weight.WARNING,
            "settings",
            f"{name} stands in the environment and is no setting of Watchline's.",
            f"Correct the name, or take it out: {hint}",
        )
    for name in facts.secrets_in_environment:
        yield Finding(
            Weight.WARNING,
            "settings",
            f"{name} holds a secret in the environment, where child processes and crash reports see it.",
            f"Put it into a file that only watchline's user can read, and name the file in {name}_FILE.",
        )
    if facts.open_secrets:
        yield Finding(
            Weight.WARNING,
            "settings",
            f"Other users of this machine can read {facts.settings_file}, which holds a secret:"
            f" {', '.join(facts.open_secrets)}.",
            f"Run `chmod 600 {facts.settings_file}`.",
        )


def _store(facts: Facts) -> Iterator[Finding]:
    for problem in facts.problems:
        yield Finding(Weight.WRONG, "store", problem)
    if facts.key_beside_database:
        yield Finding(
            Weight.NOTE,
            "keys",
            "The key file lies in the same folder as the database, so one careless backup takes both.",
            "Set WATCHLINE_KEY_FILE to a place that is backed up separately, and move the file there.",
        )
    if facts.practice_store:
        yield Finding(
            Weight.WRONG,
            "store",
            "The database was made for practice, and `run` refuses it.",
            "Point WATCHLINE_DATABASE elsewhere and run `watchline init`.",
        )
    if facts.scarce:
        yield Finding(
            Weight.WRONG,
            "store",
            "The disk of the database is nearly full: files that people send are not fetched, and soon no message can"
            " be stored.",
            "Make room on it, or move the database to a larger one.",
        )
    if facts.shut:
        yield Finding(
            Weight.WRONG,
            "store",
            f"{facts.shut} entries of who is called (members of the desk, their accounts, the rota) cannot be opened:"
            " the key store is older than the database, or the database was damaged. Others are called in their place.",
            "Restore the database and the key store of one and the same day; or invite these people anew, and set the"
            " rota.",
        )
    if facts.fit is Fit.CURRENT:
        yield from _behind(facts)
        yield from _backup(facts)


def _behind(facts: Facts) -> Iterator[Finding]:
    if facts.alive_at is None or _older(facts, facts.alive_at, 2):
        yield Finding(
            Weight.WARNING,
            "running",
            "`watchline run` does not work on this database now: nobody is heard and nobody is paged.",
            "Start it, best by a service that starts it again by itself (docs/running.md).",
        )
        return
    for since, what in ((facts.overdue_since, "A deadline"), (facts.page_since, "A page")):
        if _older(facts, since, 2):
            yield Finding(
                Weight.WRONG,
                "running",
                f"{what} has been late for more than two minutes although `run` works.",
                "Look at the log for errors of the store and the channels, and start `run` anew.",
            )


def _older(facts: Facts, instant: datetime | None, minutes: int) -> bool:
    return instant is not None and facts.now - instant > timedelta(minutes=minutes)


def _backup(facts: Facts) -> Iterator[Finding]:
    if facts.backup_at is None:
        yield Finding(
            Weight.NOTE,
            "backup",
            "Watchline makes no backups, and the age of the last one is not known to it.",
            "Back up the database and the key store separately (docs/running.md), and try the restore once.",
        )
    elif facts.now - facts.backup_at > timedelta(days=2):
        days = (facts.now - facts.backup_at).days
        yield Finding(
            Weight.WARNING,
            "backup",
            f"The last backup is {days} days old.",
            "See why the regular one does not run.",
        )


def _clock(facts: Facts) -> Iterator[Finding]:
    for whose, ahead in facts.clocks.items():
        if abs(ahead) <= CLOCK_OFF:
            continue
        seconds = round(abs(ahead).total_seconds())
        yield Finding(
            Weight.WRONG if abs(ahead) > CLOCK_WRONG else Weight.WARNING,
            "clock",
            f"This machine's clock is {seconds} s {'behind' if ahead > timedelta() else 'ahead of'} {whose}'s:"
            " check-ins and escalations come early or late by that much.",
            "Let the machine's time be set by NTP (timedatectl set-ntp true), and look again.",
        )


# ------------------------------------------------------------------------------------------------- policy and watching


def _policy(facts: Facts) -> Iterator[Finding]:
    for problem in facts.wrong_policy:
        yield Finding(
            Weight.WRONG,
            "policy",
            problem if problem.endswith(".") else f"{problem}.",
            "Correct the file in the folder that WATCHLINE_POLICY_DIR names, or take it away for the shipped one:"
            " `run` does not start on a file that it cannot read.",
        )
    for name in facts.unreviewed:
        yield Finding(
            Weight.WARNING,
            "policy",
            f"{name} holds defaults that nobody at the desk has reviewed (reviewed: null).",
            "Read it with the desk, change what does not fit, and write the day behind `reviewed:`, in a copy of"
            " your own in the folder that WATCHLINE_POLICY_DIR names.",
        )
    if not facts.zone_set:
        yield Finding(
            Weight.WARNING,
            "policy",
            "The desk's time zone is not set; the rota and the times that officers read are in UTC.",
            "Set WATCHLINE_ZONE, such as Europe/Brussels.",
        )
    if not facts.emergency_numbers:
        yield Finding(
            Weight.NOTE,
            "policy",
            "No emergency number is given to defenders. That is the default: a public number may reach the"
            " perpetrator.",
            "If the desk decides on one, set WATCHLINE_EMERGENCY_NUMBERS (Asia/Beirut=112).",
        )


def _watching(facts: Facts) -> Iterator[Finding]:
    if not facts.heartbeat:
        yield Finding(
            Weight.WARNING,
            "watching",
            "No heartbeat goes to a dead-man's switch: when this machine dies, nobody is told.",
            "Make a check at healthchecks or a compatible service outside your machines (period 1 min, grace 3 min),"
            " and put its ping address into the file that WATCHLINE_HEARTBEAT_FILE names.",
        )
    elif facts.beats < facts.beating:
        yield Finding(
            Weight.WRONG,
            "watching",
            f"{facts.beating} nodes send their heartbeat to {facts.beats} address(es): a node that lives hides one that"
            " is dead.",
            "Make a check of its own for each node, and give each its own address in the file that its"
            " WATCHLINE_HEARTBEAT_FILE names.",
        )
    if facts.heartbeat and facts.beating < facts.nodes:
        yield Finding(
            Weight.WARNING,
            "watching",
            f"{facts.nodes - facts.beating} of {facts.nodes} nodes have no heartbeat: when one of them dies, nobody is"
            " told.",
            "Make a check for each node, and set WATCHLINE_HEARTBEAT_FILE on each.",
        )
    if not facts.page_webhook:
        yield Finding(
            Weight.WARNING,
            "watching",
            "No alarm service is called for a P1: a chat message does not wake who sleeps beside a phone on"
            " do-not-disturb.",
            "Put the address of one into the file that WATCHLINE_PAGE_WEBHOOK_FILE names. It is told the urgency and"
            " the case's reference, nothing else.",
        )
    if facts.signal is not None and not facts.canary_signal:
        yield Finding(
            Weight.WARNING,
            "watching",
            "No canary goes through Signal: that it swallows messages would be noticed by nobody.",
            "Set WATCHLINE_CANARY_SIGNAL_FILE to a file with an administrator's Signal account id; that phone's"
            " receipt is the way back.",
        )
    for channel, since in facts.canary_unproven.items():
        yield Finding(
            Weight.WARNING,
            "watching",
            f"Nothing has shown since {on_desks_clock(since, facts.zone)} that what {channel.capitalize()} takes"
            " arrives: the phone that canaries go to gives no receipt, and nobody else has got anything since.",
            "Turn that phone on and connect it. Better: let canaries go to a phone that is always on, at the desk.",
        )
    if facts.telegram is not None and not facts.canary_telegram:
        yield Finding(
            Weight.WARNING,
            "watching",
            "No canary goes through Telegram. A bot cannot hear itself, so it would show the way out only.",
            "Make a muted group with the bot and an administrator, and set WATCHLINE_CANARY_TELEGRAM_FILE to a file"
            " with its number.",
        )
