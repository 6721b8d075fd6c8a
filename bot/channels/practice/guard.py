"""Who may ask the practice page anything.

It listens on loopback, and that is not enough: every web page that the same person has open can send
requests there, and a hostile name server can make its own name point there (DNS rebinding). So each request
must come

1. under a host name that is ours and an origin that is ours, and
2. to anything but the empty page itself, with the token from the address that was printed when the page was
   started.

The token stands behind the `#` of that address, which browsers never send, and travels in a header: it is
in no log, no history of a proxy and no Referer.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

_HEADERS = [
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), camera=(), microphone=()"),
]


class Guard:
    """Stands before the page's application."""

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode("ascii")
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # Nothing here speaks anything else; an unanswered websocket is closed by the server.
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, sealed)
            return
        await self._app(scope, receive, sealed)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            return JSONResponse({"error": "this page answers on 127.0.0.1 only"}, 421)
        origin = headers.get("origin")
        asks = scope["method"] in ("GET", "HEAD")
        if (origin is not None or not asks) and origin not in self._origins:
            return JSONResponse({"error": "this page answers to itself only"}, 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return JSONResponse({"error": "this page answers to itself only"}, 403)
        if scope["path"].startswith("/api/"):
            shown = headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(shown, b"Bearer " + self._token):
                return JSONResponse({"error": "open the address that was printed at the start"}, 401)
        return None
