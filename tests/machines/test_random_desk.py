"""The random machine: anybody says anything, processes die, clocks jump, channels fail; law 3 holds after every step.

Every act is followed by the check, so a failure names the shortest story that breaks the law.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.rehearsal.nodes import ScriptError
from bot.rehearsal.play import Stage, stage
from bot.rehearsal.script import Step, parse_script
from tests.machines.law3 import broken

SCRIPT = """
zone: Europe/Brussels
start: 2026-03-28T22:00          # the night before the clocks change
desk: {officers: [ana, ben], lead: carla}
people:
  sami: {channels: [signal, telegram], language: ar, zone: Asia/Beirut, verified: true, contacts: [lina],
         check_in: {protocol: elevated, every_hours: 2}}
  nour: {channels: [telegram]}
  omar: {channels: [signal]}
steps: []
"""
DEFENDERS = ("sami", "nour", "omar", "lina")
STAFF = ("ana", "ben", "carla")
CHANNELS = {"sami": ("signal", "telegram"), "nour": ("telegram",), "omar": ("signal",), "lina": ("signal",)}

SAID = st.sampled_from(
    [
        "SOS",
        "help me",
        "ok",
        "OK",
        "1",
        "2",
        "4",
        "9",
        "safe",
        "false alarm",
        "I am safe",
        "clear",
        "TEST",
        "skip",
        "they are taking me now",
        "I am being followed",
        "hello",
        "can you help me with the form",
        "take ABCD",
        "timer 2h court",
        "pause 1d",
        "/start AAAAA-AAAAA",
        "",
        "🆘",
        "no",
        "yes",
        "close it",
        "\u202eSOS\u202c",
    ]
) | st.text(max_size=40)
ORDERS = st.sampled_from(
    [
        "take",
        "close safe",
        "close",
        "1",
        "2",
        "cases",
        "oncall",
        "note she called",
        "plan a lawyer at nine",
        "reopen",
        "raise",
        "help",
        "We are with you",
        "SOS",
        "👍",
        "rota",
        "invite somebody",
        "/case",
        "/nonsense",
    ]
)


class RandomDesk(RuleBasedStateMachine):
    """One desk, and everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Any] = []
        self.open = ExitStack()
        self.stage: Stage = self.open.enter_context(stage(parse_script(SCRIPT), self.lines.append))
        self.stage.pump()

    def teardown(self) -> None:
        self.open.close()

    def play(self, **step: Any) -> None:
        try:
            self.stage.play(Step(1, **step))
        except ScriptError:
            return  # a reaction to nothing, a press of no button: no phone could do it

    @rule(who=st.sampled_from(DEFENDERS), channel=st.integers(0, 1), text=SAID)
    def say(self, who: str, channel: int, text: str) -> None:
        names = CHANNELS[who]
        if text:
            self.play(verb="say", who=who, channel=names[channel % len(names)], text=text)

    @rule(
        who=st.sampled_from(DEFENDERS),
        act=st.sampled_from([("location", (33.9, 35.5)), ("voice", True), ("photo", True), ("delete", True)]),
    )
    def send(self, who: str, act: tuple[str, Any]) -> None:
        self.play(verb="say", who=who, channel=CHANNELS[who][0], action=act[0], value=act[1])

    @rule(who=st.sampled_from(DEFENDERS + STAFF), number=st.integers(1, 9))
    def press(self, who: str, number: int) -> None:
        channel = CHANNELS.get(who, ("signal", "telegram"))[-1]
        self.play(verb="say", who=who, channel=channel, action="press", value=number)

    @rule(who=st.sampled_from(STAFF), text=ORDERS, channel=st.sampled_from(["signal", "telegram"]))
    def order(self, who: str, text: str, channel: str) -> None:
        self.play(verb="say", who=who, channel=channel, text=text)

    @rule(who=st.sampled_from(STAFF), text=ORDERS, channel=st.sampled_from(["signal", "telegram"]))
    def reply(self, who: str, text: str, channel: str) -> None:
        self.play(verb="say", who=who, channel=channel, action="reply", value=text)

    @rule(who=st.sampled_from(STAFF), channel=st.sampled_from(["signal", "telegram"]))
    def thumb(self, who: str, channel: str) -> None:
        self.play(verb="say", who=who, channel=channel, action="react", value="👍")

    @rule(minutes=st.sampled_from([0, 1, 2, 3, 5, 7, 11, 30, 61, 150, 700, 1500]))
    def wait(self, minutes: int) -> None:
        self.play(verb="wait", duration=timedelta(minutes=minutes, seconds=1))

    @rule()
    def restart(self) -> None:
        self.play(verb="restart")

    @rule(minutes=st.sampled_from([1, 3, 20, 90, 600]))
    def outage(self, minutes: int) -> None:
        self.play(verb="outage", duration=timedelta(minutes=minutes))

    @rule(channel=st.sampled_from(["signal", "telegram"]), state=st.sampled_from(["up", "down"]))
    def platform(self, channel: str, state: str) -> None:
        self.play(verb="channel", channel=channel, state=state)

    @rule(
        who=st.sampled_from(["sami", "ana", "ben", "carla"]),
        channel=st.sampled_from(["signal", "telegram"]),
        state=st.sampled_from(["ok", "refused", "offline"]),
    )
    def phone(self, who: str, channel: str, state: str) -> None:
        self.play(verb="channel", who=who, channel=channel, state=state)

    @precondition(lambda self: True)
    @invariant()
    def nothing_is_forgotten(self) -> None:
        assert broken(self.stage.engine.store) == []


TestRandomDesk = RandomDesk.TestCase
TestRandomDesk.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
