"""The list of recordings as a file."""

from collections.abc import Mapping

from api.console.table import Cell, Column, Table
from schemas.catalogue import words_of
from schemas.recording import Recording
from schemas.words_line import verdict_words

_E7 = 10_000_000


def _degrees(e7: int | None) -> Cell:
    return None if e7 is None else e7 / _E7


def recordings_table(names: Mapping[str, str]) -> Table:
    """Return the columns of the list; `names` are the officers' that the reader may know, by certificate."""

    def officers(row: Recording) -> Cell:
        return "、".join(names.get(number, number) for number in row.officers)

    return Table(
        "音像记录",
        (
            Column("文件名", lambda row, _: row.filename, width=32),
            Column("状态", lambda row, language: words_of(row.state).spoken(language)),
            Column("结论", lambda row, language: verdict_words(row.verdict, row.remarks).spoken(language)),
            Column("拍摄时间（东八区）", lambda row, _: row.captured_at, width=20),
            Column("入库时间（东八区）", lambda row, _: row.received_at, width=20),
            Column("纬度", lambda row, _: _degrees(row.place.lat_e7) if row.place else None),
            Column("经度", lambda row, _: _degrees(row.place.lon_e7) if row.place else None),
            Column("基准", lambda row, _: row.place.crs if row.place else None, width=10),
            Column("执法人员", lambda row, _: officers(row), width=24),
            Column("执法证号", lambda row, _: " ".join(row.officers), width=26),
            Column("设备", lambda row, _: row.source_name),
            Column("字节", lambda row, _: row.size_bytes, is_summed=True),
            Column("SHA-256", lambda row, _: row.sha256, width=66),
            Column("音像记录编号", lambda row, _: str(row.id), width=38),
        ),
    )
