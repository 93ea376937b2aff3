"""The check of the monitoring desk: batches against their signed root, records against opinions, ties and log.

The signature on an intake manifest is checked by whoever verifies a package: its key is not at hand here.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection, func, select

from schemas.custody import subject
from schemas.digest import sha256_hex
from schemas.errors import Invalid
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.intake import IntakeManifest, parse_intake, rows_root
from schemas.monitoring import OPEN_STATES, STEPS, Given, MonitoringState, OpinionWord, ReviewStage, state_of
from storage.fsck.reading import Record, facts_of, leaves_about, pages
from storage.tables.custody import custody_entries
from storage.tables.monitoring import intakes, monitoring_links, monitoring_opinions, monitoring_records

_CONCLUSIONS = {row.end: {row.logs.value} for row in STEPS if row.end not in OPEN_STATES}


def check_intakes(connection: Connection) -> Iterator[Found]:
    """Yield every batch that is not what was signed, by its manifest or by its rows."""
    query = select(intakes.c.id, intakes.c.sha256, intakes.c.payload)
    for page in pages(connection, query, intakes.c.id):
        leaves = leaves_about(connection, [subject("intake", row.id) for row in page])
        for row in page:
            about = subject("intake", row.id)
            logged = [facts.get("sha256") for facts in facts_of(leaves[about], Event.MONITORING_RECEIVE)]
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


def check_monitoring(connection: Connection) -> Iterator[Found]:
    """Yield every record whose state or count of ties is not what its opinions, its ties and the log make."""
    shown = select(monitoring_records.c.id, monitoring_records.c.state, monitoring_records.c.links)
    for page in pages(connection, shown, monitoring_records.c.id):
        yield from _page_faults(connection, page)
        yield Checked(part=Part.MONITORING, count=len(page))


def _page_faults(connection: Connection, page: Sequence[Record]) -> Iterator[Fault]:
    idents = [row.id for row in page]
    states = _states(connection, idents)
    ties, concluded = _ties(connection, idents), _concluded(connection, idents)
    for row in page:
        about = subject("monitoring", row.id)
        state = states.get(row.id, MonitoringState.RECEIVED)
        if state is None or row.state != state or concluded[about] != _CONCLUSIONS.get(state, set()):
            yield Fault(code=FaultCode.RECORD_STATE_DIFFERS, subject=about, detail=str(row.state))
        if row.links != ties.get(row.id, 0):
            yield Fault(code=FaultCode.RECORD_LINKS_DIFFER, subject=about, detail=str(row.links))


def _states(connection: Connection, idents: Sequence[UUID]) -> dict[UUID, MonitoringState | None]:
    """Return the state that the opinions on each record lead to; None where one of them is no opinion."""
    found: dict[UUID, list[Record]] = defaultdict(list)
    for row in connection.execute(
        select(
            monitoring_opinions.c.monitoring_id,
            monitoring_opinions.c.stage,
            monitoring_opinions.c.reviewer_id,
            monitoring_opinions.c.opinion,
        ).where(monitoring_opinions.c.monitoring_id.in_(idents))
    ):
        found[row.monitoring_id].append(row)
    return {ident: _state(rows) for ident, rows in found.items()}


def _state(rows: Sequence[Record]) -> MonitoringState | None:
    try:
        return state_of(
            [
                Given(
                    stage=ReviewStage(row.stage),
                    reviewer_id=row.reviewer_id,
                    opinion=OpinionWord(row.opinion),
                )
                for row in rows
            ]
        )
    except ValueError:
        return None


def _ties(connection: Connection, idents: Sequence[UUID]) -> dict[UUID, int]:
    rows = connection.execute(
        select(monitoring_links.c.monitoring_id, func.count().label("ties"))
        .where(monitoring_links.c.monitoring_id.in_(idents), monitoring_links.c.unlinked_at.is_(None))
        .group_by(monitoring_links.c.monitoring_id)
    )
    return {row.monitoring_id: row.ties for row in rows}


def _concluded(connection: Connection, idents: Sequence[UUID]) -> dict[str, set[str]]:
    """Columns of the log's rows are enough here: their own check holds them against the leaves."""
    found: dict[str, set[str]] = defaultdict(set)
    wanted = sorted(event for events in _CONCLUSIONS.values() for event in events)
    for row in connection.execute(
        select(custody_entries.c.subject, custody_entries.c.event).where(
            custody_entries.c.subject.in_([subject("monitoring", one) for one in idents]),
            custody_entries.c.event.in_(wanted),
        )
    ):
        found[row.subject].add(row.event)
    return found
