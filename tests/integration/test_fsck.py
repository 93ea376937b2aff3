"""`fsck` on real parts: every code is provoked alone, nothing hides anything else, and silence is never a pass."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.catalogue import words_of
from schemas.chain import leaf_digest, step, tree_hash
from schemas.fsck import FaultCode
from schemas.laid import laid_key
from schemas.leaf import parse_leaf
from schemas.log_tile import TilePath
from storage.ticket import tickets
from tests import injectors_log as log
from tests import injectors_objects as objects
from tests import injectors_rows as rows
from tests.evidence import Copy, World, copy_of, make_world
from tests.owner import owning


@pytest.fixture(scope="module")
def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(database_url, tmp_path_factory.mktemp("world"))


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Iterator[Copy]:
    with copy_of(world, tmp_path) as made:
        yield made


OPENINGS = (FaultCode.OPENING_MISSING, FaultCode.OPENING_UNEXPECTED)

PROVOKED: dict[FaultCode, Callable[[Copy], str]] = {
    FaultCode.LEAF_HASH_DIFFERS: log.leaf_altered,
    FaultCode.LEAF_UNREADABLE: log.leaf_of_nonsense,
    FaultCode.ENTRY_DIFFERS_FROM_LEAF: log.actor_changed,
    FaultCode.JOURNAL_MISSING: objects.piece_gone,
    FaultCode.JOURNAL_DIFFERS: objects.piece_altered,
    FaultCode.JOURNAL_AHEAD: log.published_elsewhere,
    FaultCode.LAID_MISSING: objects.tile_gone,
    FaultCode.LAID_DIFFERS: objects.tile_flipped,
    FaultCode.LAID_UNLOCKED: objects.tile_unlocked,
    FaultCode.TICKET_MISSING: log.ticket_dropped,
    FaultCode.TICKET_INVALID: log.ticket_exchanged,
    FaultCode.ENTRY_REFUSED: log.insert_refused,
    FaultCode.INDEX_GAP: log.entry_dropped,
    FaultCode.TILE_MISSING: log.tile_dropped,
    FaultCode.TILE_DIFFERS: log.tile_altered,
    FaultCode.TILE_UNEXPECTED: log.tile_added,
    FaultCode.CHECKPOINT_NOTE_INVALID: log.note_altered,
    FaultCode.CHECKPOINT_ROW_DIFFERS: log.root_altered,
    FaultCode.CHECKPOINT_ROOT_DIFFERS: log.history_rewritten,
    FaultCode.CHECKPOINT_MISSING: log.checkpoint_dropped,
    FaultCode.CHECKPOINT_BEYOND_LOG: log.log_cut,
    FaultCode.PLACE_DIFFERS: log.place_moved,
    FaultCode.OPENING_MISSING: rows.opening_dropped,
    FaultCode.OPENING_DIFFERS: rows.opening_exchanged,
    FaultCode.OPENING_UNEXPECTED: rows.opening_added,
    FaultCode.PERSONAL_UNREADABLE: rows.party_spoilt,
    FaultCode.CHAIN_BROKEN: log.chain_torn,
    FaultCode.CHAIN_DIFFERS: log.chain_set_back,
    FaultCode.LEAF_UNLAWFUL: log.acts_unlawfully,
    FaultCode.LEAF_WITHOUT_ROW: rows.row_dropped,
    FaultCode.ROW_WITHOUT_LEAF: rows.row_added,
    FaultCode.COLUMN_DIFFERS: rows.column_changed,
    FaultCode.INTAKE_ROWS_DIFFER: rows.batch_row_altered,
    FaultCode.REVIEW_EVIDENCE_ALTERED: rows.evidence_exchanged,
    FaultCode.POPULATION_CHANGED: rows.member_exchanged,
    FaultCode.SAMPLE_DIFFERS: rows.sample_exchanged,
    FaultCode.SEALED_WITH_BROKEN_CLAIM: rows.signature_altered,
    FaultCode.SEALED_WITH_OTHER_BYTES: objects.other_bytes_sealed,
    FaultCode.OBJECT_MISSING: objects.object_gone,
    FaultCode.OBJECT_DAMAGED: objects.side_file_damaged,
    FaultCode.OBJECT_SIZE_DIFFERS: objects.object_grown,
    FaultCode.OBJECT_HIDDEN: objects.object_covered,
    FaultCode.OBJECT_BYTES_DIFFER: objects.object_flipped,
    FaultCode.CHUNKS_DIFFER: objects.list_altered,
    FaultCode.OBJECT_UNNAMED: objects.object_planted,
    FaultCode.RETENTION_MISSING: objects.lock_taken_off,
    FaultCode.RETENTION_SHORT: objects.lock_as_sealed,
    FaultCode.DERIVATIVE_MISSING: objects.derivative_gone,
    FaultCode.DERIVATIVE_BYTES_DIFFER: objects.derivative_flipped,
    FaultCode.DERIVATIVE_PARENT_DIFFERS: objects.derivative_of_another,
    FaultCode.TRAIL_DAY_MISSING: rows.trail_day_dropped,
    FaultCode.TRAIL_ROW_CHANGED: rows.trail_row_changed,
    FaultCode.TRAIL_ROW_MISSING: rows.trail_row_dropped,
    FaultCode.TRAIL_ROW_INSERTED: rows.trail_row_inserted,
    FaultCode.TRAIL_ROOT_DIFFERS: rows.trail_day_rewritten,
    FaultCode.TRAIL_KEPT_WRONG: rows.trail_dropped_early,
}
"""What provokes each code; returns what the fault is about."""

ALSO: dict[FaultCode, set[FaultCode]] = {
    **{
        code: {FaultCode.JOURNAL_DIFFERS}
        for code in (FaultCode.LEAF_HASH_DIFFERS, FaultCode.CHECKPOINT_NOTE_INVALID)
    },
    **{code: {FaultCode.JOURNAL_DIFFERS} for code in (FaultCode.TICKET_MISSING, FaultCode.TICKET_INVALID)},
    FaultCode.INDEX_GAP: {FaultCode.CHAIN_BROKEN, FaultCode.OPENING_UNEXPECTED, FaultCode.JOURNAL_DIFFERS},
    FaultCode.CHECKPOINT_ROOT_DIFFERS: {
        FaultCode.CHAIN_DIFFERS,
        FaultCode.TICKET_INVALID,
        FaultCode.JOURNAL_DIFFERS,
        FaultCode.LAID_DIFFERS,
        *OPENINGS,
    },
    FaultCode.CHECKPOINT_MISSING: {FaultCode.JOURNAL_AHEAD},
    FaultCode.JOURNAL_AHEAD: {FaultCode.CHECKPOINT_MISSING},
    FaultCode.TRAIL_KEPT_WRONG: {FaultCode.TICKET_INVALID},
    FaultCode.CHECKPOINT_BEYOND_LOG: {
        FaultCode.CHAIN_BROKEN,
        FaultCode.OPENING_UNEXPECTED,
        FaultCode.JOURNAL_DIFFERS,
    },
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
    assert all(
        count for part, count in said.end["checked"].items() if part != "listing"
    )  # nothing is a day old


def test_what_is_not_there_is_not_counted_as_read(copy: Copy) -> None:
    """A missing object was looked for and not read: the count of objects read again is what was read."""
    objects.object_gone(copy)
    objects.derivative_gone(copy)
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


FOREIGN = ("tile/0/000.p/9", "tile/0/777", "tile/entries/0", "0000000000000001", "0000000000000001/1")
"""What is of no log's spelling, or of more entries than there are, or begins where no piece does."""


