"""`watchline doctor`: what is unsafe or missing, in plain words, each with the mend."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.text import Text

from bot.commands.opening import channel_settings_right, telegram_settings
from bot.commands.saying import Status, foreseen, harmless, tell
from bot.commands.settled import settings_or_refuse
from bot.doctor.collecting import collect
from bot.doctor.facts import Finding, Weight
from bot.doctor.judging import judge

STYLES = {Weight.WRONG: "bold red", Weight.WARNING: "yellow", Weight.NOTE: "dim"}


def command() -> None:
    """Prints the findings. Raises typer.Exit with REFUSED when something is to be done."""
    settings = settings_or_refuse()
    with channel_settings_right(), foreseen():
        telegram_settings(settings)
        findings = judge(collect(settings))
    for finding in findings:
        _show(finding)
    wrong = sum(1 for finding in findings if finding.weight is Weight.WRONG)
    warnings = sum(1 for finding in findings if finding.weight is Weight.WARNING)
    if wrong or warnings:
        tell(f"{wrong} wrong, {warnings} to be looked at. Each has its mend above.")
        raise typer.Exit(Status.REFUSED)
    tell("Nothing has to be done.")


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
