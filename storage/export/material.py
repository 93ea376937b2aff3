"""What a package is made of: the leaves of its chains as one moment holds them, and what these name."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select, text

from schemas.base import Frozen
from schemas.checkpoint import proof_text
from schemas.consistency import PACKAGE_REACH, tiles_text
from schemas.disclosure import ChainHead, NotShown, parse_chains, parse_hidden
from schemas.ids import ExportId
from schemas.leaf import parse_leaf
from schemas.leaf_catalogue import catalogue_sha256
from schemas.leaves_agency import AgencyAmend, AgencyOpen
from schemas.leaves_case import CaseOpen
from schemas.leaves_recording import RecordingQuarantine, RecordingSeal
from schemas.life_evidence import RecordingLife
from schemas.life_log import LogLife
from schemas.life_of_case import CaseLife
from schemas.merkle import inclusion_proof, verify_inclusion
from schemas.ours import ours
from schemas.package_lines import LeafLine, leaves_text, openings_text
from schemas.package_record import Record, disclosed, record_of
from schemas.package_scope import evidence_of
from schemas.recording import RecordingState
from schemas.reference import noun_of, reference
from schemas.refusals_custody import LEAF_BROKEN, TILE_BROKEN
from schemas.refusals_export import PACKAGE_UNFIT
from storage.custody.reading import LogReader
from storage.custody.tree import last_checkpoint, stored_tile
from storage.export.documents import Document, Documents, Source, sources_of
from storage.export.scope import Evidence, evidence_held
from storage.tables.custody import chain_places, custody_entries
from storage.tables.export import exports

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")

_Leaves = dict[str, Row[Any]]


class CaseMaterial(Frozen):
    """All of it. `is_verified` is False while a recording waits for its verdict."""

    case: str
    export: str
    request: str
    chains: bytes
    hidden: bytes
    leaves: bytes
    openings: bytes
    checkpoint: str
    tree: str
    proofs: Mapping[str, str]
    documents: tuple[Document, ...]
    sources: tuple[Source, ...]
    is_verified: bool


class Gathering:
    """Reads one moment of a case and its log; its transaction must have run no statement before."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._log = LogReader(connection)

    def run(self, export_id: ExportId) -> CaseMaterial | None:
        """Return everything that the request names; None while the log has not signed all of it.

        Raises:
            IntegrityBroken: the record contradicts itself or the request (`package-unfit`), a document is not what a
                leaf names, or the tiles do not lead from a leaf to the signed root.
        """
        self._connection.execute(_SNAPSHOT)
        row = self._connection.execute(
            select(exports.c.case_id, exports.c.chains, exports.c.hidden).where(exports.c.id == export_id)
        ).one()
        case, export = reference("case", row.case_id), reference("export", export_id)
        with ours(PACKAGE_UNFIT, "chains or hidden things of the request cannot be read"):
            heads, hidden = parse_chains(bytes(row.chains)), parse_hidden(bytes(row.hidden))
        held = self._held(case, heads)
        found = self._leaves(case, heads, held)
        last = last_checkpoint(self._connection)
        if last is None or any(
            one.leaf_index is None or one.leaf_index >= last.size for one in found.values()
        ):
            return None
        record, leaves, openings = self._record(heads, hidden, found)
        require_fit(record, heads, case)
        return CaseMaterial(
            case=case,
            export=export,
            request=_request(record, case, export),
            chains=bytes(row.chains),
            hidden=bytes(row.hidden),
            leaves=leaves,
            openings=openings,
            checkpoint=last.note,
            tree=tiles_text(last.size, PACKAGE_REACH, self._tile),
            proofs=self._proofs(found, last),
            documents=tuple(Documents(self._connection, record, held).all(case)),
            sources=tuple(sources_of(record, held.recordings)),
            is_verified=not any(self._may_be_verified(record, of) for of in held.recordings),
        )

    def _held(self, case: str, heads: Iterable[ChainHead]) -> Evidence:
        """Return what was tied when the package was asked for, with what it rests on."""
        own = next((head.n for head in heads if head.of == case), 0)
        leaves = [parse_leaf(bytes(one.leaf)) for one in self._places(case, own).values()]
        ties = evidence_of(leaves)
        return evidence_held(self._connection, [name for name, stands in ties.items() if stands])

    def _leaves(self, case: str, heads: Sequence[ChainHead], held: Evidence) -> _Leaves:
        found: _Leaves = {}
        for head in heads:
            found |= self._places(head.of, head.n + (head.of == case))
        for of in held.recordings:
            found |= self._verdict(of, next((one.n for one in heads if one.of == of), 0))
        for name in (*held.manifests, *held.intakes, *_agencies(found.values())):
            found |= self._about(name)
        return found

    def _places(self, of: str, n: int) -> _Leaves:
        query = _entries().where(chain_places.c.of == of, chain_places.c.n <= n).order_by(chain_places.c.n)
        return {row.digest.hex(): row for row in self._connection.execute(query)}

    def _verdict(self, of: str, n: int) -> _Leaves:
        """Return the verdict that follows number n of a recording's chain, where the very next leaf is one."""
        query = _entries().where(chain_places.c.of == of, chain_places.c.n == n + 1)
        ends = {RecordingSeal.spec.event, RecordingQuarantine.spec.event}
        return {row.digest.hex(): row for row in self._connection.execute(query) if row.event in ends}

    def _may_be_verified(self, record: Record, of: str) -> bool:
        """Say whether a verdict may still follow; not behind a tie, for that was never asked for."""
        folded = record.folded[of]
        is_received = isinstance(folded.life, RecordingLife) and folded.life.state == RecordingState.RECEIVED
        return is_received and folded.n == len(self._places(of, folded.n + 1))

    def _about(self, name: str) -> _Leaves:
        """Return the leaves that stand in no chain of the package: of an agency, a manifest, a batch."""
        query = select(custody_entries).where(custody_entries.c.subject == name)
        kept = {AgencyOpen.spec.event, AgencyAmend.spec.event}
        return {
            row.digest.hex(): row
            for row in self._connection.execute(query)
            if noun_of(name) != "agency" or row.event in kept
        }

    def _record(
        self, heads: Sequence[ChainHead], hidden: Iterable[NotShown], found: _Leaves
    ) -> tuple[Record, bytes, bytes]:
        names = {head.of for head in heads}
        lines = [
            LeafLine(one.leaf_index, digest, bytes(one.leaf), *_signed(one)) for digest, one in found.items()
        ]
        with ours(LEAF_BROKEN, "a leaf of the case is none"):
            committed = {line.digest: parse_leaf(line.leaf).act.commitments() for line in lines}
            openings = {
                digest: {member: bytes(one) for member, one in members.items() if member in committed[digest]}
                for digest, members in self._log.openings_of(found).items()
            }
            left = disclosed(names, lines, openings, hidden)
        return record_of(names, *left), leaves_text(left.shown, left.withheld), openings_text(left.openings)

    def _proofs(self, found: _Leaves, last: Row[int, bytes, str]) -> dict[str, str]:
        read_tile, proofs = cache(self._tile), {}
        for digest, one in found.items():
            path = inclusion_proof(one.leaf_index, last.size, read_tile)
            with ours(TILE_BROKEN, f"leaf {digest} does not lead to the signed root"):
                verify_inclusion(
                    path,
                    index=one.leaf_index,
                    size=last.size,
                    leaf=bytes(one.leaf_hash),
                    root=bytes(last.root),
                )
            proofs[digest] = proof_text(one.leaf_index, path, last.note)
        return proofs

    def _tile(self, level: int, n: int) -> bytes:
        return stored_tile(self._connection, level, n)


