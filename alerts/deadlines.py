"""Every later action is a row. There is no timer anywhere else.

1. A deadline belongs to one subject and has one kind; arming it again replaces it.
2. It carries a token: the subject's version at the time of arming. The turn that fires it compares the token with what
   the subject says now, and a stale one does nothing.
3. Firing deletes the row in the same transaction that does what was due.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from alerts.records import quick


class DeadlineKind(enum.Enum):
    """What happens when it comes."""

    __hash__ = (
        object.__hash__
    )  # by what it is, as it is compared: the library's own hashes the name, in Python

    CLIMB = "climb"
    """Case: nobody has taken it; page by the next step of the policy."""
    DOUBT = "doubt"
    """Case: "is this an emergency?" was not answered."""
    ACK = "ack"
    """Case: the taker has not acknowledged a new alarm on it."""
    ANSWER = "answer"
    """Case: taken, and the person has no human answer yet."""
    PLAN = "plan"
    """Case: taken and answered, and no plan is noted on it."""
    REVIEW = "review"
    """Case: taken and answered; the desk is reminded that it is not closed."""
    PROMPT = "prompt"
    """Check-in: the next prompt, or a timer's own end."""
    RUNG = "rung"
    """Round: the next rung of the ladder."""
    WARN = "warn"
    """Check-in: a timer ends soon."""
    UNREAD = "unread"
    """Frame that a linked device could not read: the other device had time by now."""
    WATCH = "watch"
    """Desk: look for rota gaps and overdue work."""


@quick
@dataclass(frozen=True, slots=True)
class Deadline:
    """One later action."""

    kind: DeadlineKind
    subject: str
    """Id of the case, round, check-in, desk or frame."""
    person_id: str | None
    """Whose events it must not overtake."""
    token: int
    """The subject's version when it was armed."""
    step: int
    """For a case: the step of its climb; for a round: the place of the rung; else 0."""
    urgency: int
    """1 (P1) to 5: of what is due, the most urgent has its turn first."""
    due_at: datetime
