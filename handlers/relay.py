"""Carrying the conversation: what a person writes reaches the desk, what the taker writes reaches the person.

Nothing that arrives is answered with silence alone: it stands on a case, and whoever has the case, or was paged for it,
gets it as it arrives.
"""

from __future__ import annotations

from collections.abc import Iterator

from alerts.cases import Case, CaseStatus, Message, StoredFile, answered
from alerts.events import Inbound, InboundKind, Location, OutboundKind
from alerts.facts import Heard
from alerts.outbox import Outgoing
from alerts.people import Person, Reach
from alerts.records import replace
from handlers.draft import Draft
from handlers.paging import name_for_desk
from handlers.telling import answer
from handlers.words import HEADLINE, excerpt, legible

RELAY_LIMIT = 3500
"""Characters of one relayed message; what is longer goes out in several."""

FILE_KINDS = {InboundKind.VOICE: "voice", InboundKind.PHOTO: "photo", InboundKind.FILE: "file"}


def point_of(location: Location) -> str:
    """A place as two numbers."""
    return f"{location.latitude:.5f}, {location.longitude:.5f}"


def place_key(location: Location) -> str:
    """What to say of a place: one, one that is being shared, or the last one of such a sharing."""
    if location.ended:
        return "relay.location_ended"
    return "relay.location_live" if location.live else "relay.location"


def content_of(draft: Draft, reader: Person, inbound: Inbound) -> str:
    """What a message says, in words for the reader: text, place, or what kind of file came."""
    parts = []
    if inbound.kind is InboundKind.EDIT:
        parts.append(draft.word(reader, "relay.edited"))
    if inbound.kind is InboundKind.DELETE:
        parts.append(draft.word(reader, "relay.deleted"))
    if inbound.location is not None:
        parts.append(draft.word(reader, place_key(inbound.location), point=point_of(inbound.location)))
    if inbound.kind in FILE_KINDS:
        parts.append(draft.word(reader, f"relay.{FILE_KINDS[inbound.kind]}"))
    if inbound.kind is InboundKind.UNREADABLE:
        parts.append(draft.word(reader, "relay.unreadable"))
    if legible(inbound.text):
        parts.append(inbound.text)
    elif not parts and inbound.kind in (InboundKind.TEXT, InboundKind.OTHER):
        parts.append(draft.word(reader, "desk.no_text"))
    return "\n".join(parts)


def headline_of(draft: Draft, inbound: Inbound) -> str:
    """The first words of a message for the case's headline, in the desk's language."""
    desk = draft.facts.desk.staff[0] if draft.facts.desk.staff else None
    if desk is not None:
        return excerpt(content_of(draft, desk, inbound))
    return excerpt(inbound.text)


def keep(
    draft: Draft,
    event: Heard,
    person_id: str,
    author: Person,
    case: Case | None,
    *,
    kind: str = "",
    text: str | None = None,
) -> Message:
    """Records an inbound message, and wants its files. `kind` and `text` stand for what it says by itself."""
    inbound = event.inbound
    message = draft.record(
        person_id=person_id,
        author_id=author.id,
        kind=kind or inbound.kind.value,
        case=case,
        key_id=author.key_id,
        text=inbound.text if text is None else text,
        at=event.received_at,
        channel=inbound.channel,
        ref=inbound.message_ref,
        latitude=inbound.location.latitude if inbound.location else None,
        longitude=inbound.location.longitude if inbound.location else None,
        sent_at=inbound.sent_at,
    )
    for attachment in inbound.attachments:
        draft.put(
            StoredFile(
                id=draft.new_id(),
                message_id=message.id,
                case_id=message.case_id,
                person_id=person_id,
                state="wanted",
                size=attachment.size,
                attempts=0,
                ready_at=draft.now,
                key_id=message.key_id,
                channel=inbound.channel,
                remote_id=attachment.remote_id,
                content_type=attachment.content_type,
                name=attachment.name,
                voice=attachment.voice,
            )
        )
    return message


