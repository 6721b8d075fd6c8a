"""What people and the platform do, by name: the same acts from a test's thread and over the control address."""

from __future__ import annotations

import base64
from typing import Any

from tests.fakes.telegram_methods import Methods
from tests.fakes.telegram_world import BOT, Json, World


class Acts:
    """Every public method is an act. Arguments and answers are JSON."""

    def __init__(self, world: World, methods: Methods) -> None:
        self._world = world
        self._methods = methods

    # --------------------------------------------------------------------------------------------------- people

    def name(self, who: int, **fields: Any) -> None:
        """Sets fields of the person's user object: first_name, last_name, username, language_code."""
        self._world.person(who).user.update(fields)

    def text(self, who: int, text: str, reply_to: int | None = None, **more: Any) -> Json:
        return self.message(who, reply_to=reply_to, text=text, **more)

    def message(self, who: int, reply_to: int | None = None, **content: Any) -> Json:
        """Any message: the content's fields as in the Bot API."""
        if reply_to is not None:
            quoted = self._world.person(who).messages[reply_to]
            content["reply_to_message"] = {k: v for k, v in quoted.items() if k != "reply_to_message"}
        message = self._world.write(who, **content)
        update_id = self._world.enqueue({"message": dict(message)})
        return {"update_id": update_id, "message_id": message["message_id"]}

    def edit(self, who: int, message_id: int, **content: Any) -> Json:
        """Changes fields of a message; a field that is None goes away."""
        message = self._world.person(who).messages[message_id]
        message.update(content, edit_date=int(self._world.now()))
        for key in [key for key, value in message.items() if value is None]:
            del message[key]
        update_id = self._world.enqueue({"edited_message": dict(message)})
        return {"update_id": update_id, "message_id": message_id}

    def media(self, who: int, kind: str, content: str, **more: Any) -> Json:
        """A photo, voice, video_note, document… `content` is base64."""
        data = base64.b64decode(content)
        file_id = self._methods.keep(data)
        part: Json = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(data)}
        sizes: dict[str, Json] = {
            "voice": {"duration": 3, "mime_type": "audio/ogg"},
            "video_note": {"length": 240, "duration": 3},
            "video": {"width": 9, "height": 9, "duration": 3},
            "animation": {"width": 9, "height": 9, "duration": 3},
            "audio": {"duration": 3},
        }
        caption = {"caption": more.pop("caption")} if "caption" in more else {}
        whole: Any = part | sizes.get(kind, {}) | more
        if kind == "photo":
            small = part | {"file_id": f"{file_id}s", "width": 90, "height": 90, "file_size": 10}
            whole = [small, part | {"width": 900, "height": 900}]
        return self.message(who, **{kind: whole}, **caption) | {"file_id": file_id}

    def react(self, who: int, message_id: int, emojis: list[str]) -> Json:
        """The person's reactions to a message are these from now on."""
        person = self._world.person(who)
        before = person.reactions.get(message_id, [])
        person.reactions[message_id] = emojis
        as_types = [[{"type": "emoji", "emoji": emoji} for emoji in some] for some in (before, emojis)]
        reaction = {
            "chat": person.chat,
            "message_id": message_id,
            "user": person.user,
            "date": int(self._world.now()),
            "old_reaction": as_types[0],
            "new_reaction": as_types[1],
        }
        return {"update_id": self._world.enqueue({"message_reaction": reaction})}

    def press(self, who: int, message_id: int, index: int) -> Json:
        """Presses the button, counted from 0 in reading order."""
        person = self._world.person(who)
        message = person.messages[message_id]
        buttons = [button for row in message["reply_markup"]["inline_keyboard"] for button in row]
        query_id = str(4_000_000_000 + len(self._world.queries))
        self._world.queries[query_id] = False
        query = {
            "id": query_id,
            "from": person.user,
            "message": message,
            "chat_instance": "1",
            "data": buttons[index]["callback_data"],
        }
        return {"update_id": self._world.enqueue({"callback_query": query}), "query_id": query_id}

    def block(self, who: int, blocked: bool = True) -> Json:
        """(Un)blocks the bot."""
        person = self._world.person(who)
        statuses: list[Json] = [
            {"status": "member", "user": BOT},
            {"status": "kicked", "user": BOT, "until_date": 0},
        ]
        person.blocked = blocked
        change = {
            "chat": person.chat,
            "from": person.user,
            "date": int(self._world.now()),
            "old_chat_member": statuses[not blocked],
            "new_chat_member": statuses[blocked],
        }
        return {"update_id": self._world.enqueue({"my_chat_member": change})}

    def deactivate(self, who: int) -> None:
        self._world.person(who).deactivated = True

    def forbid_voice(self, who: int) -> None:
        self._world.person(who).voice_forbidden = True

    def migrate(self, who: int, to: int) -> None:
        self._world.person(who).migrated_to = to

    # ------------------------------------------------------------------------------------------------- platform

    def raw(self, update: Json, checked: bool = False) -> int:
        """Any update, unchecked unless told."""
        return self._world.enqueue(update, checked=checked)

    def allow(self, kinds: list[str]) -> None:
        """The bot asked for these kinds of updates at some time before."""
        self._world.allowed = list(kinds)

    def next_update(self, number: int) -> None:
        """Ids go on from here, as after a quiet week."""
        self._world.next_update_id = number

    def advance(self, seconds: float) -> None:
        """The platform's clock jumps ahead."""
        self._world.added += seconds
        self._world.forget_old()

    def limit(self, who: int, seconds: float) -> None:
        """429 for this chat for so long."""
        self._world.person(who).limited_until = self._world.now() + seconds

    def per_chat(self, seconds: float) -> None:
        """One message a chat in so many seconds; 0 switches the limit off."""
        self._world.per_chat_seconds = seconds

    def conflict(self) -> None:
        """Another poller appears for a moment."""
        self._methods.end_poll(
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )

    def pending(self) -> list[int]:
        """Ids of the updates nobody confirmed."""
        return [number for number, _, _ in self._world.queue]

    def confirmed(self) -> list[int]:
        return self._world.confirmed

    def queries(self) -> dict[str, bool]:
        """Presses by id, True when answered."""
        return self._world.queries

    def webhook(self) -> Json | None:
        return self._world.webhook

    def cut_webhook(self, cut: bool) -> None:
        """No call gets through any more, as when the proxy before us is down; or they do again."""
        if self._world.webhook is not None:
            self._world.webhook["cut"] = cut

    def transcript(self, who: int) -> list[Json]:
        """All that ever stood in the chat."""
        return self._world.person(who).history

    def file(self, file_id: str) -> str:
        """Base64 of a stored file."""
        return base64.b64encode(self._world.files[file_id]).decode()

    def put_file(self, content_bytes: int) -> str:
        """A file of so many zero bytes; returns its id."""
        return self._methods.keep(bytes(content_bytes))
