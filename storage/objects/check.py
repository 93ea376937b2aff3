"""What `doctor` asks of an S3 store; every question is safe to ask of a store full of evidence."""

import uuid
from collections.abc import Iterator

from defusedxml import ElementTree
from minio.commonconfig import ENABLED

from schemas.health import Health
from storage.objects.errors import error_of
from storage.objects.fault import Fault, fault
from storage.objects.sign import Address, Link, error_code

_HOLD = b'<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>OFF</Status></LegalHold>'
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound"})


def faults_of(link: Link, address: Address) -> list[Fault]:
    """Return what is wrong with buckets and credential, and what to do.

    Not checked, because no request tells it: how long the store keeps unfinished multipart uploads. MinIO
    drops them after 24 hours unless `MINIO_API_STALE_UPLOADS_EXPIRY` says otherwise.

    Raises:
        S3Error, urllib3.exceptions.HTTPError: the store does not answer, or refuses to be asked.
        Unavailable: the same, from our own requests.
    """
    missing = [name for name in (address.evidence, address.staging) if not link.client.bucket_exists(name)]
    if missing:
        return [fault(Health.BUCKET_MISSING, bucket=name) for name in missing]
    return [
        *_evidence_faults(link, address.evidence),
        *_staging_faults(link, address.staging),
        *_credential_faults(link, address.evidence),
    ]


def _evidence_faults(link: Link, bucket: str) -> Iterator[Fault]:
    if link.client.get_bucket_versioning(bucket).status != ENABLED:
        yield fault(Health.BUCKET_UNVERSIONED, bucket=bucket)
    # Asked by ourselves: the client's parser wants a default rule, which a good bucket does not have.
    answer = link.send("GET", bucket, "", query={"object-lock": ""})
    code = error_code(answer)
    if code in _NO_LOCK:
        yield fault(Health.BUCKET_WITHOUT_LOCK, bucket=bucket)
    elif code is not None:
        raise error_of(code)
    elif ElementTree.fromstring(answer.data).find(".//{*}DefaultRetention/{*}Mode") is not None:
        yield fault(Health.BUCKET_LOCKS_ALL, bucket=bucket)


def _staging_faults(link: Link, bucket: str) -> Iterator[Fault]:
    if link.client.get_bucket_versioning(bucket).status == ENABLED:
        yield fault(Health.STAGING_VERSIONED, bucket=bucket)


def _credential_faults(link: Link, bucket: str) -> Iterator[Fault]:
    # Both name a key and a version that never existed: a store that allows the act has nothing to do it to.
    key, version_id = f"doctor/{uuid.uuid4()}", str(uuid.uuid4())
    query = {"versionId": version_id}
    if error_code(link.send("DELETE", bucket, key, query=query)) != "AccessDenied":
        yield fault(Health.CREDENTIAL_DELETES)
    answer = link.send("PUT", bucket, key, query={"legal-hold": "", **query}, body=[_HOLD])
    if error_code(answer) != "AccessDenied":
        yield fault(Health.CREDENTIAL_LIFTS_HOLDS)
