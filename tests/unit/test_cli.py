"""What the command line says of itself; what it does is in `tests/contract/test_commands.py`."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.commands.saying import harmless


def test_help_lists_the_commands_in_plain_words() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"})
    assert shown.exit_code == 0
    for command in (
        "init",
        "run",
        "doctor",
        "invite",
        "captcha",
        "link",
        "rehearse",
        "db",
        "keys",
        "version",
    ):
        assert re.search(rf"^\W+{command}\s+[A-Z]", shown.output, re.MULTILINE), command
    assert "receive" not in shown.output


@pytest.mark.parametrize(
    "command",
    [
        "init",
        "run",
        "doctor",
        "invite",
        "captcha",
        "link",
        "rehearse",
        "db upgrade",
        "keys rotate",
        "version",
        "receive",
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\r\nand\ta tab", "two ⏎ lines ⏎ and a tab"),
        ("\x1b[31mred\x07 \x9b2J", "\ufffd[31mred\ufffd \ufffd2J"),
        ("half a pair \ud83d", "half a pair \ufffd"),
        ("مرحبا \u2067لينا\u2069 👩‍👧", "مرحبا \u2067لينا\u2069 👩‍👧"),
    ],
)
def test_nothing_is_shown_that_a_terminal_would_obey(text: str, shown: str) -> None:
    assert harmless(text) == shown
