r"""The ticket beside a leaf, and the signer's gate before it gives an index.

A ticket is the Ed25519 signature of the process that wrote the leaf over "quancheng-ticket-v1\n" and the 32
bytes of its digest. It stands beside the leaf, because algorithms age. The gate decides from leaves alone: the
last indexed leaf of each chain, hashed again – never from a table that repeats a head.
"""

import base64
import binascii
from collections.abc import Callable, Container, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.act import Process
from schemas.chain import genesis, leaf_digest, step
from schemas.errors import Invalid, SignatureInvalid
from schemas.jws import b64url, thumbprint
from schemas.leaf import Leaf, Place, Unknown, parse_leaf
from schemas.leaves import LEAVES
from schemas.leaves_log import LogOpen
from schemas.reference import noun_of
from schemas.refusals_custody import LEAF_INVALID
from schemas.refusals_manifest import SIGNATURE_INVALID

SLACK = timedelta(seconds=60)
"""The longest transaction; the database ends longer ones. A time further off is bounded by a leaf of its own."""

_DOMAIN = b"quancheng-ticket-v1\n"

KEY_OF: Final[Mapping[Process, Process]] = MappingProxyType(
    {
        Process.API: Process.API,
        Process.WORKER: Process.WORKER,
        Process.EXPORTER: Process.WORKER,
        Process.KEEPER: Process.WORKER,
        Process.SIGNER: Process.SIGNER,
    }
)
"""With whose ticket key the events of a process are signed: what exports and what keeps run as workers."""

_OF_SHEETS = frozenset({"roster:take", "account:open", "role:grant"})
"""Events of the API that a worker writes too: a long roster is entered off the line."""


@cache
def written_with(process: Process) -> frozenset[str]:
    """Return the events that the ticket key of a process may sign; `process` is one of the values of `KEY_OF`."""
    own = frozenset(kind.spec.event for kind in LEAVES.values() if KEY_OF[kind.spec.by] is process)
    return own | _OF_SHEETS if process is Process.WORKER else own


def ticket_message(digest: str) -> bytes:
    """Return the bytes that a ticket signs."""
    return _DOMAIN + bytes.fromhex(digest)


def sign_ticket(digest: str, seed: bytes) -> str:
    """Sign with the process's Ed25519 seed of 32 bytes; return standard base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(ticket_message(digest))).decode()


def public_of(seed: bytes) -> str:
    """Return the public key of an Ed25519 seed, base64 of 32 bytes."""
    return base64.b64encode(
        Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    ).decode()


def kid_of(public: str) -> str:
    """Return the key's id: its thumbprint as a JWK (RFC 7638, RFC 8037)."""
    return thumbprint({"kty": "OKP", "crv": "Ed25519", "x": b64url(base64.b64decode(public))})


class Ticket(NamedTuple):
    """A ticket as it is kept: by which key, and its 64 bytes."""

    kid: str
    signature: bytes

    @property
    def text(self) -> str:
        """The signature in base64, as it is told."""
        return base64.b64encode(self.signature).decode()


class Tickets:
    """What one process signs leaves with: the low keys that it holds, by the process whose events they are for.

    Each event is signed with the key of the process that writes it, where this process holds it, else with one that may
    sign it as well: a worker that enters a roster has no key of the API.
    """

    def __init__(self, seeds: Mapping[Process, bytes]) -> None:
        """Take the Ed25519 seeds of 32 bytes, by process."""
        self._publics = {process: public_of(seed) for process, seed in seeds.items()}
        held = {
            process: (kid_of(self._publics[process]), Ed25519PrivateKey.from_private_bytes(seed))
            for process, seed in seeds.items()
        }
        self._by_event = {
            kind.spec.event: held[process]
            for kind in LEAVES.values()
            for process in reversed((KEY_OF[kind.spec.by], *held))
            if process in held and kind.spec.event in written_with(process)
        }

    def sign(self, event: str, digest: str) -> Ticket | None:
        """Sign the digest of a leaf; None where this process holds no key that may sign the event."""
        found = self._by_event.get(event)
        return None if found is None else Ticket(found[0], found[1].sign(ticket_message(digest)))

    def kid(self, process: Process) -> str | None:
        """Return the id of the key of a process; None where it is not held."""
        public = self._publics.get(process)
        return None if public is None else kid_of(public)

    def keys(self) -> dict[str, "TicketKey"]:
        """Return the public keys by their ids, each with what it may sign; the signer's may sign everything."""
        return {
            kid_of(public): TicketKey(public, None if process is Process.SIGNER else written_with(process))
            for process, public in self._publics.items()
        }


def verify_ticket(ticket: str, digest: str, public: str) -> None:
    """Check a ticket with the public key (base64 of 32 bytes) of the process that wrote the leaf.

    Raises:
        SignatureInvalid: not base64, or not made by this key over this leaf.
    """
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(ticket, validate=True), ticket_message(digest))
    except (InvalidSignature, binascii.Error, ValueError) as err:
        raise SIGNATURE_INVALID("the ticket is not by this process over this leaf") from err


