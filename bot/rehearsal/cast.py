"""Putting the people of a script into a fresh store: the desk, its rota, defenders, their contacts and check-ins."""

from __future__ import annotations

from datetime import datetime

from alerts.checkins import CheckIn, CheckInKind, CheckInStatus
from alerts.deadlines import Deadline, DeadlineKind
from alerts.ids import Ids
from alerts.oncall import Layer, Rota
from alerts.people import Address, ContactLink, LinkStatus, Person, Reach, Role, Standing
from alerts.schedule import CheckInSchedule, next_prompt
from alerts.store.store import Store
from alerts.store.work import Work
from bot.channels.pretend_phones import account
from bot.clock import Entropy
from bot.rehearsal.script import Character, CheckInPlan, Script
from handlers.rules import Rules


def settle_in(store: Store, script: Script, rules: Rules, entropy: Entropy, now: datetime) -> None:
    """Writes everybody whom the desk knows when the story begins. Strangers are not written: nobody knows them."""
    ids = Ids(now, entropy.draw(16))
    known: dict[str, Person] = {}
    contacts = {name for person in script.people.values() for name in person.contacts}
    with store.writing() as work:
        for name in (*script.officers, *([script.lead] if script.lead else [])):
            role = Role.LEAD if name == script.lead else Role.OFFICER
            known[name] = _person(work, ids, script.people[name], role, rules, verified=True)
        for person in script.people.values():
            if person.name in known or not (person.verified or person.name in contacts):
                continue
            role = Role.DEFENDER if person.verified else Role.CONTACT
            known[person.name] = _person(work, ids, person, role, rules, verified=person.verified)
        for person in script.people.values():
            for rank, name in enumerate(person.contacts):
                work.put(_link(ids, known[person.name], known[name], rank, now))
            if person.check_in is not None:
                _check_in(
                    work, ids, known[person.name], person.check_in, person.zone or script.zone, rules, now
                )
        if script.officers:
            members = tuple(known[name].id for name in script.officers)
            work.save_rota(rules.desk, Rota(script.zone, (Layer(members),)), work.vault.keys.take())
        work.flush()


def _person(
    work: Work, ids: Ids, character: Character, role: Role, rules: Rules, *, verified: bool
) -> Person:
    person_id, key = ids.new(), work.vault.keys.take()
    addresses = tuple(
        Address(ids.new(), person_id, channel, rank, Reach.OK, None, key, account(character.name, channel))
        for rank, channel in enumerate(character.channels)
    )
    person = Person(
        id=person_id,
        desk=rules.desk,
        role=role,
        status=Standing.ACTIVE,
        verified=verified,
        version=1,
        key_id=key,
        alias=character.name.capitalize(),
        language=character.language,
        zone=character.zone,
        addresses=addresses,
    )
    work.put(person)
    return person


def _link(ids: Ids, defender: Person, contact: Person, rank: int, now: datetime) -> ContactLink:
    return ContactLink(
        id=ids.new(),
        defender_id=defender.id,
        contact_id=contact.id,
        status=LinkStatus.CONSENTED,
        rank=rank,
        version=1,
        key_id=defender.key_id,
        label=contact.alias,
        consented_at=now,
    )


def _check_in(
    work: Work, ids: Ids, person: Person, plan: CheckInPlan, zone: str, rules: Rules, now: datetime
) -> None:
    schedule = CheckInSchedule(
        zone=zone,
        times=plan.times,
        days=plan.days,
        every_hours=plan.every_hours,
        anchor=now if plan.every_hours is not None else None,
        quiet=plan.quiet,
    )
    due = next_prompt(schedule, now)
    check_in = CheckIn(
        id=ids.new(),
        person_id=person.id,
        desk=rules.desk,
        kind=CheckInKind.PERIODIC,
        status=CheckInStatus.ACTIVE,
        version=1,
        next_at=due,
        key_id=person.key_id,
        protocol=plan.protocol,
        schedule=schedule,
        made_by=person.id,
        created_at=now,
    )
    work.put(check_in)
    if due is not None:
        work.arm(Deadline(DeadlineKind.PROMPT, check_in.id, person.id, check_in.version, 0, 4, due))
