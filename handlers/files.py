"""Attachments, once they are stored: passed on to the other side of the conversation, or said to be missing."""

from __future__ import annotations

from alerts.cases import Case
from alerts.events import Inbound, InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.people import Person
from alerts.recognition import Alarm, Verdict
from handlers import paging, relay, sos
from handlers.corrections import PRIVATE
from handlers.draft import Draft

GRAVER = {
    Alarm.NONE: (Alarm.TOLD, Alarm.DOUBT, Alarm.SOS),
    Alarm.TOLD: (Alarm.DOUBT, Alarm.SOS),
    Alarm.DOUBT: (Alarm.SOS,),
}
"""What the beginning of a text says -> what its whole may say that has to be acted on."""


def decide(draft: Draft) -> None:
    """A file came, or will not come."""
    file, case, author = draft.facts.file, draft.facts.case, draft.facts.me
    if file is None or case is None or author is None:
        return
    if draft.facts.whole_text:
        continued(draft, case, author)
        return
    private = draft.facts.message is not None and draft.facts.message.kind in PRIVATE
    if private:
        # What comes with a note stays with it.
        readers: tuple[Person, ...] = () if file.state == "stored" else (author,)
    elif speaks_for_the_desk(case, author):
        person = draft.person(case.person_id)
        readers = (person,) if person is not None else ()
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
                group=file.id if not reader.is_staff else None,
                defender_id=case.person_id,
            )
        elif file.state == "gone":
            missing(draft, reader)
    if file.state == "gone" and not speaks_for_the_desk(case, author):
        draft.say(author, OutboundKind.ANSWER, draft.word(author, "file.not_stored"), case=case)


def speaks_for_the_desk(case: Case, author: Person) -> bool:
    """Whether somebody wrote as an officer, and not about an alarm of their own."""
    return author.is_staff and author.id != case.person_id


def continued(draft: Draft, case: Case, author: Person) -> None:
    """The rest of a text that came cut. What came first was worked on at once; the rest follows it, and an alarm or a
    doubt that stands in it alone is one."""
    message, whole = draft.facts.message, draft.facts.whole_text
    cut = message.text if message is not None else ""
    rest = whole[len(cut) :] if whole.startswith(cut) else whole
    if not rest.strip():
        return
    if speaks_for_the_desk(case, author):
        for piece in relay.pieces(rest):
            case = relay.to_person(draft, case, author, piece)
        return
    recognise = draft.rules.recogniser.recognise
    verdict = recognise(whole)
    if verdict.alarm in GRAVER.get(recognise(cut).alarm, ()):
        case = raised(draft, case, author, rest, verdict)
    else:
        draft.record(
            person_id=case.person_id,
            author_id=author.id,
            kind="text",
            case=case,
            key_id=case.key_id,
            text=rest,
        )
    for reader in relay.watchers(draft, case):
        for piece in relay.pieces(rest):
            relay.relay_to_staff(draft, case, reader, author, piece)


def raised(draft: Draft, case: Case, author: Person, rest: str, verdict: Verdict) -> Case:
    """The rest of a text as the alarm or the doubt that it is: as if it had been written by itself, so that it wakes
    the taker, and opens a new case when the one that it was for is closed by now."""
    channel = draft.facts.message.channel if draft.facts.message is not None else ""
    said = Heard("", Inbound(channel, InboundKind.TEXT, sender="", text=rest), draft.now)
    alarm = verdict.alarm
    if author.id == case.person_id:
        if alarm is Alarm.TOLD:
            return sos.told(draft, said, author, verdict.rule)
        return (sos.alarm if alarm is Alarm.SOS else sos.doubt)(draft, said, author)
    relay.keep(draft, said, case.person_id, author, case)
    if not case.is_open or alarm is not Alarm.SOS:
        return case
    return paging.alert_taker(draft, case, rest) if case.taken_by else paging.raise_to_p1(draft, case)


def missing(draft: Draft, reader: Person) -> None:
    """The file could not be fetched: said plainly, so that nobody waits for it."""
    case = draft.facts.case
    if case is None or not reader.is_staff:
        return
    text = draft.word(reader, "file.missing", ref=case.ref)
    draft.say(reader, OutboundKind.NOTICE, text, via="content", case=case, defender_id=case.person_id)
