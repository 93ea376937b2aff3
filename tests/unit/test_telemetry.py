"""No digest and no signature stands in a log line, whoever writes it."""

import base64
import hashlib
import logging
import os
from collections.abc import Iterator

import pytest
import structlog

from storage.telemetry import HIDDEN, configure, without_digests

SHA256 = hashlib.sha256(b"evidence").hexdigest()
SIGNATURE = base64.urlsafe_b64encode(hashlib.sha512(b"evidence").digest()).rstrip(b"=").decode()
JWS = base64.urlsafe_b64encode(b'{"alg":"ES256","kid":"abc"}').decode() + ".." + SIGNATURE
THUMBPRINT = base64.urlsafe_b64encode(hashlib.sha256(b"key").digest()).rstrip(b"=").decode()
REFUSED_ROW = (
    'duplicate key value violates unique constraint "uq_manifests"\n'
    f"DETAIL:  Key (agency_id, sha256, signature)=(019abc, \\x{SHA256}, {JWS}) already exists."
)
SECRETS = (
    SHA256,
    SHA256.upper(),
    SIGNATURE,
    THUMBPRINT,
    base64.b64encode(hashlib.sha256(b"x").digest()).decode(),
)


def failing(said: str) -> None:
    raise RuntimeError(said)


@pytest.fixture(params=[True, False], ids=["json", "columns"])
def _configured(request: pytest.FixtureRequest) -> Iterator[None]:
    before = logging.getLogRecordFactory()
    configure(as_json=request.param)
    yield
    logging.setLogRecordFactory(before)
    structlog.reset_defaults()


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.usefixtures("_configured")
def test_our_own_lines_hide_them(secret: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In a field, inside a sentence, inside a list, as bytes, and in the text of an exception."""
    log = structlog.get_logger()
    log.warning("fed", field=secret, sentence=f"manifest {secret}, kept", many=[secret], raw=secret.encode())
    try:
        failing(f"key (sha256)=({secret}) already exists")
    except RuntimeError:
        log.exception("crashed")
    said = capfd.readouterr().err
    assert secret not in said
    assert said.count(HIDDEN) >= 5
    assert "RuntimeError" in said


@pytest.mark.usefixtures("_configured")
def test_what_other_libraries_log_hides_them(capfd: pytest.CaptureFixture[str]) -> None:
    """Server, queue and driver speak through the standard library; their tracebacks hold what the database said."""
    handler = logging.StreamHandler()
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(handler)
    try:
        logger.warning("refused %s and %r for %s", SHA256, SIGNATURE.encode(), RuntimeError(REFUSED_ROW))
        try:
            failing(REFUSED_ROW)
        except RuntimeError:
            logger.exception("Exception in %s application", "ASGI")
    finally:
        logger.removeHandler(handler)
    said = capfd.readouterr().err
    assert "Exception in ASGI application" in said
    assert "already exists" in said
    assert not [secret for secret in (SHA256, SIGNATURE) if secret in said]


def test_what_is_no_digest_is_kept() -> None:
    """Ids, times, paths, sentences and short words stand as they are: a log has to be of use."""
    for text in (
        "019abcde-1234-7000-8000-0123456789ab",
        "2026-11-28T17:46:25.269375Z",
        "/usr/local/lib/python3.11/site-packages/starlette/middleware/exceptions.py",
        "recording_concluded",
        "sqlalchemy.exc.IntegrityError: (psycopg.errors.UniqueViolation) duplicate key value violates",
        "没有这个文件 no such file",
        os.urandom(16).hex(),
    ):
        assert without_digests(text) == text
