"""What was done in a case, as its history tells it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from schemas.base import Frozen
from schemas.event import Event
from schemas.office import Held


class CaseChange(Frozen):
    """A leaf of the case's chain, opened: what was done about whom or what, by whom, when and why.

    `before` holds the fields of a correction as they were, None for one that was empty; `n` is its number in the
    chain, `leaf_index` its place in the log once it has one. `offices` are the roles by which it was done, as known then.
    """

    n: int
    event: Event
    subject: str
    before: Mapping[str, Any]
    reason: str
    changed_by: str
    changed_at: datetime
    leaf_index: int | None
    offices: Held = ()


_ON_REVIEW = frozenset({Event.CASE_EXEMPT, Event.CASE_REOPEN, Event.CASE_RESTORE, Event.CASE_SUBMIT})


def exemption_in(history: Iterable[CaseChange]) -> CaseChange | None:
    """Return the act by which a case needs no legal review, while that stands; `history` is oldest first."""
    last = [one for one in history if one.event in _ON_REVIEW][-1:]
    return next((one for one in last if one.event is Event.CASE_EXEMPT), None)
