"""The check of looks: rows against the leaves that began and ended them, both ways. A leaf has the id of its look.

They stand in no chain, so nothing is folded in order: a look is one leaf that begins it and at most one that ends it.
What a package says of how many looks the log held is held against the log from above: not more, and in its order. Fewer
cannot be shown: a look gets its index behind its commit, and nothing signed says which had one at the request.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, exists, or_, select

from schemas.disclosure import parse_chains
from schemas.errors import Invalid
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_look import ExportFetch, ViewClose, ViewDownload, ViewOpen, ViewPrint
from schemas.leaves_review import ExportRequest, LeafReads
from schemas.look import LookKind, closing_id, reads_sha256, seconds_between
from schemas.reference import ident_of, noun_of, reference
from storage.fsck.mirror import Mirror, differences, value_of
from storage.fsck.opening import opened_leaf, openings_by
from storage.fsck.reading import PAGE_ROWS, Record, acts_of, leaves_about, pages
from storage.tables.custody import custody_entries
from storage.tables.export import exports
from storage.tables.look import looks

LOOK = Mirror(
    looks,
    looks.c.id,
    (),
    (
        *(
            "leaf",
            "kind",
            "way",
            "recording_id",
            "export_id",
            "account_id",
            "reason_code",
            "reason",
            "address",
        ),
        *("opened_at", "closed_at", "seconds"),
    ),
)
_BEGINNING = (ViewOpen, ViewDownload, ViewPrint, ExportFetch)
_BEGINS = (Event.VIEW_OPEN, Event.VIEW_DOWNLOAD, Event.VIEW_PRINT, Event.EXPORT_FETCH)


class Said(NamedTuple):
    """A leaf, opened, with its digest."""

    digest: str
    leaf: Leaf


def check_looks(connection: Connection) -> Iterator[Found]:
    """Yield every look without its leaf, every leaf without its look, every column that differs, and false counts."""
    yield from _reads_faults(connection)
    for page in _pages(connection, _BEGINS):
        begun = [one for one in page.values() if isinstance(one.leaf.act, _BEGINNING)]
        yield from _row_faults(connection, begun)
        yield Checked(part=Part.LOOKS, count=len(begun))
    for page in _pages(connection, (Event.VIEW_CLOSE,)):
        yield from _closing_faults(connection, page)
    known = exists().where(custody_entries.c.entry_id == looks.c.id, custody_entries.c.event.in_(_BEGINS))
    for ident in connection.scalars(select(looks.c.id).where(~known)):
        yield Fault(code=FaultCode.ROW_WITHOUT_LEAF, subject=reference("view", ident), detail=looks.name)


def _pages(connection: Connection, events: Sequence[Event]) -> Iterator[Mapping[UUID, Said]]:
    query = (
        select(custody_entries.c.id, custody_entries.c.leaf, custody_entries.c.digest)
        .where(custody_entries.c.event.in_(events))
        .order_by(custody_entries.c.id)
        .limit(PAGE_ROWS)
    )
    page = connection.execute(query).all()
    while page:
        yield _said(connection, [(bytes(row.leaf), bytes(row.digest)) for row in page])
        page = connection.execute(query.where(custody_entries.c.id > page[-1].id)).all()


def _by_id(connection: Connection, idents: Sequence[UUID]) -> Mapping[UUID, Said]:
    rows = connection.execute(
        select(custody_entries.c.leaf, custody_entries.c.digest).where(custody_entries.c.entry_id.in_(idents))
    )
    return _said(connection, [(bytes(row.leaf), bytes(row.digest)) for row in rows])


def _said(connection: Connection, rows: Sequence[tuple[bytes, bytes]]) -> Mapping[UUID, Said]:
    known = openings_by(connection, [digest for _, digest in rows])
    found = {}
    for payload, digest in rows:
        try:
            leaf = parse_leaf(payload)
        except Invalid:  # the check of the log names it
            continue
        found[UUID(leaf.id)] = Said(digest.hex(), opened_leaf(leaf, known.get(digest.hex(), {})))
    return found


def _row_faults(connection: Connection, begun: Sequence[Said]) -> Iterator[Fault]:
    idents = [UUID(one.leaf.id) for one in begun]
    ended = _by_id(connection, [closing_id(ident) for ident in idents])
    kept = LOOK.read(connection, idents)
    for ident, one in zip(idents, begun, strict=True):
        told = {LOOK.name: [_row(one, ended.get(closing_id(ident)))]}
        yield from differences(LOOK, reference("view", ident), told, kept.get(str(ident), []))


def _row(begun: Said, ended: Said | None) -> Mapping[str, object]:
    leaf, recording, export = begun.leaf, None, None
    match leaf.act:
        case ViewOpen(recording=name) as act:
            kind, recording = LookKind.OPEN, ident_of(name)
        case ViewDownload(recording=name) as act:
            kind, recording = LookKind.DOWNLOAD, ident_of(name)
        case ViewPrint(recording=name) as act:
            kind, recording = LookKind.PRINT, ident_of(name)
        case ExportFetch() as act:
            kind, export = LookKind.FETCH, ident_of(leaf.subject)
        case _:
            raise TypeError(leaf.event)
    return {
        "leaf": begun.digest,
        "kind": kind,
        "way": act.way,
        "recording_id": recording,
        "export_id": export,
        "account_id": ident_of(leaf.actor),
        "reason_code": act.reason_code,
        "reason": value_of(act.reason),
        "address": value_of(act.address),
        "opened_at": leaf.at,
        **_end(begun, ended),
    }


def _end(begun: Said, ended: Said | None) -> Mapping[str, object]:
    if ended is None or not isinstance(ended.leaf.act, ViewClose) or ended.leaf.act.of != begun.digest:
        return {"closed_at": None, "seconds": None}
    return {"closed_at": ended.leaf.at, "seconds": ended.leaf.act.seconds}


def _closing_faults(connection: Connection, page: Mapping[UUID, Said]) -> Iterator[Fault]:
    """A closing entry ends the look it is about, once, and says no more seconds than there were."""
    opened = _by_id(connection, [UUID(ident_of(one.leaf.subject)) for one in page.values()])
    for ident, one in page.items():
        look = UUID(ident_of(one.leaf.subject))
        begun = opened.get(look)
        if begun is None or ident != closing_id(look) or not _ends(one, begun):
            yield Fault(code=FaultCode.LEAF_UNLAWFUL, subject=one.leaf.subject, detail=Event.VIEW_CLOSE.value)


def _reads_faults(connection: Connection) -> Iterator[Fault]:
    """A request of a package counts the looks that the log held at its evidence: the first n by their indices."""
    for page in pages(connection, select(exports.c.id, exports.c.case_id, exports.c.chains), exports.c.id):
        asked = leaves_about(connection, {reference("export", row.id) for row in page}, (ExportRequest,))
        for row in page:
            about = reference("export", row.id)
            for act in acts_of(asked[about], ExportRequest):
                if act.reads is not None and not _is_counted(connection, row, act.reads):
                    yield Fault(
                        code=FaultCode.LEAF_UNLAWFUL, subject=about, detail=Event.EXPORT_REQUEST.value
                    )


def _is_counted(connection: Connection, row: Record, reads: LeafReads) -> bool:
    try:
        names = [head.of for head in parse_chains(bytes(row.chains))]
    except Invalid:  # the fold of the case names it
        return True
    recordings = [UUID(ident_of(of)) for of in names if noun_of(of) == "recording"]
    packages = select(exports.c.id).where(exports.c.case_id == row.case_id)
    looked_at = or_(looks.c.recording_id.in_(recordings), looks.c.export_id.in_(packages))
    first = (
        select(custody_entries.c.digest)
        .join(looks, looks.c.id == custody_entries.c.entry_id)
        .where(looked_at, custody_entries.c.leaf_index.is_not(None))
        .order_by(custody_entries.c.leaf_index)
        .limit(reads.count)
    )
    digests = [bytes(digest).hex() for digest in connection.scalars(first)]
    return len(digests) == reads.count and reads_sha256(digests) == reads.sha256


def _ends(ended: Said, begun: Said) -> bool:
    act = ended.leaf.act
    if not isinstance(act, ViewClose) or not isinstance(begun.leaf.act, ViewOpen):
        return False
    return act.of == begun.digest and act.seconds <= seconds_between(begun.leaf.at, ended.leaf.at)
