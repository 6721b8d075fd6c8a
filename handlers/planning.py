"""The plan of a case: what the desk is going to do, noted by whoever has it, and asked for when it is missing.

Nobody is paged for a plan. Where it can wait for the day, what is said about it does.

Source: protection practice, "Urgency".
"""

from __future__ import annotations

from alerts.cases import Case, CaseStatus, acknowledged, planned
from alerts.escalation import beside_taker
from alerts.events import InboundKind, OutboundKind
from alerts.facts import Heard
from alerts.outbox import Guard, Outgoing
from alerts.people import Person
from alerts.records import replace
from handlers import relay
from handlers.draft import Draft
from handlers.telling import answer, remind

INSTEAD = "instead"
"""Code of the offer to send to the defender what was noted as a plan."""


def plan(draft: Draft, event: Heard, officer: Person, case: Case, rest: str) -> None:
    """`plan`: kept on the case as a private note of its own kind, and nobody is reminded any more.

    Raises IllegalTransition when the case is closed.
    """
    if not rest:
        answer(draft, officer, "desk.plan_empty", ref=case.ref)
        return
    if case.status is CaseStatus.TAKEN and case.taken_by == officer.id:
        case = acknowledged(case, draft.now)
    case = draft.put_case(planned(case, draft.now))
    relay.keep(draft, event, case.person_id, officer, case, kind="plan", text=rest)
    draft.event("planned", case=case.ref, urgency=case.urgency)
    said = event.inbound.text.strip()
    # Words that begin with "plan" may have been meant for the defender: one tap sends them, and nothing is lost.
    offered = draft.choices(
        officer, [(f"{INSTEAD}:{said}", "button.send_instead")] if sentence(event, case) else []
    )
    said_so = draft.word(officer, "desk.planned", ref=case.ref)
    draft.say(
        officer,
        OutboundKind.ANSWER,
        said_so,
        case=case,
        urgency=3,
        choices=offered,
        question=INSTEAD,
        defender_id=case.person_id,
    )


def sentence(event: Heard, case: Case) -> bool:
    """Whether the words that a plan was noted from may be a sentence: no slash, no colon, no reference, no file."""
    said = event.inbound
    first = said.text.split(maxsplit=1)[0] if said.text.strip() else ""
    plain = said.kind is InboundKind.TEXT and not first.startswith("/") and not first.endswith(":")
    return plain and case.ref not in said.text.upper()


def was_none(draft: Draft, case: Case, noted: Outgoing) -> None:
    """What `noted` says was kept as a plan is words for the defender: the case still has no plan, if that was it."""
    if case.planned_at == noted.created_at:
        draft.put_case(replace(case, planned_at=None))


def due(draft: Draft, case: Case) -> None:
    """No plan is noted: the taker is reminded, once; then the next officer and the leads hear it."""
    taker = draft.person(case.taken_by)
    if taker is not None and taker.is_staff and not case.plan_nags:
        told = [(taker, "notice.plan_missing")]
    else:
        told = [(p, "notice.plan_missing_other") for p in beside_taker(draft.facts.desk, case)]
    remind(draft, case, told, taker, Guard.UNPLANNED)
    draft.event("plan_missing", case=case.ref, urgency=case.urgency, times=case.plan_nags + 1)
    draft.put_case(replace(case, plan_nags=case.plan_nags + 1))
