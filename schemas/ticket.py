r"""The ticket beside a leaf, and the signer's gate before it gives an index.

A ticket is the Ed25519 signature of the process that wrote the leaf over "quancheng-ticket-v1\n" and the 32
bytes of its digest. It stands beside the leaf, because algorithms age. The gate decides from leaves alone: the
last indexed leaf of each chain, hashed again – never from a table that repeats a head.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from schemas.chain import genesis, leaf_digest, step
from schemas.errors import Invalid, SignatureInvalid
from schemas.leaf import Leaf, Place, Unknown, parse_leaf
from schemas.leaves_log import LogOpen
from schemas.reference import noun_of
from schemas.refusals_custody import LEAF_INVALID
from schemas.refusals_manifest import SIGNATURE_INVALID

SLACK = timedelta(seconds=60)
"""The longest transaction; the database ends longer ones. A time further off is bounded by a leaf of its own."""

_DOMAIN = b"quancheng-ticket-v1\n"


def ticket_message(digest: str) -> bytes:
    """Return the bytes that a ticket signs."""
    return _DOMAIN + bytes.fromhex(digest)


def sign_ticket(digest: str, seed: bytes) -> str:
    """Sign with the process's Ed25519 seed of 32 bytes; return standard base64."""
    return base64.b64encode(Ed25519PrivateKey.from_private_bytes(seed).sign(ticket_message(digest))).decode()


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
    """What becomes of a draft. Only `waits` may change later; every other refusal stops its own chains only."""

    INDEXED = "indexed"
    WAITS = "waits"
    FORM = "leaf-invalid"
    LOG = "another-log"
    TWICE = "digest-twice"
    KEY = "ticket-key-unknown"
    RIGHT = "ticket-not-for-event"
    TICKET = "ticket-invalid"
    CHAIN = "chain-differs"

    @property
    def is_refusal(self) -> bool:
        """The draft is never indexed; a `log:refuse` says so."""
        return self not in (Answer.INDEXED, Answer.WAITS)


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
    keys: Mapping[str, TicketKey],
) -> Answer:
    """Say whether a draft gets an index.

    Form first, then the ticket, then the chains: an INSERT without a ticket learns nothing of the rest. Time is
    no ground of refusal (see `bounding`), meaning is the fold's.

    Args:
        draft: The leaf with its ticket.
        log: `log/uuid` of this log; None before its first leaf.
        last: The bytes of the last indexed leaf of a chain; None for a chain without leaves.
        is_indexed: Whether a digest is in the log.
        keys: The ticket keys that are alive, by key id.
    """
    try:
        leaf = parse_leaf(draft.payload)
    except Invalid:
        return Answer.FORM
    digest = leaf_digest(draft.payload)
    if isinstance(leaf.act, LogOpen) is not (log is None) or _other_log(leaf, log):
        return Answer.LOG
    refused = _refused_ticket(leaf, digest, draft, keys)
    if refused is not None:
        return refused
    if is_indexed(digest):
        return Answer.TWICE
    if any(place != next_place(place.of, last(place.of)) for place in leaf.chains):
        return Answer.CHAIN
    return Answer.WAITS if isinstance(leaf.act, Unknown) else Answer.INDEXED


def _other_log(leaf: Leaf, log: str | None) -> bool:
    return log is not None and any(noun_of(place.of) == "log" and place.of != log for place in leaf.chains)


def _refused_ticket(leaf: Leaf, digest: str, draft: Draft, keys: Mapping[str, TicketKey]) -> Answer | None:
    key = keys.get(draft.kid)
    if isinstance(leaf.act, LogOpen):  # the one leaf that brings its own key
        public = leaf.act.tickets.get(draft.kid)
        key = None if public is None else TicketKey(public, None)
    if key is None:
        return Answer.KEY
    if key.events is not None and leaf.event not in key.events:
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
    if at > clock + SLACK:
        return "clock:step"
    return "log:resume" if at < last_at - SLACK else None
