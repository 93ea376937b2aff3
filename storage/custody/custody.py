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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from schemas.act import Act
from schemas.chain import entry_hash, leaf_digest
from schemas.disclosure import ChainHead
from schemas.ids import AgencyId, EntryId
from schemas.leaf import Leaf, sealed_bytes
from schemas.leaves_monitoring import IntakeReceive
from storage.custody.chains import Chains, chains_of, heads
from storage.custody.copying import New, NewLeaves, copy_new
from storage.custody.reading import LogReader
from storage.custody.values import Appended, bytes_array, words_array
from storage.driver import sent
from storage.personal import kept_opening
from storage.ticket import ticket_for

_APPEND = (
    "SELECT append_leaf(%(leaf_id)s::uuid, %(event)s, %(ev)s, %(actor)s, %(subject)s, %(agency)s, %(at)s, %(leaf)s,"
    " %(digest)s, %(leaf_hash)s, %(ticket)s, %(ticket_kid)s, %(ofs)s::text[], %(ns)s::bigint[], %(heads)s::bytea[],"
    " %(members)s::text[], %(opened)s::bytea[])"
)
_APPEND_ALL = (
    "SELECT append_leaves(%(actor)s, %(agency)s, %(at)s, %(leaf_ids)s::uuid[], %(events)s::text[], %(evs)s::int[],"
    " %(subjects)s::text[], %(leaves)s::bytea[], %(digests)s::bytea[], %(leaf_hashes)s::bytea[],"
    " %(tickets)s::bytea[], %(ticket_kids)s::text[],"
    " %(place_leaves)s::int[], %(ofs)s::text[], %(ns)s::bigint[], %(moved)s::text[], %(moved_ns)s::bigint[],"
    " %(moved_heads)s::bytea[], %(opened_leaves)s::int[], %(members)s::text[], %(opened)s::bytea[])"
)
PROMISED = 20
"""So many leaves of one transaction are told in its answer; a bulk act has a receipt of its own."""

AT_ONCE = 2_000
"""Leaves that one statement takes: some megabytes of it, whatever their number."""
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
        self._written: list[Appended] = []

    def hold(self, *changes: str, relies: Iterable[str] = ()) -> datetime:
        """Lock the chains of an act and return its one time: `Chains.hold`."""
        return self._chains.hold(*changes, relies=relies)

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """Forget what the savepoint around it did when that is rolled back: `Chains.undoing`."""
        count = len(self._written)
        try:
            with self._chains.undoing():
                yield
        except BaseException:
            del self._written[count:]
            raise

    @property
    def promised(self) -> Sequence[Appended]:
        """What this transaction has written, the first ones: with its commit they are promised."""
        return self._written

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
            Unavailable: this process has no key for its ticket (slug `ticket-key-missing`).
        """
        made = self._make(Entry(act, about, within, ident), actor)
        sent(self._connection, _APPEND, _row(made, agency_id))
        self._promise(made.appended)
        return made.appended

    def append_all(
        self, entries: Iterable["Entry"], *, actor: str, agency_id: AgencyId | None = None
    ) -> list[Appended]:
        """Write the leaves of one act in their order, many in a statement: as `append` of each, and far quicker.

        Raises:
            Invalid, RuntimeError: as for `append`.
        """
        appended: list[Appended] = []
        waiting = iter(entries)
        while some := list(islice(waiting, AT_ONCE)):
            made = [self._make(entry, actor) for entry in some]
            sent(self._connection, _APPEND_ALL, _rows(made, actor, agency_id, self._chains.at))
            appended += [one.appended for one in made]
        for one in appended[:PROMISED]:
            self._promise(one)
        return appended

    def _promise(self, appended: Appended) -> None:
        if len(self._written) < PROMISED:
            self._written.append(appended)

    def make_new(self, entries: Sequence["Entry"], *, actor: str) -> NewLeaves:
        """Make the leaves of things that are made with them, in their order: each stands in chains that begin here.

        Nothing is written yet, and the database is not asked: the next ones can be made while these are entered.

        Raises:
            Invalid, RuntimeError: as for `append`.
        """
        names = dict.fromkeys(of for one in entries for of in chains_of(one.act, one.about, one.within))
        self._chains.begin(names)
        made = [self._make(entry, actor) for entry in entries]
        return NewLeaves([New(one.leaf, one.appended, one.opened) for one in made], self._chains.begun())

    def enter_new(self, made: NewLeaves, *, agency_id: AgencyId | None = None) -> None:
        """Copy leaves that were made, what opens them, and their chains: in the order in which they were made.

        What a roster takes costs little more than its rows. A thing whose chain is there already stops the act at the
        chain's key.
        """
        copy_new(self._connection, made, agency_id)

    def _make(self, entry: "Entry", actor: str) -> "_Made":
        """Make a leaf at the next places of its chains, which go on with it."""
        leaf = Leaf(
            id=str(entry.ident or uuid4()),
            salt=secrets.token_hex(16),
            actor=actor,
            subject=entry.about,
            at=self._chains.at,
            chains=tuple(self._chains.place(of) for of in chains_of(entry.act, entry.about, entry.within)),
            act=entry.act,
        )
        payload, openings = sealed_bytes(leaf, entry.act)
        digest = leaf_digest(payload)
        appended = Appended(
            entry_id=EntryId(UUID(leaf.id)),
            leaf=payload,
            digest=digest,
            leaf_hash=bytes.fromhex(entry_hash(digest)),
            ticket=ticket_for(self._connection, leaf.event, digest),
            places={place.of: place.n for place in leaf.chains},
        )
        heads = [self._chains.go_on(place, digest, leaf.event) for place in leaf.chains]
        kept = {
            member: kept_opening(self._connection, type(entry.act), bytes.fromhex(digest), member, opening)
            for member, opening in openings.items()
        }
        return _Made(leaf, appended, heads, kept)

    def keep_salts(self, leaf: Appended, salts: Sequence[bytes]) -> None:
        """Keep what opens the rows that a leaf commits to by their root alone: row k as member `row.k`, from 1."""
        digest = bytes.fromhex(leaf.digest)
        kept = [
            kept_opening(self._connection, IntakeReceive, digest, f"row.{k}", salt)
            for k, salt in enumerate(salts, start=1)
        ]
        self._connection.execute(_KEEP_SALTS, {"digest": digest, "salts": kept})

    def heads(self, names: Iterable[str]) -> tuple[ChainHead, ...]:
        """Return how far chains go at this moment: `storage.custody.chains.heads`."""
        return heads(self._connection, names)

    def next_number(self, of: str) -> int:
        """Return the number that the next leaf of a held chain will have: a row's version before its leaf is written."""
        return self._chains.place(of).n


