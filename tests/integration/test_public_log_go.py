"""The published log followed by programs of others: x/mod/sumdb opens and reads it, transparency-dev/merkle checks it."""

import base64
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.log_tile import TilePath
from schemas.merkle import consistency_proof, inclusion_proof, tile_width
from schemas.note import vkey_of_seed
from storage.settings import seed
from storage.store import Store
from tests.factories import folder_url, make_settings
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.traces import leave_traces
from tests.web import TRUST
from workers.custody import integrate

STEPS = (1, 255, 300, 44, 1000, 1)
"""So many entries stand between two checkpoints: below, at and beyond the ends of tiles."""
PROOFS = 250


@dataclass
class Published:
    """A served log and the proofs that we make of it."""

    url: str
    vkey: str
    sizes: list[int]
    proofs: dict[str, Any]


@pytest.fixture(scope="module")
def published(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    settings = make_settings(database_url, folder_url(tmp_path_factory.mktemp("store")))
    vkey = vkey_of_seed(settings.log_origin, seed(settings.log_key, "LOG_KEY"))
    with closing(Store(settings)) as store, serving(store) as url:
        sizes = []
        for count in STEPS:
            with store.begin() as tx:
                leave_traces(tx.custody, count)
            integrate(store)
            with store.begin() as tx:
                sizes.append(tx.custody.size())
        with httpx.Client(base_url=f"{url}/v1/log/", verify=TRUST, timeout=PATIENCE_SECONDS) as client:
            yield Published(f"{url}/v1/log", vkey, sizes, _proofs(client, sizes))


def _proofs(client: httpx.Client, sizes: list[int]) -> dict[str, Any]:
    """Proofs of random entries and sizes, and of those at the ends of tiles, made from what is served."""
    size, draw = sizes[-1], random.Random(19)
    kept: dict[str, bytes] = {}

    def tile(level: int, n: int) -> bytes:
        path = TilePath(level, n, tile_width(level, n, size)).text
        if path not in kept:
            kept[path] = client.get(path).content
        return kept[path]

    ends = [0, 1, 255, 256, 257, 511, 512, size - 2, size - 1]
    indices = [*ends, *(draw.randrange(size) for _ in range(PROOFS - len(ends)))]
    pairs = [
        (first, second) for first in (1, 256, size - 1) for second in (256, 257, size) if first <= second
    ]
    pairs += [
        tuple(sorted((draw.randint(1, size), draw.randint(1, size)))) for _ in range(PROOFS - len(pairs))
    ]
    return {
        "checkpoints": sizes,
        "inclusion": [
            {"index": index, "hashes": _text(inclusion_proof(index, size, tile))} for index in indices
        ],
        "consistency": [
            {
                "first": first,
                "second": second,
                "hashes": _text(consistency_proof(first, second, tile)),
            }
            for first, second in pairs
        ],
    }


def _text(hashes: list[bytes]) -> list[str]:
    return [base64.b64encode(one).decode() for one in hashes]


def followed(
    follower: Path, published: Published, proofs: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(follower), published.url, published.vkey],
        input=json.dumps(proofs),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_go_follows_the_log_and_accepts_every_proof(published: Published, follower: Path) -> None:
    """Checkpoints open, tiles and entries are read, and our proofs are theirs byte for byte, by both libraries."""
    done = followed(follower, published, published.proofs)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "size": published.sizes[-1],
        "inclusion": PROOFS,
        "consistency": PROOFS,
        "checkpoints": len(STEPS),
    }
    assert published.sizes[-1] > 5 * 256  # full tiles, and a level above them


def _other_index(proofs: dict[str, Any]) -> None:
    proofs["inclusion"][7]["index"] ^= 1


def _other_hash(proofs: dict[str, Any]) -> None:
    proofs["consistency"][0]["hashes"][0] = base64.b64encode(bytes(32)).decode()


def _other_size(proofs: dict[str, Any]) -> None:
    proofs["checkpoints"][2] += 1


@pytest.mark.parametrize("change", [_other_index, _other_hash, _other_size])
def test_go_refuses_what_is_not_so(
    published: Published, follower: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    """One wrong index, hash or size among hundreds ends it: what it accepts it has looked at."""
    proofs = json.loads(json.dumps(published.proofs))
    change(proofs)
    assert followed(follower, published, proofs).returncode == 1


def test_go_refuses_another_key(published: Published, follower: Path) -> None:
    """The checkpoint does not open under the key of another log of the same name."""
    other = Published(published.url, vkey_of_seed("quancheng.local/log", bytes(32)), [], {})
    assert followed(follower, other, {}).returncode == 1
