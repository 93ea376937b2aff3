"""What a log says of itself: origin, catalogue in force, and the keys of its servers."""

import base64
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.act import Act
from schemas.jws import b64url, thumbprint
from schemas.leaf import Unknown
from schemas.leaves_log import KeyAlgorithm, KeyAnnounce, KeyRole, LogOpen, LogUpgrade
from schemas.note import vkey_of_seed

RELEASE = "0.1.0"
"""Of the product, as `pyproject.toml` states it."""


class LogIdentity(NamedTuple):
    """What a log is now; `keys` are seeds of 32 bytes by what they sign, the log's own among them.

    Until each process signs with a key of its own, the signer's key is the log's.
    """

    origin: str
    keys: Mapping[KeyRole, bytes]
    catalogue_sha256: str
    version: str = RELEASE


def unsaid(log: LogIdentity, said: Iterable[Act | Unknown]) -> list[Act]:
    """Return what the log does not say of itself yet: how it began, another catalogue, a key.

    Args:
        log: What it is.
        said: The acts of its chain.
    """
    known = list(said)
    kids = {act.kid for act in known if isinstance(act, KeyAnnounce)}
    in_force = [act.catalogue_sha256 for act in known if isinstance(act, (LogOpen, LogUpgrade))]
    acts: list[Act] = []
    if not known:
        acts.append(_opened(log))
    elif in_force and in_force[-1] != log.catalogue_sha256:
        acts.append(LogUpgrade(version=log.version, catalogue_sha256=log.catalogue_sha256))
    announced = (_announced(role, seed) for role, seed in sorted(log.keys.items()) if role is not KeyRole.LOG)
    return [*acts, *(one for one in announced if one.kid not in kids)]


def _opened(log: LogIdentity) -> LogOpen:
    raw = _public(log.keys[KeyRole.LOG])
    return LogOpen(
        origin=log.origin,
        vkey=vkey_of_seed(log.origin, log.keys[KeyRole.LOG]),
        tickets={_kid(raw): base64.b64encode(raw).decode()},
        catalogue_sha256=log.catalogue_sha256,
    )


def _announced(role: KeyRole, seed: bytes) -> KeyAnnounce:
    raw = _public(seed)
    return KeyAnnounce(
        kid=_kid(raw), role=role, alg=KeyAlgorithm.ED25519, public=base64.b64encode(raw).decode()
    )


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _kid(raw: bytes) -> str:
    return thumbprint({"kty": "OKP", "crv": "Ed25519", "x": b64url(raw)})
