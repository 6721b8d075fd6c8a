"""The second signal-cli's file, which goes behind the compose file: the same promises, read from both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.signal.settings import SignalSettings
from tests.unit.test_compose import ACCOUNT, OURS, RUNNING, SERVICES, TOP, daemon, mounts, owner, words

FILE = "config/signal/second-device.yml"
BEHIND: dict[str, Any] = yaml.safe_load((TOP / FILE).read_text(encoding="utf-8"))
ADDED = {name: service for name, service in BEHIND["services"].items() if name not in SERVICES}
SECOND = "signal-cli-second"
HANDING = "signal-second-volume"


def test_it_adds_one_signal_cli_and_what_hands_it_its_volume() -> None:
    assert {*ADDED} == {SECOND, HANDING}
    assert f"COMPOSE_FILE=docker-compose.yml:{FILE}" in RUNNING
    assert (Path(TOP) / FILE).is_file()


@pytest.mark.parametrize("name", ADDED)
def test_what_it_adds_is_held_as_the_first_one_is(name: str) -> None:
    like = {SECOND: daemon(), HANDING: "signal-volume"}[name]
    theirs = {
        key: value
        for key, value in SERVICES[like].items()
        if key not in ("volumes", "depends_on", "healthcheck")
    }
    assert {key: ADDED[name].get(key) for key in theirs} == theirs
    assert "ports" not in ADDED[name]


def test_it_has_a_volume_of_its_own_which_is_its_users_before_it_starts() -> None:
    (volume,) = BEHIND["volumes"]
    assert volume not in mounts(SERVICES[daemon()]).values(), "two daemons on one account's files spoil them"
    assert mounts(ADDED[SECOND]) == mounts(ADDED[HANDING]) == {ACCOUNT: volume}
    assert ADDED[SECOND]["depends_on"] == {HANDING: {"condition": "service_completed_successfully"}}
    assert words(ADDED[HANDING]) == ["chown", owner(daemon()), ACCOUNT]


def test_the_bot_and_the_receivers_know_both_and_nothing_else_is_changed() -> None:
    for name in OURS:
        (setting,) = BEHIND["services"][name].values()
        assert {*setting} == {"WATCHLINE_SIGNAL_DAEMON"}
        found = SignalSettings("+14155550100", daemon=setting["WATCHLINE_SIGNAL_DAEMON"]).daemon_addresses()
        assert found == ((daemon(), 6001), (SECOND, 6001))
    assert {*BEHIND["services"]} - {*ADDED} == {*OURS, daemon()}
    assert {*BEHIND["services"][daemon()]} == {"healthcheck"}


@pytest.mark.parametrize("name", [SECOND, daemon()])
def test_received_files_that_nobody_fetched_do_not_stay(name: str) -> None:
    check = BEHIND["services"][name]["healthcheck"]
    asks, sweeps = check["test"][-1].split(" && ")
    assert check["test"][:-1] == ["CMD", "bash", "-c"]
    assert asks in SERVICES[daemon()]["healthcheck"]["test"][-1]
    assert sweeps == f"find {ACCOUNT} -path '*/attachments/*' -type f -mmin +{14 * 24 * 60} -delete"
    assert {key: check[key] for key in check if key != "test"} == {
        key: value for key, value in SERVICES[daemon()]["healthcheck"].items() if key != "test"
    }
