"""Chains as tests look at them: the leaves of a thing, opened, and the life that the fold makes of them."""

from sqlalchemy import select

from schemas.directory import Directory
from schemas.leaf import Leaf, parse_leaf
from schemas.opening import Shown
from schemas.replay import Folded, Turn, fold
from storage.store import Store
from storage.tables.custody import custody_entries


def chain_of(store: Store, of: str) -> list[Leaf]:
    """The leaves in the chain of `noun/uuid`, in order."""
    with store.begin() as tx:
        return [one.leaf for one in tx.custody.chain(of) if isinstance(one.leaf, Leaf)]


def chain_events(store: Store, of: str) -> list[str]:
    """The events in the chain of `noun/uuid`, in order."""
    return [leaf.event for leaf in chain_of(store, of)]


def opened(store: Store, of: str, event: str) -> list[dict[str, object]]:
    """What the openings of an event's leaves in a chain say: member → value, one for each leaf."""
    with store.begin() as tx:
        found = [
            one for one in tx.custody.chain(of) if isinstance(one.leaf, Leaf) and one.leaf.event == event
        ]
        openings = tx.custody.openings_of(one.digest for one in found)
    return [
        {
            member: value.value
            for member, value in one.leaf.act.revealed(openings.get(one.digest, {})).committed().items()
            if isinstance(value, Shown)
        }
        for one in found
    ]


def folded(store: Store, of: str) -> Folded:
    """The life of `noun/uuid` from its leaves alone; who and what else there was is not asked."""
    with store.begin() as tx:
        turns = [
            Turn(n, one.digest, one.leaf.event, one.leaf, one.leaf_index)
            for n, one in enumerate(tx.custody.chain(of), start=1)
            if isinstance(one.leaf, Leaf)
        ]
    return fold(of, turns, Directory())


def indexed_acts(store: Store) -> list[object]:
    """The acts of all indexed leaves, in the order of the log."""
    with store.begin() as tx:
        leaves = tx.connection.scalars(
            select(custody_entries.c.leaf)
            .where(custody_entries.c.leaf_index.is_not(None))
            .order_by(custody_entries.c.leaf_index)
        )
        return [parse_leaf(bytes(leaf)).act for leaf in leaves]
