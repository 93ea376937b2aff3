"""A device and its registered key, and the registry's signature that lets an outsider trust the pair.

The registry statement travels in every export package: with the registry's public key, obtained apart from
the package, a court can tell that this key belonged to this device of this agency at that time.
"""

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, model_validator

from schemas.base import Frozen, Reason, Sha256Hex, UtcDatetime, WireIn, rfc3339
from schemas.canonical import canonical_bytes
from schemas.errors import SignatureInvalid
from schemas.event import Event
from schemas.ids import AgencyId, DeviceId
from schemas.jws import ED25519_ALGS, ES256, load_public, thumbprint
from schemas.policy import Action
from schemas.refusals_actor import DEVICE_REVOKED
from schemas.refusals_manifest import SIGNATURE_INVALID
from schemas.step import Begin, Step, Steps

ENROL_TYP = "quancheng-enrol+jws"
"""`typ` of the proof by which a new key shows that its owner holds the one-time code."""

MAX_ASSERTION_LIFETIME = timedelta(seconds=300)
CLOCK_LEEWAY = timedelta(minutes=5)
"""A device clock may be wrong by this much and still obtain a token (upload design, clock skew)."""

REGISTRATION_TYP = "quancheng-device-registration"

Thumbprint = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
"""RFC 7638 thumbprint: 32 bytes in base64url without padding."""


class DeviceState(StrEnum):
    """enrolled → revoked; what a key signed before it was revoked stays signed by a registered key."""

    ENROLLED = "enrolled"
    REVOKED = "revoked"


class RevokeReason(StrEnum):
    """Why a device's key is revoked."""

    LOST = "lost"
    STOLEN = "stolen"
    KEY_SUSPECT = "key-suspect"
    DEFECT = "defect"
    REPLACED = "replaced"
    RETIRED = "retired"


class RevokeIn(WireIn):
    """Why a device is revoked: a word of the list, and what is to be said of it."""

    reason_code: RevokeReason
    reason: Reason


class RenameIn(WireIn):
    """What a device is called from now on."""

    name: Annotated[
        str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
    ]


class DeviceStep(StrEnum):
    """What ends a device's key; the value is the verb of its custody entry."""

    REVOKE = "revoke"


STEPS: Steps[DeviceStep, DeviceState, None] = Steps(
    begins=(Begin(DeviceState.ENROLLED, Event.DEVICE_ENROL, dated="enrolled_at"),),
    refused=DEVICE_REVOKED,
    rows=(
        Step(
            name=DeviceStep.REVOKE,
            starts=frozenset({DeviceState.ENROLLED}),
            end=DeviceState.REVOKED,
            action=Action.DEVICE_REVOKE,
            event=Event.DEVICE_REVOKE,
            dated="revoked_at",
        ),
    ),
)
"""The state is kept as the time of the revocation; there is no column of its own."""


class DeviceRegistration(Frozen):
    """One key of one device. `challenge`, 32 random bytes in hex, is the `prev` of its first manifest.

    `agency_id` is the agency the device belonged to when it enrolled. A revoked key keeps its registration:
    what it signed before `revoked_at` stays signed by a registered key.
    """

    device_id: DeviceId
    kid: Thumbprint
    jwk: Mapping[str, str]
    agency_id: AgencyId
    model: Annotated[str, Field(min_length=1, max_length=128)]
    enrolled_at: UtcDatetime
    challenge: Sha256Hex
    revoked_at: UtcDatetime | None = None

    @model_validator(mode="after")
    def _key_is_named(self) -> "DeviceRegistration":
        if self.kid != thumbprint(self.jwk):
            raise ValueError("kid is not the thumbprint of the key")
        return self

    def in_force(self, at: datetime) -> bool:
        """Say whether the key was registered and not yet revoked at `at`."""
        return self.enrolled_at <= at and (self.revoked_at is None or at < self.revoked_at)


def key_algs(jwk: Mapping[str, str]) -> frozenset[str]:
    """Return the algorithms a key of this kind may sign with; the header never decides (RFC 8725 3.1).

    Raises:
        SignatureInvalid: a kind of key that is not registered here.
    """
    load_public(jwk)
    return frozenset({ES256}) if jwk["kty"] == "EC" else ED25519_ALGS


def registration_bytes(registration: DeviceRegistration) -> bytes:
    """Return the RFC 8785 bytes the registry signs. `revoked_at` is left out while the key is in force."""
    value: dict[str, object] = {
        "typ": REGISTRATION_TYP,
        "v": 1,
        "device_id": str(registration.device_id),
        "kid": registration.kid,
        "jwk": dict(registration.jwk),
        "agency_id": str(registration.agency_id),
        "model": registration.model,
        "enrolled_at": rfc3339(registration.enrolled_at),
        "challenge": registration.challenge,
    }
    if registration.revoked_at is not None:
        value["revoked_at"] = rfc3339(registration.revoked_at)
    return canonical_bytes(value)


def sign_registration(registration: DeviceRegistration, registry_seed: bytes) -> str:
    """Sign with the registry's Ed25519 seed of 32 bytes (RFC 8032); return standard base64."""
    key = Ed25519PrivateKey.from_private_bytes(registry_seed)
    return base64.b64encode(key.sign(registration_bytes(registration))).decode("ascii")


def verify_registration(registration: DeviceRegistration, signature: str, *registry_keys: bytes) -> None:
    """Check the registry's signature with its raw public keys of 32 bytes, of which one made it.

    Raises:
        SignatureInvalid: not base64, or not made by this registry over this registration.
    """
    payload = registration_bytes(registration)
    for other in registry_keys[1:]:
        with suppress(SignatureInvalid):
            return verify_registration_bytes(payload, signature, other)
    return verify_registration_bytes(payload, signature, registry_keys[0])


def verify_registration_bytes(payload: bytes, signature: str, registry_key: bytes) -> None:
    """Check the registry's signature over a registration as it was kept: `verify_registration`.

    Raises:
        SignatureInvalid: not base64, or not made by this registry over these bytes.
    """
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(registry_key).verify(raw, payload)
    except (InvalidSignature, binascii.Error, ValueError) as err:
        raise SIGNATURE_INVALID("the registration is not signed by this registry", rule="registry") from err


def is_timely(now: datetime, *, issued: datetime, expires: datetime, not_before: datetime) -> bool:
    """Say whether an assertion holds now: from `iat` and `nbf` to `exp` (RFC 7519 section 4.1), within the leeway."""
    if not timedelta(0) < expires - issued <= MAX_ASSERTION_LIFETIME:
        return False
    return max(issued, not_before) - CLOCK_LEEWAY <= now <= expires + CLOCK_LEEWAY
