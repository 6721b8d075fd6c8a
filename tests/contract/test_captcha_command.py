"""From Signal's wish for a captcha in one process to the administrator's answer in another."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.events import Outbound, OutboundKind, Outcome, RetryAt, Sent
from bot.channels.signal.challenge import KEPT_SECONDS, Challenge
from bot.channels.signal.channel import SignalChannel
from tests.contract.bench_signal import NOW, settings_for
from tests.fakes.signal_daemon import ACCOUNT
from tests.fakes.signal_gateway import SignalGateway, account_id, signal_gateway

TOP = Path(__file__).parents[2]
SOLVED = "signalcaptcha://signal-hcaptcha.made-up.challenge.P1_PLANTED"
ANA = account_id("ana")


@pytest.fixture
def gateway() -> Iterator[SignalGateway]:
    with signal_gateway() as running:
        running.phone("ana")
        yield running


def kept_in(folder: Path) -> Path:
    return folder / "data" / "signal-challenge"


def sent(gateway: SignalGateway, folder: Path) -> tuple[Outcome, bool]:
    """What `run` hears when it sends to Ana, and whether a report would say that a captcha is wanted."""
    kept_in(folder).parent.mkdir(exist_ok=True)

    async def go() -> tuple[Outcome, bool]:
        settings = replace(settings_for(gateway), challenge_file=str(kept_in(folder)))
        channel = SignalChannel(settings, now=lambda: NOW)
        try:
            outcome = await channel.send(
                Outbound(id="1", channel="signal", address=ANA, kind=OutboundKind.NOTICE, text="hello")
            )
            return outcome, (await channel.report()).challenged
        finally:
            await channel.close()

    return asyncio.run(go())


def captcha(gateway: SignalGateway, folder: Path, typed: str) -> tuple[int, str]:
    """`watchline captcha` as an administrator runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "captcha"],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(TOP),
            "WATCHLINE_SIGNAL_ACCOUNT": ACCOUNT,
            "WATCHLINE_SIGNAL_GATEWAY": f"http://127.0.0.1:{gateway.port}",
        },
        input=typed + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "PLANTED" not in done.stdout + done.stderr
    assert "challenge-token" not in done.stdout + done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_a_challenge_met_by_one_process_is_answered_by_another(
    gateway: SignalGateway, tmp_path: Path
) -> None:
    gateway.phone("ana").limit = 428
    outcome, challenged = sent(gateway, tmp_path)
    assert isinstance(outcome, RetryAt)
    assert outcome.reason == "challenge"
    assert challenged
    assert stat.S_IMODE(kept_in(tmp_path).stat().st_mode) == 0o600
    status, said = captcha(gateway, tmp_path, "I solved it")
    assert (status, "no solved captcha" in said) == (1, True)
    status, said = captcha(gateway, tmp_path, SOLVED)
    assert (status, "Accepted" in said) == (0, True), said
    outcome, challenged = sent(gateway, tmp_path)
    assert isinstance(outcome, Sent)
    assert not challenged
    status, said = captcha(gateway, tmp_path, SOLVED)
    assert (status, "no captcha now" in said) == (0, True)


def test_a_captcha_that_is_not_accepted_may_be_solved_again(gateway: SignalGateway, tmp_path: Path) -> None:
    gateway.phone("ana").limit = 428
    sent(gateway, tmp_path)
    gateway.down()
    status, said = captcha(gateway, tmp_path, SOLVED)
    assert (status, "did not accept" in said) == (1, True)
    gateway.up()
    assert captcha(gateway, tmp_path, SOLVED)[0] == 0


def test_a_challenge_of_yesterday_is_none(tmp_path: Path) -> None:
    path = tmp_path / "challenge"
    challenge = Challenge(str(path))
    challenge.note("token")
    assert challenge.token == "token"
    old = path.stat().st_mtime - KEPT_SECONDS - 1
    os.utime(path, (old, old))
    assert challenge.token == ""


def test_a_folder_that_cannot_be_written_keeps_no_outcome_from_us(tmp_path: Path) -> None:
    challenge = Challenge(str(tmp_path / "missing" / "challenge"))
    challenge.note("token")
    assert challenge.token == ""
    challenge.answered()
