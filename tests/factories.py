"""Valid things, made shortly: an organisation, a device with its key, manifests and uploads over a `Store`."""

import atexit
import base64
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import SecretStr
from sqlalchemy import select

from schemas.act import Act, Process
from schemas.actor import Actor, Role
from schemas.base import rfc3339
from schemas.canonical import canonical_bytes
from schemas.device import ENROL_TYP, RevokeIn, RevokeReason
from schemas.digest import sha256_hex
from schemas.event import Event
from schemas.fsck import Fault, Unchecked
from schemas.ids import AccountId, AgencyId
from schemas.jws import public_jwk, sign_compact, sign_detached, thumbprint
from schemas.leaves_agency import AgencyKind
from schemas.leaves_certificate_issue import CertificateKind
from schemas.manifest import MANIFEST_TYP
from schemas.personal import PersonalSeal
from schemas.ticket import Tickets
from schemas.upload import Upload
from storage.act import Deed, fresh_id, service
from storage.actor.actor import open_agency
from storage.actor.certificate import issue_certificate
from storage.device.enrolment import EnrolIn, Enrolled
from storage.flow.receive import Receiving
from storage.password import PasswordHash, hash_of
from storage.recording.upload import NewUpload
from storage.settings import StorageSettings
from storage.setup.home import TICKET_KEYS
from storage.store import Store, utc_now
from storage.tables.actor import accounts
from storage.tables.base import PERSONAL_SEAL, TICKETS
from storage.transaction import Transaction
from workers.custody import integrate
from workers.fsck import findings

LOST = RevokeIn(reason_code=RevokeReason.LOST, reason="执法途中遗失")
"""Why devices are revoked here."""
OFFICERS = ("10320001001", "10320001002")
PASSWORD = "correct horse battery staple"


@cache
def password_hash() -> PasswordHash:
    """What is kept of the password of every account made here: hashed once, whoever has it."""
    return hash_of(PASSWORD)


def seed64() -> SecretStr:
    """A fresh server key as the settings take it."""
    return SecretStr(base64.b64encode(secrets.token_bytes(32)).decode())


def make_settings(database_url: str, objects_url: str, **changed: Any) -> StorageSettings:
    """Settings of a test's store, with keys of its own."""
    given = {
        "quancheng_home": Path(tempfile.mkdtemp(dir=_homes())),
        "database_url": SecretStr(database_url),
        "objects_url": SecretStr(objects_url),
        "log_key": seed64(),
        "registry_key": seed64(),
        "export_key": seed64(),
        **{name: seed64() for name in TICKET_KEYS},
        "factor_key": seed64(),
        "personal_key": seed64(),
        "pool_size": 5,
        "session_idle_seconds": 10 * 3600,  # clocks of tests go by hours
    }
    return StorageSettings(**{**given, **changed})


@cache
def _homes() -> str:
    """Where the data folders of tests lie that name none; gone with the process."""
    folder = tempfile.TemporaryDirectory(prefix="quancheng-homes-")
    atexit.register(folder.cleanup)
    return folder.name


def folder_url(folder: Path) -> str:
    """Address of a folder store below `folder`."""
    return f"file://{folder / 'objects'}"


@contextmanager
def folder_store(database_url: str, folder: Path) -> Iterator[Store]:
    """A store over a folder, with an agency and a log that has begun; closed at the end."""
    with closing(Store(make_settings(database_url, folder_url(folder)))) as made:
        make_agency(made)
        integrate(made)
        yield made


TICKET_SEEDS = {Process.API: b"a" * 32, Process.WORKER: b"w" * 32, Process.SIGNER: b"s" * 32}
"""Ticket keys of a test that writes leaves over an engine of its own."""


def sealing() -> dict[str, object]:
    """Options of an engine of a test's own: it seals personal data, and signs leaves, under keys that nobody else has."""
    return {PERSONAL_SEAL: PersonalSeal(secrets.token_bytes(32)), TICKETS: Tickets(TICKET_SEEDS)}


def set_up(tx: Transaction, agency_id: AgencyId, about: str, *relies: str) -> Deed:
    """An act of whoever sets a server up: nobody came before."""
    leant = {f"agency/{agency_id}", *relies} - {about}
    return Deed(tx.custody, service(Process.API), tx.custody.hold(about, relies=leant), agency_id)


