"""The custody log as acts write it and readers see it.

Life of an act:

1. `hold` locks the chains that the act goes on with, and those it relies on and that can end, in one sorted pass,
   and gives the act its one time. Nothing is read from outside while they are held.
2. Rows change; each takes the act's time.
3. `append` gives the leaf its places, writes it with what opens its commitments, and moves the chains on.
   A crash before the commit leaves neither the change nor the leaf nor the place.

The signer (`storage.custody.signer`) gives committed entries their indices later.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from schemas.act import Act
from schemas.chain import entry_hash, leaf_digest
from schemas.disclosure import ChainHead
from schemas.ids import AgencyId, EntryId
from schemas.leaf import Leaf, sealed_bytes
from storage.custody.chains import Chains, chains_of, heads
from storage.custody.reading import LogReader
from storage.custody.values import Appended, bytes_array, words_array

_APPEND = (
    "SELECT append_leaf(%(leaf_id)s::uuid, %(event)s, %(ev)s, %(actor)s, %(subject)s, %(agency)s, %(at)s, %(leaf)s,"
    " %(digest)s, %(leaf_hash)s, %(ofs)s::text[], %(ns)s::bigint[], %(heads)s::bytea[], %(members)s::text[],"
    " %(opened)s::bytea[])"
)
_KEEP_SALTS = text(
    "INSERT INTO openings (digest, member, opening)"
    " SELECT :digest, 'row.' || row.k, row.salt"
    " FROM unnest(CAST(:salts AS bytea[])) WITH ORDINALITY AS row (salt, k)"
)


class CustodyLog(LogReader):
    """The log over one connection; the caller's transaction decides what becomes true."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime] | None = None) -> None:
        """Nothing is held yet; `clock` stands in for the database's, for a process that lives at another time."""
        super().__init__(connection)
        self._chains = Chains(connection, clock)

    def hold(self, *changes: str, relies: Iterable[str] = ()) -> datetime:
        """Lock the chains of an act and return its one time: `Chains.hold`."""
        return self._chains.hold(*changes, relies=relies)

    def undoing(self) -> AbstractContextManager[None]:
        """Forget what the savepoint around it did when that is rolled back: `Chains.undoing`."""
        return self._chains.undoing()

    def append(
        self,
        act: Act,
        about: str,
        *within: str,
        actor: str,
        agency_id: AgencyId | None = None,
        ident: UUID | None = None,
    ) -> Appended:
        """Write the leaf of an act in the caller's transaction. It gets its index later.

        Args:
            act: One of the closed classes, its salted members shown.
            about: The subject, `noun/uuid`.
            within: Things in whose chains it stands and that neither subject nor members name.
            actor: Who acts.
            agency_id: Whose entry it is for readers; a convenience, never part of the leaf.
            ident: The leaf's id where a retry must find the same; drawn where None.

        Raises:
            Invalid: the leaf is too long, or does not fit its class.
            RuntimeError: a chain of it is not held.
        """
        leaf = Leaf(
            id=str(ident or uuid4()),
            salt=secrets.token_hex(16),
            actor=actor,
            subject=about,
            at=self._chains.at,
            chains=tuple(self._chains.place(of) for of in chains_of(act, about, within)),
            act=act,
        )
        payload, openings = sealed_bytes(leaf, act)
        digest = leaf_digest(payload)
        appended = Appended(
            entry_id=EntryId(UUID(leaf.id)),
            leaf=payload,
            digest=digest,
            leaf_hash=bytes.fromhex(entry_hash(digest)),
            places={place.of: place.n for place in leaf.chains},
        )
        heads = [self._chains.go_on(place, digest, leaf.event) for place in leaf.chains]
        self._connection.exec_driver_sql(_APPEND, _row(leaf, appended, heads, openings, agency_id))
        return appended

    def keep_salts(self, leaf: Appended, salts: Sequence[bytes]) -> None:
        """Keep what opens the rows that a leaf commits to by their root alone: row k as member `row.k`, from 1."""
        self._connection.execute(
            _KEEP_SALTS,
            {"digest": bytes.fromhex(leaf.digest), "salts": list(salts)},
        )

    def heads(self, names: Iterable[str]) -> tuple[ChainHead, ...]:
        """Return how far chains go at this moment: `storage.custody.chains.heads`."""
        return heads(self._connection, names)

    def next_number(self, of: str) -> int:
        """Return the number that the next leaf of a held chain will have: a row's version before its leaf is written."""
        return self._chains.place(of).n


def _row(
    leaf: Leaf,
    appended: Appended,
    heads: Sequence[str],
    opened: Mapping[str, bytes],
    agency_id: AgencyId | None,
) -> dict[str, object]:
    return {
        "leaf_id": leaf.id,
        "event": leaf.event,
        "ev": leaf.ev,
        "actor": leaf.actor,
        "subject": leaf.subject,
        "agency": agency_id,
        "at": leaf.at,
        "leaf": appended.leaf,
        "digest": bytes.fromhex(appended.digest),
        "leaf_hash": appended.leaf_hash,
        "ofs": words_array(appended.places),
        "ns": words_array(map(str, appended.places.values())),
        "heads": bytes_array(map(bytes.fromhex, heads)),
        "members": words_array(opened),
        "opened": bytes_array(opened.values()),
    }
