"""`pip install`, quiet: a line that counts while it works, a line with the time when it is done. When it fails, all
that pip said is shown, and its exit status is ours.

    python .ci/install.py WHAT ARGUMENT...     WHAT is said; the arguments are pip's
"""

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

SILENCE = 2.0
"""Seconds after which somebody who waits wants to see that something moves."""
PINNED = re.compile(r"^[A-Za-z0-9][^=\s]*==", re.MULTILINE)
STEPS = (
    (re.compile(r"(?:Collecting|Requirement already satisfied:) (\S+)"), True),
    (re.compile(r"Installing (collected packages)"), False),
)


class Counter:
    """The line that counts: one that changes on a terminal, elsewhere a new one now and then."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.live = sys.stdout.isatty()
        self.begun = self.said = time.monotonic()
        print(f"{what} ...", end="" if self.live else "\n", flush=True)

    def heard(self, line: str) -> None:
        """A line of pip's."""
        for pattern, counts in STEPS:
            if found := pattern.match(line):
                self.done += counts
                name = re.split(r"[=<>~!;\[(]", found[1])[0]
                self._say(f"{self.done} of {self.total}: {name}" if counts else "putting them in place")

    def ended(self, status: int) -> None:
        """The last word."""
        seconds = time.monotonic() - self.begun
        said = f"{self.what}: done in {seconds:.0f} s" if status == 0 else f"{self.what}: failed"
        print(f"\r\x1b[K{said}" if self.live else said, flush=True)

    def _say(self, text: str) -> None:
        if self.live:
            print(f"\r\x1b[K{self.what}: {text[:40]}", end="", flush=True)
        elif time.monotonic() - self.said >= SILENCE:
            print(f"  {text}", flush=True)
        else:
            return
        self.said = time.monotonic()


def pinned(arguments: Sequence[str]) -> int:
    """How many packages the requirement files among the arguments pin."""
    files = [Path(name) for name in arguments if name.endswith(".txt")]
    return sum(len(PINNED.findall(file.read_text(encoding="utf-8"))) for file in files)


def main(what: str, arguments: Sequence[str]) -> int:
    """Runs pip."""
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"]
    counter = Counter(what, pinned(arguments) or 1)
    told = []
    with subprocess.Popen(
        [*pip, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            told.append(line)
            counter.heard(line)
    counter.ended(running.returncode)
    if running.returncode != 0:
        sys.stderr.writelines(told)
    return running.returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
