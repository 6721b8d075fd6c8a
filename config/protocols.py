"""Reads protocols.yaml: how each missed check-in climbs. Gives plain data, durations in whole seconds."""

from __future__ import annotations

from pathlib import Path

from config.policyfile import Section, read_policy_file, show_duration

KINDS = ("prompt", "reminder", "second_channel", "contacts", "desk", "lead", "plan", "publication")
URGENCIES = ("P1", "P2", "P3", "P4", "P5")
WATCHES = ("periodic", "timer")


def load_protocols(path: Path | None = None) -> dict[str, dict[str, object]]:
    """Protocols by name: {"watches", "case_urgency", "lead_urgency", "rungs": [{"kind", "after"}]}.

    None reads the shipped file. Raises PolicyFileError naming the file, the key, what is wrong and the mend.
    """
    top = read_policy_file("protocols.yaml", path)
    top.keys(("reviewed", "protocols"), ("protocols",))
    top.date_or_none("reviewed")
    protocols = top.section("protocols")
    names = protocols.keys()
    if not names:
        raise top.error("protocols", "is empty", "Keep at least one protocol, such as routine")
    found = {name: _protocol(protocols.section(name)) for name in names}
    for watched in WATCHES:
        if not any(protocol["watches"] == watched for protocol in found.values()):
            raise top.error(
                "protocols", f"has none with watches: {watched}", "Add one; the shipped file shows it"
            )
    return found


def _protocol(given: Section) -> dict[str, object]:
    wanted = ("watches", "case_urgency", "lead_urgency", "rungs")
    given.keys(wanted, wanted)
    case_urgency = given.choice("case_urgency", URGENCIES)
    lead_urgency = given.choice("lead_urgency", URGENCIES)
    if lead_urgency > case_urgency:
        raise given.error(
            "lead_urgency", f"is lower than {case_urgency}", "It may only raise the case's urgency"
        )
    return {
        "watches": given.choice("watches", WATCHES),
        "case_urgency": case_urgency,
        "lead_urgency": lead_urgency,
        "rungs": _rungs(given),
    }


def _rungs(given: Section) -> list[dict[str, object]]:
    rungs: list[dict[str, object]] = []
    before = 0
    for place, one in enumerate(given.sections("rungs")):
        one.keys(("kind", "after"), ("kind", "after"))
        kind, after = one.choice("kind", KINDS), one.duration("after")
        if (place == 0) != (kind == "prompt"):
            raise one.error(
                "kind", f"{kind} cannot stand here", "The prompt is the first rung, and only the first"
            )
        if place == 0 and after:
            raise one.error("after", "must be 0 for the prompt", "Write 0")
        if after < before:
            raise one.error(
                "after", f"is before {show_duration(before)}", "Put the rungs in the order of their times"
            )
        before = after
        rungs.append({"kind": kind, "after": after})
    if not {"desk", "lead"} & {str(rung["kind"]) for rung in rungs}:
        raise given.error(
            "rungs", "never reach the desk", "Add a rung of kind desk or lead: silence must be seen"
        )
    return rungs
