"""The shipped policy files are what protection practice says, and an edited one is refused with the mend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from alerts.checkins import CheckInKind
from alerts.ladder import RungKind
from alerts.policy import Target, Urgency, escalation_policy_from_data, protocols_from_data
from config import escalation, protocols
from config.escalation import load_escalation
from config.policyfile import PolicyFileError, reviewed_on, show_duration
from config.protocols import load_protocols
from config.taxonomy import load_taxonomy

SHIPPED = Path(protocols.__file__).parent


def minutes(*numbers: int) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize(
    ("name", "kinds", "after"),
    [
        ("timer", "prompt second_channel contacts desk lead plan", minutes(0, 5, 10, 10, 20, 30)),
        (
            "elevated",
            "prompt reminder second_channel contacts desk lead plan publication",
            minutes(0, 15, 30, 45, 60, 90, 180, 720),
        ),
        (
            "routine",
            "prompt reminder second_channel contacts desk lead plan publication",
            minutes(0, 30, 60, 120, 180, 240, 720, 1440),
        ),
    ],
)
def test_the_ladders_are_those_of_practice(name: str, kinds: str, after: list[timedelta]) -> None:
    ladder = protocols_from_data(load_protocols())[name].ladder
    assert " ".join(rung.kind for rung in ladder.rungs) == kinds
    assert [rung.after for rung in ladder.rungs] == after


def test_a_missed_timer_is_p1_and_a_periodic_one_from_the_leads_rung() -> None:
    loaded = protocols_from_data(load_protocols())
    timer, routine = loaded["timer"], loaded["routine"]
    assert timer.watches is CheckInKind.TIMER
    assert timer.case_urgency is Urgency.P1
    assert routine.watches is CheckInKind.PERIODIC
    lead = routine.ladder.index_of(RungKind.LEAD)
    assert lead is not None
    assert routine.urgency_at(range(lead)) is Urgency.P2
    assert routine.urgency_at(range(lead + 1)) is Urgency.P1


def test_p1_climbs_as_practice_says() -> None:
    rule = escalation_policy_from_data(load_escalation()).by_urgency[Urgency.P1]
    climb = [(step.after, step.targets) for step in (rule.step(n) for n in range(6))]
    everybody = {Target.DESK, Target.LEAD}
    assert [after for after, _ in climb] == minutes(0, 2, 5, 10, 20, 30)
    assert [targets for _, targets in climb[:3]] == [(Target.ON_CALL,), (Target.NEXT,), (Target.NEXT,)]
    assert all(set(targets) == everybody for _, targets in climb[3:])
    assert [rule.answer, rule.plan] == minutes(5, 30)


@pytest.mark.parametrize(
    ("urgency", "answer", "plan"),
    [("P2", 60, 180), ("P3", 120, 1440), ("P4", 1440, 4320), ("P5", 4320, 4320)],
)
def test_the_other_urgencies_reach_their_targets(urgency: str, answer: int, plan: int) -> None:
    rule = escalation_policy_from_data(load_escalation()).by_urgency[Urgency[urgency]]
    assert [rule.answer, rule.plan] == minutes(answer, plan)
    whole_desk = next(step for step in rule.steps if Target.DESK in step.targets)
    assert whole_desk.after + rule.answer_grace <= rule.answer, (
        "the last resort comes while the target can be met"
    )


def test_the_other_times() -> None:
    policy = escalation_policy_from_data(load_escalation())
    assert [policy.fold_ack, policy.doubt] == minutes(2, 2)
    assert policy.unverified_bundle_above == 5


def test_the_words_of_the_files_are_those_of_the_code() -> None:
    assert list(protocols.KINDS) == [kind.value for kind in RungKind]
    assert list(protocols.WATCHES) == [kind.value for kind in CheckInKind]
    assert list(escalation.TARGETS) == [target.value for target in Target]
    assert list(protocols.URGENCIES) == list(escalation.URGENCIES) == [urgency.name for urgency in Urgency]


def test_the_six_first_buttons_are_those_of_practice_in_order() -> None:
    incidents = load_taxonomy()["incident"]
    assert [entry["code"] for entry in incidents if entry["first"]] == [
        "arrest_detention",
        "physical_attack",
        "threat",
        "raid_seizure",
        "digital_attack",
        "abduction_missing",
    ]
    assert [entry["code"] for entry in incidents if entry["care"]] == ["sexual_violence"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "incident",
            (
                "arrest_detention physical_attack threat raid_seizure digital_attack abduction_missing sexual_violence "
                "judicial_harassment surveillance smear movement_restriction eviction_land reprisal_family killing "
                "torture health_burnout other"
            ),
        ),
        (
            "profile",
            (
                "land_environment indigenous journalist_blogger lgbti womens_rights lawyer trade_union "
                "democracy_anticorruption minority_migrant documenter family_member organisation"
            ),
        ),
        ("profile_flag", "rural exile minor disability repeat_target"),
        (
            "perpetrator",
            (
                "police army intelligence judiciary legislature pro_government_group armed_opposition private_army "
                "security_guards mob company landowner organised_crime family_community online foreign_state "
                "unknown other"
            ),
        ),
        (
            "need",
            (
                "physical_security digital_security communications security_training safe_transport legal "
                "medical_psychosocial humanitarian_family relocation monitoring_advocacy accompaniment publicity "
                "grant just_know other"
            ),
        ),
        ("consent", "desk_only named_partner family un_mechanism public_anonymous public_named"),
        ("outcome_person", "safe released held missing exiled injured killed unknown"),
        ("outcome_intervention", "done referred declined withdrawn"),
    ],
)
def test_the_codes_are_stable(name: str, codes: str) -> None:
    assert [entry["code"] for entry in load_taxonomy()[name]] == codes.split()


def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    """The shipped file with one place changed."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def refused(path: Path, load: Callable[[Path], object]) -> PolicyFileError:
    """Why an edited file is refused. The message begins with the file and the key, and there is a mend."""
    with pytest.raises(PolicyFileError) as caught:
        load(path)
    assert caught.value.file == str(path)
    assert str(caught.value).startswith(f"{path}: {caught.value.key}")
    assert caught.value.mend
    return caught.value


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("after: 15m", "after: 15", "protocols.elevated.rungs[1].after", "Write it like 90s, 15m"),
        ("after: 15m", "after: soon", "protocols.elevated.rungs[1].after", "'soon' is not a length of time"),
        ("kind: lead", "kind: boss", "protocols.timer.rungs[4].kind", "Use one of: prompt, reminder"),
        ("after: 20m", "after: 2m", "protocols.timer.rungs[4].after", "is before 10m"),
        ("case_urgency: P1", "case_urgency: P7", "protocols.timer.case_urgency", "Use one of: P1"),
        ("case_urgency: P1", "case_urgancy: P1", "protocols.timer.case_urgancy", "is not a known key"),
        ("    lead_urgency: P1\n", "", "protocols.timer.lead_urgency", "is missing"),
        ("lead_urgency: P1", "lead_urgency: P3", "protocols.timer.lead_urgency", "is lower than P1"),
        (
            "- {kind: prompt, after: 0}",
            "- {kind: desk, after: 0}",
            "protocols.timer.rungs[0].kind",
            "first rung",
        ),
        ("watches: timer", "watches: periodic", "protocols", "has none with watches: timer"),
        ("reviewed: null", "reviewed: yes", "reviewed", "is not a date"),
        ("  elevated:", "  timer:", "line 35", "written twice"),
        ("  elevated:", "  elevated: [", "line", "Compare with the shipped file"),
    ],
)
def test_an_edited_protocol_file_is_refused_with_file_key_and_mend(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    error = refused(edited(tmp_path, "protocols.yaml", old, new), load_protocols)
    assert error.key.startswith(key)
    assert said in str(error)


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        (
            "{after: 0, targets: [on_call]}",
            "{after: 1m, targets: [on_call]}",
            "urgencies.P1.steps[0].after",
            "Write 0",
        ),
        (
            "{after: 5m, targets: [next]}",
            "{after: 2m, targets: [next]}",
            "urgencies.P1.steps[2].after",
            "not after 2m",
        ),
        (
            "[lead, desk]",
            "[leads]",
            "urgencies.P1.steps[3].targets",
            "Use some of: on_call, next, desk, lead",
        ),
        ("[lead, desk]", "[desk, desk]", "urgencies.P1.steps[3].targets", "names one twice"),
        ("[lead, desk]", "[]", "urgencies.P1.steps[3].targets", "must be a list of at least one"),
        ("every: 10m", "every: 5s", "urgencies.P1.repeat.every", "Use a time from 1m"),
        (", rounds: 6, longest: 1h", ", rounds: 6", "urgencies.P1.repeat.longest", "is not a length of time"),
        (", rounds: 6, longest: 1h", ", longest: 1h", "urgencies.P1.repeat.rounds", "from 1 to 1000"),
        ("longest: 1h", "longest: 5m", "urgencies.P1.repeat.longest", "Use a time from 10m to 1d"),
        ("longest: 1h", "longest: 2d", "urgencies.P1.repeat.longest", "Use a time from 10m to 1d"),
        ("    answer: 5m\n", "", "urgencies.P1.answer", "is missing"),
        ("  P5:\n", "  P6:\n", "urgencies.P6", "is not a known key"),
        (
            "unverified_bundle_above: 5",
            "unverified_bundle_above: 0",
            "unverified_bundle_above",
            "from 1 to 1000",
        ),
        ("doubt: 2m", "doubt: 3h", "doubt", "Use a time from 30s to 1h"),
        ("    plan_again: 10m\n", "", "urgencies.P1.plan_again", "is missing"),
        ("people: 3", "people: 1", "shutdown.people", "from 2 to 1000"),
        ("until: 7h", "until: 2d", "night.until", "Use a time from 0 to 1d"),
    ],
)
def test_an_edited_escalation_file_is_refused_with_file_key_and_mend(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    error = refused(edited(tmp_path, "escalation.yaml", old, new), load_escalation)
    assert error.key == key
    assert said in str(error)


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ("code: torture", "code: killing", "incident", "the code killing stands twice"),
        ("code: torture", "code: Torture!", "incident[14].code", "is not a code"),
        ('  - {code: torture, label: "Torture"}\n', "", "incident", "has no torture any more"),
        ('label: "Torture"', 'lable: "Torture"', "incident[14].lable", "is not a known key"),
        (
            'label: "Torture"',
            'label: "Torture", first: true',
            "incident",
            "Put all first: true entries on top",
        ),
        ('label: "Torture"', 'label: ""', "incident[14].label", "must be a text"),
        (", care: true", ", care: maybe", "incident[6].care", "must be true or false"),
        (", good: true", ", good: perhaps", "outcome_person[0].good", "must be true or false"),
        (", good: true", ", good: true, quiet: true", "outcome_person[0]", "safe is good and quiet"),
        ('"Killed", quiet', '"Killed", good', "outcome_person[6]", "killed is good and quiet"),
        ('label: "Torture"', 'label: "Torture", quiet: true', "incident[14].quiet", "is not a known key"),
    ],
)
def test_an_edited_taxonomy_is_refused_with_file_key_and_mend(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    error = refused(edited(tmp_path, "taxonomy.yaml", old, new), load_taxonomy)
    assert error.key == key
    assert said in str(error)


def test_a_desk_may_change_figures_leave_rungs_out_and_add_codes(tmp_path: Path) -> None:
    path = edited(tmp_path, "protocols.yaml", "      - {kind: reminder, after: 15m}\n", "")
    assert len(protocols_from_data(load_protocols(path))["elevated"].ladder.rungs) == 7
    path = edited(tmp_path, "protocols.yaml", "after: 15m", "after: 1m30s")
    assert protocols_from_data(load_protocols(path))["elevated"].ladder.rungs[1].after == timedelta(
        seconds=90
    )
    more = edited(
        tmp_path,
        "taxonomy.yaml",
        "  - {code: health_burnout",
        '  - {code: flood, label: "Flood"}\n  - {code: health_burnout',
    )
    assert "flood" in [entry["code"] for entry in load_taxonomy(more)["incident"]]


def ends(path: Path | None) -> dict[object, tuple[object, object]]:
    """Of each outcome for a person whether it is good, and whether it is quiet."""
    return {one["code"]: (one["good"], one["quiet"]) for one in load_taxonomy(path)["outcome_person"]}


def test_how_a_case_ends_is_as_shipped_until_a_desk_says_otherwise(tmp_path: Path) -> None:
    shipped = ends(None)
    assert [code for code, (good, _) in shipped.items() if good] == ["safe", "released"]
    assert [code for code, (_, quiet) in shipped.items() if quiet] == ["held", "missing", "killed", "unknown"]
    path = tmp_path / "taxonomy.yaml"
    text = (SHIPPED / "taxonomy.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace(", good: true", "").replace(", quiet: true", ""), encoding="utf-8")
    assert ends(path) == shipped, "a file from before there were such flags"
    own = [("Released", "good: true", "quiet: true"), ("Not known", "quiet: true", "quiet: false")]
    for label, old, new in own:
        text = text.replace(f'"{label}", {old}', f'"{label}", {new}')
    path.write_text(text, encoding="utf-8")
    assert ends(path) == {**shipped, "released": (False, True), "unknown": (False, False)}


def test_the_shipped_figures_are_unreviewed_until_a_desk_says_when(tmp_path: Path) -> None:
    assert reviewed_on("protocols.yaml") is None
    assert reviewed_on("escalation.yaml") is None
    path = edited(tmp_path, "escalation.yaml", "reviewed: null", "reviewed: 2026-03-02")
    assert reviewed_on("escalation.yaml", path) == date(2026, 3, 2)
    load_escalation(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"", "is not a mapping"),
        (b"- a\n", "is not a mapping"),
        (b"a: !!python/object:os.system x", "Compare with the shipped file"),
        (b"protocols: {}\n", "is empty"),
        (b"1: 2\n", "is not a text"),
    ],
)
def test_a_file_that_is_no_policy_at_all(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyFileError, match=said):
        load_protocols(path)


def test_lengths_are_shown_as_they_are_written() -> None:
    assert [show_duration(n) for n in (0, 90, 5400, 172800)] == ["0", "1m30s", "1h30m", "2d"]
