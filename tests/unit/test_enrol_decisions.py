"""Decisions about who gets in, on facts made by hand: what may be, and that nothing else follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts.deadlines import DeadlineKind
from alerts.events import Inbound, InboundKind
from alerts.facts import DeskView, Facts, Heard, Spare, Ward
from alerts.ids import Ids
from alerts.invitations import GUESSES, new_invitation
from alerts.outbox import Outgoing
from alerts.people import (
    Address,
    ContactLink,
    Invitation,
    LinkStatus,
    Person,
    Purpose,
    Reach,
    Role,
    Standing,
    Talk,
)
from bot.rules import shipped_rules
from handlers.asking import asked
from handlers.draft import Draft
from handlers.invitations import stands
from handlers.rota import watch_deadline
from handlers.rules import Rules
from handlers.turn import decide

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CODE = "AC3EF-GH4KL"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def rules() -> Rules:
    return shipped_rules("Europe/Brussels")


def somebody(name: str, role: Role, status: Standing = Standing.ACTIVE, talk: Talk | None = None) -> Person:
    address = Address(f"{name}-address", name, "signal", 0, Reach.OK, None, "key", f"account of {name}")
    return Person(
        id=name,
        desk="main",
        role=role,
        status=status,
        verified=role is not Role.STRANGER,
        version=1,
        key_id="key",
        alias=name.capitalize(),
        talk=talk or Talk(),
        addresses=(address,),
    )


def invitation(purpose: Purpose, made_by: str | None = None, subject: str | None = None) -> Invitation:
    return new_invitation(
        invitation_id="invitation",
        digest=b"digest",
        desk="main",
        purpose=purpose,
        now=NOW - HOUR,
        hours=72,
        key_id="key",
        made_by=made_by,
        subject_id=subject,
        alias="Dana",
    )


def facts(me: Person | None, text: str, *staff: Person, **more: object) -> Facts:
    """What a turn would know when `me` writes a text."""
    people = {p.id: p for p in staff}
    desk = DeskView(
        id="main",
        staff=tuple(p for p in staff if p.is_staff),
        rota=None,
        on_call=tuple(p.id for p in staff if p.role is Role.OFFICER and p.is_staff),
        crowd=0,
        crowd_head=None,
        waiting=tuple(p for p in staff if p.role in (Role.OFFICER, Role.LEAD) and not p.is_staff),
    )
    event = Heard("frame", Inbound("signal", InboundKind.TEXT, "account", "1", text), NOW)
    spare = Spare(Ids(NOW, b"seed"), "person key", "case key", "K7PM", ("AC4EF-GH6KL",), (b"other",))
    made = Facts(
        now=NOW,
        event=event,
        desk=desk,
        spare=spare,
        me=me,
        address=me.addresses[0] if me is not None else None,
        people=people,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def said(draft: Draft, person: str) -> list[str]:
    return [e.text for e in draft.entities.values() if isinstance(e, Outgoing) and e.person_id == person]


def used(draft: Draft) -> list[Invitation]:
    return [e for e in draft.entities.values() if isinstance(e, Invitation)]


# -------------------------------------------------------------------------------------------------- does a code work


@pytest.mark.parametrize(
    ("purpose", "maker", "works"),
    [
        (Purpose.OFFICER, None, True),
        (Purpose.LEAD, None, True),
        (Purpose.DEFENDER, None, True),
        (Purpose.CONTACT, None, False),
        (Purpose.CHANNEL, None, False),
        (Purpose.OFFICER, somebody("x", Role.LEAD), True),
        (Purpose.LEAD, somebody("x", Role.LEAD), True),
        (Purpose.OFFICER, somebody("x", Role.OFFICER), False),
        (Purpose.LEAD, somebody("x", Role.OFFICER), False),
        (Purpose.OFFICER, somebody("x", Role.LEAD, Standing.FROZEN), False),
        (Purpose.DEFENDER, somebody("x", Role.OFFICER), True),
        (Purpose.DEFENDER, somebody("x", Role.OFFICER, Standing.PENDING), False),
        (Purpose.DEFENDER, somebody("x", Role.STRANGER), False),
        (Purpose.CONTACT, somebody("x", Role.DEFENDER), True),
        (Purpose.CONTACT, somebody("x", Role.DEFENDER, Standing.FROZEN), False),
        (Purpose.CONTACT, somebody("x", Role.STRANGER), False),
        (Purpose.CHANNEL, somebody("x", Role.CONTACT), True),
        (Purpose.CHANNEL, somebody("x", Role.STRANGER), False),
        (Purpose.CHANNEL, somebody("x", Role.OFFICER, Standing.FROZEN), False),
        (Purpose.CHANNEL, somebody("x", Role.OFFICER, Standing.GONE), False),
    ],
)
def test_a_code_works_while_its_maker_still_may_make_it(
    rules: Rules, purpose: Purpose, maker: Person | None, works: bool
) -> None:
    people = (maker,) if maker is not None else ()
    draft = Draft(facts(None, CODE, *people), rules)
    made = invitation(purpose, maker.id if maker else None, maker.id if maker else None)
    assert stands(draft, made) is works
    assert not stands(draft, replace(made, used_at=NOW))
    assert not stands(draft, replace(made, expires_at=NOW))
    assert not stands(draft, replace(made, desk="other"))
    gone = Draft(facts(None, CODE), rules)
    assert stands(gone, made) is (works and maker is None)


@pytest.mark.parametrize("spoilt", ["none", "used", "expired", "maker"])
def test_every_code_that_does_not_work_gets_the_same_answer(rules: Rules, spoilt: str) -> None:
    ana = somebody("ana", Role.OFFICER)
    made = invitation(Purpose.DEFENDER, "ana")
    found = {
        "none": None,
        "used": replace(made, used_at=NOW - HOUR),
        "expired": replace(made, expires_at=NOW),
        "maker": invitation(Purpose.DEFENDER, "nobody"),
    }[spoilt]
    draft = decide(facts(somebody("eve", Role.STRANGER), CODE, ana, invitation=found), rules)
    assert said(draft, "eve") == [rules.words.say("en", "code.wrong")]
    assert not used(draft)
    eve = draft.entities["eve"]
    assert (eve.role, eve.talk.wrong_codes) == (Role.STRANGER, (NOW,))
    assert not said(draft, "ana")


@pytest.mark.parametrize("works", [True, False])
def test_after_too_many_a_code_is_any_unexpected_text(rules: Rules, works: bool) -> None:
    ana = somebody("ana", Role.OFFICER)
    tried = tuple(NOW - timedelta(minutes=m) for m in range(GUESSES))
    eve = somebody("eve", Role.STRANGER, talk=Talk(wrong_codes=tried))
    made = invitation(Purpose.DEFENDER, "ana") if works else None
    guess = decide(facts(eve, CODE, ana, invitation=made), rules)
    other = decide(facts(eve, "good morning", ana), rules)
    assert said(guess, "eve") == said(other, "eve") == [rules.words.say("en", "message.stored")]
    assert not used(guess)
    assert "eve" not in guess.entities or guess.entities["eve"].role is Role.STRANGER
    assert any(CODE in text for text in said(guess, "ana")) is not works


@pytest.mark.parametrize("role", [Role.DEFENDER, Role.CONTACT, Role.OFFICER, Role.LEAD])
def test_a_frozen_person_cannot_use_a_code(rules: Rules, role: Role) -> None:
    ana = somebody("ana", Role.LEAD)
    frozen = somebody("x", role, Standing.FROZEN)
    draft = decide(facts(frozen, CODE, ana, invitation=invitation(Purpose.OFFICER, "ana")), rules)
    assert not used(draft)
    assert said(draft, "x") == [rules.words.say("en", "message.stored")]


def test_a_code_that_is_for_somebody_else_stays_good(rules: Rules) -> None:
    ana, carla = somebody("ana", Role.OFFICER), somebody("carla", Role.LEAD)
    sami = somebody("sami", Role.DEFENDER)
    for purpose, maker in ((Purpose.DEFENDER, "ana"), (Purpose.OFFICER, "carla"), (Purpose.LEAD, "carla")):
        draft = decide(facts(sami, CODE, ana, carla, invitation=invitation(purpose, maker)), rules)
        assert not used(draft), purpose
        assert said(draft, "sami")
    own = invitation(Purpose.CONTACT, "sami", "sami")
    draft = decide(replace(facts(sami, CODE, ana, invitation=own), people={"sami": sami}), rules)
    assert not used(draft)
    assert said(draft, "sami") == [rules.words.say("en", "contact.own_code")]


@pytest.mark.parametrize("purpose", [Purpose.OFFICER, Purpose.LEAD])
def test_a_code_of_a_lead_gives_a_number_and_no_rights(rules: Rules, purpose: Purpose) -> None:
    carla = somebody("carla", Role.LEAD)
    draft = decide(
        facts(somebody("dana", Role.STRANGER), CODE, carla, invitation=invitation(purpose, "carla")), rules
    )
    dana = draft.entities["dana"]
    assert (dana.status, dana.is_staff, dana.verified, len(dana.check)) == (
        Standing.PENDING,
        False,
        False,
        4,
    )
    assert dana.check in said(draft, "dana")[0]
    assert not any(dana.check in text for text in said(draft, "carla"))
    assert dana.check not in repr(dana)
    (made,) = used(draft)
    assert (made.used_at, made.used_by) == (NOW, "dana")
    assert not any(kind is DeadlineKind.WATCH for kind, _ in draft.deadlines)


def test_the_administrators_code_gives_rights_and_begins_the_watch(rules: Rules) -> None:
    draft = decide(facts(somebody("dana", Role.STRANGER), CODE, invitation=invitation(Purpose.LEAD)), rules)
    assert draft.entities["dana"].is_staff
    assert draft.deadlines[(DeadlineKind.WATCH, "main")] is not None


def test_the_same_facts_give_the_same_decision(rules: Rules) -> None:
    carla = somebody("carla", Role.LEAD)

    def once() -> dict[str, object]:
        made = facts(carla, "invite officer Dana", carla)
        return dict(decide(made, rules).entities)

    assert once() == once()


# ------------------------------------------------------------------------------------------------ who can ask for what


@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ("/help", set(Role)),
        ("menu", set(Role)),
        ("language", set(Role)),
        ("LANGUE.", set(Role)),
        ("اللغة", set(Role)),
        ("link", {Role.CONTACT, Role.DEFENDER, Role.OFFICER, Role.LEAD}),
        ("/add_contact Lina", {Role.DEFENDER}),
        ("add contact Lina", {Role.DEFENDER}),
        ("stop contact Lina", {Role.DEFENDER, Role.CONTACT}),  # a contact of somebody called so would leave
        ("I use voice", {Role.DEFENDER}),
        ("/name Samir", {Role.DEFENDER}),
        ("name Samir", set()),
        ("stop", {Role.CONTACT, Role.DEFENDER}),
        ("confirm 1234", {Role.OFFICER, Role.LEAD}),
        ("unfreeze Sami", {Role.OFFICER, Role.LEAD}),
        ("help", set()),
        ("call me Samir", set()),
        ("link me to a lawyer", set()),
        ("menu of the day", set()),
        ("language " + "x" * 300, set()),
    ],
)
def test_only_commands_of_ones_own_role_are_commands(rules: Rules, words: str, roles: set[Role]) -> None:
    for role in Role:
        person = somebody("x", role)
        found = asked(Draft(facts(person, words), rules), person, words)
        assert (found is not None) is (role in roles), role
        frozen = replace(person, status=Standing.FROZEN)
        found = asked(Draft(facts(frozen, words), rules), frozen, words)
        assert (found is not None) is (roles == set(Role)), role


@pytest.mark.parametrize(
    ("words", "ends"),
    [("stop", True), ("stop Sami", True), ("stop the car please tell him", False), ("stop Lina", False)],
)
def test_a_contact_leaves_with_the_word_alone_or_with_a_name(rules: Rules, words: str, ends: bool) -> None:
    lina, sami = somebody("lina", Role.CONTACT), somebody("sami", Role.DEFENDER)
    link = ContactLink("link", "sami", "lina", LinkStatus.CONSENTED, 0, 1, "key", "Lina")
    draft = decide(facts(lina, words, wards=(Ward(link, sami, (), ()),)), rules)
    ended = [
        e for e in draft.entities.values() if isinstance(e, ContactLink) and e.status is LinkStatus.ENDED
    ]
    assert bool(ended) is ends


# --------------------------------------------------------------------------------------------------------- the watch


@pytest.mark.parametrize(
    "zone", ["Europe/Brussels", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia"]
)
def test_the_daily_look_comes_once_a_day_whatever_the_clocks_do(zone: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(366):
        following = watch_deadline("main", zone, at).due_at
        assert timedelta() < following - at <= timedelta(hours=25)
        assert following.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "09:00"
        assert watch_deadline("main", zone, following - timedelta(seconds=1)).due_at == following
        at = following