def found_agency(
    tx: Transaction,
    *,
    name: str,
    kind: AgencyKind,
    code: str,
    is_supervising: bool = False,
    parent_id: UUID | None = None,
) -> AgencyId:
    """Open an agency below `parent_id`."""
    made = AgencyId(fresh_id())
    relies = () if parent_id is None else (f"agency/{parent_id}",)
    open_agency(
        tx.connection,
        set_up(tx, made, f"agency/{made}", *relies),
        ident=made,
        name=name,
        kind=kind,
        code=code,
        is_supervising=is_supervising,
        parent_id=None if parent_id is None else AgencyId(parent_id),
    )
    return made


def certify(
    tx: Transaction,
    account_id: AccountId,
    number: str,
    *,
    valid_from: datetime,
    valid_until: datetime,
    kind: CertificateKind = CertificateKind.ENFORCEMENT,
) -> None:
    """Enter a certificate of an account."""
    agency_id = tx.connection.execute(
        select(accounts.c.agency_id).where(accounts.c.id == account_id)
    ).scalar_one()
    issue_certificate(
        tx.connection,
        set_up(tx, agency_id, f"account/{account_id}"),
        account_id,
        number=number,
        kind=kind,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def make_agency(store: Store, *, parent: UUID | None = None, is_supervising: bool = False) -> UUID:
    """An agency with a code of its own."""
    code = uuid4().hex[:12]
    with store.begin() as tx:
        return found_agency(
            tx,
            name=f"机关 {code}",
            code=code,
            kind=AgencyKind.AGENCY,
            parent_id=parent,
            is_supervising=is_supervising,
        )


def make_account(
    store: Store, agency_id: UUID, *roles: Role, certificate: str | None = None
) -> tuple[str, Actor]:
    """An account that is logged in; returns its token and who it is."""
    login = f"u{uuid4().hex[:10]}"
    with store.begin() as tx:
        ident = tx.accounts.add(
            agency_id=agency_id,
            login=login,
            name="测试",
            password_hash=password_hash(),
            roles=frozenset(roles),
        )
        if Role.LEGAL_REVIEWER in roles:
            certify(
                tx,
                ident,
                f"法资-{uuid4().hex[:24]}",
                valid_from=tx.now - timedelta(days=400),
                valid_until=tx.now + timedelta(days=36_500),
                kind=CertificateKind.LEGAL,
            )
        if certificate is not None:
            certify(
                tx,
                ident,
                certificate,
                valid_from=tx.now.replace(year=2000),
                valid_until=tx.now.replace(year=2100),
            )
        session = tx.accounts.open_session(ident)
    return session.token, session.actor


@dataclass
class TestDevice:
    """A device with a key of its own and the state a real one keeps."""

    __test__ = False

    store: Store
    key: ec.EllipticCurvePrivateKey
    id: UUID
    kid: str
    prev: str
    actor: Actor
    token: str
    seq: int = 0
    sent: list[bytes] = field(default_factory=list)

    def manifest(self, files: dict[str, bytes], **changed: Any) -> bytes:
        """The canonical bytes of the next manifest; `changed` replaces or adds members."""
        self.seq += 1
        now = rfc3339(utc_now())
        members: dict[str, Any] = {
            "typ": "quancheng-manifest",
            "v": 1,
            "device": {
                "id": str(self.id),
                "kid": self.kid,
                "model": "test",
                "fw": "1",
                "app_id": "test",
                "app_ver": "1",
            },
            "seq": self.seq,
            "prev": self.prev,
            "boot_id": "boot",
            "mono_ms": self.seq * 1000,
            "captured_at": now,
            "clock": {"source": "ntp", "offset_ms": 0, "uncertainty_ms": 10, "synced_at": now},
            "loc": {
                "lat_e7": 333_400_000,
                "lon_e7": 1_201_500_000,
                "acc_cm": 500,
                "crs": "WGS84",
                "src": "gnss",
                "mock": False,
                "fix_at": now,
            },
            "officers": list(OFFICERS),
            "files": [
                {
                    "name": name,
                    "role": "original",
                    "media_type": "application/octet-stream",
                    "size": len(payload),
                    "sha256": sha256_hex(payload),
                }
                for name, payload in files.items()
            ],
        }
        made = canonical_bytes({**members, **changed})
        self.prev = sha256_hex(made)
        return made

    def sign(self, manifest: bytes) -> str:
        """The detached signature of the device's own key."""
        return sign_detached(manifest, self.key, kid=self.kid, typ=MANIFEST_TYP)

    def send(self, name: str, payload: bytes, *, manifest: bytes | None = None, **upload: Any) -> UUID:
        """Open, send in one request and complete; returns the recording's id."""
        wish = NewUpload(
            length_bytes=len(payload),
            filename=name,
            manifest_sha256=sha256_hex(manifest) if manifest else None,
            declared_sha256=sha256_hex(payload),
        ).model_copy(update=upload)
        with self.store.begin() as tx:
            opened = tx.uploads.open(self.actor, wish)
        done = append(self.store, self.actor, opened.id, payload)
        assert done.recording_id is not None
        return done.recording_id

    def capture(self, name: str, payload: bytes, **changed: Any) -> UUID:
        """Declare a signed manifest of one file and send the file."""
        manifest = self.manifest({name: payload}, **changed)
        with self.store.begin() as tx:
            tx.manifests.declare(self.actor, manifest, self.sign(manifest))
        return self.send(name, payload, manifest=manifest)


def append(store: Store, actor: Actor, upload_id: UUID, payload: bytes) -> Upload:
    """Send `payload` as one request, as the API's body reader does."""
    with store.begin() as tx:
        offset = tx.uploads.get(actor, upload_id).offset_bytes
    receiving = Receiving.begin(store, actor, upload_id, offset=offset, content_length=len(payload))
    view = memoryview(payload)
    while view:
        needed = receiving.needed_bytes
        if len(view) < needed:
            receiving.keep([view])
            break
        receiving.store([view[:needed]])
        view = view[needed:]
    return receiving.finish()


def enrolled_by(store: Store, code: str) -> Enrolled:
    """What the registry says to a fresh key that comes with a code."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(key.public_key())
    proof = sign_detached(code.encode(), key, kid=thumbprint(jwk), typ=ENROL_TYP)
    with store.begin() as tx:
        return tx.enrolments.enrol(EnrolIn(code=code, jwk=jwk, model="test", name="测试设备", proof=proof))


def enrol_device(store: Store, custodian: Actor) -> TestDevice:
    """A device that has enrolled by a one-time code and holds a token."""
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(key.public_key())
    kid = thumbprint(jwk)
    with store.begin() as tx:
        code = tx.enrolments.issue_code(custodian).code
        proof = sign_detached(code.encode(), key, kid=kid, typ=ENROL_TYP)
        made = tx.enrolments.enrol(EnrolIn(code=code, jwk=jwk, model="test", name="测试设备", proof=proof))
    with store.begin() as tx:
        session = tx.devices.token(assertion(key, kid, int(tx.now.timestamp())))
    return TestDevice(
        store=store,
        key=key,
        id=made.device_id,
        kid=kid,
        prev=made.challenge,
        actor=session.actor,
        token=session.token,
    )


def assertion(key: ec.EllipticCurvePrivateKey, kid: str, at: int, **changed: Any) -> str:
    """A signed assertion of RFC 7523 for a token."""
    claims = {
        "iss": kid,
        "sub": kid,
        "aud": "quancheng",
        "iat": at,
        "exp": at + 120,
        "jti": uuid4().hex,
    }
    return sign_compact({**claims, **changed}, key, kid=kid, typ="JWT")


def faults(store: Store, about: object = "") -> list[tuple[str, str]]:
    """Code and subject of all that `fsck` finds about a thing, having been able to look at everything."""
    found = list(findings(store))
    assert [one for one in found if isinstance(one, Unchecked)] == []
    return [(one.code, one.subject) for one in found if isinstance(one, Fault) and str(about) in one.subject]


def lone_device(store: Store) -> TestDevice:
    """A device of an agency that has no other."""
    return enrol_device(store, make_account(store, make_agency(store), Role.CUSTODIAN)[1])


def acts_of(store: Store, subject: str) -> list[Act]:
    """What the leaves about `noun/uuid` say, in order, every commitment opened."""
    with store.begin() as tx:
        leaves = tx.custody.entries_for(subject)
        opened = tx.custody.openings_of(one.digest for one in leaves)
    return [
        one.act.revealed(_of_members(opened.get(one.digest, {})))
        for one in leaves
        if isinstance(one.act, Act)
    ]


def _of_members(opened: dict[str, bytes]) -> dict[str, bytes]:
    return {member: opening for member, opening in opened.items() if not member.startswith("row.")}


def events_of(store: Store, subject: str) -> list[Event]:
    """The events of the custody log about `noun/uuid`, in order."""
    with store.begin() as tx:
        return [Event(one.leaf.event) for one in tx.custody.entries_for(subject)]
