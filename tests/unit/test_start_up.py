"""A command loads what it needs and says at once that it has begun."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHANNELS = {"telegram", "signalbot", "aiohttp"}
LOADED = "import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
WITHOUT_THE_REST = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "bot.commands.run" or name.partition(".")[0] in ("sqlalchemy", "alerts"):
            raise SystemExit(9)

sys.meta_path.insert(0, Missing())
sys.argv = ["watchline", "run"]
from bot.cli import main
main()
"""


def python(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("bot.cli", {*CHANNELS, "sqlalchemy", "psycopg", "alembic", "pydantic", "alerts", "handlers"}),
        ("bot.commands.rehearse", {*CHANNELS, "psycopg", "alembic", "pydantic", "starlette"}),
        ("bot.commands.run", {*CHANNELS, "psycopg", "alembic"}),
        ("bot.commands.doctor", {*CHANNELS, "psycopg", "alembic"}),
        ("bot.commands.invite", {*CHANNELS, "psycopg", "alembic"}),
    ],
)
def test_a_command_loads_no_library_before_it_has_use_for_it(module: str, unwanted: set[str]) -> None:
    """A channel's library alone takes as long to load as all that a rehearsal does."""
    found = python(LOADED.format(module=module))
    assert not unwanted & set(found.stdout.split()), found.stderr


def test_run_says_what_it_is_before_it_loads_anything_that_takes_a_while() -> None:
    found = python(WITHOUT_THE_REST)
    assert found.returncode == 9, found.stderr
    assert found.stdout.startswith("Watchline ")
