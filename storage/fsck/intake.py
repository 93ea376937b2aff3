"""The check of batches against their signed root.

The signature on an intake manifest is checked by whoever verifies a package: its key is not at hand here.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from schemas.custody import subject
from schemas.digest import sha256_hex
from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.intake import IntakeManifest, parse_intake, rows_root
from schemas.leaves_monitoring import IntakeReceive
from storage.fsck.reading import Record, acts_of, leaves_about, pages
from storage.tables.monitoring import intakes, monitoring_records


def check_intakes(connection: Connection) -> Iterator[Found]:
    """Yield every batch that is not what was signed, by its manifest or by its rows."""
    query = select(intakes.c.id, intakes.c.sha256, intakes.c.payload)
    for page in pages(connection, query, intakes.c.id):
        leaves = leaves_about(connection, [subject("intake", row.id) for row in page])
        for row in page:
            about = subject("intake", row.id)
            logged = [act.sha256 for act in acts_of(leaves[about], IntakeReceive)]
            yield from _intake_faults(connection, row, about, logged)
        yield Checked(part=Part.INTAKES, count=len(page))


def _intake_faults(
    connection: Connection, row: Record, about: str, logged: Sequence[object]
) -> Iterator[Fault]:
    payload = bytes(row.payload)
    manifest = _parsed(payload)
    if manifest is None or row.sha256 != sha256_hex(payload) or logged != [row.sha256]:
        yield Fault(code=FaultCode.INTAKE_ALTERED, subject=about)
        return
    kept = connection.scalars(
        select(monitoring_records.c.raw)
        .where(monitoring_records.c.intake_id == row.id)
        .order_by(monitoring_records.c.intake_index)
    ).all()
    if len(kept) != manifest.rows or rows_root([bytes(raw) for raw in kept]).hex() != manifest.root:
        yield Fault(code=FaultCode.INTAKE_ROWS_DIFFER, subject=about)


def _parsed(payload: bytes) -> IntakeManifest | None:
    try:
        return parse_intake(payload)
    except Invalid:
        return None
