"""Attachments, once they are stored: passed on to the other side of the conversation, or said to be missing."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.cases import Case
from alerts.events import OutboundKind
from alerts.people import Person
from alerts.recognition import Alarm
from handlers import paging, relay
from handlers.draft import Draft


def decide(draft: Draft) -> None:
    """A file came, or will not come."""
    file, case, author = draft.facts.file, draft.facts.case, draft.facts.me
    if file is None or case is None or author is None:
        return
    if draft.facts.whole_text:
        continued(draft, case, author)
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


def continued(draft: Draft, case: Case, author: Person) -> None:
    """The rest of a text that came cut. What came first was worked on at once; the rest follows it, and an alarm that
    stands in it alone is an alarm."""
    message, whole = draft.facts.message, draft.facts.whole_text
    cut = message.text if message is not None else ""
    rest = whole[len(cut) :] if whole.startswith(cut) else whole
    if not rest.strip():
        return
    if author.is_staff:
        for piece in pieces(rest):
            case = relay.to_person(draft, case, author, piece)
        return
    draft.record(
        person_id=case.person_id, author_id=author.id, kind="text", case=case, key_id=case.key_id, text=rest
    )
    recognise = draft.rules.recogniser.recognise
    if case.is_open and recognise(whole).alarm is Alarm.SOS and recognise(cut).alarm is not Alarm.SOS:
        case = paging.raise_to_p1(draft, case)
    for reader in relay.watchers(draft, case):
        for piece in pieces(rest):
            relay.relay_to_staff(draft, case, reader, author, piece)


def pieces(text: str) -> Iterator[str]:
    """A text in parts of what one relayed message holds, each marked as going on."""
    size = relay.RELAY_LIMIT - 1
    for start in range(0, len(text), size):
        yield "…" + text[start : start + size]


def missing(draft: Draft, reader: Person) -> None:
    """The file could not be fetched: said plainly, so that nobody waits for it."""
    case = draft.facts.case
    if case is None or not reader.is_staff:
        return
    text = draft.word(reader, "file.missing", ref=case.ref)
    draft.say(reader, OutboundKind.NOTICE, text, via="content", case=case, defender_id=case.person_id)
