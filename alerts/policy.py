"""The desk's policy: who is paged when, and how a missed check-in climbs.

Policy is data that a desk edits; these are the values it becomes. Nothing here decides anything:
`Escalation.step` says what stands at a place of the climb, `answer_due` and `plan_due` say by when, and the
turn acts on it.

Rules that no data can switch off: every urgency has a first step at once, and the climb repeats until a
person takes the case. Source: protection practice, "Urgency" and "The desk".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import pairwise

from alerts.checkins import CheckInKind
from alerts.ladder import Ladder, RungKind, ladder_from_data
from alerts.plaindata import BadData, Fields


class Urgency(IntEnum):
    """1 is the most urgent. Written P1 to P5; nothing but a person ever lowers one."""

    P1 = 1
    P2 = 2
    P3 = 3
    P4 = 4
    P5 = 5


class Target(StrEnum):
    """Whom a step pages."""

    ON_CALL = "on_call"
    """Who is on call now."""
    NEXT = "next"
    """The next of the rota who was not paged for this case yet, then a lead; the desk when none is left."""
    DESK = "desk"
    """Every officer of the desk."""
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Step:
    """`after` is counted from the opening of the case, or from the last restart of its climb."""

    after: timedelta
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        if not self.targets:
            raise ValueError("a step needs at least one target")


@dataclass(frozen=True, slots=True)
class Escalation:
    """The climb of one urgency, and by when a person must have answered and planned."""

    steps: tuple[Step, ...]
    repeat_every: timedelta
    """After the last step, `repeat_targets` are paged at this interval until somebody takes the case."""
    repeat_targets: tuple[Target, ...]
    answer: timedelta
    """A person answers within this time of the opening."""
    answer_grace: timedelta
    """However late a case is taken, the taker has this long to answer. Then somebody else is paged too."""
    plan: timedelta
    """A plan stands within this time of the opening."""
    plan_again: timedelta
    """The taker was reminded that no plan is noted: this long after, somebody else hears it."""
    review: timedelta
    """An unclosed case with nothing else pending comes back to the desk after this time."""
    repeat_rounds: int = 0
    """After so many repeats that nobody took, the wait for the next ones is twice as long, and so on. 0: never."""
    repeat_longest: timedelta = timedelta()
    """But no wait between two repeats is longer than this."""

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].after != timedelta():
            raise ValueError("the first step must be at 0: nobody waits before the first page")
        for earlier, later in pairwise(self.steps):
            if later.after <= earlier.after:
                raise ValueError("each step must be later than the one before it")
        if not self.repeat_targets:
            raise ValueError("the repeat needs at least one target")
        shortest = min(
            self.repeat_every, self.answer, self.answer_grace, self.plan, self.plan_again, self.review
        )
        if shortest < timedelta(minutes=1):
            raise ValueError(
                "repeat.every, answer, answer_grace, plan, plan_again, review must be at least a minute"
            )

        if self.repeat_rounds < 0 or (self.repeat_rounds and self.repeat_longest < self.repeat_every):
            raise ValueError("repeat.longest must be at least repeat.every, and repeat.rounds at least 1")

    def step(self, index: int) -> Step:
        """The step at `index` from 0, without end: after the listed ones come the repeats."""
        if index < len(self.steps):
            return self.steps[index]
        times = index - len(self.steps) + 1
        return Step(self.steps[-1].after + self._repeated(times), self.repeat_targets)

    def wait_before(self, index: int) -> timedelta:
        """How long nothing happens before the step at `index`."""
        return self.step(index).after - (self.step(index - 1).after if index > 0 else timedelta())

    def evenly(self, after: timedelta) -> int:
        """The index of the step that this time of a climb would have come to if its repeats never stretched."""
        if after < self.steps[-1].after:
            return sum(step.after <= after for step in self.steps) - 1
        return len(self.steps) - 1 + (after - self.steps[-1].after) // self.repeat_every

    def _repeated(self, times: int) -> timedelta:
        """How long so many repeats take, one after another."""
        if not self.repeat_rounds:
            return times * self.repeat_every
        total, wait = timedelta(), self.repeat_every
        while times > 0 and wait < self.repeat_longest:
            rounds = min(times, self.repeat_rounds)
            total, times, wait = total + rounds * wait, times - rounds, wait * 2
        return total + times * self.repeat_longest


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """One escalation for each urgency, and the desk's other times."""

    by_urgency: Mapping[Urgency, Escalation]
    fold_ack: timedelta
    """A new alarm on a taken case: the taker has this long to acknowledge it, then the climb begins anew."""
    doubt: timedelta
    """A message that may tell of an emergency is P1 when nobody answers the question about it in time."""
    night_from: timedelta
    """After midnight, on the desk's clock: from then on nobody is told what can wait for the day."""
    night_until: timedelta
    shutdown_people: int
    """So many people of one country out of reach within `shutdown_within` are told as a suspected shutdown."""
    shutdown_within: timedelta
    unverified_bundle_above: int
    """More untaken unverified P1 cases than this page and climb as one list."""

    def __post_init__(self) -> None:
        missing = [urgency.name for urgency in Urgency if urgency not in self.by_urgency]
        if missing:
            raise ValueError(f"the escalation policy has nothing for {', '.join(missing)}")
        if self.unverified_bundle_above < 1:
            raise ValueError("unverified_bundle_above must be at least 1")


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a missed check-in of one kind climbs, and how urgent its case is."""

    name: str
    watches: CheckInKind
    ladder: Ladder
    case_urgency: Urgency
    """The urgency of the case that the desk's rung opens."""
    lead_urgency: Urgency
    """From the lead's rung on the case has at least this urgency."""

    def __post_init__(self) -> None:
        if self.lead_urgency > self.case_urgency:
            raise ValueError(f"protocol {self.name}: lead_urgency must not be lower than case_urgency")

    def urgency_at(self, done: Iterable[int]) -> Urgency:
        """The urgency of the case when the rungs at these places are done."""
        return self.lead_urgency if self.ladder.reached(done, RungKind.LEAD) else self.case_urgency


