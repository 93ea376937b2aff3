"""Classes 1 to 7 and 36: evidence store and rows, by whoever writes to folder and database and holds no key."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx

from schemas.health import HealthPart
from schemas.leaves_log import LogRefuse
from schemas.work import signs
from storage.store import Store
from tests import injectors_objects as objects
from tests.chains import indexed_acts
from tests.evidence import Copy
from tests.forging import forged_tie
from tests.looks import looked
from tests.server import serving
from tests.stand import PATIENCE_SECONDS
from tests.tamper.ground import Ground, fsck_codes
from tests.tamper.table import Probe, Seen
from tests.tus import bearer
from tests.web import TRUST
from workers.custody import integrate

FLIPS = 4


def fsck(*injectors: Callable[[Copy, Ground], object]) -> Probe:
    """Each injector on a copy of its own; found is what every one of them came to."""

    def probe(ground: Ground) -> Seen:
        return Seen(ground.sound, frozenset.intersection(*(_checked(ground, one) for one in injectors)))

    return probe


def _checked(ground: Ground, injector: Callable[[Copy, Ground], object]) -> frozenset[str]:
    with ground.copy() as copy:
        injector(copy, ground)
        return fsck_codes(copy)


def of_copy(injector: Callable[[Copy], object]) -> Callable[[Copy, Ground], object]:
    """An injector that knows the world by the copy alone."""
    return lambda copy, _: injector(copy)


def sql(statement: str) -> Callable[[Copy, Ground], object]:
    """A statement of a superuser, no trigger of whose fires; `:photo` is a sealed recording."""

    def inject(copy: Copy, _: Ground) -> None:
        named = {"photo": copy.world.photo} if ":photo" in statement else {}
        copy.damage(statement, **named)

    return inject


def bits_flipped(ground: Ground) -> Seen:
    """One bit at a random place, again and again: each is found, or none counts."""
    found = []
    with ground.copy() as copy:
        path = copy.path(copy.world.photo)
        whole = path.read_bytes()
        for _ in range(FLIPS):
            payload = bytearray(whole)
            payload[random.randrange(len(whole))] ^= 1 << random.randrange(8)
            objects.overwrite(path, bytes(payload))
            found.append(fsck_codes(copy))
        objects.overwrite(path, whole)
        assert fsck_codes(copy) == ground.sound
    return Seen(ground.sound, frozenset.intersection(*found))


def exchanged(copy: Copy, ground: Ground) -> None:
    """Two objects of equal size change places."""
    one, other = (copy.path(ident) for ident in ground.twins)
    mine, theirs = one.read_bytes(), other.read_bytes()
    assert len(mine) == len(theirs)
    objects.overwrite(one, theirs)
    objects.overwrite(other, mine)


def bucket_emptied(copy: Copy, _: Ground) -> None:
    """All evidence goes, the log's pieces stay where they are."""
    root = objects.piece_path(copy).parents[3]
    for folder in root.iterdir():
        if folder.name != "log":
            shutil.rmtree(folder)


def cut(copy: Copy, _: Ground) -> None:
    """The last byte of a photo goes."""
    cut_path(copy.path(copy.world.photo))


def cut_path(path: Path) -> None:
    """The last byte of a file goes."""
    objects.overwrite(path, path.read_bytes()[:-1])


def served(change: Callable[[Path], object]) -> Probe:
    """What the API says to whoever opens a photo, before and after somebody wrote to its file."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy, serving(copy.store) as url, _head(copy, url) as client:
            address = looked(client, f"/v1/recordings/{copy.world.photo}")
            control = _problem(client.get(address))
            change(copy.path(copy.world.photo))
            return Seen(control, _problem(client.get(address)))

    return probe


def _head(copy: Copy, url: str) -> httpx.Client:
    token = copy.bureau.tokens[copy.bureau.head.id]
    return httpx.Client(base_url=url, headers=bearer(token), verify=TRUST, timeout=PATIENCE_SECONDS)


def _problem(answer: httpx.Response) -> frozenset[str]:
    return frozenset() if answer.status_code == httpx.codes.OK else frozenset({answer.json()["slug"]})


def event_and_evidence_deleted(copy: Copy, _: Ground) -> None:
    """A recording goes with all its leaves."""
    about = f"recording/{copy.world.photo}"
    copy.damage("DELETE FROM custody_entries WHERE subject = :about", about=about)
    copy.damage("DELETE FROM recordings WHERE id = :id", id=copy.world.photo)


def inserted(ask: Callable[[Store], frozenset[str]]) -> Probe:
    """A tie of another agency's photo eight days before the case, leaf, chain and row: whoever has no key puts it there."""

    def probe(ground: Ground) -> Seen:
        with ground.copy() as copy:
            integrate(copy.store)
            control = ask(copy.store)
            forged_tie(copy.bureau)
            integrate(copy.store)
            return Seen(control, ask(copy.store))

    return probe


def refused_by_log(store: Store) -> frozenset[str]:
    """Why the signer gave leaves no index, as its own leaves say."""
    return frozenset(one.code for one in indexed_acts(store) if isinstance(one, LogRefuse))


def health_of_log(store: Store) -> frozenset[str]:
    """What health says of the log where that is not good."""
    with store.begin() as tx:
        said = [one for one in signs(tx.heartbeats.work()) if one.part is HealthPart.LOG]
    return frozenset(one.code.value for one in said if not one.is_good)


def read_past(ground: Ground) -> Seen:
    """Whoever reads files and tables takes an original and all leaves: what `fsck` says then, and what was noted."""
    with ground.copy() as copy:
        before = _noted(copy)
        assert copy.path(copy.world.photo).read_bytes()
        assert copy.scalar("SELECT count(leaf) FROM custody_entries")
        noted = frozenset() if _noted(copy) == before else frozenset({"noted"})
        return Seen(ground.sound, fsck_codes(copy) | noted)


def _noted(copy: Copy) -> list[int]:
    """How many leaves, looks and rows of the access trail there are."""
    return [
        copy.scalar(f"SELECT count(*) FROM {table}") for table in ("custody_entries", "looks", "trail_rows")
    ]
