"""The first minutes after a defender was enrolled: language, time zone, and how to raise an alarm.

1. One short message at a time, and every one may be left without an answer: the first already says how to call for
   help.
2. It waits in `talk.dialogue`, never as a question: a pin, a voice note or any alarm in the middle of it is an alarm.
3. Words that are no answer are a message for the desk.

Source: protection practice, "SOS"; and what Telegram does not protect is said once (docs/architecture.md).
"""

from __future__ import annotations

from alerts.events import OutboundKind
from alerts.outbox import Choice
from alerts.people import Person, Role
from alerts.recognition import Intent
from alerts.records import replace
from alerts.timetext.hints import Hint, Misread
from alerts.timetext.zones import zone_from_text
from handlers.asking import Asked
from handlers.draft import Draft
from handlers.telling import answer

OWN_NAMES = {"en": "English", "es": "Español", "fr": "Français", "ar": "العربية"}
"""Languages that are offered, each in its own words."""
OTHER_NAMES = {
    "spanish": "es",
    "french": "fr",
    "arabic": "ar",
    "عربي": "ar",
    "espanol": "es",
    "francais": "fr",
}
LANGUAGE, ZONE = "language", "zone"
SKIP = "skip"
ZONE_LENGTH = 40


def begin(draft: Draft, person: Person) -> None:
    """The first message: who this is, how to call for help, and which language."""
    parts = [draft.word(person, "enrol.welcome", name=person.alias), *telegram(draft, person)]
    parts.append(draft.word(person, "enrol.language"))
    choices = (*languages(), Choice(f"enrol:{SKIP}", draft.word(person, "button.skip")))
    draft.say(person, OutboundKind.QUESTION, "\n\n".join(parts), choices=choices, question=LANGUAGE)
    draft.talk(person, dialogue=LANGUAGE)


def telegram(draft: Draft, person: Person) -> tuple[str, ...]:
    """Once, to somebody on Telegram: what that does not protect, and what does."""
    person = draft.latest(person)
    if person.talk.told_telegram or person.talk.last_channel != "telegram":
        return ()
    draft.talk(person, told_telegram=True)
    return (draft.word(person, "enrol.telegram"),)


def languages() -> tuple[Choice, ...]:
    """The languages to choose from."""
    return tuple(Choice(f"{LANGUAGE}:{code}", name) for code, name in OWN_NAMES.items())


def ask_language(draft: Draft, person: Person, wanted: Asked) -> bool:
    """`language`: to choose from, or the one that was named. Returns False for words that name none."""
    named = wanted.rest.casefold()
    code = next((c for c, name in OWN_NAMES.items() if named in (c, name.casefold())), OTHER_NAMES.get(named))
    if code is not None:
        set_language(draft, person, code)
        return True
    if named and not wanted.slash:
        return False
    text = draft.word(person, "enrol.language")
    draft.say(person, OutboundKind.QUESTION, text, choices=languages(), question=LANGUAGE)
    return True


def set_language(draft: Draft, person: Person, code: str) -> None:
    """The language the bot speaks from now on; then what comes next in the dialogue, if it is going on."""
    person = draft.latest(person)
    if code in OWN_NAMES and person.language != code:
        person = draft.put_person(replace(person, language=code))
    if person.talk.dialogue == LANGUAGE:
        ask_zone(draft, person)
    else:
        answer(draft, person, "enrol.language_set")


def ask_zone(draft: Draft, person: Person) -> None:
    """The second step: where their day begins and ends."""
    skip = (Choice(f"enrol:{SKIP}", draft.word(person, "button.skip")),)
    draft.say(
        person, OutboundKind.QUESTION, draft.word(person, "enrol.zone"), choices=skip, question="enrol.zone"
    )
    draft.talk(person, dialogue=ZONE)


def finish(draft: Draft, person: Person) -> None:
    """The last step: how to call for help, to be kept in mind."""
    draft.talk(person, dialogue="")
    answer(draft, person, "enrol.how")


def skip(draft: Draft, person: Person) -> bool:
    """Goes on without an answer. Returns whether the dialogue was going on."""
    match person.talk.dialogue:
        case "language":
            ask_zone(draft, person)
        case "zone":
            finish(draft, person)
        case _:
            return False
    return True


def heard(draft: Draft, person: Person, text: str) -> bool:
    """Words in the middle of the dialogue. Returns whether they were an answer to it."""
    person = draft.latest(person)
    if not person.talk.dialogue or person.role is not Role.DEFENDER:
        return False
    if person.talk.question is not None or draft.facts.cases:
        return False  # what is asked about an alarm comes first
    if draft.rules.recogniser.intent(text) is Intent.SKIP:
        return skip(draft, person)
    if person.talk.dialogue != ZONE or len(text) > ZONE_LENGTH:
        return False
    zone = zone_from_text(text)
    if isinstance(zone, Misread) and zone.hint_key is Hint.ZONE_UNCLEAR:
        answer(draft, person, zone.hint_key.value)
        return True
    if isinstance(zone, Misread):
        # Perhaps a town that no zone is named after, perhaps something for the desk: it gets both.
        draft.talk(person, dialogue="")
        answer(draft, person, "enrol.zone_unknown")
        return False
    finish(draft, draft.put_person(replace(person, zone=zone)))
    return True
