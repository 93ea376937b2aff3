"""Many leaves of one act, copied (COPY): entries, places, openings and the rows of the chains that they begin.

The numbers of the entries are drawn first, in one statement: the index of a leaf follows from the order of its row, and no
row is read back to find its place. What is copied is text: a leaf is printable ASCII without a backslash, so its bytes
stand there as they are; digests and openings are in hex.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from psycopg import Connection as Driver
from sqlalchemy import Connection, text

from schemas.disclosure import ChainHead
from schemas.ids import AgencyId
from schemas.leaf import Leaf
from storage.custody.values import Appended

_DRAW = text(
    "SELECT array_agg(nextval(pg_get_serial_sequence('custody_entries', 'id'))) FROM generate_series(1, :count)"
)
_ENTRY_COLUMNS = (
    "id, entry_id, event, ev, actor, subject, agency_id, at, leaf, digest, leaf_hash, ticket, ticket_kid"
)
_ENTRIES = f"custody_entries ({_ENTRY_COLUMNS})"
_PLACES = "chain_places (of, n, entry)"
_CHAINS = "chains (of, n, head, last_at)"
_OPENINGS = "openings (digest, member, opening)"


class New(NamedTuple):
    """A leaf that is written, as the log keeps it, and what opens it by member."""

    leaf: Leaf
    appended: Appended
    opened: Mapping[str, bytes]


class NewLeaves(NamedTuple):
    """Leaves in their order, and how far the chains go that they begin."""

    leaves: Sequence[New]
    heads: Sequence[ChainHead]


def copy_new(connection: Connection, made: NewLeaves, agency_id: AgencyId | None) -> None:
    """Copy leaves in their order, and how far the chains go that they begin.

    Raises:
        sqlalchemy.exc.IntegrityError, psycopg.errors.UniqueViolation: a chain is there already; the transaction is over.
    """
    leaves = made.leaves
    if not leaves:
        return
    drawn: list[int] = connection.execute(_DRAW, {"count": len(leaves)}).scalar_one()
    numbers = sorted(drawn)
    agency, at = agency_id or "\\N", leaves[0].leaf.at.isoformat()
    places = (
        f"{of}\t{n}\t{number}\n"
        for number, one in zip(numbers, leaves, strict=True)
        for of, n in one.appended.places.items()
    )
    openings = (
        f"\\\\x{one.appended.digest}\t{member}\t\\\\x{opening.hex()}\n"
        for one in leaves
        for member, opening in one.opened.items()
    )
    entries = (_entry(number, one, f"{agency}\t{at}") for number, one in zip(numbers, leaves, strict=True))
    _copy(connection, _ENTRIES, entries)
    _copy(connection, _PLACES, places)
    _copy(connection, _CHAINS, (f"{one.of}\t{one.n}\t\\\\x{one.head}\t{at}\n" for one in made.heads))
    _copy(connection, _OPENINGS, openings)


def _entry(number: int, one: New, whose: str) -> str:
    leaf, appended = one.leaf, one.appended
    return (
        f"{number}\t{leaf.id}\t{leaf.event}\t{leaf.ev}\t{leaf.actor}\t{leaf.subject}\t{whose}"
        f"\t{appended.leaf.decode('ascii')}\t\\\\x{appended.digest}\t\\\\x{appended.leaf_hash.hex()}"
        f"\t\\\\x{appended.ticket.signature.hex()}\t{appended.ticket.kid}\n"
    )


def _copy(connection: Connection, into: str, rows: Iterable[str]) -> None:
    driver: Driver = connection.connection.driver_connection  # type: ignore[assignment] # psycopg's own
    with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        copy.write("".join(rows))
