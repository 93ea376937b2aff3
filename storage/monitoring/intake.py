"""Batches of monitoring rows: one transaction, one signed manifest, one custody entry; a result for every row.

Order, and what a crash leaves:
  1. every row is parsed and checked, nothing is written                                          nothing
  2. inline pictures of rows that are not known yet are put into the store, under keys that
     follow from equipment, record id, place and digest                            objects that no row names
  3. rows, their media, the manifest and the custody entry commit together                    the whole batch
A retry of the same batch meets the same keys in 2 and finds every row of 3 a duplicate.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import Text, Uuid, any_, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from schemas.actor import Actor
from schemas.base import HexDigest, rfc3339
from schemas.custody import subject
from schemas.digest import sha256_hex
from schemas.equipment import EquipmentFacts, gate_faults
from schemas.event import Event
from schemas.ids import EquipmentId, IntakeId, MonitoringId, RecordingId
from schemas.intake import IntakeManifest, intake_bytes, next_of, rows_root, sign_intake
from schemas.monitoring import MonitoringState
from schemas.monitoring_row import ParsedRow, RowOutcome, ValueIn, is_credit_code
from schemas.refusals_monitoring import EQUIPMENT_UNKNOWN, RECORD_CONFLICT
from schemas.refusals_upload import UPLOAD_INCOMPLETE, UPLOAD_UNKNOWN
from storage.act import fresh_id
from storage.collection import Collection
from storage.monitoring.batch import Batch, Receipt, RowResult, picture_key, require_source
from storage.outbox import JobKind
from storage.reads.account import lock_account
from storage.reads.equipment import bound_to, facts_of
from storage.reads.recording import sent_by
from storage.recording.receipt import Picture, Place, receive_picture
from storage.settings import seed
from storage.tables.monitoring import intakes, monitoring_media, monitoring_records

_VALUES = TypeAdapter(tuple[ValueIn, ...])
_COPY = (
    "COPY monitoring_records (id, agency_id, intake_id, received_at, state, due_at, intake_index, equipment_id,"
    " record_id, raw, content_sha256, captured_at, matter, plate, party_code, party, place, lat_e7, lon_e7, crs,"
    ' "values", findings, gate_faults) FROM STDIN'
)


class _Equipment(NamedTuple):
    id: EquipmentId
    facts: EquipmentFacts


class Intakes(Collection):
    """Receiving what fixed equipment recorded."""

    def compare(self, batch: Batch) -> None:
        """Fill in what is known already, and which rows are new; nothing is written.

        Raises:
            Refused: the actor is no source.
        """
        actor = batch.actor
        require_source(actor, self._now)
        bound = self._bound(actor)
        for line in [line for line, parsed in batch.rows.items() if parsed.row.equipment not in bound]:
            unknown = EQUIPMENT_UNKNOWN("no equipment of this number is bound to the source")
            batch.refuse(line, batch.rows.pop(line).row.record_id, unknown)
        self._refuse_strange_media(batch)
        known = self._known(batch, bound)
        seen: dict[tuple[EquipmentId, str], tuple[bytes, MonitoringId | None]] = {}
        for line, parsed in batch.rows.items():
            key = (bound[parsed.row.equipment].id, parsed.row.record_id)
            before = known.get(key) or seen.get(key)
            if before is None:
                seen[key] = (parsed.content_sha256, None)
                batch.fresh.append(line)
            else:
                batch.results[line] = _repeated(line, parsed, before)

    def bound_ids(self, actor: Actor) -> dict[str, EquipmentId]:
        """Return number → id of the equipment that is bound to a source."""
        return {number: one.id for number, one in self._bound(actor).items()}

    def _bound(self, actor: Actor) -> dict[str, _Equipment]:
        rows = bound_to(self._connection, actor.account_id)
        facts = facts_of(self._connection, [row.id for row in rows])
        return {row.number: _Equipment(row.id, facts[row.id]) for row in rows}

    def _known(
        self, batch: Batch, bound: Mapping[str, _Equipment]
    ) -> dict[tuple[EquipmentId, str], tuple[bytes, MonitoringId | None]]:
        if not batch.rows:
            return {}
        kept = monitoring_records.c
        records = [parsed.row.record_id for parsed in batch.rows.values()]
        senders = list({bound[parsed.row.equipment].id for parsed in batch.rows.values()})
        # Two arrays that an index is searched for; which pairs were sent is for the caller's look-up.
        rows = self._connection.execute(
            select(kept.equipment_id, kept.record_id, kept.content_sha256, kept.id).where(
                kept.record_id == any_(literal(records, ARRAY(Text))),
                kept.equipment_id == any_(literal(senders, ARRAY(Uuid))),
            )
        )
        return {(row.equipment_id, row.record_id): (bytes(row.content_sha256), row.id) for row in rows}

    def _refuse_strange_media(self, batch: Batch) -> None:
        named = {media.upload for parsed in batch.rows.values() for media in parsed.row.media if media.upload}
        if not named:
            return
        found = sent_by(self._connection, batch.actor.account_id, named)
        for line, parsed in list(batch.rows.items()):
            for media in parsed.row.media:
                if media.upload is not None and found.get(media.upload) is None:
                    refusal = UPLOAD_INCOMPLETE if media.upload in found else UPLOAD_UNKNOWN
                    err = refusal(f"the upload {media.upload} is not complete or not yours")
                    batch.refuse(line, batch.rows.pop(line).row.record_id, err)
                    break

    def keep(self, batch: Batch) -> Receipt:
        """Write the new rows with their manifest; rows that a rival wrote meanwhile become duplicates.

        Raises:
            Refused: the actor is no source.
        """
        # One batch of a source at a time: `seq` has no gap, and what a rival wrote is seen below.
        lock_account(self._connection, batch.actor.account_id)
        batch.fresh.clear()
        self.compare(batch)
        if not batch.fresh:
            return self._receipt(batch, None, None)
        bound = self._bound(batch.actor)
        rows = [batch.rows[line] for line in batch.fresh]
        intake_id, sha256 = self._sign(batch.actor, [parsed.raw for parsed in rows])
        faults = [_faults(bound, parsed) for parsed in rows]
        idents = self._insert(batch.actor, rows, faults, bound=bound, intake_id=intake_id)
        for position, line in enumerate(batch.fresh):
            parsed = rows[position]
            picture_of = partial(Place, intake_id, position)
            self._attach(
                batch, line, parsed, bound[parsed.row.equipment].id, idents[position], picture_of=picture_of
            )
            batch.results[line] = RowResult(
                line=line,
                record_id=parsed.row.record_id,
                outcome=RowOutcome.RECEIVED,
                id=idents[position],
                gate_faults=faults[position],
            )
        return self._receipt(batch, intake_id, sha256)

    def _receipt(self, batch: Batch, intake_id: IntakeId | None, sha256: HexDigest | None) -> Receipt:
        received = {
            (batch.rows[line].row.equipment, result.record_id): result.id
            for line, result in batch.results.items()
            if result.outcome is RowOutcome.RECEIVED
        }
        results = []
        for line, result in sorted(batch.results.items()):
            if result.outcome is RowOutcome.DUPLICATE and result.id is None:  # of a row of this very batch
                key = (batch.rows[line].row.equipment, result.record_id)
                result = result.model_copy(update={"id": received[key]})  # noqa: PLW2901
            results.append(result)
        return Receipt(results=tuple(results), intake_id=intake_id, sha256=sha256, received_at=self._now)

    def _sign(self, actor: Actor, rows: Sequence[bytes]) -> tuple[IntakeId, HexDigest]:
        last = self._connection.scalar(
            select(intakes.c.payload)
            .where(intakes.c.source_id == actor.id)
            .order_by(intakes.c.seq.desc())
            .limit(1)
        )
        seq, prev = next_of(last)
        root = rows_root(rows).hex()
        manifest = IntakeManifest(
            source=str(actor.id),
            seq=seq,
            prev=prev,
            received_at=rfc3339(self._now),
            rows=len(rows),
            root=root,
        )
        payload = intake_bytes(manifest)
        sha256 = sha256_hex(payload)
        intake_id: IntakeId = self._connection.execute(
            insert(intakes)
            .values(
                agency_id=actor.agency_id,
                source_id=actor.id,
                seq=seq,
                prev=prev,
                sha256=sha256,
                payload=payload,
                signature=sign_intake(payload, seed(self._unit.settings.registry_key, "REGISTRY_KEY")),
                rows=len(rows),
                received_at=self._now,
            )
            .returning(intakes.c.id)
        ).scalar_one()
        self._act(actor, actor.agency_id).record(
            Event.MONITORING_RECEIVE, subject("intake", intake_id), sha256=sha256, rows=len(rows), root=root
        )
        return intake_id, sha256

    def _insert(
        self,
        actor: Actor,
        rows: Sequence[ParsedRow],
        faults: Sequence[tuple[str, ...]],
        *,
        bound: Mapping[str, _Equipment],
        intake_id: IntakeId,
    ) -> Sequence[MonitoringId]:
        idents = self._connection.scalars(
            text("SELECT uuidv7() FROM generate_series(1, :many)"), {"many": len(rows)}
        ).all()
        due_at = self._unit.settings.calendar.after(self._now, self._unit.settings.monitoring_review_days)
        same = (str(actor.agency_id), str(intake_id), self._now, MonitoringState.RECEIVED.value, due_at)
        driver = self._connection.connection.cursor()
        with driver.copy(_COPY) as copy:
            for position, parsed in enumerate(rows):
                equipment_id = bound[parsed.row.equipment].id
                own = _columns(position, parsed, equipment_id, faults[position])
                copy.write_row((str(idents[position]), *same, *own))
        return idents

    def _attach(
        self,
        batch: Batch,
        line: int,
        parsed: ParsedRow,
        equipment_id: EquipmentId,
        monitoring_id: MonitoringId,
        *,
        picture_of: Callable[[int], Place],
    ) -> None:
        for position, media in enumerate(parsed.row.media):
            if media.upload is not None:
                sent = sent_by(self._connection, batch.actor.account_id, [media.upload])
                recording_id = sent[media.upload]
            else:
                recording_id = self._picture(
                    batch, line, picture_of(position), filename=media.filename, equipment_id=equipment_id
                )
            self._connection.execute(
                insert(monitoring_media).values(
                    monitoring_id=monitoring_id, position=position, recording_id=recording_id
                )
            )

    def _picture(
        self, batch: Batch, line: int, place: Place, *, filename: str, equipment_id: EquipmentId
    ) -> RecordingId:
        """Make the recording of an inline picture, as the completion of an upload does."""
        parsed, payload = batch.rows[line], batch.rows[line].jpegs[place.position]
        sha256 = sha256_hex(payload)
        recording_id = RecordingId(fresh_id())
        picture = Picture(
            recording_id=recording_id,
            upload_id=picture_key(equipment_id, parsed.row.record_id, place.position, sha256),
            filename=filename,
            sha256=sha256,
            stored=batch.pictures[line, place.position],
            captured_at=parsed.row.captured_at,
            place=place,
        )
        act = self._begin(batch.actor, batch.actor.agency_id, f"recording/{recording_id}")
        receive_picture(self._connection, act, batch.actor, picture)
        self._unit.jobs.enqueue(JobKind.VERIFY, recording_id)
        return recording_id


def _repeated(line: int, parsed: ParsedRow, before: tuple[bytes, MonitoringId | None]) -> RowResult:
    content, ident = before
    is_same = content == parsed.content_sha256
    return RowResult(
        line=line,
        record_id=parsed.row.record_id,
        outcome=RowOutcome.DUPLICATE if is_same else RowOutcome.CONFLICT,
        id=ident,
        problem=None if is_same else RECORD_CONFLICT.slug,
        detail="" if is_same else "the equipment sent other content under this id before",
    )


def _faults(bound: Mapping[str, _Equipment], parsed: ParsedRow) -> tuple[str, ...]:
    facts = bound[parsed.row.equipment].facts
    return tuple(fault.value for fault in gate_faults(facts, parsed.row.captured_at))


def _columns(
    position: int, parsed: ParsedRow, equipment_id: EquipmentId, faults: tuple[str, ...]
) -> tuple[object, ...]:
    row = parsed.row
    is_sound = row.party_code is None or is_credit_code(row.party_code)
    return (
        position,
        str(equipment_id),
        row.record_id,
        parsed.raw,
        parsed.content_sha256,
        row.captured_at,
        row.matter,
        row.plate,
        row.party_code,
        row.party,
        row.place,
        row.lat_e7,
        row.lon_e7,
        None if row.crs is None else row.crs.value,
        _VALUES.dump_json(row.values, exclude_none=True).decode(),
        "[]" if is_sound else '["party-code-invalid"]',
        f"{{{','.join(faults)}}}",
    )
