"""Invitations: what a code looks like, how it is read from what people type, and when it may be used.

Rules:

1. A code works once, until it expires, and only while whoever made it still may make it.
2. Only a keyed digest of it is stored, and no code is ever logged.
3. Every group of a code has a letter and a digit. So no word of any language is a code, nor a telephone number.
4. Whoever tries too many codes within an hour is answered as if none of them had been a code. A code that does not
   exist and one that does not work any more get the same answer.

Source: protection practice, "Trusted contacts" and "The desk"; the figures are our own judgement.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.people import Invitation, Purpose

CODE_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"
"""No B/8, I/1, O/0, S/5, Z/2: neither of two that are taken for each other."""
_DIGITS = "34679"
_ALPHABETIC = "ACDEFGHJKLMNPQRTUVWXY"
_GROUP = 5
_CHANCE = 12
"""Random bytes for one code: one a letter, and one a group for the place of a letter or digit that must be there."""
GUESSES = 5
"""Codes that do not work which one person may try within `GUESS_WINDOW`."""
GUESS_WINDOW = timedelta(hours=1)
CODES_A_DAY = 10
"""Codes that somebody who is not staff may ask for in a day."""
DAY = timedelta(days=1)
HIDDEN = "…"
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))

_LONGEST = 600
"""Characters of a message in which a code is looked for: a forwarded invitation, not a report."""
_BETWEEN = re.compile(r"[\s\-_.]+")
_SHAPE = r"(?=[A-Z0-9]{0,4}[0-9])(?=[A-Z0-9]{0,4}[A-Z])[A-Z0-9]{5}"
_WHOLE = re.compile(rf"(?:/?(?:START|CODE|CODIGO|CÓDIGO)\b[\s:]*)?({_SHAPE})[\s\-_.]{{0,3}}({_SHAPE})[\s.!]*")
_WITHIN = re.compile(rf"(?<![A-Z0-9-])([{CODE_LETTERS}]{{5}})-([{CODE_LETTERS}]{{5}})(?![A-Z0-9-])")


def codes_of(chance: bytes) -> tuple[str, ...]:
    """Codes out of random bytes, twelve bytes each: about 45 bits, in two groups that are easy to read out."""
    return tuple(
        "-".join(
            _group(chance[start + n * _GROUP :][:_GROUP], chance[start + 2 * _GROUP + n]) for n in (0, 1)
        )
        for start in range(0, len(chance) - _CHANCE + 1, _CHANCE)
    )


def _group(chance: bytes, more: int) -> str:
    letters = [CODE_LETTERS[byte % len(CODE_LETTERS)] for byte in chance]
    missing = next((kind for kind in (_DIGITS, _ALPHABETIC) if not set(letters) & set(kind)), "")
    if missing:
        letters[more % _GROUP] = missing[more // _GROUP % len(missing)]
    return "".join(letters)


def code_in(text: str) -> str:
    """The code that a text holds, as it was given out; empty when it holds none.

    As a whole message it may be typed in small letters, without the dash, with spaces, letter by letter, in another
    script's digits, or come by a link ("/start CODE"). Within a longer text, such as a forwarded invitation, only the
    exact form counts. What has the shape of a code but a letter that codes never have is given back too: no invitation
    belongs to it.
    """
    if len(text) > _LONGEST or not any(letter.isdecimal() for letter in text):
        return ""
    plain = plain_letters(text)
    found = _WHOLE.fullmatch(_spelt(plain).upper()) or next(
        (
            m
            for m in _WITHIN.finditer(plain)
            if all(not g.isalpha() and not g.isdecimal() for g in m.groups())
        ),
        None,
    )
    return f"{found[1]}-{found[2]}" if found else ""


def _spelt(plain: str) -> str:
    """A text that spells something letter by letter, put together; any other as it is."""
    letters = _BETWEEN.split(plain)
    return "".join(letters) if all(len(letter) == 1 for letter in letters) else plain


def hide_code(text: str) -> str:
    """The text with the code that `code_in` finds in it made unreadable."""
    plain, code = plain_letters(text), code_in(text)
    return plain.replace(code, HIDDEN) if code in plain else HIDDEN


def plain_letters(text: str) -> str:
    """A text with ASCII digits, dashes and apostrophes, without marks that are not seen, for comparing."""
    kept = []
    for letter in unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)):
        if letter.isdecimal():
            kept.append(str(unicodedata.decimal(letter)))
        elif unicodedata.category(letter) == "Pd" or letter == "\u2212":
            kept.append("-")
        elif unicodedata.category(letter) != "Cf":
            kept.append(letter)
    return "".join(kept).strip()


def folded(text: str) -> str:
    """A text as commands are compared: `plain_letters`, small, with single spaces. "J’UTILISE" is "j'utilise"."""
    return " ".join(plain_letters(text).casefold().split())


@functools.lru_cache(maxsize=4096)
def ways(text: str) -> frozenset[str]:
    """The ways to say something that a text of the catalogues gives with bars between, `folded`."""
    return frozenset(map(folded, text.split("|")))


def new_invitation(
    *,
    invitation_id: str,
    digest: bytes,
    desk: str,
    purpose: Purpose,
    now: datetime,
    hours: int,
    key_id: str,
    made_by: str | None = None,
    subject_id: str | None = None,
    alias: str = "",
) -> Invitation:
    """An invitation that nobody has used. `made_by` None: the administrator, at the machine."""
    return Invitation(
        id=invitation_id,
        digest=digest,
        desk=desk,
        purpose=purpose,
        made_by=made_by,
        subject_id=subject_id,
        made_at=now,
        expires_at=now + timedelta(hours=hours),
        used_at=None,
        used_by=None,
        key_id=key_id,
        alias=alias,
    )


def is_usable(invitation: Invitation, now: datetime) -> bool:
    """Whether it was neither used nor is too old."""
    return invitation.used_at is None and now < invitation.expires_at


def within(instants: Iterable[datetime], window: timedelta, now: datetime) -> tuple[datetime, ...]:
    """Those of the instants that are younger than `window`."""
    return tuple(instant for instant in instants if now - instant < window)


def check_number(fresh_id: str, taken: Iterable[str]) -> str:
    """Four digits, none of `taken`, that somebody reads out to prove that it was they who used a code.

    `fresh_id` is an id nobody has seen; its last sixteen digits cannot be foreseen.
    """
    used = {int(number) for number in taken if number}
    number = int(fresh_id[-16:], 16) % 9000
    while number + 1000 in used:
        number = (number + 1) % 9000
    return str(number + 1000)


# -------------------------------------------------------------------------------------------------------------- names

NAME_LENGTH = 40
NAME_WORDS = 3
QUOTES = "\"'“”«»‘’„`"


def clean_name(text: str) -> str:
    """What somebody is to be called, spaces and quotes trimmed; empty when it cannot be a name."""
    name = " ".join(text.split()).strip(QUOTES).strip()
    shown = all(unicodedata.category(letter)[0] not in "C" for letter in name)
    if not name or len(name) > NAME_LENGTH or len(name.split()) > NAME_WORDS or not shown:
        return ""
    if name.startswith("/") or code_in(name) or not any(letter.isalpha() for letter in name):
        return ""
    return name


def name_key(name: str) -> str:
    """A name as it is compared: "Ána  K" and "ána k" are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, or the name with the first number that makes it one nobody has."""
    used = {name_key(other) for other in taken}
    if name_key(name) not in used:
        return name
    return next(f"{name} {n}" for n in range(2, len(used) + 3) if name_key(f"{name} {n}") not in used)


def names_in(text: str) -> tuple[str, ...]:
    """What may be a name in a command: up to three words after its first or its second word."""
    words = text.split()[: NAME_WORDS + 2]
    found = (
        clean_name(" ".join(words[start:end]))
        for start in (1, 2)
        for end in range(start + 1, min(len(words), start + NAME_WORDS) + 1)
    )
    return tuple(dict.fromkeys(name for name in found if name))
