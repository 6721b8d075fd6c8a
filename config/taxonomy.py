"""Reads taxonomy.yaml: the words a case is described with. Gives plain data, in the order of the file.

A desk may add codes, reorder and relabel. It may not take a shipped code away: stored cases hold it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from config.policyfile import Section, read_policy_file

LISTS = (
    "incident",
    "profile",
    "profile_flag",
    "perpetrator",
    "certainty",
    "reliability",
    "need",
    "consent",
    "outcome_person",
    "outcome_intervention",
)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KEYS = ("code", "label", "first", "care", "kinds")
ENDS = ("good", "quiet")
"""How a case of this outcome ends for the phone and the contacts; it cannot be both."""


def load_taxonomy(path: Path | None = None) -> dict[str, list[dict[str, object]]]:
    """Per list, its entries: {"code", "label", "first", "care", "kinds": [{"code", "label"}]}; of outcome_person also
    "good" and "quiet".

    None reads the shipped file. Raises PolicyFileError naming the file, the key, what is wrong and the mend.
    """
    top, found = _read(path)
    if path is not None:
        for name, shipped in _shipped().items():
            missing = [code for code in shipped if code not in {entry["code"] for entry in found[name]}]
            if missing:
                raise top.error(
                    name, f"has no {missing[0]} any more", "Put it back: stored cases may hold it"
                )
    for place, entry in enumerate(found["outcome_person"]):
        _as_shipped(entry, _shipped()["outcome_person"].get(entry["code"], {}))
        if entry["good"] and entry["quiet"]:
            raise top.error(
                f"outcome_person[{place}]",
                f"{entry['code']} is good and quiet",
                "Keep one of the two, and write the other as false",
            )
    return found


def _as_shipped(entry: dict[str, object], shipped: dict[str, object]) -> None:
    """What an entry leaves open of how a case ends, as the shipped one says: a file from before there was such a flag
    must not write to the phone of somebody who is held, nor one that makes an outcome quiet call it good."""
    if entry["quiet"] is None:
        entry["quiet"] = bool(shipped.get("quiet"))
    if entry["good"] is None:
        entry["good"] = bool(shipped.get("good")) and not entry["quiet"]


@lru_cache(maxsize=1)
def _shipped() -> dict[str, dict[object, dict[str, object]]]:
    """Per list, the entries that come with Watchline, by their codes."""
    _, shipped = _read(None)
    return {name: {entry["code"]: entry for entry in entries} for name, entries in shipped.items()}


def _read(path: Path | None) -> tuple[Section, dict[str, list[dict[str, object]]]]:
    top = read_policy_file("taxonomy.yaml", path)
    top.keys(LISTS, LISTS)
    found = {name: _entries(top, name) for name in LISTS}
    if not any(entry["first"] for entry in found["incident"]):
        raise top.error("incident", "has no first buttons", "Put first: true on the most urgent ones")
    return top, found


def _entries(top: Section, name: str) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = []
    ends = ENDS if name == "outcome_person" else ()
    for one in top.sections(name):
        entry = _entry(one, (*_KEYS, *ends))
        entry["first"], entry["care"] = one.flag("first"), one.flag("care")
        entry.update({flag: one.flag(flag) if one.has(flag) else None for flag in ends})
        kinds = one.sections("kinds") if one.has("kinds") else []
        entry["kinds"] = [_entry(kind, ("code", "label")) for kind in kinds]
        entries.append(entry)
    codes = [entry["code"] for entry in entries]
    twice = [code for code in codes if codes.count(code) > 1]
    if twice:
        raise top.error(name, f"the code {twice[0]} stands twice", "Give each entry its own code")
    # Whoever sees the six buttons and then "the rest" must find every entry once.
    firsts = [bool(entry["first"]) for entry in entries]
    if firsts != sorted(firsts, reverse=True):
        raise top.error(name, "has a first button further down", "Put all first: true entries on top")
    return entries


def _entry(one: Section, allowed: tuple[str, ...]) -> dict[str, object]:
    one.keys(allowed, ("code", "label"))
    code = one.text("code")
    if not _CODE.fullmatch(code):
        raise one.error("code", f"{code[:40]!r} is not a code", "Use small letters, digits and _, at most 40")
    return {"code": code, "label": one.text("label")}
