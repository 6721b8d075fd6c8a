"""`watchline rehearse` as a desk calls it: a process of its own, in an empty folder, with nothing but a script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

TOP = Path(__file__).parents[2]
SHORT = """
    zone: Europe/Brussels
    start: 2026-03-02T09:00
    desk: {officers: [ana, ben], lead: carla}
    people:
      nour: {channels: [telegram], language: ar}
    steps:
      - nour: "SOS \\u0645\\u0631\\u062d\\u0628\\u0627"
      - restart
      - wait: 30s
      - ana: {react: "👍"}
      - nour: "there are\\nmen at \\e[31mthe door \\uD800"
      - channel: {signal: down}
      - outage: 5m
"""
BROKEN = {
    "zone": ("zone: Mars/Olympus\n", 1, "zone"),
    "unknown word": (SHORT.replace("- wait: 30s", "- wiat: 30s"), 9, "wiat"),
    "nobody there": (SHORT.replace("- ana:", "- zoe:"), 10, "zoe"),
    "not yaml": ("zone: [\n", 2, ""),
    "a list": ("- a\n- b\n", 1, "mapping"),
    "empty": ("", 1, ""),
    "lead twice": (SHORT.replace("[ana, ben]", "[ana, carla]"), 3, "carla"),
    "no such time": (SHORT.replace("2026-03-02T09:00", "2026-03-29T02:30"), 2, "02:30"),
    "end of all calendars": (SHORT.replace("2026-03-02T09:00", "9999-12-31T23:59"), 2, "9999"),
    "no such channel": (SHORT.replace("{signal: down}", "{fax: down}"), 12, "fax"),
    "no button to press": (SHORT.replace('{react: "👍"}', "{press: 1}").replace("- ana:", "- ben:"), 10, ""),
    "nothing to react to": (SHORT.replace("- ana: {react", "- ben: {react"), 10, ""),
}

# Placed before everything else in the process: what it notices cannot be undone by what runs after.
WATCHED = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"):
        os.write(2, f"OPENED A SOCKET: {event}\\n".encode())
        os._exit(99)
sys.addaudithook(watch)
"""


def start(
    folder: Path, *arguments: str | Path, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    folder.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WATCHLINE_", "COV_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "rehearse", *map(str, arguments)],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(TOP), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def play(
    folder: Path, *arguments: str | Path, environment: dict[str, str] | None = None
) -> tuple[int, str, str]:
    process = start(folder, *arguments, environment=environment)
    out, err = process.communicate(timeout=300)
    return process.returncode, out.decode(), err.decode()


def script(tmp_path: Path, text: str = SHORT, name: str = "story.yaml") -> Path:
    path = tmp_path / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The short story's lines, played once without any socket."""
    tmp_path = tmp_path_factory.mktemp("played")
    watched = tmp_path / "watched"
    watched.mkdir()
    (watched / "sitecustomize.py").write_text(WATCHED, encoding="utf-8")
    status, out, err = play(
        tmp_path / "empty",
        script(tmp_path),
        "--json",
        environment={"PYTHONPATH": os.pathsep.join([str(watched), str(TOP)])},
    )
    assert (status, err) == (0, "")
    assert list((tmp_path / "empty").iterdir()) == []
    return [json.loads(line) for line in out.splitlines()]


def test_every_line_says_when_and_which_way(played: list[dict[str, Any]]) -> None:
    for line in played:
        assert line["direction"] in ("in", "out", "system")
        assert datetime.fromisoformat(line["at"]).utcoffset() is not None
        assert line["at"].endswith("Z")
        assert isinstance(line["kind"], str)
        if line["direction"] != "system":
            assert {"who", "channel"} <= line.keys()
    assert [line["at"] for line in played] == sorted(line["at"] for line in played)


def test_what_goes_out_is_of_the_known_kinds(played: list[dict[str, Any]]) -> None:
    known = {"receipt", "question", "page", "relay", "reminder", "contact_alert", "notice"}
    known |= {"all_clear", "prompt", "answer"}
    assert {line["kind"] for line in played if line["direction"] == "out"} <= known
    page = next(line for line in played if line["kind"] == "page")
    assert page["urgency"] == "P1"
    assert page["case"]


def test_the_world_is_told_of_on_lines_of_its_own(played: list[dict[str, Any]]) -> None:
    kinds = [line["kind"] for line in played if line["direction"] == "system"]
    assert kinds == ["restart", "channel", "outage", "summary"]


def test_the_summary_stands_last(played: list[dict[str, Any]]) -> None:
    summary = played[-1]
    assert summary["kind"] == "summary"
    assert isinstance(summary["undelivered"], int)
    (case,) = summary["cases"]
    assert case.keys() >= {
        *("case", "person", "urgency", "status", "taken_by", "opened_at", "taken_at", "closed_at", "source"),
    }
    assert (case["person"], case["taken_by"], case["source"], case["urgency"]) == (
        "nour",
        "ana",
        "sos",
        "P1",
    )


def test_texts_of_all_scripts_come_out_as_they_went_in(played: list[dict[str, Any]]) -> None:
    said = [line["text"] for line in played if line["direction"] == "in" and line["kind"] == "text"]
    assert said[0] == "SOS مرحبا"
    assert said[1] == "there are\nmen at \x1b[31mthe door \ud800"


