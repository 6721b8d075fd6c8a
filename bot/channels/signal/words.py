"""What people do on Signal for which Watchline has no word of its own, told to the officer who reads the case."""

from __future__ import annotations

from bot.channels.signal.frames import Json, items, part, words

_EMPTY = frozenset(
    (
        "timestamp",
        "message",
        "expiresInSeconds",
        "isExpirationUpdate",
        "viewOnce",
        "hasProfileKey",
        "isProfileKeyUpdate",
        "isEndSession",
        "attachments",
        "mentions",
        "textStyles",
        "previews",
        "quote",
        "groupInfo",
        "reaction",
        "remoteDelete",
        "bodyRanges",
    )
)
"""Fields of a message that say nothing by themselves, or that are read elsewhere."""
_FOR_GROUPS = frozenset(("groupCallUpdate", "adminDelete"))


def describe_rest(message: Json) -> str:
    """What else is in the message, a line for each thing; empty when there is nothing else."""
    lines: list[str] = []
    for name, value in message.items():
        if name in _EMPTY or name in _FOR_GROUPS or value in (None, False, [], {}):
            continue
        if name == "contacts":
            lines += [_contact(contact) for contact in items(message, name)] or ["[contact]"]
        elif name == "sticker":
            lines.append("[sticker]")
        elif name == "pollCreate":
            lines.append(_poll(part(message, name)))
        elif name == "storyContext":
            lines.append("[answer to a story]")
        else:
            lines.append(f"[{_spaced(name)}]")
    if message.get("viewOnce") is True and not items(message, "attachments"):
        lines.append("[view-once picture that cannot be shown]")
    return "\n".join(lines)


def describe_call(offer: Json) -> str:
    """An attempt to call: nobody can take it, and it is still somebody asking for us."""
    return "[video call, not answered]" if words(offer, "type") == "VIDEO_CALL" else "[call, not answered]"


def _contact(contact: Json) -> str:
    name = part(contact, "name")
    told = [words(name, "display") or " ".join(filter(None, (words(name, "given"), words(name, "family"))))]
    told.append(words(contact, "organization"))
    told += [words(phone, "value") for phone in items(contact, "phone")]
    told += [words(email, "value") for email in items(contact, "email")]
    return "[contact] " + ", ".join(filter(None, told))


def _poll(poll: Json) -> str:
    options = poll.get("options")
    listed = [option for option in options if isinstance(option, str)] if isinstance(options, list) else []
    return f"[poll] {words(poll, 'question')}: {' / '.join(listed)}"


def _spaced(name: str) -> str:
    """The field's name as words. Only letters: what a newer signal-cli calls it is not ours to trust."""
    return (
        "".join(f" {c.lower()}" if c.isupper() else c for c in name if c.isascii() and c.isalpha())[
            :40
        ].strip()
        or "unknown"
    )
