"""What a desk sets for Signal. Telephone numbers are left out of `repr`."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bot.receiver_sources import Kind, Source
from bot.seats import SEATS


class SignalSettingsWrong(ValueError):
    """A Signal setting cannot work; the message begins with its name and tells the mend, never the value."""


class Receive(enum.Enum):
    """How messages come in."""

    DURABLE = "durable"
    """Our receiver process on signal-cli's own socket (daemon in manual receive mode). Nothing is lost while we are
    down."""
    GATEWAY = "gateway"
    """Our receiver process on the gateway's websocket. The gateway drops what comes while nobody receives, and some of
    what comes in bursts."""


class Receiver(enum.Enum):
    """Who starts the receivers."""

    MANAGED = "managed"
    """The bot does, and starts them again when they end."""
    EXTERNAL = "external"
    """A container engine or systemd does."""


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """One Signal account of ours."""

    account: str = field(repr=False)
    """Our telephone number, with + and country code: signal-cli knows accounts by it."""
    gateway: str = "http://127.0.0.1:8080"
    """Address of signal-cli-rest-api."""
    daemon: str = "127.0.0.1:6001"
    """host:port of signal-cli's JSON-RPC socket, or of two behind a comma: the account's own and that of a linked
    device, which receives the same messages. Only used in durable mode."""
    receive: Receive = Receive.DURABLE
    receiver: Receiver = Receiver.EXTERNAL
    receiver_command: tuple[str, ...] = ()
    """What starts a receiver, for `MANAGED`. It finds its own settings: nothing secret is ever in a command line."""
    receiver_lock: str = ""
    """Path of the first receiver's lock file (`bot.seats`). Without one the bot itself reads the gateway's
    websocket."""
    challenge_file: str = ""
    """Path of the file in which the token of Signal's challenge waits for `watchline captcha`."""
    expire_seconds: int = 7 * 24 * 3600
    """Timer for disappearing messages that is set where a chat has none. 0 leaves chats as they are."""
    upload_limit: int = 10 * 2**20
    """Bytes of the largest file that is passed on. It is in memory a few times over while it is sent."""
    send_timeout: float = 20.0
    """Seconds that a send without a file may take."""
    file_timeout: float = 60.0
    """Seconds that a send with a file, or one pause in a download, may take."""

    def __post_init__(self) -> None:
        """Raises `SignalSettingsWrong`."""
        if not re.fullmatch(r"\+[0-9]{5,18}", self.account):
            raise SignalSettingsWrong(
                "WATCHLINE_SIGNAL_ACCOUNT is not a telephone number: give the bot's own, with + and country code and "
                "without spaces"
            )
        address = urlsplit(self.gateway)
        try:
            whole = bool(address.hostname) and address.port != 0
        except ValueError:
            whole = False
        if address.scheme not in ("http", "https") or not whole or address.path.strip("/"):
            raise SignalSettingsWrong(
                "WATCHLINE_SIGNAL_GATEWAY is not an address: give one like http://127.0.0.1:8080, without a path"
            )
        if self.receive is Receive.DURABLE:
            self.daemon_addresses()
        managed = self.has_receivers and self.receiver is Receiver.MANAGED
        if managed and not (self.receiver_command and self.receiver_lock):
            raise SignalSettingsWrong(
                "A managed Signal receiver needs the command that starts it and a lock file."
            )
        if self.expire_seconds < 0:
            raise SignalSettingsWrong(
                "WATCHLINE_SIGNAL_EXPIRE_SECONDS is below zero: give a number of seconds, or 0 for none"
            )

    @property
    def has_receivers(self) -> bool:
        """Whether receivers of their own take the messages. The bot itself does where the gateway's address is https:
        what comes enciphered cannot be looked at before it is taken out, nor handed to the next process. And where it
        holds a name and a password, which no receiver is to keep in memory."""
        if self.receive is Receive.DURABLE:
            return True
        address = urlsplit(self.gateway)
        return bool(self.receiver_lock) and address.scheme == "http" and "@" not in address.netloc

    @property
    def has_linked_device(self) -> bool:
        """Whether a second signal-cli receives the same messages."""
        return self.receive is Receive.DURABLE and len(self.daemon_addresses()) > 1

    def sources(self) -> tuple[Source, ...]:
        """Where the receivers take the messages from, one a seat or one for all. Raises `SignalSettingsWrong`."""
        if self.receive is Receive.GATEWAY:
            address = urlsplit(self.gateway)
            return (Source(Kind.FRAMES, address.hostname or "", address.port or 80, self.account),)
        return tuple(
            Source(Kind.LINES, host, port, self.account, linked=number > 0)
            for number, (host, port) in enumerate(self.daemon_addresses())
        )

    def daemon_addresses(self) -> tuple[tuple[str, int], ...]:
        """Host and port of each signal-cli's socket, the account's own first. Raises `SignalSettingsWrong`."""
        found = tuple(map(_address, self.daemon.split(",")))
        if len(found) > SEATS or len(set(found)) < len(found):
            raise SignalSettingsWrong(
                "WATCHLINE_SIGNAL_DAEMON names more than two sockets, or one twice: give that of signal-cli, and"
                " behind a comma that of a second one which is linked to the same account"
            )
        return found


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise SignalSettingsWrong(
            "WATCHLINE_SIGNAL_DAEMON is not host:port: give signal-cli's socket, like 127.0.0.1:6001"
        )
    return host.strip("[]"), int(port)
