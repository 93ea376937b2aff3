r"""The proof that a key gives way to another: the old one's Ed25519 signature over the new.

"quancheng-key-rotate-v1\n" ‖ role ‖ "\n" ‖ 32 bytes of the old key ‖ 32 bytes of the new one
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.leaves_log import KeyAlgorithm, KeyRole, KeyRotate
from schemas.ticket import kid_of, public_of

_DOMAIN = b"quancheng-key-rotate-v1\n"


def rotation(role: KeyRole, old: bytes, new: bytes) -> KeyRotate:
    """Return the act by which the key of one seed (32 bytes) gives way to that of another."""
    gone, public = public_of(old), public_of(new)
    proof = Ed25519PrivateKey.from_private_bytes(old).sign(_message(role, gone, public))
    return KeyRotate(
        role=role,
        old=kid_of(gone),
        new=kid_of(public),
        alg=KeyAlgorithm.ED25519,
        public=public,
        proof=base64.b64encode(proof).decode(),
    )


def is_proven(act: KeyRotate, old: str) -> bool:
    """Say whether the old key (base64 of 32 bytes) signed the new one, and both are those that the act names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(old, validate=True))
        key.verify(base64.b64decode(act.proof, validate=True), _message(act.role, old, act.public))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return (kid_of(old), kid_of(act.public)) == (act.old, act.new)


def _message(role: KeyRole, old: str, new: str) -> bytes:
    return _DOMAIN + role.value.encode() + b"\n" + base64.b64decode(old) + base64.b64decode(new)
