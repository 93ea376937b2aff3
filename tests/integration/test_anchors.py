"""The log outside its database: what was published is neither cut nor rewritten unseen, and no crash tells early."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from mobile_contract.client.verify import verify_package
from mobile_contract.client.verify_origin import Trust
from schemas.case import CaseStep
from schemas.checkpoint import open_checkpoint
from schemas.errors import IntegrityBroken, Unavailable
from schemas.health import Health, HealthPart
from schemas.journal import journal_bytes, parse_journal
from schemas.log_signers import LogSigners
from schemas.note import vkey_of_seed
from schemas.work import signs
from storage.custody.anchor import LOCKED, Anchors
from storage.custody.public import PublicLog
from storage.settings import seed
from storage.store import Store, utc_now
from tests.casework import make_bureau
from tests.factories import faults, folder_store, make_agency, make_settings
from tests.forging import as_superuser
from tests.forging_log import note_file, retile, roll_back
from tests.owner import owner_store
from tests.packaging import packaged
from tests.traces import leave_trace
from tests.trust import trust_of
from workers.custody import Publisher, Sequencer, integrate
from workers.rebuild import run as rebuild


@pytest.fixture
def store(own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A store over a folder with a log that has begun."""
    with folder_store(own_database_url, tmp_path) as made:
        yield made


@pytest.fixture(params=["folder", "minio"])
def either(request: pytest.FixtureRequest, own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """The same over each kind of evidence store."""
    if request.param == "folder":
        with folder_store(own_database_url, tmp_path) as made:
            yield made
        return
    with closing(Store(make_settings(own_database_url, request.getfixturevalue("objects_url")))) as made:
        make_agency(made)
        integrate(made)
        yield made


def vkey(store: Store) -> str:
    return vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))


def anchors(store: Store) -> Anchors:
    return Anchors(store.objects, store.settings.quancheng_home, LogSigners.one(vkey(store)))


def traces(store: Store, count: int = 3) -> None:
    with store.begin() as tx:
        for n in range(count):
            leave_trace(tx.custody, offset_bytes=n)


def size(store: Store) -> int:
    """How far the log was told."""
    with store.begin() as tx:
        note = tx.custody.latest_checkpoint()
    return 0 if note is None else open_checkpoint(note, vkey(store)).size


def refused(store: Store) -> str:
    with pytest.raises(IntegrityBroken) as caught:
        integrate(store)
    return caught.value.slug


def test_a_checkpoint_is_told_once_it_is_kept_elsewhere(either: Store) -> None:
    """The pieces of the log follow each other from 0, with leaves, tickets and note; the file has the last note."""
    store = either
    traces(store)
    integrate(store)
    traces(store)
    integrate(store)
    start, notes = 0, []
    while (piece := anchors(store).piece(start)) is not None:
        journal, head = piece
        assert parse_journal(journal_bytes(journal), LogSigners.one(vkey(store))) == piece
        assert all(one.ticket is not None for one in journal.leaves)
        notes.append(journal.note)
        start = head.size
    assert start == size(store)
    assert note_file(store).read_text() == notes[-1]
    with store.begin() as tx:
        rows = (
            tx.connection.execute(text("SELECT leaf FROM custody_entries ORDER BY leaf_index"))
            .scalars()
            .all()
        )
    kept = [
        one.leaf for n in (0, *_ends(notes, store)) if (p := anchors(store).piece(n)) for one in p[0].leaves
    ]
    assert kept == [bytes(one) for one in rows]


def _ends(notes: list[str], store: Store) -> list[int]:
    return [open_checkpoint(note, vkey(store)).size for note in notes]


def test_a_piece_is_locked_for_decades(either: Store) -> None:
    """The credential that puts it there can neither delete nor shorten it."""
    store = either
    key = anchors(store).key(0)
    version = store.objects.newest(key)
    until = store.objects.stat(key, version).retain_until
    assert until is not None
    assert until > utc_now() + LOCKED * 0.99


@pytest.mark.parametrize("is_file_lost", [False, True])
def test_an_older_database_is_recognised(either: Store, *, is_file_lost: bool) -> None:
    """After a restore nothing more is signed, by which place is said; also where a signer comes up without its file."""
    store = either
    older = size(store)
    traces(store)
    integrate(store)
    roll_back(store, older)
    if is_file_lost:
        note_file(store).unlink()
    traces(store)
    assert refused(store) == ("log-behind-store" if is_file_lost else "log-behind-file")
    with store.begin() as tx:
        assert tx.connection.scalar(text("SELECT max(size) FROM checkpoints")) == older


