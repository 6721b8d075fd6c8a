"""What is said without words: pictures of weapons, police, fire at a house, and SOS in dots and dashes.

1. A message of pictures alone is a doubt when one of them is as grave as its word is as a whole message ("knife",
   "police"), or when two belong together: fire and a house, fear and a door.
2. Beside words such a picture is read as its word: "he has a 🔪".
3. Where somebody laughs, eats, plays or celebrates, pictures say nothing. Fear or tears alone say nothing either.
"""

from __future__ import annotations

import re

from alerts.recognition.normal import fold

_WEAPONS = dict.fromkeys("🔫", "gun") | dict.fromkeys("🔪🗡", "knife") | dict.fromkeys("💣🧨", "bomb")
_POLICE = dict.fromkeys("👮🚓🚔", "police")
_WORDS = {ord(sign): f" {word} " for sign, word in (_WEAPONS | {"🪓": "axe"} | _POLICE).items()}
_GRAVE = frozenset("🔫🔪🗡💣🧨🪓👮🚓🚔🩸🚑🚒")
_FEAR = frozenset("😱😨😰😭😢😖🙏😧😟🆘")
_FEARED = frozenset("🚪🥷⛓🔒🔐🤕🏃🤐📵🕳👣👊🤜💥🔥⚠")
_FIRE = frozenset("🔥💥")
_HOUSES = frozenset("🏠🏡🏚🏢🏘🏫🏥⛺🛖🚪🚗🚙🚐")
_JOY = (
    *(
        (0x1F32D, 0x1F37F),
        (0x1F380, 0x1F393),
        (0x1F3A0, 0x1F3C2),
        (0x1F3C4, 0x1F3D3),
        (0x1F950, 0x1F96F),
        (0x1F600, 0x1F606),
    ),
    *((0x1F609, 0x1F60E), (0x1F923, 0x1F923), (0x1F929, 0x1F929), (0x1F970, 0x1F970), (0x1F973, 0x1F973)),
)
_JOYFUL = frozenset(chr(code) for first, last in _JOY for code in range(first, last + 1)) | frozenset(
    "😛😜😝🤪🙃👍👌✅💦💯🧸🎉"
)
_WARNED = 2  # warning signs that are more than one
_DOTS = re.compile(r"[.·•∙⋅●]")
_DASHES = re.compile(r"[-–—−_ー]")
_MORSE = re.compile(r"(?:\.\.\.---\.\.\.)+")
_LONGEST = 120  # characters of a message that is looked at as pictures or as dots and dashes


def pictured_alarm(text: str) -> bool:
    """Whether a message without words tells of danger by its pictures."""
    if len(text) > _LONGEST:
        return False
    signs = set(text)
    if signs & _JOYFUL:
        return False
    if signs & _GRAVE or text.count("⚠") >= _WARNED:
        return True
    return bool((signs & _FIRE and signs & _HOUSES) or (signs & _FEAR and signs & _FEARED - _FIRE))


def spelled_out(text: str, folded: str) -> str:
    """`folded`, or, where `text` shows what has a word, folded anew with that word; nothing said in joy is."""
    signs = set(text)
    if not signs & _GRAVE or signs & _JOYFUL:
        return folded
    return fold(text.translate(_WORDS))


def morse(text: str) -> bool:
    """Whether a message is SOS in dots and dashes, once or again and again."""
    if len(text) > _LONGEST or any(sign.isalnum() for sign in text):
        return False
    plain = _DASHES.sub("-", _DOTS.sub(".", text.replace("…", "...")))
    return _MORSE.fullmatch("".join(sign for sign in plain if sign in ".-")) is not None and not (
        set(plain) - set(".-/| \n!")
    )
