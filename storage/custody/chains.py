"""The chains that an act holds: locked in one sorted pass, believed by their last leaf alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import OperationalError

from schemas.act import ANY_CHAIN, Act
from schemas.chain import genesis, leaf_digest, step
from schemas.disclosure import ChainHead
from schemas.errors import Invalid
from schemas.leaf import Place, parse_leaf
from schemas.reference import noun_of
from schemas.refusals_custody import CHAIN_BROKEN, CHAIN_BUSY, CHAIN_REFUSED
from storage.custody.values import words_array
from storage.driver import sent
from storage.tables.custody import chain_places, chains, custody_entries

LONGEST_TRANSACTION = timedelta(seconds=60)
"""A chain's last time may be ahead of the clock by at most this: acts of one chain keep their order in time."""

LOCK_NOT_AVAILABLE = "55P03"
"""What the database answers where a lock is held by somebody else and was not to be waited for."""

_LAST = text(
    """
    SELECT place.n, one.leaf FROM chain_places AS place JOIN custody_entries AS one ON one.id = place.entry
    WHERE place.of = :of COLLATE "C" ORDER BY place.n DESC LIMIT 1
    """
)
_CLOCK = select(func.clock_timestamp())
_HOLD = (
    "SELECT of, n, head, last_at, leaf, is_refused, taken_at"
    " FROM hold_chains(%(names)s::text[], %(is_changed)s::boolean[], %(no_wait)s)"
)


@dataclass(slots=True)
class _Chain:
    n: int
    head: str


class _Held(NamedTuple):
    """A chain's row as it was locked; `leaf` None where it has none, and of one that is only relied on."""

    of: str
    n: int
    head: bytes
    last_at: datetime | None
    leaf: bytes | None
    is_refused: bool
    taken_at: datetime


class Chains:
    """What one transaction holds."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime] | None = None) -> None:
        """Nothing is held yet.

        Args:
            connection: The transaction's.
            clock: Stands in for the database's clock, for a process that must live at another time.
        """
        self._connection = connection
        self._clock = clock
        self._held: dict[str, _Chain] = {}
        self._begun: dict[str, _Chain] = {}
        self._relied: set[str] = set()
        self._at: datetime | None = None

    def hold(self, *changes: str, relies: Iterable[str] = ()) -> datetime:
        """Lock the chains of an act and return its one time, UTC in whole milliseconds.

        Whatever ends a right is then indexed after every act that used it. A second act of one transaction may
        hold more: it takes what it lacks without waiting, so that no two transactions ever wait in a ring. One that
        holds nothing yet that others know of – it only began chains – waits as the first does.

        Raises:
            Busy: a further chain is held by somebody else right now (`chain-busy`).
            IntegrityBroken: a chain does not stand where its last leaf does (`chain-broken`), or the signer refuses
                that leaf (`chain-refused`): nothing is built on it until the chain is mended.
        """
        wanted = set(changes) - self._held.keys()
        leant = set(relies) - self._held.keys() - self._relied - wanted
        rows = self._lock(wanted, leant) if wanted or leant else []
        self._relied |= leant
        self._held |= {row.of: _standing(row) for row in rows if row.of in wanted}
        earlier = [at for at in (self._at, *(row.last_at for row in rows)) if at is not None]
        self._at = _not_before(max(earlier, default=None), self._now(rows))
        return self._at

    def _lock(self, wanted: set[str], leant: set[str]) -> Sequence[_Held]:
        names = sorted(wanted | leant)
        asked = {
            "names": words_array(names),
            "is_changed": words_array("t" if name in wanted else "f" for name in names),
            "no_wait": bool(self._held or self._relied),
        }
        try:
            return [_Held(*row) for row in sent(self._connection, _HOLD, asked)]
        except OperationalError as err:
            if getattr(err.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
                raise CHAIN_BUSY("somebody else holds this right now") from err
            raise

    def _now(self, rows: Sequence[_Held]) -> datetime:
        """Return the time after the locks: the database's, told with the last of them where there were any."""
        if self._clock:
            return self._clock()
        return rows[-1].taken_at if rows else self._connection.scalars(_CLOCK).one()

    @property
    def at(self) -> datetime:
        """The time of the act.

        Raises:
            RuntimeError: no act has begun.
        """
        if self._at is None:
            raise RuntimeError("an act begins with hold")
        return self._at

    def begin(self, names: Iterable[str]) -> None:
        """Go on with chains of things that this transaction makes: nobody else knows their ids, so nothing is locked.

        Whoever begins them writes their rows (`begun`) once, behind their leaves, and goes on with them no further.
        """
        self._begun = {of: _Chain(0, genesis(of)) for of in names}

    def begun(self) -> tuple[ChainHead, ...]:
        """Return how far the chains go that were begun, and let go of them."""
        stood, self._begun = self._begun, {}
        return tuple(ChainHead(of, chain.n, chain.head) for of, chain in stood.items())

    def place(self, of: str) -> Place:
        """Return the next place in a chain.

        Raises:
            RuntimeError: the chain is not held.
        """
        chain = self._begun.get(of) or self._held.get(of)
        if chain is None:
            raise RuntimeError(f"{of} is not held")
        return Place(n=chain.n + 1, of=of, prev=chain.head)

    def go_on(self, place: Place, digest: str, event: str) -> str:
        """Note that a leaf took the place; returns the chain's head after it."""
        head = step(place.prev, digest, event)
        chains = self._begun if place.of in self._begun else self._held
        chains[place.of] = _Chain(place.n, head)
        return head

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """Forget what was held and how far chains went when the savepoint around it is rolled back."""
        before = (
            {of: _Chain(one.n, one.head) for of, one in self._held.items()},
            set(self._relied),
            self._at,
        )
        try:
            yield
        except BaseException:
            self._held, self._relied, self._at = before
            self._begun = {}
            raise


