"""The desk of the trail reader: the access trail, searched, and taken away as CSV."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from api.console.form import day_start
from api.console.guard import Visiting
from api.console.language import gettext
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, address, listed
from api.console.sheet import csv_answer, csv_text, gathered
from api.route import pages
from schemas.actor import joined
from schemas.base import rfc3339
from schemas.catalogue import words_of
from schemas.trail import TrailEvent, TrailFilter, TrailResult, TrailRow
from schemas.words import Language
from schemas.words_trail import asked_words, why_words

router = pages()

CSV_ROWS = 20_000
"""Rows of one CSV; narrower filters give the rest, and the last line says so."""

PATH = "/console/trail"
COLUMNS = (
    *("编号", "时间（UTC）", "最近（UTC）", "次数", "事项", "结果", "原因", "涉及", "人员", "登录名"),
    *("对象", "来自地址", "已封存"),
)
"""Heads of the columns: source texts, translated like those of the templates."""
_YES, _NO, _NOBODY = "是", "否", "没有这个账号"
TEXTS = (*COLUMNS, _YES, _NO, _NOBODY)
"""Source texts used outside the templates; each stands in the catalogue."""


class TrailFilters(Asked):
    """The filters of the trail."""

    person: Sought = ""
    from_address: Annotated[Sought, Field(alias="address")] = ""
    event: Annotated[TrailEvent | None, IGNORED] = None
    result: Annotated[TrailResult | None, IGNORED] = None
    from_day: Annotated[Sought, Field(alias="from")] = ""
    until_day: Annotated[Sought, Field(alias="to")] = ""

    def wanted(self) -> TrailFilter:
        """Return the filter; a text that is no day narrows nothing."""
        return TrailFilter(
            person=self.person or None,
            address=self.from_address or None,
            event=self.event,
            result=self.result,
            since=day_start(self.from_day),
            until=day_start(self.until_day, days=1),
        )


@router.get("/trail")
def trail(visit: Visiting, asked: Annotated[TrailFilters, Query()]) -> Response:
    """Show a page of the trail, newest first."""
    tx, actor = visit.tx, visit.actor
    page = tx.trail.page(actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    sealed = tx.trail.sealed_until()
    return visit.page(
        "trail.html",
        here="trail",
        listing=listed(PATH, asked, page),
        events=list(TrailEvent),
        results=list(TrailResult),
        csv_url=address(f"{PATH}.csv", asked.query),
        sealed=None if sealed is None else sealed[0].isoformat(),
        kept_from=None if sealed is None else sealed[1].isoformat(),
        months=tx.settings.trail_months,
        joined=joined(actor.roles),
    )


@router.get("/trail.csv")
def as_csv(visit: Visiting, asked: Annotated[TrailFilters, Query()]) -> Response:
    """Answer with what the filters show, times in UTC; that it was taken stands in the trail before the first byte."""
    visit.tx.trail.export(visit.actor)
    rows, is_whole = gathered(
        lambda after: visit.tx.trail.page(visit.actor, asked.wanted(), after=after, limit=1000), CSV_ROWS
    )
    cells = (_cells(row, visit.language) for row in rows)
    return csv_answer("trail", csv_text(COLUMNS, cells, visit.language, is_whole=is_whole))


def _cells(row: TrailRow, language: Language) -> Iterator[str]:
    why, asked = why_words(row.event, row.code), asked_words(row.asked)
    yield from (str(row.id), rfc3339(row.at), rfc3339(row.last_at), str(row.times))
    yield from (words_of(row.event).spoken(language), words_of(row.result).spoken(language))
    yield "" if why is None else why.spoken(language)
    yield row.asked if asked is None else asked.spoken(language)
    yield row.account_name or row.device_name or (gettext(language, _NOBODY) if row.is_named else "")
    yield row.account_login or ""
    yield row.about_name or row.about
    yield row.address
    yield gettext(language, _YES if row.is_sealed else _NO)