class Entry(NamedTuple):
    """One leaf to be written: its act, its subject, what else names its chains, and its id where a retry must find it."""

    act: Act
    about: str
    within: tuple[str, ...] = ()
    ident: UUID | None = None


class _Made(NamedTuple):
    leaf: Leaf
    appended: Appended
    heads: Sequence[str]
    opened: Mapping[str, bytes]


def _row(made: _Made, agency_id: AgencyId | None) -> dict[str, object]:
    leaf, appended = made.leaf, made.appended
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
        "ticket": appended.ticket.signature,
        "ticket_kid": appended.ticket.kid,
        "ofs": words_array(appended.places),
        "ns": words_array(map(str, appended.places.values())),
        "heads": bytes_array(map(bytes.fromhex, made.heads)),
        "members": words_array(made.opened),
        "opened": bytes_array(made.opened.values()),
    }


def _rows(made: Sequence[_Made], actor: str, agency_id: AgencyId | None, at: datetime) -> dict[str, object]:
    places = [(str(k), of, str(n)) for k, one in enumerate(made, 1) for of, n in one.appended.places.items()]
    opened = [
        (str(k), member, value) for k, one in enumerate(made, 1) for member, value in one.opened.items()
    ]
    moved = {
        of: (str(n), bytes.fromhex(head))
        for one in made
        for (of, n), head in zip(one.appended.places.items(), one.heads, strict=True)
    }
    return {
        "actor": actor,
        "agency": agency_id,
        "at": at,
        "leaf_ids": words_array(one.leaf.id for one in made),
        "events": [one.leaf.event for one in made],
        "evs": words_array(str(one.leaf.ev) for one in made),
        "subjects": words_array(one.leaf.subject for one in made),
        "leaves": bytes_array(one.appended.leaf for one in made),
        "digests": bytes_array(bytes.fromhex(one.appended.digest) for one in made),
        "leaf_hashes": bytes_array(one.appended.leaf_hash for one in made),
        "tickets": bytes_array(one.appended.ticket.signature for one in made),
        "ticket_kids": words_array(one.appended.ticket.kid for one in made),
        "place_leaves": words_array(k for k, _, _ in places),
        "ofs": words_array(of for _, of, _ in places),
        "ns": words_array(n for _, _, n in places),
        "moved": words_array(moved),
        "moved_ns": words_array(n for n, _ in moved.values()),
        "moved_heads": bytes_array(head for _, head in moved.values()),
        "opened_leaves": words_array(k for k, _, _ in opened),
        "members": words_array(member for _, member, _ in opened),
        "opened": bytes_array(value for _, _, value in opened),
    }
