"""Folds what people type to one plain spelling, in time linear in its length.

Lexicon entries go through the same `fold`, so the two sides always meet. Capitals, accents, Arabic vowel marks,
tatweel, full-width and squared letters, invisible marks, and letters of one alphabet hidden in a word of another
(a Cyrillic "о" in "SОS") all disappear here, and Bengali letters that sound alike are one. Bengali vowel signs stay:
without them its words run together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

BREAK = "."
SOS_SIGN = "\U0001f198"
SIREN = "\U0001f6a8"

_CLAUSE_ENDS = "!?;\n\r\u2026\u061f\u061b\u0964\u0965\u06d4\u3002\uff01\uff1f"
_INVISIBLE = (0x00AD, 0x034F, 0x061C, 0x180E, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF)
_ARABIC_VARIANTS = {
    "ٱ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ک": "ك",
    "ڪ": "ك",
    "ة": "ه",
    "ۀ": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ە": "ه",
    "ء": "",
    "ـ": "",
    "گ": "ك",
    "ڤ": "ف",
    "ۇ": "و",
    "ظ": "ض",
    "ذ": "د",
    "ث": "ت",
}
# Bengali letters that sound alike and are often mistaken for each other; the word's meaning hardly ever hangs on them.
_BENGALI_VARIANTS = {
    "শ": "স",
    "ষ": "স",
    "ণ": "ন",
    "য": "জ",
    "\u09df": "য",
    "ঙ": "ং",
    "ৎ": "ত",
    "\u09c0": "\u09bf",
    "\u09c2": "\u09c1",
    "\u0981": "",
}
# What people shorten on a phone, where the short form is a word of no other language here. The same in lexicons.
_SHORTENED = {
    "jsuis": "je suis",
    "jsui": "je suis",
    "chui": "je suis",
    "chuis": "je suis",
    "jsus": "je suis",
    "jme": "je me",
    "jte": "je te",
    "jle": "je le",
    "jla": "je la",
    "jles": "je les",
    "jai": "j ai",
    "jvais": "je vais",
    "jveux": "je veux",
    "jpeux": "je peux",
    "jsais": "je sais",
    "jcrois": "je crois",
    "jentends": "j entends",
    "jvois": "je vois",
    "cest": "c est",
    "cetait": "c etait",
    "mont": "m ont",
    "qqn": "quelqu un",
    "qqun": "quelqu un",
    "quelquun": "quelqu un",
    "kelkun": "quelqu un",
    "mtn": "maintenant",
    "mnt": "maintenant",
    "tjr": "toujours",
    "tjrs": "toujours",
    "ds": "dans",
    "ns": "nous",
    "tt": "tout",
    "bcp": "beaucoup",
    "daide": "d aide",
    "avc": "avec",
    "cnt": "cant",
    "smth": "something",
    "smone": "someone",
    "tonite": "tonight",
    "pls": "please",
    "plz": "please",
    "pfv": "por favor",
    "agr": "agora",
    "ngm": "ninguem",
    "gnt": "gente",
    "porfa": "por favor",
    "xfa": "por favor",
    "ahorita": "ahora",
}
_LATIN_VARIANTS = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae", "ß": "ss"}
_CYRILLIC_TO_LATIN = str.maketrans("аеорсухкмтнвіјѕьһԁɡ", "aeopcyxkmthbijsbhdg")
_LATIN_TO_CYRILLIC = str.maketrans("aeopcyxkmthbijs", "аеорсухкмтнвијс")
_GREEK_TO_LATIN = str.maketrans("αβεηικμνορσςτυχ", "abehikmvopsstux")


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for code in range(0x10000):
        if 0xD800 <= code <= 0xDFFF:
            table[code] = " "
            continue
        category = unicodedata.category(chr(code))
        if category[0] in "PSZC":
            table[code] = " "
    for code in (
        *range(0x0300, 0x0370),
        *range(0x0610, 0x061B),
        *range(0x064B, 0x0660),
        0x0670,
        *range(0x06D6, 0x06ED),
        0x09BC,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x2070),
        *range(0xFE00, 0xFE10),
        0x20E3,
        *_INVISIBLE,
    ):
        table[code] = None
    for ends in _CLAUSE_ENDS:
        table[ord(ends)] = f" {BREAK} "
    table[ord(".")] = f" {BREAK} "
    for variants in (_ARABIC_VARIANTS, _BENGALI_VARIANTS, _LATIN_VARIANTS):
        table.update({ord(key): value for key, value in variants.items()})
    for zero in (0x0660, 0x06F0, 0x09E6):
        table.update({zero + digit: str(digit) for digit in range(10)})
    for apostrophe in "'’‘ʼ`´":
        table[ord(apostrophe)] = "'"
    for first in (0x1F150, 0x1F170, 0x1F1E6):
        table.update({first + letter: chr(97 + letter) for letter in range(26)})
    table[ord(SOS_SIGN)] = f" {SOS_SIGN} "
    table[ord(SIREN)] = f" {SIREN} "
    for emoji in (*range(0x1F300, 0x1F650), *range(0x1F680, 0x1F700), *range(0x1F900, 0x1FB00)):
        table.setdefault(emoji, " ")
    for skin_or_tag in (*range(0x1F3FB, 0x1F400), *range(0xE0000, 0xE0080)):
        table[skin_or_tag] = None
    return table


_TABLE = _table()
_ASCII_TABLE = {code: _TABLE[code] for code in range(128) if code in _TABLE}
_APOSTROPHE = re.compile(r"(?<![^\W_])((?!i')[^\W_]|qu)'(?=[^\W_])")
_SPELLED = re.compile(r"(?<![^\W_])[^\W_](?:[ .]{1,3}[^\W_](?![^\W_])){2,}")
_RUN = re.compile(r"(.)\1{2,}")
_TWICE = re.compile(r"(.)\1+")
_LATIN = re.compile(r"[a-z]")
_DOUBLED = re.compile(r"[^\W\d_]{2,}([^\W\d_])\1")
_FOREIGN = re.compile(
    "[\u0455\u0456\u0458\u051b\u0501]"
)  # Cyrillic that looks Latin, and is in no word of ours
_LOOKALIKE = re.compile(r"[\u0370-\u04ff]")
_PERSIAN_PREFIX = re.compile(r"(?<![^\s(|])(ن?مي) (?=[^\W\d_]|\()")
_PERSIAN_ENDING = re.compile(r"(?<=[^\W\d_]) (اند|ها)(?![^\s)|])")
_YA_WITH_DOT = "\u09af\u09bc"  # another letter than without the dot
_BENGALI_NG = re.compile("ং\u09cd?গ")
# Ways to end a verb that are one in meaning: Arabic "وا" and "و", Persian "ند" and "ن", Turkish "yolar" and "yorlar",
# and the Bengali of Dhaka's streets, "করতেছে" and "করতাছে" for "করছে".
_ARABIC_PLURAL = re.compile(r"(?<=[\u0621-\u064a]{2}و)ا(?![^\W_])")
_PERSIAN_PLURAL = re.compile(r"(?<![^\W_])(ن?مي[^\W\d_]{2,})ند(?![^\W_])")
_TURKISH_NOW = re.compile(r"(?<=[a-z]{2}[iu])yo(?=(?:lar)?(?![^\W_]))")
_BENGALI_NOW = re.compile(r"(?<=[^\W_])(?:তেছ|তাছ|তেস)(?=[\u09be-\u09cc])")
_LONGEST = 48  # characters; no word of the lexicon comes near it


def fold(text: str) -> str:
    """Returns `text` in lower case letters, digits and single `BREAK` marks between clauses, words set apart."""
    if text.isascii():
        folded = text.lower().translate(_ASCII_TABLE)
    else:
        # Each different word is folded once: long texts repeat themselves, and the table is the slow part.
        words = text.replace("\n", f" {BREAK} ").split()
        table = {word: _fold_word(word) for word in set(words)}
        folded = " ".join([table[word] for word in words])
    if "'" in folded:
        folded = _APOSTROPHE.sub(r"\1 ", folded).replace("'", "")
    folded = _SPELLED.sub(lambda found: _join(found.group()), persian_joined(folded))
    return _one_spelling(folded)


def _one_spelling(folded: str) -> str:
    """`folded` with what is shortened written out, and with one of several endings that mean the same."""
    words = folded.split(" ")
    if not _SHORTENED.keys().isdisjoint(words):
        folded = " ".join([_SHORTENED.get(word, word) for word in words])
    if "yo" in folded:
        folded = _TURKISH_NOW.sub("yor", folded)
    if folded.isascii():
        return folded
    if "وا" in folded:
        folded = _ARABIC_PLURAL.sub("", folded)
    if "ند" in folded:
        folded = _PERSIAN_PLURAL.sub(r"\1ن", folded)
    return _BENGALI_NOW.sub("ছ", folded) if "ত" in folded else folded


def persian_joined(text: str) -> str:
    """`text`, folded or an entry of a lexicon, with the Persian verb prefix and two endings joined to their words.

    They are written joined, apart, or with an invisible joiner.
    """
    if "مي " in text:
        text = _PERSIAN_PREFIX.sub(r"\1", text)
    if " اند" in text or " ها" in text:
        text = _PERSIAN_ENDING.sub(r"\1", text)
    return text


def _fold_word(word: str) -> str:
    # Accents, hamza and ligatures come off by decomposition; what is left of Bengali is put together again.
    apart = unicodedata.normalize("NFKD", word).casefold().replace(_YA_WITH_DOT, "\u09df")
    folded = unicodedata.normalize("NFC", apart.translate(_TABLE))
    return _BENGALI_NG.sub("ং", folded) if "ং" in folded else folded


def _join(spelled: str) -> str:
    letters = spelled.replace(" ", "").replace(BREAK, "")
    return letters if not letters.isdigit() else spelled


def clauses(folded: str) -> Iterator[list[str]]:
    """Yields the words of each clause of a folded text; clauses without words are left out."""
    for part in folded.split(BREAK):
        words = part.split()
        if words:
            yield [word if len(word) <= _LONGEST else _RUN.sub(r"\1", word)[:_LONGEST] for word in words]


def spellings(word: str) -> list[str]:
    """Other readings of one folded word: repeated letters shortened, and letters of a second alphabet put right.

    Also its last letter written twice ("helpp"), which people do more than anywhere else in a word.
    """
    found: list[str] = []
    if _RUN.search(word):
        found += [_RUN.sub(r"\1", word), _RUN.sub(r"\1\1", word)]
    elif _DOUBLED.fullmatch(word):
        found.append(word[:-1])
    if not word.isascii() and (_FOREIGN.search(word) or (_LATIN.search(word) and _LOOKALIKE.search(word))):
        found += [
            word.translate(_GREEK_TO_LATIN).translate(_CYRILLIC_TO_LATIN),
            word.translate(_LATIN_TO_CYRILLIC),
        ]
    return found


def oddly_written(folded: str) -> bool:
    """Whether any word of a folded text can have other `spellings`."""
    return _RUN.search(folded) is not None or (
        not folded.isascii() and _LATIN.search(folded) is not None and _LOOKALIKE.search(folded) is not None
    )


def squeeze(word: str) -> str:
    """`word` without any letter twice in a row."""
    return _TWICE.sub(r"\1", word)
