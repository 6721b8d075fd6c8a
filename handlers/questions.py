"""The six questions after an alarm: one at a time, each skippable, asked once, and never before the page.

They stop when a person answers: from then on a human asks, unless whoever is asked goes on by a button or a number of
the last question. Source: protection practice, "SOS".
"""

from __future__ import annotations

from dataclasses import dataclass

from alerts.cases import Case
from alerts.events import Inbound, OutboundKind
from alerts.outbox import Choice
from alerts.people import Person, Question
from alerts.records import replace
from handlers.draft import Draft
from handlers.relay import point_of, to_desk

WHAT = "sos.what"
WHERE = "sos.where"
SKIP = "skip"
MORE = "more"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One question: its code, and the answers on offer (none: an answer in words, a pin or a voice note)."""

    code: str
    answers: tuple[str, ...] = ()
    list: str = ""
    """The taxonomy list whose codes are offered instead."""
    location: bool = False


FOLLOW_UPS = (
    FollowUp("sos.danger", ("now", "soon", "safe")),
    FollowUp(WHAT, list="incident"),
    FollowUp(WHERE, location=True),
    FollowUp("sos.hurt", ("nobody", "me", "others")),
    FollowUp("sos.contact", ("write", "call", "both", "neither")),
    FollowUp("sos.need", list="need"),
)
BY_CODE = {follow_up.code: follow_up for follow_up in FOLLOW_UPS}


def answers_of(
    draft: Draft, person: Person, follow_up: FollowUp, *, rest: bool = False
) -> tuple[Choice, ...]:
    """The choices of a question, ending with a way to skip it."""
    taxonomy = draft.rules.taxonomy
    if follow_up.list:
        first = taxonomy.first.get(follow_up.list, ())
        everything = taxonomy.lists[follow_up.list]
        codes = tuple(c for c in everything if c not in first) if rest else first or everything
        offered = [(f"{follow_up.code}:{c}", f"taxonomy.{follow_up.list}.{c}") for c in codes]
        if first and not rest:
            offered.append((f"{follow_up.code}:{MORE}", "button.more"))
    else:
        offered = [(f"{follow_up.code}:{a}", f"{follow_up.code}.{a}") for a in follow_up.answers]
    offered.append((f"{follow_up.code}:{SKIP}", "button.skip"))
    return draft.choices(person, offered)


def ask_next(draft: Draft, case: Case, person: Person, *, wanted: bool = False) -> None:
    """Asks the first question that was not asked yet, unless a human is already answering and nobody wants it."""
    case, person = draft.latest(case), draft.latest(person)
    if not case.is_open or (case.answered_at is not None and not wanted):
        draft.talk(person, question=None)
        return
    follow_up = next((f for f in FOLLOW_UPS if f.code not in case.asked), None)
    if follow_up is None:
        draft.talk(person, question=None)
        draft.say(person, OutboundKind.ANSWER, draft.word(person, "sos.thanks"), case=case)
        return
    put_question(draft, case, person, follow_up)


def put_question(
    draft: Draft, case: Case, person: Person, follow_up: FollowUp, *, rest: bool = False
) -> None:
    """Sends one question and remembers that it is the one that waits."""
    choices = answers_of(draft, person, follow_up, rest=rest)
    draft.say(
        person,
        OutboundKind.QUESTION,
        draft.word(person, follow_up.code),
        case=case,
        choices=choices,
        question=follow_up.code,
        ask_location=follow_up.location,
    )
    codes = tuple(c.code for c in choices)
    draft.talk(person, question=Question(follow_up.code, draft.now, case.id, choices=codes))
    if follow_up.code not in case.asked:
        draft.put_case(replace(case, asked=(*case.asked, follow_up.code)))


def answer(
    draft: Draft,
    case: Case,
    person: Person,
    inbound: Inbound,
    code: str,
    value: str,
    *,
    goes_on: bool = False,
) -> None:
    """An answer was given: by a choice (`goes_on`), or in words (`value` is then the text)."""
    if value == MORE:
        put_question(draft, case, person, BY_CODE[code], rest=True)
        return
    if value != SKIP:
        # A pin or a voice note is shown as what it is.
        as_it_is = inbound.location is not None or value == inbound.kind.value
        words = inbound.text if as_it_is else answer_words(draft, code, value)
        written = inbound.text.strip()
        if draft.latest(case).answered_at is not None and written not in ("", words.strip()):
            # A bare number may have been meant for the officer, who has written meanwhile.
            words = f"{words} (“{written}”)"
        to_desk(draft, case, person, replace(inbound, text=words), note=f"{code}.short")
    noted(draft, case, person, code, value, goes_on=goes_on)


def noted(draft: Draft, case: Case, person: Person, code: str, value: str, *, goes_on: bool = False) -> None:
    """The answer stands on the case, and the next question is asked if this one was waiting, or was the last one and
    the person goes on with it (`goes_on`) while a human answers."""
    case = draft.latest(case)
    last = case.asked[-1:] == (code,) and len(case.asked) < len(FOLLOW_UPS)
    asked = case.asked if code in case.asked else (*case.asked, code)
    answers = case.answers if value == SKIP else {**case.answers, code: value}
    case = draft.put_case(replace(case, answers=answers, asked=asked))
    waiting = person.talk.question
    if waiting is not None and waiting.code == code:
        ask_next(draft, case, person, wanted=goes_on)
    elif goes_on and last and waiting is None:
        ask_next(draft, case, person, wanted=True)


def meant(draft: Draft, case: Case, inbound: Inbound, waiting: str) -> str:
    """Which question words, a pin or a voice note answer: a pin says where, a quoted question is the one that is
    answered, everything else answers the one that waits."""
    if inbound.location is not None:
        return WHERE
    quoted = draft.facts.target
    if quoted is not None and quoted.case_id == case.id and quoted.question in BY_CODE:
        return quoted.question
    return waiting


def value_of(inbound: Inbound) -> str:
    """An answer that is no choice, as it stands on the case."""
    if inbound.location is not None:
        return point_of(inbound.location)
    return inbound.text or inbound.kind.value


def in_words(draft: Draft, code: str, value: str) -> str:
    """A question and its answer in one line for the desk."""
    words, language = draft.rules.words, draft.rules.language
    said = words.say(language, "button.skip") if value == SKIP else answer_words(draft, code, value)
    return f"{words.say(language, f'{code}.short')} {said}"


def answer_words(draft: Draft, code: str, value: str) -> str:
    """An answer's code as words for the desk; free text as it is."""
    follow_up = BY_CODE[code]
    words = draft.rules.words
    key = f"taxonomy.{follow_up.list}.{value}" if follow_up.list else f"{code}.{value}"
    return words.say(draft.rules.language, key) if words.has(key) else value
