"""The dependency audit: known advisories when a service answers, and what can be checked without one.

Exit status 1 when a pinned version has a known advisory or was withdrawn by its authors, when a published
file no longer has the pinned hash, or when what is installed is not what is pinned. When no advisory service
can be reached the audit says so in capitals and does not fail for it: the network of a build machine is not
a defect of the project, and saying nothing would be one.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LOCKS = Path(__file__).parent / "requirements"
SERVICES = ("pypi", "osv")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def pins(lock: Path) -> Iterator[tuple[str, str, str]]:
    """Name, version and marker of each pinned requirement; raises SystemExit for one without a hash."""
    for block in re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip()):
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?\n", block + "\n")
        if head is None or "--hash=sha256:" not in block:
            sys.exit(f"{lock.name}: not pinned with a hash: {block.splitlines()[0]}")
        yield head[1], head[2], head[3] or ""


def installed_otherwise(lock: Path) -> Iterator[str]:
    for name, version, marker in pins(lock):
        if "win32" in marker:
            continue
        try:
            have = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} {version} is pinned and not installed"
            continue
        if have != version:
            yield f"{name} {version} is pinned and {have} is installed"


def withdrawn_or_altered(lock: Path) -> Iterator[str]:
    """Asks the package index once more for each pinned file, without installing anything."""
    options = ("--dry-run", "--quiet", "--ignore-installed", "--no-deps", "--require-hashes")
    asked = run("pip", "install", *options, "--requirement", lock)
    yield from re.findall(r"a yanked version: '[^']+' candidate \(version \S+", asked.stderr)
    if "DO NOT MATCH THE HASHES" in asked.stderr:
        yield f"{lock.name}: a published file no longer has the pinned hash; run pip on it to see which"
    elif asked.returncode != 0:
        print(
            f"WITHDRAWN RELEASES NOT CHECKED for {lock.name}: the package index did not answer for all of it"
        )


def advisories(lock: Path) -> tuple[int, list[str]] | None:
    """How many packages were looked up and what was found; None when no service answered for all of them."""
    for service in SERVICES:
        asked = run(
            *("pip_audit", "--requirement", lock, "--disable-pip", "--require-hashes"),
            *("--vulnerability-service", service, "--timeout", "10"),
            *("--format", "json", "--progress-spinner", "off"),
        )
        try:
            answer = json.loads(asked.stdout)["dependencies"]
        except (json.JSONDecodeError, KeyError):
            continue
        if any("skip_reason" in package for package in answer):
            continue
        return len(answer), [
            f"{package['name']} {package['version']}: {hole['id']}, "
            f"mended in {', '.join(hole['fix_versions']) or 'no release yet'}"
            for package in answer
            for hole in package["vulns"]
        ]
    return None


def main() -> int:
    locks = [LOCKS / name for name in ("run.txt", "build.txt", "dev.txt")]
    problems: list[str] = []

    differing = [problem for lock in locks for problem in installed_otherwise(lock)]
    if (conflicts := run("pip", "check")).returncode != 0:
        differing += conflicts.stdout.splitlines()
    count = sum(1 for lock in locks for _ in pins(lock))
    print(f"pins: {count} versions with hashes, {len(differing)} differ here")
    problems += differing

    gone = [problem for lock in locks for problem in withdrawn_or_altered(lock)]
    print(f"index: {len(gone)} pinned files withdrawn or altered")
    problems += gone

    for lock in locks:
        outcome = advisories(lock)
        if outcome is None:
            print(f"ADVISORIES NOT CHECKED for {lock.name}: none of {', '.join(SERVICES)} could be reached")
            continue
        print(f"advisories: {outcome[0]} packages of {lock.name} looked up, {len(outcome[1])} findings")
        problems += outcome[1]

    for problem in problems:
        print(f"PROBLEM {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