@pytest.mark.parametrize("is_file_lost", [False, True])
@pytest.mark.parametrize("are_checkpoints_gone", [False, True])
def test_a_rewritten_log_is_recognised(
    store: Store, *, are_checkpoints_gone: bool, is_file_lost: bool
) -> None:
    """A leaf of the past altered, every hash and tile made anew, the checkpoints deleted: the signer does not sign it."""
    traces(store)
    integrate(store)
    with as_superuser(store) as tx:
        run = tx.connection.execute
        run(text("UPDATE custody_entries SET leaf_hash = sha256(leaf_hash) WHERE leaf_index = 7"))
        retile(tx)
        if are_checkpoints_gone:
            run(text("DELETE FROM checkpoints"))
    if is_file_lost:
        note_file(store).unlink()
    place = "store" if is_file_lost else "file"
    slug = refused(store)
    # With its checkpoint there, the store's last piece is what was signed, and the tree no longer extends it.
    sound = "log-rewritten" if is_file_lost else "log-differs-file"
    assert slug == (f"log-behind-{place}" if are_checkpoints_gone else sound)


def test_a_database_that_went_another_way_is_recognised(store: Store, own_database_url: str) -> None:
    """Restored, and gone on by a signer that was told nothing: what it signs is never told, and the fork has a name."""
    older = size(store)
    traces(store)
    integrate(store)
    roll_back(store, older)
    traces(store, 9)
    blind = Publisher(store)
    blind.is_checked = True  # a signer whose look at the other places was patched out
    Sequencer(store, blind).run()
    assert size(store) == older
    with pytest.raises(IntegrityBroken) as caught:
        blind.run()
    assert caught.value.slug == "log-differs-file"
    note_file(store).unlink()
    assert refused(store) == "log-differs-store"
    assert size(store) == older


def test_what_was_published_and_is_gone_is_named(store: Store) -> None:
    """A piece that the store lost stops the signer."""
    folder = Path(store.settings.objects_url.get_secret_value().removeprefix("file://"))
    folder.rename(folder.with_name("gone"))
    assert refused(store) == "anchor-missing"


@pytest.mark.parametrize("stage", ["signed", "kept", "noted in the file"])
def test_a_crash_tells_nothing_early_and_loses_nothing(either: Store, stage: str) -> None:
    """Between signature, store, file and commit: the checkpoint is told by the next run, and is the one that was signed."""
    store = either
    before = size(store)
    traces(store)
    publisher = Publisher(store)
    publisher.run()
    Sequencer(store, publisher).run()
    with store.begin() as tx:
        journal = anchors(store).next_piece(tx.connection)
    file = note_file(store)
    told = file.read_text()
    if stage != "signed":
        anchors(store).keep(journal, utc_now())
    if stage == "kept":
        file.write_text(told)
    assert size(store) == before
    integrate(store)
    with store.begin() as tx:
        assert tx.custody.latest_checkpoint() == journal.note
    assert file.read_text() == journal.note


def test_two_signers_keep_one_log(store: Store) -> None:
    """What another signer was quicker to keep is told with it."""
    first, second = Publisher(store), Publisher(store)
    for publisher in (first, second):
        publisher.run()
    traces(store)
    Sequencer(store, first).run()
    with store.begin() as tx:
        short = anchors(store).next_piece(tx.connection)
    traces(store)
    Sequencer(store, second).run()
    anchors(store).keep(short, utc_now())  # the first one stops here
    assert second.run() > 0
    with store.begin() as tx:
        assert tx.connection.scalar(text("SELECT count(*) FROM checkpoints WHERE published_at IS NULL")) == 0
    integrate(store)


def test_receiving_goes_on_without_the_store(store: Store) -> None:
    """While the evidence store is away entries get their indices; nothing is told, and health says so later."""
    publisher = Publisher(store)
    publisher.run()
    told, sequencer = size(store), Sequencer(store, publisher)
    folder = Path(store.settings.objects_url.get_secret_value().removeprefix("file://"))
    away = folder.with_name("away")
    folder.rename(away)
    folder.touch()  # what is asked of it fails
    try:
        traces(store)
        assert sequencer.run() == 3
        with pytest.raises(Unavailable):
            publisher.run()
    finally:
        folder.unlink()
        away.rename(folder)
    assert size(store) == told
    assert publisher.run() == 1
    assert size(store) > told


def test_a_rollback_under_a_running_signer_is_seen(store: Store) -> None:
    """The process remembers how far it signed."""
    publisher = Publisher(store)
    publisher.run()
    older, sequencer = size(store), Sequencer(store, publisher)
    traces(store)
    sequencer.run()
    roll_back(store, older)
    with pytest.raises(IntegrityBroken) as caught:
        sequencer.run()
    assert caught.value.slug == "log-rolled-back"