class TicketKey(NamedTuple):
    """A key that is alive, and the events its process may write; None: all."""

    public: str
    events: frozenset[str] | None


class Draft(NamedTuple):
    """A leaf that waits for its index."""

    payload: bytes
    kid: str
    ticket: str


class Answer(StrEnum):
    """What becomes of a draft.

    One that waits may be indexed later: a newer signer knows its event, or the key of its ticket. So a writer that got
    its key before the signer loses nothing, and whoever makes up a key gains nothing. A refusal stops its own chains only.
    """

    INDEXED = "indexed"
    WAITS = "waits"
    FORM = "leaf-invalid"
    ALTERED = "leaf-altered"
    LOG = "another-log"
    TWICE = "digest-twice"
    KEY = "ticket-key-unknown"
    DEAD = "ticket-key-dead"
    RIGHT = "ticket-not-for-event"
    TICKET = "ticket-invalid"
    CHAIN = "chain-differs"

    @property
    def is_refusal(self) -> bool:
        """The draft is never indexed; a `log:refuse` says so."""
        return self not in (Answer.INDEXED, Answer.WAITS, Answer.KEY)


def next_place(of: str, last: bytes | None) -> Place:
    """Return the place after the last indexed leaf of a chain, or the first.

    Raises:
        Invalid: `last` is no leaf, or stands in another chain.
    """
    if last is None:
        return Place(n=1, of=of, prev=genesis(of))
    leaf = parse_leaf(last)
    place = leaf.place(of)
    if place is None:
        raise LEAF_INVALID(f"the last leaf is not of the chain of {of}")
    return Place(n=place.n + 1, of=of, prev=step(place.prev, leaf_digest(last), leaf.event))


def gate(
    draft: Draft,
    *,
    log: str | None,
    last: Callable[[str], bytes | None],
    is_indexed: Callable[[str], bool],
    keys: Mapping[str, TicketKey] | None,
    dead: Container[str] = (),
) -> Answer:
    """Say whether a draft gets an index.

    Form first, then the ticket, then the chains: an INSERT without a ticket learns nothing of the rest. Time is
    no ground of refusal (see `bounding`), meaning is the fold's.

    Args:
        draft: The leaf with its ticket.
        log: `log/uuid` of this log; None before its first leaf.
        last: The bytes of the last indexed leaf of a chain; None for a chain without leaves.
        is_indexed: Whether a digest is in the log.
        keys: The ticket keys that are known, by key id; None in a log of before there were any: no ticket is asked for.
        dead: Ids of keys that the log has ended: what is signed by one is never indexed any more.
    """
    try:
        leaf = parse_leaf(draft.payload)
    except Invalid:
        return Answer.FORM
    digest = leaf_digest(draft.payload)
    if isinstance(leaf.act, LogOpen) is not (log is None) or _other_log(leaf, log):
        return Answer.LOG
    refused = None if keys is None else _refused_ticket(leaf, digest, draft, keys, dead)
    if refused is not None:
        return refused
    if is_indexed(digest):
        return Answer.TWICE
    if not all(_goes_on(place, last(place.of)) for place in leaf.chains):
        return Answer.CHAIN
    return Answer.WAITS if isinstance(leaf.act, Unknown) else Answer.INDEXED


def _goes_on(place: Place, last: bytes | None) -> bool:
    try:
        return place == next_place(place.of, last)
    except Invalid:  # what stands there as the last one is no leaf of this chain
        return False


def _other_log(leaf: Leaf, log: str | None) -> bool:
    return log is not None and any(noun_of(place.of) == "log" and place.of != log for place in leaf.chains)


def _refused_ticket(
    leaf: Leaf, digest: str, draft: Draft, keys: Mapping[str, TicketKey], dead: Container[str]
) -> Answer | None:
    if not draft.ticket:
        return Answer.TICKET
    if draft.kid in dead:
        return Answer.DEAD
    key = keys.get(draft.kid)
    if isinstance(leaf.act, LogOpen):  # the one leaf that brings its own key
        public = leaf.act.tickets.get(draft.kid)
        key = None if public is None else TicketKey(public, None)
    if key is None:
        return Answer.KEY
    # What a newer writer writes no older signer has announced: it waits for the signer that knows it.
    if key.events is not None and leaf.event not in key.events and not isinstance(leaf.act, Unknown):
        return Answer.RIGHT
    try:
        verify_ticket(draft.ticket, digest, key.public)
    except SignatureInvalid:
        return Answer.TICKET
    return None


def bounding(at: datetime, *, last_at: datetime, clock: datetime) -> str | None:
    """Return the event of the leaf that must be indexed before a draft whose time is out of order.

    Args:
        at: The draft's time.
        last_at: The time of the last indexed leaf of the log.
        clock: The signer's clock.
    """
    if at > max(clock, last_at) + SLACK:  # the next of several from a clock ahead is bounded with the first
        return "clock:step"
    return "log:resume" if at < last_at - SLACK else None
