"""The methods of the fake Bot API. Each takes the call's parameters and answers, or raises `Rejected`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.telegram_contract import Rejected, Upload
from tests.fakes.telegram_world import BOT, Json, Person, World

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
UPLOAD_BYTES = 50_000_000
DOWNLOAD_BYTES = 20_000_000
_MEDIA = {"sendPhoto": "photo", "sendVoice": "voice", "sendDocument": "document"}

Texts = dict[str, str]
Uploads = dict[str, Upload]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class Methods:
    """Calls on a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._poll: asyncio.Future[None] | None = None
        self._asked = (-1, 0.0)

    async def call(self, method: str, texts: Texts, uploads: Uploads) -> Any:
        """Raises `Rejected`."""
        found: Callable[[Texts, Uploads], Awaitable[Any]] | None = getattr(self, f"_{method}", None)
        if found is None:
            raise Rejected(404, "Not Found")
        if self._world.contract is not None:
            self._world.contract.check_call(method, texts, uploads)
        answer = await found(texts, uploads)
        # Updates were looked at when they were put in; tests may put in some that no contract knows.
        if self._world.contract is not None and method != "getUpdates":
            self._world.contract.check_answer(method, answer)
        return answer

    def end_poll(self, description: str) -> None:
        """Ends the waiting getUpdates, if there is one, with a conflict."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Rejected(409, description))

    # ------------------------------------------------------------------------------------------------ receiving

    async def _getUpdates(self, texts: Texts, _: Uploads) -> list[Json]:  # noqa: N802 - Telegram's own name
        world = self._world
        if world.webhook is not None:
            raise Rejected(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        offset, limit = int(texts.get("offset", "0")), int(texts.get("limit", "100"))
        ends = time.monotonic() + min(int(texts.get("timeout", "0")), 50)
        if "allowed_updates" in texts:
            world.allowed = json.loads(texts["allowed_updates"]) or None
        last_offset, last_time = self._asked
        if offset == last_offset and time.monotonic() < last_time + 0.5:
            limit = 1
        self._asked = (offset, time.monotonic())
        world.confirm(offset)
        self.end_poll(
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        while not (found := world.updates(offset, limit)):
            remaining = ends - time.monotonic()
            if remaining <= 0:
                return []
            await self._wait(remaining)
        return found

    async def _wait(self, seconds: float) -> None:
        ended = self._poll = asyncio.get_running_loop().create_future()
        self._world.woken.clear()
        woken = asyncio.ensure_future(self._world.woken.wait())
        try:
            await asyncio.wait((ended, woken), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                ended.result()
        finally:
            woken.cancel()
            ended.cancel()

    async def _setWebhook(self, texts: Texts, _: Uploads) -> bool:  # noqa: N802
        url = texts["url"]
        if not url:
            return await self._deleteWebhook(texts, {})
        if not url.startswith(("https://", "http://127.0.0.1")):
            raise Rejected(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        secret = texts.get("secret_token", "")
        if not all(character.isalnum() or character in "_-" for character in secret):
            raise Rejected(400, "Bad Request: secret token contains unallowed characters")
        self.end_poll("Conflict: terminated by setWebhook request")
        self._world.webhook = {"url": url, "secret": secret}
        self._world.allowed = json.loads(texts.get("allowed_updates", "[]")) or None
        self._world.woken.set()
        return True

    async def _getWebhookInfo(self, _: Texts, __: Uploads) -> Json:  # noqa: N802
        hook = self._world.webhook or {"url": ""}
        error = {"last_error_date": hook["failed"], "last_error_message": "x"} if hook.get("failed") else {}
        waiting = len(self._world.queue)
        return {
            "url": hook["url"],
            "has_custom_certificate": False,
            "pending_update_count": waiting,
            **error,
        }

    async def _deleteWebhook(self, texts: Texts, _: Uploads) -> bool:  # noqa: N802
        self._world.webhook = None
        if texts.get("drop_pending_updates") == "true":
            self._world.queue.clear()
        return True

    async def _getMe(self, _: Texts, __: Uploads) -> Json:  # noqa: N802
        more = dict.fromkeys(
            ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries"), False
        )
        return {**BOT, **more}

    # -------------------------------------------------------------------------------------------------- sending

    async def _sendMessage(self, texts: Texts, _: Uploads) -> Json:  # noqa: N802
        person = self._world.chat(texts["chat_id"])
        text = texts["text"].strip()
        if not text:
            raise Rejected(400, "Bad Request: message text is empty")
        if _units(text) > TEXT_UNITS:
            raise Rejected(400, "Bad Request: message is too long")
        return self._world.post(person, dict(texts), text=text, **self._common(person, texts))

    async def _sendLocation(self, texts: Texts, _: Uploads) -> Json:  # noqa: N802
        person = self._world.chat(texts["chat_id"])
        place = {"latitude": float(texts["latitude"]), "longitude": float(texts["longitude"])}
        return self._world.post(person, dict(texts), location=place, **self._common(person, texts))

    async def _sendPhoto(self, texts: Texts, uploads: Uploads) -> Json:  # noqa: N802
        return self._media("sendPhoto", texts, uploads)

    async def _sendVoice(self, texts: Texts, uploads: Uploads) -> Json:  # noqa: N802
        return self._media("sendVoice", texts, uploads)

    async def _sendDocument(self, texts: Texts, uploads: Uploads) -> Json:  # noqa: N802
        return self._media("sendDocument", texts, uploads)

    def _media(self, method: str, texts: Texts, uploads: Uploads) -> Json:
        kind = _MEDIA[method]
        person = self._world.chat(texts["chat_id"])
        upload = uploads.get(kind) or uploads.get(texts.get(kind, "").removeprefix("attach://"))
        if upload is None:
            raise Rejected(400, f"Bad Request: there is no {kind} in the request")
        if len(upload.content) > UPLOAD_BYTES:
            raise Rejected(413, "Request Entity Too Large")
        if _units(texts.get("caption", "")) > CAPTION_UNITS:
            raise Rejected(400, "Bad Request: message caption is too long")
        if kind == "photo" and not upload.content.startswith((b"\xff\xd8\xff", b"\x89PNG", b"RIFF")):
            raise Rejected(400, "Bad Request: IMAGE_PROCESS_FAILED")
        if kind == "voice" and person.voice_forbidden:
            raise Rejected(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN")
        file_id = self.keep(upload.content)
        part: Json = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": len(upload.content)}
        content: Any = part | {"mime_type": upload.content_type, "file_name": upload.name}
        if kind == "photo":
            content = [part | {"width": 8, "height": 8}]
        elif kind == "voice":
            content = part | {"duration": 1, "mime_type": upload.content_type}
        caption = {"caption": texts["caption"]} if texts.get("caption") else {}
        return self._world.post(
            person, dict(texts), **{kind: content}, **caption, **self._common(person, texts)
        )

    def keep(self, content: bytes) -> str:
        """Stores a file and returns its id."""
        file_id = f"AgAC{len(self._world.files):06d}"
        self._world.files[file_id] = content
        return file_id

    def _common(self, person: Person, texts: Texts) -> Json:
        found: Json = {}
        if "reply_parameters" in texts:
            reply = json.loads(texts["reply_parameters"])
            quoted = person.messages.get(reply["message_id"])
            if quoted is not None:
                found["reply_to_message"] = {k: v for k, v in quoted.items() if k != "reply_to_message"}
            elif not reply.get("allow_sending_without_reply"):
                raise Rejected(400, "Bad Request: message to be replied not found")
        if "reply_markup" in texts:
            markup = json.loads(texts["reply_markup"])
            if "inline_keyboard" in markup:
                self._check_keyboard(markup)
                found["reply_markup"] = markup
        if texts.get("protect_content") == "true":
            found["has_protected_content"] = True
        return found

    def _check_keyboard(self, markup: Json) -> None:
        for button in (button for row in markup["inline_keyboard"] for button in row):
            if not button["text"]:
                raise Rejected(400, "Bad Request: inline keyboard button text is empty")
            if len(button.get("callback_data", "").encode()) > 64:
                raise Rejected(400, "Bad Request: BUTTON_DATA_INVALID")
            if len(button) < 2:
                raise Rejected(
                    400,
                    "Bad Request: can't parse inline keyboard button: "
                    "Text buttons are unallowed in the inline keyboard",
                )

    # ---------------------------------------------------------------------------------------------------- other

    async def _deleteMessage(self, texts: Texts, _: Uploads) -> bool:  # noqa: N802
        self._world.delete(self._world.chat(texts["chat_id"]), int(texts["message_id"]))
        return True

    async def _answerCallbackQuery(self, texts: Texts, _: Uploads) -> bool:  # noqa: N802
        query = texts["callback_query_id"]
        if query not in self._world.queries:
            raise Rejected(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        self._world.queries[query] = True
        return True

    async def _getFile(self, texts: Texts, _: Uploads) -> Json:  # noqa: N802
        content = self._world.files.get(texts["file_id"])
        if content is None:
            raise Rejected(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        if len(content) > DOWNLOAD_BYTES:
            raise Rejected(400, "Bad Request: file is too big")
        file_id = texts["file_id"]
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_size": len(content),
            "file_path": f"files/{file_id}",
        }
