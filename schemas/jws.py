"""JSON Web Signatures in the one narrow form we accept (RFC 7515, RFC 7638, RFC 8037, RFC 9864).

The protected header holds exactly `alg`, `kid` and `typ`; nothing is unprotected, nothing is optional.
Which algorithm may be used is a property of the *registered key*, never of the header: the header only has
to agree. ES256 signatures are the 64 bytes r||s (RFC 7518 section 3.4), never DER. ECDSA is malleable, so
nothing may be identified by its signature: a manifest is identified by the digest of its bytes.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from schemas.base import Frozen
from schemas.errors import SignatureInvalid
from schemas.refusals_manifest import SIGNATURE_INVALID

ES256 = "ES256"
ED25519_ALGS = frozenset({"Ed25519", "EdDSA"})
"""RFC 9864 names the algorithm Ed25519; RFC 8037 called it EdDSA. Both are read, ES256 is what we write."""

MAX_JWS_BYTES = 8192

_COORDINATE_BYTES = 32
_HEADER_MEMBERS = frozenset({"alg", "kid", "typ"})
_THUMBPRINT_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class JwsHeader(Frozen):
    """The three protected members. They are claims of the sender until the signature verified."""

    alg: str
    kid: str
    typ: str


def b64url(payload: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(payload).rstrip(b"=").decode("ascii")


def b64url_bytes(text: str) -> bytes:
    """Decode base64url without padding; one text per value.

    Raises:
        SignatureInvalid: padding, a foreign character, or stray bits in the last character.
    """
    try:
        payload = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as err:
        raise _refused("encoding", "not base64url") from err
    if b64url(payload) != text:
        raise _refused("encoding", "not the one base64url form of its bytes")
    return payload


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a public key, base64url without padding (RFC 7638 section 3).

    Raises:
        SignatureInvalid: unknown key type, or a required member is missing or not text.
    """
    members = _THUMBPRINT_MEMBERS.get(str(jwk.get("kty")))
    if members is None or not all(isinstance(jwk.get(name), str) for name in members):
        raise _refused("key", "the key lacks a required member")
    text = json.dumps({name: jwk[name] for name in members}, sort_keys=True, separators=(",", ":"))
    return b64url(hashlib.sha256(text.encode()).digest())


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return the JWK of a P-256 public key: exactly kty, crv, x, y (RFC 7518 section 6.2.1)."""
    point = key.public_numbers()
    x, y = (b64url(n.to_bytes(_COORDINATE_BYTES, "big")) for n in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def load_public(jwk: Mapping[str, Any]) -> PublicKey:
    """Return the P-256 or Ed25519 public key a JWK describes.

    Raises:
        SignatureInvalid: another kind of key, a private member, a wrong length, or a point off the curve.
    """
    if "d" in jwk:
        raise _refused("key", "a private key was sent; it must be replaced, it is no longer secret")
    try:
        if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
            x, y = (int.from_bytes(_coordinate(jwk, name), "big") for name in ("x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return ed25519.Ed25519PublicKey.from_public_bytes(_coordinate(jwk, "x"))
    except ValueError as err:
        raise _refused("key", "the point is not on the curve") from err
    raise _refused("key", "only P-256 and Ed25519 keys are registered")


def sign_detached(payload: bytes, key: ec.EllipticCurvePrivateKey, *, kid: str, typ: str) -> str:
    """Return `header..signature` over `payload` with ES256 (RFC 7515 appendix F)."""
    header = _header_part(kid, typ)
    return f"{header}..{_sign(f'{header}.{b64url(payload)}'.encode(), key)}"


def sign_compact(claims: Mapping[str, Any], key: ec.EllipticCurvePrivateKey, *, kid: str, typ: str) -> str:
    """Return `header.claims.signature` with ES256, e.g. the assertion of RFC 7523 section 3."""
    body = json.dumps(dict(claims), separators=(",", ":"), allow_nan=False).encode()
    signed = f"{_header_part(kid, typ)}.{b64url(body)}"
    return f"{signed}.{_sign(signed.encode(), key)}"


def parse_header(jws: str) -> JwsHeader:
    """Read the protected header of a compact or detached JWS, to look up its key.

    Raises:
        SignatureInvalid: not three parts, or a header with other members than alg, kid and typ.
    """
    header, _, _ = _split(jws)
    try:
        members = json.loads(b64url_bytes(header), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as err:
        raise _refused("header", "the header is not JSON") from err
    if not isinstance(members, dict) or members.keys() != _HEADER_MEMBERS:
        raise _refused("header", "the header must hold exactly alg, kid and typ")
    if not all(isinstance(value, str) and value.isascii() for value in members.values()):
        raise _refused("header", "header members are ASCII text")
    return JwsHeader(**members)


def verify_detached(
    payload: bytes, jws: str, *, jwk: Mapping[str, Any], algs: frozenset[str], typ: str
) -> None:
    """Verify a detached JWS over `payload`.

    `algs` are the algorithms registered for the key; `typ` keeps a signature made for one purpose from being
    replayed for another (RFC 8725 section 3.11).

    Raises:
        SignatureInvalid: anything at all is wrong; the fact `rule` names what.
    """
    header, inner, signature = _split(jws)
    if inner:
        raise _refused("encoding", "the payload must be detached")
    _check_header(parse_header(jws), jwk=jwk, algs=algs, typ=typ)
    signed = f"{header}.{b64url(payload)}".encode()
    verify_signature(signed, b64url_bytes(signature), jwk=jwk, alg=parse_header(jws).alg)


def verify_compact(token: str, *, jwk: Mapping[str, Any], algs: frozenset[str], typ: str) -> dict[str, Any]:
    """Verify a compact JWS and return its claims. Audience and times are for the caller to check.

    Raises:
        SignatureInvalid: anything at all is wrong, or the payload is not one JSON object.
    """
    signed, _, signature = token.rpartition(".")
    found = parse_header(token)
    _check_header(found, jwk=jwk, algs=algs, typ=typ)
    verify_signature(signed.encode(), b64url_bytes(signature), jwk=jwk, alg=found.alg)
    try:
        claims = json.loads(b64url_bytes(_split(token)[1]), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as err:
        raise _refused("payload", "the claims are not JSON") from err
    if not isinstance(claims, dict):
        raise _refused("payload", "the claims are not an object")
    return claims


def verify_signature(signed: bytes, signature: bytes, *, jwk: Mapping[str, Any], alg: str) -> None:
    """Verify the raw signature over the JWS signing input (RFC 7515 section 5.2).

    Raises:
        SignatureInvalid: the algorithm does not belong to the key, or the signature does not verify.
    """
    key = load_public(jwk)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and alg == ES256:
            key.verify(_to_der(signature), signed, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, ed25519.Ed25519PublicKey) and alg in ED25519_ALGS:
            key.verify(signature, signed)
        else:
            raise _refused("alg", f"{alg} is not an algorithm of this key")
    except InvalidSignature as err:
        raise _refused("signature", "the signature does not verify") from err


def _refused(rule: str, detail: str) -> SignatureInvalid:
    return SIGNATURE_INVALID(detail, rule=rule)


def _split(jws: str) -> tuple[str, str, str]:
    if not jws.isascii() or len(jws) > MAX_JWS_BYTES:
        raise _refused("encoding", "not a JWS of a sensible length")
    parts = jws.split(".")
    if len(parts) != 3 or not parts[0] or not parts[2]:  # noqa: PLR2004 - RFC 7515 section 7.1
        raise _refused("encoding", "a JWS has three parts")
    return parts[0], parts[1], parts[2]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _refused("header", "a member stands twice")  # RFC 7515 section 4
    return made


def _check_header(header: JwsHeader, *, jwk: Mapping[str, Any], algs: frozenset[str], typ: str) -> None:
    if header.alg not in algs:
        raise _refused("alg", f"{header.alg[:32]} is not registered for this key")
    if header.typ != typ:
        raise _refused("typ", f"the signature was made for {header.typ[:64]}, not for {typ}")
    if header.kid != thumbprint(jwk):
        raise _refused("kid", "kid is not the thumbprint of the key")


def _header_part(kid: str, typ: str) -> str:
    return b64url(json.dumps({"alg": ES256, "kid": kid, "typ": typ}, separators=(",", ":")).encode())


def _sign(signed: bytes, key: ec.EllipticCurvePrivateKey) -> str:
    # RFC 6979: a field device with a poor random source would otherwise leak its key by a repeated nonce.
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
    return b64url(b"".join(n.to_bytes(_COORDINATE_BYTES, "big") for n in (r, s)))


def _to_der(signature: bytes) -> bytes:
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise _refused("signature", "an ES256 signature is the 64 bytes r||s, not DER")
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    return encode_dss_signature(r, s)


def _coordinate(jwk: Mapping[str, Any], name: str) -> bytes:
    text = jwk.get(name)
    payload = b64url_bytes(text) if isinstance(text, str) else b""
    if len(payload) != _COORDINATE_BYTES:
        raise _refused("key", f"{name} must be {_COORDINATE_BYTES} bytes in base64url")
    return payload
