"""Trusted contacts: named by a defender, told plainly what it means, and never written to before they agree.

1. The code is passed on by the defender; the contact writes first.
2. Both may end it at any time, without a reason. The defender always hears when a contact leaves; a contact whom the
   defender no longer trusts is not told, since that may be why.
3. When it happens while somebody waits for the defender, the desk hears it too: there is one person fewer to ask.

Source: protection practice, "Trusted contacts" and "Check-ins".
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.cases import Case
from alerts.checkins import Round
from alerts.events import OutboundKind
from alerts.facts import Ward
from alerts.invitations import NAME_LENGTH, QUOTES, clean_name, folded, free_name, name_key
from alerts.outbox import Choice
from alerts.people import ContactLink, Invitation, LinkStatus, Person, Purpose, Role
from alerts.records import replace
from handlers import codes, dialogue, relay
from handlers.asking import Asked, spoken
from handlers.draft import Draft
from handlers.telling import answer, first_on_call, notice_of, unasked
from handlers.words import excerpt

NO = "no"
MOST = 10
"""Trusted contacts of one defender."""


# ------------------------------------------------------------------------------------------------------ the defender


def standing(links: Iterable[ContactLink]) -> list[ContactLink]:
    """The links that have not ended."""
    return [link for link in links if link.status is not LinkStatus.ENDED]


def add(draft: Draft, person: Person, wanted: Asked) -> bool:
    """`contact NAME`. Returns False for words that ask the desk to call somebody."""
    name = clean_name(wanted.rest)
    bare = wanted.command == "contact" and not wanted.slash
    if bare and (len(name.split()) != 1 or asks_to_call(draft, person, name) or draft.facts.cases):
        return False
    if not name and wanted.rest and not wanted.slash:
        return False
    mine = standing(draft.facts.links)
    if not name:
        answer(draft, person, "contact.usage")
    elif any(name_key(link.label) == name_key(name) for link in mine):
        answer(draft, person, "contact.already", name=name)
    elif len(mine) >= MOST:
        answer(draft, person, "contact.most", count=MOST)
    elif codes.may_ask(draft, person):
        earlier = withdraw(draft, called(draft.facts.unused, name))
        code = codes.give(draft, person, Purpose.CONTACT, subject_id=person.id, alias=name)
        if earlier:
            answer(draft, person, "contact.replaced", name=name)
        answer(draft, person, "contact.code", name=name, code=code, hours=draft.rules.invitation_hours)
    return True


def called(invitations: Iterable[Invitation], name: str) -> list[Invitation]:
    """Codes that were given out for somebody of this name."""
    return [i for i in invitations if name_key(i.alias) == name_key(name)]


def withdraw(draft: Draft, unused: Iterable[Invitation]) -> list[str]:
    """Codes that nobody has used stop working. Gives the names they were for."""
    taken_back = list(unused)
    for invitation in taken_back:
        draft.put(replace(invitation, expires_at=draft.now))
    return list(dict.fromkeys(i.alias for i in taken_back))


def asks_to_call(draft: Draft, person: Person, word: str) -> bool:
    """Whether "contact …" is what the desk is to do, as in "contact police", rather than somebody's name."""
    return folded(word) in spoken(draft, person, "contact.not_names")


def show(draft: Draft, person: Person) -> None:
    """`contacts`: who they are, and who has not agreed yet."""
    lines = [
        draft.word(person, "contact.line_consented", name=link.label) for link in standing(draft.facts.links)
    ]
    asked = dict.fromkeys(invitation.alias for invitation in draft.facts.unused)
    lines += [draft.word(person, "contact.line_invited", name=name) for name in asked]
    if not lines:
        answer(draft, person, "contact.none")
        return
    title = draft.word(person, "contact.title")
    draft.say(person, OutboundKind.ANSWER, "\n".join([title, *lines]), urgency=3)


def stop_one(draft: Draft, person: Person, wanted: Asked) -> bool:
    """`stop contact NAME`. Returns False for words that name nobody: they may be for the desk."""
    name = wanted.rest.strip(QUOTES)
    mine = (*(link.label for link in standing(draft.facts.links)), *(i.alias for i in draft.facts.unused))
    known = any(name_key(label) == name_key(name) for label in mine)
    sentence = len(name.split()) > 1 or asks_to_call(draft, person, name) or bool(draft.facts.cases)
    if known:
        stop(draft, person, name)
    elif not name and (wanted.slash or not draft.facts.cases):
        show(draft, person)
    elif sentence and not wanted.slash:
        return False
    elif not mine:
        answer(draft, person, "contact.none")
    else:
        names = ", ".join(dict.fromkeys(mine))
        answer(draft, person, "contact.no_such", name=excerpt(name, NAME_LENGTH), names=names)
    return True


def stop(draft: Draft, person: Person, name: str | None = None) -> None:
    """`stop contact NAME`, or `stop contacts`: all of them. They are not told, and codes that they have not used yet
    do not work any more."""
    mine, unused = standing(draft.facts.links), draft.facts.unused
    ending = mine if name is None else [link for link in mine if name_key(link.label) == name_key(name)]
    taken_back = withdraw(draft, unused if name is None else called(unused, name))
    if not ending and not taken_back:
        answer(draft, person, "contact.none")
        return
    cases = [c for c in map(draft.latest, draft.facts.cases) if not c.drill]
    for link in ending:
        draft.put(replace(link, status=LinkStatus.ENDED, version=link.version + 1))
        forget(draft, link.contact_id, cases, draft.facts.rounds)
        tell_desk(draft, person, link, "staff.contact_stopped", cases, draft.facts.rounds)
    if ending:
        answer(draft, person, "contact.stopped", name=", ".join(link.label for link in ending))
    if taken_back:
        answer(draft, person, "contact.withdrawn", name=", ".join(taken_back))


