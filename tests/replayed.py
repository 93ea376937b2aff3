"""Chains as they stand in a database, folded from their leaves alone."""

from collections import defaultdict

from sqlalchemy import select

from schemas.directory import Directory
from schemas.leaf import parse_leaf
from schemas.replay import Folded, Turn, fold, turn_of
from storage.store import Store
from storage.tables.custody import chain_places, custody_entries


def leaves_of(store: Store) -> list[tuple[int, str, bytes]]:
    """Row id, event and bytes of every typed leaf, in the order in which it was or will be indexed."""
    with store.begin() as tx:
        rows = tx.connection.execute(
            select(custody_entries.c.id, custody_entries.c.event, custody_entries.c.leaf)
            .where(custody_entries.c.ev > 0)
            .order_by(custody_entries.c.id)
        ).all()
    return [(row.id, row.event, bytes(row.leaf)) for row in rows]


def folded(store: Store, *nouns: str) -> dict[str, Folded]:
    """The fold of every chain of these nouns, judged by all that the log says of people and things."""
    leaves = leaves_of(store)
    seen, turns, place = Directory(is_complete=True), defaultdict[str, list[Turn]](list), {}
    for index, (row_id, event, payload) in enumerate(leaves):
        place[row_id] = (index, event, payload)
        leaf = parse_leaf(payload)
        seen.learn(index, turn_of(payload, n=1, event=event).digest, leaf)
    with store.begin() as tx:
        rows = tx.connection.execute(select(chain_places).order_by(chain_places.c.of, chain_places.c.n)).all()
    for row in rows:
        if row.of.partition("/")[0] in nouns:
            index, event, payload = place[row.entry]
            turns[row.of].append(turn_of(payload, n=row.n, event=event, index=index))
    return {of: fold(of, some, seen) for of, some in turns.items()}
