"""`watchline link`: makes the second signal-cli a device of the bot's account, so that both receive every message."""

from __future__ import annotations

import asyncio

from bot.commands.opening import channel_settings_right, signal_settings
from bot.commands.saying import refuse, tell
from bot.commands.settled import settings_or_refuse
from bot.receiver_sources import purpose
from bot.seats import strangers_at

LINK_SECONDS = 90.0
"""The two of them talk to each other over Signal's servers."""
DEVICE = "Watchline 2"


def command() -> None:
    """Links it, if it is not. Nothing has to be scanned: the first signal-cli confirms the second."""
    from bot.channels.signal.daemon import DaemonAway, DaemonRefused, has_account

    with channel_settings_right():
        settings = signal_settings(settings_or_refuse())
    if settings is None:
        refuse("WATCHLINE_SIGNAL_ACCOUNT is not set: set it to the bot's number")
    if len(addresses := settings.daemon_addresses()) < 2:
        refuse(
            "WATCHLINE_SIGNAL_DAEMON names one signal-cli: give the address of a second one behind a comma, like"
            " 127.0.0.1:6001,127.0.0.1:6002"
        )
    first, second = addresses

    async def link() -> bool:
        if not await _known("first", first):
            refuse(
                "the first signal-cli does not know the number in WATCHLINE_SIGNAL_ACCOUNT: register it"
                " (docs/running.md)"
            )
        if await _known("second", second):
            return False
        tell("Linking the second signal-cli. That takes some seconds ...")
        await _link(settings.account, first, second)
        return True

    async def _known(which: str, address: tuple[str, int]) -> bool:
        try:
            return await has_account(address, settings.account)
        except DaemonAway:
            refuse(
                f"the {which} signal-cli does not answer: start its daemon with --tcp, and check the {which} address in"
                " WATCHLINE_SIGNAL_DAEMON"
            )

    try:
        new = asyncio.run(link())
    except (DaemonAway, DaemonRefused) as error:
        # What signal-cli says of it may hold the number: the kind is enough to know where to look.
        refuse(
            "the second signal-cli was not linked"
            + (": no answer came" if isinstance(error, DaemonAway) else ": signal-cli refused")
            + ". See the logs of both signal-clis, and try again; an account has room for five linked devices"
        )
    if new:
        tell("Linked. From now on both receive every message.")
    else:
        tell("The second signal-cli is linked already.")
    if strangers_at(settings.receiver_lock, purpose(settings.sources())):
        tell(
            "A receiver is at work that was started before WATCHLINE_SIGNAL_DAEMON named both: start `watchline run`"
            " anew, and the receivers where it does not start them."
        )
    elif new:
        tell("Nothing has to be started anew: within half a minute one of the two receivers listens to it.")


async def _link(account: str, first: tuple[str, int], second: tuple[str, int]) -> None:
    """1. The second makes an address. 2. It waits there for the account's keys. 3. The first sends them, sealed.

    Raises `DaemonAway` and `DaemonRefused`.
    """
    from bot.channels.signal.daemon import DaemonAway, call_daemon

    started = await call_daemon(second, "startLink", seconds=LINK_SECONDS)
    uri = started.get("deviceLinkUri") if isinstance(started, dict) else None
    if not isinstance(uri, str):
        raise DaemonAway
    finishing = asyncio.ensure_future(
        call_daemon(second, "finishLink", seconds=LINK_SECONDS, deviceLinkUri=uri, deviceName=DEVICE)
    )
    try:
        await call_daemon(first, "addDevice", seconds=LINK_SECONDS, account=account, uri=uri)
        await finishing
    finally:
        finishing.cancel()
        await asyncio.gather(finishing, return_exceptions=True)
