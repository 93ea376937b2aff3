"""Locks: the services may set and extend them, the keeper may hold and dispose, nobody shortens by accident."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.objectlockconfig import DAYS, GOVERNANCE, ObjectLockConfig
from minio.retention import Retention

from schemas.errors import Conflict, NotFound, Unavailable
from schemas.health import Health
from storage.objects.keeping import Keeping, open_keeping
from storage.objects.port import Objects, Stored, open_objects
from tests.stand import Stand
from tests.stores import STORES, digest, folder_url, fresh_key, read, store_urls

DAY = timedelta(days=1)
BODY = b"evidence"


@pytest.fixture(params=STORES)
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    return store_urls(request, tmp_path)


@pytest.fixture
def objects(urls: tuple[str, str]) -> Objects:
    return open_objects(urls[0])


@pytest.fixture
def keeping(urls: tuple[str, str]) -> Keeping:
    return open_keeping(urls[1])


@pytest.fixture
def key() -> str:
    return fresh_key()


@pytest.fixture
def stored(objects: Objects, key: str) -> Stored:
    return objects.put(key, [BODY], sha256=digest(BODY))


@pytest.fixture
def root_url(stand: Stand, objects_url: str) -> str:
    """The stand's store with its root credential, which no process of the product ever has."""
    path = stand.state / "provision.json"
    if not path.exists():
        pytest.skip("OBJECTS_URL is somebody else's store")
    known = json.loads(path.read_text())
    credential = f"{known['minio_root_user']}:{known['minio_root_password']}"
    return f"s3+http://{credential}@{objects_url.rsplit('@', 1)[1]}"


@pytest.fixture
def tomorrow() -> datetime:
    return datetime.now(UTC) + DAY


def test_a_lock_lasts_at_least_as_long_as_asked(
    objects: Objects, key: str, stored: Stored, tomorrow: datetime
) -> None:
    """Stores cut fractions of a second; the lock is rounded up, so it never ends before it should."""
    asked = tomorrow.replace(microsecond=999_999)
    objects.retain(key, stored.version_id, asked)
    until = objects.stat(key, stored.version_id).retain_until
    assert until is not None
    assert asked <= until < asked + timedelta(seconds=1)


def test_a_lock_is_set_again_and_extended(
    objects: Objects, key: str, stored: Stored, tomorrow: datetime
) -> None:
    """The same time again is success, a later one moves the end."""
    objects.retain(key, stored.version_id, tomorrow)
    objects.retain(key, stored.version_id, tomorrow)
    objects.retain(key, stored.version_id, tomorrow + DAY)
    until = objects.stat(key, stored.version_id).retain_until
    assert until is not None
    assert until >= tomorrow + DAY


def test_a_lock_is_never_shortened(objects: Objects, key: str, stored: Stored, tomorrow: datetime) -> None:
    """An earlier end is refused and the lock stays."""
    objects.retain(key, stored.version_id, tomorrow + DAY)
    with pytest.raises(Conflict, check=lambda err: err.slug == "retention-shorten"):
        objects.retain(key, stored.version_id, tomorrow)
    until = objects.stat(key, stored.version_id).retain_until
    assert until is not None
    assert until >= tomorrow + DAY


def test_a_lock_is_of_one_version(objects: Objects, key: str, stored: Stored, tomorrow: datetime) -> None:
    """Locking a version locks no other version of the same key."""
    other = objects.put(key, [b"other"], sha256=digest(b"other"), if_absent=False)
    objects.retain(key, stored.version_id, tomorrow)
    assert objects.stat(key, other.version_id).retain_until is None


def test_what_is_not_there_cannot_be_locked(objects: Objects, key: str, tomorrow: datetime) -> None:
    """Locking under an unknown key is not found, whatever the store calls it."""
    with pytest.raises(NotFound):
        objects.retain(key, "00000000-0000-4000-8000-000000000000", tomorrow)


