"""The check of packages in the store: what the log says was built is there, as long as it was, and has its bytes."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from schemas.base import HexDigest
from schemas.fsck import Found
from schemas.leaves_review import ExportBuild
from schemas.reference import reference
from storage.fsck.objects import Named, ObjectCheck
from storage.fsck.reading import acts_of, leaves_about, snapshot
from storage.fsck.recording import PAGE, chunks_of
from storage.tables.export import exports


def check_packages(engine: Engine, objects: ObjectCheck) -> Iterator[Found]:
    """Yield what differs for every package that was built; one whose row is gone is named by its case's chain."""
    query = select(exports.c.id).order_by(exports.c.id).limit(PAGE)
    after: UUID | None = None
    while True:
        with snapshot(engine) as connection:
            idents = connection.scalars(query if after is None else query.where(exports.c.id > after)).all()
            built = _built(connection, idents)
        if not idents:
            return
        for one in built:
            yield from objects.original(one)
        after = idents[-1]


def _built(connection: Connection, idents: Sequence[UUID]) -> list[Named]:
    """Return the objects of packages, by their leaves; no lock is demanded of what can be built again."""
    names = [reference("export", ident) for ident in idents]
    said = leaves_about(connection, names, (ExportBuild,))
    acts = [(about, act) for about in names for act in acts_of(said.get(about, []), ExportBuild)]
    chunks = chunks_of(connection, [(act.object_key, act.version_id) for _, act in acts])
    return [
        Named(
            about=about,
            key=act.object_key,
            version_id=act.version_id,
            size_bytes=act.size_bytes,
            sha256=HexDigest(act.sha256),
            retain_until=None,
            chunks=chunks.get((act.object_key, act.version_id)),
        )
        for about, act in acts
    ]
