"""One contract, every object store: the folder, MinIO, and a second S3 store under `make s3-contract`."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.errors import Conflict, DigestMismatch, EvidenceError, Gone, NotFound, Unavailable
from storage.objects.port import Objects, Stored, open_objects
from tests.stand import ROOT, free_port
from tests.stores import (
    MIB,
    MIN_PART_BYTES,
    STORES,
    digest,
    folder_url,
    fresh_key,
    read,
    sent,
    store_urls,
)

NO_VERSION = "00000000-0000-4000-8000-000000000000"
VERSION_OF_S3 = "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY+MTRCxf3vjVBH40Nrjf=="
"""As S3 may call one: a name that is not quoted, or is signed otherwise than it is sent, asks another question."""
STREAM_MIB = 96


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return store_urls(request, tmp_path)[0]


@pytest.fixture
def objects(url: str) -> Objects:
    return open_objects(url)


@pytest.fixture
def key() -> str:
    return fresh_key()


def test_what_was_put_is_read_back_and_described(objects: Objects, key: str) -> None:
    """An object made of several pieces reads back whole under its version, with size and checksum."""
    stored = objects.put(key, [b"evi", memoryview(b"den"), b"", b"ce"], sha256=digest(b"evidence"))
    found = objects.stat(key, stored.version_id)
    assert read(objects, key, stored.version_id) == b"evidence"
    assert (found.size_bytes, found.version_id, stored.size_bytes) == (8, stored.version_id, 8)
    assert (found.retain_until, found.legal_hold) == (None, False)
    assert found.checksum_sha256_b64 is not None


def test_an_empty_object_is_an_object(objects: Objects, key: str) -> None:
    """A file of no bytes is stored, described and read like any other."""
    stored = objects.put(key, [], sha256=digest())
    assert objects.stat(key, stored.version_id).size_bytes == 0
    assert read(objects, key, stored.version_id) == b""
    assert read(objects, key, stored.version_id, start=0, length=5) == b""


def test_putting_the_same_bytes_again_is_the_same_object(objects: Objects, key: str) -> None:
    """A repeated put is success and makes no second version, however its pieces are cut."""
    first = objects.put(key, [b"evidence"], sha256=digest(b"evidence"))
    assert objects.put(key, [b"evid", b"ence"], sha256=digest(b"evidence")) == first


def test_other_bytes_under_a_taken_key_are_refused(objects: Objects, key: str) -> None:
    """A key that holds other bytes, also of the same length, conflicts and keeps what it had."""
    first = objects.put(key, [b"evidence"], sha256=digest(b"evidence"))
    for other in (b"Evidence", b"evidence!"):
        with pytest.raises(Conflict) as caught:
            objects.put(key, [other], sha256=digest(other))
        assert caught.value.slug == "object-exists"
    assert read(objects, key, first.version_id) == b"evidence"


def test_an_overwrite_on_purpose_keeps_the_old_version(objects: Objects, key: str) -> None:
    """Without `if_absent` a second version appears, and the first still reads under its own name."""
    first = objects.put(key, [b"one"], sha256=digest(b"one"))
    second = objects.put(key, [b"two"], sha256=digest(b"two"), if_absent=False)
    assert first.version_id != second.version_id
    assert read(objects, key, first.version_id) == b"one"
    assert read(objects, key, second.version_id) == b"two"


def test_the_newest_version_is_known(objects: Objects, key: str) -> None:
    """A bare key shows its last version, and an unknown key shows nothing."""
    assert objects.newest(key) is None
    first = objects.put(key, [b"one"], sha256=digest(b"one"))
    assert objects.newest(key) == first.version_id
    second = objects.put(key, [b"two"], sha256=digest(b"two"), if_absent=False)
    assert objects.newest(key) == second.version_id


def test_bytes_that_differ_from_their_digest_are_never_kept(objects: Objects, key: str) -> None:
    """The store itself refuses a wrong digest, for objects, parts and tails, and the key stays free."""
    ref = objects.begin_parts(key)
    wrong = digest(b"something else")
    with pytest.raises(DigestMismatch):
        objects.put(key, [b"evidence"], sha256=wrong)
    with pytest.raises(DigestMismatch):
        objects.put_part(key, ref, 1, [b"evidence"], sha256=wrong)
    with pytest.raises(DigestMismatch):
        objects.put_staging(key, [b"evidence"], sha256=wrong)
    with pytest.raises(NotFound):
        objects.read_staging(key)
    objects.abort_parts(key, ref)
    assert objects.put(key, [b"right"], sha256=digest(b"right")).size_bytes == 5


def test_parts_with_gaps_sent_out_of_order_and_twice_make_one_object(objects: Objects, key: str) -> None:
    """Numbers need only ascend; of a number sent twice the later body counts."""
    first, last = os.urandom(MIN_PART_BYTES), b"tail"
    ref = objects.begin_parts(key)
    parts = [sent(objects, key, ref, 9, last)]
    sent(objects, key, ref, 3, os.urandom(MIN_PART_BYTES))
    parts.insert(0, sent(objects, key, ref, 3, first))
    stored = objects.finish_parts(key, ref, parts)
    assert stored.size_bytes == len(first) + len(last)
    assert read(objects, key, stored.version_id) == first + last


def test_a_part_that_was_replaced_cannot_be_claimed(objects: Objects, key: str) -> None:
    """Finishing with the description of a body that was overwritten is a conflict; the right one still works."""
    ref = objects.begin_parts(key)
    old = sent(objects, key, ref, 1, b"old body")
    new = sent(objects, key, ref, 1, b"new body")
    with pytest.raises(Conflict) as caught:
        objects.finish_parts(key, ref, [old])
    assert caught.value.slug == "parts-differ"
    assert read(objects, key, objects.finish_parts(key, ref, [new]).version_id) == b"new body"


def test_finishing_twice_gives_the_same_object(objects: Objects, key: str) -> None:
    """The repeat of a finish whose answer was lost names the version that the first one made."""
    ref = objects.begin_parts(key)
    parts = [sent(objects, key, ref, 1, os.urandom(MIN_PART_BYTES)), sent(objects, key, ref, 2, b"tail")]
    first = objects.finish_parts(key, ref, parts)
    assert objects.finish_parts(key, ref, parts) == first
    assert objects.finish_parts(key, ref, parts) == first


def test_finishing_onto_other_bytes_is_a_conflict(objects: Objects, key: str) -> None:
    """Parts never replace an object that is there already."""
    kept = objects.put(key, [b"evidence"], sha256=digest(b"evidence"))
    ref = objects.begin_parts(key)
    part = sent(objects, key, ref, 1, b"Evidence")
    with pytest.raises(Conflict):
        objects.finish_parts(key, ref, [part])
    assert read(objects, key, kept.version_id) == b"evidence"


def test_aborted_parts_are_gone(objects: Objects, key: str) -> None:
    """After an abort nothing can be sent or finished; aborting again is success."""
    ref = objects.begin_parts(key)
    part = sent(objects, key, ref, 1, b"body")
    objects.abort_parts(key, ref)
    objects.abort_parts(key, ref)
    with pytest.raises(Gone, check=lambda err: err.slug == "parts-unknown"):
        objects.put_part(key, ref, 2, [b"more"], sha256=digest(b"more"))
    with pytest.raises(Gone, check=lambda err: err.slug == "parts-unknown"):
        objects.finish_parts(key, ref, [part])


@pytest.mark.parametrize(
    ("start", "length", "wanted"),
    [
        (0, None, b"0123456789"), (3, None, b"3456789"), (0, 1, b"0"), (9, 1, b"9"),
        (2, 5, b"23456"), (8, 100, b"89"), (4, 0, b""),
        (10, None, b""), (10, 5, b""), (99, None, b""),
    ],
)  # fmt: skip
def test_windows(objects: Objects, key: str, start: int, length: int | None, wanted: bytes) -> None:
    """A window gives exactly its bytes, ends with the object, and may be empty."""
    stored = objects.put(key, [b"0123456789"], sha256=digest(b"0123456789"))
    assert read(objects, key, stored.version_id, start=start, length=length) == wanted


@pytest.mark.parametrize("version_id", [NO_VERSION, VERSION_OF_S3])
def test_what_is_not_there_is_not_found(objects: Objects, key: str, version_id: str) -> None:
    """An unknown key, and an unknown version of a known key, are not found; neither can be locked."""
    objects.put(key, [b"evidence"], sha256=digest(b"evidence"))
    for name in (key, fresh_key()):
        with pytest.raises(NotFound):
            objects.stat(name, version_id)
        with pytest.raises(NotFound), objects.open(name, version_id):
            pass
        with pytest.raises(NotFound):
            objects.retain(name, version_id, datetime.now(UTC) + timedelta(days=1))


def test_tails_are_replaced_read_and_dropped(objects: Objects, key: str) -> None:
    """A tail may be overwritten; dropping one that is gone is success."""
    objects.put_staging(key, [b"one"], sha256=digest(b"one"))
    objects.put_staging(key, [b"two", b"!"], sha256=digest(b"two!"))
    assert objects.read_staging(key) == b"two!"
    objects.delete_staging(key)
    objects.delete_staging(key)
    with pytest.raises(NotFound):
        objects.read_staging(key)


def test_old_tails_are_found_and_young_ones_are_not(objects: Objects) -> None:
    """Tails are listed by age, so that a sweep never meets one whose row has yet to commit."""
    key = f"tails/{fresh_key()}/1"
    objects.put_staging(key, [b"one"], sha256=digest(b"one"))
    now = datetime.now(UTC)

    assert key in set(objects.old_staging(now + timedelta(minutes=5)))
    assert key not in set(objects.old_staging(now - timedelta(minutes=5)))
    objects.delete_staging(key)
    assert key not in set(objects.old_staging(now + timedelta(minutes=5)))


def test_evidence_is_listed_by_age(objects: Objects, key: str) -> None:
    """Every key is told once its object is old enough, however deep it lies, and the staging bucket is another."""
    objects.put(key, [b"one"], sha256=digest(b"one"))
    objects.put_staging(f"tails/{fresh_key()}/1", [b"one"], sha256=digest(b"one"))
    now = datetime.now(UTC)

    listed = list(objects.old_evidence(now + timedelta(minutes=5)))
    assert listed.count(key) == 1
    assert not any(one.startswith("tails/") for one in listed)
    assert key not in set(objects.old_evidence(now - timedelta(minutes=5)))


@pytest.mark.parametrize("size", [0, 1, MIN_PART_BYTES - 1, MIN_PART_BYTES, 2 * MIN_PART_BYTES + 7])
def test_a_stream_of_unknown_size_is_stored_whole_and_may_be_repeated(
    objects: Objects, key: str, size: int
) -> None:
    """Sizes around the part size survive, and the same bytes in other chunks are the same object."""
    body = os.urandom(size)
    first = objects.put_stream(key, _chunks(body, 999_999), part_bytes=MIN_PART_BYTES)
    assert read(objects, key, first.version_id) == body
    assert objects.put_stream(key, _chunks(body, 3 * MIB), part_bytes=MIN_PART_BYTES) == first


def test_a_stream_that_breaks_leaves_its_key_free(objects: Objects, key: str) -> None:
    """An error of the producer passes through and no object appears."""

    def broken():
        yield os.urandom(MIN_PART_BYTES + 1)
        raise RuntimeError("the producer broke")

    with pytest.raises(RuntimeError, match="the producer broke"):
        objects.put_stream(key, broken(), part_bytes=MIN_PART_BYTES)
    assert objects.put(key, [b"free"], sha256=digest(b"free")).size_bytes == 4


def test_of_writers_at_the_same_moment_one_wins(objects: Objects, key: str) -> None:
    """Two bodies raced by eight threads: one is stored once, its writers all get it, the others conflict."""
    outcomes: list[Stored | None] = [None] * 8
    gate = threading.Barrier(8)

    def write(place: int) -> None:
        body = b"even" if place % 2 == 0 else b"odd!"
        gate.wait()
        try:
            outcomes[place] = objects.put(key, [body], sha256=digest(body))
        except Conflict:
            outcomes[place] = None

    threads = [threading.Thread(target=write, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [outcome for outcome in outcomes if outcome is not None]
    assert len(winners) == 4
    assert len({winner.version_id for winner in winners}) == 1
    assert {outcome is None for outcome in outcomes[::2]} != {outcome is None for outcome in outcomes[1::2]}


@pytest.mark.parametrize(
    "bad", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.b", "a b", "证据", "a\0", "a" * 600]
)
def test_keys_outside_the_grammar_never_reach_the_store(objects: Objects, bad: str) -> None:
    """A key that could leave its folder or need quoting is invalid for every operation that takes one."""
    for act in (
        lambda: objects.put(bad, [b""], sha256=digest()),
        lambda: objects.begin_parts(bad),
        lambda: objects.put_staging(bad, [b""], sha256=digest()),
        lambda: objects.read_staging(bad),
        lambda: objects.stat(bad, NO_VERSION),
    ):
        with pytest.raises(EvidenceError) as caught:
            act()
        assert caught.value.slug == "object-key-invalid"


def test_a_stream_is_stored_in_flat_memory(url: str, key: str) -> None:
    """Three times the bound passes through, and the process grows by a few parts only."""
    program = f"""
