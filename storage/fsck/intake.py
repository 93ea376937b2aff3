"""The check of batches: rows and salts make the root in the leaf, ids follow from it, columns follow from the rows.

The signature on an intake manifest is checked by whoever verifies a package: its key is not at hand here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from schemas.gate import KindsFrom, gate_faults, is_needed
from schemas.intake import parse_intake, rows_root
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_monitoring import IntakeReceive, IntakeReceiveRuled
from schemas.monitoring import FIRST_ROUND
from schemas.monitoring_row import ParsedRow, kept_row
from schemas.record_id import record_id, salted_row_hash
from schemas.reference import ident_of
from schemas.uscc import is_uscc
from storage.fsck.mirror import Mirror, is_same, plain
from storage.fsck.personal import NO_KEY, opening, raw_row, seal_over
from storage.fsck.reading import Record, pages
from storage.fsck.register import Register
from storage.tables.custody import custody_entries, openings
from storage.tables.equipment import equipment_descriptions
from storage.tables.monitoring import intakes, monitoring_records

RECORD = Mirror(
    monitoring_records,
    monitoring_records.c.intake_id,
    ("intake_index",),
    (
        *("id", "agency_id", "record_id", "captured_at", "received_at", "matter", "plate"),
        *(
            "party_code",
            "party",
            "place",
            "lat_e7",
            "lon_e7",
            "crs",
            "values",
            "findings",
            "gate_faults",
            "due_at",
        ),
    ),
)
INTAKE = Mirror(intakes, intakes.c.id, (), ("prev",))
_SALT_BYTES = 16


class _Batch(NamedTuple):
    """What the log says of a batch; `entry` orders it among the leaves of the equipment that its rows name."""

    about: str
    act: IntakeReceive
    at: datetime
    entry: int
    salts: Mapping[int, bytes]


def check_intakes(connection: Connection) -> Iterator[Found]:
    """Yield every batch whose rows are not those that were received, and every column that its rows do not give."""
    register = Register(connection)
    for page in pages(connection, select(intakes.c.id, intakes.c.payload), intakes.c.id):
        for row in page:
            batch = _logged(connection, row.id)
            if batch is not None:  # a batch without a leaf is the fold's to name
                yield from _document_faults(connection, row)
                yield from _batch_faults(connection, row.id, batch, register)
        yield Checked(part=Part.INTAKES, count=len(page))


def _logged(connection: Connection, ident: UUID) -> _Batch | None:
    entry = connection.execute(
        select(custody_entries.c.id, custody_entries.c.leaf, custody_entries.c.digest).where(
            custody_entries.c.subject == f"intake/{ident}"
        )
    ).first()
    leaf = None if entry is None else _leaf(bytes(entry.leaf))
    if entry is None or leaf is None or not isinstance(leaf.act, IntakeReceive):
        return None
    kept = connection.execute(
        select(openings.c.member, openings.c.opening).where(
            openings.c.digest == entry.digest, openings.c.opening.is_not(None)
        )
    )
    seal = seal_over(connection)
    salts = {
        int(row.member.removeprefix("row.")) - 1: opening(
            seal, bytes(entry.digest), row.member, bytes(row.opening)
        ).value
        or b""
        for row in kept
        if _is_row(row.member)
    }
    return _Batch(f"intake/{ident}", leaf.act, leaf.at, entry.id, salts)


def _leaf(payload: bytes) -> Leaf | None:
    try:
        return parse_leaf(payload)
    except Invalid:
        return None


def _is_row(member: str) -> bool:
    return member.removeprefix("row.").isdecimal()


def _document_faults(connection: Connection, row: Record) -> Iterator[Fault]:
    try:
        manifest = parse_intake(bytes(row.payload))
    except Invalid:
        return  # its bytes are not those of the leaf, which is named
    # A second row of one id is named where rows are held against leaves.
    kept = INTAKE.read(connection, [row.id]).get(str(row.id), [])
    if len(kept) == 1 and kept[0]["prev"] != manifest.prev:
        yield Fault(code=FaultCode.COLUMN_DIFFERS, subject=f"intake/{row.id}", detail="intakes.prev")


def _batch_faults(connection: Connection, ident: UUID, batch: _Batch, register: Register) -> Iterator[Found]:
    rows = connection.execute(
        select(
            *(monitoring_records.c[name] for name in ("id", "intake_index", "raw", "equipment_id", "round")),
        )
        .where(monitoring_records.c.intake_id == ident)
        .order_by(monitoring_records.c.intake_index)
    ).all()
    seal = seal_over(connection)
    if seal is None:
        yield Unchecked(part=Part.INTAKES, subject=batch.about, detail=NO_KEY, count=max(1, len(rows)))
        return
    raws = {row.id: raw_row(seal, row.id, bytes(row.raw)) or b"" for row in rows}
    if _root([raws[row.id] for row in rows], batch.salts) != batch.act.root or len(rows) != batch.act.rows:
        yield Fault(code=FaultCode.INTAKE_ROWS_DIFFER, subject=batch.about)
        return
    kept = {row["intake_index"]: row for row in RECORD.read(connection, [ident])[str(ident)]}
    numbers = _numbers(connection, ident)
    for row in rows:
        told = _told(batch, row, raws[row.id], register)
        if told is None:
            continue
        said, found = told
        # A record that was re-opened is due when its own chain says, which the fold compares.
        own = frozenset() if row.round == FIRST_ROUND else frozenset({"due_at"})
        for name in RECORD.columns:
            if name in own:
                continue
            if not is_same(plain(found[name]), kept[row.intake_index][name]):
                yield _differs(batch, row, name)
        if said.row.equipment not in numbers.get(row.id, ()):
            yield _differs(batch, row, "equipment_id")


def _differs(batch: _Batch, row: Record, name: str) -> Fault:
    about = f"monitoring/{record_id(batch.at, batch.act.sha256, row.intake_index)}"
    return Fault(code=FaultCode.COLUMN_DIFFERS, subject=about, detail=f"monitoring_records.{name}")


def _root(rows: Sequence[bytes], salts: Mapping[int, bytes]) -> str:
    """Return the root that rows and salts make; nothing where a salt is missing."""
    known = [salts.get(position, b"") for position in range(len(rows))]
    if not rows or any(len(salt) != _SALT_BYTES for salt in known):
        return ""
    return rows_root([salted_row_hash(salt, raw) for salt, raw in zip(known, rows, strict=True)]).hex()


def _numbers(connection: Connection, intake: UUID) -> dict[UUID, set[str]]:
    """Return, per record of a batch, the numbers that its equipment was ever said to have at the capture."""
    told, kept = equipment_descriptions.c, monitoring_records.c
    rows = connection.execute(
        select(kept.id, told.number)
        .join(monitoring_records, kept.equipment_id == told.equipment_id)
        .where(kept.intake_id == intake, told.valid_during.contains(kept.captured_at))
    )
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row.id, set()).add(row.number)
    return found


def _told(
    batch: _Batch, row: Record, raw: bytes, register: Register
) -> tuple[ParsedRow, dict[str, Any]] | None:
    """Return the columns that a row gives; None for bytes that are no row, though the root is theirs."""
    try:
        parsed = kept_row(raw)
    except Invalid:
        return None
    stated = parsed.row
    copied = (
        "record_id",
        "captured_at",
        "matter",
        "plate",
        "party_code",
        "party",
        "place",
        "lat_e7",
        "lon_e7",
        "crs",
    )
    is_sound = stated.party_code is None or is_uscc(stated.party_code)
    return parsed, {
        **{name: getattr(stated, name) for name in copied},
        "id": record_id(batch.at, batch.act.sha256, row.intake_index),
        "agency_id": ident_of(batch.act.agency),
        "received_at": batch.at,
        "values": [one.model_dump(mode="json", exclude_none=True) for one in stated.values],
        "findings": () if is_sound else ("party-code-invalid",),
        "gate_faults": gate_faults(
            register.facts(row.equipment_id, batch.entry),
            stated.captured_at,
            certificate=_is_certificate_asked(batch.act, register.kind(row.equipment_id), stated.captured_at),
        ),
        "due_at": batch.act.due_at,
    }


def _is_certificate_asked(act: IntakeReceive, kind: str, at: datetime) -> bool:
    """Say whether the batch was judged by a rule that asks this kind for a certificate; version 1 asked every kind."""
    if not isinstance(act, IntakeReceiveRuled):
        return True
    return is_needed(tuple(KindsFrom(one.since, one.kinds) for one in act.certificates), kind, at)
