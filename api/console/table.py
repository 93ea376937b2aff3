"""A list as a file for a spreadsheet: the words of its page, times in UTC+8, numbers as numbers, sums at its end.

Nothing in it is run: texts that look like formulas – file names come from strangers – are texts.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.responses import Response

from api.console.form import ZONE
from api.console.language import gettext
from api.console.sheet import CUT_OFF, plain
from api.console.view import HEADERS
from api.console.visit import Visit
from schemas.words import Language

Cell = str | int | float | datetime | None
SUM = "合计"
ROWS = "共 %(number)s 行"
TEXTS = (SUM, ROWS)
"""Source texts used outside the templates; each stands in the catalogue."""

_TIME = "%Y-%m-%d %H:%M:%S"


class FileKind(StrEnum):
    """As which file a list is given."""

    CSV = "csv"
    XLSX = "xlsx"


class Column(NamedTuple):
    """One column: its head, a source text; what stands in a row; whether the end of the list adds it up."""

    title: str
    cell: Callable[[Any, Language], Cell]
    is_summed: bool = False
    width: int = 16


MOST_ROWS = 5_000
"""A file has so many rows at most."""


class Table(NamedTuple):
    """A list as a file. `title` is the source text of what it is called."""

    title: str
    columns: Sequence[Column]


def file_of(table: Table, rows: Iterable[Any], visit: Visit, *, is_whole: bool = True) -> Response:
    """Answer with a list as the file whose ending was asked for, named by what it is and by the day.

    What was cut off says so in the last line.
    """
    kind = FileKind(visit.request.url.path.rpartition(".")[2])
    language = visit.language
    cells = [[column.cell(row, language) for column in table.columns] for row in rows]
    heads = [gettext(language, column.title) for column in table.columns]
    ends = _ends(table, cells, language, is_whole=is_whole)
    name = f"{gettext(language, table.title)}-{visit.tx.now.astimezone(ZONE):%Y-%m-%d}.{kind}"
    headers = {**HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    if kind is FileKind.CSV:
        return Response(_csv(heads, [*cells, *ends]), media_type="text/csv; charset=utf-8", headers=headers)
    # What writes workbooks stays out of every process that is never asked for one: numpy comes with it.
    from api.console.workbook import xlsx  # noqa: PLC0415 - as said

    payload = xlsx(heads, cells, ends, widths=[column.width for column in table.columns])
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Response(payload, media_type=media_type, headers=headers)


def _ends(table: Table, cells: list[list[Cell]], language: Language, *, is_whole: bool) -> list[list[Cell]]:
    """Return the lines below the rows: how many there are, what the summed columns come to, what is missing."""
    said = gettext(language, ROWS) % {"number": len(cells)}
    sums: list[Cell] = [
        sum(row[at] for row in cells if isinstance(row[at], (int, float))) if column.is_summed else None  # type: ignore[misc] # numbers, by the condition
        for at, column in enumerate(table.columns)
    ]
    sums[0] = f"{gettext(language, SUM)} · {said}"
    return [sums] if is_whole else [sums, [gettext(language, CUT_OFF)]]


def _csv(heads: Sequence[str], lines: Iterable[Sequence[Cell]]) -> str:
    """Return CSV (RFC 4180) with the mark that lets spreadsheets see UTF-8."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(heads)
    for line in lines:
        writer.writerow([_shown(cell) for cell in line])
    return "\ufeff" + sheet.getvalue()


def _shown(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.astimezone(ZONE).strftime(_TIME)
    return "" if cell is None else plain(cell) if isinstance(cell, str) else str(cell)
