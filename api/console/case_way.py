"""The way of a case, for its page: the step that it waits for and whose it is, and how it ended without a decision."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.actor import Role
from schemas.case import AWAITED, ENDING_STEPS, OVER_STATES, STEPS, Case, CaseState, CaseStep
from schemas.case_change import CaseChange
from schemas.case_gate import CaseFacts
from schemas.policy import roles_with
from schemas.review import Review, ReviewState


class Awaited(NamedTuple):
    """The step that a case waits for, and whose it is."""

    step: CaseStep
    roles: tuple[Role, ...]


def awaited(found: Case, facts: CaseFacts, rounds: Sequence[Review]) -> Awaited | None:
    """Return who does what next; None where the case is over."""
    step = AWAITED.get(found.state)
    if found.state is CaseState.LEGAL_REVIEW and rounds and rounds[-1].state is not ReviewState.OPEN:
        step = CaseStep.DECIDE
    if step is CaseStep.CLOSE and facts.is_summary and not facts.is_recorded:
        step = CaseStep.RECORD
    return None if step is None else Awaited(step, tuple(sorted(roles_with(STEPS[step].asks))))


def ending(history: Iterable[CaseChange], state: CaseState) -> CaseChange | None:
    """Return the act that ended a case without a decision; None of one that was not ended so."""
    events = {row.event for row in STEPS if row.end is state and row.name in ENDING_STEPS}
    return next(
        (one for one in reversed(list(history)) if one.event in events and state in OVER_STATES), None
    )
