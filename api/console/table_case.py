"""The list of cases as a file; who reads parties masked gets them masked here, too."""

from api.console.table import Column, Table
from schemas.catalogue import words_of

CASES = Table(
    "案件",
    (
        Column("案号", lambda row, _: row.number, width=28),
        Column("当事人", lambda row, _: row.party, width=24),
        Column("案由", lambda row, _: row.matter, width=20),
        Column("地点", lambda row, _: row.place, width=28),
        Column("违法行为发生时间（东八区）", lambda row, _: row.occurred_at, width=24),
        Column("承办人", lambda row, _: "、".join(row.handlers)),
        Column("状态", lambda row, language: words_of(row.state).spoken(language)),
        Column("登记时间（东八区）", lambda row, _: row.opened_at, width=20),
        Column("立案时间（东八区）", lambda row, _: row.filed_at, width=20),
        Column("决定时间（东八区）", lambda row, _: row.decided_at, width=20),
        Column("结案时间（东八区）", lambda row, _: row.closed_at, width=20),
        Column("音像记录", lambda row, _: row.recordings, is_summed=True),
        Column("非现场监管记录", lambda row, _: row.records, is_summed=True),
        Column("办案单位", lambda row, _: row.agency_name, width=24),
    ),
)
