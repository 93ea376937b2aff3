"""What the client of an S3 store raises, in our tree of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from storage.objects.errors import error_of


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the S3 clients raise into our errors.

    Raises:
        NotFound, Gone, DigestMismatch, Conflict, StorageFull, Unavailable: as `error_of`.
    """
    try:
        yield
    except S3Error as err:
        raise error_of(err.code or "Unknown") from err
    except (InvalidResponseError, ServerError, HTTPError) as err:
        raise OBJECTS_UNAVAILABLE("the object store does not answer") from err
