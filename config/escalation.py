"""Reads escalation.yaml: who is paged when. Gives plain data, durations in whole seconds."""

from __future__ import annotations

from pathlib import Path

from config.policyfile import Section, read_policy_file, show_duration

TARGETS = ("on_call", "next", "desk", "lead")
URGENCIES = ("P1", "P2", "P3", "P4", "P5")
_MINUTE = 60
_DAY = 24 * 60 * _MINUTE


def load_escalation(path: Path | None = None) -> dict[str, object]:
    """{"urgencies": {"P1": {"steps", "repeat", "answer", …}, …}, "fold_ack", "doubt", …}, as the file has it.

    None reads the shipped file. Raises PolicyFileError naming the file, the key, what is wrong and the mend.
    """
    top = read_policy_file("escalation.yaml", path)
    wanted = ("urgencies", "fold_ack", "doubt", "night", "shutdown", "unverified_bundle_above")
    top.keys(("reviewed", *wanted), wanted)
    top.date_or_none("reviewed")
    urgencies = top.section("urgencies")
    urgencies.keys(URGENCIES, URGENCIES)
    night = top.section("night")
    night.keys(("from", "until"), ("from", "until"))
    shutdown = top.section("shutdown")
    shutdown.keys(("people", "within"), ("people", "within"))
    return {
        "urgencies": {urgency: _escalation(urgencies.section(urgency)) for urgency in URGENCIES},
        "fold_ack": top.duration("fold_ack", _MINUTE // 2, 60 * _MINUTE),
        "doubt": top.duration("doubt", _MINUTE // 2, 60 * _MINUTE),
        "night": {key: night.duration(key, 0, 24 * 60 * _MINUTE) for key in ("from", "until")},
        "shutdown": {
            "people": shutdown.whole_number("people", 2, 1000),
            "within": shutdown.duration("within", 10 * _MINUTE, 24 * 60 * _MINUTE),
        },
        "unverified_bundle_above": top.whole_number("unverified_bundle_above", 1, 1000),
    }


def _escalation(given: Section) -> dict[str, object]:
    wanted = ("steps", "repeat", "answer", "answer_grace", "plan", "plan_again", "review")
    given.keys(wanted, wanted)
    repeat = given.section("repeat")
    repeat.keys(("every", "targets", "rounds", "longest"), ("every", "targets"))
    return {
        "steps": _steps(given),
        "repeat": _repeat(repeat),
        **{key: given.duration(key, _MINUTE) for key in wanted[2:]},
    }


def _repeat(given: Section) -> dict[str, object]:
    every = given.duration("every", _MINUTE)
    repeat: dict[str, object] = {"every": every, "targets": given.choices("targets", TARGETS)}
    if given.has("rounds") or given.has("longest"):
        # Both or none: a wait that doubles needs to know from when, and where it ends.
        repeat["rounds"] = given.whole_number("rounds", 1, 1000)
        repeat["longest"] = given.duration("longest", every, max(every, _DAY))
    return repeat


def _steps(given: Section) -> list[dict[str, object]]:
    steps: list[dict[str, object]] = []
    before: int | None = None
    for one in given.sections("steps"):
        one.keys(("after", "targets"), ("after", "targets"))
        after = one.duration("after")
        if before is None and after:
            raise one.error(
                "after", "must be 0 for the first step", "Write 0: nobody waits before the first page"
            )
        if before is not None and after <= before:
            raise one.error(
                "after", f"is not after {show_duration(before)}", "Make each step later than the one before"
            )
        before = after
        steps.append({"after": after, "targets": one.choices("targets", TARGETS)})
    return steps
