"""The gate of the signer: an INSERT is not a leaf, a chain goes on from its last leaf, and time refuses nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.chain import genesis, leaf_digest, step
from schemas.errors import Invalid, SignatureInvalid
from schemas.leaf import Place, Unknown, leaf_bytes
from schemas.leaves_case import CaseFile, CaseOpen
from schemas.leaves_log import LogOpen, LogUpgrade
from schemas.mend import mend_sha256, settled
from schemas.ticket import (
    SLACK,
    Answer,
    Draft,
    TicketKey,
    bounding,
    gate,
    next_place,
    sign_ticket,
    verify_ticket,
)
from schemas.ticket_keys import KnownKeys, TicketFault
from tests.leaf_examples import AT, TICKET_KID, TICKET_PUBLIC, TICKET_SEED, example, members_of, thing

LOG, CASE = thing("log"), thing("case")
KEYS = {TICKET_KID: TicketKey(TICKET_PUBLIC, frozenset({"case:open", "case:file", "case:foretell"}))}
OPEN = leaf_bytes(example(CaseOpen, is_full=True))


def _draft(payload: bytes, *, kid: str = TICKET_KID, seed: bytes = TICKET_SEED) -> Draft:
    return Draft(payload, kid, sign_ticket(leaf_digest(payload), seed))


def _gate(
    draft: Draft,
    *,
    log: str | None = LOG,
    last: dict[str, bytes] | None = None,
    indexed: frozenset[str] = frozenset(),
    keys: dict[str, TicketKey] | None = None,
) -> Answer:
    known = KEYS if keys is None else keys
    return gate(draft, log=log, last=(last or {}).get, is_indexed=indexed.__contains__, keys=known)


def _file(**changes: object) -> bytes:
    leaf = example(CaseFile, is_full=True)
    place = Place(n=2, of=CASE, prev=step(genesis(CASE), leaf_digest(OPEN), "case:open"))
    return leaf_bytes(replace(leaf, chains=(place,), **changes))


def test_a_lawful_draft_gets_an_index() -> None:
    """Known, signed by a process that may write it, and next in its chain."""
    assert _gate(_draft(OPEN)) is Answer.INDEXED
    assert _gate(_draft(_file()), last={CASE: OPEN}) is Answer.INDEXED


def test_without_a_valid_ticket_nothing_is_a_leaf() -> None:
    """No key, a key for other events, another key's signature, a ticket of another leaf, no base64: refused."""
    assert _gate(_draft(OPEN, kid="ticket-api-2")) is Answer.KEY
    other = {TICKET_KID: TicketKey(TICKET_PUBLIC, frozenset({"recording:seal"}))}
    assert _gate(_draft(OPEN), keys=other) is Answer.RIGHT
    assert _gate(_draft(OPEN, seed=bytes(32))) is Answer.TICKET
    assert _gate(_draft(_file())._replace(payload=OPEN)) is Answer.TICKET
    assert _gate(Draft(OPEN, TICKET_KID, "no ticket")) is Answer.TICKET
    assert Answer.TICKET.is_refusal


def test_a_chain_is_continued_once() -> None:
    """A leaf for a place that is taken, lies ahead, or follows another leaf is refused; so is the same leaf again."""
    assert _gate(_draft(_file())) is Answer.CHAIN
    assert _gate(_draft(OPEN), last={CASE: OPEN}) is Answer.CHAIN
    assert _gate(_draft(_file()), last={CASE: _file()}) is Answer.CHAIN
    forged = leaf_bytes(example(CaseOpen, is_full=False))
    assert _gate(_draft(_file()), last={CASE: forged}) is Answer.CHAIN
    assert _gate(_draft(OPEN), indexed=frozenset({leaf_digest(OPEN)})) is Answer.TWICE


def test_what_is_no_leaf_is_refused_before_anything_else() -> None:
    """Bytes that are no leaf need no ticket to be refused."""
    assert _gate(_draft(OPEN + b"\n")) is Answer.FORM


def test_an_unknown_pair_waits() -> None:
    """The signer may be older than a writer: what it does not know it neither refuses nor indexes."""
    leaf = example(CaseOpen, is_full=True)
    act = Unknown(event="case:foretell", ev=1, members={}, committed={})
    answer = _gate(_draft(leaf_bytes(replace(leaf, act=act))))
    assert answer is Answer.WAITS
    assert not answer.is_refusal


