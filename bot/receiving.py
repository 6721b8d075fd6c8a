"""A channel's receiving side, run for ever: begun again when it ends or fails, and by one node only."""

from __future__ import annotations

import asyncio
import time

import structlog

from bot.channels.port import CatchesUp, Channel, HandsOverOnce
from bot.lane import Lane
from bot.nodes import LIFETIME
from bot.runtime import Runtime

log = structlog.get_logger("watchline")
LEASE_RENEWAL = 3.0
AGAIN_AFTER = 1.0


async def receive(runtime: Runtime, lane: Lane) -> None:
    """Runs a channel's receiving side for ever; one that ends or fails is begun again.

    Where several nodes work on one database, only the one that holds the channel's lease receives.
    """
    nodes = runtime.engine.nodes
    if runtime.is_behind(lane):
        runtime.spawn(lambda: _hear_of_backlog(runtime, lane))
    while True:
        try:
            if nodes.single or await asyncio.to_thread(nodes.hold, lane.channel.name):
                await _receive_while_held(runtime, lane)
                log.error("receiver_ended", channel=lane.channel.name)
        except Exception as error:  # noqa: BLE001
            log.error("receiver_failed", channel=lane.channel.name, error=type(error).__name__)
        await asyncio.sleep(AGAIN_AFTER)


async def _hear_of_backlog(runtime: Runtime, lane: Lane) -> None:
    if isinstance(lane.channel, CatchesUp):
        await lane.channel.caught_up()
    runtime.caught_up(lane)


async def _receive_while_held(runtime: Runtime, lane: Lane) -> None:
    nodes = runtime.engine.nodes
    receiving = asyncio.ensure_future(lane.channel.run(runtime.accept))
    try:
        if nodes.single:
            await receiving
        held = time.monotonic()
        while not receiving.done():
            await asyncio.wait([receiving], timeout=LEASE_RENEWAL)
            if receiving.done():
                break
            try:
                if not await asyncio.to_thread(nodes.hold, lane.channel.name):
                    log.warning("lease_lost", channel=lane.channel.name)
                    return
                held = time.monotonic()
            except Exception as error:
                # The store is away, so nobody has taken the lease over that we know of. What a receiver has in hand
                # waits for the store with it, and would be gone if it ended now.
                if time.monotonic() - held > LIFETIME.total_seconds() and not _hands_over_once(lane.channel):
                    raise
                log.warning("lease_not_renewed", channel=lane.channel.name, error=type(error).__name__)
        await receiving
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)


def _hands_over_once(channel: Channel) -> bool:
    return isinstance(channel, HandsOverOnce) and channel.hands_over_once
