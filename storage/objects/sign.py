"""One process's way to an S3 store: a pool, the minio client, and requests signed by us.

The minio client has no public multipart, cannot finish an upload made with checksums, and copies bodies.
Our own requests leave the payload unsigned and sign the SHA-256 checksum *header* instead (AWS Signature
Version 4, `UNSIGNED-PAYLOAD`): the store verifies the bytes, the sender hashes them once.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Self
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from defusedxml import ElementTree
from minio import Minio
from minio.credentials.credentials import Credentials
from minio.helpers import DictType
from minio.signer import sign_v4_s3
from minio.time import to_amz_date, utcnow
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProtocolError

from storage.objects.pool import REPEATABLE_STATUSES, make_pool
from storage.objects.values import COMPLIANCE, GOVERNANCE, Body, size_of

UNSIGNED = "UNSIGNED-PAYLOAD"
_PAUSE_SECONDS = (0.2, 0.6)
_BY_STATUS = {400: "InvalidVersionId", 403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed"}


@dataclass(frozen=True)
class Address:
    """`OBJECTS_URL` of an S3 store, taken apart; its text form never shows the secret."""

    host: str
    is_tls: bool
    access_key: str
    secret_key: str = field(repr=False)
    evidence: str
    staging: str
    region: str
    retention_mode: str
    pool_size: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse `s3+http(s)://KEY:SECRET@HOST/BUCKET?staging=BUCKET&region=R&pool=N&retention_mode=M`.

        Raises:
            ValueError: a piece is missing; the message names it and never shows the address.
        """
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        mode = asked.get("retention_mode", GOVERNANCE)
        if parts.scheme not in ("s3+http", "s3+https") or not parts.hostname:
            raise ValueError(
                "OBJECTS_URL is file:///DIR or s3+http(s)://KEY:SECRET@HOST/BUCKET?staging=BUCKET"
            )
        if not parts.username or not parts.password:
            raise ValueError("OBJECTS_URL names no credential")
        if mode not in (GOVERNANCE, COMPLIANCE):
            raise ValueError(f"retention_mode is {GOVERNANCE} or {COMPLIANCE}")
        return cls(
            host=f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname,
            is_tls=parts.scheme == "s3+https",
            access_key=unquote(parts.username),
            secret_key=unquote(parts.password),
            evidence=parts.path.strip("/"),
            staging=asked.get("staging", ""),
            region=asked.get("region", "us-east-1"),
            retention_mode=mode,
            pool_size=int(asked.get("pool", "64")),
        )


class Link:
    """Pool and credential of one process; neither may cross a fork."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._credentials = Credentials(address.access_key, address.secret_key)
        self._pool = make_pool(address.pool_size)
        self._answered_at = float("-inf")
        self.client = Minio(
            address.host,
            address.access_key,
            address.secret_key,
            region=address.region,
            secure=address.is_tls,
            http_client=self._pool,
        )

    def send(
        self,
        method: str,
        bucket: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = (),
        is_repeatable: bool = True,
    ) -> BaseHTTPResponse:
        """Send one signed request and return the answer, whatever its status.

        A request that may be repeated is sent up to three times while the store cannot be reached or
        answers 500, 502, 503 or 504. A read that times out is not repeated: its work may still go on.

        Raises:
            urllib3.exceptions.HTTPError: the store did not answer.
        """
        url = self._url(bucket, key, query or {})
        for pause in _PAUSE_SECONDS if is_repeatable else ():
            try:
                answer = self._once(method, url, headers or {}, body=body)
            except (ConnectTimeoutError, NewConnectionError, ProtocolError):
                time.sleep(pause)
                continue
            if answer.status not in REPEATABLE_STATUSES:
                return answer
            time.sleep(pause)
        return self._once(method, url, headers or {}, body=body)

    def answered_within(self, seconds: float) -> bool:
        """Say whether the store has answered one of our requests a moment ago."""
        return time.monotonic() - self._answered_at < seconds

    def _url(self, bucket: str, key: str, query: Mapping[str, str]) -> SplitResult:
        scheme = "https" if self._address.is_tls else "http"
        asked = "&".join(f"{name}={quote(text, safe='')}" for name, text in query.items())
        return SplitResult(
            scheme, self._address.host, quote(f"/{bucket}/{key}" if key else f"/{bucket}"), asked, ""
        )

    def _once(
        self, method: str, url: SplitResult, headers: Mapping[str, str], *, body: Body
    ) -> BaseHTTPResponse:
        date = utcnow()
        signed: DictType = {
            **headers,
            "Host": url.netloc,
            "x-amz-date": to_amz_date(date),
            "x-amz-content-sha256": UNSIGNED,
        }
        sign_v4_s3(
            method=method,
            url=url,
            region=self._address.region,
            headers=signed,
            credentials=self._credentials,
            content_sha256=UNSIGNED,
            date=date,
        )
        if method in ("PUT", "POST"):
            signed["Content-Length"] = str(size_of(body))
        is_well = False
        try:
            answer = self._pool.urlopen(
                method, url.geturl(), body=body or None, headers=signed, retries=False, redirect=False
            )
            is_well = answer.status not in REPEATABLE_STATUSES
        finally:
            self._answered_at = time.monotonic() if is_well else float("-inf")
        return answer


def error_code(answer: BaseHTTPResponse) -> str | None:
    """Return S3's error code of an answer: of a failure, or of a failure inside a 200 (CompleteMultipart)."""
    text = answer.data.strip()
    if not text:  # a HEAD, or a proxy between us
        return None if answer.status < HTTPStatus.BAD_REQUEST else _BY_STATUS.get(answer.status, "Unknown")
    if answer.status < HTTPStatus.BAD_REQUEST and b"<Error>" not in text:
        return None
    try:
        return ElementTree.fromstring(text).findtext("Code") or "Unknown"
    except ElementTree.ParseError:
        return "Unknown"
