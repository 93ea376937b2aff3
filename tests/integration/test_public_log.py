"""The published log over HTTP: what the newest checkpoint covers, byte for byte, and not an entry more."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select, text

from schemas.checkpoint import Checkpoint, open_checkpoint
from schemas.log_tile import TilePath, parse_bundle
from schemas.merkle import (
    HASH_BYTES,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_from_tiles,
    tile_width,
    tiles_of,
    verify_consistency,
    verify_inclusion,
)
from schemas.note import vkey_of_seed
from storage.settings import seed
from storage.store import Store
from storage.tables.custody import custody_entries
from tests import reference
from tests.factories import folder_url, make_settings
from tests.owner import unguarded
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.traces import leave_traces
from tests.web import TRUST
from workers.custody import integrate

SIZES = (3, 256, 300, 700)
"""At so many entries the log is signed; a few more wait at the end."""
WAITING = 5
PROBLEM = "application/problem+json"
FOR_EVER = "public, max-age=31536000, immutable"


@dataclass
class Log:
    """A server with a log that was signed at several sizes, and entries that no checkpoint covers yet."""

    store: Store
    client: httpx.Client
    vkey: str
    digests: list[bytes]

    @property
    def sizes(self) -> list[int]:
        with self.store.begin() as tx:
            return list(tx.connection.scalars(text("SELECT size FROM checkpoints ORDER BY size")))

    @property
    def size(self) -> int:
        return self.sizes[-1]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(f"/v1/log/{path}", headers=headers)

    def checkpoint(self, path: str = "checkpoint") -> Checkpoint:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return open_checkpoint(answer.text, self.vkey)

    def tile(self, level: int, n: int) -> bytes:
        """The tile as somebody who follows the newest checkpoint asks for it."""
        width = tile_width(level, n, self.size)
        return self.get(TilePath(level, n, width).text).content


def grown(store: Store, count: int) -> None:
    with store.begin() as tx:
        leave_traces(tx.custody, count)


@pytest.fixture(scope="module")
def log(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("store")))
    with closing(Store(settings)) as store:
        before = 0
        for size in SIZES:
            grown(store, size - before)
            integrate(store)
            before = size
        grown(store, WAITING)
        with store.begin() as tx:
            digests = [
                bytes(one)
                for one in tx.connection.scalars(
                    select(custody_entries.c.digest)
                    .where(custody_entries.c.leaf_index.is_not(None))
                    .order_by(custody_entries.c.leaf_index)
                )
            ]
        vkey = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
        with (
            serving(store) as url,
            httpx.Client(base_url=url, verify=TRUST, timeout=PATIENCE_SECONDS) as client,
        ):
            yield Log(store, client, vkey, digests)


def test_the_checkpoint_is_the_newest_and_found_anew_by_its_tag(log: Log) -> None:
    """A signed note as text; whoever has it is told so in a line, and nobody between keeps it unasked."""
    answer = log.get("checkpoint")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert log.checkpoint().root == reference.mth([leaf_hash(one) for one in log.digests])
    again = log.get("checkpoint", **{"If-None-Match": f'"x", W/{answer.headers["ETag"]}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    assert log.get("checkpoint", **{"If-None-Match": '"another"'}).status_code == 200
    assert log.client.get("/v1/checkpoint").text == answer.text


def test_every_tile_of_the_tree_is_served_and_leads_to_the_signed_root(log: Log) -> None:
    """All tiles of the newest checkpoint, full and partial, come as bytes that may be kept for ever."""
    for level, n, width in tiles_of(log.size):
        answer = log.get(TilePath(level, n, width).text)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Cache-Control"] == FOR_EVER
        assert len(answer.content) == width * HASH_BYTES
    assert root_from_tiles(log.size, log.tile) == log.checkpoint().root


def test_entries_are_the_digests_of_leaves_and_hash_to_the_lowest_tiles(log: Log) -> None:
    """Every bundle holds 32 bytes for each entry, in order, and their hashes are the tile above."""
    found = []
    for level, n, width in tiles_of(log.size):
        if level == 0:
            answer = log.get(TilePath(None, n, width).text)
            assert answer.headers["Cache-Control"] == FOR_EVER
            entries = parse_bundle(answer.content)
            assert b"".join(map(leaf_hash, entries)) == log.tile(0, n)
            found += entries
    assert found == log.digests[: log.size]


def test_any_width_below_what_is_covered_is_served(log: Log) -> None:
    """Whoever followed an older checkpoint gets the partial tile of that size, also of a tile that is full by now."""
    whole = log.get("tile/0/000").content
    for width in (1, 3, 44, 255):
        assert log.get(f"tile/0/000.p/{width}").content == whole[: width * HASH_BYTES]
        assert len(parse_bundle(log.get(f"tile/entries/000.p/{width}").content)) == width


def test_nothing_beyond_the_newest_checkpoint_is_served(log: Log) -> None:
    """Entries that no checkpoint covers, a tile that is not full, and levels that are not there: a problem, 404."""
    n, width = divmod(log.size, 256)
    covered = TilePath(0, n, width)
    beyond = [covered._replace(width=width + WAITING), covered._replace(width=width + 1)]
    beyond += [one._replace(level=None) for one in beyond]
    paths = [one.text for one in beyond] + [f"tile/0/{n:03d}", f"tile/0/{n + 1:03d}.p/1", "tile/1/000"]
    paths += ["tile/2/000.p/1", "tile/63/000", "tile/0/x999/x999/x999/x999/x999/999", "tile/entries/x001/000"]
    assert log.get(covered.text).status_code == 200
    for path in paths:
        answer = log.get(path)
        assert (answer.status_code, answer.json()["slug"]) == (404, "tile-unknown"), path
        assert answer.headers["Content-Type"] == PROBLEM
        assert "Cache-Control" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "0",
        "0/0",
        "0/000.p/0",
        "0/000.p/256",
        "64/000",
        "x/000",
        "entries/x000/001",
        "0/000%00",
        "0/%D9%A0",
    ],
)
def test_a_path_that_is_none_is_a_problem(log: Log, path: str) -> None:
    """Whatever stands behind the prefix: 404 with its slug, never a fault of ours."""
    answer = log.get(f"tile/{path}")
    assert (answer.status_code, answer.json()["slug"]) == (404, "tile-unknown")


def test_older_checkpoints_stay(log: Log) -> None:
    """The note that was signed at each size is served; a size at which none was signed has none."""
    assert len(log.sizes) == len(SIZES)
    for size in log.sizes:
        assert log.checkpoint(f"checkpoint/{size}").size == size
    for size in ("1", "0", "007", "x", "-1", "9" * 19, "9" * 40, f"{log.size + WAITING}"):
        answer = log.get(f"checkpoint/{size}")
        assert (answer.status_code, answer.json()["slug"]) == (404, "checkpoint-unknown")


def test_consistency_is_told_in_the_words_of_a_witness(log: Log) -> None:
    """Between any two checkpoints: old size, hashes, the newer note – which extends the older one by these hashes."""
    for first in (0, *log.sizes):
        for second in log.sizes:
            answer = log.get(f"consistency?first={first}&second={second}")
            if first > second:
                assert (answer.status_code, answer.json()["slug"]) == (422, "sizes-reversed")
                continue
            head, _, note = answer.text.partition("\n\n")
            old, *hashes = head.split("\n")
            assert old == f"old {first}"
            newer = open_checkpoint(note, log.vkey)
            assert newer.size == second
            if first:
                verify_consistency(
                    list(map(b64decode, hashes)),
                    size1=first,
                    size2=second,
                    root1=log.checkpoint(f"checkpoint/{first}").root,
                    root2=newer.root,
                )
            else:
                assert hashes == []
    for wish in ("first=1&second=3", f"first=3&second={log.size + 1}", f"first=0&second={2**63 - 1}"):
        answer = log.get(f"consistency?{wish}")
        assert (answer.status_code, answer.json()["slug"]) == (404, "checkpoint-unknown")
    for wish in ("", "first=-1&second=3", "first=a&second=3", f"first=0&second={2**63}"):
        answer = log.get(f"consistency?{wish}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, PROBLEM)


def test_proofs_from_served_tiles_lead_to_the_signed_root(log: Log) -> None:
    """Whoever has nothing but the tiles proves any entry, and any size to any later one."""
    root = log.checkpoint().root
    for index in range(0, log.size, 61):
        proof = inclusion_proof(index, log.size, log.tile)
        verify_inclusion(proof, index=index, size=log.size, leaf=leaf_hash(log.digests[index]), root=root)
    for size in (1, 2, 255, 256, 257, 513):
        verify_consistency(
            consistency_proof(size, log.size, log.tile),
            size1=size,
            size2=log.size,
            root1=reference.mth([leaf_hash(one) for one in log.digests[:size]]),
            root2=root,
        )


@pytest.mark.parametrize(
    "path", ["checkpoint", "checkpoint/{}", "consistency?first=0&second={}", "tile/0/000"]
)
def test_head_says_what_get_would(log: Log, path: str) -> None:
    """HEAD: the same headers, no body."""
    path = path.format(log.size)
    whole, head = log.get(path), log.client.head(f"/v1/log/{path}")
    assert (head.status_code, head.content) == (200, b"")
    same = ("Content-Type", "Content-Length", "Cache-Control")
    assert [head.headers[name] for name in same] == [whole.headers[name] for name in same]
    assert head.headers.get("ETag") == whole.headers.get("ETag")


def test_what_was_altered_is_not_served_as_if_it_were_there(log: Log) -> None:
    """A signed tile or entry that is gone from the database is a fault of ours, told loudly, and never a shorter tile."""
    with unguarded(log.store) as tx:
        tx.connection.execute(
            text("UPDATE log_tiles SET hashes = substr(hashes, 33) WHERE level = 0 AND n = 0")
        )
        tx.connection.execute(text("UPDATE custody_entries SET leaf_index = NULL WHERE leaf_index = 5"))
        with pytest.raises(Exception, match="is signed and holds") as tile:
            tx.public_log.tile(TilePath(0, 0, 256))
        with pytest.raises(Exception, match="of its entries are there") as bundle:
            tx.public_log.tile(TilePath(None, 0, 256))
        with pytest.raises(Exception, match=r"contradict|at least") as proof:
            tx.public_log.consistency(log.sizes[0], log.size)
        assert [one.value.slug for one in (tile, bundle, proof)] == [
            "tile-broken",
            "sequence-broken",
            "tile-broken",
        ]
        tx.connection.rollback()


def test_a_log_without_a_checkpoint_says_so(own_database_url: str, tmp_path) -> None:
    """Before anything was signed there is no checkpoint, no tile and no proof, also where entries wait."""
    with (
        closing(Store(make_settings(own_database_url, folder_url(tmp_path)))) as store,
        serving(store) as url,
    ):
        grown(store, 1)
        with httpx.Client(base_url=f"{url}/v1/log/", verify=TRUST, timeout=PATIENCE_SECONDS) as client:
            found = {
                path: client.get(path).json()["slug"]
                for path in ("checkpoint", "checkpoint/1", "tile/0/000.p/1", "tile/entries/000.p/1")
            }
    assert found == {
        "checkpoint": "log-unsigned",
        "checkpoint/1": "checkpoint-unknown",
        "tile/0/000.p/1": "tile-unknown",
        "tile/entries/000.p/1": "tile-unknown",
    }