def test_a_locked_version_is_disposed_of_only_by_bypass(
    objects: Objects, keeping: Keeping, key: str, stored: Stored, tomorrow: datetime
) -> None:
    """Governance refuses the keeper too, unless he says that he means it."""
    objects.retain(key, stored.version_id, tomorrow)
    with pytest.raises(Conflict, check=lambda err: err.slug == "object-locked"):
        keeping.dispose(key, stored.version_id)
    assert read(objects, key, stored.version_id) == BODY
    keeping.dispose(key, stored.version_id, is_bypass=True)
    with pytest.raises(NotFound):
        objects.stat(key, stored.version_id)


def test_a_legal_hold_stops_even_the_bypass(
    objects: Objects, keeping: Keeping, key: str, stored: Stored, tomorrow: datetime
) -> None:
    """While it is held nothing deletes a version; holding and releasing twice is success."""
    objects.retain(key, stored.version_id, tomorrow)
    keeping.hold(key, stored.version_id)
    keeping.hold(key, stored.version_id)
    assert objects.stat(key, stored.version_id).legal_hold
    with pytest.raises(Conflict):
        keeping.dispose(key, stored.version_id, is_bypass=True)
    assert read(objects, key, stored.version_id) == BODY
    keeping.release(key, stored.version_id)
    keeping.release(key, stored.version_id)
    assert not objects.stat(key, stored.version_id).legal_hold
    keeping.dispose(key, stored.version_id, is_bypass=True)


def test_disposal_takes_one_version_and_frees_the_key(
    objects: Objects, keeping: Keeping, key: str, stored: Stored
) -> None:
    """An unlocked version goes without bypass; the older one of the same key stays readable."""
    newer = objects.put(key, [b"newer"], sha256=digest(b"newer"), if_absent=False)
    keeping.dispose(key, newer.version_id)
    assert read(objects, key, stored.version_id) == BODY
    keeping.dispose(key, stored.version_id)
    assert objects.put(key, [b"free"], sha256=digest(b"free")).size_bytes == 4


def test_a_compliance_lock_yields_to_nobody(tmp_path: Path, key: str, tomorrow: datetime) -> None:
    """In a folder opened for compliance the bypass is refused; on S3 such an object would stay for a day."""
    url = f"{folder_url(tmp_path)}&retention_mode=COMPLIANCE"
    objects, keeping = open_objects(url), open_keeping(url)
    stored = objects.put(key, [BODY], sha256=digest(BODY))
    objects.retain(key, stored.version_id, tomorrow)
    with pytest.raises(Conflict):
        keeping.dispose(key, stored.version_id, is_bypass=True)


def test_compliance_reaches_the_store(root_url: str, keeper_url: str, key: str) -> None:
    """`retention_mode=COMPLIANCE` makes MinIO refuse the keeper's bypass; the lock ends within the test's life."""
    objects = open_objects(f"{root_url}&retention_mode=COMPLIANCE")
    stored = objects.put(key, [BODY], sha256=digest(BODY))
    objects.retain(key, stored.version_id, datetime.now(UTC) + timedelta(seconds=30))
    with pytest.raises(Conflict):
        open_keeping(keeper_url).dispose(key, stored.version_id, is_bypass=True)


def test_the_services_lock_and_nobody_is_locked_in_by_them(
    objects_url: str, key: str, tomorrow: datetime
) -> None:
    """Their credential locks and extends under governance; compliance, less of a lock and a deletion are refused."""
    client, objects = _client(objects_url), open_objects(objects_url)
    stored = objects.put(key, [BODY], sha256=digest(BODY))
    where = {"bucket_name": "evidence", "object_name": key, "version_id": stored.version_id}
    for until in (tomorrow, tomorrow + DAY):
        client.set_object_retention(**where, config=Retention(GOVERNANCE, until))
    for refused in (
        lambda: client.set_object_retention(**where, config=Retention(COMPLIANCE, tomorrow + 2 * DAY)),
        lambda: client.set_object_retention(**where, config=Retention(GOVERNANCE, tomorrow)),
        lambda: client.put_object(
            "evidence", f"{key}/locked", BytesIO(BODY), len(BODY), retention=Retention(COMPLIANCE, tomorrow)
        ),
        lambda: client.remove_object(**where),
    ):
        with pytest.raises(S3Error, match=r"Access Denied|WORM"):
            refused()
    held = client.get_object_retention(**where)
    assert held is not None
    assert held.mode == GOVERNANCE
    assert abs(held.retain_until_date - tomorrow - DAY) < timedelta(milliseconds=1)  # kept in whole ones