def watchers(draft: Draft, case: Case) -> tuple[Person, ...]:
    """Who sees what arrives on a case: its taker, else everybody who was paged for it; both while others are called
    because its taker cannot be reached."""
    case = draft.latest(case)
    ids = case.paged
    if case.status is CaseStatus.TAKEN and case.taken_by:
        ids = (case.taken_by, *(case.paged if case.climb_from is not None else ()))
    found = (draft.facts.desk.person(i) for i in dict.fromkeys(ids))
    return tuple(p for p in found if p is not None)


def to_desk(draft: Draft, case: Case, author: Person, inbound: Inbound, *, note: str = "") -> None:
    """Shows a message to those who watch the case. `note` is a key of words put in front."""
    for officer in watchers(draft, case):
        said = content_of(draft, officer, inbound)
        words = "\n".join(part for part in (draft.word(officer, note) if note else "", said) if part)
        relay_to_staff(draft, case, officer, author, words[:RELAY_LIMIT], inbound)
        for piece in pieces(words[RELAY_LIMIT:]):
            relay_to_staff(draft, case, officer, author, piece)


def rest_to_desk(draft: Draft, case: Case, author: Person, inbound: Inbound) -> None:
    """What opened a case, whole, when the page could show only its beginning."""
    if len(inbound.text) > HEADLINE:
        to_desk(draft, case, author, inbound)


def pieces(text: str) -> Iterator[str]:
    """The rest of a text in parts of what one relayed message holds, each marked as going on."""
    size = RELAY_LIMIT - 1
    for start in range(0, len(text), size):
        yield "…" + text[start : start + size]


def relay_to_staff(
    draft: Draft, case: Case, officer: Person, author: Person, words: str, inbound: Inbound | None = None
) -> tuple[Outgoing, ...]:
    """One message about a case to one officer, where content may go; a bare notice where it may not."""
    name = name_for_desk(draft, author) or draft.word(officer, "desk.somebody")
    text = draft.word(officer, "relay.to_desk", ref=case.ref, name=name, text=words)
    location = inbound.location if inbound else None
    rows = draft.say(
        officer,
        OutboundKind.RELAY,
        text,
        via="content",
        case=case,
        defender_id=case.person_id,
        latitude=location.latitude if location else None,
        longitude=location.longitude if location else None,
    )
    return rows or draft.say(
        officer,
        OutboundKind.RELAY,
        draft.word(officer, "relay.bare", ref=case.ref),
        case=case,
        defender_id=case.person_id,
    )


def waits_for_words(draft: Draft, case: Case) -> Case:
    """The person wrote on a taken case: somebody is expected to answer."""
    case = draft.latest(case)
    if case.status is CaseStatus.TAKEN and case.unanswered_since is None:
        case = draft.put_case(replace(case, unanswered_since=draft.now, nags=0))
    return case


def to_person(draft: Draft, case: Case, officer: Person, text: str, inbound: Inbound | None = None) -> Case:
    """The taker's words go to the person, under the officer's alias."""
    person = draft.person(case.person_id)
    if person is None:
        return case
    message = draft.record(
        person_id=person.id,
        author_id=officer.id,
        kind="relay",
        case=case,
        key_id=case.key_id,
        text=text,
        channel=inbound.channel if inbound else "",
        ref=inbound.message_ref if inbound else "",
    )
    words = (
        draft.word(person, "relay.to_person", officer=officer.alias, text=text)
        if officer.alias
        else draft.word(person, "relay.to_person_nameless", text=text)
    )
    # By the message's id, so that it is found again when the officer deletes it.
    draft.say(person, OutboundKind.RELAY, words, case=case, group=message.id)
    draft.talk(person, exchange_at=draft.now, question=None)
    return draft.put_case(answered(draft.latest(case), draft.now))


def read_it(draft: Draft, officer: Person, case: Case) -> None:
    """The button on a page: what came under a changed key is to be readable. It says nothing about who wrote it, so
    rights and accounts stay frozen."""
    person = draft.person(case.person_id)
    frozen = [a for a in person.addresses if a.status is Reach.FROZEN] if person is not None else []
    for address in frozen:
        draft.event("trust_wanted", channel=address.channel, address=address.id)
    name = name_for_desk(draft, person) or draft.word(officer, "desk.somebody")
    answer(draft, officer, "read.asked" if frozen else "read.nothing", name=name, ref=case.ref)
