"""The platform's side of a webhook: calls for one chat one after the other, for several chats side by side, again until
answered with 2xx."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx

from tests.fakes.telegram_world import Json, World

FIRST_DELAY = 0.05


class WebhookSender:
    """Delivers while a webhook is set."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._task: asyncio.Task[None] | None = None
        self._busy: set[str] = set()
        self._chats: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        tasks = [task for task in (self._task, *self._chats) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            while True:
                if self._world.webhook is not None:
                    for _, _, update in tuple(self._world.queue):
                        chat = _chat(update)
                        if chat not in self._busy:
                            self._busy.add(chat)
                            task = asyncio.create_task(self._deliver(client, chat))
                            self._chats.add(task)
                            task.add_done_callback(self._chats.discard)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self._world.woken.wait()
                        self._world.woken.clear()

    async def _deliver(self, client: httpx.AsyncClient, chat: str) -> None:
        delay = FIRST_DELAY
        try:
            while (update := self._next(chat)) is not None and (webhook := self._world.webhook) is not None:
                headers = {"X-Telegram-Bot-Api-Secret-Token": webhook["secret"]} if webhook["secret"] else {}
                answer = None
                if not webhook.get("cut"):
                    with contextlib.suppress(httpx.HTTPError):
                        answer = await client.post(webhook["url"], json=update, headers=headers)
                if answer is not None and answer.is_success:
                    self._world.queue = type(self._world.queue)(
                        item for item in self._world.queue if item[0] != update["update_id"]
                    )
                    self._world.confirmed.append(update["update_id"])
                    delay = FIRST_DELAY
                    continue
                # Not the time: each failure is to look like a later one, however fast they follow.
                webhook["failed"] = webhook.get("failed", 1_800_000_000) + 1
                told = answer.headers.get("retry-after") if answer is not None else None
                # A second of the platform's is a twentieth here.
                await asyncio.sleep(int(told) * FIRST_DELAY if told else delay)
                delay = min(delay * 2, 1.0)
        finally:
            self._busy.discard(chat)

    def _next(self, chat: str) -> Json | None:
        return next((update for _, _, update in self._world.queue if _chat(update) == chat), None)


def _chat(update: Json) -> str:
    for payload in update.values():
        if isinstance(payload, dict):
            holder: Any = payload.get("chat") or payload.get("from") or {}
            return str(holder.get("id"))
    return ""