@pytest.mark.parametrize("name", FOREIGN)
def test_what_lies_in_the_folder_of_the_log_and_is_not_of_it_is_named(copy: Copy, name: str) -> None:
    """Pieces, tiles and bundles have one spelling each; whatever else lies among them somebody put there."""
    about = objects.planted_beside(copy, name)
    assert copy.fsck().faults == [("object-unnamed", about)]


def test_a_lost_partial_one_is_named(copy: Copy) -> None:
    """Of what is not full the newest one told is looked at, in the staging store."""
    size = copy.scalar("SELECT max(size) FROM checkpoints WHERE published_from IS NOT NULL")
    copy.store.objects.delete_staging(laid_key(log.vkey_of(copy), TilePath(None, 0, size)))
    assert copy.fsck().faults == [("laid-missing", f"tile/entries/000.p/{size}")]


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
    about = log.acts_unlawfully(copy)
    known = bytes(copy.scalar("SELECT leaf FROM custody_entries WHERE event = 'case:close'"))
    leaf = known.replace(b'"ev":1,"event":"case:close"', b'"ev":9,"event":"case:close"')
    place, signed = (
        parse_leaf(leaf).place(about),
        tickets(copy.store.settings).sign("case:close", leaf_digest(leaf)),
    )
    assert place is not None
    assert signed is not None
    copy.damage(
        "UPDATE custody_entries SET leaf = :leaf, ev = 9, digest = sha256(:leaf), leaf_hash = :hash, ticket = :ticket"
        " WHERE event = 'case:close'",
        leaf=leaf,
        hash=tree_hash(leaf),
        ticket=signed.signature,
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
    about = rows.row_added(copy)
    evidence = tmp_path / "objects" / "evidence"
    evidence.rename(tmp_path / "away")
    evidence.touch()
    said = copy.fsck()

    assert said.faults == [("row-without-leaf", about)]
    assert said.code == 3
    assert said.end["checked"]["recordings"] == 3
    assert (said.end["checked"]["objects"], said.end["checked"]["bytes"]) == (0, 0)
    assert said.end["unchecked"] == {"journal": 1, "objects": 3, "bytes": 3, "listing": 1}
    asked = [one["subject"] for one in said.unchecked if one["part"] not in ("journal", "listing")]
    assert all(subject.startswith("recording/") for subject in asked)


def test_one_unreadable_object_hides_no_other(copy: Copy) -> None:
    """An object that the store cannot read is named as not checked; the next one is looked at all the same."""
    path = copy.path(copy.world.photo)
    path.unlink()
    path.symlink_to(path)
    about = objects.object_flipped(copy)
    said = copy.fsck()

    assert said.faults == [("object-bytes-differ", about)]
    assert {(one["part"], one["subject"]) for one in said.unchecked} == {
        ("objects", f"recording/{copy.world.photo}"),
        ("bytes", f"recording/{copy.world.photo}"),
    }
    assert said.code == 3


def test_a_check_that_cannot_run_is_named(copy: Copy) -> None:
    """A table that is gone leaves its check undone, says so, and every other check runs."""
    about = objects.object_flipped(copy)
    with owning(copy.store) as tx:
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
