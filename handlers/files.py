"""Attachments, once they are stored: passed on to the other side of the conversation, or said to be missing."""

from __future__ import annotations

from alerts.events import OutboundKind
from alerts.people import Person
from handlers import paging, relay
from handlers.draft import Draft


def decide(draft: Draft) -> None:
    """A file came, or will not come."""
    file, case, author = draft.facts.file, draft.facts.case, draft.facts.me
    if file is None or case is None or author is None:
        return
    if author.is_staff:
        person = draft.person(case.person_id)
        readers: tuple[Person, ...] = (person,) if person is not None else ()
    else:
        readers = relay.watchers(draft, case)
    for reader in readers:
        if file.state == "stored":
            name = paging.name_for_desk(draft, author) or draft.word(reader, "desk.somebody")
            key = "file.passed" if reader.is_staff else "file.passed_on"
            text = draft.word(reader, key, ref=case.ref, name=name)
            via = "content" if reader.is_staff else "usual"
            draft.say(
                reader,
                OutboundKind.RELAY,
                text,
                via=via,
                case=case,
                file_id=file.id,
                defender_id=case.person_id,
            )
        elif file.state == "gone":
            missing(draft, reader)
    if file.state == "gone" and not author.is_staff:
        draft.say(author, OutboundKind.ANSWER, draft.word(author, "file.not_stored"), case=case)


def missing(draft: Draft, reader: Person) -> None:
    """The file could not be fetched: said plainly, so that nobody waits for it."""
    case = draft.facts.case
    if case is None or not reader.is_staff:
        return
    text = draft.word(reader, "file.missing", ref=case.ref)
    draft.say(reader, OutboundKind.NOTICE, text, via="content", case=case, defender_id=case.person_id)
