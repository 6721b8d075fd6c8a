"""Plays a rehearsal script and gives its transcript back; if wanted with the process killed and started again between
every two steps, and within every wait, on either database.

A line is compared as "03-02 19:00 sami signal prompt": what was said to whom and when. Seconds, references and words
are looked at where a test is about them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.rehearsal.play import Stage, stage
from bot.rehearsal.script import Step, parse_script, read_script
from bot.rehearsal.summary import summary

HERE = Path(__file__).parent
RESTART = Step(0, "restart")


@dataclass
class Story:
    """A transcript."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cases(self) -> list[dict[str, Any]]:
        """The summary's cases."""
        found: list[dict[str, Any]] = self.lines[-1]["cases"]
        return found

    @property
    def undelivered(self) -> int:
        return int(self.lines[-1]["undelivered"])

    def out(self, *kinds: str, who: str = "", channel: str = "") -> list[dict[str, Any]]:
        """What went out: of these kinds (all if none), to somebody, on a channel."""
        return [
            line
            for line in self.lines
            if line["direction"] == "out"
            and (not kinds or line["kind"] in kinds)
            and who in ("", line["who"])
            and channel in ("", line["channel"])
        ]

    def short(self, *kinds: str, who: str = "", channel: str = "") -> list[str]:
        """The same, a short text each."""
        return [short(line) for line in self.out(*kinds, who=who, channel=channel)]

    def texts(self, *kinds: str, who: str = "", channel: str = "") -> list[str]:
        """Only the words."""
        return [line["text"] for line in self.out(*kinds, who=who, channel=channel)]


def short(line: dict[str, Any]) -> str:
    """ "03-02 19:00 sami signal prompt"."""
    return f"{line['at'][5:16].replace('T', ' ')} {line['who']} {line['channel']} {line['kind']}"


@dataclass(frozen=True)
class Manner:
    """How a story is played."""

    database: str | None = None
    killed: bool = False
    """The process is killed between every two steps."""
    chop: timedelta | None = None
    """It is killed after each such stretch of a wait too."""

    def play(self, source: str | Path) -> Story:
        """Plays a script: a text, or a file of this folder."""
        script = read_script(HERE / source) if isinstance(source, Path) else parse_script(source)
        story = Story()
        with stage(script, lambda line: story.lines.append(dict(line)), self.database) as it:
            it.pump()
            for place, step in enumerate(script.steps):
                if place and self.killed:
                    it.play(RESTART)
                for piece in self._pieces(step, it):
                    it.play(piece)
            it.tell(summary(it.engine.store, it.network, it.rules.desk))
        if self.killed and not any(step.verb == "restart" for step in script.steps):
            story.lines = [line for line in story.lines if line["kind"] != "restart"]
        return story

    def _pieces(self, step: Step, it: Stage) -> Iterator[Step]:
        if self.chop is None or step.verb not in ("wait", "until"):
            yield step
            return
        now = it.clock.now()
        end = now + step.duration if step.verb == "wait" else moment(step)
        while now + self.chop < end:
            now += self.chop
            yield replace(step, verb="until", at=now)
            yield RESTART
        yield replace(step, verb="until", at=end)


def moment(step: Step) -> datetime:
    """The instant of an `until`."""
    if step.at is None:
        raise ValueError("an until without a time")
    return step.at
