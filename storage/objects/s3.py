"""The object store on S3: versions, checksums as signed headers, multipart that may be repeated.

Needs versioning, object lock, `If-None-Match` and SHA-256 checksums (MinIO and versitygw are tested).
Life of a large object: CreateMultipartUpload names SHA-256; every part carries its own; Complete lists them
all with `If-None-Match: *`. A crash before Complete leaves parts that `abort_parts` or the store's own
clean-up removes (MinIO: `MINIO_API_STALE_UPLOADS_EXPIRY`, counted from creation); a lost answer to Complete
leaves the finished object, which the repeat recognises by size and composite checksum.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Self
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from minio.error import S3Error
from minio.retention import Retention
from pydantic import TypeAdapter, ValidationError
from urllib3 import BaseHTTPResponse

from schemas.errors import NotFound, Unavailable
from schemas.members import VersionId
from schemas.refusals_objects import (
    OBJECT_EXISTS,
    OBJECT_VERSION_UNREADABLE,
    OBJECTS_UNAVAILABLE,
    OBJECTS_UNVERSIONED,
    PARTS_UNKNOWN,
    RETENTION_SHORTEN,
)
from schemas.upload import MIB, Part
from storage.objects.check import faults_of
from storage.objects.errors import error_of
from storage.objects.fault import Fault
from storage.objects.s3_errors import translated
from storage.objects.sign import Address, Link, error_code
from storage.objects.values import (
    PART_BYTES,
    Body,
    Limits,
    Readable,
    Stat,
    Stored,
    b64,
    check_key,
    composite,
    in_parts,
    sha256_of,
    size_of,
    whole_seconds_up,
)

_LIMITS = Limits(least_part_bytes=5 * MIB, row_bytes=32 * 1024)
"""S3 takes no smaller part, except the last."""
_FRESH_SECONDS = 1.0
"""An answer so young says that the store is there, unless a request has failed since: under load nobody asks."""
_CHECKSUM = "x-amz-checksum-sha256"
_SHOW_CHECKSUM = {"x-amz-checksum-mode": "ENABLED"}
_ABSENT = {"If-None-Match": "*"}
_VERSION: TypeAdapter[str] = TypeAdapter(VersionId)
_XML = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class S3Objects:
    """`storage.objects.Objects` over one S3 store; threads share it, every forked process gets its own link."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._links: dict[int, Link] = {}

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Open `s3+http(s)://…`; nothing is sent yet.

        Raises:
            ValueError: a piece of the address is missing.
        """
        address = Address.parse(url)
        if not address.evidence or not address.staging:
            raise ValueError("OBJECTS_URL names no evidence bucket or no `staging` bucket")
        return cls(address)

    @property
    def _link(self) -> Link:
        # A pool made before a fork would share sockets between processes.
        return self._links.get(os.getpid()) or self._links.setdefault(os.getpid(), Link(self._address))

    def put(self, key: str, body: Body, *, sha256: bytes, if_absent: bool = True) -> Stored:
        headers = {_CHECKSUM: b64(sha256), **(_ABSENT if if_absent else {})}
        answer = self._send("PUT", check_key(key), headers=headers, body=body)
        code = error_code(answer)
        if code == "PreconditionFailed":
            return self._same(key, size_bytes=size_of(body), checksum=b64(sha256))
        return Stored(version_id=_version_id(answer, code), size_bytes=size_of(body))

    def put_stream(self, key: str, chunks: Iterable[bytes], *, part_bytes: int = PART_BYTES) -> Stored:
        bodies = in_parts(chunks, part_bytes)
        first = next(bodies)
        if size_of(first) < part_bytes:
            return self.put(key, first, sha256=sha256_of(first))
        ref = self.begin_parts(key)
        try:
            parts = [self._stream_part(key, ref, 1, first)]
            del first  # or the first part would stay in memory to the end
            parts += [
                self._stream_part(key, ref, number, body) for number, body in enumerate(bodies, start=2)
            ]
            return self.finish_parts(key, ref, parts)
        except BaseException:
            # Whatever ended the stream, its parts are of no use: the next attempt begins anew. A crash here
            # leaves them to the store's own clean-up.
            with suppress(Unavailable):
                self.abort_parts(key, ref)
            raise

    def _stream_part(self, key: str, ref: str, number: int, body: Body) -> Part:
        sha256 = sha256_of(body)
        etag = self.put_part(key, ref, number, body, sha256=sha256)
        return Part(number=number, start_bytes=0, size_bytes=size_of(body), sha256=sha256, etag=etag)

    def limits(self) -> Limits:
        return _LIMITS

    def reach(self) -> None:
        if self._link.answered_within(_FRESH_SECONDS):
            return
        with translated():
            # What it answers does not matter: a credential may be refused this question and not a part.
            answer = self._link.send("HEAD", self._address.staging, "", is_repeatable=False)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise OBJECTS_UNAVAILABLE("the object store cannot do it now")

    def begin_parts(self, key: str) -> str:
        answer = self._send(
            "POST",
            check_key(key),
            query={"uploads": ""},
            headers={"x-amz-checksum-algorithm": "SHA256"},
            is_repeatable=False,  # a repeat could leave a second multipart that nobody knows
        )
        _raise_for(error_code(answer))
        ref = ElementTree.fromstring(answer.data).findtext(f"{_XML}UploadId")
        if not ref:
            raise OBJECTS_UNAVAILABLE("the object store opened no multipart upload")
        return str(ref)

    def put_part(self, key: str, ref: str, number: int, body: Body, *, sha256: bytes) -> str:
        query = {"partNumber": str(number), "uploadId": ref}
        answer = self._send("PUT", check_key(key), query=query, headers={_CHECKSUM: b64(sha256)}, body=body)
        _raise_for(error_code(answer))
        return answer.headers["ETag"]

    def finish_parts(self, key: str, ref: str, parts: Sequence[Part]) -> Stored:
        answer = self._send(
            "POST", check_key(key), query={"uploadId": ref}, headers=_ABSENT, body=[_completion(parts)]
        )
        code = error_code(answer)
        size_bytes = sum(part.size_bytes for part in parts)
        if code in ("NoSuchUpload", "PreconditionFailed") or (code is None and not _names_version(answer)):
            # The first Complete may have succeeded and its answer been lost; versitygw then says 200 again,
            # without the version.
            same = self._same(key, size_bytes=size_bytes, checksum=composite(parts))
            if code == "PreconditionFailed":  # somebody else's parts made it: ours would take room for days
                with suppress(Unavailable):
                    self.abort_parts(key, ref)
            return same
        return Stored(version_id=_version_id(answer, code), size_bytes=size_bytes)

    def abort_parts(self, key: str, ref: str) -> None:
        code = error_code(self._send("DELETE", check_key(key), query={"uploadId": ref}))
        if code != "NoSuchUpload":
            _raise_for(code)

    def put_staging(self, key: str, body: Body, *, sha256: bytes) -> None:
        with translated():
            answer = self._link.send(
                "PUT", self._address.staging, check_key(key), headers={_CHECKSUM: b64(sha256)}, body=body
            )
        _raise_for(error_code(answer))

    def read_staging(self, key: str) -> bytes:
        with translated():
            answer = self._link.client.get_object(self._address.staging, check_key(key))
            try:
                return bytes(answer.data)
            finally:
                answer.release_conn()

    def delete_staging(self, key: str) -> None:
        with translated():
            self._link.client.remove_object(self._address.staging, check_key(key))

    def old_staging(self, before: datetime) -> Iterator[str]:
        return self._old(self._address.staging, before)

    def old_evidence(self, before: datetime) -> Iterator[str]:
        return self._old(self._address.evidence, before)

    def _old(self, bucket: str, before: datetime) -> Iterator[str]:
        with translated():
            for found in self._link.client.list_objects(bucket, recursive=True):
                if found.object_name and found.last_modified and found.last_modified < before:
                    yield found.object_name

    def stat(self, key: str, version_id: str) -> Stat:
        return _stat(self._head(key, version_id), version_id)

    def newest(self, key: str) -> str | None:
        try:
            return _version_of(self._head(key, None))
        except NotFound:
            return None

    @contextmanager
    def open(
        self, key: str, version_id: str, *, start: int = 0, length: int | None = None
    ) -> Iterator[Readable]:
        answer = None if length == 0 else self._get(check_key(key), version_id, start, length=length or 0)
        if answer is None:
            yield _Nothing()
            return
        try:
            yield _Reading(answer)
        finally:
            # An answer read to its end has given its connection back; a broken-off one must not be reused.
            answer.close()
            answer.release_conn()

    def _get(self, key: str, version_id: str, start: int, *, length: int) -> BaseHTTPResponse | None:
        with translated():
            try:
                return self._link.client.get_object(
                    self._address.evidence, key, start, length, version_id=version_id
                )
            except S3Error as err:
                if err.code == "InvalidRange":
                    return None
                if err.code == "InvalidArgument":  # not a version id of this store's form
                    raise error_of("NoSuchVersion") from err
                raise

    def retain(self, key: str, version_id: str, until: datetime) -> None:
        until = whole_seconds_up(until)
        try:
            self._lock(key, version_id, Retention(self._address.retention_mode, until))
        except Unavailable as err:
            # The store is the judge; only when it refuses do we look which refusal it was.
            held = self.stat(key, version_id).retain_until
            if held is None or held < until:
                raise
            if held > until:
                raise RETENTION_SHORTEN("the lock lasts longer already") from err

    def _lock(self, key: str, version_id: str, wanted: Retention) -> None:
        with translated():
            self._link.client.set_object_retention(
                self._address.evidence, check_key(key), wanted, version_id=version_id
            )

    def free_bytes(self) -> int | None:
        return None

    def check(self) -> list[Fault]:
        with translated():
            return faults_of(self._link, self._address)

    def _send(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = (),
        is_repeatable: bool = True,
    ) -> BaseHTTPResponse:
        with translated():
            return self._link.send(
                method,
                self._address.evidence,
                key,
                query=query,
                headers=headers,
                body=body,
                is_repeatable=is_repeatable,
            )

    def _head(self, key: str, version_id: str | None) -> Mapping[str, str]:
        query = {"versionId": version_id} if version_id else {}
        answer = self._send("HEAD", check_key(key), query=query, headers=_SHOW_CHECKSUM)
        _raise_for(error_code(answer))
        return answer.headers

    def _same(self, key: str, *, size_bytes: int, checksum: str) -> Stored:
        """Recognise our own bytes under a key that is taken: the answer to an earlier attempt was lost."""
        try:
            found = self._head(key, None)
        except NotFound as err:
            raise PARTS_UNKNOWN("the store knows neither parts nor object") from err
        if int(found["Content-Length"]) != size_bytes or found.get(_CHECKSUM) != checksum:
            raise OBJECT_EXISTS("the key holds other bytes")
        return Stored(version_id=_version_of(found), size_bytes=size_bytes)


class _Reading:
    """An open answer; a connection that breaks off is an error, never an end."""

    def __init__(self, answer: BaseHTTPResponse) -> None:
        self._answer = answer

    def readinto(self, buffer: bytearray | memoryview, /) -> int:
        with translated():
            return self._answer.readinto(buffer)


class _Nothing:
    """An empty range or one behind the end, which HTTP cannot give (RFC 9110, 14.1.2)."""

    def readinto(self, _: bytearray | memoryview, /) -> int:
        return 0


def _completion(parts: Sequence[Part]) -> bytes:
    listed = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag>"
        f"<ChecksumSHA256>{b64(part.sha256)}</ChecksumSHA256></Part>"
        for part in parts
    )
    return f'<CompleteMultipartUpload xmlns="{_XML[1:-1]}">{listed}</CompleteMultipartUpload>'.encode()


def _raise_for(code: str | None) -> None:
    if code is not None:
        raise error_of(code)


def _names_version(answer: BaseHTTPResponse) -> bool:
    return "x-amz-version-id" in answer.headers


def _version_id(answer: BaseHTTPResponse, code: str | None) -> str:
    _raise_for(code)
    return _version_of(answer.headers)


def _version_of(headers: Mapping[str, str]) -> str:
    version_id = headers.get("x-amz-version-id")
    if not version_id or version_id == "null":
        raise OBJECTS_UNVERSIONED("the evidence bucket keeps no versions")
    if not _is_version(version_id):
        # The object is there, and no row names it: what was acknowledged before stays as it was.
        raise OBJECT_VERSION_UNREADABLE("the name of a version is no base64 of at most 1,024 characters")
    return version_id


def _is_version(name: str) -> bool:
    try:
        _VERSION.validate_python(name)
    except ValidationError:
        return False
    return True


def _stat(headers: Mapping[str, str], version_id: str) -> Stat:
    until = headers.get("x-amz-object-lock-retain-until-date")
    return Stat(
        size_bytes=int(headers["Content-Length"]),
        version_id=version_id,
        retain_until=datetime.fromisoformat(until).astimezone(UTC) if until else None,
        legal_hold=headers.get("x-amz-object-lock-legal-hold") == "ON",
        checksum_sha256_b64=headers.get(_CHECKSUM),
    )
