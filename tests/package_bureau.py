"""An agency with its people, a device and a camera, as leaves of a log in memory, with the documents that these name."""

import json
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobile_contract.client.verify_origin import Trust
from schemas import leaves_account as who
from schemas import leaves_agency as agencies
from schemas import leaves_case as cases
from schemas import leaves_device as things
from schemas import leaves_log as logs
from schemas import leaves_monitoring as records
from schemas import leaves_recording as line
from schemas import leaves_role as roles
from schemas.actor import Reach, Role
from schemas.base import rfc3339
from schemas.canonical import canonical_bytes
from schemas.checks.table import CHECKS
from schemas.device import DeviceRegistration, registration_bytes, sign_registration
from schemas.digest import Hasher, sha256_hex
from schemas.intake import FIRST_PREV, IntakeManifest, intake_bytes, row_path, sign_intake
from schemas.integrity import CheckResult, Outcome
from schemas.jws import public_jwk, sign_detached, thumbprint
from schemas.leaf_catalogue import catalogue_sha256
from schemas.leaves_case import (
    CaseLink,
    CaseUnlink,
    MonitoringLink,
    MonitoringLinkRuled,
    MonitoringUnlink,
    TieBasis,
)
from schemas.manifest import MANIFEST_TYP, CaptureDevice, CaptureManifest, Clock, ManifestFile, build_manifest
from schemas.merkle import extend, root_from_tiles
from schemas.note import vkey_of_seed
from schemas.opening import Shown
from schemas.package import (
    FileRole,
    Packed,
    RowPath,
    derivative_name,
    export_key_name,
    intake_names,
    key_name,
    manifest_names,
    original_name,
    packed,
    path_bytes,
    registration_payload,
    row_names,
)
from schemas.record_id import record_id, salted_row_hash
from schemas.reference import ident_of
from schemas.verdict import verdict
from tests.leaf_examples import AT, TICKET_KID, TICKET_PUBLIC, salt_of
from tests.leaf_history import API, LONG_AGO, SIGNER, WORKER, History

ORIGIN = "quancheng.test/log"
OFFICERS = ("10320001001", "10320001002")
NUMBER, PARTY, AGENCY = "示城管立字〔2026〕第001号", "某某小吃店", "示范区城市管理局"
EQUIPMENT = "JK-01"
LATER = AT + timedelta(days=400)
BINDING = ("digest", "size", "manifest_signature", "device_key")


