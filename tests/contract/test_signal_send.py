"""What the channel makes of the gateway's answers, and what it asks of the gateway."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from alerts.events import Outbound, OutboundFile, OutboundKind, Outcome, Refusal, Refused, RetryAt, Sent
from bot.channels.port import FetchFailed
from bot.channels.signal.channel import TIMER_SECONDS, SignalChannel
from bot.channels.signal.outgoing import BODY, PARTS
from bot.channels.signal.parse import parse
from bot.channels.signal.settings import Receive, Receiver, SignalSettings, SignalSettingsWrong
from tests.contract.bench_signal import NOW, settings_for
from tests.fakes.signal_contract import VARIABLE, Contract
from tests.fakes.signal_daemon import ACCOUNT, message
from tests.fakes.signal_gateway import SignalGateway, account_id, signal_gateway

ANA = account_id("ana")


@pytest.fixture
def gateway() -> Iterator[SignalGateway]:
    with signal_gateway() as running:
        running.phone("ana")
        yield running


def ask(gateway: SignalGateway, story: Callable[[SignalChannel], Awaitable[Any]], **settings: Any) -> Any:
    """Runs one story on a fresh channel, and returns what it returns."""

    async def whole() -> Any:
        channel = SignalChannel(settings_for(gateway, **settings), now=lambda: NOW)
        try:
            return await story(channel)
        finally:
            await channel.close()

    return asyncio.run(whole())


def outbound(text: str = "hello", **more: Any) -> Outbound:
    given = {
        "id": "1",
        "channel": "signal",
        "address": ANA,
        "kind": OutboundKind.NOTICE,
        "text": text,
        **more,
    }
    return Outbound(**given)


def send(gateway: SignalGateway, message: Outbound | None = None, **settings: Any) -> Outcome:
    outcome: Outcome = ask(gateway, lambda channel: channel.send(message or outbound()), **settings)
    return outcome


def sends(gateway: SignalGateway) -> list[Any]:
    return [body for _, path, body in gateway.requests if path == "/v2/send"]


def test_sent_is_not_yet_delivered_and_its_reference_is_what_a_receipt_names(gateway: SignalGateway) -> None:
    outcome = send(gateway)
    assert isinstance(outcome, Sent)
    assert outcome.delivered is False
    time = int(outcome.ref.partition(":")[2])
    receipt = {"when": 1, "isDelivery": True, "isRead": False, "isViewed": False, "timestamps": [time]}
    frame = message(None)
    frame["envelope"] = {**frame["envelope"], "dataMessage": None, "receiptMessage": receipt}
    assert parse(json.dumps(frame).encode()).target_refs == (outcome.ref,)


def test_unregistered_is_told_from_unreachable_though_the_gateway_says_the_same(
    gateway: SignalGateway,
) -> None:
    gateway.phone("ana").registered = False
    assert send(gateway) == Refused(Refusal.UNREGISTERED)
    gateway.phone("ana").registered = True
    gateway.phone("ana").reachable = False
    outcome = send(gateway)
    assert isinstance(outcome, RetryAt)
    assert outcome.reason == "unreachable"


def test_a_changed_key_is_a_refusal_until_it_is_trusted(gateway: SignalGateway) -> None:
    gateway.phone("ana").trusted = False
    assert send(gateway) == Refused(Refusal.UNTRUSTED)

    async def confirm(channel: SignalChannel) -> Outcome:
        before = await channel.identity(ANA)
        assert before is not None
        assert not before.trusted
        assert before.safety_number not in repr(before)
        assert await channel.trust(ANA, before.safety_number)
        assert not await channel.trust("not an account")
        return await channel.send(outbound())

    assert isinstance(ask(gateway, confirm), Sent)


@pytest.mark.parametrize(("status", "reason"), [(429, "rate_limited"), (428, "challenge")])
def test_limits_are_obeyed_and_a_challenge_can_be_answered(
    gateway: SignalGateway, status: int, reason: str
) -> None:
    gateway.phone("ana").limit = status

    async def story(channel: SignalChannel) -> None:
        outcome = await channel.send(outbound())
        assert isinstance(outcome, RetryAt)
        assert (outcome.reason, outcome.obey, outcome.ambiguous, outcome.whole_channel) == (
            reason,
            True,
            True,
            False,
        )
        assert outcome.after >= 30
        if reason == "challenge":
            assert channel.challenge == "challenge-token"
            assert await channel.answer_challenge("signalcaptcha://any")
            assert channel.challenge == ""
            assert isinstance(await channel.send(outbound()), Sent)

    ask(gateway, story)


def test_an_account_that_is_gone_holds_the_whole_channel(gateway: SignalGateway) -> None:
    gateway.account_known = False
    outcome = send(gateway)
    assert isinstance(outcome, RetryAt)
    assert (outcome.reason, outcome.whole_channel, outcome.ambiguous) == ("account", True, False)


def test_signal_cli_away_behind_the_gateway(gateway: SignalGateway) -> None:
    gateway.daemon_up = False
    outcome = send(gateway)
    assert isinstance(outcome, RetryAt)
    assert (outcome.reason, outcome.whole_channel) == ("unreachable", True)


def test_a_request_that_is_never_answered_ends_by_itself_and_may_have_arrived(gateway: SignalGateway) -> None:
    gateway.silent = True
    outcome = send(gateway, send_timeout=0.2)
    assert isinstance(outcome, RetryAt)
    assert (outcome.reason, outcome.ambiguous) == ("timeout", True)


def test_a_quote_of_theirs_and_of_ours(gateway: SignalGateway) -> None:
    send(gateway, outbound(quote_ref=f"{ANA}:5"))
    send(gateway, outbound(quote_ref="me:6"))
    assert [(one["quote_author"], one["quote_timestamp"]) for one in sends(gateway)] == [
        (ANA, 5),
        (ACCOUNT, 6),
    ]


def test_a_long_text_goes_in_few_parts_that_each_fit(gateway: SignalGateway) -> None:
    text = "\n\n".join(f"Paragraph {n}. " + "word " * 60 for n in range(20))
    outcome = send(gateway, outbound(text, choices=("take", "pass"), quote_ref="me:6"))
    assert isinstance(outcome, Sent)
    parts = [one["message"] for one in sends(gateway)]
    assert 1 < len(parts) <= PARTS + 1
    assert all(len(part.encode()) <= BODY for part in parts)
    assert parts[-1].endswith("1. take\n2. pass")
    assert len(outcome.earlier_refs) == len(parts) - 1
    assert ["quote_timestamp" in one for one in sends(gateway)] == [True] + [False] * (len(parts) - 1)


def test_a_part_that_fails_after_others_went_is_ambiguous(gateway: SignalGateway) -> None:
    text = "word " * 600

    async def story(channel: SignalChannel) -> Outcome:
        gateway.lost_answers = 0
        real = gateway.phone("ana").messages

        class Limits(list[Any]):
            def append(self, item: Any) -> None:
                real.append(item)
                gateway.phone("ana").limit = 429

        gateway.phone("ana").messages = Limits()
        return await channel.send(outbound(text))

    outcome = ask(gateway, story)
    assert isinstance(outcome, RetryAt)
    assert outcome.ambiguous


def test_a_file_beyond_the_limit_is_not_even_read_whole(gateway: SignalGateway) -> None:
    read: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            read.append(1)
            yield bytes(1000)

    honest = OutboundFile("a", "image/png", 10**9, endless)
    assert send(gateway, outbound(file=honest)) == Refused(Refusal.TOO_LARGE)
    assert read == []
    lying = OutboundFile("a", "image/png", 10, endless)
    assert send(gateway, outbound(file=lying), upload_limit=5000) == Refused(Refusal.TOO_LARGE)
    assert len(read) <= 6
    assert sends(gateway) == []


def test_a_files_name_cannot_break_out_of_its_field(gateway: SignalGateway) -> None:
    file = OutboundFile("../x;base64,AAAA\n\ud800.pdf", "text/html;base64,x", 3, lambda: iter([b"abc"]))
    assert isinstance(send(gateway, outbound(file=file)), Sent)
    (uri,) = sends(gateway)[0]["base64_attachments"]
    assert uri.count("base64,") == 1
    assert uri.count(";") == 2
    assert gateway.phone("ana").messages[0]["files"] == [b"abc"]


def test_a_deletion_too_late_for_the_apps_is_refused(gateway: SignalGateway) -> None:
    old = int(NOW * 1000) - 49 * 3600 * 1000
    assert send(gateway, outbound("", delete_ref=f"me:{old}")) == Refused(Refusal.EXPIRED)
    assert send(gateway, outbound("", delete_ref=f"{ANA}:5")) == Refused(Refusal.FORBIDDEN)


def test_groups_and_user_names_are_not_written_to(gateway: SignalGateway) -> None:
    for address in ("group.Zw==", "ana.01", "+", ""):
        assert send(gateway, outbound(address=address)) == Refused(Refusal.NOT_FOUND)
    assert sends(gateway) == []


# ------------------------------------------------------------------------------------------- disappearing messages


def test_the_first_message_sets_a_timer_where_there_is_none(gateway: SignalGateway) -> None:
    async def twice(channel: SignalChannel) -> None:
        await channel.send(outbound())
        await channel.send(outbound())

    ask(gateway, twice, expire_seconds=3600)
    assert gateway.phone("ana").timer == 3600
    paths = [path for method, path, _ in gateway.requests]
    assert paths.index("/v2/send") > paths.index(f"/v1/contacts/{ACCOUNT}"), (
        "the timer is there before the message"
    )
    assert paths.count(f"/v1/contacts/{ACCOUNT}") == 1


def test_a_timer_that_somebody_chose_is_left_alone(gateway: SignalGateway) -> None:
    gateway.phone("ana").timer = 60
    send(gateway, expire_seconds=3600)
    assert gateway.phone("ana").timer == 60
    send(gateway, expire_seconds=0)
    assert gateway.phone("ana").timer == 60


def test_a_gateway_that_does_not_tell_timers_still_sets_them(gateway: SignalGateway) -> None:
    gateway.contacts_served = False
    assert isinstance(send(gateway, expire_seconds=3600), Sent)
    assert gateway.phone("ana").timer == 3600


def test_a_page_waits_for_no_timer_and_a_notice_not_for_ever(gateway: SignalGateway) -> None:
    gateway.contacts_silent = True

    async def page(channel: SignalChannel) -> Outcome:
        async with asyncio.timeout(TIMER_SECONDS / 2):
            return await channel.send(outbound(kind=OutboundKind.PAGE))

    assert isinstance(ask(gateway, page), Sent)
    assert isinstance(send(gateway), Sent)


# --------------------------------------------------------------------------------------------------------- files


def fetch(gateway: SignalGateway, attachment: dict[str, Any], limit: int = 10_000) -> bytes:
    (found,) = parse(json.dumps(message(None, attachments=[attachment])).encode()).attachments

    async def story(channel: SignalChannel) -> bytes:
        return b"".join([chunk async for chunk in channel.fetch(found, limit)])

    content: bytes = ask(gateway, story)
    return content


def test_a_file_is_fetched_and_then_the_gateways_copy_goes(gateway: SignalGateway) -> None:
    attachment = gateway.attachment(b"evidence", "image/png")
    assert fetch(gateway, attachment) == b"evidence"
    (found,) = parse(json.dumps(message(None, attachments=[attachment])).encode()).attachments
    assert ask(gateway, lambda channel: channel.discard(found)) is True
    assert gateway.files == {}
    assert ask(gateway, lambda channel: channel.discard(found)) is True


@pytest.mark.parametrize(
    ("content", "announced", "gone"),
    [(b"", 8, True), (b"", None, True), (b"short", 8, False), (b"x" * 20_000, None, True)],
)
def test_a_file_that_is_not_what_was_announced(
    gateway: SignalGateway, content: bytes, announced: int | None, gone: bool
) -> None:
    attachment = gateway.attachment(content, "image/png", size=announced)
    with pytest.raises(FetchFailed) as failed:
        fetch(gateway, attachment)
    assert failed.value.gone is gone


def test_a_file_that_is_not_there(gateway: SignalGateway) -> None:
    attachment = gateway.attachment(b"x", "image/png")
    gateway.files.clear()
    with pytest.raises(FetchFailed) as failed:
        fetch(gateway, attachment)
    assert failed.value.gone


# ------------------------------------------------------------------------------------------------- health, leaks


def test_the_report_tells_the_parts_apart(gateway: SignalGateway) -> None:
    report = ask(gateway, lambda channel: channel.report())
    assert (report.gateway, report.account, report.daemon) == (True, True, None)
    gateway.account_known = False
    assert ask(gateway, lambda channel: channel.report()).account is False
    gateway.daemon_up = False
    assert ask(gateway, lambda channel: channel.report()).account is None
    gateway.down()
    assert ask(gateway, lambda channel: channel.report()).gateway is False
    gateway.up()


def test_no_text_address_or_account_is_logged(
    gateway: SignalGateway, capfd: pytest.CaptureFixture[str]
) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        for trouble in ("none", "key", "limit", "signal-cli", "gateway"):
            gateway.phone("ana").trusted = trouble != "key"
            gateway.phone("ana").limit = 428 if trouble == "limit" else 0
            gateway.daemon_up = trouble != "signal-cli"
            if trouble == "gateway":
                gateway.down()
            outcome = send(gateway, outbound("marker-text-81c3"))
            assert "marker" not in repr(outcome)
            assert ANA not in repr(outcome)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        gateway.up()
    said = capfd.readouterr()
    everything = stream.getvalue() + said.out + said.err
    for secret in ("marker-text-81c3", ANA, ACCOUNT, ACCOUNT[1:], "challenge-token"):
        assert secret not in everything


def test_settings_that_cannot_work_are_named_without_their_value() -> None:
    for wrong in (
        {"account": "marker"},
        {"gateway": "marker"},
        {"gateway": "http://marker:99999"},
        {"gateway": "http://:8080"},
        {"daemon": "marker"},
        {"receiver": Receiver.MANAGED},
        {"expire_seconds": -1},
    ):
        with pytest.raises(SignalSettingsWrong) as refused:
            SignalSettings(**{"account": ACCOUNT, "receive": Receive.DURABLE, **wrong})  # type: ignore[arg-type]
        assert "marker" not in str(refused.value)
        (name,) = wrong
        assert name == "receiver" or str(refused.value).startswith(f"WATCHLINE_SIGNAL_{name.upper()} ")
    assert ACCOUNT not in repr(SignalSettings(ACCOUNT))


def test_where_receivers_take_the_messages_from() -> None:
    def through(gateway: str, **more: Any) -> SignalSettings:
        return SignalSettings(
            ACCOUNT, **{"gateway": gateway, "receive": Receive.GATEWAY, "receiver_lock": "lock", **more}
        )

    (source,) = through("http://[::1]:8080").sources()
    assert (source.host, source.port, source.linked) == ("::1", 8080, False)
    (source,) = through("http://gateway").sources()
    assert (source.host, source.port) == ("gateway", 80)
    assert through("http://gateway").has_receivers
    for alone in ("https://gateway", "http://name:word@gateway:8080"):
        assert not through(alone).has_receivers
        assert through(alone, receive=Receive.DURABLE).has_receivers
    assert ACCOUNT not in repr(source)


def test_the_strict_gateway_would_notice_a_wrong_request() -> None:
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} does not name the gateway's interface description")
    contract = Contract.from_environment()
    good = {"message": "m", "number": ACCOUNT, "recipients": [ANA]}
    assert contract.complaints("POST", "/v2/send", good) == []
    for wrong in (
        {**good, "recipients": ANA},
        {**good, "colour": 1},
        {"message": "m"},
        {**good, "quote_timestamp": "5"},
    ):
        assert contract.complaints("POST", "/v2/send", wrong)
    assert contract.complaints("POST", "/v9/send", good)
