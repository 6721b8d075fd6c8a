"""Whether words to a check-in's question are plainly an OK.

1. A bare yes is one only right after the question: to the last that we wrote to that account, or as a reply to it, and
   while no officer and no other conversation may be who it is for.
2. A question mark or a sign of distress beside an OK makes it none. So does a yes that is another word elsewhere.
3. Whatever is not plain is asked about once more, and no deadline moves for it.

Source: protection practice, "Check-ins": silence is never read as safety, and doubt is asked about.
"""

from __future__ import annotations

from alerts.facts import Heard
from alerts.people import Person
from alerts.recognition import Intent
from alerts.recognition.answers import whole
from alerts.recognition.normal import spellings
from handlers import checkin_answers
from handlers.draft import Draft
from handlers.wards import alerted_ward

OKS = frozenset({Intent.OK, Intent.SAFE})
SIGNS = frozenset(
    "?؟¿❓❔⁉🤔😢😭😰😨😱😓😥😟😞😔😣😖😫😩🥺😧😦😬😳😶🤐🤫🥶😵🤕🤒💔🩸🔪🔫💣🏴☠💀👎❌⛔🚫⚠🚨🚓🚔👮"
)
"""Signs with which nothing is plainly an OK."""
SHORT = 3
YES_AND_NOTHING_ELSE = frozenset({"yes", "yep", "yup", "si", "sip", "oui", "sim"})
"""Of yeses in as few Latin letters those that are no other word in a language that we know ("ya", "eh", "da")."""
HALF = frozenset({"right", "dale", "olur", "pode ser", "isso", "simon"})
"""They agree to something rather than say how it is."""


def plainly_ok(draft: Draft, event: Heard, person: Person, intent: Intent | None) -> bool:
    """Whether a text is an OK to what waits, given what it says as a whole."""
    plain = is_plain(event.inbound.text, intent)
    return plain and (intent is not Intent.YES or was_asked(draft, person))


def is_plain(text: str, intent: Intent | None) -> bool:
    """Whether an OK or a yes can be nothing else."""
    if SIGNS.intersection(text):
        return False
    if intent is not Intent.YES:
        return intent in OKS
    key = whole(text)
    readings = {key, *spellings(key)}
    if readings & HALF:
        return False
    short = [r for r in readings if len(r) <= SHORT and r.isascii()]
    return not short or any(r in YES_AND_NOTHING_ELSE for r in short)


def was_asked(draft: Draft, person: Person) -> bool:
    """Whether the last that they read from us, or what they reply to, is the question that waits, and nobody else waits
    for an answer of theirs."""
    if any(not case.drill for case in draft.facts.cases) or alerted_ward(draft, person) is not None:
        return False
    said = draft.facts.target or draft.facts.last_said
    waits = {round_.id for round_ in checkin_answers.waiting(draft)}
    return said is not None and said.question == checkin_answers.ASKED and said.round_id in waits
