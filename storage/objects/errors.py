"""What an S3 store or a file system answers, in our tree of errors; upstream text never reaches `detail`.

No client of a store is loaded for it: a folder store needs none.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from schemas.errors import AnyRefusal, EvidenceError
from schemas.refusals_manifest import DIGEST_MISMATCH
from schemas.refusals_objects import (
    OBJECT_NOT_FOUND,
    OBJECTS_DENIED,
    OBJECTS_REFUSED,
    OBJECTS_UNAVAILABLE,
    PARTS_DIFFER,
    PARTS_UNKNOWN,
    STORAGE_FULL,
)

_MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "InvalidVersionId"})
_DIGEST = frozenset(
    {"XAmzContentChecksumMismatch", "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"}
)
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
_PARTS = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})
_DENIED = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed"})
_FINAL = frozenset(
    {
        *("EntityTooLarge", "InvalidArgument", "InvalidBucketState", "InvalidPartNumber", "InvalidRequest"),
        *("InvalidURI", "KeyTooLongError", "MalformedXML", "MissingContentLength", "NoSuchBucket"),
        *("NotImplemented", "XMinioInvalidObjectName"),
    }
)
_TOLD: Sequence[tuple[frozenset[str], AnyRefusal, str]] = (
    (_MISSING, OBJECT_NOT_FOUND, "no such object"),
    (_DIGEST, DIGEST_MISMATCH, "the store received other bytes than were declared"),
    (_FULL, STORAGE_FULL, "the object store has no room"),
    (_PARTS, PARTS_DIFFER, "the parts are not those that the store holds"),
)
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


def error_of(code: str) -> EvidenceError:
    """Return the error for one of S3's codes.

    A denied request is `Unavailable`: the operator must act, and no attempt of an honest recording is used. So is
    one that the store does not take as it stands; neither comes true by waiting, and neither is worded so.
    """
    if code in _DENIED:
        return OBJECTS_DENIED("the object store refuses our credential", store_code=code)
    if code in _FINAL:
        return OBJECTS_REFUSED("the object store does not take this request", store_code=code)
    if code == "NoSuchUpload":
        return PARTS_UNKNOWN("the parts are not those that the store holds")
    for codes, refusal, detail in _TOLD:
        if code in codes:
            return refusal(detail)
    return OBJECTS_UNAVAILABLE("the object store cannot do it now", store_code=code)


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
        raise OBJECT_NOT_FOUND("no such object") from err
    except OSError as err:
        if err.errno in _FULL_ERRNOS:
            raise STORAGE_FULL("the disk is full") from err
        raise OBJECTS_UNAVAILABLE("the folder store cannot do it now") from err
