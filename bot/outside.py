"""Calls to services outside: the dead-man's switch and the alarm service.

The addresses are secrets (whoever knows one can silence or ring it): they are in no log and no exception, redirects are
not followed, and the proxy variables of the environment are not looked at. What comes back is thrown away, apart from
the status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import SecretStr

CONNECT_SECONDS = 4.0
CALL_SECONDS = 10.0
"""Upper bound for each part of a call: sending, and waiting for the answer."""
WHOLE_SECONDS = 20.0
"""Upper bound for all of a call: an answer that drips in meets the bounds of its parts for ever."""


class Outside:
    """Makes the calls. To be used inside one event loop."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport | None = None, *, seconds: float = WHOLE_SECONDS
    ) -> None:
        self._seconds = seconds
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(CALL_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "watchline"},
            transport=transport,
        )

    async def post(self, address: SecretStr, body: Mapping[str, object] | None = None) -> str:
        """Posts; answers with an empty text when it was taken, else with a code for the log: what went wrong."""
        try:
            # Streamed and closed: an answer of any length costs nothing.
            async with (
                asyncio.timeout(self._seconds),
                self._client.stream("POST", address.get_secret_value(), json=body) as answer,
            ):
                return "" if answer.is_success else f"status_{answer.status_code}"
        except TimeoutError:
            return "too_slow"
        except httpx.HTTPError as error:
            return type(error).__name__
        except (httpx.InvalidURL, ValueError):
            return "address_unusable"

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.aclose()


def failing(address: SecretStr) -> SecretStr:
    """Where a switch that is compatible with healthchecks is told at once that something is wrong: /fail behind the
    ping address (healthchecks' pinging API)."""
    parts = urlsplit(address.get_secret_value())
    return SecretStr(urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail")))