def _not_before(last: datetime | None, clock: datetime) -> datetime:
    """Return the clock in whole milliseconds, or the last time where the clock is a little behind it."""
    now = clock.astimezone(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    if last is not None and now < last <= now + LONGEST_TRANSACTION:
        return last.astimezone(UTC)
    return now


def chains_of(act: Act, about: str, within: Iterable[str]) -> list[str]:
    """Return the chains that a leaf stands in, sorted by bytes: those of its subject, its members, and `within`.

    Raises:
        RuntimeError: a chain of the event's class is named by nothing.
    """
    if act.spec.chains == (ANY_CHAIN,):
        return sorted(within)
    members = {str(getattr(act, member)) for member in act.agreeing}
    named = {noun_of(one): one for one in (*sorted(members), about, *within)}
    missing = set(act.spec.chains) - named.keys()
    if missing:
        raise RuntimeError(f"{act.spec.event} stands in the chain of a {min(missing)}, and none is named")
    return sorted(named[noun] for noun in act.spec.chains)


def heads(connection: Connection, names: Iterable[str]) -> tuple[ChainHead, ...]:
    """Return how far chains go at one moment, each by its last leaf; number 0 for one without leaves.

    Raises:
        IntegrityBroken: a chain does not stand where its last leaf does (`chain-broken`).
    """
    wanted = sorted(set(names))
    rows = connection.execute(
        select(
            chains.c.of,
            chains.c.n,
            chains.c.head,
            custody_entries.c.leaf,
            custody_entries.c.refused_by.is_not(None).label("is_refused"),
        )
        .outerjoin(chain_places, (chain_places.c.of == chains.c.of) & (chain_places.c.n == chains.c.n))
        .outerjoin(custody_entries, custody_entries.c.id == chain_places.c.entry)
        .where(chains.c.of.in_(wanted))
    )
    known = {row.of: _standing(row) for row in rows}
    standing = [(of, known.get(of) or _Chain(0, genesis(of))) for of in wanted]
    return tuple(ChainHead(of, chain.n, chain.head) for of, chain in standing)


def stand(connection: Connection, of: str) -> bool:
    """Let the row of a chain say where its last leaf stands; one without leaves stands at its beginning: False.

    Raises:
        IntegrityBroken: that leaf is none, or not of this chain (slug `chain-broken`).
    """
    row = connection.execute(_LAST, {"of": of}).one_or_none()
    if row is None:
        begun = {"n": 0, "head": bytes.fromhex(genesis(of))}
        connection.execute(chains.update().where(chains.c.of == of).values(**begun))
        return False
    chain, at = _after(bytes(row.leaf), of, row.n)
    stands = {"n": chain.n, "head": bytes.fromhex(chain.head), "last_at": at}
    said = upsert(chains).values(of=of, **stands)
    connection.execute(said.on_conflict_do_update(index_elements=[chains.c.of], set_=stands))
    return True


def _standing(row: Row[*tuple[Any, ...]] | _Held) -> _Chain:
    """Return where a chain stands by its last leaf, hashed again: a poisoned row stops this act and enters no leaf."""
    if row.leaf is None:
        if (row.n, bytes(row.head).hex()) != (0, genesis(row.of)):
            raise CHAIN_BROKEN(f"{row.of} has no leaf number {row.n}")
        return _Chain(0, genesis(row.of))
    if row.is_refused:
        raise CHAIN_REFUSED(f"the last leaf of {row.of} is refused by the log")
    chain, _ = _after(bytes(row.leaf), row.of, row.n)
    if chain.head != bytes(row.head).hex():
        raise CHAIN_BROKEN(f"the head of {row.of} is not that of its last leaf")
    return chain


def _after(payload: bytes, of: str, n: int) -> tuple[_Chain, datetime]:
    """Return where a chain stands behind its number `n`, and that leaf's time."""
    try:
        leaf = parse_leaf(payload)
    except Invalid as err:
        raise CHAIN_BROKEN(f"the last leaf of {of} is none") from err
    place = leaf.place(of)
    if place is None or place.n != n:
        raise CHAIN_BROKEN(f"the last leaf of {of} is not its number {n}")
    return _Chain(n, step(place.prev, leaf_digest(payload), leaf.event)), leaf.at
