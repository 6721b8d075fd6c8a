"""`watchline doctor`: what is unsafe or missing, in plain words, each with the mend."""

from __future__ import annotations

from collections.abc import Iterator

import typer
from rich.console import Console
from rich.text import Text

from bot.commands.opening import channel_settings_right, sqlite_path, telegram_settings
from bot.commands.saying import Status, foreseen, harmless, tell
from bot.commands.settled import settings_or_refuse
from bot.doctor.collecting import collect
from bot.doctor.facts import Finding, Weight
from bot.doctor.judging import judge
from bot.practice import PRACTICE_STORE
from config.settings import Settings

STYLES = {Weight.WRONG: "bold red", Weight.WARNING: "yellow", Weight.NOTE: "dim"}


def command() -> None:
    """Prints the findings. Raises typer.Exit with REFUSED when something is to be done."""
    settings = settings_or_refuse()
    with channel_settings_right(), foreseen():
        telegram_settings(settings)
        for words in looked_at(settings):
            tell(harmless(words))
        tell()
        findings = judge(collect(settings))
    for finding in findings:
        _show(finding)
    wrong = sum(1 for finding in findings if finding.weight is Weight.WRONG)
    warnings = sum(1 for finding in findings if finding.weight is Weight.WARNING)
    if wrong or warnings:
        tell(f"{wrong} wrong, {warnings} to be looked at. Each has its mend above.")
        raise typer.Exit(Status.REFUSED)
    tell("Nothing has to be done.")


def looked_at(settings: Settings) -> Iterator[str]:
    """What is looked at, and what is not. Raises WrongDatabase."""
    file = sqlite_path(settings)
    where = str(file) if file is not None else f"on PostgreSQL, schema {settings.db_schema}"
    yield f"Looking at the desk: its database ({where}), keys, channels, rota and policy."
    if (settings.practice_dir / PRACTICE_STORE).exists():
        yield (
            f"Not at the practice phones: their store, in {settings.practice_dir}, is another one with a key of its"
            " own. Nothing in it is real, and `run` serves it while no account is configured."
        )


def _show(finding: Finding) -> None:
    console = Console(highlight=False)
    head = Text(f"{finding.weight.name:<8}", style=STYLES[finding.weight]) + Text(
        f"{finding.about}", style="bold"
    )
    console.print(head)
    tell(f"  {harmless(finding.what)}")
    if finding.mend:
        tell(f"  Mend: {harmless(finding.mend)}")
    tell()
