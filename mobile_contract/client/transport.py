"""The wire side of a device: token, declaration, resumable upload, verdict (tus 1.0.0, RFC 7523).

Every request may be repeated: a declaration is known by its bytes, an upload by its offset. After any error
the server's offset is asked for before a byte is sent again. An upload answer counts only when it carries
`Tus-Resumable`: a captive portal answers 200 to everything.
"""

import base64
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from mobile_contract.client.device import utc_now
from mobile_contract.client.promise import Promise, promised
from mobile_contract.client.wire import (
    TRY_AGAIN,
    TUS,
    Answered,
    Backoff,
    accepted,
    ask,
    document_of,
    is_final,
    offset_of,
    retry_after,
    tus_answer,
)
from schemas.base import parse_rfc3339
from schemas.device import ENROL_TYP
from schemas.jws import public_jwk, sign_compact, sign_detached, thumbprint
from schemas.refusals_actor import ASSERTION_EXPIRED
from schemas.refusals_command import ANSWER_FOREIGN, FILE_CHANGED, NOT_IDENTIFIED, SERVER_UNREACHABLE

CHUNK_BYTES = 8 * 1024 * 1024
"""Per PATCH on a mobile network: a drop costs at most this much, a round trip 2-3 % (upload design 9)."""

FIRST_CONTACT_SECONDS = 5.0
"""A server never heard of is soon called unreachable; one that was there is waited for."""

_BLOCK_BYTES = 256 * 1024
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_ASSERTION_SECONDS = 120
_UNAUTHORISED = 401

Progress = Callable[[int], None]


class ClockFacts(NamedTuple):
    """Server time minus device time, half the round trip, and when it was measured."""

    offset_ms: int
    uncertainty_ms: int
    synced_at: datetime


class Upload(NamedTuple):
    """A file on its way: where it is read, how long it is, and what the server is told of it."""

    path: Path
    size_bytes: int
    metadata: dict[str, str]


