"""One call to signal-cli's own socket, over a connection of its own.

Nothing here logs, and no exception carries an address, a text or an account.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping

from bot.receiver_sources import has_number

CALL_SECONDS = 3.0
ANSWER_LIMIT = 64 * 1024
"""Bytes of the longest answer that is read, if nothing else is said."""


_CALL = "call"


class DaemonAway(Exception):
    """No answer came, or none that is one."""


class DaemonRefused(Exception):
    """signal-cli answered with an error. `error` is its message, which may name people: never log it."""

    def __init__(self, error: str) -> None:
        super().__init__("signal-cli refused")
        self.error = error


async def call_daemon(
    address: tuple[str, int],
    method: str,
    *,
    seconds: float = CALL_SECONDS,
    limit: int = ANSWER_LIMIT,
    **params: object,
) -> object:
    """The result of a JSON-RPC call. Raises `DaemonAway` and `DaemonRefused`.

    `seconds` for all of it; `limit` is the longest answer in bytes.
    """
    request = json.dumps({"jsonrpc": "2.0", "id": _CALL, "method": method, "params": params}).encode()
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(*address, limit=limit)
            try:
                writer.write(request + b"\n")
                answer = await _answer(reader)
            finally:
                writer.close()
    except (OSError, ValueError, RecursionError):  # TimeoutError is an OSError, a line too long a ValueError
        raise DaemonAway from None
    if "error" in answer:
        error = answer["error"]
        raise DaemonRefused(str(error.get("message", "")) if isinstance(error, dict) else "")
    return answer.get("result")


async def _answer(reader: asyncio.StreamReader) -> Mapping[str, object]:
    """The answer to our call. What else signal-cli writes meanwhile, messages in its automatic mode above all, is
    passed over. Raises ValueError for what is no JSON, as at the end of the connection."""
    while True:
        said = json.loads(await reader.readline())
        if not isinstance(said, dict) or "method" in said:
            continue
        # What it could not even read is answered without an id.
        if said.get("id") == _CALL or (said.get("id") is None and "error" in said):
            return said


async def has_account(address: tuple[str, int], account: str) -> bool:
    """Whether signal-cli has the account with this number, or is linked to it. Raises `DaemonAway`."""
    try:
        listed = await call_daemon(address, "listAccounts")
    except DaemonRefused:
        return False
    return has_number(listed, account)


async def ask_daemon(address: tuple[str, int]) -> str | None:
    """signal-cli's version, empty if it does not say; None if its socket does not answer."""
    result: object = None
    with contextlib.suppress(DaemonRefused):
        try:
            result = await call_daemon(address, "version")
        except DaemonAway:
            return None
    return str(result.get("version", "")) if isinstance(result, dict) else ""