@pytest.mark.parametrize("bypass", [False, True])
def test_the_services_cannot_dispose(objects_url: str, key: str, *, bypass: bool) -> None:
    """With the services' credential no version goes, locked or not, with or without bypass."""
    objects, keeping = open_objects(objects_url), open_keeping(objects_url)
    stored = objects.put(key, [BODY], sha256=digest(BODY))
    with pytest.raises(Conflict):
        keeping.dispose(key, stored.version_id, is_bypass=bypass)
    assert read(objects, key, stored.version_id) == BODY


def test_a_delete_marker_hides_nothing_from_us(objects_url: str, keeper_url: str, key: str) -> None:
    """After an unversioned delete the evidence still reads under its version, and `newest` shows the marker."""
    objects = open_objects(objects_url)
    stored = objects.put(key, [BODY], sha256=digest(BODY))
    _client(keeper_url).remove_object("evidence", key)
    assert objects.newest(key) is None
    assert read(objects, key, stored.version_id) == BODY
    assert objects.stat(key, stored.version_id).size_bytes == len(BODY)
    assert objects.put(key, [b"again"], sha256=digest(b"again")).version_id != stored.version_id


def test_doctor_is_content_with_the_stand_and_changes_nothing(objects_url: str, tmp_path: Path) -> None:
    """A store as provisioned has no faults, nor has a fresh folder; asking leaves no object behind."""
    assert open_objects(objects_url).check() == []
    assert open_objects(folder_url(tmp_path)).check() == []
    assert list(_client(objects_url).list_objects("evidence", prefix="doctor/", recursive=True)) == []


def test_doctor_sees_a_credential_that_may_too_much(root_url: str) -> None:
    """A credential that could delete evidence or lift holds is reported as such."""
    texts = " ".join(one.words.en for one in open_objects(root_url).check())
    assert "may delete evidence" in texts
    assert "may lift legal holds" in texts


def test_doctor_names_a_missing_and_a_careless_bucket(root_url: str) -> None:
    """A bucket that is missing, keeps no versions, has no lock, or locks by default is named with the remedy."""
    root = _client(root_url)
    for name, lock in (("careless", False), ("eager", True)):
        if not root.bucket_exists(name):
            root.make_bucket(name, object_lock=lock)
    root.set_object_lock_config("eager", ObjectLockConfig(GOVERNANCE, 1, DAYS))
    texts = {
        name: " ".join(
            one.words.en for one in open_objects(root_url.replace("/evidence", f"/{name}")).check()
        )
        for name in ("absent", "careless", "eager")
    }
    hoarding = root_url.replace("staging=staging", "staging=eager")
    assert "bucket absent is missing" in texts["absent"]
    assert "keeps no versions" in texts["careless"]
    assert "no object lock" in texts["careless"]
    assert "locks every object by default" in texts["eager"]
    assert Health.STAGING_VERSIONED in {one.code for one in open_objects(hoarding).check()}


def test_an_unversioned_bucket_is_noticed_by_the_first_put(root_url: str, key: str) -> None:
    """A store that names no version cannot keep evidence apart from its overwriting: the put says so."""
    root = _client(root_url)
    if not root.bucket_exists("careless"):
        root.make_bucket("careless")
    with pytest.raises(Unavailable, check=lambda err: err.slug == "objects-unversioned"):
        open_objects(root_url.replace("/evidence", "/careless")).put(key, [BODY], sha256=digest(BODY))


def _client(url: str) -> Minio:
    parts = urlsplit(url)
    return Minio(
        f"{parts.hostname}:{parts.port}",
        unquote(f"{parts.username}"),
        unquote(f"{parts.password}"),
        region="us-east-1",
        secure=False,
    )
