"""Judges the channels, and the desk that is reached through them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from alerts.walltime import on_desks_clock, zone_named
from bot.doctor.facts import CodeFacts, Facts, Finding, SignalFacts, StaffFacts, TelegramFacts, Weight
from bot.seats import SEATS

AHEAD = timedelta(days=14)
"""How far ahead the rota is looked at."""
OLDEST_SIGNAL_CLI = (0, 14)
"""Signal refuses clients that are some months old (signal-cli's own notes); older lines than this one are for tests."""


def channels(facts: Facts) -> Iterator[Finding]:
    """Whether people can reach the desk."""
    if facts.telegram is None and facts.signal is None:
        yield Finding(
            Weight.WARNING,
            "channels",
            "No account is configured: `run` serves the practice phones only, and nobody real can reach the desk.",
            "Set WATCHLINE_SIGNAL_ACCOUNT, or WATCHLINE_TELEGRAM_TOKEN_FILE, or both (docs/running.md).",
        )
    elif facts.signal is None:
        yield Finding(
            Weight.WARNING,
            "channels",
            "Only Telegram is configured. It is not end-to-end encrypted for bots: what is written there can be read by"
            " Telegram.",
            "Configure Signal too, and offer it to defenders.",
        )
    if facts.telegram is not None:
        yield from _telegram(facts, facts.telegram)
    if facts.signal is not None:
        yield from _signal(facts, facts.signal)


def _telegram(facts: Facts, telegram: TelegramFacts) -> Iterator[Finding]:
    match telegram.problem:
        case "":
            pass
        case "unauthorised":
            yield Finding(
                Weight.WRONG,
                "telegram",
                "Telegram does not know the token (any more).",
                "Ask BotFather for the bot's token and put it into the file that WATCHLINE_TELEGRAM_TOKEN_FILE names.",
            )
        case _:
            yield Finding(
                Weight.WRONG,
                "telegram",
                "Telegram cannot be reached from here.",
                "Look at the machine's network; where Telegram is blocked, set WATCHLINE_TELEGRAM_PROXY or"
                " WATCHLINE_TELEGRAM_BASE_URL.",
            )
    if telegram.webhook_set and not facts.telegram_webhook:
        yield Finding(
            Weight.WRONG,
            "telegram",
            "Telegram hands this bot's messages to a webhook, and this Watchline polls: it gets none.",
            "Set WATCHLINE_TELEGRAM_WEBHOOK_URL and _SECRET, or start `run`, which removes the webhook, and see that no"
            " other program uses the token.",
        )


def _signal(facts: Facts, signal: SignalFacts) -> Iterator[Finding]:
    if not signal.gateway:
        yield Finding(
            Weight.WRONG,
            "signal",
            "The Signal gateway does not answer: nothing can be sent there.",
            "Start signal-cli-rest-api, and check WATCHLINE_SIGNAL_GATEWAY.",
        )
    elif signal.account is False:
        yield Finding(
            Weight.WRONG,
            "signal",
            "signal-cli does not know the number in WATCHLINE_SIGNAL_ACCOUNT.",
            "Register or link it (docs/running.md), or correct the setting.",
        )
    if signal.challenged:
        yield Finding(
            Weight.WRONG,
            "signal",
            "Signal wants a captcha before it takes more messages: some people get nothing there until it is solved.",
            "Run `watchline captcha` and do what it says.",
        )
    if facts.signal_receive == "gateway":
        yield Finding(
            Weight.WARNING,
            "signal",
            "Signal is received through the gateway, which loses messages: all that come while nobody is attached to it"
            " or signal-cli starts anew, and some of any burst, without a trace. One of them may be an SOS.",
            "Run signal-cli's daemon with --receive-mode=manual and set WATCHLINE_SIGNAL_RECEIVE=durable, as the"
            " compose file does.",
        )
    if facts.signal_receive == "durable" and signal.daemon is False:
        yield Finding(
            Weight.WRONG,
            "signal",
            "signal-cli's daemon does not answer: nothing "
            + (
                "can be sent to Signal. What people write there comes through the second one, to which the receivers"
                " listen meanwhile."
                if signal.second == "well"
                else "is received from Signal."
            ),
            "Start it with --receive-mode=manual and --tcp, and check WATCHLINE_SIGNAL_DAEMON.",
        )
    elif facts.signal_receivers == 0:
        yield Finding(
            Weight.WRONG,
            "signal",
            "No Signal receiver is at work here: what people write on Signal "
            + ("is lost." if facts.signal_receive == "gateway" else "waits there and reaches nobody."),
            "`watchline run` starts it; with WATCHLINE_SIGNAL_RECEIVER=external start `watchline receive`, in the"
            " compose file the service `receiver`, with the same WATCHLINE_DATA_DIR and WATCHLINE_SIGNAL_ settings as"
            " here; end one that was started with others. If it runs on another machine, ask there.",
        )
    elif facts.signal_receivers is not None and facts.signal_receivers < SEATS:
        yield Finding(
            Weight.WARNING,
            "signal",
            "Only one Signal receiver is at work here. If it is killed, what is on its way to it is lost.",
            "`watchline run` keeps two; with WATCHLINE_SIGNAL_RECEIVER=external start `watchline receive` twice, as"
            " the compose file does. If the second runs on another machine, all is well.",
        )
    if facts.signal_receive == "durable":
        yield from _second(signal)
    yield from _signal_cli(facts, signal)


def _second(signal: SignalFacts) -> Iterator[Finding]:
    listening = "" if signal.daemon is False else " The receivers listen to the first meanwhile."
    if signal.second == "none":
        yield Finding(
            Weight.WARNING,
            "signal",
            "There is one signal-cli. Killed while messages come, it loses the one that it has in hand, and nobody"
            " hears of it. That may be an SOS.",
            "Run a second one, linked to the same account. In containers write"
            " COMPOSE_FILE=docker-compose.yml:config/signal/second-device.yml into .env, then run"
            " `docker compose up --detach` and `docker compose exec bot watchline link`. Without containers start"
            " signal-cli-second.service (docs/running.md), write"
            " WATCHLINE_SIGNAL_DAEMON=127.0.0.1:6001,127.0.0.1:6002 into .env, start `run` and the receivers anew, and"
            " run `watchline link`. A machine that cannot spare 230 MB for it has to live with the loss.",
        )
    elif signal.second == "silent":
        yield Finding(
            Weight.WARNING,
            "signal",
            f"The second signal-cli does not answer.{listening} If the first is killed while messages come, the"
            " one that it has in hand comes only when the second is back, and is lost if that was not linked.",
            "Start it like the first, and check the second address in WATCHLINE_SIGNAL_DAEMON. Nothing else has to be"
            " started anew.",
        )
    elif signal.second == "unlinked":
        yield Finding(
            Weight.WARNING,
            "signal",
            f"The second signal-cli is not linked to the account, so it receives nothing.{listening} If the first is"
            " killed while messages come, the one that it has in hand is lost.",
            "Run `watchline link`, once the account is registered. Nothing has to be started anew.",
        )


def _signal_cli(facts: Facts, signal: SignalFacts) -> Iterator[Finding]:
    numbers = re.search(r"([0-9]+)\.([0-9]+)", signal.version)
    if numbers is None:
        if signal.gateway or signal.daemon:
            yield Finding(
                Weight.NOTE,
                "signal",
                "signal-cli does not tell its version. Signal refuses clients that are some months old.",
                "See by hand that it was updated in the last two months.",
            )
    elif (int(numbers[1]), int(numbers[2])) < OLDEST_SIGNAL_CLI:
        yield Finding(
            Weight.WARNING,
            "signal",
            f"signal-cli is at version {signal.version}, and Signal refuses clients that are some months old: sending"
            " and receiving may end any day.",
            "Update the image or the package (docs/running.md).",
        )
    else:
        yield Finding(
            Weight.NOTE,
            "signal",
            f"signal-cli is at version {signal.version}. Its age cannot be told from here, and Signal refuses clients"
            " that are some months old.",
            "Update it at least every two months.",
        )


# ---------------------------------------------------------------------------------------------------------- the desk


def desk(facts: Facts) -> Iterator[Finding]:
    """Who would be paged."""
    if facts.staff is None:
        return
    leads = [person for person in facts.staff if person.lead]
    if not facts.staff:
        yield Finding(
            Weight.WRONG,
            "desk",
            "Nobody is on the desk: an SOS would be stored, and no person told." + _out(facts, facts.codes),
            "Let them send their codes to the bot, or make new ones with `watchline invite`."
            if facts.codes
            else "Run `watchline invite lead NAME` and `watchline invite officer NAME`, and pass the codes on.",
        )
        return
    if not leads:
        yield Finding(
            Weight.WARNING,
            "desk",
            "The desk has no lead, who is the last resort when no officer takes a case."
            + _out(facts, tuple(code for code in facts.codes if code.lead)),
            "Run `watchline invite lead NAME`.",
        )
    if len(facts.staff) == 1:
        yield Finding(
            Weight.WARNING,
            "desk",
            "One person is the whole desk: when that phone is off, there is nobody to page next."
            + _out(facts, facts.codes),
            "Run `watchline invite officer NAME`.",
        )
    unreachable = sum(1 for person in facts.staff if not person.channels)
    if unreachable:
        yield Finding(
            Weight.WARNING,
            "desk",
            f"{unreachable} of {len(facts.staff)} people of the desk cannot be reached on any channel.",
            "Let them write to the bot again.",
        )
    yield from _content(facts, facts.staff)
    yield from _rota(facts)


def _out(facts: Facts, codes: tuple[CodeFacts, ...]) -> str:
    """Which codes nobody has used yet, and until when they work."""
    if not codes:
        return ""
    leads = sum(1 for code in codes if code.lead)
    officers = len(codes) - leads
    whom = [f"{count} for {what}" for count, what in ((leads, "a lead"), (officers, "an officer")) if count]
    first, last = min(code.until for code in codes), max(code.until for code in codes)
    until, at_last = (on_desks_clock(one, facts.zone) for one in (first, last))
    more = f", the last until {at_last}" if at_last != until else ""
    return f" Codes are out that nobody has used yet: {' and '.join(whom)}. They work until {until}{more}."


def _content(facts: Facts, staff: tuple[StaffFacts, ...]) -> Iterator[Finding]:
    only_telegram = sum(1 for person in staff if set(person.channels) == {"telegram"})
    if not only_telegram:
        return
    if facts.telegram_content == "never":
        yield Finding(
            Weight.WRONG,
            "desk",
            f"{only_telegram} of the desk are on Telegram only, and WATCHLINE_TELEGRAM_CONTENT=never: they are paged"
            " and cannot read or answer a case.",
            "Let them write to the bot on Signal and join both accounts with `link`, or change the setting.",
        )
    else:
        yield Finding(
            Weight.WARNING,
            "desk",
            f"{only_telegram} of the desk are on Telegram only, so that cases are read where Telegram can read them.",
            "Let them write to the bot on Signal and join both accounts with `link`.",
        )


def _rota(facts: Facts) -> Iterator[Finding]:
    if facts.has_rota is False:
        yield Finding(
            Weight.WARNING,
            "rota",
            "There is no rota: every page goes to the whole desk and the lead at once, at any hour.",
            "Let the lead set one by chat (`/rota`).",
        )
    if facts.has_rota and facts.gaps:
        start, end = facts.gaps[0]
        begins = start.astimezone(zone_named(facts.zone))
        more = f", and {len(facts.gaps) - 1} more" if len(facts.gaps) > 1 else ""
        yield Finding(
            Weight.WARNING,
            "rota",
            f"Nobody is on call from {begins:%Y-%m-%d %H:%M} to {on_desks_clock(end, facts.zone)}{more} in the next"
            f" {AHEAD.days} days: the whole desk would be paged.",
            "Let the lead fill it by chat (`/rota`).",
        )
