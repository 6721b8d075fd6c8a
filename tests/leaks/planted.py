"""A story in which everybody fills every field that a person can fill, each with words found nowhere else.

All begin with the same made-up stem, so that one search finds any of them; numbers, places and accounts have none and
are searched for one by one.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time

from sqlalchemy import select

from alerts.cases import StoredFile
from alerts.events import Location, RawInbound
from alerts.facts import Fetched
from alerts.store import files, tables
from alerts.store.shapes import BY_KIND, FILES
from alerts.store.store import Store
from bot.channels.pretend_phones import account
from bot.rehearsal.script import Character, CheckInPlan
from tests.stories.chat import BOTH, Chat, chat

STEM = "qxplant"
SAMI, LINA, NOUR, OMAR = (f"{STEM}{name}" for name in ("sami", "lina", "nour", "omar"))
ANA, BEN, CARLA = (f"{STEM}{name}" for name in ("ana", "ben", "carla"))
ZONE = "Pacific/Chatham"
PHONE = "+14155550123"
PLACE = (33.8912345, 35.5067891)
LIVE = (33.7712345, 35.4467891)
STORED = (
    *("text", "answer", "quote", "edit", "caption", "file", "voice", "content", "sticker", "note", "timer"),
    *("label", "invited", "message", "contact", "garbage", "outcome", "display"),
    *("sami", "lina", "nour", "ana", "ben", "carla"),
)
"""What must stand in the store, sealed, for the search to mean anything."""


@contextmanager
def desk(database: str) -> Iterator[Chat]:
    """A desk at which everybody's name, account and zone is planted."""
    people = (
        Character(
            SAMI,
            BOTH,
            language="en",
            zone=ZONE,
            verified=True,
            contacts=(LINA,),
            check_in=CheckInPlan("routine", times=(time(21, 0),)),
        ),
        Character(LINA, ("signal",)),
        Character(NOUR, BOTH),
        Character(OMAR, ("telegram",)),
    )
    with chat(*people, officers=(ANA, BEN), lead=CARLA, database=database, restarts=False) as it:
        world = it.stage.network.world
        for name in (NOUR, OMAR):
            world.people[name] = dataclasses.replace(world.people[name], display=f"{STEM}display {name}")
        yield it


def play(it: Chat) -> list[str]:
    """Plays it; answers with all that must not be readable beside the stem: accounts, places, numbers, codes."""
    network = it.stage.network
    secrets = [PHONE, PHONE[1:], ZONE, *(str(n) for n in (*PLACE, *LIVE))]
    secrets += [account(name, c) for name, person in network.world.people.items() for c in person.channels]

    it.says(NOUR, f"SOS {STEM}text they are at the gate, my number is {PHONE}")
    it.does(ANA, react="👍")
    it.does(ANA, reply=f"{STEM}answer we are with you")
    it.does(NOUR, reply=f"{STEM}quote it is me")
    it.does(NOUR, edit=f"SOS {STEM}edit")
    it.does(NOUR, location=PLACE)
    point = Location(*LIVE, live=True)
    reference = network.pin(NOUR, location=point)
    it.stage.pump()
    network.move(NOUR, location=dataclasses.replace(point, latitude=LIVE[0] + 1), target=reference)
    data = (f"{STEM}content ".encode()) * 3
    name = f"{STEM}file.pdf"
    network.attach(NOUR, data=data, content_type="application/pdf", name=name, text=f"{STEM}caption")
    it.stage.pump()
    network.attach(NOUR, data=data, content_type="audio/ogg", name=f"{STEM}voice.ogg", voice=True)
    it.stage.pump()
    network.other(NOUR, text=f"{STEM}sticker")
    it.stage.pump()
    network.react(NOUR, emoji=f"{STEM}emoji")
    it.stage.pump()
    fetch(it)
    it.says(ANA, f"note {STEM}note")
    it.does(ANA, text=f"{STEM}answer again: we are looking for you")
    it.says(SAMI, f"/okword {STEM}word", "telegram")
    it.says(SAMI, f"timer 20m {STEM}timer", "telegram")
    it.says(SAMI, f"add contact {STEM.capitalize()}label", "telegram")
    secrets.append(it.code(SAMI))
    it.says(ANA, f"invite {STEM.capitalize()}invited")
    secrets.append(it.code(ANA))
    it.says(OMAR, it.code(ANA))
    it.says(OMAR, "English")
    it.says(OMAR, f"{STEM}zone")
    it.says(SAMI, f"{STEM}message the meeting is on another day")
    it.waits(hours=1)
    it.says(LINA, f"{STEM}contact I have not seen her today")
    it.says(CARLA, f"{STEM}told")
    for number in range(3):
        sender = account(NOUR, "signal")
        raw = f'{{"{STEM}garbage": {number}'.encode()
        it.stage.engine.accept([RawInbound("signal", f"9900{number}", sender, raw, f"{STEM}peek")])
        it.stage.pump()
    it.says(ANA, f"close safe {STEM}outcome")
    it.says(NOUR, "clear", "signal")
    it.says(NOUR, f"SOS {STEM}text again", "telegram")
    it.says(NOUR, "clear", "telegram")
    return secrets


