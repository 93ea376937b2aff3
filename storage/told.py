"""Rows with two ranges: for which time something holds (`valid_during`), and from when on it was told (`known_during`).

Nothing that was told is overwritten: an act closes it and tells what holds. One exclusion constraint over both ranges
leaves one word of one time as known at one (`storage.tables`).
"""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import Range


def close_told(connection: Connection, table: Table, of: ColumnElement[bool], at: datetime) -> None:
    """Close what is told; what was told for no moment – two acts of one millisecond – is no row.

    Nor is what was told after `at`: the clock stepped back behind it. What the acts said stands in their leaves, in
    their order.
    """
    _end(connection, table, and_(of, func.upper_inf(table.c.known_during)), at)
    _cut_back(connection, table, of, at)


def _cut_back(connection: Connection, table: Table, of: ColumnElement[bool], at: datetime) -> None:
    known = table.c.known_during
    _end(connection, table, and_(of, ~func.upper_inf(known), func.upper(known) > at), at)


def _end(connection: Connection, table: Table, told: ColumnElement[bool], at: datetime) -> None:
    known = table.c.known_during
    connection.execute(delete(table).where(told, func.lower(known) >= at))
    connection.execute(update(table).where(told).values(known_during=func.tstzrange(func.lower(known), at)))


def tell_from(
    connection: Connection,
    table: Table,
    of: ColumnElement[bool],
    *,
    since: datetime | None,
    at: datetime,
    row: Mapping[str, object] | None,
) -> None:
    """Tell from `at` on what holds from `since` on: what was told of that time is closed, what lies before it told anew.

    `of` says which rows are of the thing, `at` is the time of the act; `row` is what holds, without `known_during`, and
    None where nothing does any more. Without `since` it always was so.
    """
    valid, known = table.c.valid_during, Range(at, None)
    passing = of if since is None else and_(of, or_(func.upper_inf(valid), func.upper(valid) > since))
    standing = select(table).where(passing, func.upper_inf(table.c.known_during))
    passed = connection.execute(standing).mappings().all()
    close_told(connection, table, passing, at)
    _cut_back(connection, table, of, at)
    rows = [
        {name: value for name, value in one.items() if name != "id"}
        | {"valid_during": Range(one["valid_during"].lower, since), "known_during": known}
        for one in passed
        if since is not None and (one["valid_during"].lower is None or one["valid_during"].lower < since)
    ]
    if row is not None:
        rows.append({**row, "known_during": known})
    for one in rows:
        connection.execute(insert(table).values(**one))