import resource, sys
from storage.objects.port import open_objects
objects = open_objects({url!r})
objects.put_stream({key!r} + "/warm", iter([b"warm"]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
chunks = (bytes([n]) * {MIB} for n in range({STREAM_MIB}))
stored = objects.put_stream({key!r} + "/flat", chunks, part_bytes={MIN_PART_BYTES})
assert stored.size_bytes == {STREAM_MIB * MIB}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    grown_mib = int(done.stdout) * 1024 / MIB
    assert grown_mib < STREAM_MIB / 3


def test_a_store_that_is_down_is_unavailable(key: str, objects_url: str, tmp_path: Path) -> None:
    """Nobody listening, or a folder that is a file: every call says so in the one retryable way."""
    port = objects_url.rsplit("@", 1)[1].split("/", 1)[0].rsplit(":", 1)[1]
    down = open_objects(objects_url.replace(f":{port}/", f":{free_port()}/"))
    for act in (
        lambda: down.put(key, [b""], sha256=digest()),
        lambda: down.stat(key, NO_VERSION),
        lambda: down.read_staging(key),
        lambda: down.begin_parts(key),
        down.reach,
        down.check,
    ):
        with pytest.raises(Unavailable) as caught:
            act()
        assert caught.value.slug == "objects-unavailable"
    (tmp_path / "objects").write_bytes(b"")
    with pytest.raises(Unavailable):
        open_objects(folder_url(tmp_path))


def test_a_wrong_secret_is_unavailable_and_says_nothing_of_it(key: str, objects_url: str) -> None:
    """A refused credential uses no attempt of an honest recording, and no message carries the secret."""
    secret = objects_url.split(":", 2)[2].split("@", 1)[0]
    wrong = open_objects(objects_url.replace(secret, "wrong-secret"))
    with pytest.raises(Unavailable) as caught:
        wrong.put(key, [b""], sha256=digest())
    assert caught.value.slug == "objects-denied"
    assert "wrong-secret" not in repr(caught.value.facts) + str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [
        "relative/folder", "file://host/folder", "file:///folder?retention_mode=NEVER",
        "s3+http://host/evidence?staging=staging", "s3+http://key:hush@host/evidence",
        "s3+http://key:hush@host/?staging=staging", "https://key:hush@host/evidence?staging=staging",
        "s3+http://key:hush@host/evidence?staging=staging&retention_mode=NEVER",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_right_is_refused_at_once(bad: str) -> None:
    """A missing piece is named when the store is opened, and the secret is not repeated."""
    with pytest.raises(ValueError) as caught:
        open_objects(bad)
    assert "hush" not in str(caught.value)


def _chunks(body: bytes, size: int):
    return (body[begin : begin + size] for begin in range(0, len(body), size))
