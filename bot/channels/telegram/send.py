"""Sending: makes the calls that `compose` planned, and answers with an outcome."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from io import BytesIO
from typing import TypedDict

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    Message,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import TelegramError

from alerts.events import Outbound, OutboundFile, Outcome, Refusal, Refused, RetryAt, Sent
from bot.channels.telegram.compose import Buttons, Carry, Point, Say, Step, clean, main_step, steps
from bot.channels.telegram.outcome import SOON, is_already_gone, is_wrong_as_media, outcome_of
from bot.channels.telegram.wire import SEND_SECONDS, UPLOAD_SECONDS

UPLOAD_BYTES = 50_000_000
"""A bot's uploads, https://core.telegram.org/bots/api#sending-files."""
PHOTO_BYTES = 10_000_000
"""The same page: a larger picture goes as a document."""
_PHOTOS = frozenset(("image/jpeg", "image/png", "image/webp"))
_VOICES = frozenset(("audio/ogg", "audio/opus", "audio/mpeg", "audio/mp4", "audio/m4a", "audio/x-m4a"))
_REMEMBERED = 512
"""Messages in parts that were begun: enough for an outage, and no leak."""


class _Options(TypedDict):
    """What every call that sends a message takes."""

    protect_content: bool
    reply_parameters: ReplyParameters | None
    reply_markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | None


@dataclass(slots=True)
class _Begun:
    """A message in parts of which some are already there."""

    plan: int
    """Fingerprint of the calls that it takes."""
    refs: list[str]


class FileCutShort(Exception):
    """A stored attachment gave another number of bytes than its row says."""


class Sender:
    """Sends, one call after the other for one message, any number of messages side by side."""

    def __init__(self, bot: Bot, *, protect: bool) -> None:
        self._bot = bot
        self._protect = protect
        # A limit that strikes between two parts must not make the first part come again with every try: at one
        # message a second and chat the second part would never get through.
        self._begun: OrderedDict[str, _Begun] = OrderedDict()
        # Uploads are held in memory, unsealed; few at a time.
        self._uploads = asyncio.Semaphore(2)

    async def send(self, outbound: Outbound) -> Outcome:
        """Raises only what opening the stored file raises."""
        try:
            chat = int(outbound.address)
        except ValueError:
            return Refused(Refusal.NOT_FOUND)
        try:
            if outbound.delete_ref:
                return await self._delete(chat, outbound.delete_ref)
            return await self._send(chat, outbound)
        except TelegramError as error:
            return outcome_of(error)
        except TimeoutError:
            return RetryAt(after=SOON, reason="timeout", ambiguous=True)

    async def _delete(self, chat: int, ref: str) -> Outcome:
        number = _number(chat, ref)
        if number is None:
            return Refused(Refusal.REJECTED)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._bot.delete_message(chat, number)
        except TelegramError as error:
            if not is_already_gone(error):
                raise
        return Sent(ref)

    async def _send(self, chat: int, outbound: Outbound) -> Outcome:
        plan = steps(outbound)
        if not plan:
            return Refused(Refusal.REJECTED)
        if outbound.file is not None and outbound.file.size > UPLOAD_BYTES:
            return Refused(Refusal.TOO_LARGE)
        begun = self._begun.pop(outbound.id, None)
        if begun is None or begun.plan != _fingerprint(plan):
            begun = _Begun(_fingerprint(plan), [])
        try:
            while len(begun.refs) < len(plan):
                first = not begun.refs
                number = await self._step(chat, plan[len(begun.refs)], outbound, quote=first)
                begun.refs.append(f"{chat}:{number}")
        except BaseException:
            if begun.refs:
                self._remember(outbound.id, begun)
            raise
        main = main_step(plan)
        others = tuple(ref for index, ref in enumerate(begun.refs) if index != main)
        return Sent(begun.refs[main], earlier_refs=others)

    def _remember(self, outbound_id: str, begun: _Begun) -> None:
        self._begun[outbound_id] = begun
        while len(self._begun) > _REMEMBERED:
            self._begun.popitem(last=False)

    async def _step(self, chat: int, step: Step, outbound: Outbound, *, quote: bool) -> int:
        """Makes one call of the plan; gives the number of the message that it made. Raises TelegramError, TimeoutError,
        and what opening the stored file raises."""
        options: _Options = {
            "protect_content": self._protect and outbound.protect,
            "reply_parameters": _quote(chat, outbound.quote_ref) if quote else None,
            "reply_markup": _markup(step.buttons),
        }
        match step:
            case Say():
                async with asyncio.timeout(SEND_SECONDS):
                    message = await self._bot.send_message(
                        chat,
                        step.text,
                        # Telegram would fetch a linked page to show a preview, which tells the page's owner.
                        link_preview_options=LinkPreviewOptions(is_disabled=True),
                        **options,
                    )
                return message.message_id
            case Point():
                async with asyncio.timeout(SEND_SECONDS):
                    message = await self._bot.send_location(
                        chat,
                        step.location.latitude,
                        step.location.longitude,
                        horizontal_accuracy=_accuracy(step.location.accuracy),
                        **options,
                    )
                return message.message_id
            case Carry():
                async with self._uploads:
                    content = await asyncio.to_thread(_read, step.file)
                    async with asyncio.timeout(UPLOAD_SECONDS):
                        message = await self._upload(chat, step, content, options)
                return message.message_id

    async def _upload(self, chat: int, step: Carry, content: bytes, options: _Options) -> Message:
        """Sends a file as the voice note or photo that it is; as a document where Telegram does not take it for one."""
        caption = step.caption or None
        try:
            if step.file.voice and step.file.content_type in _VOICES:
                return await self._bot.send_voice(
                    chat, _input_file(step.file, content), caption=caption, **options
                )
            if step.file.content_type in _PHOTOS and len(content) <= PHOTO_BYTES:
                return await self._bot.send_photo(
                    chat, _input_file(step.file, content), caption=caption, **options
                )
        except TelegramError as error:
            if not is_wrong_as_media(error):
                raise
        return await self._bot.send_document(
            chat,
            _input_file(step.file, content),
            caption=caption,
            # Else Telegram would open and convert what it takes for a video or a picture.
            disable_content_type_detection=True,
            **options,
        )


