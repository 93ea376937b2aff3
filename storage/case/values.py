"""Cases as they are shown and as their leaves say them: the query, its rows as values, and whose they are."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select

from schemas.base import rfc3339, whole_milliseconds
from schemas.case import EVIDENCE_STATES, Case
from schemas.leaves_case import CaseField
from schemas.opening import Shown
from schemas.refusals_case import CASE_UNDER_REVIEW
from storage.custody.values import shown
from storage.reads.account import names_of
from storage.reads.agency import with_agency
from storage.reads.copies import recordings_of
from storage.reads.monitoring import linked_to
from storage.tables.case import case_handlers, cases


@cache
def select_cases() -> Select[tuple[object, ...]]:
    """Return the query behind every case that is shown: with its agency, handlers and how much is linked."""
    names = names_of(case_handlers.c.account_id, case_handlers.c.case_id == cases.c.id)
    query = select(
        cases,
        func.coalesce(names, []).label("handlers"),
        recordings_of(cases.c.id).label("recordings"),
        linked_to(cases.c.id).label("records"),
    )
    return with_agency(query, cases.c.agency_id)


def columns_of(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was entered as it is kept: times have whole milliseconds, as the leaf has them."""
    at = entered.get("occurred_at")
    return {**entered, **({} if at is None else {"occurred_at": whole_milliseconds(at)})}


def fields_of(entered: Mapping[str, Any]) -> list[CaseField]:
    """Return which fields of a case were entered, sorted as a leaf names them; a position is one."""
    names = {"point" if name in ("lat_e7", "lon_e7") else name for name in entered}
    return sorted(map(CaseField, names))


def members_of(entered: Mapping[str, Any]) -> dict[str, Shown[Any] | None]:
    """Return the salted members of what was entered; what is empty is no member."""
    at, point = entered.get("occurred_at"), (entered.get("lat_e7"), entered.get("lon_e7"))
    plain = {
        name: value for name, value in entered.items() if name not in ("occurred_at", "lat_e7", "lon_e7")
    }
    return {
        **{name: shown(value or None) for name, value in plain.items()},
        "occurred_at": shown(None if at is None else rfc3339(at)),
        "point": shown(None if None in point else dict(zip(("lat_e7", "lon_e7"), point, strict=True))),
    }


def require_open(case: Case) -> None:
    """Refuse a change by hand of what a reviewer looks at or a decision rests on.

    Raises:
        TransitionRefused: slug `case-under-review`.
    """
    if case.state not in EVIDENCE_STATES:
        raise CASE_UNDER_REVIEW(f"the case is at {case.state}: its evidence stands", state=case.state)
