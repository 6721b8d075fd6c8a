"""The command line as an administrator types it: a real process in a folder of its own."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.keyfile import add_key, make_key_file, read_keys
from tests.fakes.loopback_http import LoopbackServer, Request, Response

TOP = Path(__file__).parents[2]
TOKEN = "123456789:PLANTED" + "a" * 30


@dataclass
class Desk:
    """An administrator's folder."""

    folder: Path

    def environment(self, **settings: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHLINE_")}
        given = {f"WATCHLINE_{name.upper()}": value for name, value in settings.items()}
        return {**kept, "PYTHONPATH": str(TOP), "COLUMNS": "100", **given}

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=self.folder,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in out + err
        assert "PLANTED" not in out + err
        return process.returncode, out, err


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that `init` made."""
    folder = tmp_path_factory.mktemp("made")
    status, out, err = Desk(folder).run("init")
    assert (status, err) == (0, ""), out
    return folder


@pytest.fixture
def installed(made: Path, tmp_path: Path) -> Desk:
    """A copy of it."""
    shutil.copytree(made / "data", tmp_path / "data")
    return Desk(tmp_path)


# --------------------------------------------------------------------------------------------------------- mistakes


def test_version_is_told(desk: Desk) -> None:
    status, out, err = desk.run("version")
    assert (status, err) == (0, "")
    assert re.match(r"watchline \S+.*\nPython 3\.\d+", out)


def test_a_command_that_is_none(desk: Desk) -> None:
    status, _, err = desk.run("frobnicate")
    assert status == 2
    assert "frobnicate" in err


@pytest.mark.parametrize("arguments", [("run", "--token", TOKEN), ("run", f"--telegram-token={TOKEN}")])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(
    arguments: tuple[str, ...], desk: Desk
) -> None:
    status, _, err = desk.run(*arguments)
    assert status == 2
    assert "WATCHLINE_TELEGRAM_TOKEN_FILE" in err
    assert "new token" in err


@pytest.mark.parametrize(
    "command", [("init",), ("run",), ("doctor",), ("invite", "lead", "Carla"), ("db", "upgrade")]
)
def test_a_wrong_setting_refuses_every_command(command: tuple[str, ...], desk: Desk) -> None:
    status, out, err = desk.run(*command, zone="Mars/Olympus", heartbeat="http://PLANTED.example")
    assert (status, out) == (1, "")
    assert [line.split()[1] for line in err.splitlines()] == ["WATCHLINE_ZONE", "WATCHLINE_HEARTBEAT"]
    assert list(desk.folder.iterdir()) == []


# ---------------------------------------------------------------------------------------------------------------- init


def test_init_makes_what_only_its_owner_can_read(made: Path) -> None:
    data = made / "data"
    assert {path.name for path in data.iterdir()} >= {"keys", "watchline.db", "watchline-keys.db"}
    for path in data.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert len(read_keys(data / "keys" / "key").ids) == 1


def test_init_says_what_it_made_and_what_to_back_up(desk: Desk) -> None:
    status, out, _ = desk.run("init", key_file="elsewhere/key")
    assert status == 0
    for words in ("elsewhere/key", "watchline-keys.db", "Back up the key file", "watchline invite lead"):
        assert words in out


def test_init_overwrites_nothing(installed: Desk) -> None:
    before = {path: path.read_bytes() for path in installed.folder.rglob("*") if path.is_file()}
    status, out, err = installed.run("init")
    assert (status, out) == (1, "")
    assert "WATCHLINE_DATABASE: there is a database already" in err
    assert {path: path.read_bytes() for path in installed.folder.rglob("*") if path.is_file()} == before


def test_init_does_not_make_new_keys_for_old_data(installed: Desk) -> None:
    data = installed.folder / "data"
    (data / "watchline.db").unlink()
    status, _, err = installed.run("init")
    assert status == 1
    assert "restore the" in err
    assert not (data / "watchline.db").exists()


def test_init_uses_a_key_that_an_interrupted_one_left(made: Path, desk: Desk) -> None:
    shutil.copytree(made / "data" / "keys", desk.folder / "data" / "keys")
    status, out, _ = desk.run("init")
    assert status == 0
    assert "was there already and is used" in out
    assert desk.run("db", "upgrade")[0] == 0


def test_init_with_a_passphrase(desk: Desk) -> None:
    path = desk.folder / "passphrase"
    path.write_text("correct horse battery staple lamp\n")
    assert desk.run("init", passphrase_file=str(path))[0] == 1, "others can read it"
    path.chmod(0o600)
    status, out, _ = desk.run("init", passphrase_file=str(path))
    assert status == 0
    assert "Back up the passphrase" in out
    assert not (desk.folder / "data" / "keys").exists()


def test_init_where_nothing_can_be_written(desk: Desk) -> None:
    (desk.folder / "data").write_text("a file in the way")
    status, _, err = desk.run("init")
    assert status == 1
    assert "WATCHLINE_DATA_DIR" in err


# ------------------------------------------------------------------------------------------------------------- refusal


def test_a_key_that_others_can_read_refuses(installed: Desk) -> None:
    (installed.folder / "data" / "keys" / "key").chmod(0o640)
    status, _, err = installed.run("invite", "lead", "Carla")
    assert status == 1
    assert "WATCHLINE_KEY_FILE" in err
    assert "chmod 600" in err


def test_another_installation_s_key_refuses(installed: Desk, desk: Desk) -> None:
    key = installed.folder / "data" / "keys" / "key"
    key.unlink()
    status, _, err = installed.run("invite", "lead", "Carla")
    assert status == 1
    assert "WATCHLINE_KEY_FILE" in err
    make_key_file(key, os.urandom)
    status, _, err = installed.run("invite", "lead", "Carla")
    assert status == 1
    assert "WATCHLINE_KEY_FILE does not hold the key" in err


@pytest.mark.parametrize("command", [("run",), ("invite", "lead", "Carla"), ("db", "upgrade")])
def test_a_database_of_a_newer_version_refuses(command: tuple[str, ...], installed: Desk) -> None:
    with sqlite3.connect(installed.folder / "data" / "watchline.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    status, _, err = installed.run(*command, telegram_token=f"1:{'a' * 35}")
    assert status == 3
    assert "WATCHLINE_DATABASE: a newer Watchline wrote this database" in err


def test_an_older_database_asks_for_the_upgrade(installed: Desk) -> None:
    with sqlite3.connect(installed.folder / "data" / "watchline.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0000'")
    raw.close()
    status, _, err = installed.run("invite", "lead", "Carla")
    assert status == 3
    assert "watchline db upgrade" in err


def test_a_server_that_is_not_there_refuses_without_its_password(desk: Desk) -> None:
    (desk.folder / "url").write_text("postgresql://watchline:PLANTED@127.0.0.1:1/watchline")
    for command in (("init",), ("invite", "lead", "Carla"), ("db", "upgrade")):
        status, _, err = desk.run(*command, database_file="url")
        assert status == 3
        assert "WATCHLINE_DATABASE (WATCHLINE_DATABASE_FILE: url): no server answers there" in err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"telegram_token": "PLANTED"}, "copy it again from BotFather"),
        ({"signal_account": "PLANTED"}, "telephone number"),
        ({"signal_account": "+14155550100", "signal_daemon": "PLANTED"}, "host:port"),
    ],
)
def test_an_account_that_cannot_work_refuses(settings: dict[str, str], words: str, installed: Desk) -> None:
    for command in ("run", "doctor"):
        status, _, err = installed.run(command, **settings)
        assert status == 1
        assert words in err


# -------------------------------------------------------------------------------------------------------------- invite


def test_an_invitation_is_a_code_that_is_stored_nowhere(installed: Desk) -> None:
    status, out, err = installed.run("invite", "lead", "Carla")
    assert (status, err) == (0, "")
    found = re.search(r"^ {4}([A-Z0-9]{5}-[A-Z0-9]{5})$", out, re.MULTILINE)
    assert found is not None
    assert "Carla" in out
    everything = b"".join(p.read_bytes() for p in (installed.folder / "data").rglob("*") if p.is_file())
    assert found[1].encode() not in everything
    assert b"Carla" not in everything


def test_a_second_invitation_tells_of_the_first_and_the_doctor_of_both(installed: Desk) -> None:
    _, first, _ = installed.run("invite", "lead", "Ana")
    _, other, _ = installed.run("invite", "officer", "Ana")
    _, again, _ = installed.run("invite", "lead", "ana")
    assert "made before" not in first + other
    until = re.search(
        r"One code was made before for ana, as lead, .* until (\S+ \S+) UTC", " ".join(again.split())
    )
    assert until is not None, again
    status, out, _ = installed.run("doctor")
    told = " ".join(out.split())
    assert status == 1
    assert "Nobody is on the desk" in told
    assert f"2 for a lead and 1 for an officer. They work until {until[1]} UTC" in told
    assert "Run `watchline invite lead NAME`" not in told
    # A desk with a zone of its own reads that clock, from both.
    _, again, _ = installed.run("invite", "lead", "ana", zone="Asia/Kathmandu")
    until = re.search(r" until (\S+ \S+ Asia/Kathmandu)\.", " ".join(again.split()))
    assert until is not None, again
    _, out, _ = installed.run("doctor", zone="Asia/Kathmandu")
    assert "Asia/Kathmandu" in " ".join(out.split())
    assert until[1].removesuffix(" Asia/Kathmandu") in " ".join(out.split())


def test_a_postgres_address_is_told_as_it_has_to_be_written(installed: Desk) -> None:
    status, _, err = installed.run("doctor", database="postgres://w:PLANTED@127.0.0.1:1/w")
    assert "write postgresql://" in err
    assert status == 3


@pytest.mark.parametrize(
    "arguments", [("boss", "Ana"), ("lead", " "), ("lead", "a" * 41), ("lead",), ("lead", "+1")]
)
def test_an_invitation_for_what_is_no_role_or_no_name(arguments: tuple[str, ...], installed: Desk) -> None:
    assert installed.run("invite", *arguments)[0] == 2


# ---------------------------------------------------------------------------------------------------------------- keys


def test_a_rotation_makes_a_new_key_and_keeps_the_old_for_the_copies(installed: Desk) -> None:
    path = installed.folder / "data" / "keys" / "key"
    (old,) = read_keys(path).ids
    status, out, err = installed.run("keys", "rotate")
    assert (status, err) == (0, "")
    assert "Back up data/keys/key now" in out
    new, kept = read_keys(path).ids
    assert kept == old
    assert new != old
    assert installed.run("keys", "rotate", "--drop-old")[0] == 0
    assert len(read_keys(path).ids) == 1
    assert installed.run("invite", "lead", "Carla")[0] == 0


def test_an_interrupted_rotation_is_ended_and_not_begun_anew(installed: Desk) -> None:
    path = installed.folder / "data" / "keys" / "key"
    before = add_key(path, os.urandom).ids
    status, out, _ = installed.run("keys", "rotate")
    assert status == 0
    assert "had been interrupted" in out
    assert read_keys(path).ids == before


def test_a_rotation_without_a_key_says_so(desk: Desk) -> None:
    status, _, err = desk.run("keys", "rotate")
    assert status == 1
    assert "no key store" in err


# -------------------------------------------------------------------------------------------------------------- doctor


def test_the_doctor_of_a_new_installation_has_work_to_give(installed: Desk) -> None:
    status, out, err = installed.run("doctor", nonsense="x")
    assert (status, err) == (1, "")
    for words in (
        "Nobody is on the desk",
        "WATCHLINE_NONSENSE",
        "WATCHLINE_HEARTBEAT_FILE",
        "escalation.yaml",
    ):
        assert words in out
    assert out.index("WRONG") < out.index("WARNING") < out.index("NOTE")
    assert out.count("Mend: ") >= 8


def test_the_doctor_of_nothing_says_where_to_begin(desk: Desk) -> None:
    status, out, _ = desk.run("doctor")
    assert status == 1
    assert "watchline init" in out
    assert str(desk.folder / "data" / "watchline.db") in out
    assert "practice phones: their store" not in out
    assert not (desk.folder / "data").exists()


def test_the_doctor_says_that_the_practice_phones_have_a_store_of_their_own(installed: Desk) -> None:
    folder = installed.folder / "data" / "practice"
    folder.mkdir()
    (folder / "practice.db").write_bytes(b"")
    status, out, _ = installed.run("doctor")
    assert status == 1
    assert out.startswith("Looking at the desk: its database")
    assert "Not at the practice phones: their store, in data/practice," in " ".join(out.split())
    # What is there is not even opened.
    assert [file.name for file in folder.iterdir()] == ["practice.db"]


def test_the_doctor_asks_telegram_and_compares_the_clocks(installed: Desk) -> None:
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(request.target)
        method = request.target.rpartition("/")[2]
        result = {
            "getMe": {"id": 1},
            "getWebhookInfo": {"url": "https://other.example", "pending_update_count": 2},
        }
        return Response(
            200,
            json.dumps({"ok": True, "result": result[method]}).encode(),
            headers={"Date": "Mon, 02 Mar 2020 09:00:00 GMT"},
        )

    async def story() -> tuple[int, str, str]:
        server = LoopbackServer(answer)
        await server.start()
        try:
            return await asyncio.to_thread(
                lambda: installed.run(
                    "doctor",
                    telegram_token=f"1:{'a' * 35}",
                    telegram_base_url=f"http://127.0.0.1:{server.port}/bot",
                )
            )
        finally:
            await server.stop()

    status, out, _ = asyncio.run(story())
    assert status == 1
    assert asked == [f"/bot1:{'a' * 35}/getMe", f"/bot1:{'a' * 35}/getWebhookInfo"]
    assert "ahead of Telegram's" in out
    assert "hands this bot's messages to a webhook" in out


def test_the_doctor_reads_the_desk_s_own_policy(installed: Desk) -> None:
    own = installed.folder / "policy"
    own.mkdir()
    text = (TOP / "config" / "escalation.yaml").read_text(encoding="utf-8")
    (own / "escalation.yaml").write_text(
        text.replace("reviewed: null", "reviewed: 2026-03-01"), encoding="utf-8"
    )
    _, out, _ = installed.run("doctor", policy_dir=str(own))
    assert "escalation.yaml" not in out
    assert "protocols.yaml" in out
    (own / "escalation.yaml").write_text(
        text.replace("reviewed: null", "reviewed: perhaps"), encoding="utf-8"
    )
    status, _, err = installed.run("doctor", policy_dir=str(own))
    assert status == 1
    assert "escalation.yaml: reviewed" in err


# ----------------------------------------------------------------------------------------------------------------- run


def started(desk: Desk, *arguments: str, **settings: str) -> str:
    """What `run` says before it serves the practice phones; it is ended then."""
    process = desk.start("run", *arguments, **settings)
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Open http://127.0.0.1:"):
            break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return " ".join("".join(lines[:-1]).split())


@pytest.mark.parametrize("account", ["telegram_token", "signal_account"])
def test_run_is_no_practice_while_an_account_s_file_is_there_and_empty(account: str, desk: Desk) -> None:
    path = desk.folder / f"watchline_{account}"
    path.write_text("\n")
    for setting, given in ((f"{account}_file", str(path)), ("secrets_dir", str(desk.folder))):
        status, out, err = desk.run("run", **{setting: given})
        assert status == 1, out
        assert err.startswith(f"watchline: WATCHLINE_{setting.upper()}: {path} is empty, ")
        assert "write the account into it" in err
        assert "Open" not in out
    assert not (desk.folder / "data").exists()
    assert "practice phones" in started(desk, "--practice", **{f"{account}_file": str(path)})


def test_run_is_no_practice_while_an_account_s_line_is_there_and_empty(desk: Desk) -> None:
    path = desk.folder / ".env"
    path.write_text("WATCHLINE_TELEGRAM_TOKEN=\n")
    status, out, err = desk.run("run")
    assert status == 1, out
    assert err.startswith(f"watchline: WATCHLINE_TELEGRAM_TOKEN in {path} is empty, ")


def test_a_database_that_cannot_be_used_is_told_with_the_file_that_names_it(desk: Desk) -> None:
    path = desk.folder / "address"
    path.write_text("mysql://x\n")
    status, _, err = desk.run("init", database_file=str(path))
    assert (status, err[: err.index(" names mysql")]) == (
        3,
        f"watchline: WATCHLINE_DATABASE (WATCHLINE_DATABASE_FILE: {path})",
    )


def test_an_empty_file_of_an_account_is_no_matter_beside_another_account(installed: Desk) -> None:
    path = installed.folder / "empty"
    path.write_text("")
    token = installed.folder / "token"
    token.write_text("short\n")
    status, _, err = installed.run("run", signal_account_file=str(path), telegram_token_file=str(token))
    # The desk is begun, and refuses for another reason.
    assert (status, "is empty" in err) == (1, False)
    assert f"WATCHLINE_TELEGRAM_TOKEN (WATCHLINE_TELEGRAM_TOKEN_FILE: {token}) does not have" in err


def test_run_says_which_names_of_the_environment_are_no_settings(desk: Desk) -> None:
    told = started(desk, telegram_tokn_file="/etc/token")
    assert (
        "unknown WATCHLINE_TELEGRAM_TOKN_FILE stands in the environment and is no setting: is"
        " WATCHLINE_TELEGRAM_TOKEN_FILE meant?" in told
    )


def test_run_without_an_account_serves_the_practice_phones_and_ends_in_order(desk: Desk) -> None:
    process = desk.start("run")
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Open http://127.0.0.1:"):
            break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert any("practice phones" in line for line in lines)
    assert any("no Telegram and no Signal account" in line for line in lines)
    assert "nobody who writes there is heard" in " ".join("".join(lines).split())
    assert (desk.folder / "data" / "practice" / "practice.db").exists()
    token = lines[-1].strip().rpartition("#")[2]
    assert token not in err


def test_run_with_a_database_that_another_run_has_refuses(installed: Desk) -> None:
    with (installed.folder / "data" / "watchline.db.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for command in (("run",), ("db", "upgrade")):
            status, _, err = installed.run(*command, telegram_token=f"1:{'a' * 35}")
            assert status == 1
            assert "WATCHLINE_DATABASE" in err
