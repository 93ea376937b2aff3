"""The published log as files of the evidence store: what stands there is the public log, and no crash leaves another."""

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import text

from schemas.checkpoint import open_checkpoint
from schemas.errors import IntegrityBroken, NotFound
from schemas.journal import anchor_key
from schemas.laid import full_of, laid_key, partial_of
from schemas.log_signers import LogSigners
from schemas.log_tile import TilePath
from schemas.merkle import TILE_WIDTH, Tiles, root_from_tiles
from schemas.note import vkey_of_seed
from storage.custody.anchor import LOCKED, Anchors
from storage.custody.laid import Laying
from storage.custody.public import PublicLog
from storage.objects.hashing import object_blocks
from storage.settings import seed
from storage.store import Store, utc_now
from tests.factories import faults, folder_store, make_agency, make_settings
from tests.owner import owner_store, unguarded
from tests.traces import leave_traces
from workers.custody import Publisher, Sequencer, integrate
from workers.rebuild import run as rebuild
from workers.scheduler import Scheduler
from workers.settings import WorkersSettings


@pytest.fixture(params=["folder", "minio"])
def either(request: pytest.FixtureRequest, own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """A log that has begun, over each kind of evidence store."""
    if request.param == "folder":
        with folder_store(own_database_url, tmp_path) as made:
            yield made
        return
    with closing(Store(make_settings(own_database_url, request.getfixturevalue("objects_url")))) as made:
        make_agency(made)
        integrate(made)
        yield made


@pytest.fixture
def store(own_database_url: str, tmp_path: Path) -> Iterator[Store]:
    """The same over a folder alone."""
    with folder_store(own_database_url, tmp_path) as made:
        yield made


def vkey(store: Store) -> str:
    return vkey_of_seed(store.settings.log_origin, seed(store.settings.log_key, "LOG_KEY"))


def grow(store: Store, count: int) -> int:
    """Add entries and publish them; returns how many there are."""
    with store.begin() as tx:
        leave_traces(tx.custody, count)
    integrate(store)
    return size(store)


def size(store: Store) -> int:
    with store.begin() as tx:
        return open_checkpoint(PublicLog(tx.connection).checkpoint(), vkey(store)).size


def full(store: Store, path: TilePath) -> bytes | None:
    """What stands under a path in the evidence store."""
    key = laid_key(vkey(store), path)
    version = store.objects.newest(key)
    return None if version is None else b"".join(map(bytes, object_blocks(store.objects, key, version)))


def partial(store: Store, path: TilePath) -> bytes | None:
    try:
        return store.objects.read_staging(laid_key(vkey(store), path))
    except NotFound:
        return None


def bundles(store: Store) -> int:
    """How many full ones the last checkpoint tells of."""
    with store.begin() as tx:
        told = "SELECT bundles FROM checkpoints WHERE published_from IS NOT NULL ORDER BY size DESC LIMIT 1"
        return int(tx.connection.execute(text(told)).scalar_one())


def paths(until: int) -> list[TilePath]:
    return [path for n in range(until // TILE_WIDTH) for path in full_of(n)]


def only_laid(store: Store) -> list[tuple[str, str]]:
    return [one for one in faults(store) if one[0].startswith("laid") or "/tile/" in one[1]]


def test_the_store_has_the_public_log(either: Store) -> None:
    """Byte for byte what is served, locked like a piece; and the root that was signed follows from it alone."""
    store = either
    first = grow(store, 20)
    grow(store, 300)
    until = grow(store, 250)
    assert bundles(store) == until // TILE_WIDTH == 2
    with store.begin() as tx:
        served = PublicLog(tx.connection)
        assert all(full(store, path) == served.tile(path) for path in paths(until))
        assert all(partial(store, path) == served.tile(path) for path in partial_of(until))
    key = laid_key(vkey(store), TilePath(None, 0, TILE_WIDTH))
    until_at = store.objects.stat(key, str(store.objects.newest(key))).retain_until
    assert until_at is not None
    assert until_at > utc_now() + LOCKED * 0.99

    tiles: Tiles = {}
    for path in [*paths(until), *partial_of(until)]:
        if path.level is not None:
            tiles[path.level, path.n] = full(store, path) or partial(store, path) or b""
    with store.begin() as tx:
        note = PublicLog(tx.connection).checkpoint()
    signed = open_checkpoint(note, vkey(store))
    assert root_from_tiles(until, lambda level, n: tiles[level, n]) == signed.root
    # What was not full at the first publication is of no use once it is.
    assert all(partial(store, path) is None for path in partial_of(first))
    assert only_laid(store) == []


def test_each_publication_is_kept_until_the_tile_is_full(store: Store) -> None:
    """Who follows an older checkpoint still finds what it reached."""
    sizes = [grow(store, 3) for _ in range(3)]
    assert all(partial(store, path) is not None for until in sizes for path in partial_of(until))
    Scheduler(store, WorkersSettings(), lambda _: None).sweep_tails()
    assert partial(store, TilePath(0, 0, sizes[0])) is not None


def test_no_publication_puts_the_whole_log(store: Store) -> None:
    """What stands is not put again: a publication is what it adds, however long the log is."""
    publisher = Publisher(store)
    publisher.run()
    sequencer = Sequencer(store, publisher)
    with store.begin() as tx:
        leave_traces(tx.custody, 1000)
    sequencer.run()
    publisher.run()
    laying = Laying(store.objects, vkey(store))
    with store.begin() as tx:
        laid = laying.next(tx.connection, size(store))
    laying.keep(laid, utc_now())
    assert (laid.full, laid.gone) == ((), ())
    with store.begin() as tx:
        again = laying.next(tx.connection, size(store))
    assert (again.full, again.partial, again.gone) == ((), (), ())


@pytest.mark.parametrize("stage", ["the piece", "one bundle", "all but the word of it"])
def test_a_crash_leaves_what_the_next_run_puts_again(either: Store, stage: str) -> None:
    """Between piece, tiles and commit: the next run ends where it would have."""
    store = either
    grow(store, 20)
    with store.begin() as tx:
        leave_traces(tx.custody, 600)
    publisher = Publisher(store)
    publisher.run()
    Sequencer(store, publisher).run()
    anchors, laying = _anchors(store), Laying(store.objects, vkey(store))
    with store.begin() as tx:
        journal = anchors.next_piece(tx.connection)
        assert journal is not None
        laid = laying.next(tx.connection, journal.end)
    anchors.keep(journal, utc_now())
    if stage == "one bundle":
        laying.keep(laid._replace(full=laid.full[:1], partial=(), gone=()), utc_now())
    elif stage != "the piece":
        laying.keep(laid, utc_now())
    integrate(store)
    until = size(store)
    assert until == journal.end
    assert all(full(store, path) is not None for path in paths(until))
    grow(store, 1)
    assert bundles(store) == until // TILE_WIDTH
    assert only_laid(store) == []


def _anchors(store: Store) -> Anchors:
    return Anchors(store.objects, store.settings.quancheng_home, LogSigners.one(vkey(store)))


def test_a_log_of_before_is_laid_out_in_portions(store: Store) -> None:
    """Its pieces are older than its tiles: these follow, no more at once than a portion, and until then nothing differs."""
    grow(store, 600)
    for path in paths(size(store)):
        store.objects.path(*_object(store, path)).unlink()  # type: ignore[attr-defined] # a folder
    with unguarded(store) as tx:
        tx.connection.execute(text("UPDATE checkpoints SET bundles = NULL"))
    assert only_laid(store) == []
    laying = Laying(store.objects, vkey(store), most=1)
    for n in (1, 2):
        with store.begin() as tx:
            laid = laying.next(tx.connection, size(store))
        laying.keep(laid, utc_now())
        assert (laid.bundles, laid.is_whole) == (n, n == 2)
        assert [one.path for one in laid.full] == list(full_of(n - 1))
    store.objects.path(*_object(store, TilePath(0, 0, TILE_WIDTH))).unlink()  # type: ignore[attr-defined] # as above
    integrate(store)  # another process, that knows nothing of it
    assert all(full(store, path) is not None for path in paths(size(store)))
    grow(store, 1)
    assert (bundles(store), only_laid(store)) == (2, [])


def test_something_else_in_the_place_of_a_tile_stops_the_signer(store: Store) -> None:
    """Whoever may write to the store and puts something there first is named; nothing is told over it."""
    before = size(store)
    key = laid_key(vkey(store), TilePath(0, 0, TILE_WIDTH))
    store.objects.put(key, [b"planted"], sha256=_sha256(b"planted"))
    with pytest.raises(IntegrityBroken) as caught:
        grow(store, 300)
    assert caught.value.slug == "log-differs-store"
    assert size(store) == before


def _sha256(payload: bytes) -> bytes:
    return sha256(payload).digest()


def test_what_contradicts_its_entries_is_never_locked(store: Store) -> None:
    """A tile that somebody altered between signature and publication is not kept for decades."""
    publisher = Publisher(store)
    publisher.run()
    with store.begin() as tx:
        leave_traces(tx.custody, 300)
    Sequencer(store, publisher).run()
    with unguarded(store) as tx:
        altered = "UPDATE log_tiles SET hashes = set_byte(hashes, 0, 255 - get_byte(hashes, 0))"
        tx.connection.execute(text(f"{altered} WHERE level = 0 AND n = 0"))
    with pytest.raises(IntegrityBroken) as caught:
        publisher.run()
    assert caught.value.slug == "tile-broken"
    assert full(store, TilePath(0, 0, TILE_WIDTH)) is None


def test_a_rebuild_puts_back_what_the_store_lost(store: Store) -> None:
    """The one command that walks the whole log: tiles follow from the entries, and stand again."""
    grow(store, 600)
    lost = store.objects.path(*_object(store, TilePath(0, 1, TILE_WIDTH)))  # type: ignore[attr-defined] # a folder
    lost.unlink()
    assert ("laid-missing", "tile/0/001") in only_laid(store)
    with owner_store(store) as owner:
        assert rebuild(owner, lambda *_, **__: None) == 0
    assert only_laid(store) == []


def _object(store: Store, path: TilePath) -> tuple[str, str]:
    key = laid_key(vkey(store), path)
    return key, str(store.objects.newest(key))


def test_pieces_and_tiles_have_names_of_their_own(store: Store) -> None:
    """Both lie in the folder of the log, and no index is a path of a tile."""
    piece, tile = anchor_key(vkey(store), 0), laid_key(vkey(store), TilePath(0, 0, TILE_WIDTH))
    assert piece.rpartition("/")[0] == tile.removesuffix("/tile/0/000")
