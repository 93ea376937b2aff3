"""What `doctor` asks of an S3 store; every question is safe to ask of a store full of evidence."""

import uuid
from collections.abc import Iterator

from defusedxml import ElementTree
from minio.commonconfig import ENABLED

from storage.objects.errors import error_of
from storage.objects.sign import Address, Link, error_code

_HOLD = b'<LegalHold xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>OFF</Status></LegalHold>'
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "ObjectLockConfigurationNotFound"})


def faults_of(link: Link, address: Address) -> list[tuple[str, str]]:
    """Return what is wrong with buckets and credential, as (part, what it is and what to do).

    Not checked, because no request tells it: how long the store keeps unfinished multipart uploads. MinIO
    drops them after 24 hours unless `MINIO_API_STALE_UPLOADS_EXPIRY` says otherwise.

    Raises:
        S3Error, urllib3.exceptions.HTTPError: the store does not answer, or refuses to be asked.
        Unavailable: the same, from our own requests.
    """
    missing = [name for name in (address.evidence, address.staging) if not link.client.bucket_exists(name)]
    if missing:
        return [
            ("objects", f"bucket {name} is missing: run `python -m storage.objects.provision`")
            for name in missing
        ]
    return [
        *_evidence_faults(link, address.evidence),
        *_staging_faults(link, address.staging),
        *_credential_faults(link, address.evidence),
    ]


def _evidence_faults(link: Link, bucket: str) -> Iterator[tuple[str, str]]:
    if link.client.get_bucket_versioning(bucket).status != ENABLED:
        yield (
            "objects",
            f"bucket {bucket} keeps no versions: an overwrite would destroy evidence; make it anew",
        )
    # Asked by ourselves: the client's parser wants a default rule, which a good bucket does not have.
    answer = link.send("GET", bucket, "", query={"object-lock": ""})
    code = error_code(answer)
    if code in _NO_LOCK:
        yield "objects", f"bucket {bucket} has no object lock, which exists only from creation; make it anew"
    elif code is not None:
        raise error_of(code)
    elif ElementTree.fromstring(answer.data).find(".//{*}DefaultRetention/{*}Mode") is not None:
        yield (
            "objects",
            f"bucket {bucket} locks every object by default, also bytes that fail their check: remove the rule",
        )


def _staging_faults(link: Link, bucket: str) -> Iterator[tuple[str, str]]:
    if link.client.get_bucket_versioning(bucket).status == ENABLED:
        yield "objects", f"bucket {bucket} keeps versions: no dropped tail ever frees its room; make it anew"


def _credential_faults(link: Link, bucket: str) -> Iterator[tuple[str, str]]:
    # Both name a key and a version that never existed: a store that allows the act has nothing to do it to.
    key, version_id = f"doctor/{uuid.uuid4()}", str(uuid.uuid4())
    query = {"versionId": version_id}
    if error_code(link.send("DELETE", bucket, key, query=query)) != "AccessDenied":
        yield "objects", "the services' credential may delete evidence: give it the services' policy"
    answer = link.send("PUT", bucket, key, query={"legal-hold": "", **query}, body=[_HOLD])
    if error_code(answer) != "AccessDenied":
        yield "objects", "the services' credential may lift legal holds: give it the services' policy"