def test_the_first_leaf_brings_its_own_key() -> None:
    """Only `log:open` begins a log, with a key it names itself, and no log has two beginnings."""
    opening = example(LogOpen, is_full=True)
    members = {**members_of(LogOpen, is_full=True), "tickets": {TICKET_KID: TICKET_PUBLIC}}
    first = leaf_bytes(replace(opening, act=LogOpen(**members)))
    assert _gate(_draft(first), log=None, keys={}) is Answer.INDEXED
    assert _gate(_draft(first, seed=bytes(32)), log=None, keys={}) is Answer.TICKET
    assert _gate(_draft(first, kid="ticket-api-2"), log=None) is Answer.KEY
    assert _gate(_draft(first), keys={}) is Answer.LOG
    assert _gate(_draft(OPEN), log=None) is Answer.LOG


def test_a_leaf_of_another_log_is_refused() -> None:
    """The chain of the log is the chain of this log."""
    upgrade = leaf_bytes(example(LogUpgrade, is_full=True))
    assert _gate(_draft(upgrade), log=f"log/{thing('case').partition('/')[2]}") is Answer.LOG


def test_a_place_follows_from_the_last_leaf_alone() -> None:
    """The next place is the head of the last leaf hashed again; a leaf of another chain gives none."""
    assert next_place(CASE, None) == Place(n=1, of=CASE, prev=genesis(CASE))
    assert next_place(CASE, OPEN).n == 2
    with pytest.raises(Invalid):
        next_place(LOG, OPEN)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (AT, None),
        (AT + SLACK, None),
        (AT - SLACK, None),
        (AT + SLACK + timedelta(milliseconds=1), "clock:step"),
        (AT - SLACK - timedelta(milliseconds=1), "log:resume"),
    ],
)
def test_a_time_out_of_order_is_bounded(at: object, expected: str | None) -> None:
    """A draft later than the clock or earlier than the log by more than a minute asks for a leaf before it."""
    assert bounding(at, last_at=AT, clock=AT) == expected  # type: ignore[arg-type]


def test_a_ticket_signs_the_digest() -> None:
    """A ticket verifies for its leaf and key only."""
    ticket = sign_ticket("ab" * 32, TICKET_SEED)
    verify_ticket(ticket, "ab" * 32, TICKET_PUBLIC)
    for other in (
        (ticket, "cd" * 32, TICKET_PUBLIC),
        (ticket, "ab" * 32, "AAAA"),
        ("", "ab" * 32, TICKET_PUBLIC),
    ):
        with pytest.raises(SignatureInvalid):
            verify_ticket(*other)


def test_a_ticket_that_nobody_asked_for_is_held_too() -> None:
    """Before any announcement a leaf may be without; what stands beside it is held against the keys of `log:open`."""
    known, leaf = KnownKeys(), example(LogOpen, is_full=True)
    known.learn(leaf)
    digest = leaf_digest(leaf_bytes(leaf))
    ticket = sign_ticket(digest, TICKET_SEED)
    kid = next(iter(leaf.act.tickets))
    assert known.fault(leaf, digest, None, None) is None
    assert known.fault(leaf, digest, kid, ticket) is None
    assert known.fault(leaf, digest, f"{kid}x", ticket) is TicketFault.KEY_UNKNOWN
    assert known.fault(leaf, digest, kid, None) is TicketFault.MISSING
    assert known.fault(leaf, digest, None, ticket) is TicketFault.MISSING


def test_a_mended_chain_settles_what_its_list_names() -> None:
    """The first list has the first drafts, the next one goes on behind it; a list of others settles none of its own."""
    drafts = [f"{n:064x}" for n in range(4)]
    first, second = (2, mend_sha256(drafts[:2])), (1, mend_sha256(drafts[2:3]))
    assert settled(drafts, [first, second]) == set(drafts[:3])
    assert settled(drafts, [(2, mend_sha256(drafts[1:3])), second]) == set(drafts[2:3])
    assert settled(drafts[:1], [first]) == set()
