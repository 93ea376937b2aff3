"""A batch on its way: parsed rows, what became of each, and the inline pictures that belong to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from schemas.actor import Actor
from schemas.base import Frozen, HexDigest
from schemas.digest import sha256_hex
from schemas.equipment_version import Version, standing
from schemas.errors import EvidenceError, Invalid
from schemas.ids import EquipmentId, IntakeId, MonitoringId, UploadId
from schemas.monitoring_row import MAX_ROWS, ParsedRow, RowOutcome, check_capture, parse_row
from schemas.policy import Action, Relation, Subject, require
from schemas.refusals_monitoring import BATCH_EMPTY, BATCH_TOO_LARGE
from storage.objects.port import Objects, Stored
from storage.recording.receipt import picture_object

_PICTURES = uuid5(NAMESPACE_URL, "urn:quancheng:inline-picture")


class RowResult(Frozen):
    """What became of one row. `line` counts from 1; `problem` is the slug of a declared refusal."""

    line: int
    record_id: str | None
    outcome: RowOutcome
    id: MonitoringId | None = None
    problem: str | None = None
    detail: str = ""
    gate_faults: tuple[str, ...] = ()


class Receipt(Frozen):
    """The answer to a batch. Without a new row nothing is signed, and the manifest's fields are None."""

    results: tuple[RowResult, ...]
    intake_id: IntakeId | None
    sha256: HexDigest | None
    received_at: datetime


@dataclass
class Batch:
    """The rows of one request on their way: parsed, then compared with what is known, then written.

    `owners` is the equipment that each row means.
    """

    actor: Actor
    rows: dict[int, ParsedRow] = field(default_factory=dict)
    owners: dict[int, EquipmentId] = field(default_factory=dict)
    results: dict[int, RowResult] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    pictures: dict[tuple[int, int], Stored] = field(default_factory=dict)

    def refuse(self, line: int, record_id: str | None, err: EvidenceError) -> None:
        """Keep why a row is refused; the other rows go on."""
        self.results[line] = RowResult(
            line=line,
            record_id=record_id,
            outcome=RowOutcome.REFUSED,
            problem=err.slug,
            detail=err.detail,
        )


def require_source(actor: Actor, now: datetime) -> None:
    """Refuse whoever sends no monitoring records, before a byte of theirs is read.

    Raises:
        Refused: the actor is no source.
    """
    require(actor, Action.MONITORING_SUBMIT, Subject(agency_id=actor.agency_id, related=Relation.OWN), now)


def parse_batch(actor: Actor, lines: Mapping[int, bytes], now: datetime, ahead: timedelta) -> Batch:
    """Parse the lines of a batch by their numbers; a broken one refuses itself only. Empty ones are skipped.

    `ahead` is how far in the future its agency lets a row lie.

    Raises:
        TooLarge: more than 1,000 rows (slug `batch-too-large`).
        Invalid: no row at all (slug `batch-empty`).
    """
    batch = Batch(actor)
    for line, payload in lines.items():
        if not payload.strip():
            continue
        if len(batch.rows) + len(batch.results) >= MAX_ROWS:
            raise BATCH_TOO_LARGE(f"more than {MAX_ROWS} rows", limit_rows=MAX_ROWS)
        try:
            parsed = parse_row(payload)
        except Invalid as err:
            batch.refuse(line, None, err)
            continue
        try:
            check_capture(parsed.row.captured_at, now, ahead)
        except Invalid as err:
            batch.refuse(line, parsed.row.record_id, err)
            continue
        batch.rows[line] = parsed
    if not batch.rows and not batch.results:
        raise BATCH_EMPTY("the batch holds no row")
    return batch


def picture_key(equipment_id: EquipmentId, record_id: str, position: int, sha256: HexDigest) -> UploadId:
    """Return the upload id of an inline picture: the same row sent again gives the same one."""
    return UploadId(uuid5(_PICTURES, f"{equipment_id}\0{record_id}\0{position}\0{sha256}"))


def owner_of(bound: Mapping[EquipmentId, tuple[Version, ...]], parsed: ParsedRow) -> EquipmentId | None:
    """Return the equipment that had the number of a row when the row was captured, by what is said now."""
    number, at = parsed.row.equipment, parsed.row.captured_at
    numbered = ((ident, standing(said, at)) for ident, said in bound.items())
    return next((ident for ident, one in numbered if one is not None and one.number == number), None)


def put_pictures(objects: Objects, batch: Batch) -> None:
    """Put the inline pictures of the new rows into the store, outside any transaction.

    Raises:
        Unavailable: the store did not answer; nothing of the batch was written.
    """
    for line in batch.fresh:
        parsed = batch.rows[line]
        for position, payload in parsed.jpegs.items():
            digest, equipment_id = sha256_hex(payload), batch.owners[line]
            # A crash behind this leaves an object that no row names; the same row again comes to the same key.
            key = picture_object(picture_key(equipment_id, parsed.row.record_id, position, digest))
            batch.pictures[line, position] = objects.put(key, [payload], sha256=bytes.fromhex(digest))
