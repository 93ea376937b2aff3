"""The check of all chains: each is folded from its leaves alone, then held against the rows of its thing, both ways.

The fold has the last word on what was so. A chain whose life is not known to its end – a hole, a leaf that cannot be
read – is named once, and its rows are not judged by what is left of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import groupby, islice
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Select, Text, cast, exists, func, select, text

from schemas.chain import genesis, leaf_digest
from schemas.directory import Directory
from schemas.event import Event
from schemas.fsck import Checked, Fault, FaultCode, Found, Part, Unchecked
from schemas.life import FaultCode as Broken
from schemas.reference import ident_of, is_reference, noun_of
from schemas.replay import Folded, Missing, Turn, fold, turn_of
from storage.fsck.mirror import Told, differences
from storage.fsck.nouns import NOUNS, Noun
from storage.fsck.opening import Opened, opened_leaf, openings_by, orphaned_openings
from storage.fsck.reading import Record, moment
from storage.tables.custody import chains, custody_entries

PAGE_CHAINS = 200
READ_ROWS = 1000

_ALL = text(
    """
    SELECT coalesce(chain.of, place.of) AS of, chain.n AS chain_n, chain.head AS chain_head,
           to_char(timezone('UTC', chain.last_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS last_at,
           place.n AS n, place.id AS id, place.leaf AS leaf, place.digest AS digest, place.event AS event,
           place.leaf_index AS leaf_index
    FROM chains AS chain
    FULL JOIN (
        SELECT held.of, held.n, one.* FROM chain_places AS held
        LEFT JOIN custody_entries AS one ON one.id = held.entry
        WHERE one.refused_by IS NULL  -- what the log refuses is no leaf of any chain
    ) AS place ON place.of = chain.of
    ORDER BY coalesce(chain.of, place.of) COLLATE "C", place.n
    """
)
_STRUCTURE = frozenset({Broken.HOLE, Broken.ORDER, Broken.BROKEN})
"""What is wrong with the chain itself; the rest is against a rule of its noun."""

Item = TypeVar("Item")


class _Standing(NamedTuple):
    row: Record
    folded: Folded

    @property
    def of(self) -> str:
        return self.folded.of


def check_chains(connection: Connection, seen: Directory, waiting: Mapping[int, int]) -> Iterator[Found]:
    """Yield what is wrong in a chain, and between it and the rows of its thing.

    Args:
        connection: It must see one moment, the one in which the log was read.
        seen: What one pass over the whole log has learned.
        waiting: Row id of an entry without an index → the index it would get.
    """
    stream = connection.execute(_ALL.execution_options(yield_per=READ_ROWS))
    grouped = ([*rows] for _, rows in groupby(stream, key=lambda row: row.of))
    for some in _paged(grouped, PAGE_CHAINS):
        known = openings_by(
            connection, [row.digest for rows in some for row in rows if row.digest is not None]
        )
        page = [_Standing(rows[0], _folded(rows, known, seen, waiting)) for rows in some]
        for one in page:
            yield from _chain_faults(one)
        yield from _row_faults(connection, page)
        yield Checked(part=Part.CHAINS, count=len(page))
    for noun in NOUNS.values():
        yield from _without_chain(connection, noun)
    yield from orphaned_openings(connection)
    yield from _first_faults(connection)


def _paged(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    source = iter(items)
    while page := list(islice(source, size)):
        yield page


def _folded(rows: Sequence[Record], known: Opened, seen: Directory, waiting: Mapping[int, int]) -> Folded:
    turns = (_turn(row, known, waiting) for row in rows if row.leaf is not None)
    told = fold(rows[0].of, turns, seen)
    for row in rows:
        if row.n is not None and row.leaf is None:  # the entry of this place is gone
            told.fault(row.n, Broken.HOLE)
            told.lose(row.n)
    return told


def _turn(row: Record, known: Opened, waiting: Mapping[int, int]) -> Turn:
    index = waiting.get(row.id) if row.leaf_index is None else row.leaf_index
    payload, digest = bytes(row.leaf), bytes(row.digest).hex()
    if leaf_digest(payload) != digest:
        # The check of the log names it; what follows is judged by its digest.
        return Turn(row.n, digest, row.event, Missing.UNREADABLE, index)
    turn = turn_of(payload, n=row.n, event=row.event, index=index)
    if isinstance(turn.leaf, Missing):
        return turn
    return replace(turn, leaf=opened_leaf(turn.leaf, known.get(digest, {})))


def _chain_faults(one: _Standing) -> Iterator[Found]:
    told, row = one.folded, one.row
    if told.not_understood_from is not None:
        detail = f"第 {told.not_understood_from} 号起不能理解 not understood from number {told.not_understood_from}"
        yield Unchecked(part=Part.CHAINS, subject=one.of, detail=detail)
    for fault in told.faults:
        if fault.code is not Broken.UNREADABLE:
            code = FaultCode.CHAIN_BROKEN if fault.code in _STRUCTURE else FaultCode.LEAF_UNLAWFUL
            yield Fault(code=code, subject=one.of, detail=f"{fault.n} {fault.code.value}")
    if any(fault.code in _STRUCTURE for fault in told.faults):
        return  # its end follows from nothing
    if row.chain_n is None:
        yield Fault(code=FaultCode.CHAIN_DIFFERS, subject=one.of, detail="missing")
    elif (row.chain_n, bytes(row.chain_head).hex()) != (told.n, told.head):
        yield Fault(code=FaultCode.CHAIN_DIFFERS, subject=one.of, detail=str(row.chain_n))
    elif told.is_known and row.last_at != _last(told):
        yield Fault(code=FaultCode.CHAIN_DIFFERS, subject=one.of, detail="last_at")


def _first_faults(connection: Connection) -> Iterator[Fault]:
    """Nothing is indexed before the log says that it is open."""
    first = connection.execute(
        select(custody_entries.c.entry_id, custody_entries.c.event).where(custody_entries.c.leaf_index == 0)
    ).first()
    if first is not None and first.event != Event.LOG_OPEN:
        yield Fault(code=FaultCode.LEAF_UNLAWFUL, subject=f"entry/{first.entry_id}", detail="0 log-not-open")


def _last(told: Folded) -> str | None:
    return None if told.at is None else moment(told.at)


def _row_faults(connection: Connection, page: Sequence[_Standing]) -> Iterator[Fault]:
    by_noun: dict[str, list[_Standing]] = defaultdict(list)
    for one in page:
        by_noun[noun_of(one.of)].append(one)
    for name, standing in by_noun.items():
        noun = NOUNS.get(name)
        if noun is not None:
            yield from _noun_faults(
                connection, noun, [one.folded for one in standing if is_reference(one.of)]
            )


def _noun_faults(connection: Connection, noun: Noun, things: Sequence[Folded]) -> Iterator[Fault]:
    idents = [UUID(ident_of(one.of)) for one in things]
    kept = [mirror.read(connection, idents) for mirror in noun.mirrors]
    for one in things:
        if one.is_known:
            told = _told(noun, one)
            for mirror, rows in zip(noun.mirrors, kept, strict=True):
                yield from differences(mirror, one.of, told, rows.get(ident_of(one.of), []))


def _told(noun: Noun, one: Folded) -> Told:
    life = noun.begun if one.life is None else one.life
    return {} if life is None else noun.rows(life, one)


def _without_chain(connection: Connection, noun: Noun) -> Iterator[Fault]:
    """Rows of things that no chain speaks of, a page at a time, of those tables that have any: mostly of none."""
    orphaned = _orphaned(noun.name)
    # Counted, not looked for one by one: there are none as a rule, and the database goes through all rows at once.
    counts = (select(func.count()).select_from(query.subquery()).scalar_subquery() for query in orphaned)
    for mirror, query, count in zip(
        noun.mirrors, orphaned, connection.execute(select(*counts)).one(), strict=True
    ):
        if not count:
            continue
        owners = connection.scalars(
            query.distinct().order_by(mirror.owner).execution_options(yield_per=READ_ROWS)
        )
        for page in _paged(owners, PAGE_CHAINS):
            things = [Folded(f"{noun.name}/{one}", genesis(f"{noun.name}/{one}")) for one in page]
            yield from _noun_faults(connection, noun._replace(mirrors=(mirror,)), things)


@cache
def _orphaned(noun: str) -> tuple[Select[*tuple[Any, ...]], ...]:
    """For each table of a noun, what asks for the things of its rows that no chain speaks of."""
    return tuple(
        mirror.rows(mirror.owner).where(
            ~exists(
                select(chains.c.of).where(chains.c.of == func.concat(f"{noun}/", cast(mirror.owner, Text)))
            )
        )
        for mirror in NOUNS[noun].mirrors
    )
