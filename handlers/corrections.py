"""An officer changes or deletes what they wrote.

1. What was changed goes where the message went and nowhere else: to the defender of that case, or into the notes. A
   note that is changed stays a note, whatever it says now.
2. What went to nobody is read as if it were written now: "tkae" that became "take" takes.
3. What was deleted is deleted at the defender's too, as far as the channel allows, and is not sent if it waits. The
   desk's record keeps it.

Trusts: Signal tells of deletions, Telegram does not.
"""

from __future__ import annotations

from alerts.cases import Message
from alerts.events import OutboundKind
from alerts.outbox import OUT, SendState
from alerts.people import Person
from alerts.records import replace
from handlers.draft import Draft
from handlers.telling import answer_on

PRIVATE = ("note", "plan")


def original(draft: Draft, officer: Person) -> Message | None:
    """What the officer wrote to a case, or noted on one, and now changes or deletes."""
    said = draft.facts.quoted
    mine = said is not None and said.author_id == officer.id and said.person_id != officer.id
    return said if mine and said is not None and said.case_id is not None else None


def deleted(draft: Draft, officer: Person) -> None:
    """The officer deleted a message. Nothing is said about one that went nowhere."""
    said = original(draft, officer)
    case = draft.facts.case
    if said is None or case is None:
        return
    draft.record(person_id=said.person_id, author_id=officer.id, kind="delete", case=case, key_id=said.key_id)
    if said.kind in PRIVATE:
        answer_on(draft, officer, case, "desk.deleted_kept", ref=case.ref)
        return
    person, undone = draft.person(said.person_id), False
    for row in draft.facts.group if person is not None else ():
        address = next((a for a in person.addresses if a.id == row.address_id), None) if person else None
        if row.state is SendState.QUEUED:
            draft.put(replace(row, state=SendState.STALE))
            undone = True
        elif row.state in OUT and address is not None and person is not None:
            undone = True
            for part in (*row.earlier_refs, row.ref):
                draft.say(
                    person, OutboundKind.NOTICE, "", to=(address,), delete_ref=part, urgency=2, case=case
                )
    answer_on(draft, officer, case, "desk.deleted" if undone else "desk.not_deleted", ref=case.ref)
