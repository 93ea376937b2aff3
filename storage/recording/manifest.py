"""Capture manifests, kept verbatim: the declared ones, and the refused ones with the rule they broke."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, select, text
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor, ActorKind
from schemas.base import Frozen, HexDigest
from schemas.capture import ClockLimits, Previous, manifest_findings
from schemas.digest import sha256_hex
from schemas.errors import Invalid, ManifestInvalid, SignatureInvalid
from schemas.ids import AgencyId, DeviceId, ManifestId, RecordingId, UploadId
from schemas.integrity import CheckResult
from schemas.jws import verify_detached
from schemas.leaves_recording import ManifestDeclare, ManifestRefuse
from schemas.manifest import (
    MANIFEST_TYP,
    MAX_MANIFEST_BYTES,
    CaptureManifest,
    ManifestState,
    parse_manifest,
)
from schemas.policy import Action, Relation, Subject, require
from schemas.refusals_actor import DEVICE_KEY_REVOKED, DEVICE_KEY_UNKNOWN
from schemas.refusals_manifest import (
    MANIFEST_DEVICE_DIFFERS,
    MANIFEST_REPLAYED,
    MANIFEST_SIGNATURE_INVALID,
    MANIFEST_SIGNATURE_TOO_LARGE,
    MANIFEST_TOO_LARGE,
)
from schemas.setting import Setting
from storage.act import Deed, fresh_id
from storage.collection import Collection
from storage.device.device import kept_key
from storage.reads.device import kid_of, registered, require_alive, trusted, with_key
from storage.reads.officer import named_officers
from storage.reads.recording import own_uploads
from storage.reads.setting import said, tolerances_at
from storage.recording.question import ask_presence
from storage.recording.receipt import kept_manifest
from storage.tables.recording import manifests, recordings, uploads

MAX_SIGNATURE_BYTES = 4096


class DeclaredFile(Frozen):
    """One file a manifest announces, and how far it has come."""

    index: int
    name: str
    sha256: HexDigest
    size_bytes: int
    upload_id: UploadId | None = None
    recording_id: RecordingId | None = None


class Declared(Frozen):
    """The answer to a declaration. A refused manifest is kept; `problem` and `detail` say what is wrong."""

    manifest_id: ManifestId
    sha256: HexDigest
    state: ManifestState
    problem: str | None
    detail: str
    is_replay: bool
    findings: tuple[CheckResult, ...]
    files: tuple[DeclaredFile, ...]


class ManifestEvidence(Frozen):
    """All that is needed to verify a manifest again from its bytes; key columns are None for a stranger's."""

    sha256: str
    payload: bytes
    signature: str
    state: ManifestState
    problem: str | None
    declared_at: datetime
    findings: tuple[CheckResult, ...]
    jwk: Mapping[str, Any] | None
    algs: frozenset[str]
    revoked_at: datetime | None


