"""What holds for the repository as a whole: its shape, what may not stand in it, that its checks can fail."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((TOP / ".ci" / "requirements").glob("*.txt"))
PACKAGES = ("bot", "handlers", "alerts", "config")

TOP_LEVEL = {
    *(".ci", ".dockerignore", ".gitignore", "CHANGELOG.md", "Dockerfile", "Makefile", "README.md"),
    *(
        "alerts",
        "benchmarks",
        "bot",
        "config",
        "docker-compose.yml",
        "docs",
        "handlers",
        "pyproject.toml",
        "tests",
    ),
}

# Written so that this file does not contain what it looks for.
HOSTS = re.compile(
    "|".join(["python" + "hosted", r"pypi\." + "org", r"registry\." + "npmjs", r"deb\." + "debian"])
)
MACHINE_PATHS = re.compile(r"(^|[^A-Za-z.])/(w" + r"ork|fa" + r"rm)/|/ro" + r"ot/")
LEFT_UNDONE = re.compile("TO" + "DO|FIX" + "ME|XX" + "X|NotImplemented" + "Error")


def tracked() -> list[Path]:
    """Every file that belongs to the repository, or is about to: ignored ones are not listed."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [TOP / name for name in listing.split("\0") if name and (TOP / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


FILES = tracked()
SOURCES = [path for path in FILES if path.suffix == ".py"]


def test_the_top_level_is_fixed() -> None:
    assert {path.relative_to(TOP).parts[0] for path in FILES} <= TOP_LEVEL


@pytest.mark.parametrize("what", [HOSTS, MACHINE_PATHS], ids=["package hosts", "paths of a machine"])
def test_no_file_names_a_place_that_only_one_machine_knows(what: re.Pattern[str]) -> None:
    # The folder of the checks knows where they run.
    found = [
        f"{path.relative_to(TOP)}:{number}"
        for path in FILES
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if what.search(line) and (what is HOSTS or path.relative_to(TOP).parts[0] != ".ci")
    ]
    assert found == []


def test_nothing_is_left_undone_by_its_own_words() -> None:
    assert [str(path.relative_to(TOP)) for path in SOURCES if LEFT_UNDONE.search(text_of(path))] == []


def test_a_source_file_can_be_read_in_one_sitting() -> None:
    lengths = {str(path.relative_to(TOP)): text_of(path).count("\n") for path in SOURCES}
    assert {name: n for name, n in lengths.items() if n > 450 and name.split("/")[0] in PACKAGES} == {}


CLOCK_AND_IDS = re.compile(
    r"(^|\.)(datetime|date)\.(now|utcnow|today)$"
    r"|^time\.\w+$|^(uuid\.)?uuid[14]$|^(monotonic|perf_counter|time_ns)$"
)


