"""Recordings as a CSV file that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable

from api.console.language import gettext
from schemas.base import rfc3339
from schemas.catalogue import words_of
from schemas.recording import Recording
from schemas.words import Language

COLUMNS = (
    "音像记录编号",
    "文件名",
    "状态",
    "结论",
    "拍摄时间（UTC）",
    "入库时间（UTC）",
    "纬度",
    "经度",
    "基准",
    "执法证号",
    "设备",
    "字节",
    "SHA-256",
)
"""Heads of the columns: source texts, translated like those of the templates."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_E7 = 10_000_000


def csv_text(rows: Iterable[Recording], language: Language) -> str:
    """Return rows as CSV (RFC 4180) with the mark that lets spreadsheets see UTF-8."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow([gettext(language, column) for column in COLUMNS])
    for row in rows:
        writer.writerow([plain(cell) for cell in _cells(row, language)])
    return "\ufeff" + sheet.getvalue()


def _cells(row: Recording, language: Language) -> list[str]:
    place = row.place
    return [
        str(row.id),
        row.filename,
        words_of(row.state).spoken(language),
        words_of(row.verdict).spoken(language),
        rfc3339(row.captured_at) if row.captured_at else "",
        rfc3339(row.received_at),
        f"{place.lat_e7 / _E7:.7f}" if place else "",
        f"{place.lon_e7 / _E7:.7f}" if place else "",
        place.crs if place else "",
        " ".join(row.officers),
        row.source_name or "",
        str(row.size_bytes),
        row.sha256 or "",
    ]


def plain(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; file names come from strangers."""
    is_number = cell.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not is_number else cell
