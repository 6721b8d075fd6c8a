"""What Telegram knows: people, their chats with the bot, updates nobody confirmed yet, files.

Facts are those of https://core.telegram.org/bots/api and of Telegram's open Bot API server. Runs in one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.telegram_contract import Contract, Rejected

Json = dict[str, Any]

RETENTION_SECONDS = 24 * 3600
BOT = {"id": 7000000001, "is_bot": True, "first_name": "Line", "username": "line_test_bot"}


@dataclass(slots=True)
class Person:
    """Somebody with the app, and the private chat with the bot."""

    user: Json
    blocked: bool = False
    deactivated: bool = False
    voice_forbidden: bool = False
    migrated_to: int | None = None
    messages: dict[int, Json] = field(default_factory=dict)
    """By number, deleted ones out."""
    history: list[Json] = field(default_factory=list)
    """All that ever stood in the chat: message, from_bot, at, deleted, parameters of the call."""
    reactions: dict[int, list[str]] = field(default_factory=dict)
    limited_until: float = 0.0
    last_sent: float = -1e9

    @property
    def chat(self) -> Json:
        shown: Json = {
            key: self.user[key] for key in ("first_name", "last_name", "username") if key in self.user
        }
        return {"id": self.user["id"], "type": "private", **shown}


class World:
    """The state behind the fake Bot API. `now` is real time plus what tests added."""

    def __init__(self, contract: Contract | None, *, first_update_id: int = 700_000_001) -> None:
        self.contract = contract
        self.people: dict[int, Person] = {}
        self.queue: deque[tuple[int, float, Json]] = deque()
        self.next_update_id = first_update_id
        self.next_message_id = 100
        self.allowed: list[str] | None = None
        self.woken = asyncio.Event()
        self.files: dict[str, bytes] = {}
        self.queries: dict[str, bool] = {}
        """Callback queries; True when answered."""
        self.confirmed: list[int] = []
        self.added = 0.0
        self.per_chat_seconds = 0.0
        self.webhook: Json | None = None

    def now(self) -> float:
        return time.time() + self.added

    def person(self, who: int) -> Person:
        if who not in self.people:
            user = {"id": who, "is_bot": False, "first_name": f"P{who % 1000}", "language_code": "en"}
            self.people[who] = Person(user)
        return self.people[who]

    def chat(self, text: str) -> Person:
        """The chat a call names. Raises `Rejected`."""
        try:
            person = self.people[int(text)]
        except (KeyError, ValueError):
            raise Rejected(400, "Bad Request: chat not found") from None
        if person.deactivated:
            raise Rejected(403, "Forbidden: user is deactivated")
        if person.blocked:
            raise Rejected(403, "Forbidden: bot was blocked by the user")
        if person.migrated_to is not None:
            raise Rejected(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": person.migrated_to},
            )
        return person

    # ------------------------------------------------------------------------------------------------- updates

    def enqueue(self, update: Json, *, checked: bool = True) -> int:
        """Puts an update into the queue, if the bot asked for its kind. Returns its id."""
        number = self.next_update_id
        self.next_update_id += 1
        update = {"update_id": number, **update}
        if checked and self.contract is not None:
            self.contract.check_update(update)
        kind = next((key for key in update if key != "update_id"), "")
        # Reactions and member changes of others come only to those who name them.
        default = kind not in ("message_reaction", "message_reaction_count", "chat_member")
        if not checked or (kind in self.allowed if self.allowed else default):
            self.queue.append((number, self.now(), update))
            self.woken.set()
        return number

    def forget_old(self) -> None:
        while self.queue and self.queue[0][1] < self.now() - RETENTION_SECONDS:
            self.queue.popleft()

    def confirm(self, offset: int) -> None:
        """Forgets the updates before the offset; a negative one keeps that many from the end."""
        if offset < 0:
            offset = self.queue[max(0, len(self.queue) + offset)][0] if self.queue else 0
        while self.queue and self.queue[0][0] < offset:
            self.confirmed.append(self.queue.popleft()[0])

    def updates(self, offset: int, limit: int) -> list[Json]:
        self.forget_old()
        return [update for number, _, update in self.queue if number >= offset][:limit]

    # ------------------------------------------------------------------------------------------------ messages

    def write(self, who: int, **content: Any) -> Json:
        """A message of a person to the bot. Returns it."""
        person = self.person(who)
        if person.blocked:
            raise AssertionError("who blocked the bot does not write to it")
        message = {
            "message_id": self.take_message_id(),
            "from": person.user,
            "chat": person.chat,
            "date": int(self.now()),
            **content,
        }
        person.messages[message["message_id"]] = message
        person.history.append({"from_bot": False, "message": message, "deleted": False})
        return message

    def post(self, person: Person, parameters: Json, **content: Any) -> Json:
        """A message of the bot to a person, after the limits were looked at. Returns it. Raises `Rejected`."""
        now = self.now()
        wait = max(person.limited_until - now, person.last_sent + self.per_chat_seconds - now)
        if wait > 0:
            seconds = max(1, round(wait + 0.499))
            raise Rejected(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
        person.last_sent = now
        message = {
            "message_id": self.take_message_id(),
            "from": BOT,
            "chat": person.chat,
            "date": int(now),
            **content,
        }
        person.messages[message["message_id"]] = message
        person.history.append(
            {"from_bot": True, "message": message, "deleted": False, "parameters": parameters, "at": now}
        )
        return message

    def take_message_id(self) -> int:
        self.next_message_id += 1
        return self.next_message_id

    def delete(self, person: Person, number: int) -> None:
        """Raises `Rejected`."""
        message = person.messages.get(number)
        if message is None:
            raise Rejected(400, "Bad Request: message to delete not found")
        if message["date"] < self.now() - 48 * 3600:
            raise Rejected(400, "Bad Request: message can't be deleted for everyone")
        del person.messages[number]
        for entry in person.history:
            if entry["message"]["message_id"] == number:
                entry["deleted"] = True
