"""Batches of monitoring rows: one transaction, one signed manifest, one leaf in the source's chain; a result for every row.

Order, and what a crash leaves:
  1. every row is parsed and checked, nothing is written                                          nothing
  2. inline pictures of rows that are not known yet are put into the store, under keys that
     follow from equipment, record id, place and digest                            objects that no row names
  3. rows, their media, the manifest, its leaf and the salts commit together                  the whole batch
A retry of the same batch meets the same keys in 2 and finds every row of 3 a duplicate.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Text, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from schemas.actor import Actor
from schemas.base import HexDigest, rfc3339
from schemas.digest import sha256_hex
from schemas.equipment import EquipmentFacts, EquipmentKind
from schemas.gate import KindsFrom, gate_faults, is_needed
from schemas.ids import EquipmentId, IntakeId, MonitoringId, RecordingId
from schemas.intake import IntakeManifest, intake_bytes, next_of, rows_root, sign_intake
from schemas.leaves_monitoring import CertificateKinds, IntakeReceiveRuled
from schemas.monitoring_row import ParsedRow, RowOutcome
from schemas.record_id import salted_row_hash
from schemas.reference import reference
from schemas.refusals_monitoring import EQUIPMENT_UNKNOWN, RECORD_CONFLICT
from schemas.refusals_upload import UPLOAD_INCOMPLETE, UPLOAD_UNKNOWN
from schemas.setting import Setting
from schemas.upload import clean_filename
from storage.act import Deed, fresh_id
from storage.collection import Collection
from storage.monitoring.batch import Batch, Receipt, RowResult, owner_of, picture_key, require_source
from storage.monitoring.rows import Kept, keep_rows
from storage.outbox import JobKind
from storage.personal import content_digests
from storage.reads.certificate_rule import rules_of
from storage.reads.equipment import bound_to, facts_of, kinds_of
from storage.reads.recording import sent_by
from storage.reads.setting import setting_at
from storage.recording.receipt import Picture, Place, receive_picture
from storage.settings import seed
from storage.tables.monitoring import intakes, monitoring_media, monitoring_records


class _Intake(NamedTuple):
    id: IntakeId
    sha256: HexDigest


class Intakes(Collection):
    """Receiving what fixed equipment recorded."""

    def compare(self, batch: Batch) -> None:
        """Fill in what is known already, and which rows are new; nothing is written.

        Raises:
            Refused: the actor is no source.
        """
        require_source(batch.actor, self._now)
        self._compare(batch)

    def _compare(self, batch: Batch) -> None:
        bound = bound_to(self._connection, batch.actor.account_id)
        for line, parsed in list(batch.rows.items()):
            owner = owner_of(bound, parsed)
            if owner is None:
                unknown = EQUIPMENT_UNKNOWN("no equipment that had this number then is bound to the source")
                batch.refuse(line, batch.rows.pop(line).row.record_id, unknown)
            else:
                batch.owners[line] = owner
        self._refuse_strange_media(batch)
        known = self._known(batch)
        seen: dict[tuple[EquipmentId, str], tuple[bytes, MonitoringId | None]] = {}
        for line, parsed in batch.rows.items():
            key = (batch.owners[line], parsed.row.record_id)
            before = known.get(key) or seen.get(key)
            contents = content_digests(self._connection, parsed.content_sha256)
            if before is None:
                seen[key] = (contents[0], None)
                batch.fresh.append(line)
            else:
                batch.results[line] = _repeated(line, parsed, contents, before)

    def _known(self, batch: Batch) -> dict[tuple[EquipmentId, str], tuple[bytes, MonitoringId | None]]:
        if not batch.rows:
            return {}
        kept = monitoring_records.c
        records = [parsed.row.record_id for parsed in batch.rows.values()]
        senders = list({batch.owners[line] for line in batch.rows})
        # Two arrays that an index is searched for; which pairs were sent is for the caller's look-up.
        rows = self._connection.execute(
            select(kept.equipment_id, kept.record_id, kept.content_digest, kept.id).where(
                kept.record_id == any_(literal(records, ARRAY(Text))),
                kept.equipment_id == any_(literal(senders, ARRAY(Uuid))),
            )
        )
        return {(row.equipment_id, row.record_id): (bytes(row.content_digest), row.id) for row in rows}

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
        actor = batch.actor
        require_source(actor, self._now)
        bound = bound_to(self._connection, actor.account_id)
        relied = {owner_of(bound, parsed) for parsed in batch.rows.values()}
        drawn = {place: RecordingId(fresh_id()) for place in batch.pictures}
        # One batch of a source at a time: `seq` has no gap, and what a rival wrote is seen below.
        deed = self._begin(
            actor,
            actor.agency_id,
            _chain_of(actor),
            *(reference("recording", one) for one in drawn.values()),
            relies=[reference("equipment", one) for one in relied if one is not None],
        )
        batch.fresh.clear()
        self._compare(batch)
        if not batch.fresh:
            return self._receipt(batch, deed, None)
        rows = [batch.rows[line] for line in batch.fresh]
        settings, agency_id = self._unit.settings, actor.agency_id
        days = setting_at(self._connection, settings, agency_id, Setting.MONITORING_REVIEW_DAYS, deed.at)
        due_at = settings.calendar.after(deed.at, days)
        certificates = self._certificates(actor, rows)
        kept = self._sign(actor, deed, [parsed.raw for parsed in rows], due_at, certificates)
        owners = [batch.owners[line] for line in batch.fresh]
        known, kinds = facts_of(self._connection, set(owners)), kinds_of(self._connection, set(owners))
        faults = [
            _faults(known[owner], parsed, certificates, kinds[owner])
            for owner, parsed in zip(owners, rows, strict=True)
        ]
        same = Kept(actor.agency_id, kept.id, kept.sha256, deed.at, due_at)
        idents = keep_rows(self._connection, same, rows, faults, owners)
        pictures = dict(_pictures(batch, kept, drawn))
        for position, line in enumerate(batch.fresh):
            parsed = rows[position]
            self._attach(batch, deed, line, idents[position], pictures)
            batch.results[line] = RowResult(
                line=line,
                record_id=parsed.row.record_id,
                outcome=RowOutcome.RECEIVED,
                id=idents[position],
                gate_faults=faults[position],
            )
        return self._receipt(batch, deed, kept)

    def _certificates(self, actor: Actor, rows: Sequence[ParsedRow]) -> tuple[KindsFrom, ...]:
        """Return which kinds needed a certificate at the captures of a batch, as it is known now."""
        captures = [parsed.row.captured_at for parsed in rows]
        rules = rules_of(self._connection, self._unit.settings, [actor.agency_id])
        return rules.kinds(actor.agency_id, min(captures), max(captures))

    def _receipt(self, batch: Batch, deed: Deed, kept: _Intake | None) -> Receipt:
        received = {
            (batch.owners[line], result.record_id): result.id
            for line, result in batch.results.items()
            if result.outcome is RowOutcome.RECEIVED
        }
        results = []
        for line, result in sorted(batch.results.items()):
            if result.outcome is RowOutcome.DUPLICATE and result.id is None:  # of a row of this very batch
                key = (batch.owners[line], result.record_id)
                result = result.model_copy(update={"id": received[key]})  # noqa: PLW2901
            results.append(result)
        return Receipt(
            results=tuple(results),
            intake_id=None if kept is None else kept.id,
            sha256=None if kept is None else kept.sha256,
            received_at=deed.at,
        )

    def _sign(
        self,
        actor: Actor,
        deed: Deed,
        rows: Sequence[bytes],
        due_at: datetime,
        certificates: Sequence[KindsFrom],
    ) -> _Intake:
        """Write the manifest of the batch and its leaf, and keep the salts with which its rows enter the tree."""
        last = self._connection.scalar(
            select(intakes.c.payload)
            .where(intakes.c.source_id == actor.id)
            .order_by(intakes.c.seq.desc())
            .limit(1)
        )
        seq, prev = next_of(last)
        salts = [secrets.token_bytes(16) for _ in rows]
        root = rows_root([salted_row_hash(salt, row) for salt, row in zip(salts, rows, strict=True)]).hex()
        manifest = IntakeManifest(
            source=str(actor.id),
            seq=seq,
            prev=prev,
            received_at=rfc3339(deed.at),
            rows=len(rows),
            root=root,
        )
        payload = intake_bytes(manifest)
        signature = sign_intake(payload, seed(self._unit.settings.registry_key, "REGISTRY_KEY"))
        kept = _Intake(IntakeId(fresh_id()), sha256_hex(payload))
        self._connection.execute(
            insert(intakes).values(
                id=kept.id,
                agency_id=actor.agency_id,
                source_id=actor.id,
                seq=seq,
                prev=prev,
                sha256=kept.sha256,
                payload=payload,
                signature=signature,
                rows=len(rows),
                received_at=deed.at,
            )
        )
        received = IntakeReceiveRuled(
            agency=reference("agency", actor.agency_id),
            seq=seq,
            sha256=kept.sha256,
            signature_sha256=sha256_hex(signature.encode()),
            rows=len(rows),
            root=root,
            due_at=due_at,
            certificates=tuple(
                CertificateKinds(since=one.since, kinds=tuple(map(EquipmentKind, one.kinds)))
                for one in certificates
            ),
        )
        leaf = deed.write(received, reference("intake", kept.id), _chain_of(actor))
        deed.log.keep_salts(leaf, salts)
        return kept

    def _attach(
        self,
        batch: Batch,
        deed: Deed,
        line: int,
        monitoring_id: MonitoringId,
        pictures: Mapping[tuple[int, int], Picture],
    ) -> None:
        for position, media in enumerate(batch.rows[line].row.media):
            if media.upload is not None:
                sent = sent_by(self._connection, batch.actor.account_id, [media.upload])
                recording_id = sent[media.upload]
            else:
                picture = pictures[line, position]
                recording_id = picture.recording_id
                receive_picture(self._connection, deed, batch.actor, picture)
                self._unit.jobs.enqueue(JobKind.VERIFY, recording_id, sender_id=batch.actor.account_id)
            self._connection.execute(
                insert(monitoring_media).values(
                    monitoring_id=monitoring_id, position=position, recording_id=recording_id
                )
            )


def _chain_of(actor: Actor) -> str:
    """Return the chain of a source's batches."""
    return reference("source", actor.account_id)


