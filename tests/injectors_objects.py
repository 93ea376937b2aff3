"""Damage to the evidence store of a copied world, by whoever writes to its folder; each returns what it is about."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert

from schemas.ids import RecordingId
from schemas.journal import anchor_key
from schemas.laid import laid_key
from schemas.log_tile import TilePath
from schemas.merkle import TILE_WIDTH
from storage.objects.folder import FolderObjects, side_path
from storage.outbox import JobKind
from storage.tables.chunk import object_chunks
from tests.evidence import Copy
from tests.injectors_log import vkey_of
from tests.supervision import drain
from tests.traces import leave_traces
from workers.custody import integrate


def overwrite(path: Path, payload: bytes) -> None:
    path.unlink()
    path.write_bytes(payload)


def flip(path: Path) -> None:
    payload = bytearray(path.read_bytes())
    payload[len(payload) // 2] ^= 1
    overwrite(path, bytes(payload))


def piece_path(copy: Copy) -> Path:
    """The last piece of the log that the evidence store keeps."""
    assert isinstance(copy.store.objects, FolderObjects)
    key = anchor_key(vkey_of(copy), copy.scalar("SELECT max(published_from) FROM checkpoints"))
    return copy.store.objects.path(key, str(copy.store.objects.newest(key)))


def piece_gone(copy: Copy) -> str:
    shutil.rmtree(piece_path(copy).parent)
    return f"journal/{copy.scalar('SELECT max(published_from) FROM checkpoints')}"


def piece_altered(copy: Copy) -> str:
    path = piece_path(copy)
    path.chmod(0o600)
    overwrite(path, path.read_bytes().replace(b"from ", b"fro "))
    return f"journal/{copy.scalar('SELECT max(published_from) FROM checkpoints')}"


def laid_path(copy: Copy) -> Path:
    """The first tile of the log that the evidence store keeps, of a log that fills one."""
    with copy.store.begin() as tx:
        leave_traces(tx.custody, TILE_WIDTH)
    integrate(copy.store)
    assert isinstance(copy.store.objects, FolderObjects)
    key = laid_key(vkey_of(copy), TilePath(0, 0, TILE_WIDTH))
    return copy.store.objects.path(key, str(copy.store.objects.newest(key)))


def tile_gone(copy: Copy) -> str:
    laid_path(copy).unlink()
    return "tile/0/000"


def tile_flipped(copy: Copy) -> str:
    flip(laid_path(copy))
    return "tile/0/000"


def tile_unlocked(copy: Copy) -> str:
    side = side_path(laid_path(copy))
    overwrite(side, json.dumps({**json.loads(side.read_bytes()), "retain_until": None}).encode())
    return "tile/0/000"


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


def list_altered(copy: Copy) -> str:
    with copy.store.begin() as tx:
        found = tx.recordings.known(RecordingId(copy.world.sealed))
        tx.connection.execute(
            insert(object_chunks).values(
                object_key=found.object_key, version_id=found.version_id, digests=bytes(64)
            )
        )
    return f"recording/{copy.world.sealed}"


def object_planted(copy: Copy) -> str:
    """One more object, in a world whose objects are all old enough to have been named."""
    return _planted(copy, f"recordings/{uuid4()}/1")


def planted_beside(copy: Copy, name: str) -> str:
    """The same in the folder of the log."""
    return _planted(copy, anchor_key(vkey_of(copy), 0).rpartition("/")[0] + "/" + name)


def _planted(copy: Copy, key: str) -> str:
    root = piece_path(copy).parents[3]
    copy.store.objects.put(key, [b"planted"], sha256=hashlib.sha256(b"planted").digest())
    for path in root.rglob("@*"):
        os.utime(path, (0, 0))
    return f"object/{key}"


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
