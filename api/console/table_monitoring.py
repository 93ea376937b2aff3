"""The list of monitoring records as a file; who reads parties masked gets them masked here, too."""

from api.console.table import Cell, Column, Table
from schemas.catalogue import quantity_words, words_of
from schemas.equipment import GateFault
from schemas.words import Language
from storage.monitoring.values import MonitoringRecord


def _values(row: MonitoringRecord, language: Language) -> Cell:
    return "；".join(
        f"{quantity_words(one.name).spoken(language)} {one.value} {one.unit}" for one in row.values
    )


def _lacking(row: MonitoringRecord, language: Language) -> Cell:
    return "；".join(words_of(GateFault(fault)).spoken(language) for fault in row.gate_faults)


RECORDS = Table(
    "非现场监管记录",
    (
        Column("号牌", lambda row, _: row.plate),
        Column("当事人", lambda row, _: row.party, width=24),
        Column("审核", lambda row, language: words_of(row.state).spoken(language)),
        Column("事项", lambda row, _: row.matter, width=20),
        Column("数值", _values, width=28),
        Column("采集时间（东八区）", lambda row, _: row.captured_at, width=20),
        Column("地点", lambda row, _: row.place, width=28),
        Column("监控设备", lambda row, _: row.equipment_name, width=24),
        Column("设备编号", lambda row, _: row.equipment_number),
        Column("设备缺少的条件", _lacking, width=32),
        Column("已关联案件", lambda row, _: int(row.is_linked), is_summed=True),
        Column("单位", lambda row, _: row.agency_name, width=24),
        Column("记录编号", lambda row, _: row.record_id, width=28),
    ),
)
