"""What the signer makes of entries that wait, from their leaves alone: `schemas.ticket.gate` over the rows of the log.

The last indexed leaf of a chain is hashed again; the table of heads is never asked. What waits in a chain keeps what
follows in it waiting; what is refused has what follows in its chain refused, and stops no other chain.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Row, text

from schemas.chain import entry_hash, leaf_digest
from schemas.errors import Invalid
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_log import KeyRevoke, KeyRole, KeyRotate
from schemas.ticket import Answer, Draft, TicketKey, gate

_LAST = text(
    """
    SELECT wanted.of, entry.leaf, entry.leaf_index
    FROM unnest(CAST(:ofs AS text[])) AS wanted (of)
    CROSS JOIN LATERAL (
        SELECT one.leaf, one.leaf_index FROM chain_places AS place
        JOIN custody_entries AS one ON one.id = place.entry
        WHERE place.of = wanted.of COLLATE "C" AND one.leaf_index IS NOT NULL
        ORDER BY place.n DESC LIMIT 1
    ) AS entry
    """
)

Pending = Row[int, bytes, bytes, bytes, bytes | None, str | None]


class Judged(NamedTuple):
    """An entry that waits, what becomes of it, and its leaf where it is one."""

    row: Pending
    answer: Answer
    leaf: Leaf | None


class Gate:
    """The gate of one transaction; it remembers what it let pass, so that a chain goes on within a batch."""

    def __init__(
        self, connection: Connection, *, log: str, keys: Mapping[str, TicketKey] | None, dead: set[str]
    ) -> None:
        """Take the name of the log (`log/uuid`) and the ticket keys that this signer knows; None: none is announced yet.

        `dead` are the ids of those that the log has ended; it grows with what is let pass.
        """
        self._connection = connection
        self._log = log
        self._keys = keys
        self._dead = dead
        self._last: dict[str, bytes | None] = {}
        self._waiting: set[str] = set()

    def judge(self, rows: Sequence[Pending]) -> list[Judged]:
        """Say what becomes of each entry, in their order."""
        read = [_leaf(bytes(row.leaf)) for row in rows]
        self._look_up(place.of for leaf in read if leaf is not None for place in leaf.chains)
        return [self._judged(row, leaf) for row, leaf in zip(rows, read, strict=True)]

    def _look_up(self, names: Iterable[str]) -> None:
        wanted = sorted(set(names) - self._last.keys())
        self._last |= dict.fromkeys(wanted)
        for row in self._connection.execute(_LAST, {"ofs": wanted}):
            self._last[row.of] = bytes(row.leaf)

    def _judged(self, row: Pending, leaf: Leaf | None) -> Judged:
        payload = bytes(row.leaf)
        digest = leaf_digest(payload)
        answer = Answer.ALTERED
        if (digest, entry_hash(digest)) == (bytes(row.digest).hex(), bytes(row.leaf_hash).hex()):
            answer = self._asked(row, payload)
        names = [] if leaf is None else [place.of for place in leaf.chains]
        if answer is Answer.CHAIN and self._waiting.intersection(names):
            answer = Answer.WAITS
        if answer in (Answer.WAITS, Answer.KEY):
            self._waiting.update(names)
        if answer is Answer.INDEXED:
            self._last |= dict.fromkeys(names, payload)
            self._dead.update(_ended(leaf))
        return Judged(row, answer, leaf)

    def _asked(self, row: Pending, payload: bytes) -> Answer:
        ticket = base64.b64encode(row.ticket or b"").decode()
        # No digest is there twice: the table keeps it once, and it was made again from the leaf above.
        return gate(
            Draft(payload, row.ticket_kid or "", ticket),
            log=self._log,
            last=self._last.get,
            is_indexed=lambda _: False,
            keys=self._keys,
            dead=self._dead,
        )


def _ended(leaf: Leaf | None) -> tuple[str, ...]:
    match None if leaf is None else leaf.act:
        case KeyRotate(role=KeyRole.TICKET) as act:
            return (act.old,)
        case KeyRevoke(role=KeyRole.TICKET) as act:
            return (act.kid,)
        case _:
            return ()


def _leaf(payload: bytes) -> Leaf | None:
    try:
        return parse_leaf(payload)
    except Invalid:
        return None
