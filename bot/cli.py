"""The command line, `watchline`: what an administrator types.

Each command is one function here, which says in plain words what it does, and one module in `bot/commands/` that does
it. Exit statuses are in `bot/commands/saying.py`.
"""

from __future__ import annotations

import enum
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.saying import Status, complain

app = typer.Typer(
    name="watchline",
    help="The line between a human rights defender in danger and the protection desk on call.",
    no_args_is_help=True,
    add_completion=False,
    # Typer's own error pages show the locals of every frame.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# What BotFather gives out: the bot's number, a colon, and about 35 characters.
_TELEGRAM_TOKEN = re.compile(r"[0-9]{6,}:[A-Za-z0-9_-]{30,}")


db = typer.Typer(help="The database.", no_args_is_help=True)
keys = typer.Typer(help="The keys that open the database.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(keys, name="keys")


class Role(enum.StrEnum):
    """What an invitation makes somebody."""

    OFFICER = "officer"
    LEAD = "lead"
    DEFENDER = "defender"


@app.command()
def init() -> None:
    """Make a new installation: folder, key file and database.

    Overwrites nothing. Says what it made, and what to back up.
    """
    from bot.commands import init as this

    this.command()


@app.command()
def run(
    practice: Annotated[
        bool, typer.Option("--practice", help="Serve the practice phones, whatever accounts are configured.")
    ] = False,
) -> None:
    """Serve the desk; without an account, the practice phones on this machine."""
    from bot.commands.settled import settings_or_refuse
    from bot.commands.version import installed

    settings = settings_or_refuse()
    # Before what takes a while to load: nobody must wonder whether anything happens.
    typer.secho(f"Watchline {installed()}", bold=True)
    from bot.commands import run as this

    this.command(settings, practice)


@app.command()
def doctor() -> None:
    """Say in plain words what is unsafe or missing, and how to mend it.

    The exit status is 1 when something is to be done.
    """
    from bot.commands import doctor as this

    this.command()


@app.command()
def invite(
    role: Annotated[Role, typer.Argument(help="What the person becomes.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the others are to call the person.")],
) -> None:
    """Make a code that lets one person join: the first lead, an officer, a defender.

    After that, officers invite by chat.
    """
    from alerts.people import Purpose
    from bot.commands import invite as this

    this.command(Purpose(role.value), name)


@app.command()
def captcha() -> None:
    """Hand in the captcha that Signal wants before it takes more messages."""
    from bot.commands import captcha as this

    this.command()


@app.command()
def link() -> None:
    """Link the second signal-cli to the bot's account, so that one of the two may be killed."""
    from bot.commands import link as this

    this.command()


@app.command()
def version() -> None:
    """Say which Watchline this is, and on which Python it runs."""
    from bot.commands import version as this

    this.command()


@app.command()
def rehearse(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The script: who writes what, and when.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line instead of a table.")
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Play it on this PostgreSQL, in a schema that is made for it and dropped afterwards,"
            " instead of a throw-away SQLite file.",
        ),
    ] = None,
) -> None:
    """Play a script and print who would be told what, and when.

    Nothing is sent and nothing is kept: the people in the script are pretended, the time is simulated, the policy is
    the one that comes with Watchline. Needs no settings and no keys.
    """
    from bot.commands import rehearse as this

    this.command(file, as_json, database)


@db.command()
def upgrade() -> None:
    """Bring the database to the form that this version works on. Make a backup first."""
    from bot.commands import upgrade as this

    this.command()


@keys.command()
def rotate(
    drop_old: Annotated[
        bool,
        typer.Option(
            "--drop-old",
            help="Throw the older keys out of the key file; older copies of the key store open no more.",
        ),
    ] = False,
) -> None:
    """Make a new key, and wrap all data keys under it. Watchline may run meanwhile."""
    from bot.commands import rotate as this

    this.command(drop_old)


@app.command(hidden=True)
def receive(worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False) -> None:
    """Receive from Signal, durably. `run` starts this by itself; a container engine may."""
    from bot.commands import receive as this

    this.command(worker)


def main() -> None:
    """Runs the command in `sys.argv` and ends the process with one of `Status`."""
    if any(_TELEGRAM_TOKEN.search(argument) for argument in sys.argv[1:]):
        complain(
            "there is a Telegram token on the command line, where every user of this machine can read it: put it into"
            " a file that only you can read and name the file in WATCHLINE_TELEGRAM_TOKEN_FILE. Ask BotFather for a"
            " new token (/revoke), since this one stands in the shell's history now"
        )
        sys.exit(Status.USAGE)
    try:
        status = typer.main.get_command(app).main(prog_name="watchline", standalone_mode=True)
    except KeyboardInterrupt:
        status = Status.STOPPED
    except BrokenPipeError:
        status = Status.CLOSED
    except Exception as error:  # noqa: BLE001 - Python's own traceback would show what people wrote
        from bot.logs import kind, place

        complain(
            f"a fault in Watchline: {kind(error)} at {place(error.__traceback__)}. Nothing that was stored is lost."
            " Please report this line; it holds nothing about a person"
        )
        status = Status.FAULT
    sys.exit(status)


if __name__ == "__main__":
    main()
