"""Lists as files: a spreadsheet opens them, runs nothing, and reads times, numbers and sums as such."""

import csv
import io
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from api.console.table import Cell, Column, FileKind, Table, file_of
from api.console.table_case import CASES
from api.console.table_monitoring import RECORDS
from api.console.table_recording import recordings_table
from api.console.visit import Visit
from schemas.case import Case
from schemas.equipment import GateFault
from schemas.recording import Recording
from schemas.words import Language
from storage.monitoring.values import MonitoringRecord
from tests.members import made

NOON = datetime(2026, 11, 30, 4, 5, 6, tzinfo=UTC)
EVIL = ("=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "a\x07b", '现场,"1".jpg', "x" * 40_000)
TABLE = Table(
    "案件",
    (
        Column("案号", lambda row, _: row[0]),
        Column("登记时间（东八区）", lambda row, _: row[1]),
        Column("音像记录", lambda row, _: row[2], is_summed=True),
    ),
)


def visit(kind: FileKind, language: Language = Language.ZH) -> Visit:
    """A visit that asks for a file."""
    asked = SimpleNamespace(url=SimpleNamespace(path=f"/console/cases.{kind}"))
    return cast("Visit", SimpleNamespace(request=asked, language=language, tx=SimpleNamespace(now=NOON)))


def sheet(rows: list[tuple[Cell, ...]], **options: Any) -> list[tuple[Any, ...]]:
    """The rows of the file as a spreadsheet reads them."""
    answer = file_of(TABLE, rows, visit(FileKind.XLSX), **options)
    book = load_workbook(io.BytesIO(bytes(answer.body)))
    return [tuple(cell.value for cell in line) for line in book.active.iter_rows()]


def test_a_sheet_has_times_numbers_and_sums() -> None:
    """Times are times in UTC+8, numbers add up, and the last line says how many rows there are."""
    heads, first, second, end = sheet([("案-1", NOON, 2), ("案-2", None, 40)])

    assert heads == ("案号", "登记时间（东八区）", "音像记录")
    assert first == ("案-1", datetime(2026, 11, 30, 12, 5, 6), 2)  # noqa: DTZ001 - as a spreadsheet has it
    assert second == ("案-2", None, 40)
    assert end == ("合计 · 共 2 行", None, 42)


def test_nothing_in_it_is_run() -> None:
    """What looks like a formula is a text, what no cell can hold is left out, in both kinds of file."""
    rows: list[tuple[Cell, ...]] = [(text, None, 0) for text in EVIL]
    answer = file_of(TABLE, rows, visit(FileKind.XLSX))
    book = load_workbook(io.BytesIO(bytes(answer.body)))
    kinds = {cell.data_type for line in book.active.iter_rows() for cell in line[:1]}
    assert "f" not in kinds
    assert book.active["A2"].value == "=1+1"
    assert book.active["A7"].value == "ab"

    lines = list(
        csv.reader(io.StringIO(bytes(file_of(TABLE, rows, visit(FileKind.CSV)).body).decode("utf-8-sig")))
    )
    assert [line[0] for line in lines[1:6]] == ["'=1+1", "'+cmd", "'-2+3", "'@SUM(A1)", "'\tx"]
    assert lines[7][0] == '现场,"1".jpg'


def test_what_was_cut_off_says_so() -> None:
    """A list that is longer than a file ends in a sentence; an empty one has its heads and nought."""
    assert sheet([("案-1", None, 1)], is_whole=False)[-1][0] == "还有更早的条目没有列出，请缩小查找范围"
    assert sheet([]) == [("案号", "登记时间（东八区）", "音像记录"), ("合计 · 共 0 行", None, 0)]


@pytest.mark.parametrize(
    ("language", "name"),
    [(Language.ZH, "案件-2026-11-30.csv"), (Language.EN, "Cases-2026-11-30.csv")],
)
def test_a_file_is_named_by_what_it_is_and_the_day(language: Language, name: str) -> None:
    """Nobody looks for a list under a code."""
    answer = file_of(TABLE, [], visit(FileKind.CSV, language))
    assert unquote(answer.headers["Content-Disposition"]) == f"attachment; filename*=UTF-8''{name}"


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize(
    ("table", "kind"), [(CASES, Case), (RECORDS, MonitoringRecord), (recordings_table({}), Recording)]
)
def test_every_list_takes_every_row(
    table: Table, kind: type[Any], *, is_full: bool, language: Language
) -> None:
    """A row with every optional member, and with none, is a line of each list, in words and not in codes."""
    named = {"gate_faults": list(GateFault)} if kind is MonitoringRecord else {}
    row = made(kind, is_full=is_full, **named)
    cells = [column.cell(row, language) for column in table.columns]
    assert len(cells) == len(table.columns)
    assert all(isinstance(cell, str | int | float | datetime | None) for cell in cells)
    assert not {"sealed", "doubtful", "lead", "filed"} & {cell for cell in cells if isinstance(cell, str)}
