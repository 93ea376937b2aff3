"""The result of an audit: who passed, which items lost points, and how far that speaks for the whole population."""

from typing import Annotated, NamedTuple

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from api.console.guard import Visiting
from api.route import pages
from schemas.audit_result import AuditResult, FileResult, Share
from schemas.ids import AuditId
from schemas.words import Language

router = pages()

WIDTH, LEFT, RIGHT, TOP, ROW = 360, 44, 14, 22, 28
"""The chart's measures; a row is tall enough for a finger."""


class Mark(NamedTuple):
    """One row of the chart: a dot where the scored files lie, a whisker as wide as the interval."""

    code: str
    y: float
    dot: float | None
    low: float
    high: float
    whole: Share


class Chart(NamedTuple):
    """The shares of all items on one axis from 0 to 100 %."""

    width: int
    height: int
    top: int
    bottom: int
    ticks: tuple[tuple[float, int], ...]
    marks: tuple[Mark, ...]


def chart_of(result: AuditResult) -> Chart:
    """Return the shares of files without deduction by item, as geometry."""
    bottom = TOP + ROW * len(result.items)
    marks = (
        Mark(
            code=one.code,
            y=TOP + ROW * place + ROW / 2,
            dot=None if one.whole.rate is None else _x(one.whole.rate),
            low=_x(one.whole.low),
            high=_x(one.whole.high),
            whole=one.whole,
        )
        for place, one in enumerate(result.items)
    )
    ticks = tuple((_x(percent / 100), percent) for percent in (0, 25, 50, 75, 100))
    return Chart(WIDTH, bottom + 6, TOP, bottom, ticks, tuple(marks))


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


class Narrowed(BaseModel):
    """Which files are listed: all, or those that lost points in one item."""

    item: str = ""


def listed(result: AuditResult, item: str) -> tuple[FileResult, ...]:
    """Return the files of the list that a mark opens: those from which points of the item were taken."""
    return tuple(one for one in result.files if not item or item in one.deducted)


@router.get("/audits/{audit_id}/result")
def result(visit: Visiting, audit_id: AuditId, asked: Annotated[Narrowed, Query()]) -> Response:
    """Show the result of an audit."""
    tx, actor = visit.tx, visit.actor
    told = tx.audit_results.of(actor, audit_id)
    audit = tx.audits.get(actor, audit_id)
    known = next((one for one in told.items if one.code == asked.item), None)
    return visit.page(
        "audit_result.html",
        here="audits",
        audit=audit,
        result=told,
        standard=tx.audit_scores.standard(audit),
        chart=chart_of(told),
        item=known,
        files=listed(told, known.code if known else ""),
        is_english=visit.language is Language.EN,
    )