def _read(file: OutboundFile) -> bytes:
    content = bytearray()
    for chunk in file.open():
        content += chunk
        if len(content) > file.size:
            break
    if len(content) != file.size:
        raise FileCutShort("a stored attachment does not have the size that its row says")
    return bytes(content)


def _input_file(file: OutboundFile, content: bytes) -> InputFile:
    name = clean(file.name).replace("/", "_").replace("\\", "_")
    name = "".join(character for character in name if character.isprintable())[:120] or "file"
    return InputFile(BytesIO(content), filename=name, read_file_handle=False)


def _accuracy(metres: float | None) -> float | None:
    # Telegram takes 0 to 1500.
    return metres if metres is not None and 0 <= metres <= 1500 else None


def _number(chat: int, ref: str) -> int | None:
    """The message number in a reference of this chat."""
    where, _, number = ref.partition(":")
    return int(number) if where == str(chat) and number.isascii() and number.isdigit() else None


def _quote(chat: int, ref: str) -> ReplyParameters | None:
    number = _number(chat, ref)
    # A quoted message that was deleted meanwhile must not keep the answer from going out.
    return None if number is None else ReplyParameters(number, allow_sending_without_reply=True)


def _markup(buttons: Buttons | None) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
    if buttons is None:
        return None
    if buttons.keyboard:
        return ReplyKeyboardMarkup(
            [
                [KeyboardButton(label, request_location=bool(data)) for label, data in row]
                for row in buttons.rows
            ],
            one_time_keyboard=True,
            resize_keyboard=True,
        )
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in buttons.rows]
    )


def _fingerprint(plan: tuple[Step, ...]) -> int:
    """The same for the same content, so that a text that changed meanwhile is sent whole."""
    return hash(tuple(_content(step) for step in plan))


def _content(step: Step) -> tuple[object, ...]:
    match step:
        case Say():
            return ("say", step.text)
        case Point():
            return ("point", step.location)
        case Carry():
            # Not the way to open it, which is a new function with every try.
            return ("carry", step.caption, step.file.name, step.file.size)