def test_it_is_the_same_each_time_and_another_with_another_seed(
    played: list[dict[str, Any]], tmp_path: Path
) -> None:
    def again(text: str, hashes: str) -> list[dict[str, Any]]:
        status, out, err = play(
            tmp_path,
            script(tmp_path, text),
            "--json",
            environment={"PYTHONHASHSEED": hashes, "TZ": "Asia/Tokyo"},
        )
        assert (status, err) == (0, "")
        return [json.loads(line) for line in out.splitlines()]

    assert again(SHORT, "1") == played
    other = again(SHORT.replace("zone:", "seed: 7\n    zone:", 1), "2")
    assert [line["kind"] for line in other] == [line["kind"] for line in played]
    assert other[-1]["cases"][0]["case"] != played[-1]["cases"][0]["case"]


def test_settings_and_the_machine_s_language_mean_nothing_to_it(
    played: list[dict[str, Any]], tmp_path: Path
) -> None:
    environment = {
        "WATCHLINE_DATABASE": "postgresql://nobody@127.0.0.1:1/nothing",
        "WATCHLINE_ZONE": "No/Such",
        "WATCHLINE_KEY_FILE": "/nonexistent",
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    }
    (tmp_path / ".env").write_text("WATCHLINE_NONSENSE=1\n")
    status, out, err = play(tmp_path, script(tmp_path), "--json", environment=environment)
    assert (status, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == played


def test_for_people_it_is_one_line_an_event_without_what_a_terminal_would_obey(tmp_path: Path) -> None:
    status, out, err = play(tmp_path, script(tmp_path), environment={"COLUMNS": "40", "FORCE_COLOR": ""})
    assert (status, err) == (0, "")
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[0] == "2026-03-02 Monday (Europe/Brussels)"
    (said,) = (line for line in lines if "→" in line and "men at" in line)
    assert said.startswith("09:00:30 → nour")
    assert said.endswith("there are ⏎ men at �[31mthe door �")
    assert any(line.startswith("09:00:00 ← ana") and "P1" in line for line in lines)
    assert "taken by ana 2026-03-02 09:00:30" in out


@pytest.mark.parametrize("what", BROKEN)
def test_a_script_that_cannot_be_played_is_explained(what: str, tmp_path: Path) -> None:
    text, line, named = BROKEN[what]
    path = script(tmp_path, text.lstrip("\n") if what != "empty" else text)
    status, _, err = play(tmp_path, path, "--json")
    assert status == 2
    (told,) = err.splitlines()
    assert told.startswith(f"watchline: {path}: line {line}: ")
    assert "Allowed: " in told
    assert named in told


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_file_that_cannot_be_read_is_said(name: str, tmp_path: Path) -> None:
    status, out, err = play(tmp_path, tmp_path / name)
    assert (status, out) == (2, "")
    assert "cannot be read" in err
    assert "Traceback" not in err


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    process = start(tmp_path, script(tmp_path, SHORT + "      - wait: 30d\n"), "--json")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(120) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


# ---------------------------------------------------------------------------------------------------------- PostgreSQL


def schemas(url: str) -> set[str]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        rows = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'rehearsal%'"
        ).fetchall()
    return {row[0] for row in rows}


def test_postgresql_plays_the_same_and_keeps_nothing(
    played: list[dict[str, Any]], tmp_path: Path, postgres_url: str
) -> None:
    status, out, err = play(tmp_path, script(tmp_path), "--json", "--database", postgres_url)
    assert (status, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == played
    assert schemas(postgres_url) == set()


def test_postgresql_keeps_nothing_of_a_story_that_breaks_off(tmp_path: Path, postgres_url: str) -> None:
    text, line, _ = BROKEN["nothing to react to"]
    status, out, err = play(
        tmp_path, script(tmp_path, text.lstrip("\n")), "--json", "--database", postgres_url
    )
    assert status == 2
    assert f"line {line}: " in err
    assert out
    assert schemas(postgres_url) == set()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ended_from_outside_it_clears_away_too(
    number: signal.Signals, status: int, tmp_path: Path, postgres_url: str
) -> None:
    long = SHORT + "".join("      - wait: 30d\n      - restart\n" for _ in range(200))
    process = start(tmp_path, script(tmp_path, long), "--json", "--database", postgres_url)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (status, b"")
    assert schemas(postgres_url) == set()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://watchline:PLANTED@127.0.0.1:1/x", "no server answers there"),
        ("mysql://watchline:PLANTED@127.0.0.1/x", "only sqlite and postgresql"),
        ("PLANTED", "not a database URL"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_without_its_password(
    url: str, words: str, tmp_path: Path
) -> None:
    status, out, err = play(tmp_path, script(tmp_path), "--database", url)
    assert (status, out) == (3, "")
    assert words in err
    assert "PLANTED" not in err
    assert "Traceback" not in err


def test_a_sqlite_file_of_its_own_is_removed_and_one_that_is_there_is_left_alone(tmp_path: Path) -> None:
    story, place = script(tmp_path), tmp_path / "databases"
    place.mkdir()
    status, out, err = play(tmp_path, story, "--json", "--database", f"sqlite:///{place / 'own.db'}")
    assert (status, err) == (0, "")
    assert '"summary"' in out
    assert list(place.iterdir()) == []
    desk = place / "watchline.db"
    desk.write_bytes(b"a desk's")
    status, out, err = play(tmp_path, story, "--database", f"sqlite:///{desk}")
    assert (status, out) == (3, "")
    assert "--database names" in err
    assert "not there" in err
    assert [(p.name, p.read_bytes()) for p in place.iterdir()] == [("watchline.db", b"a desk's")]
