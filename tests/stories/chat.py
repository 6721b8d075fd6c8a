"""A whole Watchline as a chat: pretend phones, the real turn, store, policy and delivery, a simulated clock.

For stories that a rehearsal file cannot tell, since what is said next depends on what was shown: an invitation's code
is read off a phone like a person reads it. Between every two steps the process dies and starts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.facts import Order, Ordered
from alerts.ids import Ids
from alerts.invitations import codes_of, new_invitation
from alerts.people import Person, Purpose, Role
from bot.channels.pretend_frames import to_raw
from bot.channels.pretend_phones import account
from bot.rehearsal.play import Stage, stage
from bot.rehearsal.script import Character, Script

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""09:00 at the desk, in Brussels."""
CODE = re.compile(r"\b[A-Z0-9]{5}-[A-Z0-9]{5}\b")
BOTH = ("signal", "telegram")


@dataclass
class Chat:
    """The story so far."""

    stage: Stage
    lines: list[dict[str, Any]]
    restarts: bool = True
    shown: int = 0
    """Lines that earlier steps caused."""
    frames: int = 0
    """Frames that no pretend phone can make."""

    # ------------------------------------------------------------------------------------------------------- steps

    def _begin(self) -> None:
        self.shown = len(self.lines)
        if self.restarts:
            self.stage.die()
            self.stage.start()
            self.stage.pump()

    def says(self, who: str, text: str, channel: str = "") -> Chat:
        """Somebody writes a message; everything that can happen then happens."""
        return self.does(who, channel, text=text)

    def does(self, who: str, channel: str = "", **what: Any) -> Chat:
        """Somebody does one thing that a rehearsal's person can do."""
        self._begin()
        self.stage.network.say(who, channel, **what)
        self.stage.pump()
        return self

    def waits(self, **how_long: float) -> Chat:
        """Time passes."""
        self._begin()
        self.stage.until(self.stage.clock.now() + timedelta(**how_long))
        return self

    def unreadable(self, who: str, channel: str = "signal") -> Chat:
        """Somebody's key has changed, and what they write cannot be read."""
        self._begin()
        self.frames += 1
        frame = {"n": 10_000 + self.frames, "from": account(who, channel), "kind": "unreadable"}
        self.stage.engine.accept([to_raw(channel, frame)])
        self.stage.pump()
        return self

    def ordered(self, order: Order, about: str) -> Chat:
        """The administrator decides something at the machine."""
        self._begin()
        with self.stage.engine.store.writing() as work:
            self.stage.engine.turns.event(work, Ordered(order, about), self.stage.clock.now())
        self.stage.pump()
        return self

    def invited(self, purpose: Purpose, alias: str) -> str:
        """The administrator makes an invitation at the machine; answers with its code."""
        stage, draw = self.stage, self.stage.entropy.draw
        now, code = stage.clock.now(), codes_of(draw(12))[0]
        with stage.engine.store.writing() as work:
            invitation = new_invitation(
                invitation_id=Ids(now, draw(16)).new(),
                digest=work.vault.code(code),
                desk=stage.rules.desk,
                purpose=purpose,
                now=now,
                hours=stage.rules.invitation_hours,
                key_id=work.vault.keys.take(),
                alias=alias,
            )
            work.put(invitation)
            work.flush()
        return code

    # --------------------------------------------------------------------------------------------------- what came

    def new(self, who: str = "", kind: str = "") -> list[dict[str, Any]]:
        """What the last step sent to somebody, line by line."""
        return [
            line
            for line in self.lines[self.shown :]
            if line["direction"] == "out" and who in ("", line["who"]) and kind in ("", line["kind"])
        ]

    def texts(self, who: str) -> list[str]:
        """The texts that the last step sent to somebody."""
        return [line["text"] for line in self.new(who)]

    def told(self, who: str, key: str, **arguments: object) -> bool:
        """Whether the last step told somebody this, in English."""
        text = self.stage.rules.words.say("en", key, **arguments)
        return any(text in shown for shown in self.texts(who))

    def code(self, who: str) -> str:
        """The code that the last step showed on somebody's phone."""
        found: list[str] = [code for text in self.texts(who) for code in CODE.findall(text)]
        assert len(set(found)) == 1, self.texts(who)
        return found[0]

    def number(self, who: str) -> str:
        """The four digits that the last step showed on somebody's phone."""
        found: list[str] = re.findall(r"\b\d{4}\b", " ".join(self.texts(who)))
        assert len(found) == 1, self.texts(who)
        return found[0]

    def person(self, who: str, channel: str = "") -> Person | None:
        """The row behind somebody's account."""
        channel = channel or self.stage.network.world.people[who].channels[0]
        with self.stage.engine.store.reading() as work:
            return work.person_at(channel, account(who, channel))


@contextmanager
def chat(
    *people: str | Character,
    officers: tuple[str, ...] = ("ana", "ben"),
    lead: str = "carla",
    database: str = "",
    restarts: bool = True,
    seed: int = 0,
) -> Iterator[Chat]:
    """A desk and these people. A name alone is a stranger with a Signal and a Telegram account."""
    cast = {p.name: p for p in (p if isinstance(p, Character) else Character(p, BOTH) for p in people)}
    cast |= {name: Character(name, BOTH) for name in (*officers, *([lead] if lead else []))}
    script = Script("Europe/Brussels", MONDAY, seed, "en", officers, lead, cast, ())
    lines: list[dict[str, Any]] = []
    with stage(script, lambda line: lines.append(dict(line)), database or None) as made:
        made.pump()
        yield Chat(made, lines, restarts)


def roles(it: Chat, *who: str) -> list[Role | None]:
    """What these people may do, by their first account; None for somebody never seen."""
    return [person.role if (person := it.person(name)) else None for name in who]
