"""Many people of one country out of reach at once: perhaps their network was shut down, and the desk is told so once.

Each of them has a case all the same; this is what the cases have in common, which nobody sees from one of them.

Source: protection practice, "Check-ins".
"""

from __future__ import annotations

from babel import Locale

from alerts.cases import Case
from alerts.events import OutboundKind
from alerts.people import Person
from alerts.records import replace
from alerts.timetext.zones import country_of
from handlers.draft import Draft

SHOWN = 12
"""References in one notice."""


def suspected(draft: Draft, case: Case, person: Person, duty: tuple[Person, ...]) -> Case:
    """Notes that this person was out of reach, and where. When that makes many, those on duty hear of it: as soon as
    they are many, and again each time that they have doubled."""
    country = country_of(person.zone)
    if not country:
        return case
    case = draft.put_case(replace(case, unreached_in=country))
    policy = draft.rules.policy
    lately = draft.now - policy.shutdown_within
    alike = {
        other.id: other
        for other in (*map(draft.latest, draft.facts.board), case)
        if other.unreached_in == country and other.opened_at >= lately
    }
    if len(alike) not in {policy.shutdown_people * 2**n for n in range(16)}:
        return case
    draft.event("shutdown_suspected", people=len(alike))
    for officer in duty:
        text = draft.word(
            officer,
            "notice.shutdown",
            count=len(alike),
            country=Locale.parse(draft.language_of(officer)).territories.get(country, country),
            hours=round(policy.shutdown_within.total_seconds() / 3600),
            refs=", ".join(other.ref for other in list(alike.values())[-SHOWN:]),
        )
        draft.say(officer, OutboundKind.NOTICE, text, via="content", urgency=2)
    return case
