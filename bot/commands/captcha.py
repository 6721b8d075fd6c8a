"""`watchline captcha`: answers Signal's wish for a captcha, beside a `run` that was told of it."""

from __future__ import annotations

import asyncio
import sys

from bot.commands.opening import channel_settings_right, signal_settings
from bot.commands.saying import refuse, tell
from bot.commands.settled import settings_or_refuse

PAGE = "https://signalcaptchas.org/challenge/generate.html"
SCHEME = "signalcaptcha://"
LONGEST = 20_000


def command() -> None:
    """Asks for the solved captcha on stdin, where no list of processes shows it, and hands it in."""
    from bot.channels.signal.channel import SignalChannel
    from bot.channels.signal.settings import SignalSettings

    with channel_settings_right():
        settings = signal_settings(settings_or_refuse())
    if settings is None:
        refuse(
            "WATCHLINE_SIGNAL_ACCOUNT is not set, so Signal wants nothing of us: set it to the bot's number"
        )

    async def ask(settings: SignalSettings) -> bool | None:
        channel = SignalChannel(settings)
        try:
            if not channel.challenge:
                return None
            tell(
                f"Open {PAGE} in a browser and solve the captcha. Copy the address behind its last button, which"
                f" begins with {SCHEME}, paste it here, and press Enter:"
            )
            solved = await asyncio.to_thread(sys.stdin.readline, LONGEST)
            if not solved.strip().startswith(SCHEME):
                refuse(f"this is no solved captcha: paste the whole address, which begins with {SCHEME}")
            return await channel.answer_challenge(solved.strip())
        finally:
            await channel.close()

    accepted = asyncio.run(ask(settings))
    if accepted is None:
        tell("Signal wants no captcha now. When it does, `watchline doctor` says so.")
    elif accepted:
        tell("Accepted. What waited goes out by itself within five minutes.")
    else:
        refuse(
            "Signal did not accept it, or the gateway does not answer: solve a fresh one, within minutes, and see with"
            " `watchline doctor` whether the gateway runs"
        )
