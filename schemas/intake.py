"""The intake manifest: what the server signs when a batch of monitoring rows arrives.

Fixed equipment seldom holds a key, so the chain of its records begins here: canonical bytes over the batch's
RFC 6962 root, gapless `seq` and `prev` per source, signed by the registry (Ed25519, RFC 8032). A row enters the
tree salted (`record_id.salted_row_hash`), so that a single record, proven by its salt and its path to the root,
discloses no other row of the batch, and nobody can test a guessed one.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from schemas.base import Sha256Hex, WireIn
from schemas.canonical import canonical_bytes, parse_canonical
from schemas.digest import sha256_hex
from schemas.errors import ManifestInvalid
from schemas.merkle import extend, inclusion_proof, root_from_tiles, verify_inclusion
from schemas.record_id import salted_row_hash
from schemas.refusals_manifest import SIGNATURE_INVALID
from schemas.refusals_monitoring import INTAKE_INVALID

FIRST_PREV = "0" * 64
"""`prev` of the first manifest of a source."""


class IntakeManifest(WireIn):
    """One batch. `source` is the machine account, `root` the RFC 6962 root over the rows as kept, salted."""

    typ: Literal["quancheng-intake"] = "quancheng-intake"
    v: Literal[1] = 1
    source: str
    seq: Annotated[int, Field(ge=1)]
    prev: Sha256Hex
    received_at: str
    rows: Annotated[int, Field(ge=1)]
    root: Sha256Hex

    @property
    def root_bytes(self) -> bytes:
        """The root as 32 bytes."""
        return bytes.fromhex(self.root)


def intake_bytes(manifest: IntakeManifest) -> bytes:
    """Return the RFC 8785 bytes that are hashed and signed."""
    return canonical_bytes(manifest.model_dump(mode="json"))


def parse_intake(payload: bytes) -> IntakeManifest:
    """Parse an intake manifest; nothing but the bytes `intake_bytes` makes is one.

    Raises:
        Invalid: slug `intake-invalid`.
    """
    try:
        manifest = IntakeManifest.model_validate(parse_canonical(payload))
    except (ValidationError, ManifestInvalid) as err:
        raise INTAKE_INVALID("the bytes are not an intake manifest") from err
    if intake_bytes(manifest) != payload:
        raise INTAKE_INVALID("the bytes say more or less than an intake manifest")
    return manifest


def sign_intake(payload: bytes, registry_seed: bytes) -> str:
    """Sign with the registry's Ed25519 seed of 32 bytes; return standard base64. `typ` keeps domains apart."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(registry_seed).sign(payload)).decode("ascii")


def verify_intake(payload: bytes, signature: str, *registry_keys: bytes) -> IntakeManifest:
    """Check the registry's signature with its raw public keys of 32 bytes, of which one made it; return what was signed.

    Raises:
        SignatureInvalid: not base64, or not made by this registry over these bytes.
        Invalid: the bytes are no intake manifest.
    """
    if not any(_is_signed(payload, signature, key) for key in registry_keys):
        raise SIGNATURE_INVALID("the intake is not signed by this registry", rule="registry")
    return parse_intake(payload)


def _is_signed(payload: bytes, signature: str, key: bytes) -> bool:
    try:
        raw = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(key).verify(raw, payload)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def rows_root(hashes: Sequence[bytes]) -> bytes:
    """Return the RFC 6962 root over the salted hashes of the rows of a batch, 32 bytes."""
    tiles = extend(lambda _level, _n: b"", 0, hashes)
    return root_from_tiles(len(hashes), lambda level, n: tiles.get((level, n), b""))


def row_path(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the path of row `index` to the root, given the salted hashes of the whole batch."""
    tiles = extend(lambda _level, _n: b"", 0, hashes)
    return inclusion_proof(index, len(hashes), lambda level, n: tiles.get((level, n), b""))


def verify_row(
    manifest: IntakeManifest, row: bytes, *, salt: bytes, index: int, path: Sequence[bytes]
) -> None:
    """Check that `row` with its salt of 16 bytes is row `index` of the batch.

    Raises:
        Invalid: it is not (slug `proof-invalid`).
    """
    hashed = salted_row_hash(salt, row)
    verify_inclusion(tuple(path), index=index, size=manifest.rows, leaf=hashed, root=manifest.root_bytes)


def next_of(previous: bytes | None) -> tuple[int, str]:
    """Return `seq` and `prev` of the manifest after `previous` (None: the source's first)."""
    if previous is None:
        return 1, FIRST_PREV
    return parse_intake(previous).seq + 1, sha256_hex(previous)
