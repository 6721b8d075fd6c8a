"""What the gateway's answers mean.

| Answer | Outcome |
|---|---|
| 201, a timestamp, our recipient not among the failed | sent; Signal tells of delivery later |
| failed recipient, or 400: unregistered, identity changed | refused |
| 400 "Failed to send message" | not told why: `UNEXPLAINED`, asked again in a way that tells |
| 400 "Specified account does not exist" | the whole channel waits for an administrator |
| 400 about the connection to signal-cli | the whole channel, soon |
| 400 about the request | refused: it would be refused again |
| 429, with or without a challenge | wait; the time to wait is lost in the gateway, and the message may have arrived |
| none | by when it broke |
"""

from __future__ import annotations

from alerts.events import Outcome, Refusal, Refused, RetryAt, Sent
from bot.channels.signal.frames import OWN
from bot.channels.signal.gateway import GatewayAway, GatewayRefused

SOON = 2.0
LATER = 5.0
ACCOUNT_MISSING = 30.0
RATE_LIMITED = 60.0
CHALLENGED = 300.0

_REASONS: dict[str, Outcome] = {
    "UNREGISTERED_FAILURE": Refused(Refusal.UNREGISTERED),
    "IDENTITY_FAILURE": Refused(Refusal.UNTRUSTED),
    "NETWORK_FAILURE": RetryAt(SOON, "unreachable", ambiguous=True),
    "RATE_LIMIT_FAILURE": RetryAt(RATE_LIMITED, "rate_limited", ambiguous=True, obey=True),
    "PROOF_REQUIRED_FAILURE": RetryAt(CHALLENGED, "challenge", ambiguous=True, obey=True),
}
_CONNECTION = ("connection", "broken pipe", "closed network", "eof", "i/o timeout")
_OUR_FAULT = (
    "couldn't process request",
    "illegal base64",
    "base64 data",
    "sending empty message",
    "invalid group",
    "please ",
)


class Unexplained(Exception):
    """The gateway says that it failed and not why: unregistered and unreachable look the same."""


def of_answer(answer: object) -> Outcome:
    """The outcome of a 201."""
    entry = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(entry, dict):
        return RetryAt(LATER, "server_error", ambiguous=True)
    errors = entry.get("errors")
    failed = errors.get("recipients") if isinstance(errors, dict) else None
    if isinstance(failed, list) and failed:
        reason = failed[0].get("reason") if isinstance(failed[0], dict) else None
        return _REASONS.get(str(reason), RetryAt(LATER, "server_error", ambiguous=True))
    timestamp = str(entry.get("timestamp", ""))
    if not timestamp.isdecimal() or timestamp == "0":
        return RetryAt(LATER, "server_error", ambiguous=True)
    return Sent(f"{OWN}:{timestamp}", delivered=False)


def of_refusal(refused: GatewayRefused) -> Outcome:
    """The outcome of an error status. Raises `Unexplained`."""
    error = refused.error.lower()
    if refused.status == 429 or "rate limit" in error:
        if refused.challenge_tokens:
            return RetryAt(CHALLENGED, "challenge", ambiguous=True, obey=True)
        return RetryAt(RATE_LIMITED, "rate_limited", ambiguous=True, obey=True)
    if "untrusted" in error:
        return Refused(Refusal.UNTRUSTED)
    if "account does not exist" in error or "not registered" in error:
        return RetryAt(ACCOUNT_MISSING, "account", whole_channel=True)
    if "unregistered" in error:
        return Refused(Refusal.UNREGISTERED)
    if refused.status == 413 or "too large" in error:
        return Refused(Refusal.TOO_LARGE)
    if any(sign in error for sign in _OUR_FAULT):
        return Refused(Refusal.REJECTED)
    if error.strip() == "failed to send message":
        raise Unexplained
    if any(sign in error for sign in _CONNECTION):
        return RetryAt(SOON, "unreachable", ambiguous=True, whole_channel=True)
    return RetryAt(LATER, "server_error", ambiguous=True)


def of_silence(away: GatewayAway) -> RetryAt:
    """The outcome of no answer."""
    if away.reason == "timeout":
        return RetryAt(SOON, "timeout", ambiguous=away.ambiguous)
    if away.reason == "unknown answer":
        return RetryAt(LATER, "server_error", ambiguous=away.ambiguous)
    return RetryAt(SOON, "unreachable", ambiguous=away.ambiguous, whole_channel=True)
