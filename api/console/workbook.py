"""A list as a workbook (XLSX): frozen heads, filters, typed cells; a text is a text, also where it looks like a formula."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from api.console.form import ZONE

_MOST_SIGNS = 32_767
_BOLD = Font(bold=True)
_Cell = str | int | float | datetime | None


def xlsx(
    heads: Sequence[str],
    cells: Sequence[Sequence[_Cell]],
    ends: Sequence[Sequence[_Cell]],
    *,
    widths: Sequence[int],
) -> bytes:
    """Return the bytes of a workbook with one sheet: heads, rows, and the lines below them in bold."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(cells) + 1}"
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.append([_kept(sheet, head, is_bold=True) for head in heads])
    for line in cells:
        sheet.append([_kept(sheet, cell) for cell in line])
    for line in ends:
        sheet.append([_kept(sheet, cell, is_bold=True) for cell in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _kept(sheet: Any, cell: _Cell, *, is_bold: bool = False) -> Any:  # noqa: ANN401 - the library has no types
    value = cell.astimezone(ZONE).replace(tzinfo=None) if isinstance(cell, datetime) else cell
    if isinstance(value, str):
        value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_MOST_SIGNS]
    made = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        made.data_type = "s"  # also where it begins like a formula
    if isinstance(value, datetime):
        made.number_format = "yyyy-mm-dd hh:mm:ss"
    if is_bold:
        made.font = _BOLD
    return made
