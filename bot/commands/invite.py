"""`watchline invite`: a code that makes whoever sends it to the bot an officer, a lead or a defender."""

from __future__ import annotations

from alerts.ids import Ids
from alerts.invitations import clean_name, codes_of, name_key, new_invitation
from alerts.people import Purpose
from alerts.recognition import Alarm
from alerts.walltime import on_desks_clock
from bot.clock import RealClock, SystemEntropy
from bot.commands.opening import open_store
from bot.commands.saying import Status, foreseen, refuse, tell
from bot.commands.settled import settings_or_refuse
from bot.rules import shipped_rules

CODE_BYTES = 12
CODES = 8
"""Candidates: one that reads like an alarm would raise one when it is sent."""


def command(purpose: Purpose, name: str) -> None:
    """Makes an invitation and prints its code, which is stored nowhere."""
    settings = settings_or_refuse()
    alias = clean_name(name)
    if not alias:
        refuse(
            "NAME cannot be used: give one to three words of at most 40 characters together, such as Ana, with letters",
            Status.USAGE,
        )
    with foreseen():
        rules = shipped_rules(settings.zone, language=settings.language, own=settings.policy_dir)
    entropy, now = SystemEntropy(), RealClock().now()
    codes = codes_of(entropy.draw(CODE_BYTES * CODES))
    code = next((c for c in codes if rules.recogniser.recognise(c).alarm is Alarm.NONE), codes[0])
    with open_store(settings) as store, store.writing() as work:
        earlier = [
            invitation
            for invitation in work.codes_of_desk(rules.desk, now)
            if invitation.purpose is purpose and name_key(invitation.alias) == name_key(alias)
        ]
        ids = Ids(now, entropy.draw(16))
        work.put(
            new_invitation(
                invitation_id=ids.new(),
                digest=work.vault.code(code),
                desk=rules.desk,
                purpose=purpose,
                now=now,
                hours=rules.invitation_hours,
                key_id=work.vault.keys.take(),
                alias=alias,
            )
        )
        work.flush()
    tell(f"Code for {alias}, as {purpose.value}:")
    tell()
    tell(f"    {code}")
    tell()
    tell(
        f"It works once, for {rules.invitation_hours} hours: {alias} sends it to the bot as a message, on Signal or on"
        " Telegram. It is shown only now."
    )
    tell(
        "Pass it on where nobody else reads, best in person, and ask afterwards whether it was really they who used it:"
        " the bot believes whoever has the code."
    )
    if earlier:
        tell()
        tell(
            f"{_codes(len(earlier))} made before for {alias}, as {purpose.value}, and nobody has used"
            f" {'it' if len(earlier) == 1 else 'them'}. {'It works' if len(earlier) == 1 else 'They work'} as well,"
            f" until {on_desks_clock(max(i.expires_at for i in earlier), rules.zone)}."
        )


def _codes(count: int) -> str:
    return "One code was" if count == 1 else f"{count} codes were"