def when_undelivered(draft: Draft, person: Person, asked: bool) -> None:
    """`contacts always`: they are asked even when our messages did not reach the defender; or the desk is called."""
    draft.put_person(replace(person, contacts_when_undelivered=asked))
    answer(draft, person, "contact.always" if asked else "contact.delivered")


# ------------------------------------------------------------------------------------------------------- the contact


def consents(draft: Draft, person: Person, invitation: Invitation) -> bool:
    """Somebody sends the code of a trusted contact: that is their consent, and they are told what it means."""
    defender = draft.person(invitation.subject_id)
    if defender is None or defender.id == person.id:
        answer(draft, person, "contact.own_code")
        return False
    known = next((w.link for w in draft.facts.wards if w.defender.id == defender.id), None)
    if known is not None and known.status is LinkStatus.CONSENTED:
        answer(draft, person, "contact.are_already", name=defender.alias)
        return False
    others = [link for link in standing(draft.facts.subject_links) if known is None or link.id != known.id]
    link = ContactLink(
        id=known.id if known is not None else draft.new_id(),
        defender_id=defender.id,
        contact_id=person.id,
        status=LinkStatus.CONSENTED,
        rank=known.rank if known else max((o.rank for o in draft.facts.subject_links), default=-1) + 1,
        version=known.version + 1 if known is not None else 1,
        key_id=defender.key_id,
        label=free_name(invitation.alias, (link.label for link in others)),
        consented_at=draft.now,
    )
    draft.put(link)
    if person.role is Role.STRANGER:
        alias = person.alias or link.label
        person = draft.put_person(replace(draft.latest(person), role=Role.CONTACT, alias=alias))
    unasked(draft, defender, draft.facts.subject_cases, "contact.agreed", name=link.label)
    draft.event("contact_joined")
    parts = [draft.word(person, "contact.welcome", name=defender.alias), *dialogue.telegram(draft, person)]
    choices = (Choice(f"contact:{NO}.{link.id}", draft.word(person, "button.refuse")),)
    draft.say(person, OutboundKind.ANSWER, "\n\n".join(parts), choices=choices, question="contact")
    return True


def decided(draft: Draft, person: Person, value: str) -> None:
    """Somebody who sent a code does not want to be a trusted contact after all."""
    word, _, link_id = value.partition(".")
    ward = next((w for w in draft.facts.wards if w.link.id == link_id), None)
    if word != NO or ward is None or ward.link.status is LinkStatus.ENDED:
        answer(draft, person, "contact.over")
        return
    end(draft, person, ward, "contact.declined")
    others = [w for w in draft.facts.wards if w.link.id != link_id and w.link.status is not LinkStatus.ENDED]
    if person.role is Role.CONTACT and not others:
        draft.put_person(replace(draft.latest(person), role=Role.STRANGER))
    answer(draft, person, "contact.declined_heard")


def leave(draft: Draft, person: Person, name: str) -> bool:
    """`stop`, from a trusted contact. Returns False when they are nobody's contact."""
    mine = [ward for ward in draft.facts.wards if ward.link.status is not LinkStatus.ENDED]
    leaving = [ward for ward in mine if not name or name_key(ward.defender.alias) == name_key(name)]
    if not leaving:
        return False
    for ward in leaving:
        end(draft, person, ward, "contact.left")
    if person.role is Role.CONTACT and len(leaving) == len(mine):
        person = draft.put_person(replace(draft.latest(person), role=Role.STRANGER))
    answer(draft, person, "contact.goodbye", name=", ".join(ward.defender.alias for ward in leaving))
    return True


def end(draft: Draft, contact: Person, ward: Ward, key: str) -> None:
    """A link ends from the contact's side: the defender hears it, and the desk while somebody waits."""
    link = ward.link
    draft.put(replace(link, status=LinkStatus.ENDED, version=link.version + 1))
    cases = [c for c in map(draft.latest, ward.cases) if not c.drill]
    unasked(draft, ward.defender, cases, key, name=link.label)
    forget(draft, contact.id, cases, ward.rounds)
    tell_desk(draft, ward.defender, link, "staff.contact_left", cases, ward.rounds)
    draft.event("contact_ended")


def forget(draft: Draft, contact_id: str, cases: Iterable[Case], rounds: Iterable[Round]) -> None:
    """Who is no contact any more gets nothing more, not even the all-clear."""
    for case in map(draft.latest, cases):
        if contact_id in case.alerted:
            draft.put_case(replace(case, alerted=tuple(i for i in case.alerted if i != contact_id)))
    for waiting in map(draft.latest, rounds):
        if contact_id in waiting.alerted:
            left = tuple(i for i in waiting.alerted if i != contact_id)
            draft.put(replace(waiting, alerted=left))


def tell_desk(
    draft: Draft,
    defender: Person,
    link: ContactLink,
    key: str,
    cases: Iterable[Case],
    rounds: Iterable[Round],
) -> None:
    """The desk hears that there is one contact fewer, when it is about somebody who is being waited for."""
    if link.status is not LinkStatus.CONSENTED:
        return
    told = False
    for case in map(draft.latest, cases):
        for officer in relay.watchers(draft, case):
            words = draft.word(officer, key, name=defender.alias, contact=link.label)
            relay.relay_to_staff(draft, case, officer, defender, words)
            told = True
    if not told and any((*rounds, *cases)):
        notice_of(draft, first_on_call(draft), key, name=defender.alias, contact=link.label)
