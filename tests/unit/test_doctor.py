"""The doctor's judgement: what is said, how heavy it is, and that a mend follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.store.schema import Fit
from bot.doctor.facts import CodeFacts, Facts, Finding, SignalFacts, StaffFacts, TelegramFacts, Weight
from bot.doctor.judging import judge

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SOON, LATER = NOW + timedelta(days=3), NOW + timedelta(days=4)
BOTH = ("signal", "telegram")
WELL = Facts(
    now=NOW,
    fit=Fit.CURRENT,
    alive_at=NOW - timedelta(seconds=8),
    staff=(StaffFacts(False, BOTH), StaffFacts(False, ("signal",)), StaffFacts(True, BOTH)),
    has_rota=True,
    backup_at=NOW - timedelta(hours=20),
    clocks={"Telegram": timedelta(seconds=1)},
    telegram=TelegramFacts(),
    signal_receivers=2,
    signal=SignalFacts(gateway=True, account=True, daemon=True, version="0.14.5", second="well"),
    heartbeat=True,
    page_webhook=True,
    canary_telegram=True,
    canary_signal=True,
    emergency_numbers=True,
)


def found(**changes: Any) -> list[Finding]:
    """Findings that WELL does not have."""
    before = judge(WELL)
    return [finding for finding in judge(replace(WELL, **changes)) if finding not in before]


def test_a_desk_that_is_well_has_nothing_to_do() -> None:
    assert [finding for finding in judge(WELL) if finding.weight > Weight.NOTE] == []


CASES: list[tuple[dict[str, Any], Weight, str, str]] = [
    ({"scarce": True}, Weight.WRONG, "nearly full", "Make room"),
    ({"shut": 2}, Weight.WRONG, "2 entries of who is called", "of one and the same day"),
    ({"unknown_settings": {"WATCHLINE_X": "is Y meant?"}}, Weight.WARNING, "WATCHLINE_X", "is Y meant"),
    (
        {"open_secrets": ("WATCHLINE_TELEGRAM_TOKEN",), "settings_file": "/srv/.env"},
        Weight.WARNING,
        "can read /srv/.env",
        "chmod 600 /srv/.env",
    ),
    (
        {"staff": (), "codes": (CodeFacts(True, SOON), CodeFacts(False, LATER))},
        Weight.WRONG,
        "1 for a lead and 1 for an officer. They work until 2026-03-05 09:00 UTC, the last until 2026-03-06",
        "send their codes",
    ),
    (
        {"staff": (), "codes": (CodeFacts(True, SOON), CodeFacts(False, SOON + timedelta(seconds=5)))},
        Weight.WRONG,
        "1 for a lead and 1 for an officer. They work until 2026-03-05 09:00 UTC.",
        "make new ones",
    ),
    (
        {"staff": (StaffFacts(False, BOTH),) * 2, "codes": (CodeFacts(True, SOON), CodeFacts(False, SOON))},
        Weight.WARNING,
        "when no officer takes a case. Codes are out that nobody has used yet: 1 for a lead. They",
        "invite lead",
    ),
    (
        {"secrets_in_environment": ("WATCHLINE_HEARTBEAT",)},
        Weight.WARNING,
        "secret",
        "WATCHLINE_HEARTBEAT_FILE",
    ),
    ({"key_beside_database": True}, Weight.NOTE, "same folder", "WATCHLINE_KEY_FILE"),
    ({"practice_store": True}, Weight.WRONG, "practice", "WATCHLINE_DATABASE"),
    ({"alive_at": NOW - timedelta(minutes=5)}, Weight.WARNING, "does not work", "Start it"),
    ({"alive_at": None}, Weight.WARNING, "does not work", "Start it"),
    ({"overdue_since": NOW - timedelta(minutes=5)}, Weight.WRONG, "A deadline has been late", "log"),
    ({"page_since": NOW - timedelta(minutes=5)}, Weight.WRONG, "A page has been late", "log"),
    ({"backup_at": None}, Weight.NOTE, "not known", "Back up"),
    ({"backup_at": NOW - timedelta(days=4)}, Weight.WARNING, "4 days old", "regular"),
    ({"clocks": {"Telegram": timedelta(seconds=10)}}, Weight.WARNING, "10 s behind Telegram's", "NTP"),
    ({"clocks": {"Telegram": timedelta(minutes=-2)}}, Weight.WRONG, "120 s ahead of Telegram's", "NTP"),
    ({"telegram": None, "signal": None}, Weight.WARNING, "No account", "WATCHLINE_SIGNAL_ACCOUNT"),
    ({"signal": None}, Weight.WARNING, "not end-to-end encrypted", "Signal"),
    ({"telegram": TelegramFacts("unauthorised")}, Weight.WRONG, "does not know the token", "BotFather"),
    ({"telegram": TelegramFacts("unreachable")}, Weight.WRONG, "cannot be reached", "PROXY"),
    ({"telegram": TelegramFacts(webhook_set=True)}, Weight.WRONG, "webhook", "WEBHOOK_URL"),
    ({"signal": SignalFacts(False, None, True, "0.14.5")}, Weight.WRONG, "gateway does not", "GATEWAY"),
    ({"signal": SignalFacts(True, False, True, "0.14.5")}, Weight.WRONG, "number", "Register"),
    ({"signal": SignalFacts(True, True, False, "0.14.5")}, Weight.WRONG, "daemon does not", "DAEMON"),
    (
        {"signal": SignalFacts(True, True, True, "0.14.5")},
        Weight.WARNING,
        "one signal-cli",
        "config/signal/second-device.yml",
    ),
    (
        {"signal": SignalFacts(True, True, True, "0.14.5", second="silent")},
        Weight.WARNING,
        "not answer. The receivers listen to the first",
        "address",
    ),
    (
        {"signal": SignalFacts(True, True, True, "0.14.5", second="unlinked")},
        Weight.WARNING,
        "receives nothing. The receivers listen to the first",
        "link`",
    ),
    (
        {"signal": SignalFacts(True, True, False, "0.14.5", second="well")},
        Weight.WRONG,
        "through the second one, to which the receivers",
        "DAEMON",
    ),
    (
        {"signal": SignalFacts(True, True, False, "0.14.5", second="silent")},
        Weight.WARNING,
        "The second signal-cli does not answer.",
        "address",
    ),
    ({"signal": SignalFacts(True, True, True, "0.13.19")}, Weight.WARNING, "0.13.19", "Update"),
    ({"signal": SignalFacts(True, True, True, "")}, Weight.NOTE, "not tell its version", "by hand"),
    (
        {"signal": SignalFacts(True, True, True, "0.14.5", challenged=True)},
        Weight.WRONG,
        "captcha",
        "captcha",
    ),
    ({"signal_receivers": 0}, Weight.WRONG, "is at work here", "watchline receive"),
    ({"signal_receive": "gateway", "signal_receivers": 0}, Weight.WRONG, "is lost", "watchline receive"),
    ({"signal_receivers": 1}, Weight.WARNING, "Only one", "watchline receive"),
    ({"signal_receive": "gateway"}, Weight.WARNING, "loses messages", "RECEIVE=durable"),
    ({"staff": ()}, Weight.WRONG, "Nobody is on the desk", "watchline invite"),
    ({"staff": (StaffFacts(False, BOTH),) * 2}, Weight.WARNING, "no lead", "invite lead"),
    ({"staff": (StaffFacts(True, BOTH),)}, Weight.WARNING, "One person", "invite officer"),
    ({"staff": (*(WELL.staff or ()), StaffFacts(False, ()))}, Weight.WARNING, "1 of 4", "write to the bot"),
    (
        {"staff": (*(WELL.staff or ()), StaffFacts(False, ("telegram",)))},
        Weight.WARNING,
        "Telegram only",
        "link",
    ),
    (
        {"staff": (*(WELL.staff or ()), StaffFacts(False, ("telegram",))), "telegram_content": "never"},
        Weight.WRONG,
        "cannot read or answer",
        "link",
    ),
    ({"has_rota": False}, Weight.WARNING, "no rota", "/rota"),
    ({"gaps": ((NOW, NOW + timedelta(hours=3)),)}, Weight.WARNING, "from 2026-03-02 09:00 to", "/rota"),
    ({"unreviewed": ("config/escalation.yaml",)}, Weight.WARNING, "config/escalation.yaml", "reviewed:"),
    ({"zone_set": False}, Weight.WARNING, "time zone", "WATCHLINE_ZONE"),
    ({"emergency_numbers": False}, Weight.NOTE, "perpetrator", "EMERGENCY_NUMBERS"),
    ({"heartbeat": False}, Weight.WARNING, "dead-man's switch", "WATCHLINE_HEARTBEAT_FILE"),
    (
        {"nodes": 3, "beating": 3, "beats": 2},
        Weight.WRONG,
        "hides one that is dead",
        "WATCHLINE_HEARTBEAT_FILE",
    ),
    ({"nodes": 3, "beating": 2, "beats": 2}, Weight.WARNING, "1 of 3 nodes", "WATCHLINE_HEARTBEAT_FILE"),
    (
        {"canary_unproven": {"signal": NOW - timedelta(hours=2)}},
        Weight.WARNING,
        "Nothing has shown since 2026-03-02 07:00 UTC that what Signal takes arrives",
        "Turn that phone on",
    ),
    (
        {"canary_unproven": {"signal": NOW - timedelta(hours=2)}, "zone": "Europe/Brussels"},
        Weight.WARNING,
        "Nothing has shown since 2026-03-02 08:00 Europe/Brussels that what",
        "Turn that phone on",
    ),
    (
        {"staff": (), "codes": (CodeFacts(True, SOON),), "zone": "Asia/Kathmandu"},
        Weight.WRONG,
        "They work until 2026-03-05 14:45 Asia/Kathmandu.",
        "make new ones",
    ),
    (
        {"gaps": ((NOW, NOW + timedelta(hours=15)),), "zone": "Europe/Brussels"},
        Weight.WARNING,
        "from 2026-03-02 10:00 to 2026-03-03 01:00 Europe/Brussels in the next",
        "fill it by chat",
    ),
    ({"page_webhook": False}, Weight.WARNING, "alarm service", "WATCHLINE_PAGE_WEBHOOK_FILE"),
    ({"canary_signal": False}, Weight.WARNING, "canary", "WATCHLINE_CANARY_SIGNAL"),
    ({"canary_telegram": False}, Weight.WARNING, "cannot hear itself", "WATCHLINE_CANARY_TELEGRAM"),
]


@pytest.mark.parametrize(("changes", "weight", "what", "mend"), CASES, ids=[str(case[2]) for case in CASES])
def test_what_is_not_well_is_said_with_its_mend(
    changes: dict[str, Any], weight: Weight, what: str, mend: str
) -> None:
    matching = [finding for finding in found(**changes) if what in finding.what]
    assert [finding.weight for finding in matching] == [weight]
    assert mend in matching[0].mend


def test_what_keeps_the_store_shut_comes_first_and_the_desk_is_not_judged_unseen() -> None:
    findings = judge(
        replace(WELL, fit=None, problems=("WATCHLINE_KEY_FILE: …",), staff=None, has_rota=None, alive_at=None)
    )
    assert (findings[0].weight, findings[0].what) == (Weight.WRONG, "WATCHLINE_KEY_FILE: …")
    assert not {"desk", "rota", "running", "backup"} & {finding.about for finding in findings}


def test_the_heaviest_stand_first() -> None:
    weights = [finding.weight for finding in judge(Facts(now=NOW, staff=(), fit=Fit.CURRENT, zone_set=False))]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 3


def test_a_webhook_of_our_own_is_no_trouble() -> None:
    assert found(telegram=TelegramFacts(webhook_set=True), telegram_webhook=True) == []
