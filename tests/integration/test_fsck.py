"""`fsck` on real parts: every code is provoked alone, nothing hides anything else, and silence is never a pass."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from schemas.case import CaseState
from schemas.catalogue import words_of
from schemas.chain import leaf_digest, step, tree_hash
from schemas.fsck import FaultCode
from schemas.ids import RecordingId
from schemas.leaf import leaf_bytes, parse_leaf
from schemas.leaves_case import CaseClose
from schemas.leaves_log import TrailSeal
from storage.objects.folder import side_path
from storage.outbox import JobKind
from storage.personal import opened_bytes, sealed
from storage.tables.monitoring import monitoring_records
from tests.evidence import Copy, World, copy_of, make_world
from tests.supervision import drain
from tests.tampering import chained_anew


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(database_url, tmp_path_factory.mktemp("world"))


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Copy]:
    with copy_of(world, tmp_path) as made:
        yield made


ENROLMENT = "FROM custody_entries WHERE subject = :about AND event = 'device:enrol' ORDER BY id LIMIT 1"
OF_SPARE = f"digest = (SELECT digest {ENROLMENT})"


def overwrite(path: Path, payload: bytes) -> None:
    path.unlink()
    path.write_bytes(payload)


def flip(path: Path) -> None:
    payload = bytearray(path.read_bytes())
    payload[len(payload) // 2] ^= 1
    overwrite(path, bytes(payload))


def entry_of_spare(copy: Copy) -> str:
    return f"entry/{copy.scalar(f'SELECT entry_id {ENROLMENT}', about=f'device/{copy.world.spare}')}"


def last_checkpoint(copy: Copy) -> str:
    return f"checkpoint/{copy.scalar('SELECT max(size) FROM checkpoints')}"


def leaf_altered(copy: Copy) -> str:
    copy.damage(
        "UPDATE custody_entries SET leaf = leaf || ' ' WHERE subject = :about AND event = 'device:enrol'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def leaf_of_nonsense(copy: Copy) -> str:
    ident = uuid4()
    copy.damage(
        "INSERT INTO custody_entries (entry_id, event, ev, actor, subject, at, leaf, digest, leaf_hash)"
        " VALUES (:id, 'device:enrol', 0, 'system', :about, now(), :leaf, sha256(:leaf), :hash)",
        id=ident,
        about=f"device/{copy.world.spare}",
        leaf=b"no json",
        hash=tree_hash(b"no json"),
    )
    return f"entry/{ident}"


def actor_changed(copy: Copy) -> str:
    copy.damage(
        "UPDATE custody_entries SET actor = 'account/x' WHERE subject = :about AND event = 'device:enrol'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def entry_dropped(copy: Copy) -> str:
    about = f"device/{copy.world.bureau.device.id}"
    enrolled = "FROM custody_entries WHERE subject = :about AND event = 'device:enrol'"
    index = copy.scalar(f"SELECT leaf_index {enrolled}", about=about)
    copy.damage(f"DELETE {enrolled}", about=about)
    return f"leaf_index/{index}"


def tile_dropped(copy: Copy) -> str:
    copy.damage("DELETE FROM log_tiles WHERE level = 0 AND n = 0")
    return "tile/0/0"


def tile_altered(copy: Copy) -> str:
    copy.damage("UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))")
    return "tile/0/0"


def tile_added(copy: Copy) -> str:
    copy.damage("INSERT INTO log_tiles VALUES (0, 9, 'x')")
    return "tile/0/9"


def note_altered(copy: Copy) -> str:
    copy.damage("UPDATE checkpoints SET note = note || 'x' WHERE size = (SELECT max(size) FROM checkpoints)")
    return last_checkpoint(copy)


def root_altered(copy: Copy) -> str:
    copy.damage("UPDATE checkpoints SET root = sha256(root) WHERE size = (SELECT max(size) FROM checkpoints)")
    return last_checkpoint(copy)


def history_rewritten(copy: Copy) -> str:
    last = copy.scalar("SELECT max(leaf_index) FROM custody_entries")
    leaf = parse_leaf(
        bytes(copy.scalar("SELECT leaf FROM custody_entries WHERE leaf_index = :last", last=last))
    )
    copy.relog(last, leaf_bytes(replace(leaf, salt="0" * 32)))
    return last_checkpoint(copy)


def place_moved(copy: Copy) -> str:
    about = f"device/{copy.world.spare}"
    copy.damage(
        "UPDATE chain_places SET of = :other WHERE of = :about", about=about, other=f"device/{uuid4()}"
    )
    return entry_of_spare(copy)


def opening_dropped(copy: Copy) -> str:
    copy.damage(
        f"DELETE FROM openings WHERE {OF_SPARE} AND member = 'name'", about=f"device/{copy.world.spare}"
    )
    return entry_of_spare(copy)


def opening_exchanged(copy: Copy) -> str:
    copy.damage(
        f"UPDATE openings SET opening = 'x' WHERE {OF_SPARE} AND member = 'name'",
        about=f"device/{copy.world.spare}",
    )
    return entry_of_spare(copy)


def opening_added(copy: Copy) -> str:
    copy.damage("INSERT INTO openings (digest, member, opening) VALUES (sha256('x'), 'name', 'x')")
    return f"leaf/{hashlib.sha256(b'x').hexdigest()}"


def chain_torn(copy: Copy) -> str:
    """A leaf is put in the place of another: nothing after it follows."""
    about = f"case/{copy.world.case}"
    copy.damage(
        "UPDATE chain_places SET n = n + 100 WHERE of = :about AND n = 2",
        about=about,
    )
    return about


def chain_set_back(copy: Copy) -> str:
    about = f"device/{copy.world.spare}"
    copy.damage("UPDATE chains SET n = 0 WHERE of = :about", about=about)
    return about


def acts_unlawfully(copy: Copy) -> str:
    """Somebody logs for a case what its rules do not allow, with a chain that holds."""
    about = f"case/{copy.world.case}"
    with copy.store.begin() as tx:
        tx.custody.hold(about)
        tx.custody.append(CaseClose(to=CaseState.CLOSED), about, actor=copy.bureau.handler.reference)
    return about


def row_dropped(copy: Copy) -> str:
    copy.damage("DELETE FROM devices WHERE id = :id", id=copy.world.spare)
    return f"device/{copy.world.spare}"


def row_added(copy: Copy) -> str:
    copy.damage(
        "INSERT INTO case_handlers (case_id, account_id) VALUES (:case, :other)",
        case=copy.world.case,
        other=copy.bureau.reviewer.id,
    )
    return f"case/{copy.world.case}"


def column_changed(copy: Copy) -> str:
    copy.damage("UPDATE recordings SET sm3 = 'x' WHERE id = :id", id=copy.world.photo)
    return f"recording/{copy.world.photo}"


def checkpoint_dropped(copy: Copy) -> str:
    size = copy.scalar("SELECT max(size) FROM checkpoints")
    copy.damage("DELETE FROM checkpoints WHERE size = :size", size=size)
    return f"checkpoint/{size}"


def log_cut(copy: Copy) -> str:
    copy.damage(
        "DELETE FROM custody_entries WHERE leaf_index = (SELECT max(leaf_index) FROM custody_entries)"
    )
    copy.retile()
    return last_checkpoint(copy)


def batch_row_altered(copy: Copy) -> str:
    """Somebody with the key writes the row as another; whoever has none spoils it, which is named too."""
    kept = copy.scalar("SELECT raw FROM monitoring_records WHERE id = :id", id=copy.world.record)
    with copy.store.begin() as tx:
        column = monitoring_records.c.raw
        raw = opened_bytes(tx.connection, column, copy.world.record, kept) + b" "
        made = sealed(tx.connection, column, copy.world.record, raw)
    copy.damage("UPDATE monitoring_records SET raw = :raw WHERE id = :id", raw=made, id=copy.world.record)
    ident = copy.scalar("SELECT intake_id FROM monitoring_records WHERE id = :id", id=copy.world.record)
    return f"intake/{ident}"


def party_spoilt(copy: Copy) -> str:
    copy.damage(
        "UPDATE cases SET party = set_byte(party, 30, 255 - get_byte(party, 30)) WHERE id = :id",
        id=copy.world.case,
    )
    return f"case/{copy.world.case}"


def evidence_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE reviews SET evidence = '{\"facts\": []}' WHERE id = :id", id=copy.world.review)
    return f"review/{copy.world.review}"


def member_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE audit_population SET member_id = gen_random_uuid() WHERE position = 0")
    return f"audit/{copy.world.audit}"


def sample_exchanged(copy: Copy) -> str:
    copy.damage("UPDATE audit_sample SET member_id = gen_random_uuid()")
    return f"audit/{copy.world.audit}"


def signature_altered(copy: Copy) -> str:
    copy.damage(
        "UPDATE manifests SET signature = signature || 'A'"
        " WHERE id = (SELECT manifest_id FROM recordings WHERE id = :id)",
        id=copy.world.photo,
    )
    return f"recording/{copy.world.photo}"


def other_bytes_sealed(copy: Copy) -> str:
    ident = copy.bureau.device.send("other.bin", b"other", declared_sha256="0" * 64)
    copy.bureau.conclude(ident, b"other")
    query = "SELECT retain_until FROM recordings WHERE id = :id"
    version = copy.path(ident).name[1:]
    key = copy.scalar("SELECT object_key FROM recordings WHERE id = :id", id=ident)
    copy.store.objects.retain(key, version, copy.scalar(query, id=ident))
    return f"recording/{ident}"


def object_gone(copy: Copy) -> str:
    copy.path(copy.world.sealed).unlink()
    return f"recording/{copy.world.sealed}"


def side_file_damaged(copy: Copy) -> str:
    overwrite(side_path(copy.path(copy.world.sealed)), b"nonsense")
    return f"recording/{copy.world.sealed}"


def object_grown(copy: Copy) -> str:
    path = copy.path(copy.world.sealed)
    overwrite(path, path.read_bytes() + b"x")
    return f"recording/{copy.world.sealed}"


def object_covered(copy: Copy) -> str:
    path = copy.path(copy.world.sealed)
    shutil.copy(path, path.with_name(f"@{'f' * 24}"))
    return f"recording/{copy.world.sealed}"


def object_flipped(copy: Copy) -> str:
    flip(copy.path(copy.world.sealed))
    return f"recording/{copy.world.sealed}"


def lock_taken_off(copy: Copy) -> str:
    side = side_path(copy.path(copy.world.sealed))
    overwrite(side, json.dumps({**json.loads(side.read_bytes()), "retain_until": None}).encode())
    return f"recording/{copy.world.sealed}"


def lock_as_sealed(copy: Copy) -> str:
    """The lock of what an open case rests on ends where its seal said, as if nobody had raised it."""
    ident, case = RecordingId(copy.world.sealed), copy.bureau.open()
    with copy.store.begin() as tx:
        tx.cases.link(copy.bureau.handler, case.id, ident, case.version)
    drain(copy.store, JobKind.RETAIN)
    until = copy.scalar("SELECT retain_until FROM recordings WHERE id = :id", id=ident)
    side = side_path(copy.path(ident))
    ends = until.isoformat().replace("+00:00", "Z")
    overwrite(side, json.dumps({**json.loads(side.read_bytes()), "retain_until": ends}).encode())
    return f"recording/{ident}"


def derivative_gone(copy: Copy) -> str:
    copy.derived(copy.world.photo).unlink()
    return f"recording/{copy.world.photo}"


def derivative_flipped(copy: Copy) -> str:
    flip(copy.derived(copy.world.photo))
    return f"recording/{copy.world.photo}"


def derivative_of_another(copy: Copy) -> str:
    copy.damage("UPDATE derivatives SET parent_sha256 = 'x' WHERE recording_id = :id", id=copy.world.photo)
    return f"recording/{copy.world.photo}"


OPENINGS = (FaultCode.OPENING_MISSING, FaultCode.OPENING_UNEXPECTED)

_DAY = "(SELECT day FROM trail_rows GROUP BY day ORDER BY count(*) DESC LIMIT 1)"
_SECOND = f"FROM trail_rows WHERE day = {_DAY} AND n = 2"
_EMPTY = "FROM custody_entries WHERE event = 'trail:seal' ORDER BY id DESC OFFSET 1 LIMIT 1"
_LIKE = "event, result, code, asked, about, address, at, last_at"


def trail_row_changed(copy: Copy) -> str:
    copy.damage(f"UPDATE trail_rows SET address = '10.9.9.9' WHERE id = (SELECT id {_SECOND})")
    return f"trail/{copy.scalar(f'SELECT id {_SECOND}')}"


def trail_row_dropped(copy: Copy) -> str:
    day = copy.scalar(f"SELECT day::text {_SECOND}")
    copy.damage(f"DELETE {_SECOND}")
    return f"trail/{day}"


def trail_row_inserted(copy: Copy) -> str:
    copy.damage(f"INSERT INTO trail_rows (day, {_LIKE}) SELECT day, {_LIKE} {_SECOND}")
    return f"trail/{copy.scalar(f'SELECT id FROM trail_rows WHERE day = {_DAY} AND n IS NULL')}"


def trail_day_rewritten(copy: Copy) -> str:
    day = copy.scalar(f"SELECT day {_SECOND}")
    copy.damage(f"UPDATE trail_rows SET address = '10.9.9.9' WHERE day = {_DAY}")
    with copy.store.begin() as tx:
        tx.connection.execute(text("SET LOCAL session_replication_role = replica"))
        chained_anew(tx.connection, day)
    return f"trail/{day}"


def trail_day_dropped(copy: Copy) -> str:
    """A day without rows, whose seal the log has not integrated: nothing else tells."""
    day = copy.scalar("SELECT day FROM trail_seals ORDER BY day DESC OFFSET 1 LIMIT 1")
    copy.damage(f"DELETE FROM custody_entries WHERE id = (SELECT id {_EMPTY})")
    copy.damage("DELETE FROM trail_seals WHERE day = :day", day=day)
    return f"trail/{day}"


def trail_dropped_early(copy: Copy) -> str:
    """The last seal, which the log has not integrated, lets all rows go."""
    newest = "FROM custody_entries WHERE event = 'trail:seal' ORDER BY id DESC LIMIT 1"
    leaf = parse_leaf(bytes(copy.scalar(f"SELECT leaf {newest}")))
    assert isinstance(leaf.act, TrailSeal)
    after = (date.fromisoformat(leaf.act.day) + timedelta(days=1)).isoformat()
    made = leaf_bytes(replace(leaf, act=leaf.act.model_copy(update={"kept_from": after})))
    copy.damage(
        "UPDATE custody_entries SET leaf = :leaf, digest = sha256(:leaf), leaf_hash = :hash"
        f" WHERE id = (SELECT id {newest})",
        leaf=made,
        hash=tree_hash(made),
    )
    copy.damage("UPDATE trail_seals SET kept_from = :after WHERE day = :day", after=after, day=leaf.act.day)
    copy.damage("DELETE FROM trail_rows")
    return f"trail/{leaf.act.day}"


PROVOKED: dict[FaultCode, Callable[[Copy], str]] = {
    FaultCode.LEAF_HASH_DIFFERS: leaf_altered,
    FaultCode.LEAF_UNREADABLE: leaf_of_nonsense,
    FaultCode.ENTRY_DIFFERS_FROM_LEAF: actor_changed,
    FaultCode.INDEX_GAP: entry_dropped,
    FaultCode.TILE_MISSING: tile_dropped,
    FaultCode.TILE_DIFFERS: tile_altered,
    FaultCode.TILE_UNEXPECTED: tile_added,
    FaultCode.CHECKPOINT_NOTE_INVALID: note_altered,
    FaultCode.CHECKPOINT_ROW_DIFFERS: root_altered,
    FaultCode.CHECKPOINT_ROOT_DIFFERS: history_rewritten,
    FaultCode.CHECKPOINT_MISSING: checkpoint_dropped,
    FaultCode.CHECKPOINT_BEYOND_LOG: log_cut,
    FaultCode.PLACE_DIFFERS: place_moved,
    FaultCode.OPENING_MISSING: opening_dropped,
    FaultCode.OPENING_DIFFERS: opening_exchanged,
    FaultCode.OPENING_UNEXPECTED: opening_added,
    FaultCode.PERSONAL_UNREADABLE: party_spoilt,
    FaultCode.CHAIN_BROKEN: chain_torn,
    FaultCode.CHAIN_DIFFERS: chain_set_back,
    FaultCode.LEAF_UNLAWFUL: acts_unlawfully,
    FaultCode.LEAF_WITHOUT_ROW: row_dropped,
    FaultCode.ROW_WITHOUT_LEAF: row_added,
    FaultCode.COLUMN_DIFFERS: column_changed,
    FaultCode.INTAKE_ROWS_DIFFER: batch_row_altered,
    FaultCode.REVIEW_EVIDENCE_ALTERED: evidence_exchanged,
    FaultCode.POPULATION_CHANGED: member_exchanged,
    FaultCode.SAMPLE_DIFFERS: sample_exchanged,
    FaultCode.SEALED_WITH_BROKEN_CLAIM: signature_altered,
    FaultCode.SEALED_WITH_OTHER_BYTES: other_bytes_sealed,
    FaultCode.OBJECT_MISSING: object_gone,
    FaultCode.OBJECT_DAMAGED: side_file_damaged,
    FaultCode.OBJECT_SIZE_DIFFERS: object_grown,
    FaultCode.OBJECT_HIDDEN: object_covered,
    FaultCode.OBJECT_BYTES_DIFFER: object_flipped,
    FaultCode.RETENTION_MISSING: lock_taken_off,
    FaultCode.RETENTION_SHORT: lock_as_sealed,
    FaultCode.DERIVATIVE_MISSING: derivative_gone,
    FaultCode.DERIVATIVE_BYTES_DIFFER: derivative_flipped,
    FaultCode.DERIVATIVE_PARENT_DIFFERS: derivative_of_another,
    FaultCode.TRAIL_DAY_MISSING: trail_day_dropped,
    FaultCode.TRAIL_ROW_CHANGED: trail_row_changed,
    FaultCode.TRAIL_ROW_MISSING: trail_row_dropped,
    FaultCode.TRAIL_ROW_INSERTED: trail_row_inserted,
    FaultCode.TRAIL_ROOT_DIFFERS: trail_day_rewritten,
    FaultCode.TRAIL_KEPT_WRONG: trail_dropped_early,
}
"""What provokes each code; returns what the fault is about."""

ALSO: dict[FaultCode, set[FaultCode]] = {
    FaultCode.INDEX_GAP: {FaultCode.CHAIN_BROKEN, FaultCode.OPENING_UNEXPECTED},
    FaultCode.CHECKPOINT_ROOT_DIFFERS: {FaultCode.CHAIN_DIFFERS, *OPENINGS},
    FaultCode.CHECKPOINT_BEYOND_LOG: {FaultCode.CHAIN_BROKEN, FaultCode.OPENING_UNEXPECTED},
    FaultCode.PLACE_DIFFERS: {FaultCode.CHAIN_BROKEN, FaultCode.CHAIN_DIFFERS, FaultCode.ROW_WITHOUT_LEAF},
    FaultCode.CHAIN_BROKEN: {FaultCode.PLACE_DIFFERS},
    FaultCode.SAMPLE_DIFFERS: {FaultCode.LEAF_WITHOUT_ROW, FaultCode.ROW_WITHOUT_LEAF},
    FaultCode.SEALED_WITH_BROKEN_CLAIM: {FaultCode.COLUMN_DIFFERS},
    FaultCode.DERIVATIVE_PARENT_DIFFERS: {FaultCode.COLUMN_DIFFERS},
}
"""What follows from the same damage and is a contradiction of its own."""

WITHOUT_BYTES = {FaultCode.OBJECT_SIZE_DIFFERS}
"""Another size is other bytes too: alone it is seen where objects are not read again."""


@pytest.mark.parametrize("code", FaultCode)
def test_every_code_is_provoked_alone(copy: Copy, code: FaultCode) -> None:
    """Each declared code is found by its own damage, with its sentence, and nothing that does not follow from it."""
    about = PROVOKED[code](copy)
    said = copy.fsck(with_bytes=code not in WITHOUT_BYTES)

    assert (code, about) in said.faults
    assert {found for found, _ in said.faults} == {code} | ALSO.get(code, set())
    assert (said.unchecked, said.end["differences"], said.code) == ([], len(said.faults), 1)
    told = [text for event, text, facts in said.lines if event == "difference" and facts["code"] == code]
    assert all(str(words_of(code)) in text for text in told)


def test_a_sound_world_has_no_fault(copy: Copy) -> None:
    """Nothing is found, every part was looked at, and the last line says how much."""
    said = copy.fsck()

    assert (said.faults, said.unchecked, said.code) == ([], [], 0)
    assert said.end["checked"]["recordings"] == 3
    assert said.end["checked"]["bytes"] == 3
    assert all(said.end["checked"].values())


def test_what_is_not_there_is_not_counted_as_read(copy: Copy) -> None:
    """A missing object was looked for and not read: the count of objects read again is what was read."""
    object_gone(copy)
    derivative_gone(copy)
    said = copy.fsck()

    assert said.code == 1
    assert (said.end["checked"]["objects"], said.end["checked"]["bytes"]) == (3, 1)


def test_without_bytes_it_says_so(copy: Copy) -> None:
    """A run that reads no object again counts none and says that it did not."""
    said = copy.fsck(with_bytes=False)

    assert said.code == 0
    assert "bytes" not in said.end["checked"]
    assert "--no-bytes" in said.lines[-1][1]


def test_no_damage_hides_another(copy: Copy) -> None:
    """All of these at once are all named: no side file, leaf, row or object ends the run."""
    together = [
        FaultCode.LEAF_UNREADABLE,
        FaultCode.TILE_UNEXPECTED,
        FaultCode.OPENING_MISSING,
        FaultCode.LEAF_WITHOUT_ROW,
        FaultCode.ROW_WITHOUT_LEAF,
        FaultCode.COLUMN_DIFFERS,
        FaultCode.INTAKE_ROWS_DIFFER,
        FaultCode.REVIEW_EVIDENCE_ALTERED,
        FaultCode.POPULATION_CHANGED,
        FaultCode.OBJECT_DAMAGED,
        FaultCode.DERIVATIVE_MISSING,
    ]
    expected = [(code, PROVOKED[code](copy)) for code in together]
    said = copy.fsck()

    assert sorted(said.faults) == sorted(expected)
    assert said.code == 1


HOSTILE: dict[str, tuple[str, FaultCode]] = {
    "a time past all calendars": (
        "UPDATE recordings SET retain_until = 'infinity' WHERE state = 'sealed' AND sm3 IS NOT NULL",
        FaultCode.COLUMN_DIFFERS,
    ),
    "an entry before all calendars": (
        "UPDATE custody_entries SET at = '-infinity' WHERE leaf_index = 0",
        FaultCode.ENTRY_DIFFERS_FROM_LEAF,
    ),
    "a number too long to read": (
        "UPDATE reviews SET evidence = jsonb_build_object('n', repeat('9', 9000)::numeric)",
        FaultCode.REVIEW_EVIDENCE_ALTERED,
    ),
    "a number with a fraction": (
        "UPDATE reviews SET evidence = '{\"n\": 0.5}'",
        FaultCode.REVIEW_EVIDENCE_ALTERED,
    ),
    "a document that is a list": ("UPDATE reviews SET evidence = '[1]'", FaultCode.REVIEW_EVIDENCE_ALTERED),
    "values that are numbers": ("UPDATE audits SET values = '[1]'", FaultCode.COLUMN_DIFFERS),
    "values that are null": ("UPDATE audits SET values = 'null'", FaultCode.COLUMN_DIFFERS),
    "a key that is a number": (
        "UPDATE devices SET jwk = '5' WHERE id IN (SELECT device_id FROM manifests)",
        FaultCode.SEALED_WITH_BROKEN_CLAIM,
    ),
    "a file of no manifest": (
        "UPDATE recordings SET file_index = 2000000000 WHERE state = 'sealed'",
        FaultCode.SEALED_WITH_BROKEN_CLAIM,
    ),
    "a revoked key": (
        "UPDATE devices SET revoked_at = '-infinity' WHERE id IN (SELECT device_id FROM manifests)",
        FaultCode.SEALED_WITH_BROKEN_CLAIM,
    ),
    "a key of an object that is none": (
        "UPDATE recordings SET object_key = '../../etc/passwd' WHERE state = 'received'",
        FaultCode.OBJECT_MISSING,
    ),
    "an index below zero": (
        "UPDATE custody_entries SET leaf_index = -1 WHERE leaf_index IS NULL AND event = 'recording:receive'",
        FaultCode.INDEX_GAP,
    ),
    "a checkpoint below one": (
        "UPDATE checkpoints SET size = 0 WHERE size = (SELECT max(size) FROM checkpoints)",
        FaultCode.CHECKPOINT_ROW_DIFFERS,
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_no_value_ends_the_run(copy: Copy, what: str) -> None:
    """A value that no driver or parser reads is a fault with a name, and everything else was looked at."""
    statement, code = HOSTILE[what]
    copy.damage(statement.replace("SET values", 'SET "values"'))
    said = copy.fsck()

    assert code in {found for found, _ in said.faults}
    assert (said.unchecked, said.code) == ([], 1)


def test_a_leaf_of_another_time_is_never_a_pass(copy: Copy) -> None:
    """A leaf of a version that this program does not know: its case is not understood from there, and the run says so."""
    about = acts_unlawfully(copy)
    known = bytes(copy.scalar("SELECT leaf FROM custody_entries WHERE event = 'case:close'"))
    leaf = known.replace(b'"ev":1,"event":"case:close"', b'"ev":9,"event":"case:close"')
    place = parse_leaf(leaf).place(about)
    assert place is not None
    copy.damage(
        "UPDATE custody_entries SET leaf = :leaf, ev = 9, digest = sha256(:leaf), leaf_hash = :hash"
        " WHERE event = 'case:close'",
        leaf=leaf,
        hash=tree_hash(leaf),
    )
    head = step(place.prev, leaf_digest(leaf), "case:close")
    copy.damage("UPDATE chains SET head = :head WHERE of = :about", head=bytes.fromhex(head), about=about)
    said = copy.fsck()

    assert said.faults == []
    assert [(one["part"], one["subject"]) for one in said.unchecked] == [("chains", about)]
    assert said.code == 3


def test_the_log_is_asked_for_its_rows(copy: Copy) -> None:
    """After all recordings are gone, each is named: a run that begins at rows alone would find nothing."""
    copy.damage("DELETE FROM recordings")
    said = copy.fsck()

    lost = [copy.world.photo, copy.world.sealed, copy.world.waiting]
    assert sorted(said.faults) == sorted(("leaf-without-row", f"recording/{ident}") for ident in lost)
    assert said.code == 1


def test_a_store_that_does_not_answer_ends_three(copy: Copy, tmp_path: Path) -> None:
    """Everything else is checked and its faults are told; what could not be looked at is named and counted."""
    about = row_added(copy)
    evidence = tmp_path / "objects" / "evidence"
    evidence.rename(tmp_path / "away")
    evidence.touch()
    said = copy.fsck()

    assert said.faults == [("row-without-leaf", about)]
    assert said.code == 3
    assert said.end["checked"]["recordings"] == 3
    assert (said.end["checked"]["objects"], said.end["checked"]["bytes"]) == (0, 0)
    assert said.end["unchecked"] == {"objects": 3, "bytes": 3}
    assert all(one["subject"].startswith("recording/") for one in said.unchecked)


def test_one_unreadable_object_hides_no_other(copy: Copy) -> None:
    """An object that the store cannot read is named as not checked; the next one is looked at all the same."""
    path = copy.path(copy.world.photo)
    path.unlink()
    path.symlink_to(path)
    about = object_flipped(copy)
    said = copy.fsck()

    assert said.faults == [("object-bytes-differ", about)]
    assert {(one["part"], one["subject"]) for one in said.unchecked} == {
        ("objects", f"recording/{copy.world.photo}"),
        ("bytes", f"recording/{copy.world.photo}"),
    }
    assert said.code == 3


def test_a_check_that_cannot_run_is_named(copy: Copy) -> None:
    """A table that is gone leaves its check undone, says so, and every other check runs."""
    about = object_flipped(copy)
    with copy.store.begin() as tx:
        tx.connection.exec_driver_sql("ALTER TABLE reviews RENAME TO reviews_taken_away")
    said = copy.fsck()

    assert said.faults == [("object-bytes-differ", about)]
    assert [one["part"] for one in said.unchecked] == ["chains", "reviews"]
    assert said.code == 3


@pytest.mark.parametrize(
    ("table", "owner"), [("devices", "'device/' || id"), ("intakes", "'source/' || source_id")]
)
def test_a_second_row_of_one_id_is_named(copy: Copy, table: str, owner: str) -> None:
    """Somebody with all rights can drop a key: a doubled row is a row without a leaf, and the run goes on."""
    ident = copy.scalar(f"SELECT max(id::text) FROM {table}")
    for name in copy.scalar(
        "SELECT array_agg(conname ORDER BY contype DESC) FROM pg_constraint"
        f" WHERE conrelid = '{table}'::regclass AND contype IN ('p', 'u')"
    ):
        copy.damage(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    copy.damage(f"INSERT INTO {table} SELECT * FROM {table} WHERE id::text = :id", id=ident)
    about = copy.scalar(f"SELECT DISTINCT {owner} FROM {table} WHERE id::text = :id", id=ident)
    said = copy.fsck(with_bytes=False)

    assert said.faults == [(FaultCode.ROW_WITHOUT_LEAF, about)]
    assert (said.unchecked, said.code) == ([], 1)
