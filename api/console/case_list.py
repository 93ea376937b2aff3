"""The list of cases: its filters, its page, and the same as a file."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from api.console.guard import Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, address, listed
from api.console.sheet import gathered
from api.console.table import MOST_ROWS, FileKind, file_of
from api.console.table_case import CASES
from api.console.visit import Visit
from api.route import pages
from schemas.case import Case, CaseState
from schemas.page import Cursor, Page
from schemas.policy import Action

router = pages()


class CaseFilters(Asked):
    """The filters of the list of cases."""

    number: Sought = ""
    tag: Sought = ""
    by: Annotated[Literal["opened", "-opened", "number", "-number"] | None, IGNORED] = None
    state: Annotated[CaseState | None, IGNORED] = None
    only: Annotated[Literal["worse", "reopened", "unfiled"] | None, IGNORED] = None


def _page(visit: Visit, asked: CaseFilters, after: Cursor | None, limit: int) -> Page[Case]:
    return visit.tx.cases.page(
        visit.actor,
        number=asked.number or None,
        tag=asked.tag or None,
        sort=asked.by,
        state=asked.state,
        is_worse=asked.only == "worse",
        is_reopened=asked.only == "reopened",
        is_unfiled=asked.only == "unfiled",
        after=after,
        limit=limit,
    )


@router.get("/cases")
def cases(visit: Visiting, asked: Annotated[CaseFilters, Query()]) -> Response:
    """Show a page of cases, newest first."""
    page = _page(visit, asked, asked.cursor(), PAGE_ROWS)
    return visit.page(
        "cases.html",
        here="cases",
        listing=listed("/console/cases", asked, page, ("number", "opened")),
        files={one: address(f"/console/cases.{one}", asked.query) for one in FileKind},
        states=list(CaseState),
        may_open=visit.may(Action.CASE_OPEN),
    )


@router.get("/cases.csv")
@router.get("/cases.xlsx")
def as_file(visit: Visiting, asked: Annotated[CaseFilters, Query()]) -> Response:
    """Answer with what the filters show, as a file for a spreadsheet, at most 5,000 rows."""
    rows, is_whole = gathered(lambda after: _page(visit, asked, after, 200), MOST_ROWS)
    return file_of(CASES, rows, visit, is_whole=is_whole)
