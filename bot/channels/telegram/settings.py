"""What a desk sets for Telegram. Secrets are left out of `repr`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
_PROXY = re.compile(r"(https?|socks5h?)://[^/\s]+/?")
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


class TelegramSettingsWrong(ValueError):
    """A Telegram setting cannot work; the message begins with its name and tells the mend, never the value."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Telegram calls us, instead of being asked."""

    url: str = field(repr=False)
    """The public https address that a reverse proxy hands on to `listen`:`port`. Its path is the path served."""
    secret: str = field(repr=False)
    """What Telegram repeats in a header of each call: 16 to 256 of A-Z, a-z, 0-9, _ and -."""
    listen: str = "127.0.0.1"
    port: int = 8443
    """0 lets the system choose."""

    def __post_init__(self) -> None:
        """Raises `TelegramSettingsWrong`."""
        if not _SECRET.fullmatch(self.secret):
            raise TelegramSettingsWrong(
                "WATCHLINE_TELEGRAM_WEBHOOK_SECRET must be 16 to 256 letters, digits, _ or -: make a new one, for "
                "example with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        if not self.url.startswith(("https://", "http://")):
            raise TelegramSettingsWrong(
                "WATCHLINE_TELEGRAM_WEBHOOK_URL is not a full address: give one that begins with https://"
            )


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """One bot account."""

    token: str = field(repr=False)
    """From BotFather."""
    base_url: str = "https://api.telegram.org/bot"
    """The token is appended. A desk with its own Bot API server puts that here."""
    base_file_url: str = "https://api.telegram.org/file/bot"
    proxy: str | None = field(default=None, repr=False)
    """http://, socks5:// or socks5h:// address, with credentials if need be. The proxy variables of the environment
    are not looked at: what leaves the machine, and how, is written down in one place."""
    poll_timeout: int = 10
    """Seconds that one long poll waits, 1 to 50. A connection that died unnoticed is given up 5 s later."""
    webhook: WebhookSettings | None = None
    """None polls."""
    protect_content: bool = True
    """Ask the apps to hinder forwarding and saving. False switches it off for every message."""

    def __post_init__(self) -> None:
        """Raises `TelegramSettingsWrong`."""
        if not _TOKEN.fullmatch(self.token):
            raise TelegramSettingsWrong(
                "WATCHLINE_TELEGRAM_TOKEN does not have the form digits:letters: copy it again from BotFather"
            )
        if not 1 <= self.poll_timeout <= 50:
            raise TelegramSettingsWrong(
                "WATCHLINE_TELEGRAM_POLL_TIMEOUT is not between 1 and 50 seconds: give another, or leave it out"
            )
        if self.proxy is not None and not _PROXY.fullmatch(self.proxy):
            raise TelegramSettingsWrong(
                "WATCHLINE_TELEGRAM_PROXY is not the address of a proxy that can be used: give one that begins with "
                "http://, socks5:// or socks5h://, or leave it out"
            )