class Server:
    """One server as a device sees it."""

    def __init__(
        self,
        url: str,
        client: httpx.Client,
        *,
        patience_seconds: float = 60.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.url = url.rstrip("/")
        self.now = now
        """The device's own clock, which may be wrong."""
        self._client = client
        self._patience = patience_seconds
        self._token: str | None = None
        self._identity: tuple[ec.EllipticCurvePrivateKey, str] | None = None
        self.clock: ClockFacts | None = None
        self._asked_at = now()
        self._promised: list[Promise] = []

    def corrected_now(self) -> datetime:
        """Return the time as the server has it, by the device's clock and what that is off by."""
        return self.now() + timedelta(milliseconds=self.clock.offset_ms if self.clock else 0)

    def promised(self) -> list[Promise]:
        """Hand over what answers have promised since this was asked last."""
        taken, self._promised = self._promised, []
        return taken

    def glance(self, path: str) -> httpx.Response:
        """Return what the server publishes without a token; it is not waited for longer than at the first contact.

        Raises:
            Answered: it refuses.
            Unavailable: it does not answer.
        """
        backoff, url = Backoff(min(self._patience, FIRST_CONTACT_SECONDS)), self.absolute(path)
        while True:
            try:
                response = ask(self._client, "GET", url, timeout=_TIMEOUT)
            except httpx.TransportError as err:
                backoff.wait(f"{self.url}: {err or type(err).__name__}")
                continue
            if response.status_code not in TRY_AGAIN:
                return accepted(response)
            backoff.wait(f"HTTP {response.status_code}", at_least=retry_after(response))

    def enrol(self, code: str, key: ec.EllipticCurvePrivateKey, *, model: str, name: str) -> dict[str, Any]:
        """Register the key by a one-time code.

        Raises:
            Answered: the code is unknown, used or expired.
            Unavailable: the server does not answer.
        """
        jwk = public_jwk(key.public_key())
        proof = sign_detached(code.encode(), key, kid=thumbprint(jwk), typ=ENROL_TYP)
        wish = {"code": code, "jwk": jwk, "model": model, "name": name, "proof": proof}
        # Sent once: a second try with a code the first try has used would be refused.
        try:
            response = ask(self._client, "POST", f"{self.url}/v1/devices", json=wish, timeout=_TIMEOUT)
        except httpx.TransportError as err:
            raise SERVER_UNREACHABLE(f"{self.url}: {err or type(err).__name__}") from err
        self._take(response)
        return document_of(response)

    def identify(self, key: ec.EllipticCurvePrivateKey, kid: str) -> ClockFacts:
        """Obtain a token with the device key and compare the clocks.

        Raises:
            Answered: the key is unknown or revoked.
            Unavailable: the server does not answer.
        """
        self._identity = (key, kid)
        return self._renew()

    def declare(self, payload: bytes, signature: str) -> dict[str, Any]:
        """Declare a manifest; the same bytes again give the same answer.

        Raises:
            Answered: the server refused it; the bytes are kept there when `kept` is true.
            Unavailable: the server does not answer.
        """
        headers = {"Quancheng-Signature": signature, "Content-Type": "application/json"}
        return document_of(self._repeat("POST", f"{self.url}/v1/manifests", headers=headers, content=payload))

    def open_upload(self, upload: Upload) -> str:
        """Create the upload and return its address (tus creation).

        Raises:
            Answered, Unavailable: as above.
        """
        headers = {
            **TUS,
            "Upload-Length": str(upload.size_bytes),
            "Upload-Metadata": ",".join(
                f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in upload.metadata.items()
            ),
        }
        response = accepted(self._repeat("POST", f"{self.url}/v1/uploads", headers=headers))
        address = tus_answer(response).headers.get("Location")
        if not address:
            raise ANSWER_FOREIGN("服务器没有给出上传地址 the answer carries no Location: not our server")
        return self.absolute(address)

    def send(self, address: str, upload: Upload, progress: Progress) -> None:
        """Send what the server lacks; `progress` is told the server's offset, in bytes.

        Raises:
            Answered: the upload is unknown or expired (404, 410), or refused.
            Invalid: the file has become shorter than what was declared.
            Unavailable: no progress for the whole patience.
        """
        backoff = Backoff(self._patience)
        offset = self._offset(address, upload.size_bytes)
        progress(offset)
        with upload.path.open("rb") as stream:
            while offset < upload.size_bytes:
                end = min(offset + CHUNK_BYTES, upload.size_bytes)
                piece = _Piece(stream, offset, end, progress)
                reached = self._patch(address, piece, backoff, size_bytes=upload.size_bytes)
                if reached > offset:
                    backoff.progressed()
                offset = reached
                progress(offset)

    def complete(self, address: str) -> dict[str, Any]:
        """Complete the upload; it may be said any number of times."""
        return document_of(self._repeat("POST", f"{address}/complete"))

    def get(self, path: str) -> dict[str, Any]:
        """Return a JSON document of the server."""
        return document_of(self._repeat("GET", self.absolute(path)))

    def absolute(self, address: str) -> str:
        """Resolve an address of an answer.

        Raises:
            Unavailable: it leads to another host: not our server, so never send evidence there.
        """
        try:
            found = urljoin(f"{self.url}/", address)
            is_ours = urlsplit(found)[:2] == urlsplit(self.url)[:2]
        except ValueError:  # a malformed host
            is_ours = False
        if not is_ours:
            raise ANSWER_FOREIGN(f"服务器的回答指向别处 the answer leads away from {self.url}")
        return found

    def _patch(self, address: str, piece: "_Piece", backoff: Backoff, *, size_bytes: int) -> int:
        headers = {
            **TUS,
            "Upload-Offset": str(piece.start),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(piece.end - piece.start),
        }
        try:
            response = self._authorised("PATCH", address, headers=headers, content=piece.blocks)
        except httpx.TransportError as err:
            backoff.wait(str(err) or type(err).__name__)
            return self._offset(address, size_bytes)
        if response.status_code in TRY_AGAIN:
            backoff.wait(f"HTTP {response.status_code}", at_least=retry_after(response))
            return self._offset(address, size_bytes)
        return offset_of(accepted(response), size_bytes=size_bytes)

    def _offset(self, address: str, size_bytes: int) -> int:
        return offset_of(accepted(self._repeat("HEAD", address, headers=TUS)), size_bytes=size_bytes)

    def _repeat(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, content: bytes | None = None
    ) -> httpx.Response:
        backoff = Backoff(self._patience)
        while True:
            try:
                response = self._authorised(method, url, headers=headers or {}, content=content)
            except httpx.TransportError as err:
                backoff.wait(f"{self.url}: {err or type(err).__name__}")
                continue
            if response.status_code not in TRY_AGAIN or is_final(response):
                return response
            backoff.wait(f"HTTP {response.status_code}", at_least=retry_after(response))

    def _authorised(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        content: bytes | Callable[[], Iterator[bytes]] | None,
    ) -> httpx.Response:
        for is_last in (False, True):
            if self._token is None:
                self._renew()
            response = ask(
                self._client,
                method,
                url,
                headers={**headers, "Authorization": f"Bearer {self._token}"},
                content=content() if callable(content) else content,
                timeout=_TIMEOUT,
            )
            if response.status_code != _UNAUTHORISED or is_last:
                break
            self._token = None  # it has ended; the key can always obtain another
        self._take(response)
        return response

    def _take(self, response: httpx.Response) -> None:
        self._promised += promised(response, self.corrected_now())

    def _renew(self) -> ClockFacts:
        """Obtain a token; a device whose clock is refused takes the server's time from the refusal, once."""
        try:
            return self._ask_token()
        except Answered as err:
            if err.said != ASSERTION_EXPIRED.slug or not isinstance(err.document.get("server_time"), str):
                raise
            self.clock = _compare(self._asked_at, self.now(), err.document["server_time"])
        return self._ask_token()

    def _ask_token(self) -> ClockFacts:
        if self._identity is None:
            raise NOT_IDENTIFIED("the device has not identified itself")
        key, kid = self._identity
        backoff = Backoff(self._patience if self.clock else min(self._patience, FIRST_CONTACT_SECONDS))
        while True:
            sent_at = self._asked_at = self.now()
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": _assertion(key, kid, self._corrected(sent_at)),
            }
            try:
                response = ask(self._client, "POST", f"{self.url}/v1/token", data=form, timeout=_TIMEOUT)
            except httpx.TransportError as err:
                backoff.wait(f"{self.url}: {err or type(err).__name__}")
                continue
            if response.status_code in TRY_AGAIN:
                backoff.wait(f"HTTP {response.status_code}", at_least=retry_after(response))
                continue
            document = document_of(response)
            self._token = str(document["access_token"])
            self.clock = _compare(sent_at, self.now(), str(document["server_time"]))
            return self.clock

    def _corrected(self, at: datetime) -> float:
        # A device whose clock is hours off can still assert: it says the server's time, as measured.
        return at.timestamp() + (self.clock.offset_ms / 1000 if self.clock else 0)