def answer_due(rule: Escalation, opened_at: datetime, taken_at: datetime) -> datetime:
    """By when the taker must have answered: the target from the opening, or the grace from a late taking."""
    return max(opened_at + rule.answer, taken_at + rule.answer_grace)


def plan_due(rule: Escalation, opened_at: datetime, taken_at: datetime) -> datetime:
    """By when a plan must stand: the target from the opening, or the grace from a late taking."""
    return max(opened_at + rule.plan, taken_at + rule.answer_grace)


def escalation_policy_from_data(data: object) -> EscalationPolicy:
    """The policy from plain data (durations in whole seconds). Raises ValueError naming the key."""
    given = Fields(
        data, "escalation", {"urgencies", "fold_ack", "doubt", "night", "shutdown", "unverified_bundle_above"}
    )
    night = Fields(given.get("night"), "escalation.night", {"from", "until"})
    shutdown = Fields(given.get("shutdown"), "escalation.shutdown", {"people", "within"})
    rules = Fields(given.get("urgencies"), "escalation.urgencies", {urgency.name for urgency in Urgency})
    return EscalationPolicy(
        {
            u: _escalation(rules.get(u.name), f"escalation.urgencies.{u.name}")
            for u in Urgency
            if u.name in rules
        },
        given.seconds("fold_ack"),
        given.seconds("doubt"),
        night.seconds("from"),
        night.seconds("until"),
        shutdown.number("people"),
        shutdown.seconds("within"),
        given.number("unverified_bundle_above"),
    )


def protocols_from_data(data: object) -> dict[str, Protocol]:
    """Protocols by name from plain data (durations in whole seconds). Raises ValueError naming the key."""
    if not isinstance(data, Mapping) or not data:
        raise BadData("protocols must be a mapping of at least one protocol by its name")
    protocols: dict[str, Protocol] = {}
    for name, item in data.items():
        if not isinstance(name, str) or not name:
            raise BadData("a protocol's name must be a text that is not empty")
        path = f"protocols.{name}"
        given = Fields(item, path, {"watches", "case_urgency", "lead_urgency", "rungs"})
        protocols[name] = Protocol(
            name,
            given.choice("watches", CheckInKind),
            ladder_from_data(name, given.get("rungs"), f"{path}.rungs"),
            _urgency(given, "case_urgency"),
            _urgency(given, "lead_urgency"),
        )
    return protocols


def _escalation(item: object, path: str) -> Escalation:
    given = Fields(item, path, {"steps", "repeat", "answer", "answer_grace", "plan", "plan_again", "review"})
    steps = []
    for place, one in enumerate(given.items("steps")):
        step = Fields(one, f"{path}.steps[{place}]", {"after", "targets"})
        steps.append(Step(step.seconds("after"), step.choices("targets", Target)))
    repeat = Fields(given.get("repeat"), f"{path}.repeat", {"every", "targets", "rounds", "longest"})
    stretches = "rounds" in repeat
    try:
        return Escalation(
            tuple(steps),
            repeat.seconds("every"),
            repeat.choices("targets", Target),
            given.seconds("answer"),
            given.seconds("answer_grace"),
            given.seconds("plan"),
            given.seconds("plan_again"),
            given.seconds("review"),
            repeat.number("rounds") if stretches else 0,
            repeat.seconds("longest") if stretches else timedelta(),
        )
    except BadData:
        raise
    except ValueError as error:
        raise BadData(f"{path}: {error}") from None


def _urgency(given: Fields, key: str) -> Urgency:
    try:
        return Urgency[given.text(key)]
    except KeyError:
        raise BadData(f"{given.path}.{key} must be one of {', '.join(u.name for u in Urgency)}") from None
