"""What an S3 store or a file system answers, in our tree of errors; upstream text never reaches `detail`."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from schemas.errors import Conflict, DigestMismatch, EvidenceError, NotFound, StorageFull, Unavailable

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "InvalidVersionId"})
_DIGEST = frozenset(
    {"XAmzContentChecksumMismatch", "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"}
)
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
_PARTS = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
_DENIED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"})
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


def error_of(code: str) -> EvidenceError:
    """Return the error for one of S3's codes.

    A denied request is `Unavailable`: the operator must act, and no attempt of an honest recording is used.
    """
    if code in _MISSING:
        return NotFound("no such object", slug="object-not-found")
    if code in _DIGEST:
        return DigestMismatch("the store received other bytes than were declared")
    if code in _FULL:
        return StorageFull("the object store has no room")
    if code in _PARTS:
        slug = "parts-unknown" if code == "NoSuchUpload" else "parts-differ"
        return Conflict("the parts are not those that the store holds", slug=slug)
    if code in _DENIED:
        return Unavailable("the object store refuses our credential", slug="objects-denied", store_code=code)
    return Unavailable("the object store cannot do it now", slug="objects-unavailable", store_code=code)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the S3 clients raise into our errors.

    Raises:
        NotFound, DigestMismatch, Conflict, StorageFull, Unavailable: as `error_of`.
    """
    try:
        yield
    except S3Error as err:
        raise error_of(err.code or "Unknown") from err
    except (InvalidResponseError, ServerError, HTTPError) as err:
        raise Unavailable("the object store does not answer", slug="objects-unavailable") from err


@contextmanager
def translated_os() -> Iterator[None]:
    """Turn what the file system raises into our errors.

    Raises:
        NotFound: no such file.
        StorageFull: the disk or the quota is full.
        Unavailable: any other refusal (input/output error, read-only, permission).
    """
    try:
        yield
    except FileNotFoundError as err:
        raise NotFound("no such object", slug="object-not-found") from err
    except OSError as err:
        if err.errno in _FULL_ERRNOS:
            raise StorageFull("the disk is full") from err
        raise Unavailable("the folder store cannot do it now", slug="objects-unavailable") from err
