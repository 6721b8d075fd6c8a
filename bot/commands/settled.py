"""The settings of a command, read before anything that takes a while to load: what is wrong in them is said at once."""

from __future__ import annotations

import typer

from bot import logs
from bot.commands.saying import Status, complain
from config.settings import Settings, SettingsWrong, load


def settings_or_refuse() -> Settings:
    """The settings; logging follows them from here on. Ends the command when they cannot be used."""
    try:
        settings = load()
    except SettingsWrong as wrong:
        for problem in wrong.problems:
            complain(problem)
        raise typer.Exit(Status.REFUSED) from None
    logs.configure(settings.log_level, as_json=settings.log_format == "json")
    return settings