def test_health_says_that_nothing_is_told(own_database_url: str, tmp_path: Path) -> None:
    """What is signed and not kept elsewhere for long counts as behind."""
    settings = make_settings(own_database_url, f"file://{tmp_path / 'objects'}")
    with closing(Store(settings)) as store:
        make_agency(store)
        publisher = Publisher(store)
        publisher.run()
        Sequencer(store, publisher).run()
        with as_superuser(store) as tx:
            tx.connection.execute(text("UPDATE checkpoints SET signed_at = now() - interval '2 minutes'"))
        with store.begin() as tx:
            log = next(one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG)
        assert (log.is_good, log.code) == (False, Health.LOG_UNTOLD)


def test_a_lost_file_is_written_again(store: Store) -> None:
    """Where the evidence store agrees with the database, the third place stands again before anything more is signed."""
    told = note_file(store).read_text()
    note_file(store).unlink()
    Publisher(store).run()
    assert note_file(store).read_text() == told


def said(store: Store) -> dict[str, dict[str, object]]:
    """Rebuild the log as the role that owns the tables; what is said, by event."""
    told: dict[str, dict[str, object]] = {}
    with owner_store(store) as owner:
        assert rebuild(owner, lambda event, _text, **facts: told.update({event: facts})) == 0
    return told


def test_a_restored_log_is_rebuilt_from_its_pieces(either: Store, tmp_path: Path) -> None:
    """Every entry, place, tile and checkpoint stands as it was published; done again it finds nothing to do."""
    store = either
    bureau = make_bureau(store)
    case = bureau.open()
    photo = bureau.capture(case)
    integrate(store)
    older, note = size(store), note_file(store).read_text()
    bureau.fact(bureau.step(case, CaseStep.FILE), photo)
    integrate(store)
    traces(store)
    integrate(store)
    newer, kept = size(store), everything(store)
    roll_back(store, older)
    assert refused(store) == "log-behind-file"

    assert said(store)["log_rebuilt"] == {"before": older, "size": newer, "overtaken": 0}
    assert everything(store) == kept
    assert said(store)["log_whole"]["size"] == newer
    traces(store)
    integrate(store)
    assert [one for one in faults(store) if one[0] != "retention-missing"] == []
    with store.begin() as tx:
        proof = PublicLog(tx.connection).consistency(open_checkpoint(note, vkey(store)).size, size(store))
    assert proof
    report = verify_package(
        packaged(store, bureau, case, tmp_path / "p.zip"), Trust.parse(trust_of(store.settings))
    )
    assert report.holds


def everything(store: Store) -> list[object]:
    """The log as it stands, but for the numbers of its rows and the times at which it was told."""
    with store.begin() as tx:
        return [tuple(row) for query in _STANDING for row in tx.connection.execute(text(query))]


_STANDING = (
    "SELECT leaf_index, entry_id, subject, agency_id, at, leaf, digest, ticket FROM custody_entries ORDER BY leaf_index",
    "SELECT of, n, leaf_index FROM chain_places JOIN custody_entries ON id = entry ORDER BY of, n",
    "SELECT of, n, head, last_at FROM chains ORDER BY of",
    "SELECT * FROM log_tiles ORDER BY level, n",
    "SELECT size, root, note, published_from FROM checkpoints WHERE published_from IS NOT NULL ORDER BY size",
)


def test_what_was_done_since_a_restore_gives_way(store: Store) -> None:
    """It follows on nothing that was published: it is refused by name, its case goes on, and other cases keep theirs."""
    bureau = make_bureau(store)
    case, other = bureau.open(), bureau.open()
    integrate(store)
    older = size(store)
    bureau.capture(case)
    integrate(store)
    roll_back(store, older)
    bureau.capture(case)  # received, tied, sealed: without its tie the seal follows on nothing either
    bureau.step(other, CaseStep.FILE)

    assert said(store)["overtaken"]["count"] == 2
    integrate(store)
    named = {subject for code, subject in faults(store) if code == "entry-refused"}
    with store.begin() as tx:
        (tie,) = [one for one in tx.custody.entries_for(f"case/{case.id}") if one.leaf_index is None]
    assert (len(named), tie.event) == (2, "case:link")
    assert f"entry/{tie.entry_id}" in named
    assert [one for one in faults(store, other.id) if one[0] != "retention-missing"] == []
    bureau.step(case, CaseStep.FILE)
    assert integrate(store) == 1


def test_another_log_than_was_published_is_not_rebuilt(store: Store) -> None:
    """Where the leaves that are there are others, nothing is entered."""
    older = size(store)
    traces(store)
    integrate(store)
    roll_back(store, older)
    traces(store, 2)
    blind = Publisher(store)
    blind.is_checked = True
    Sequencer(store, blind).run()
    before = everything(store)
    with owner_store(store) as owner, pytest.raises(IntegrityBroken) as caught:
        rebuild(owner, lambda *_, **__: None)
    assert caught.value.slug == "log-differs-store"
    assert everything(store) == before
