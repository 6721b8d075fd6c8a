"""Telegram, by python-telegram-bot's request layer and types, without its `Updater`.

`Updater` advances the offset when an update is in memory, so a killed process loses it. Here an update is stored first
and its offset advanced afterwards. The parts:

- `settings`: what a desk sets.
- `receive`: the polling loop. `webhook`: the alternative where Telegram calls us.
- `parse`: from a stored update to an `Inbound`, pure.
- `compose`: from an `Outbound` to the calls it takes, pure. `send`: makes the calls.
- `outcome`: from Telegram's errors to our outcomes, pure.
- `fetch`: attachments. `wire`: HTTP clients with bounds, and the silencing of the libraries' logs.

This file imports none of them: the library takes a third of a second to load, and only a desk that has a Telegram
account wants it.
"""