def clock_or_chance(tree: ast.AST) -> list[str]:
    """Uses of the wall clock, fresh ids and chance, as `name (line)`. A `now` that was handed in is none."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and CLOCK_AND_IDS.search(ast.unparse(node.func)):
            found.append(f"{ast.unparse(node.func)} ({node.lineno})")
        elif isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names):
            found.append(f"import random ({node.lineno})")
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            found.append(f"from random ({node.lineno})")
    return found


@pytest.mark.parametrize(
    "use",
    ["datetime.now(UTC)", "uuid4()", "uuid.uuid4()", "time.time()", "import random", "dt.datetime.now()"],
)
def test_a_use_of_the_clock_or_of_chance_would_be_noticed(use: str) -> None:
    assert clock_or_chance(ast.parse(use))


def test_time_ids_and_chance_come_in_as_facts_below_bot() -> None:
    found = {
        str(path.relative_to(TOP)): uses
        for path in SOURCES
        if path.relative_to(TOP).parts[0] in ("handlers", "alerts")
        and (uses := clock_or_chance(ast.parse(text_of(path))))
    }
    assert found == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pinned_requirement_has_hashes_and_no_address(lock: Path) -> None:
    text = text_of(lock)
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an option line would choose where packages come from"
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[a-z0-9.-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_holds_everything_the_package_asks_for() -> None:
    def normal(requirement: str) -> str:
        return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()

    locked = {
        normal(line) for line in text_of(TOP / ".ci/requirements/run.txt").splitlines() if line[:1].isalnum()
    }
    assert {normal(requirement) for requirement in PROJECT["project"]["dependencies"]} <= locked


def test_the_pinned_versions_of_tests_and_of_the_program_agree() -> None:
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text_of(lock), re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_links_between_documents_lead_somewhere() -> None:
    links = [
        (path, target)
        for path in FILES
        if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(path))
        if "://" not in target
    ]
    assert links
    broken = [(str(path.relative_to(TOP)), to) for path, to in links if not (path.parent / to).exists()]
    assert broken == []


def test_a_rule_of_practice_that_code_cites_stands_in_the_documents() -> None:
    headings = set(re.findall(r"^## (.+)$", text_of(TOP / "docs" / "practice.md"), re.MULTILINE))
    cited = {
        heading
        for path in SOURCES
        for sections in re.findall(r'protection\s+practice((?:,?(?:\s+and)?\s+"[^"]+")+)', text_of(path))
        for heading in re.findall(r'"([^"]+)"', sections)
    }
    assert {"SOS", "The desk", "Trusted contacts"} <= cited <= headings


VIOLATIONS = {
    "bot may import handlers may import alerts": ("alerts/bad_layer.py", "import handlers"),
    "config imports none of ours": ("config/bad_ours.py", "import alerts"),
    "only bot reads config": ("handlers/bad_config.py", "import config"),
    "telegram only in its channel": ("bot/bad_telegram.py", "import telegram.ext"),
    "signalbot only in its channel": ("handlers/bad_signalbot.py", "import signalbot"),
    "apscheduler only in the ticker": ("bot/bad_apscheduler.py", "import apscheduler.triggers"),
    "web server libraries only where pages are served": ("bot/bad_web.py", "import starlette.routing"),
    "sql only in the store": ("alerts/bad_sql.py", "import sqlalchemy"),
}


def test_each_import_contract_breaks_when_it_is_broken(tmp_path: Path) -> None:
    contracts = {contract["name"] for contract in PROJECT["tool"]["importlinter"]["contracts"]}
    assert contracts == VIOLATIONS.keys()
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    for file, line in VIOLATIONS.values():
        (tmp_path / file).write_text(line + "\n", encoding="utf-8")
    # A checkout installed for editing must not lend its modules to the copy.
    run = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache", "--no-logo"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)", run.stdout, re.MULTILINE))
    assert {name: verdicts.get(name) for name in VIOLATIONS} == dict.fromkeys(VIOLATIONS, "BROKEN"), (
        run.stdout
    )


def test_a_skip_fails_where_skips_are_forbidden(tmp_path: Path) -> None:
    shutil.copy(TOP / "tests" / "no_skips.py", tmp_path)
    for name, content in {
        "test_skips": "def test_it():\n    skip('no browser')",
        "test_expects_failure": "def test_it():\n    xfail('known')",
        "test_marked": "@mark.skip(reason='not here')\ndef test_it():\n    assert True",
        "test_module": "skip('no browser', allow_module_level=True)",
        "test_passes": "def test_it():\n    assert True",
    }.items():
        (tmp_path / f"{name}.py").write_text(
            f"from pytest import mark, skip, xfail\n\n{content}\n", encoding="utf-8"
        )

    def summary(no_skips: str) -> str:
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no_skips", "--continue-on-collection-errors", "."],
            cwd=tmp_path,
            env={**os.environ, "WATCHLINE_NO_SKIPS": no_skips, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        return run.stdout.splitlines()[-1]

    assert re.search(r"1 passed, 3 skipped, 1 xfailed", summary("0"))
    assert re.search(r"2 failed, 1 passed, 2 errors", summary("1"))
