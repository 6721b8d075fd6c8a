"""What the documents show can be done: their rehearsals run, their commands and settings exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from config.settings import known_names

TOP = Path(__file__).parents[2]
REHEARSALS = sorted((TOP / "docs" / "rehearsals").glob("*.yaml"))
DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md"))]


@pytest.mark.parametrize("script", REHEARSALS, ids=lambda path: path.stem)
def test_a_rehearsal_that_is_shown_runs_and_ends_with_every_alarm_taken(script: Path) -> None:
    result = CliRunner().invoke(app, ["rehearse", str(script), "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout.splitlines()[-1])
    assert summary["cases"]
    assert [case for case in summary["cases"] if not case["taken_by"]] == []


def test_the_script_that_the_guide_prints_is_the_one_that_runs() -> None:
    guide = (TOP / "docs" / "getting-started.md").read_text(encoding="utf-8")
    example = (TOP / "docs" / "rehearsals" / "example.yaml").read_text(encoding="utf-8")
    printed = "".join(f"    {line}".rstrip() + "\n" for line in example.splitlines()[1:])
    assert printed in guide


def test_every_command_that_a_document_shows_exists() -> None:
    shown = {
        (document.name, found[1])
        for document in DOCUMENTS
        for found in re.finditer(
            r"(?:bin/|`|^    |rm bot )watchline ((?:db|keys) \w+|[a-z]+)",
            document.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    }
    assert shown
    known = {
        command
        for command in {command for _, command in shown}
        if CliRunner().invoke(app, [*command.split(), "--help"]).exit_code == 0
    }
    assert {(name, command) for name, command in shown if command not in known} == set()


def test_every_setting_that_a_document_names_exists() -> None:
    named = {
        found.removeprefix("WATCHLINE_").lower()
        for document in (TOP / "README.md", TOP / "docs" / "running.md", TOP / "docs" / "getting-started.md")
        for found in re.findall(r"WATCHLINE_[A-Z_]+[A-Z]", document.read_text(encoding="utf-8"))
    }
    # The campaigns' own switches are read by the tests.
    theirs = {
        found.removeprefix("WATCHLINE_").lower()
        for test in (TOP / "tests").rglob("*.py")
        for found in re.findall(r"environ\S*?\(?\[?\"(WATCHLINE_[A-Z_]+)\"", test.read_text(encoding="utf-8"))
    }
    assert named - theirs - known_names() == set()
