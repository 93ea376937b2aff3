"""Cases as they are shown and as their leaves say them: the query, its rows as values, and whose they are."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select

from schemas.base import rfc3339, whole_milliseconds
from schemas.case import EVIDENCE_STATES, Case
from schemas.ids import CaseId
from schemas.leaves_case import CaseField
from schemas.opening import Shown
from schemas.personal import masked
from schemas.refusals_case import CASE_UNDER_REVIEW
from storage.custody.values import shown
from storage.personal import opened, party_columns
from storage.reads.account import names_of
from storage.reads.agency import with_agency
from storage.reads.copies import recordings_of
from storage.reads.monitoring import linked_to
from storage.tables.case import case_handlers, cases

PARTY = ("party", "party_code")
"""What of a case is personal data."""
_COLUMNS = {name: cases.c[name] for name in PARTY}


@cache
def select_cases() -> Select[tuple[object, ...]]:
    """Return the query behind every case that is shown: with its agency, handlers and how much is linked."""
    names = names_of(case_handlers.c.account_id, case_handlers.c.case_id == cases.c.id)
    query = select(
        # Not by what the party is found: lists of numbers, which nobody reads.
        *(one for one in cases.c if one.name in Case.model_fields),
        func.coalesce(names, []).label("handlers"),
        recordings_of(cases.c.id).label("recordings"),
        linked_to(cases.c.id).label("records"),
    )
    return with_agency(query, cases.c.agency_id)


def case_of(connection: Connection) -> Callable[[RowMapping], Case]:
    """Return what makes a case of a row: who the party is is opened, and masked unless the row says `is_whole`.

    Raises:
        IntegrityBroken: a value does not open (slug `personal-unreadable`).
        Unavailable: this process has no key (slug `personal-key-missing`).
    """

    def made(row: RowMapping) -> Case:
        return Case.of_row(row, **party_of(connection, row), is_masked=not row["is_whole"])

    return made


def party_of(connection: Connection, row: RowMapping) -> dict[str, Any]:
    """Return who the party of a case is, masked unless the row says `is_whole`; raises as `case_of`."""
    told = {name: opened(connection, column, row["id"], row[name]) for name, column in _COLUMNS.items()}
    if row["is_whole"]:
        return told
    return {name: text and masked(name, text) for name, text in told.items()}


def kept_columns(connection: Connection, case_id: CaseId, entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of what was entered: who the party is is sealed.

    Raises:
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    party = {name: entered[name] for name in PARTY if name in entered}
    return {**entered, **party_columns(connection, cases, case_id, party)}


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
