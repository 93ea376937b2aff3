"""Rows as a CSV file that a spreadsheet opens without running anything in it, and the rows of a list from its start."""

import csv
import io
from collections.abc import Callable, Iterable
from typing import TypeVar

from starlette.responses import Response

from api.console.language import gettext
from api.console.view import HEADERS
from schemas.page import Cursor, Page
from schemas.words import Language

CUT_OFF = "还有更早的条目没有列出，请缩小查找范围"
TEXTS = (CUT_OFF,)
"""Source texts used outside the templates; each stands in the catalogue."""

Row = TypeVar("Row")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def gathered(page_of: Callable[[Cursor | None], Page[Row]], most: int) -> tuple[list[Row], bool]:
    """Return the rows of a list from its start, so many at most, and whether these are all."""
    rows: list[Row] = []
    after: Cursor | None = None
    while len(rows) < most:
        page = page_of(after)
        rows += page.rows
        after = page.next
        if after is None:
            break
    return rows[:most], after is None and len(rows) <= most


def csv_text(
    columns: Iterable[str], cells: Iterable[Iterable[str]], language: Language, *, is_whole: bool = True
) -> str:
    """Return rows as CSV (RFC 4180) with the mark that lets spreadsheets see UTF-8; what is cut off says so."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow([gettext(language, column) for column in columns])
    for row in cells:
        writer.writerow([plain(cell) for cell in row])
    if not is_whole:
        writer.writerow([gettext(language, CUT_OFF)])
    return "\ufeff" + sheet.getvalue()


def csv_answer(name: str, text: str) -> Response:
    """Answer with a file of this name."""
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; file names come from strangers."""
    is_number = cell.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not is_number else cell