def _pictures(
    batch: Batch,
    kept: _Intake,
    drawn: Mapping[tuple[int, int], RecordingId],
) -> Iterator[tuple[tuple[int, int], Picture]]:
    """Yield the inline pictures of the new rows as what the completion of an upload makes recordings of."""
    for number, line in enumerate(batch.fresh):
        row = batch.rows[line].row
        for position, payload in batch.rows[line].jpegs.items():
            sha256 = sha256_hex(payload)
            yield (
                (line, position),
                Picture(
                    recording_id=drawn[line, position],
                    upload_id=picture_key(batch.owners[line], row.record_id, position, sha256),
                    filename=clean_filename(row.media[position].filename),
                    sha256=sha256,
                    stored=batch.pictures[line, position],
                    captured_at=row.captured_at,
                    place=Place(kept.id, number, position),
                ),
            )


def _repeated(
    line: int, parsed: ParsedRow, contents: list[bytes], before: tuple[bytes, MonitoringId | None]
) -> RowResult:
    known, ident = before
    is_same = known in contents
    return RowResult(
        line=line,
        record_id=parsed.row.record_id,
        outcome=RowOutcome.DUPLICATE if is_same else RowOutcome.CONFLICT,
        id=ident,
        problem=None if is_same else RECORD_CONFLICT.slug,
        detail="" if is_same else "the equipment sent other content under this id before",
    )


def _faults(
    facts: EquipmentFacts, parsed: ParsedRow, certificates: tuple[KindsFrom, ...], kind: EquipmentKind
) -> tuple[str, ...]:
    at = parsed.row.captured_at
    return tuple(
        fault.value for fault in gate_faults(facts, at, certificate=is_needed(certificates, kind, at))
    )
