"""The object stores of the stand: MinIO with its accounts, versitygw as the second one."""

import json
import secrets
from typing import TYPE_CHECKING

from storage.objects.provision import ProvisionSettings, provision
from tests.stand.program import find_minio, find_versitygw, say
from tests.stand.wait import answers, free_port

if TYPE_CHECKING:
    from tests.stand.stand import Stand

MINIO_FLAGS = ("--no-compat",)  # no MD5 of every part; wrong SHA-256 is still refused
MINIO_SETTINGS = {"MINIO_API_STALE_UPLOADS_EXPIRY": "192h", "MINIO_BROWSER": "off"}
EVIDENCE_BUCKET, STAGING_BUCKET = "evidence", "staging"


def start_minio(stand: "Stand") -> dict[str, str]:
    """Start MinIO, with both buckets and the credentials of the services and of the keeper."""
    program = find_minio()
    say("MinIO: starting")
    port = free_port()
    root = {"MINIO_ROOT_USER": "root", "MINIO_ROOT_PASSWORD": secrets.token_urlsafe(24)}
    command = [
        str(program),
        "server",
        *MINIO_FLAGS,
        "--address",
        f"127.0.0.1:{port}",
        str(stand.minio_dir),
    ]
    process = stand.start("minio", command, MINIO_SETTINGS | root)
    stand.wait_for(process, "minio", lambda: answers(f"http://127.0.0.1:{port}/minio/health/ready"))
    addresses = {"OBJECTS_URL": _s3_url("services", port), "KEEPER_URL": _s3_url("keeper", port)}
    settings = {name.lower(): text for name, text in (root | addresses).items()}
    # Beside the environment, not in it: no process of the product ever sees the root credential.
    (stand.state / "provision.json").write_text(json.dumps(settings))
    provision(ProvisionSettings.model_validate(settings))
    return addresses


def start_versitygw(stand: "Stand") -> dict[str, str]:
    """Start the second, independent S3 store."""
    program = find_versitygw()
    say("versitygw: starting")
    port = free_port()
    key, secret = "second", secrets.token_urlsafe(24)
    for name in ("gateway", "gateway-versions"):
        (stand.state / name).mkdir(exist_ok=True)
    words = [
        "--access",
        key,
        "--secret",
        secret,
        "--port",
        f"127.0.0.1:{port}",
        "--health",
        "/health",
        "posix",
    ]
    words += ["--versioning-dir", str(stand.state / "gateway-versions"), str(stand.state / "gateway")]
    process = stand.start("versitygw", [str(program), *words])
    stand.wait_for(process, "versitygw", lambda: answers(f"http://127.0.0.1:{port}/health"))
    make_buckets(f"127.0.0.1:{port}", key, secret)
    return {"SECOND_OBJECTS_URL": _s3_url(key, port, secret)}


def make_buckets(host: str, key: str, secret: str) -> None:
    """Create the evidence bucket (versioned, lockable) and the staging bucket in a store without accounts."""
    from minio import Minio  # noqa: PLC0415 - only the second store needs it

    root = Minio(host, key, secret, region="us-east-1", secure=False)
    root.make_bucket(EVIDENCE_BUCKET, object_lock=True)
    root.make_bucket(STAGING_BUCKET)


def _s3_url(key: str, port: int, secret: str | None = None) -> str:
    password = secret or secrets.token_urlsafe(24)
    return f"s3+http://{key}:{password}@127.0.0.1:{port}/{EVIDENCE_BUCKET}?staging={STAGING_BUCKET}&region=us-east-1"
