"""An OpenID Connect issuer as this server asks it: discovery, keys, the exchange of a code for claims.

Nothing that it sends is believed before its signature holds under a key of the issuer's own. No token is kept or logged.
"""

import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    InvalidKeyIdError,
    JoseError,
    MissingAlgorithmError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet, KeySetSerialization
from pydantic import ValidationError

from api.sso_settings import SsoSettings, is_safe
from schemas.refusals_actor import LOGIN_BUSY
from schemas.refusals_sso import (
    SSO_AWAY,
    SSO_DENIED,
    SSO_MISSET,
    SSO_TOKEN_ALGORITHM,
    SSO_TOKEN_ISSUER,
    SSO_TOKEN_MALFORMED,
    SSO_TOKEN_SIGNATURE,
)
from schemas.sso import ALGORITHMS, Metadata, SignOn, challenge_of, check_claims

WELL_KNOWN = "/.well-known/openid-configuration"
MOST_BYTES = 1024 * 1024
PLACES = 4
"""So many people are asked after at once: an issuer that hangs takes no more of this server's threads."""

PATIENCE_SECONDS = 10.0
KEPT_SECONDS = 3600.0
_ASKED_AGAIN_SECONDS = 10.0
"""Keys that are not known are asked for no more often."""


class Provider:
    """The issuer of the settings. Safe for threads."""

    def __init__(self, settings: SsoSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(PLACES)
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def authorization_url(self, sign_on: SignOn) -> str:
        """Return where a browser is sent to sign on.

        Raises:
            Unavailable: the issuer does not answer, or not as the settings say (slugs `sso-away`, `sso-misset`).
            Busy: too many people are asked after at once (slug `login-busy`).
        """
        with self._asking() as client:
            endpoint = self._metadata_by(client).authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": sign_on.redirect,
            "scope": self.settings.scopes,
            "state": sign_on.state,
            "nonce": sign_on.nonce,
            "code_challenge": challenge_of(sign_on.verifier),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    def claims(self, code: str, sign_on: SignOn, now: datetime) -> Mapping[str, Any]:
        """Exchange a code for what the issuer says of a person; of the token and, where that lacks the claim, of userinfo.

        Raises:
            Unavailable: as for the address.
            Refused: the issuer takes no code like this (slug `sso-denied`), or its token does not hold (`sso-token-…`).
            Busy: too many people are asked after at once (slug `login-busy`).
        """
        with self._asking() as client:
            metadata = self._metadata_by(client)
            answer = self._exchanged(client, metadata, code, sign_on)
            claims = self._verified(client, metadata, str(answer.get("id_token", "")))
            check_claims(
                claims,
                issuer=metadata.issuer,
                client_id=self.settings.client_id,
                nonce=sign_on.nonce,
                now=now,
                tolerance=self.settings.tolerance,
            )
            if self.settings.claim in claims or not metadata.userinfo_endpoint:
                return claims
            return self._told(client, metadata, str(answer.get("access_token", "")), claims)

    @contextmanager
    def _asking(self) -> Iterator[httpx.Client]:
        """Hold a place and a client; what fails on the way is the issuer's absence."""
        if not self._places.acquire(timeout=PATIENCE_SECONDS):
            raise LOGIN_BUSY("too many people are asked after at once")
        try:
            with httpx.Client(timeout=self.settings.timeout_seconds, verify=self._trust()) as client:
                yield client
        except httpx.HTTPError as err:
            raise SSO_AWAY(f"the issuer does not answer: {type(err).__name__}") from err
        except (OSError, httpx.InvalidURL) as err:
            raise SSO_MISSET(f"a file or an address cannot be read: {type(err).__name__}") from err
        finally:
            self._places.release()

    def _trust(self) -> ssl.SSLContext | bool:
        file = self.settings.authority
        return True if file is None else ssl.create_default_context(cafile=str(file))

    def _metadata_by(self, client: httpx.Client) -> Metadata:
        with self._lock:
            kept = self._metadata
        if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        issuer = self.settings.issuer
        document = _document(client, client.build_request("GET", issuer.rstrip("/") + WELL_KNOWN))
        found = metadata_of(document, issuer)
        with self._lock:
            self._metadata = (time.monotonic(), found)
        return found

    def _keys_by(self, client: httpx.Client, metadata: Metadata, *, is_stale: bool) -> KeySet:
        with self._lock:
            kept = self._keys
        lasts = _ASKED_AGAIN_SECONDS if is_stale else KEPT_SECONDS
        if kept is not None and time.monotonic() - kept[0] < lasts:
            return kept[1]
        document = _document(client, client.build_request("GET", metadata.jwks_uri))
        try:
            found = KeySet.import_key_set(_usable(document))
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as err:
            raise SSO_MISSET("the issuer's keys cannot be read") from err
        with self._lock:
            self._keys = (time.monotonic(), found)
        return found

    def _exchanged(
        self, client: httpx.Client, metadata: Metadata, code: str, sign_on: SignOn
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": sign_on.redirect,
            "code_verifier": sign_on.verifier,
        }
        secret, basic = self.settings.secret, None
        if secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            basic = httpx.BasicAuth(quote(self.settings.client_id, safe=""), quote(secret, safe=""))
        elif secret:
            form |= {"client_id": self.settings.client_id, "client_secret": secret}
        else:
            form |= {"client_id": self.settings.client_id}
        request = client.build_request("POST", metadata.token_endpoint, data=form)
        return _document(client, request, auth=basic)

    def _verified(self, client: httpx.Client, metadata: Metadata, token: str) -> Mapping[str, Any]:
        """Return the claims of a token whose signature holds; keys are asked for anew where none fits."""
        try:
            return _opened(token, self._keys_by(client, metadata, is_stale=False))
        except (BadSignatureError, InvalidKeyIdError):
            keys = self._keys_by(client, metadata, is_stale=True)
        try:
            return _opened(token, keys)
        except (BadSignatureError, InvalidKeyIdError) as err:
            raise SSO_TOKEN_SIGNATURE("no key of the issuer's signed the token") from err

    def _told(
        self, client: httpx.Client, metadata: Metadata, access: str, claims: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Ask userinfo (OpenID Connect Core 1.0, 5.3): what it says of another subject counts for nothing."""
        headers = {"Authorization": f"Bearer {access}"}
        said = _document(client, client.build_request("GET", metadata.userinfo_endpoint, headers=headers))
        if not claims.get("sub") or said.get("sub") != claims["sub"]:
            raise SSO_TOKEN_ISSUER("userinfo speaks of another subject")
        return {**said, **claims}


def metadata_of(document: Mapping[str, Any], issuer: str) -> Metadata:
    """Return what an issuer says of itself.

    Raises:
        Unavailable: it names another issuer, lacks an address, or has one without TLS (slug `sso-misset`).
    """
    try:
        found = Metadata.model_validate(document)
    except ValidationError as err:
        raise SSO_MISSET("the issuer's discovery document lacks what is needed") from err
    if found.issuer.rstrip("/") != issuer.rstrip("/"):
        raise SSO_MISSET("the discovery document names another issuer")
    addresses = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    if not all(map(is_safe, [*addresses, *filter(None, [found.userinfo_endpoint])])):
        raise SSO_MISSET("the discovery document names an address without TLS")
    return found


def _opened(token: str, keys: KeySet) -> Mapping[str, Any]:
    """Return the claims of a token that one of the keys signed.

    Raises:
        BadSignatureError, InvalidKeyIdError: none of these did; another set may.
        Refused: no key can help: it is no token, is not signed, or by an algorithm that is not taken.
    """
    try:
        return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (BadSignatureError, InvalidKeyIdError):
        raise
    except (UnsupportedAlgorithmError, MissingAlgorithmError) as err:
        raise SSO_TOKEN_ALGORITHM("the token is signed by no algorithm that is taken") from err
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as err:
        raise SSO_TOKEN_MALFORMED("the token cannot be read") from err


def _usable(document: Mapping[str, Any]) -> KeySetSerialization:
    """Return the keys that may have signed: those for encryption are none of them."""
    return {
        "keys": [
            one for one in document["keys"] if one.get("use", "sig") == "sig" and one.get("kty") != "oct"
        ]
    }


def _document(
    client: httpx.Client, request: httpx.Request, *, auth: httpx.Auth | None = None
) -> Mapping[str, Any]:
    """Send a request and return the JSON object of its answer, of a bounded size.

    Raises:
        Unavailable: the issuer is at fault, or says what is no such object.
        Refused: it refuses (slug `sso-denied`); what it says of it is told to nobody.
    """
    body = bytearray()
    answer = client.send(request, auth=auth, stream=True)
    try:
        for part in answer.iter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise SSO_MISSET("the issuer says too much")
    finally:
        answer.close()
    if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise SSO_AWAY(f"the issuer answers {answer.status_code}")
    if answer.is_client_error and request.method == "POST":
        raise SSO_DENIED(f"the issuer answers {answer.status_code}")
    if not answer.is_success:
        raise SSO_MISSET(f"the issuer answers {answer.status_code}")
    try:
        found = httpx.Response(answer.status_code, content=bytes(body)).json()
    except (ValueError, RecursionError) as err:
        raise SSO_MISSET("the issuer's answer is no JSON") from err
    if not isinstance(found, dict):
        raise SSO_MISSET("the issuer's answer is no object")
    return found
