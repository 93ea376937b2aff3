"""Single sign-on by OpenID Connect: what is asked of an issuer, and what its token must say. No network, no clock.

Code flow with PKCE S256 (RFC 7636), state and nonce (OpenID Connect Core 1.0, 3.1.2 and 3.1.3.7).
"""

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas.refusals_sso import (
    SSO_CLAIM_MISSING,
    SSO_CLAIM_UNVERIFIED,
    SSO_TOKEN_AUDIENCE,
    SSO_TOKEN_ISSUER,
    SSO_TOKEN_NONCE,
    SSO_TOKEN_TIME,
)

SIGN_ON_LIFETIME = timedelta(minutes=10)
"""So long somebody may be at the issuer."""

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures by a key that the issuer alone has: never `none`, never a secret that both have."""

MOST_CLAIM = 64

_EMAIL, _VERIFIED = "email", "email_verified"
"""OpenID Connect Core 1.0, 5.1: what somebody says is their address is theirs once the issuer has verified it."""


class SsoMatch(StrEnum):
    """What the claim names: the log-in name of an account, or the certificate number of a person."""

    LOGIN = "login"
    CERTIFICATE = "certificate"


class Metadata(BaseModel):
    """What an issuer says of itself (OpenID Connect Discovery 1.0, 3); the rest is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class SignOn(BaseModel):
    """A sign-on that was begun: what the browser keeps of it, sealed. `redirect` is where the issuer sends it back."""

    model_config = ConfigDict(frozen=True)

    state: str
    nonce: str
    verifier: str
    redirect: str
    back: str
    begun_at: int


def challenge_of(verifier: str) -> str:
    """Return the code challenge of a verifier: RFC 7636, 4.2, S256."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_claims(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    tolerance: timedelta,
) -> None:
    """Check what a token says whose signature holds (OpenID Connect Core 1.0, 3.1.3.7).

    Raises:
        Refused: it is of another issuer, for another system, not of this time, or not of this sign-on.
    """
    if claims.get("iss") != issuer:
        raise SSO_TOKEN_ISSUER("the token names another issuer")
    audience = claims.get("aud")
    listed: Sequence[object] = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if client_id not in listed or (party is None and len(listed) > 1) or party not in (None, client_id):
        raise SSO_TOKEN_AUDIENCE("the token is not for us alone")
    at, leeway = now.timestamp(), tolerance.total_seconds()
    ends, made = _moment(claims.get("exp")), _moment(claims.get("iat"))
    begins = made if claims.get("nbf") is None else _moment(claims["nbf"])
    if at >= ends + leeway or max(made, begins) - leeway > at:
        raise SSO_TOKEN_TIME("the token has ended, or has not begun")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(
        said.encode("utf-8", "surrogatepass"), nonce.encode()
    ):
        raise SSO_TOKEN_NONCE("the token is of another sign-on")


def _moment(value: object) -> float:
    """Return a NumericDate (RFC 7519, 2): seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SSO_TOKEN_TIME("the token does not say when it holds")
    try:
        found = float(value)
    except OverflowError as err:
        raise SSO_TOKEN_TIME("the token names no time of this world") from err
    if not math.isfinite(found):  # JSON has none, its parser reads some
        raise SSO_TOKEN_TIME("the token names no time of this world")
    return found


def named_by(claims: Mapping[str, Any], claim: str) -> str:
    """Return what the claim says.

    Raises:
        Refused: it is missing, or is no short text (slug `sso-claim-missing`); it is an e-mail address that anybody may
            have typed (`sso-claim-unverified`).
    """
    said = claims.get(claim)
    if not isinstance(said, str) or not 0 < len(said) <= MOST_CLAIM or not said.isprintable():
        raise SSO_CLAIM_MISSING(f"there is no usable claim {claim}")
    if claim == _EMAIL and claims.get(_VERIFIED) is not True:
        raise SSO_CLAIM_UNVERIFIED("the issuer has not verified the address")
    return said
