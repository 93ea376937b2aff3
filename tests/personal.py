"""Personal data for tests and measurements: rows that were written in clear by the thousand, sealed as the product does."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select, text, update
from sqlalchemy.sql import bindparam

from storage.personal import party_columns
from storage.tables.base import metadata

TOGETHER = 2_000


def seal_rows(connection: Connection, table: Table, parties: Mapping[UUID, Mapping[str, str | None]]) -> None:
    """Seal who the party of each of these rows of `cases` or `monitoring_records` is."""
    names = ("party", "party_tokens", "party_code", "party_code_digest")
    keep = (
        update(table)
        .where(table.c.id == bindparam("ident"))
        .values({name: bindparam(name) for name in names})
    )
    rows = list(parties.items())
    for start in range(0, len(rows), TOGETHER):
        connection.execute(
            keep,
            [
                {"ident": ident, **dict.fromkeys(names), **party_columns(connection, table, ident, party)}
                for ident, party in rows[start : start + TOGETHER]
            ],
        )


def seal_filled(connection: Connection) -> None:
    """Seal rows that SQL has filled in with the name in the bytes of the sealed column."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in (metadata.tables["cases"], metadata.tables["monitoring_records"]):
        rows = connection.execute(select(table.c.id, table.c.party)).all()
        filled = {
            row.id: {"party": bytes(row.party).decode()} for row in rows if bytes(row.party)[:1] != b"\x01"
        }
        seal_rows(connection, table, filled)


def dumped(connection: Connection) -> Iterator[tuple[str, bytes]]:
    """Yield every table that stands in the database, those of tools too, with all its rows as `COPY` spells them."""
    names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    for name in connection.scalars(names).all():
        driver: Any = connection.connection.cursor()
        with driver.copy(f'COPY "{name}" TO STDOUT') as rows:
            yield name, b"".join(bytes(block) for block in rows).lower()


def spellings(said: str) -> list[bytes]:
    """The ways in which a text may stand in a dump: plain, escaped as JSON, either as the hex of a column of bytes."""
    escaped = json.dumps(said).strip('"')
    plain = [one.encode() for one in (said, escaped, escaped.replace("\\", "\\\\"))]
    return [one.lower() for one in (*plain, *(one.hex().encode() for one in plain))]


def tables_with(connection: Connection, said: Iterable[str]) -> set[tuple[str, str]]:
    """Return which of these texts stand in which table, in any spelling."""
    wanted = {one: spellings(one) for one in said}
    return {
        (one, name)
        for name, rows in dumped(connection)
        for one, ways in wanted.items()
        if any(way in rows for way in ways)
    }
