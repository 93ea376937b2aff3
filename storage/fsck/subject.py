"""The check that starts at the log: whatever a leaf speaks of is kept in a row. No row of these is ever deleted."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection, Table, select

from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from storage.fsck.reading import PAGE_ROWS
from storage.tables.audit import audits
from storage.tables.case import cases
from storage.tables.custody import custody_entries
from storage.tables.device import devices
from storage.tables.equipment import equipment
from storage.tables.export import exports
from storage.tables.monitoring import intakes, monitoring_records
from storage.tables.recording import manifests, recordings, uploads
from storage.tables.rectification import rectifications
from storage.tables.review import reviews

_TABLES: Mapping[str, Table] = {
    "audit": audits,
    "case": cases,
    "device": devices,
    "equipment": equipment,
    "export": exports,
    "intake": intakes,
    "manifest": manifests,
    "monitoring": monitoring_records,
    "recording": recordings,
    "rectification": rectifications,
    "review": reviews,
    "upload": uploads,
}
"""What each noun of a subject is kept in."""


def check_subjects(connection: Connection) -> Iterator[Found]:
    """Yield every subject of the log without its row.

    Columns of the log's rows are enough here: the log's own check holds them against the leaves.
    """
    named = select(custody_entries.c.subject).distinct().order_by(custody_entries.c.subject).limit(PAGE_ROWS)
    page = connection.scalars(named).all()
    while page:
        kept = _kept(connection, page)
        for about in page:
            if about not in kept:
                yield Fault(code=FaultCode.ROW_MISSING, subject=about)
        yield Checked(part=Part.SUBJECTS, count=len(page))
        page = connection.scalars(named.where(custody_entries.c.subject > page[-1])).all()


def _kept(connection: Connection, subjects: Sequence[str]) -> set[str]:
    wanted: dict[str, list[UUID]] = defaultdict(list)
    for about in subjects:
        noun, _, ident = about.partition("/")
        if noun in _TABLES and (parsed := _uuid(ident)) is not None:
            wanted[noun].append(parsed)
    return {
        f"{noun}/{ident}"
        for noun, idents in wanted.items()
        for ident in connection.scalars(select(_TABLES[noun].c.id).where(_TABLES[noun].c.id.in_(idents)))
    }


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