class Manifests(Collection):
    """What devices declared, byte for byte."""

    def declare(self, actor: Actor, payload: bytes, signature: str) -> Declared:
        """Keep a manifest and say whether it holds.

        A manifest that breaks a rule is kept as refused, so that its files can still arrive and be
        quarantined with the reason. Within an agency the same signed bytes are one declaration, whether the device
        hands them in or a person for it; what one sender was refused stands in nobody else's way.

        Raises:
            Refused: the actor may not submit recordings.
            NotAuthenticated: the actor is a device that was revoked meanwhile.
            TooLarge: more than 64 KiB; such bytes are not kept, the device still has them.
        """
        own = Subject(agency_id=actor.agency_id, related=Relation.OWN)
        require(actor, Action.RECORDING_SUBMIT, own, self._now)
        if len(payload) > MAX_MANIFEST_BYTES:
            raise MANIFEST_TOO_LARGE(f"a manifest has at most {MAX_MANIFEST_BYTES} bytes")
        if len(signature) > MAX_SIGNATURE_BYTES:
            raise MANIFEST_SIGNATURE_TOO_LARGE("the signature header is too long")
        sha256 = sha256_hex(payload)
        self._one_at_a_time(sha256)
        before = self._find(actor, sha256, signature)
        if before is not None:
            return self._answer(actor, before, is_replay=True)
        try:
            manifest, device = self._verified(actor, payload, signature)
        except (ManifestInvalid, SignatureInvalid) as err:
            act = self._begin(actor, actor.agency_id)
            return self._refuse(act, actor, payload, signature, err=err)
        return self._accept(actor, payload, signature, manifest, device=device)

    def _one_at_a_time(self, sha256: HexDigest) -> None:
        """Two declarations of the same bytes wait for each other, so that one of them is the replay."""
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:sha256, 0))"), {"sha256": sha256}
        )

    def _find(self, actor: Actor, sha256: HexDigest, signature: str) -> Row[Any] | None:
        refused = and_(
            manifests.c.signature == signature,
            manifests.c.device_id.is_not_distinct_from(_device_of(actor)),
        )
        return self._connection.execute(
            select(manifests)
            .where(manifests.c.sha256 == sha256, manifests.c.agency_id == actor.agency_id)
            .where(and_(manifests.c.state == ManifestState.DECLARED, *_may_repeat(actor)) | refused)
            .order_by(manifests.c.state)
            .limit(1)
        ).one_or_none()

    def _verified(self, actor: Actor, payload: bytes, signature: str) -> tuple[CaptureManifest, DeviceId]:
        """Return the manifest and the device whose key signed it, revoked or not."""
        manifest = parse_manifest(payload)
        row = registered(self._connection, manifest.device.kid)
        if row is None or row.agency_id != actor.agency_id:
            raise DEVICE_KEY_UNKNOWN("no device of this agency has registered the key")
        jwk = kept_key(row.kid, row.jwk)
        try:
            verify_detached(payload, signature, jwk=jwk, algs=frozenset(row.algs), typ=MANIFEST_TYP)
        except SignatureInvalid as err:
            raise MANIFEST_SIGNATURE_INVALID(err.detail, **err.facts) from err
        if row.revoked_at is not None:
            raise _revoked()
        if manifest.device.id != str(row.id):
            raise MANIFEST_DEVICE_DIFFERS("the manifest names another device than its key")
        if actor.kind is ActorKind.DEVICE and row.id != actor.id:
            raise MANIFEST_REPLAYED("the manifest is another device's")
        return manifest, DeviceId(row.id)

    def _clock_limits(self, agency_id: AgencyId, at: datetime) -> ClockLimits:
        names = (Setting.CLOCK_GOOD_SECONDS, Setting.CLOCK_LARGE_SECONDS)
        told = said(self._connection, agency_id, names)
        return ClockLimits(*(1000 * told.at(name, at, self._unit.settings).value for name in names))

    def _is_quoted(self, manifest: CaptureManifest) -> bool | None:
        seen = manifest.anchor
        return (
            None
            if seen is None
            else self._unit.custody.is_quoted(seen.origin, seen.size, b64decode(seen.root))
        )

    def _accept(
        self, actor: Actor, payload: bytes, signature: str, manifest: CaptureManifest, *, device: DeviceId
    ) -> Declared:
        ident = ManifestId(fresh_id())
        about, of = f"manifest/{ident}", f"device/{device}"
        act = self._begin(actor, actor.agency_id, about, relies=(of,))
        if trusted(self._connection, device) is None:  # revoked while this waited for the chain of the device
            return self._refuse(act, actor, payload, signature, err=_revoked())
        findings = manifest_findings(
            manifest,
            previous=self._previous(manifest),
            received_at=act.at,
            officers=named_officers(
                self._connection,
                manifest.officers,
                agency_id=actor.agency_id,
                at=manifest.corrected_at,
                known=act.at,
            ),
            clock=self._clock_limits(actor.agency_id, manifest.corrected_at),
            allowed=tolerances_at(self._connection, self._unit.settings, actor.agency_id, act.at),
            is_quoted=self._is_quoted(manifest),
        )
        row = self._insert(
            act,
            actor,
            payload,
            signature,
            id=ident,
            device_id=device,
            state=ManifestState.DECLARED,
            kid=manifest.device.kid,
            seq=manifest.seq,
            prev=manifest.prev,
            captured_at=manifest.captured_at,
            files=[{"name": f.name, "sha256": f.sha256, "size": f.size} for f in manifest.files],
            findings=[finding.model_dump(mode="json") for finding in findings],
        )
        ask_presence(self._connection, ident, manifest.officers, act.at)
        declared = ManifestDeclare(
            agency=f"agency/{actor.agency_id}",
            device=of,
            kid=manifest.device.kid,
            seq=manifest.seq,
            sha256=row.sha256,
            signature_sha256=sha256_hex(signature.encode()),
            files=len(manifest.files),
        )
        act.write(declared, about)
        return self._answer(actor, row, is_replay=False)

    def _previous(self, manifest: CaptureManifest) -> Previous:
        """Return what is known of the key's sequence before and at this number."""
        mine = and_(manifests.c.kid == manifest.device.kid, manifests.c.state == ManifestState.DECLARED)
        before = self._connection.execute(
            select(manifests.c.seq, manifests.c.sha256, manifests.c.payload)
            .where(mine, manifests.c.seq < manifest.seq)
            .order_by(manifests.c.seq.desc())
            .limit(1)
        ).one_or_none()
        sibling = self._connection.scalar(
            select(manifests.c.sha256).where(mine, manifests.c.seq == manifest.seq).limit(1)
        )
        if before is not None:
            return Previous(
                seq=before.seq,
                sha256=before.sha256,
                manifest=kept_manifest(before.payload, before.sha256),
                sibling_sha256=sibling,
            )
        device = registered(self._connection, manifest.device.kid)
        challenge = None if device is None else device.challenge
        return Previous(seq=0, sha256=HexDigest(str(challenge)), sibling_sha256=sibling)

    def _refuse(self, act: Deed, actor: Actor, payload: bytes, signature: str, *, err: Invalid) -> Declared:
        require_alive(self._connection, act.actor)
        row = self._insert(
            act,
            actor,
            payload,
            signature,
            id=fresh_id(),
            device_id=_device_of(actor),
            state=ManifestState.REFUSED,
            problem=err.slug,
        )
        refused = ManifestRefuse(
            agency=f"agency/{actor.agency_id}",
            sha256=row.sha256,
            signature_sha256=sha256_hex(signature.encode()),
            problem=err.slug,
        )
        act.write(refused, f"manifest/{row.id}")
        return self._answer(actor, row, is_replay=False, detail=err.detail)

    def _insert(self, act: Deed, actor: Actor, payload: bytes, signature: str, **values: object) -> Row[Any]:
        # A crash before the answer: the device sends the same bytes again, and finds its declaration.
        return self._connection.execute(
            insert(manifests)
            .values(
                agency_id=actor.agency_id,
                sha256=sha256_hex(payload),
                payload=payload,
                signature=signature,
                declared_at=act.at,
                **values,
            )
            .returning(manifests)
        ).one()

    def _answer(self, actor: Actor, row: Row[Any], *, is_replay: bool, detail: str = "") -> Declared:
        sent = {
            upload.file_index: upload
            for upload in self._connection.execute(
                select(uploads.c.id, uploads.c.file_index, recordings.c.id.label("recording_id"))
                .outerjoin(recordings, recordings.c.upload_id == uploads.c.id)
                .where(uploads.c.manifest_id == row.id, own_uploads(actor))
            )
        }
        files = tuple(
            DeclaredFile(
                index=index,
                name=file["name"],
                sha256=file["sha256"],
                size_bytes=file["size"],
                upload_id=sent[index].id if index in sent else None,
                recording_id=sent[index].recording_id if index in sent else None,
            )
            for index, file in enumerate(row.files)
        )
        return Declared(
            manifest_id=row.id,
            sha256=row.sha256,
            state=ManifestState(row.state),
            problem=row.problem,
            detail=detail,
            is_replay=is_replay,
            findings=_findings(row),
            files=files,
        )

    def evidence(self, manifest_id: ManifestId) -> ManifestEvidence:
        """Return what the verification reads; never the conclusion drawn at declaration."""
        row = self._connection.execute(
            with_key(select(manifests), manifests.c.kid).where(manifests.c.id == manifest_id)
        ).one()
        return ManifestEvidence(
            sha256=row.sha256,
            payload=row.payload,
            signature=row.signature,
            state=ManifestState(row.state),
            problem=row.problem,
            declared_at=row.declared_at,
            findings=_findings(row),
            jwk=row.jwk,
            algs=frozenset(row.algs or ()),
            revoked_at=row.revoked_at,
        )


def _may_repeat(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    """A device repeats what its own key signed, whoever handed that in; a person repeats any of the agency."""
    return (manifests.c.kid == kid_of(actor.id),) if actor.kind is ActorKind.DEVICE else ()


def _device_of(actor: Actor) -> DeviceId | None:
    return DeviceId(actor.id) if actor.kind is ActorKind.DEVICE else None


def _findings(row: Row[Any]) -> tuple[CheckResult, ...]:
    return tuple(CheckResult.model_validate(finding, strict=False) for finding in row.findings)


def _revoked() -> ManifestInvalid | SignatureInvalid:
    return DEVICE_KEY_REVOKED("the key was revoked before this arrived")