def fetch(it: Chat) -> None:
    """Fetches the files that are wanted, as `bot.downloads` does."""
    engine = it.stage.engine
    with engine.store.reading() as work:
        found = files.wanted(work, it.stage.clock.now(), 100)
    for file in found:
        data = it.stage.network.world.files[file.remote_id].data
        engine.happened(Fetched(file.id), functools.partial(files.store_chunks, file=file, data=[data]))
    it.stage.pump()


def opened(store: Store) -> str:
    """Everything that the store holds, with its keys."""
    texts: list[str] = []
    with store.reading() as work:
        for shape in BY_KIND.values():
            rows = work.connection.execute(select(shape.table)).all()
            store.vault.load({row.key_id for row in rows})
            entities = [shape.entity(row, store.vault) for row in rows]
            texts += [str(dataclasses.asdict(entity)) for entity in entities]
        kept = [FILES.entity(row, store.vault) for row in work.connection.execute(select(tables.attachments))]
        frames = work.connection.execute(select(tables.inbox).where(tables.inbox.c.state != "done")).all()
        store.vault.load({row.key_id for row in frames})
        texts += [str(store.vault.sealer.open_bytes("inbox", f.id, f.key_id, f.sealed)) for f in frames]
    texts += [_content(store, file) for file in kept if file.state == "stored"]
    return "\n".join(texts)


def _content(store: Store, file: StoredFile) -> str:
    return b"".join(files.read(store, file)).decode()


@functools.cache
def needles(secret: str) -> dict[str, bytes]:
    """The secret in every form in which it might lie somewhere; upper and lower case are one for the plain forms, which
    are to be searched for in lower-cased bytes."""
    found = {
        "utf-8": secret.lower().encode(),
        "utf-16-le": secret.lower().encode("utf-16-le"),
        "utf-16-be": secret.lower().encode("utf-16-be"),
        "hex": secret.encode().hex().encode(),
        "hex of lower case": secret.lower().encode().hex().encode(),
    }
    for form in {secret, secret.lower(), secret.capitalize(), secret.upper()}:
        for before in range(3):
            # Only the middle: the first and last letters of base64 hold bits of the neighbours too.
            coded = base64.b64encode(b"\0" * before + form.encode())
            found[f"base64 of {form} at {before}"] = coded[
                (8 * before + 5) // 6 : 8 * (before + len(form)) // 6
            ]
    return found


def readable(content: bytes, *secrets: str) -> list[str]:
    """Which secrets stand in some bytes, and in which form."""
    lower = content.lower()
    return [
        f"{secret} as {form}"
        for secret in secrets
        for form, needle in needles(secret).items()
        if needle in (content if form.startswith("base64") else lower)
    ]
