"""Make an empty MinIO ready for evidence: two buckets, two credentials, one policy each.

Run once per deployment (`python -m storage.objects.provision`) with the store's root credential; running it again
changes nothing. The evidence bucket gets versioning and object lock and **no** default retention: a lock set
before the digest check would make a corrupt object undeletable. The services' credential can lock, and can
neither delete, shorten a lock, bypass it nor set a legal hold; the keeper's credential can. Nor can it lock for compliance,
which nobody could lift for as long as it says, unless `OBJECTS_URL` asks for that mode (`retention_mode=COMPLIANCE`).

It can put a further version on top of an object: a policy of MinIO has no word for "only where there is none", and the
services must add objects. What is read is named by its version everywhere, so such a version is read by nobody.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider
from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.refusals_objects import OBJECTS_UNAVAILABLE
from storage.objects.values import COMPLIANCE

SECRETS = ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "OBJECTS_URL", "KEEPER_URL")
_POLICY_VERSION = "2012-10-17"
_READ = (
    "s3:GetBucketLocation",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:ListBucket",
)
_READ_VERSIONS = (
    *_READ,
    "s3:ListBucketVersions",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:GetObjectRetention",
)
_UPLOAD = (
    "s3:PutObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
    "s3:ListBucketMultipartUploads",
)
SERVICE_ACTIONS = (*_READ_VERSIONS, *_UPLOAD, "s3:PutObjectRetention", "s3:GetObjectLegalHold")
STAGING_ACTIONS = (*_READ, *_UPLOAD, "s3:GetObject", "s3:DeleteObject")
KEEPER_ACTIONS = (
    *_READ_VERSIONS,
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:GetObjectLegalHold",
    "s3:PutObjectLegalHold",
)


class ProvisionSettings(BaseSettings):
    """The store's root credential and the two addresses that the services and the keeping jobs will use."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    minio_root_user: SecretStr
    minio_root_password: SecretStr
    objects_url: SecretStr
    keeper_url: SecretStr

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name in SECRETS:
            path = os.environ.get(f"{name}_FILE")
            if path and not given.get(name.lower()):
                given[name.lower()] = Path(path).read_text(encoding="utf-8").strip()
        return given


def provision(settings: ProvisionSettings) -> None:
    """Create buckets, policies and users that are missing.

    Raises:
        Unavailable: the store does not answer.
    """
    service = urlsplit(settings.objects_url.get_secret_value())
    keeper = urlsplit(settings.keeper_url.get_secret_value())
    asked = parse_qs(service.query)
    evidence, staging = service.path.strip("/"), asked["staging"][0]
    region = asked.get("region", ["us-east-1"])[0]
    host = f"{service.hostname}:{service.port}" if service.port else f"{service.hostname}"
    secure = service.scheme == "s3+https"
    user = settings.minio_root_user.get_secret_value()
    password = settings.minio_root_password.get_secret_value()
    try:
        _make_buckets(Minio(host, user, password, region=region, secure=secure), evidence, staging)
        admin = MinioAdmin(
            endpoint=host, credentials=StaticProvider(user, password), region=region, secure=secure
        )
        _make_account(admin, unquote(f"{service.username}"), unquote(f"{service.password}"), [
            _allow(evidence, SERVICE_ACTIONS), _allow(staging, STAGING_ACTIONS),
            *([] if asked.get("retention_mode") == [COMPLIANCE] else [_deny_compliance(evidence)]),
        ])  # fmt: skip
        _make_account(admin, unquote(f"{keeper.username}"), unquote(f"{keeper.password}"), [
            _allow(evidence, KEEPER_ACTIONS),
        ])  # fmt: skip
    except urllib3.exceptions.HTTPError as err:
        raise OBJECTS_UNAVAILABLE(f"the object store at {host} does not answer") from err


def _make_buckets(root: Minio, evidence: str, staging: str) -> None:
    if not root.bucket_exists(evidence):
        root.make_bucket(evidence, object_lock=True)
    if not root.bucket_exists(staging):
        root.make_bucket(staging)


def _make_account(admin: MinioAdmin, name: str, password: str, statements: list[dict[str, object]]) -> None:
    admin.policy_add(name, policy={"Version": _POLICY_VERSION, "Statement": statements})
    admin.user_add(name, password)
    admin.policy_set(name, user=name)


def _allow(bucket: str, actions: tuple[str, ...]) -> dict[str, object]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources}


def _deny_compliance(bucket: str) -> dict[str, object]:
    """Forbid a lock that nobody can lift: whoever has only the services' credential could fill the store with them."""
    return {
        "Effect": "Deny",
        "Action": ["s3:PutObjectRetention"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"StringEquals": {"s3:object-lock-mode": COMPLIANCE}},
    }


if __name__ == "__main__":
    provision(ProvisionSettings())