def _signed(one: Row[Any]) -> tuple[str, str]:
    """Return the key's id and the ticket of a leaf, empty in a log of before there were any."""
    return ("", "") if one.ticket is None else (one.ticket_kid, base64.b64encode(bytes(one.ticket)).decode())


def _agencies(leaves: Iterable[Row[Any]]) -> Iterator[str]:
    """Yield the agency that acts in the case, and the one in whose name."""
    for one in leaves:
        if one.event == CaseOpen.spec.event and isinstance(act := parse_leaf(bytes(one.leaf)).act, CaseOpen):
            yield act.agency
            if act.principal is not None:
                yield act.principal


def _entries() -> Select[Any]:
    return select(custody_entries).join(chain_places, chain_places.c.entry == custody_entries.c.id)


def require_fit(record: Record, heads: Sequence[ChainHead], case: str) -> None:
    """Refuse to pack a record that contradicts itself or the request; whoever checks the package would name it too.

    Raises:
        IntegrityBroken: slug `package-unfit`, with the first thing that is wrong.
    """
    for wrong in _contradictions(record, heads):
        raise PACKAGE_UNFIT(wrong)
    lives = [record.folded[head.of].life for head in heads]
    if not any(isinstance(life, CaseLife) for life in lives):
        raise PACKAGE_UNFIT(f"{case} is not known from its leaves")
    if [life.catalogue_sha256 for life in lives if isinstance(life, LogLife)] != [catalogue_sha256()]:
        raise PACKAGE_UNFIT("the log has another catalogue in force than this server")


def _contradictions(record: Record, heads: Iterable[ChainHead]) -> Iterator[str]:
    for head in heads:
        if record.head(head.of, head.n) != head.head:
            yield f"{head.of} does not reach the head that the request states"
        for fault in record.folded[head.of].faults:
            yield f"{fault.of} {fault.n}: {fault.code}"
    for one in record.opening_faults:
        yield f"{one.member} of {one.digest}: {one.detail}"


def _request(record: Record, case: str, export: str) -> str:
    """Return the digest of the leaf by which the package was asked for, the last of the case's chain.

    Raises:
        IntegrityBroken: another leaf stands there (`package-unfit`).
    """
    for digest, leaf in record.leaves(case).items():
        if leaf.subject == export and leaf.event == "export:request":
            return digest
    raise PACKAGE_UNFIT(f"no leaf asks for {export}")
