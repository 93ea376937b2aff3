"""Rows of a batch, written in one stream: what of them is personal data is sealed on the way."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Connection

from schemas.ids import AgencyId, EquipmentId, IntakeId, MonitoringId
from schemas.monitoring import MonitoringState
from schemas.monitoring_row import ParsedRow, ValueIn
from schemas.record_id import record_id
from schemas.uscc import is_uscc
from storage.personal import content_digests, party_columns, sealed
from storage.tables.monitoring import monitoring_records

_VALUES = TypeAdapter(tuple[ValueIn, ...])
_COPY = (
    "COPY monitoring_records (id, agency_id, intake_id, received_at, state, due_at, intake_index, equipment_id,"
    " record_id, raw, content_digest, captured_at, matter, plate, party_code, party_code_digest, party, party_tokens,"
    " place, lat_e7, lon_e7, crs,"
    ' "values", findings, gate_faults) FROM STDIN'
)


class Kept(NamedTuple):
    """What all rows of a batch have in common.

    Attributes:
        sha256: Of the batch's manifest, hex; the ids of its records follow from it.
        received_at: When the batch was received.
        due_at: When its records are to have been judged.
    """

    agency_id: AgencyId
    intake_id: IntakeId
    sha256: str
    received_at: datetime
    due_at: datetime


class _Closed(NamedTuple):
    """The columns of a record that hold personal data, as they are kept."""

    raw: bytes | None
    content_digest: bytes
    party: bytes | None
    party_tokens: list[int]
    party_code: bytes | None
    party_code_digest: bytes | None


def keep_rows(
    connection: Connection,
    kept: Kept,
    rows: Sequence[ParsedRow],
    faults: Sequence[tuple[str, ...]],
    owners: Sequence[EquipmentId],
) -> Sequence[MonitoringId]:
    """Write the rows of a batch; returns their ids. A crash leaves none: the batch commits as a whole."""
    idents = [
        MonitoringId(record_id(kept.received_at, kept.sha256, position)) for position in range(len(rows))
    ]
    same = (
        str(kept.agency_id),
        str(kept.intake_id),
        kept.received_at,
        MonitoringState.RECEIVED.value,
        kept.due_at,
    )
    driver = connection.connection.cursor()
    with driver.copy(_COPY) as copy:
        for position, parsed in enumerate(rows):
            closed = _closed(connection, idents[position], parsed)
            own = _columns(position, parsed, owners[position], faults[position], closed)
            copy.write_row((str(idents[position]), *same, *own))
    return idents


def _closed(connection: Connection, ident: MonitoringId, parsed: ParsedRow) -> _Closed:
    known, row = monitoring_records, parsed.row
    party = {"party": row.party, "party_code": row.party_code}
    return _Closed(
        raw=sealed(connection, known.c.raw, ident, parsed.raw),
        content_digest=content_digests(connection, parsed.content_sha256)[0],
        **party_columns(connection, known, ident, party),
    )


def _columns(
    position: int,
    parsed: ParsedRow,
    equipment_id: EquipmentId,
    faults: tuple[str, ...],
    closed: _Closed,
) -> tuple[object, ...]:
    row = parsed.row
    is_sound = row.party_code is None or is_uscc(row.party_code)
    return (
        position,
        str(equipment_id),
        row.record_id,
        closed.raw,
        closed.content_digest,
        row.captured_at,
        row.matter,
        row.plate,
        closed.party_code,
        closed.party_code_digest,
        closed.party,
        closed.party_tokens,
        row.place,
        row.lat_e7,
        row.lon_e7,
        None if row.crs is None else row.crs.value,
        _VALUES.dump_json(row.values, exclude_none=True).decode(),
        "[]" if is_sound else '["party-code-invalid"]',
        f"{{{','.join(faults)}}}",
    )
