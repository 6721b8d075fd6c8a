"""What somebody asks of the bot in a few set words: "language", "link", "add contact lina".

1. The words of a command are data: `ask.<command>` in the catalogues, several with a bar between. English always works
   beside the person's own language.
2. A command is a whole message. Without a slash it is taken for one only where it cannot be the beginning of a
   sentence; what is not surely a command is a message for the desk.
3. Only commands of the person's own role are looked for: to everybody else the same words are ordinary words.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field

from alerts.invitations import plain_letters, ways
from alerts.people import Person, Reach, Role, Standing
from alerts.timetext.lexing import Phrases, Reader
from handlers.draft import Draft
from handlers.words import SOURCE_LANGUAGE, Words

LANGUAGE_WORDS = (
    "language",
    "idioma",
    "langue",
    "اللغة",
    "لغة",
    "língua",
    "язык",
    "dil",
    "lugha",
    "زبان",
    "ভাষা",
)
"""Whoever cannot read the present language asks for another one in their own."""
FOR_ALL = ("help", "language")
BY_ROLE = {
    Role.STRANGER: (),
    Role.CONTACT: ("link", "leave"),
    Role.DEFENDER: (
        "link",
        "add_contact",
        "contact",
        "contacts",
        "stop_contacts",
        "stop_contact",
        "voice_off",
        "voice",
        "plan",
        "plan_off",
        "contacts_always",
        "contacts_delivered",
        "name",
        "leave",
    ),
    Role.OFFICER: ("link", "confirm", "refuse", "remove", "unfreeze", "content"),
    Role.LEAD: ("link", "confirm", "refuse", "remove", "unfreeze", "content"),
}
WITH_MORE = frozenset(
    {
        "language",
        "add_contact",
        "contact",
        "stop_contact",
        "name",
        "leave",
        "confirm",
        "refuse",
        "remove",
        "unfreeze",
        "content",
    }
)
"""Commands that say something after the command's words."""
WHICH_CODE = "refuse"
"""Code of the question which of several codes is to be taken back."""
SHORTEST_ABOUT_CODES = 4
"""Characters that no message about trusted contacts has fewer of: an SOS is not looked at for one."""
AFTER_A_WORD = (":", ",", "،", ".")
SLASH_ONLY = frozenset({"name"})
"""Their words begin ordinary sentences."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and what came after its words."""

    command: str
    rest: str = field(repr=False)
    slash: bool = False


def has_rights(draft: Draft, person: Person) -> bool:
    """Whether a person's role counts now, on the account they wrote from."""
    address = draft.facts.address
    return person.status is Standing.ACTIVE and (address is None or address.status is not Reach.FROZEN)


def asked(draft: Draft, person: Person, text: str) -> Asked | None:
    """The command that a whole message is, among those that this person has."""
    if len(text) > 200:
        return None
    line = " ".join(plain_letters(text).split()).rstrip(".!")
    slash = line.startswith("/")
    if slash:
        first, _, rest = line[1:].partition(" ")
        line = f"{first.partition('@')[0].replace('_', ' ')} {rest}".strip()
    mine = BY_ROLE[person.role] if has_rights(draft, person) else ()
    for command in (*FOR_ALL, *mine):
        if command in SLASH_ONLY and not slash:
            continue
        for phrase in phrases(draft, person, command, slash=slash):
            if line.casefold() == phrase:
                return Asked(command, "", slash)
            if command in WITH_MORE and line.casefold().startswith(phrase + " "):
                return Asked(command, line[len(phrase) + 1 :].strip(), slash)
    return None


def spoken(draft: Draft, person: Person, key: str) -> set[str]:
    """The ways to say something that stand under a key, in English and in the person's language, as `folded` writes."""
    languages = (SOURCE_LANGUAGE, draft.language_of(person))
    return {phrase for language in languages for phrase in ways(draft.rules.words.say(language, key))}


def first_of(draft: Draft, person: Person, text: str, head: str, names: Iterable[str]) -> tuple[str, str]:
    """Which of `names` a text begins with, in English or in the person's language, and what comes after it.

    ("", the text) when it begins with none. The words stand in the catalogues under `head` and the name; a name that
    has none there, such as a desk's own, is only known as it is. Accents and apostrophes do not matter.
    """
    reader = Reader(text)
    found = reader.take(
        said_with(draft.rules.words, (SOURCE_LANGUAGE, draft.language_of(person)), head, names)
    )
    coming = reader.peek()
    if found is None or (coming is not None and coming.glued and coming.text not in AFTER_A_WORD):
        return "", text
    while (coming := reader.peek()) is not None and coming.text in AFTER_A_WORD:
        reader.at += 1
    return found, text[coming.begins :].strip() if coming is not None else ""


def said_with(words: Words, languages: Iterable[str], head: str, names: Iterable[str]) -> Phrases[str]:
    """How these names are said in these languages."""
    return phrases_of(
        tuple(
            (name, *(words.say(language, f"{head}.{name}") for language in languages))
            if words.has(f"{head}.{name}")
            else (name,)
            for name in names
        )
    )


@functools.lru_cache(maxsize=256)
def phrases_of(said: tuple[tuple[str, ...], ...]) -> Phrases[str]:
    """For each name, itself and the texts with the ways to say it."""
    return Phrases(
        {name: (name, *(way for text in texts for way in text.split("|"))) for name, *texts in said}
    )


def asks_about_codes(draft: Draft, person: Person, text: str) -> bool:
    """Whether a defender asks for, or ends, trusted contacts, or staff refuses somebody: only then is it of use which
    codes are out."""
    if person.role is Role.STRANGER:
        return False
    menu = draft.facts.target or draft.facts.menu
    if person.is_staff and menu is not None and menu.question == WHICH_CODE:
        return True
    if len(text) <= SHORTEST_ABOUT_CODES:
        return False
    wanted = asked(draft, person, text)
    return wanted is not None and ("contact" in wanted.command or wanted.command == "refuse")


def phrases(draft: Draft, person: Person, command: str, *, slash: bool) -> tuple[str, ...]:
    """The ways to say a command, the longest first."""
    found = spoken(draft, person, f"ask.{command}")
    if command == "language":
        found |= {word.casefold() for word in LANGUAGE_WORDS}
    if command == "help" and slash:
        # Without a slash these are an SOS word and a greeting. Whose language is not known asks in their own.
        words = draft.rules.words
        found |= {way for language in words.languages for way in ways(words.say(language, "slash.help"))}
    return tuple(sorted(found, key=len, reverse=True))
