"""Who gets in and how: the entry points of everything about codes, roles, contacts, channels and language."""

from __future__ import annotations

from alerts.events import REPEATED, InboundKind
from alerts.facts import Heard
from alerts.invitations import clean_name, name_key
from alerts.outbox import Outgoing
from alerts.people import STAFF, Person, Role
from alerts.records import replace
from handlers import codes, contacts, dialogue, invitations, own_plan, refusing, staffing, taking
from handlers.asking import WHICH_CODE, Asked, asked, has_rights
from handlers.draft import Draft
from handlers.invitations import beside_code, own_words, without_code
from handlers.telling import answer, answer_on, first_on_call, notice_of
from handlers.words import excerpt

__all__ = [
    "CHOICES",
    "STAFF_CHOICES",
    "beside_code",
    "choice",
    "heard",
    "invite",
    "own_words",
    "without_code",
]

CHOICES = frozenset({"language", "contact", "enrol"})
STAFF_CHOICES = frozenset({*CHOICES, WHICH_CODE})
BY_NAME = frozenset({"refuse", "remove"})
"""Commands of staff whose word and name may as well be words for a defender. "Unfreeze" is no word for one, and is
written in the middle of a case."""


def choice(draft: Draft, event: Heard, person: Person, question: str, value: str, menu: Outgoing) -> None:
    """A choice in a dialogue of enrolment."""
    match question:
        case "language":
            dialogue.set_language(draft, person, value)
        case "contact":
            contacts.decided(draft, person, value)
        case "enrol":
            dialogue.skip(draft, person)
        case _ if question == WHICH_CODE:
            refusing.chosen(draft, person, value, menu)


def heard(draft: Draft, event: Heard, person: Person) -> bool:
    """A code, a command about who is who, or an answer in the dialogue at enrolment. Returns whether it was one."""
    inbound = event.inbound
    if inbound.kind is InboundKind.UNREADABLE and person.is_staff:
        if REPEATED not in inbound.text:
            staffing.key_changed(draft, event, person)
        return True
    if inbound.kind not in (InboundKind.TEXT, InboundKind.EDIT):
        return False
    if invitations.entered(draft, event, person):
        return True
    if inbound.kind is InboundKind.EDIT:
        return False
    wanted = asked(draft, person, inbound.text)
    about_case = any(target.case_id for target in draft.facts.targets)
    if wanted is not None and not about_case and perhaps_for_a_defender(draft, person, wanted):
        return True
    if wanted is not None and (wanted.slash or not about_case) and command(draft, person, wanted):
        return True
    return dialogue.heard(draft, person, inbound.text)


def command(draft: Draft, person: Person, wanted: Asked) -> bool:
    """Carries out a command. Returns False when the words were none."""
    rest = wanted.rest
    match wanted.command:
        case "help":
            help_(draft, person)
        case "language":
            return dialogue.ask_language(draft, person, wanted)
        case "link":
            codes.link(draft, person)
        case "add_contact" | "contact":
            return contacts.add(draft, person, wanted)
        case "contacts":
            contacts.show(draft, person)
        case "stop_contacts":
            contacts.stop(draft, person)
        case "stop_contact":
            return contacts.stop_one(draft, person, wanted)
        case "leave" if rest and not clean_name(rest):
            return False  # a sentence that begins with this word: the bare word would end every link
        case "leave":
            return contacts.leave(draft, person, clean_name(rest))
        case "voice" | "voice_off":
            voice(draft, person, wanted.command == "voice")
        case "plan":
            own_plan.show(draft, person)
        case "plan_off":
            own_plan.delete(draft, person)
        case "contacts_always" | "contacts_delivered":
            contacts.when_undelivered(draft, person, wanted.command == "contacts_always")
        case "name":
            rename(draft, person, rest)
        case _:
            return staff_command(draft, person, wanted)
    return True


def staff_command(draft: Draft, officer: Person, wanted: Asked) -> bool:
    """Commands of officers and leads. Without a slash they need what cannot stand in a sentence to a defender."""
    rest = wanted.rest
    match wanted.command:
        case "confirm" if wanted.slash or rest.replace(" ", "").isdecimal():
            staffing.confirm(draft, officer, rest)
        case "refuse" if wanted.slash or names_somebody(draft, rest):
            refusing.refuse(draft, officer, rest)
        case "remove" if wanted.slash or names_somebody(draft, rest):
            staffing.remove(draft, officer, rest)
        case "unfreeze" if wanted.slash or names_somebody(draft, rest):
            staffing.unfreeze(draft, officer, rest)
        case "content" if wanted.slash or rest.casefold() in ("signal", "telegram", "auto"):
            staffing.content(draft, officer, rest)
        case _:
            return False
    return True


def perhaps_for_a_defender(draft: Draft, officer: Person, wanted: Asked) -> bool:
    """Whether "refuse it" may have been said to the defender whom the officer is writing to: then nothing is done and
    nothing is sent, and the officer hears how to say which it is."""
    if wanted.slash or wanted.command not in BY_NAME or not names_somebody(draft, wanted.rest):
        return False
    case = taking.focus(draft, officer)
    if case is None or not isinstance(draft.facts.event, Heard):
        return False
    said = excerpt(draft.facts.event.inbound.text)
    answer_on(draft, officer, case, "desk.not_sent_command", text=said, ref=case.ref)
    return True


def names_somebody(draft: Draft, name: str) -> bool:
    """Whether somebody whom staff may name has this name."""
    facts = draft.facts
    people = (*facts.called, *facts.desk.staff, *facts.desk.waiting)
    invited = any(name_key(invitation.alias) == name_key(name) for invitation in facts.unused)
    return invited or any(staffing.is_called(p, name) for p in people)


def help_(draft: Draft, person: Person) -> None:
    """`/help`: what this person can write."""
    role = person.role if has_rights(draft, person) else Role.STRANGER
    answer(draft, person, "desk.help" if role in STAFF else f"help.{role.value}")


def voice(draft: Draft, person: Person, uses: bool) -> None:
    """`I use voice`: a voice note of theirs out of the blue is a message to look at, not an alarm."""
    draft.put_person(replace(person, uses_voice=uses))
    answer(draft, person, "voice.on" if uses else "voice.off")


def rename(draft: Draft, person: Person, wanted: str) -> None:
    """`/name`: what they wish to be called. The desk hears it, since it knows them by their name."""
    name = clean_name(wanted)
    if not name:
        answer(draft, person, "name.usage")
        return
    before = person.alias
    draft.put_person(replace(person, alias=name))
    answer(draft, person, "name.set", name=name)
    notice_of(draft, first_on_call(draft), "staff.renamed", before=before, name=name)


def invite(draft: Draft, officer: Person, rest: str) -> None:
    """`invite`."""
    staffing.invite(draft, officer, rest)
