"""A package made from nothing: two recordings, one device, one case, one log, keys drawn anew each time."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobile_contract.client.verify_origin import Trust
from schemas.base import rfc3339
from schemas.chain import tree_hash
from schemas.checkpoint import Checkpoint, checkpoint_text, proof_text
from schemas.checks.table import CHECKS
from schemas.container import container_chunks
from schemas.custody import CustodyEntry, leaf_bytes
from schemas.device import DeviceRegistration, registration_bytes, sign_registration
from schemas.digest import Hasher, sha256_hex
from schemas.event import Event
from schemas.export import (
    CHECKPOINT,
    ENTRIES,
    PackagedCase,
    PackagedCheck,
    PackagedDerivative,
    PackagedManifest,
    PackagedRecording,
    PackageIndex,
    Packed,
    complete,
    derivative_name,
    entries_bytes,
    export_key_name,
    key_name,
    original_name,
    packed,
    proof_name,
    registration_payload,
)
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.manifest import MANIFEST_TYP, CaptureDevice, CaptureManifest, Clock, ManifestFile, build_manifest
from schemas.merkle import extend, inclusion_proof, root_from_tiles
from schemas.note import sign_note, vkey_of_seed

ORIGIN = "quancheng.test/log"
AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
OFFICERS = ("10320001001", "10320001002")


def seed() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public(secret: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


@dataclass
class Office:
    """The keys of one operator and the entries of its log."""

    log_seed: bytes = field(default_factory=seed)
    registry_seed: bytes = field(default_factory=seed)
    export_seed: bytes = field(default_factory=seed)
    leaves: list[tuple[CustodyEntry, bytes]] = field(default_factory=list)

    @property
    def trust(self) -> Trust:
        return Trust(
            origin=ORIGIN,
            log_vkey=vkey_of_seed(ORIGIN, self.log_seed),
            registry_key=public(self.registry_seed),
            export_vkey=vkey_of_seed(export_key_name(ORIGIN), self.export_seed),
        )

    def log(self, event: Event, subject: str, **facts: Any) -> str:
        entry = CustodyEntry(
            entry_id=uuid4(), event=event, actor="system", subject=subject, at=AT, facts=facts
        )
        self.leaves.append((entry, leaf_bytes(entry)))
        return str(entry.entry_id)

    def log_files(self) -> list[Packed]:
        hashes = [tree_hash(leaf) for _, leaf in self.leaves]
        tiles = extend(lambda *_: b"", 0, hashes)
        root = root_from_tiles(len(hashes), lambda level, n: tiles[level, n])
        text = checkpoint_text(Checkpoint(origin=ORIGIN, size=len(hashes), root=root))
        note = sign_note(text, ORIGIN, self.log_seed)
        files = [packed(CHECKPOINT, note.encode())]
        rows = []
        for index, (entry, leaf) in enumerate(self.leaves):
            proof = inclusion_proof(index, len(hashes), lambda level, n: tiles[level, n])
            files.append(packed(proof_name(str(entry.entry_id)), proof_text(index, proof, note).encode()))
            rows.append((index, str(entry.entry_id), leaf))
        return [*files, packed(ENTRIES, entries_bytes(rows))]


@dataclass
class Made:
    """A package as parts, so that a test can change one and put it together again."""

    office: Office
    index: PackageIndex
    files: dict[str, Packed]

    def put(self, name: str, payload: bytes) -> None:
        self.files[name] = packed(name, payload)

    def pack(self) -> list[Packed]:
        given = [*self.files.values(), *self.office.log_files()]
        return complete(
            self.index, given, signer=export_key_name(ORIGIN), seed=self.office.export_seed
        )[0]  # fmt: skip

    def bytes(self) -> bytes:
        return zipped(self.pack())

    def write(self, path: Path) -> Path:
        path.write_bytes(self.bytes())
        return path


def zipped(files: list[Packed]) -> bytes:
    by_name = {file.name: file for file in files}
    ordered = sorted(files, key=lambda file: file.name.encode())
    return b"".join(container_chunks(ordered, lambda member: [by_name[member.name].payload or b""]))


def make_package(*, contents: tuple[bytes, ...] = (b"first recording", b"second recording")) -> Made:
    office, device_id, case_id = Office(), uuid4(), uuid4()
    key = ec.generate_private_key(ec.SECP256R1())
    registration = _registration(device_id, key)
    files = [_key_file(office, registration)]
    office.log(Event.DEVICE_ENROL, f"device/{device_id}", kid=registration.kid)
    office.log(Event.CASE_OPEN, f"case/{case_id}")
    payload = build_manifest(_manifest(registration, contents))
    signature = sign_detached(payload, key, kid=registration.kid, typ=MANIFEST_TYP)
    office.log(Event.MANIFEST_DECLARE, f"manifest/{uuid4()}", sha256=sha256_hex(payload), seq=1)
    stem = f"data/manifests/{sha256_hex(payload)}"
    files += [packed(f"{stem}.json", payload), packed(f"{stem}.jws", signature.encode())]
    recordings = []
    for position, content in enumerate(contents):
        manifest = PackagedManifest(
            file=f"{stem}.json",
            signature_file=f"{stem}.jws",
            sha256=sha256_hex(payload),
            state="declared",
            file_index=position,
            kid=registration.kid,
        )
        recording, made = _recording(office, content, position, manifest, device_id)
        office.log(Event.CASE_LINK, f"case/{case_id}", recording=recording.id)
        recordings.append(recording)
        files += made
    index = PackageIndex(
        export_id=str(uuid4()),
        requested_by=f"account/{uuid4()}",
        created_at=rfc3339(AT),
        case=PackagedCase(
            id=str(case_id),
            number="示城管立字〔2026〕第001号",
            agency="示范区城市管理局",
            party="某某小吃店",
            matter="占道经营",
            place="建军路",
            state="investigating",
            handlers=["王建国"],
            opened_at=rfc3339(AT),
        ),
        recordings=recordings,
    )
    return Made(office, index, {file.name: file for file in files})


def _registration(device_id: UUID, key: ec.EllipticCurvePrivateKey) -> DeviceRegistration:
    jwk = public_jwk(key.public_key())
    return DeviceRegistration(
        device_id=device_id,
        kid=thumbprint(jwk),
        jwk=jwk,
        agency_id=uuid4(),
        model="Recorder 1",
        enrolled_at=AT - timedelta(days=1),
        challenge="ab" * 32,
    )


def _key_file(office: Office, registration: DeviceRegistration) -> Packed:
    stated = json.loads(registration_bytes(registration))
    signature = sign_registration(registration, office.registry_seed)
    return packed(key_name(registration.kid), registration_payload(stated, signature))


def _manifest(registration: DeviceRegistration, contents: tuple[bytes, ...]) -> CaptureManifest:
    return CaptureManifest(
        device=CaptureDevice(
            id=str(registration.device_id),
            kid=registration.kid,
            model="Recorder 1",
            fw="1.0",
            app_id="recorder",
            app_ver="1.0",
        ),
        seq=1,
        prev=registration.challenge,
        boot_id="boot-1",
        mono_ms=1000,
        captured_at=AT - timedelta(hours=1),
        clock=Clock(source="ntp", offset_ms=20, uncertainty_ms=5, synced_at=AT - timedelta(hours=2)),
        officers=OFFICERS,
        files=tuple(
            ManifestFile(
                name=f"photo-{position}.jpg",
                role="photo",
                media_type="image/jpeg",
                size=len(content),
                sha256=sha256_hex(content),
            )
            for position, content in enumerate(contents)
        ),
    )


def _recording(
    office: Office, content: bytes, position: int, manifest: PackagedManifest, device_id: UUID
) -> tuple[PackagedRecording, list[Packed]]:
    recording_id = str(uuid4())
    hasher = Hasher()
    hasher.update(content)
    sha256, sm3 = hasher.sha256.value, hasher.sm3.value if hasher.sm3 else None
    checks = [
        PackagedCheck.of(CHECKS[name].held())
        for name in ("digest", "size", "manifest_signature", "device_key")
    ]
    subject = f"recording/{recording_id}"
    entries = [
        office.log(
            Event.RECORDING_RECEIVE, subject, size_bytes=len(content), manifest_sha256=manifest.sha256
        ),
        office.log(
            Event.RECORDING_SEAL,
            subject,
            sha256=sha256,
            sm3=sm3,
            size_bytes=len(content),
            checks={check.name: check.result.summary for check in checks},
        ),
    ]
    name = original_name(recording_id, f"photo-{position}.jpg")
    thumbnail = packed(derivative_name(recording_id, "thumbnail", "image/jpeg"), b"small " + content)
    recording = PackagedRecording(
        id=recording_id,
        state="sealed",
        verdict="verified",
        file=name,
        filename=f"photo-{position}.jpg",
        media_type="image/jpeg",
        size_bytes=len(content),
        sha256=sha256,
        sm3=sm3,
        captured_at=rfc3339(AT - timedelta(hours=1)),
        corrected_at=rfc3339(AT - timedelta(hours=1) + timedelta(milliseconds=20)),
        received_at=rfc3339(AT),
        officers=list(OFFICERS),
        device_id=str(device_id),
        manifest=manifest,
        checks=checks,
        derivatives=[
            PackagedDerivative(
                file=thumbnail.name,
                kind="thumbnail",
                media_type="image/jpeg",
                tool="test",
                size_bytes=thumbnail.size_bytes,
                sha256=thumbnail.sha256,
                parent_sha256=sha256,
            )
        ],
        linked_at=rfc3339(AT),
        entries=entries,
    )
    return recording, [packed(name, content), thumbnail]
