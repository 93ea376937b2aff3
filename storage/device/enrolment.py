"""The enrolment of devices: a one-time code is handed out, and a key is registered by it."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import Field
from sqlalchemy import ColumnElement, Row, and_, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.base import Frozen, HexDigest, WireIn, WireOut
from schemas.device import ENROL_TYP, DeviceRegistration, key_algs, registration_bytes, sign_registration
from schemas.digest import sha256_hex
from schemas.errors import EvidenceError
from schemas.ids import AgencyId, DeviceId
from schemas.jws import ES256, thumbprint, verify_detached
from schemas.leaves_device import DeviceCode, DeviceEnrol, DeviceVoid
from schemas.policy import Action, Subject, require
from schemas.refusals_actor import (
    DEVICE_ENROLLED_ALREADY,
    ENROLMENT_CODE_ENDED,
    ENROLMENT_CODE_INVALID,
    ENROLMENT_CODE_UNKNOWN,
)
from schemas.trail import Noted, TrailEvent, TrailResult
from storage.act import fresh_id
from storage.actor.session import token_hash
from storage.code import drawn_code
from storage.collection import Collection
from storage.custody.values import shown
from storage.reads.account import with_name
from storage.settings import seed
from storage.tables.device import devices, enrolment_codes
from storage.trail.note import note

CODE_LIFETIME = timedelta(days=7)
_CODE_CHARACTERS = 12


class EnrolIn(WireIn):
    """`jwk` is the device's public key; `proof` a detached JWS of that key over the UTF-8 bytes of `code`."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    jwk: dict[str, str]
    model: Annotated[str, Field(min_length=1, max_length=128)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    proof: Annotated[str, Field(max_length=4096)]


class Enrolled(WireOut):
    """`challenge` is the `prev` of the device's first manifest."""

    device_id: DeviceId
    kid: str
    agency_id: AgencyId
    challenge: str
    registration: dict[str, Any]
    registration_signature: str
    server_time: datetime


class IssuedCode(WireOut):
    """A one-time code, shown once: only its hash is kept."""

    code: str
    expires_at: datetime


class OpenCode(Frozen):
    """A code that counts, without itself: only its digest is kept. `issued_by` names who handed it out."""

    id: UUID
    device_id: DeviceId
    issued_by: str
    expires_at: datetime


class Enrolments(Collection):
    """How devices come in: one-time codes, and the keys that are registered by them."""

    def issue_code(self, actor: Actor) -> IssuedCode:
        """Issue a code of 12 characters (60 bits) by which one device of the actor's agency may enrol.

        Raises:
            Refused: the actor may not enrol devices.
        """
        require(actor, Action.DEVICE_ENROL, Subject(agency_id=actor.agency_id), self._now)
        code = drawn_code(_CODE_CHARACTERS)
        # The device is named with its code: no code can enrol another one.
        code_id, device_id, agency = fresh_id(), DeviceId(uuid4()), f"agency/{actor.agency_id}"
        act = self._begin(actor, actor.agency_id, agency)
        # A crash before the answer leaves a code nobody knows, until then.
        expires_at = act.at + CODE_LIFETIME
        self._connection.execute(
            enrolment_codes.insert().values(
                id=code_id,
                agency_id=actor.agency_id,
                device_id=device_id,
                code_hash=token_hash(code),
                issued_by=actor.id,
                expires_at=expires_at,
            )
        )
        issued = DeviceCode(
            agency=agency,
            code=str(code_id),
            expires_at=expires_at,
            code_hash=shown(token_hash(code).hex()),
        )
        act.write(issued, f"device/{device_id}")
        note(self._unit, Noted(TrailEvent.CODE_MADE, TrailResult.DONE, account_id=actor.id))
        return IssuedCode(code=code, expires_at=expires_at)

    def codes(self, actor: Actor) -> tuple[OpenCode, ...]:
        """Return the codes of the actor's agency by which a device may still enrol, the first to end first.

        Raises:
            Refused: the actor may not enrol devices.
        """
        require(actor, Action.DEVICE_ENROL, Subject(agency_id=actor.agency_id), self._now)
        known = enrolment_codes.c
        query = select(known.id, known.device_id, known.expires_at).where(
            known.agency_id == actor.agency_id, *_is_open(self._now)
        )
        rows = self._connection.execute(
            with_name(query, known.issued_by, "issued_by").order_by(known.expires_at, known.id)
        )
        return tuple(map(OpenCode.of_row, rows.mappings()))

    def void_code(self, actor: Actor, code_id: UUID) -> None:
        """Take a code back: whoever holds it enrols nothing any more.

        Raises:
            NotFound: the actor's agency has no such code (slug `enrolment-code-unknown`).
            Refused: the actor may not enrol devices.
            Conflict: it was used or taken back, or has expired (slug `enrolment-code-ended`).
        """
        agency, known = f"agency/{actor.agency_id}", enrolment_codes.c
        mine = and_(known.id == code_id, known.agency_id == actor.agency_id)
        device_id = self._connection.scalar(select(known.device_id).where(mine))
        if device_id is None:
            raise ENROLMENT_CODE_UNKNOWN("no such code")
        require(actor, Action.DEVICE_ENROL, Subject(agency_id=actor.agency_id), self._now)
        act = self._begin(actor, actor.agency_id, agency)
        voided = self._connection.execute(
            update(enrolment_codes).where(mine, *_is_open(act.at)).values(voided_at=act.at)
        )
        if not voided.rowcount:
            raise ENROLMENT_CODE_ENDED("the code was used or taken back, or has expired")
        act.write(DeviceVoid(agency=agency, code=str(code_id)), f"device/{device_id}")

    def enrol(self, wish: EnrolIn) -> Enrolled:
        """Register the key of a device that holds a one-time code.

        Raises:
            Refused: the code is unknown, used or expired (slug `enrolment-code-invalid`).
            SignatureInvalid: the sender does not hold the private key.
            Conflict: the key is registered already.
        """
        # Code and key in one commit. A crash before the answer leaves a device that is registered and does not know
        # it: its key is taken and its code used, so it makes a new key and asks for another code.
        code = self._code(wish.code)
        algs = key_algs(wish.jwk)
        verify_detached(wish.code.encode(), wish.proof, jwk=wish.jwk, algs=algs, typ=ENROL_TYP)
        about = f"device/{code.device_id}"
        act = self._begin(about, code.agency_id, about)
        self._use(code, act.at)
        registration = DeviceRegistration(
            device_id=code.device_id,
            kid=thumbprint(wish.jwk),
            jwk=wish.jwk,
            agency_id=code.agency_id,
            model=wish.model,
            enrolled_at=act.at,
            challenge=HexDigest(secrets.token_hex(32)),
        )
        payload, signature = self._keep(registration, name=wish.name, algs=algs)
        enrolled = DeviceEnrol(
            agency=f"agency/{code.agency_id}",
            code=str(code.id),
            kid=registration.kid,
            alg="ES256" if ES256 in algs else "Ed25519",
            registration_sha256=sha256_hex(payload),
            name=shown(wish.name),
            model=shown(wish.model),
        )
        act.write(enrolled, about)
        note(self._unit, Noted(TrailEvent.CODE_USE, TrailResult.DONE, device_id=code.device_id))
        return Enrolled(
            device_id=registration.device_id,
            kid=registration.kid,
            agency_id=code.agency_id,
            challenge=registration.challenge,
            registration=json.loads(payload),
            registration_signature=signature,
            server_time=self._now,
        )

    def _code(self, code: str) -> Row[Any, Any, Any]:
        known = enrolment_codes.c
        row = self._connection.execute(
            select(known.id, known.agency_id, known.device_id).where(known.code_hash == token_hash(code))
        ).one_or_none()
        if row is None:
            raise _code_invalid()
        return row

    def _use(self, code: Row[Any, Any, Any], at: datetime) -> None:
        """Use up a code; of two that come with the same one, the second waited for its chain and finds it used."""
        used = self._connection.execute(
            update(enrolment_codes).where(enrolment_codes.c.id == code.id, *_is_open(at)).values(used_at=at)
        )
        if not used.rowcount:
            raise _code_invalid()

    def _keep(
        self, registration: DeviceRegistration, *, name: str, algs: frozenset[str]
    ) -> tuple[bytes, str]:
        payload = registration_bytes(registration)
        signature = sign_registration(registration, seed(self._unit.settings.registry_key, "REGISTRY_KEY"))
        made = self._connection.scalar(
            insert(devices)
            .values(
                id=registration.device_id,
                agency_id=registration.agency_id,
                kid=registration.kid,
                jwk=dict(registration.jwk),
                algs=sorted(algs),
                name=name,
                model=registration.model,
                challenge=registration.challenge,
                registration=payload,
                registration_signature=signature,
                enrolled_at=registration.enrolled_at,
            )
            .on_conflict_do_nothing(index_elements=[devices.c.kid])
            .returning(devices.c.id)
        )
        if made is None:
            raise DEVICE_ENROLLED_ALREADY("this key is registered already")
        return payload, signature


def _is_open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Say of a code whether a device may enrol by it at a time."""
    known = enrolment_codes.c
    return known.used_at.is_(None), known.voided_at.is_(None), known.expires_at > at


def _code_invalid() -> EvidenceError:
    return ENROLMENT_CODE_INVALID("the code is unknown, used or expired")