class _Piece:
    """Bytes `start` to `end` of an open file, readable again after a failed try."""

    def __init__(self, stream: BinaryIO, start: int, end: int, progress: Progress) -> None:
        self._stream = stream
        self.start = start
        self.end = end
        self._progress = progress

    def blocks(self) -> Iterator[bytes]:
        self._stream.seek(self.start)
        position = self.start
        while position < self.end:
            block = self._stream.read(min(_BLOCK_BYTES, self.end - position))
            if not block:
                raise FILE_CHANGED("the file has become shorter since it was signed")
            yield block
            position += len(block)
            self._progress(position)


def _assertion(key: ec.EllipticCurvePrivateKey, kid: str, now: float) -> str:
    claims = {
        "iss": kid,
        "sub": kid,
        "aud": "quancheng",
        "iat": int(now),
        "exp": int(now) + _ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    return sign_compact(claims, key, kid=kid, typ="JWT")


def _compare(sent_at: datetime, answered_at: datetime, server_time: str) -> ClockFacts:
    half = (answered_at - sent_at) / 2
    try:
        offset = parse_rfc3339(server_time) - (sent_at + half)
    except ValueError as err:
        raise ANSWER_FOREIGN(f"服务器时间无效 the answer states no time: {server_time[:40]!r}") from err
    return ClockFacts(
        offset_ms=round(offset.total_seconds() * 1000),
        uncertainty_ms=max(1, round(half.total_seconds() * 1000)),
        synced_at=answered_at,
    )
