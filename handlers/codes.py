"""Codes given out by chat."""

from __future__ import annotations

from alerts.invitations import CODES_A_DAY, DAY, new_invitation, within
from alerts.people import Person, Purpose
from alerts.recognition import Alarm
from handlers.draft import Draft
from handlers.telling import answer


def give(
    draft: Draft, maker: Person, purpose: Purpose, *, subject_id: str | None = None, alias: str = ""
) -> str:
    """A fresh code; the invitation behind it is noted."""
    spare = draft.facts.spare
    pairs = tuple(zip(spare.codes, spare.code_digests, strict=True))
    harmless = (p for p in pairs if draft.rules.recogniser.recognise(p[0]).alarm is Alarm.NONE)
    code, digest = next(harmless, pairs[0])
    draft.put(
        new_invitation(
            invitation_id=draft.new_id(),
            digest=digest,
            desk=draft.facts.desk.id,
            purpose=purpose,
            now=draft.now,
            hours=draft.rules.invitation_hours,
            key_id=maker.key_id,
            made_by=maker.id,
            subject_id=subject_id,
            alias=alias,
        )
    )
    draft.event("invitation_made", purpose=purpose.value)
    return code


def may_ask(draft: Draft, person: Person) -> bool:
    """Whether somebody outside the desk may ask for one more code today; told when not."""
    made = within(person.talk.codes_made, DAY, draft.now)
    if len(made) >= CODES_A_DAY:
        answer(draft, person, "code.too_many")
        return False
    draft.talk(person, codes_made=(*made, draft.now))
    return True


def link(draft: Draft, person: Person) -> None:
    """`link`: a code that joins another account of the same person to this one."""
    if not person.is_staff and not may_ask(draft, person):
        return
    code = give(draft, person, Purpose.CHANNEL, subject_id=person.id)
    answer(draft, person, "link.code", code=code, hours=draft.rules.invitation_hours)
