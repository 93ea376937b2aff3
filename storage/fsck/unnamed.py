"""The check of the evidence store the other way round: what lies there, and neither a row nor the log names.

What a crash leaves between the store and the commit is no fault: its name says of which upload, recording or package it
is, and that has a row. Nor is what was written within a day: a commit may be on its way. Whatever else lies there was
put by somebody else, or its rows are gone.
"""

import re
from collections.abc import Collection, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Table, func, select

from schemas.errors import EvidenceError, NotFound
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from schemas.journal import anchor_key
from schemas.log_signers import LogSigners
from schemas.log_tile import parse_tile_path
from schemas.merkle import TILE_WIDTH, tile_width
from schemas.reference import UUID_FORM
from storage.fsck.reading import snapshot
from storage.objects.port import Objects
from storage.tables.custody import checkpoints
from storage.tables.derivative import derivations
from storage.tables.export import exports
from storage.tables.recording import derivatives, recordings, uploads

SETTLED: Final = timedelta(days=1)
"""What is younger may be named by a commit that is still to come."""

PAGE_KEYS: Final = 500
_NAMING: Final = (recordings, uploads, derivatives, derivations, exports)
_THINGS: Final[dict[str, Table]] = {"recordings": uploads, "derivatives": recordings, "exports": exports}
"""The first word of a key → of what thing the second one is the id."""

_ID = re.compile(UUID_FORM)
_START = re.compile(r"[0-9]{16}", re.ASCII)
"""How a piece is named: by where it begins."""


def check_unnamed(engine: Engine, objects: Objects, signers: LogSigners) -> Iterator[Found]:
    """Yield every object of the evidence store that nothing names, a page of keys against a snapshot of the rows."""
    with snapshot(engine) as connection:
        before = connection.execute(select(func.now())).scalar_one() - SETTLED
    try:
        listed = objects.old_evidence(before)
        while keys := [*islice(listed, PAGE_KEYS)]:
            with snapshot(engine) as connection:
                strange = sorted(_strange(connection, keys, signers.opened))
            for key in strange:
                yield Fault(code=FaultCode.OBJECT_UNNAMED, subject=f"object/{key}")
            yield Checked(part=Part.LISTING, count=len(keys))
    except EvidenceError as err:
        yield Unchecked(part=Part.LISTING, subject=Part.LISTING.value, detail=err.detail)


def _strange(connection: Connection, keys: Collection[str], vkey: str) -> set[str]:
    """Return the keys that nothing names."""
    left = set(keys) - _of_log(connection, keys, vkey)
    for table in _NAMING:
        if left:
            left -= set(connection.scalars(select(table.c.object_key).where(table.c.object_key.in_(left))))
    return left - _of_known(connection, left)


def _of_log(connection: Connection, keys: Collection[str], vkey: str) -> set[str]:
    """Return the keys of pieces, tiles and bundles that the log has; the checks of both compare what stands there.

    A piece behind the last one that was told is looked at as what comes next, whether it was told or not.
    """
    folder = anchor_key(vkey, 0).rpartition("/")[0] + "/"
    names = {key: key.removeprefix(folder) for key in keys if key.startswith(folder)}
    if not names:
        return set()
    told = checkpoints.c.published_from
    size = connection.scalar(select(func.max(checkpoints.c.size))) or 0
    last = connection.scalar(select(func.max(checkpoints.c.size)).where(told.is_not(None))) or 0
    starts = {int(name) for name in names.values() if _START.fullmatch(name)}
    begun = set(connection.scalars(select(told).where(told.in_(starts))))
    return {
        key
        for key, name in names.items()
        if (_START.fullmatch(name) and (int(name) in begun or int(name) >= last)) or _is_full(name, size)
    }


def _is_full(name: str, size: int) -> bool:
    try:
        path = parse_tile_path(name)
    except NotFound:
        return False
    return path.width == TILE_WIDTH == tile_width(path.level or 0, path.n, size)


def _of_known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return the keys whose names say of which thing they are, where that has a row."""
    found: set[str] = set()
    for word, table in _THINGS.items():
        of = {key: _ident(key) for key in keys if key.startswith(f"{word}/")}
        idents = {ident for ident in of.values() if ident is not None}
        known = set(connection.scalars(select(table.c.id).where(table.c.id.in_(idents)))) if idents else set()
        found.update(key for key, ident in of.items() if ident in known)
    return found


def _ident(key: str) -> UUID | None:
    word = key.split("/")[1]
    return UUID(word) if _ID.fullmatch(word) else None