def seed() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def public(secret: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def text(value: Any) -> Shown[Any]:
    return Shown(value, salt_of(str(value)))


@dataclass
class Office:
    """The keys of one operator."""

    log_seed: bytes = field(default_factory=seed)
    registry_seed: bytes = field(default_factory=seed)
    export_seed: bytes = field(default_factory=seed)
    witness_seed: bytes | None = None
    """Of an outsider who cosigns the log's checkpoints."""

    @property
    def trust(self) -> Trust:
        return Trust(
            origin=ORIGIN,
            log_vkey=vkey_of_seed(ORIGIN, self.log_seed),
            registry_key=public(self.registry_seed),
            export_vkey=vkey_of_seed(export_key_name(ORIGIN), self.export_seed),
        )


@dataclass
class Bureau:
    """An agency with its people, a device and a camera, and the log of what they do."""

    office: Office
    history: History
    log: str
    agency: str
    people: dict[Role, str]
    device: str
    key: ec.EllipticCurvePrivateKey
    registration: DeviceRegistration
    equipment: str
    files: dict[tuple[str, FileRole], list[Packed]] = field(default_factory=dict)

    def keep(self, of: str, role: FileRole, name: str, payload: bytes) -> None:
        self.files.setdefault((of, role), []).append(packed(name, payload))

    def write(self, kind: Any, subject: str, actor: str, /, *of: str, **members: Any) -> str:
        """Log one act; optional members that are not given are left out."""
        absent = {name: None for name, one in kind.model_fields.items() if not one.is_required()}
        return self.history.write(kind, subject, actor, of=of, **{**absent, **members})

    def declare(self, contents: Iterable[bytes]) -> str:
        """Write a capture manifest of these files, signed by the device; return its digest."""
        contents = tuple(contents)
        payload = build_manifest(_manifest(self.registration, contents))
        signature = sign_detached(payload, self.key, kid=self.registration.kid, typ=MANIFEST_TYP)
        manifest, sha256 = self.history.thing("manifest"), sha256_hex(payload)
        name, signed = manifest_names(sha256)
        self.keep(manifest, FileRole.MANIFEST, name, payload)
        self.keep(manifest, FileRole.MANIFEST_SIGNATURE, signed, signature.encode())
        self.write(
            line.ManifestDeclare,
            manifest,
            self.device,
            manifest,
            agency=self.agency,
            device=self.device,
            kid=self.registration.kid,
            seq=1,
            sha256=sha256,
            signature_sha256=sha256_hex(signature.encode()),
            files=len(contents),
        )
        return sha256

    def receive(self, content: bytes, manifest: str | None, index: int | None = None, **members: Any) -> str:
        """Write a recording as received, with its bytes."""
        recording = self.history.thing("recording")
        filename = f"photo-{index or 0}.jpg"
        self.keep(recording, FileRole.ORIGINAL, original_name(recording, filename), content)
        self.write(
            line.RecordingReceive,
            recording,
            self.device if manifest else self.people[Role.SOURCE],
            recording,
            **{
                "agency": self.agency,
                "source": "device" if manifest else "intake",
                "upload": str(uuid.UUID(int=len(self.files))),
                "size_bytes": len(content),
                "manifest_sha256": manifest,
                "file_index": index,
                "filename": text(filename),
                **members,
            },
        )
        return recording

    def conclude(self, recording: str, *, times: bool = True, broken: str | None = None) -> str:
        """Write what the verification of a recording concluded, with a thumbnail."""
        (original,) = self.files[recording, FileRole.ORIGINAL]
        content = original.payload or b""
        hasher = Hasher()
        hasher.update(content)
        checks = [CHECKS[name].held() for name in (*BINDING, "container", "examined") if name != broken]
        if broken is not None:
            checks.append(_failed(broken))
        small = b"small " + content
        name = derivative_name(recording, "thumbnail", "image/jpeg")
        self.keep(recording, FileRole.DERIVATIVE, name, small)
        made = {"kind": "thumbnail", "media_type": "image/jpeg", "size_bytes": len(small)}
        made |= {"sha256": sha256_hex(small), "parent_sha256": original.sha256, "tool": "test"}
        report = {
            "checks": [one.model_dump(mode="json") for one in checks],
            "derivatives": [made],
            "facts": {},
        }
        captured = AT - timedelta(hours=1) if times else None
        return self.write(
            line.RecordingSeal if broken is None else line.RecordingQuarantine,
            recording,
            WORKER,
            recording,
            sha256=original.sha256,
            sm3=hasher.sm3.value if hasher.sm3 else None,
            size_bytes=len(content),
            media_type="image/jpeg",
            captured_at=captured,
            corrected_at=None if captured is None else captured + timedelta(milliseconds=20),
            verdict=verdict(checks),
            checks={one.name: one.word for one in checks if one.name in BINDING},
            checks_count=len(checks),
            run=1,
            retain_until=LATER,
            report=text(report),
        )

    def tie(self, case: str, evidence: str, actor: str | None = None) -> str:
        kind = CaseLink if evidence.startswith("recording") else MonitoringLink
        basis = TieBasis.STATED if actor == self.device else TieBasis.MANUAL
        return self._tie(kind, case, evidence, actor, basis=basis)

    def tie_ruled(self, case: str, record: str, *, needs: bool) -> str:
        """Tie a record by a leaf that says whether its equipment needed a certificate."""
        return self._tie(
            MonitoringLinkRuled, case, record, None, basis=TieBasis.MANUAL, needs_certificate=needs
        )

    def untie(self, case: str, evidence: str) -> str:
        kind = CaseUnlink if evidence.startswith("recording") else MonitoringUnlink
        return self._tie(kind, case, evidence, None, reason=text("误关联"))

    def _tie(self, kind: Any, case: str, evidence: str, actor: str | None, **members: Any) -> str:
        noun = evidence.partition("/")[0]
        subject = case if noun == "recording" else evidence
        named = {"case": case, noun: evidence}
        return self.write(
            kind, subject, actor or self.people[Role.HANDLER], case, evidence, **named, **members
        )

    def record(self, *, rows: int = 3, picture: bytes = b"picture of a lorry") -> str:
        """Write a batch of rows, of which the second becomes a record that two people find valid; return it."""
        source, position = self.people[Role.SOURCE], 1
        chain = f"source/{ident_of(source)}"
        at = self.history.at = self.history.at + timedelta(seconds=1)
        lines = [_row(n, at, picture if n == position else None) for n in range(rows)]
        salts = [bytes.fromhex(salt_of(f"row {n} {at}")) for n in range(rows)]
        hashes = [salted_row_hash(salt, one) for salt, one in zip(salts, lines, strict=True)]
        tiles = extend(lambda *_: b"", 0, hashes)
        root = root_from_tiles(rows, lambda level, n: tiles[level, n]).hex()
        self.history.at = at
        later = at + timedelta(milliseconds=1)
        seq = self.history.heads.get(chain, (0, ""))[0] + 1
        manifest = IntakeManifest(
            source=ident_of(source),
            seq=seq,
            prev=FIRST_PREV,
            received_at=rfc3339(later),
            rows=rows,
            root=root,
        )
        payload = intake_bytes(manifest)
        signature = sign_intake(payload, self.office.registry_seed)
        intake, sha256 = self.history.thing("intake"), sha256_hex(payload)
        self.at_exactly(
            later,
            lambda: self.write(
                records.IntakeReceive,
                intake,
                source,
                chain,
                agency=self.agency,
                seq=seq,
                sha256=sha256,
                signature_sha256=sha256_hex(signature.encode()),
                rows=rows,
                root=root,
                due_at=LATER,
            ),
        )
        name, signed = intake_names(sha256)
        self.keep(intake, FileRole.INTAKE, name, payload)
        self.keep(intake, FileRole.INTAKE_SIGNATURE, signed, signature.encode())
        record = f"monitoring/{record_id(later, sha256, position)}"
        path = RowPath(
            intake=intake,
            position=position,
            salt=salts[position].hex(),
            path=[step.hex() for step in row_path(hashes, position)],
        )
        row_name, path_name = row_names(record)
        self.keep(record, FileRole.ROW, row_name, lines[position])
        self.keep(record, FileRole.ROW_PATH, path_name, path_bytes(path))
        recording = self.receive(picture, None, intake=intake, row=position, position=0)
        self.conclude(recording, times=False)
        for stage, role, to in (
            ("first", Role.EVIDENCE_REVIEWER, "reviewing"),
            ("second", Role.LEGAL_REVIEWER, "valid"),
        ):
            self.opine(record, stage, role, to)
        return record

    def opine(self, record: str, stage: str, role: Role, to: str, opinion: str = "valid") -> str:
        given = {"stage": stage, "opinion": opinion, "to": to, "reason": text("清楚")}
        return self.write(records.MonitoringOpine, record, self.people[role], record, **given)

    def at_exactly(self, at: datetime, act: Callable[[], str]) -> str:
        """Do an act whose leaf has this time."""
        rng, self.history.rng = self.history.rng, _OneMillisecond()
        self.history.at = at - timedelta(milliseconds=1)
        done = act()
        self.history.rng = rng
        return done


class _OneMillisecond(random.Random):
    """A chance that never surprises: the next leaf is one millisecond later."""

    def randrange(self, *_: Any) -> int:
        return 1

    def random(self) -> float:
        return 0.9


def _failed(name: str) -> CheckResult:
    finding = next(one for one in CHECKS[name].findings if one.outcome is Outcome.MISMATCH)
    return CheckResult(
        name=name,
        version=CHECKS[name].version,
        outcome=finding.outcome,
        severity=finding.severity,
        code=finding.code,
    )


def _row(n: int, at: datetime, picture: bytes | None) -> bytes:
    members: dict[str, Any] = {
        "captured_at": rfc3339(at - timedelta(minutes=5)),
        "equipment": EQUIPMENT,
        "record_id": f"r-{n}",
        "plate": f"苏J·0000{n}",
    }
    if picture is not None:
        members["media"] = [{"filename": "lorry.jpg", "jpeg": f"sha256:{sha256_hex(picture)}"}]
    return canonical_bytes(members)


def make_bureau(office: Office | None = None) -> Bureau:
    """Return an agency with everybody whom a case needs, and nothing that has happened yet."""
    office, history = office or Office(), History(random.Random(7))
    log, agency = history.thing("log"), history.thing("agency")
    key = ec.generate_private_key(ec.SECP256R1())
    device, equipment = f"device/{uuid.uuid4()}", history.thing("equipment")
    made = Bureau(
        office, history, log, agency, {}, device, key, _registration(device, agency, key), equipment
    )
    made.write(
        logs.LogOpen,
        log,
        SIGNER,
        log,
        origin=ORIGIN,
        vkey=vkey_of_seed(ORIGIN, office.log_seed),
        tickets={TICKET_KID: TICKET_PUBLIC},
        catalogue_sha256=catalogue_sha256(),
    )
    made.write(
        logs.KeyAnnounce,
        history.thing("key"),
        SIGNER,
        log,
        kid="ticket-of-nobody",
        role="ticket",
        alg="ed25519",
        public=TICKET_PUBLIC,
        events=("case:open",),
    )
    made.write(
        agencies.AgencyOpen,
        agency,
        API,
        agency,
        kind="agency",
        supervising=False,
        name=text(AGENCY),
        code=text("A"),
    )
    for role in Role:
        made.people[role] = _person(made, role)
    _enrol(made)
    _register(made)
    return made


def _person(made: Bureau, role: Role) -> str:
    account = made.history.thing("account")
    named = {"login": text(f"login-{role}"), "name": text(f"{role}-王建国")}
    made.write(who.AccountOpen, account, API, account, agency=made.agency, kind="person", **named)
    made.write(
        who.AccountCredential, account, API, account, what="password", record=text({"hash": f"secret {role}"})
    )
    granted = {"role": role, "reach": Reach.AGENCY, "from_": LONG_AGO}
    made.write(roles.RoleGrantNamed, made.history.thing("role"), API, account, **granted)
    return account


def _registration(device: str, agency: str, key: ec.EllipticCurvePrivateKey) -> DeviceRegistration:
    jwk = public_jwk(key.public_key())
    return DeviceRegistration(
        device_id=uuid.UUID(ident_of(device)),
        kid=thumbprint(jwk),
        jwk=jwk,
        agency_id=uuid.UUID(ident_of(agency)),
        model="Recorder 1",
        enrolled_at=AT,
        challenge="ab" * 32,
    )


def _enrol(made: Bureau) -> None:
    code, payload = str(uuid.uuid4()), registration_bytes(made.registration)
    issued = {"agency": made.agency, "code": code, "expires_at": LATER, "code_hash": text("hash")}
    made.write(things.DeviceCode, made.device, made.people[Role.CUSTODIAN], made.agency, **issued)
    made.write(
        things.DeviceEnrol,
        made.device,
        made.device,
        made.device,
        agency=made.agency,
        code=code,
        kid=made.registration.kid,
        alg="ES256",
        registration_sha256=sha256_hex(payload),
        name=text("执法仪 1"),
        model=text("Recorder 1"),
    )
    signature = sign_registration(made.registration, made.office.registry_seed)
    stated = registration_payload(json.loads(payload), signature)
    made.keep(made.device, FileRole.KEY, key_name(made.registration.kid), stated)


def _register(made: Bureau) -> None:
    one, custodian = made.equipment, made.people[Role.CUSTODIAN]

    def paper(kind: Any, /, **members: Any) -> None:
        made.write(kind, one, custodian, one, **members)

    named = {name: text(f"{name} of a camera") for name in ("name", "site", "standard")}
    paper(
        things.EquipmentRegister,
        agency=made.agency,
        kind=next(iter(things.EquipmentKind)),
        number=text(EQUIPMENT),
        **named,
    )  # fmt: skip
    paper(things.EquipmentBind, source=made.people[Role.SOURCE])
    paper(things.EquipmentCertify, from_=LONG_AGO, until=LATER, number=text("检 1"), issuer=text("计量院"))
    for kind in things.ReviewKind:
        paper(things.EquipmentReviewed, kind=kind, reviewed_at=LONG_AGO, title=text(f"审核 {kind}"))
    paper(things.EquipmentPublish, published_at=LONG_AGO, url=text("https://example.cn/"))


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


def open_case(bureau: Bureau, number: str = NUMBER) -> str:
    """Write a lead that became a case under investigation; return it."""
    case, handler, head = bureau.history.thing("case"), bureau.people[Role.HANDLER], bureau.people[Role.HEAD]
    values = {
        "number": text(number),
        "party": text(PARTY),
        "matter": text("占道经营"),
        "place": text("建军路"),
    }
    bureau.write(cases.CaseOpen, case, handler, case, agency=bureau.agency, **values)
    bureau.write(cases.CaseFile, case, head, case)
    bureau.write(cases.CaseInvestigate, case, handler, case)
    return case
