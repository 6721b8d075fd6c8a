"""What the command line says where a disk is full, a folder is taken, or a desk's own policy is wrong."""

from __future__ import annotations

import resource
import signal
import stat
import subprocess
import sys

import pytest

from tests.contract.test_commands import TOP, Desk, desk, installed, made

__all__ = ["desk", "installed", "made"]


def test_the_practice_phones_of_a_folder_are_served_once(desk: Desk) -> None:
    first = desk.start("run")
    assert first.stdout is not None
    told = next(line for line in first.stdout if line.startswith("Open http"))
    kept = desk.folder / "data" / "practice" / "address"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    status, out, err = desk.run("run")
    kept.chmod(0o644)
    _, unsafe, _ = desk.run("run")
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert status == 1
    assert "WATCHLINE_DATA_DIR: another `watchline run` serves the practice phones" in err
    # Who started it twice is told where to look, on a terminal of their own; nothing goes to what may be a log.
    assert out.endswith(told)
    assert told.rpartition("#")[2].strip() not in err
    assert "http" not in unsafe
    assert not kept.exists()


@pytest.mark.parametrize("spoilt", ["practice.key", "practice.db", "phones.journal"])
def test_practice_phones_that_cannot_be_opened_refuse_by_their_own_setting(spoilt: str, desk: Desk) -> None:
    folder = desk.folder / "data" / "practice"
    folder.mkdir(parents=True)
    (folder / spoilt).write_text("spoilt\n")
    (folder / spoilt).chmod(0o600)
    status, _, err = desk.run("run")
    assert status == 1
    assert "WATCHLINE_DATA_DIR: the practice phones' own store" in err
    assert "delete it to begin anew" in err


# ------------------------------------------------------------------------------------------------------- a full disk


def cramped(desk: Desk, kilobytes: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command where no file may grow beyond so much: what a full disk does to it."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        cwd=desk.folder,
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (kilobytes * 1024, resource.RLIM_INFINITY)
        ),
    )


@pytest.mark.parametrize("kilobytes", [0, 8, 60, 100])
def test_an_init_that_the_disk_does_not_take_leaves_nothing_in_the_way_of_the_next(
    kilobytes: int, desk: Desk
) -> None:
    failed = cramped(desk, kilobytes, "init")
    assert failed.returncode in (1, 3), failed.stderr
    assert "WATCHLINE_" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert desk.run("init")[0] == 0


def test_a_lock_that_cannot_be_made_refuses_and_names_the_setting(installed: Desk) -> None:
    (installed.folder / "data" / "watchline.db.lock").mkdir()
    for command in (("run",), ("db", "upgrade")):
        status, _, err = installed.run(*command, telegram_token=f"1:{'a' * 35}")
        assert status == 3
        assert "WATCHLINE_DATABASE: " in err
        assert "watchline.db.lock cannot be written" in err


def test_what_runs_before_init_is_told_so(desk: Desk) -> None:
    account = {"signal_account": "+14155550100"}
    for command, expected in ((("run",), 3), (("receive",), 1)):
        status, _, err = desk.run(*command, **account)
        assert status == expected
        assert "WATCHLINE_DATA" in err
        assert "there is no folder" in err
        assert "run `watchline init`" in err
        assert "a fault in Watchline" not in err


def test_a_receiver_that_cannot_make_its_lock_names_the_setting(installed: Desk) -> None:
    (installed.folder / "data" / "signal-receiver.lock").mkdir()
    status, _, err = installed.run("receive", signal_account="+14155550100")
    assert status == 1
    assert "WATCHLINE_DATA_DIR: " in err
    assert "signal-receiver.lock cannot be written" in err


def test_an_alive_file_in_a_folder_that_is_not_there_refuses(installed: Desk) -> None:
    path = installed.folder / "nowhere" / "alive"
    status, _, err = installed.run("run", telegram_token=f"1:{'a' * 35}", alive_file=str(path))
    assert status == 1
    assert f"WATCHLINE_ALIVE_FILE: {path} cannot be written: make its folder" in err


# -------------------------------------------------------------------------------------------- the desk's own policy


def test_a_policy_file_that_run_refuses_is_wrong_for_the_doctor_too(installed: Desk) -> None:
    own = installed.folder / "policy"
    own.mkdir()
    shipped = (TOP / "config" / "escalation.yaml").read_text()
    (own / "escalation.yaml").write_text(shipped.replace("after: 2m", "after: 2x", 1))
    (own / "protocol.yaml").write_text("version: 1\n")
    settings = {"policy_dir": str(own), "telegram_token": f"1:{'a' * 35}"}
    status, _, err = installed.run("run", **settings)
    assert status == 1
    assert "WATCHLINE_POLICY_DIR: " in err
    assert "'2x' is not a length of time" in err
    status, out, _ = installed.run("doctor", **settings, telegram_base_url="http://127.0.0.1:1/bot")
    assert status == 1
    told = " ".join(out.split())
    assert "'2x' is not a length of time" in told
    assert (
        "protocol.yaml is read by nobody: the names are escalation.yaml, protocols.yaml, taxonomy.yaml"
        in told
    )


def test_keys_that_are_not_there_cannot_be_rotated_and_the_setting_is_named(desk: Desk) -> None:
    status, _, err = desk.run("keys", "rotate")
    assert status == 1
    assert "WATCHLINE_DATABASE: there is no key store in " in err
    assert "watchline init" in err
