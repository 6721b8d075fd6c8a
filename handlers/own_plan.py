"""A defender's own emergency plan: what the desk shall do when they do not answer.

1. A plan tells of dangers that may come, so not every word of them is an alarm: who writes `/plan …` or `plan: …`
   while no case is open and no check-in waits writes a plan. At any other time alarming words are an alarm.
2. A plan that tells of something happening now is kept, and is a doubt as well: the desk is called, and the person says
   with one tap that it is none.
3. It is never shown on the phone again: a phone can be taken. The desk sees it at the plan's rung.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from alerts.events import LONG_TEXT, InboundKind
from alerts.facts import Heard
from alerts.people import Person, Role
from alerts.recognition import Alarm
from alerts.records import replace
from alerts.timetext.lexing import Reader
from handlers import sos
from handlers.asking import has_rights, phrases_of, spoken
from handlers.draft import Draft
from handlers.telling import answer, first_on_call, notice_of

HEAD = 40
"""Characters in which the words of the command stand."""
LONGEST = 3000
"""Characters of a plan: as many as are shown to the desk in one message."""


def plan_in(draft: Draft, person: Person, text: str) -> str:
    """The plan that a message surely is: after `/plan`, or after `plan:`. Empty for everything else."""
    return said_after(draft, person, text, "plan", "ask.plan")


def said_after(draft: Draft, person: Person, text: str, command: str, key: str) -> str:
    """What stands in a message after a command with a slash before it, or a colon behind it; empty without either."""
    text = text.strip()
    reader = Reader(text)
    slash = reader.peek()
    if slash is not None and slash.text == "/":
        reader.at += 1
    if reader.take(phrases_of(((command, "|".join(sorted(spoken(draft, person, key)))),))) is None:
        return ""
    coming = reader.peek()
    if coming is None or (slash is not None and slash.text == "/" and coming.glued and coming.text != ":"):
        return ""
    if coming.text == ":":
        reader.at += 1
    elif not text.startswith("/"):
        return ""
    coming = reader.peek()
    return text[coming.begins :].strip() if coming is not None else ""


def heard(draft: Draft, event: Heard, person: Person) -> bool:
    """A plan was written. Returns whether the message was one."""
    inbound = event.inbound
    may = person.role is Role.DEFENDER and person.verified and has_rights(draft, person)
    quiet = not draft.facts.cases and not draft.facts.rounds
    marked = inbound.text[:1] == "/" or ":" in inbound.text[:HEAD]
    if inbound.kind is not InboundKind.TEXT or not may or not quiet or not marked:
        return False
    plan = plan_in(draft, person, inbound.text)
    if not plan or draft.rules.recogniser.whole_message_sos(plan):
        return False
    cut = any(file.content_type == LONG_TEXT for file in inbound.attachments)
    if cut or len(plan) > LONGEST:
        # What a channel cut would be half a plan.
        answer(draft, person, "plan.too_long", count=len(plan) if cut else LONGEST)
        return True
    changed_for_desk(draft, person, plan)
    person = draft.put_person(replace(person, notes=plan))
    draft.event("plan_written", person=person.id)
    verdict = draft.verdict(inbound.text)
    if verdict.alarm is Alarm.SOS and verdict.rule != "model":
        # The model takes "if they arrest me" for an alarm; what a rule has found is happening.
        sos.doubt(draft, event, person)
    answer(draft, person, "plan.kept")
    return True


def changed_for_desk(draft: Draft, person: Person, plan: str) -> None:
    """The desk hears that a plan it counts on was taken away, or that another stands in its place."""
    if person.notes and plan != person.notes:
        notice_of(draft, first_on_call(draft), "notice.plan_changed", name=person.alias)


def show(draft: Draft, person: Person) -> None:
    """`my plan`: whether there is one, and how to write it."""
    answer(draft, person, "plan.has" if person.notes else "plan.none")


def delete(draft: Draft, person: Person) -> None:
    """`delete plan`."""
    changed_for_desk(draft, person, "")
    if person.notes:
        draft.put_person(replace(person, notes=""))
    answer(draft, person, "plan.deleted" if person.notes else "plan.none")
