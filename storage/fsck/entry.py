"""The check of single entries: bytes against hashes, columns against the leaf, places and openings beside it."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select

from schemas.chain import entry_hash, leaf_digest
from schemas.directory import Directory
from schemas.errors import Invalid
from schemas.fsck import Fault, FaultCode
from schemas.leaf import Leaf, parse_leaf
from schemas.life import Unlawful
from schemas.replay import check_actor
from storage.fsck.opening import Kept, opening_faults, openings_by
from storage.fsck.reading import Record, moment, moment_of
from storage.fsck.refused import RefusedCheck
from storage.fsck.ticket import TicketCheck
from storage.tables.custody import chain_places, custody_entries

ENTRIES = select(
    *(custody_entries.c[name] for name in ("id", "entry_id", "event", "ev", "actor", "subject")),
    *(custody_entries.c[name] for name in ("leaf", "digest", "leaf_hash", "leaf_index")),
    *(custody_entries.c[name] for name in ("ticket", "ticket_kid", "refused_by")),
    moment_of(custody_entries.c.at).label("at"),
)

_Places = Mapping[int, set[tuple[str, int]]]


class Entries:
    """Looks at entries in the order of the log and learns who and what was there; one page is in memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._seen = Directory(is_complete=True)
        self._next = 0
        self._tickets = TicketCheck()
        self._refusals = RefusedCheck()
        self.waiting: dict[int, int] = {}

    def seen(self, *, is_gapless: bool) -> Directory:
        """Return what was learned; with a gap or an unreadable leaf nobody can say that something was not there."""
        self._seen.is_complete = self._seen.is_complete and is_gapless
        return self._seen

    def check(self, page: Sequence[Record]) -> Iterator[Fault]:
        """Yield what is wrong with entries and with what stands beside them."""
        places = self._places([row.id for row in page])
        kept = openings_by(self._connection, [row.digest for row in page])
        for row in page:
            if row.refused_by is not None:
                self._refuse(row)
                continue
            index = self._index(row)
            leaf = yield from self._leaf(row)
            if leaf is None:
                self._seen.is_complete = False
                continue
            if row.leaf_index is not None:
                self._refusals.learn(leaf)
            yield from self._tickets.check(row, leaf, bytes(row.digest).hex())
            yield from _beside(row, leaf, places.get(row.id, set()), kept.get(bytes(row.digest).hex(), {}))
            yield from self._learned(row, leaf, index)

    def untold(self) -> Iterator[Fault]:
        """Yield what the log refuses, but for what a mended chain lists, and its refusals whose entries are gone."""
        yield from self._refusals.faults()
        for digest in self._tickets.refused:
            yield Fault(code=FaultCode.LEAF_WITHOUT_ROW, subject=f"refused/{digest}")

    def _refuse(self, row: Record) -> None:
        """Nothing is learned from what the log refuses; whoever only marked it so is named too."""
        by, digest = bytes(row.refused_by).hex(), leaf_digest(bytes(row.leaf))
        is_said = self._tickets.refused.pop(by, None) == digest
        detail = self._tickets.codes[by] if is_said else "not-said-by-the-log"
        name = f"entry/{row.entry_id}"
        self._refusals.refused(name, digest, bytes(row.leaf), detail=detail, is_said=is_said)

    def _index(self, row: Record) -> int:
        index: int = self._next if row.leaf_index is None else row.leaf_index
        if row.leaf_index is None:
            self.waiting[row.id] = index
        self._next = index + 1
        return index

    def _leaf(self, row: Record) -> Generator[Fault, None, Leaf | None]:
        name, payload = f"entry/{row.entry_id}", bytes(row.leaf)
        digest = leaf_digest(payload)
        if (digest, entry_hash(digest)) != (bytes(row.digest).hex(), bytes(row.leaf_hash).hex()):
            yield Fault(code=FaultCode.LEAF_HASH_DIFFERS, subject=name)
            return None
        try:
            leaf = parse_leaf(payload)
        except Invalid as err:
            yield Fault(code=FaultCode.LEAF_UNREADABLE, subject=name, detail=err.slug)
            return None
        stated = (str(row.entry_id), row.event, row.ev, row.actor, row.subject, row.at)
        if stated != (leaf.id, leaf.event, leaf.ev, leaf.actor, leaf.subject, moment(leaf.at)):
            yield Fault(code=FaultCode.ENTRY_DIFFERS_FROM_LEAF, subject=name)
        return leaf

    def _learned(self, row: Record, leaf: Leaf, index: int) -> Iterator[Fault]:
        """A leaf in a chain is judged there; of the others only who acted can be judged, and is here."""
        if not leaf.chains:
            try:
                check_actor(leaf, index, self._seen)
            except Unlawful as fault:
                name = f"entry/{row.entry_id}"
                yield Fault(code=FaultCode.LEAF_UNLAWFUL, subject=name, detail=fault.code.value)
        self._seen.learn(index, bytes(row.digest).hex(), leaf)

    def _places(self, idents: Sequence[int]) -> _Places:
        found: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for row in self._connection.execute(select(chain_places).where(chain_places.c.entry.in_(idents))):
            found[row.entry].add((row.of, row.n))
        return found


def _beside(row: Record, leaf: Leaf, places: set[tuple[str, int]], kept: Kept) -> Iterator[Fault]:
    name = f"entry/{row.entry_id}"
    if places != {(place.of, place.n) for place in leaf.chains}:
        yield Fault(code=FaultCode.PLACE_DIFFERS, subject=name)
    yield from opening_faults(leaf, kept, name)
