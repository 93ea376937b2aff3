r"""A piece of the log as the evidence store keeps it: the leaves of a range, their tickets, and the checkpoint behind them.

    quancheng-journal-v1
    from 256
    KID TICKET LEAF          a line a leaf, in the order of the log; `-` stands for a ticket that it does not have
    (empty line)
    the signed note of the checkpoint (C2SP), whose size ends the range

A leaf is printable ASCII on one line, so its bytes stand there as they are. From the pieces the whole log follows: entries,
tiles and every checkpoint between two publications.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from schemas.act import Act
from schemas.checkpoint import Checkpoint
from schemas.errors import Invalid
from schemas.leaf import Unknown, parse_leaf
from schemas.log_signers import LogSigners
from schemas.refusals_custody import JOURNAL_BROKEN
from schemas.ticket import Ticket

_FORMAT = b"quancheng-journal-v1"
_NONE = b"-"
_TICKET_BYTES = 64
_ROTATES = b'"event":"key:rotate"'


def anchor_name(vkey: str) -> str:
    """Return what a log is called outside its database: 16 hexadecimal digits of the digest of its key."""
    return hashlib.sha256(vkey.encode()).hexdigest()[:16]


def anchor_key(vkey: str, start: int) -> str:
    """Return under which key the evidence store keeps the piece that begins at an index."""
    return f"log/{anchor_name(vkey)}/{start:016d}"


class Kept(NamedTuple):
    """A leaf in its place, and its ticket; None in a log of before there were any."""

    leaf: bytes
    ticket: Ticket | None


class Journal(NamedTuple):
    """The leaves from index `start` up to the size of the checkpoint, and its note."""

    start: int
    leaves: tuple[Kept, ...]
    note: str

    @property
    def end(self) -> int:
        """The size of the log behind the last leaf."""
        return self.start + len(self.leaves)


def journal_bytes(journal: Journal) -> bytes:
    """Return the bytes of a piece."""
    lines = [_FORMAT, b"from %d" % journal.start, *map(_line, journal.leaves), b"", journal.note.encode()]
    return b"\n".join(lines)


def parse_journal(payload: bytes, signers: LogSigners) -> tuple[Journal, Checkpoint]:
    """Return a piece and the checkpoint that ends it; nothing but the bytes that `journal_bytes` makes is one.

    Raises:
        IntegrityBroken: it is none, or its checkpoint is not signed by the log with these keys, or those that its leaves
            hand on to (`journal-broken`).
    """
    try:
        head, _, note = payload.partition(b"\n\n")
        _, start, *lines = head.split(b"\n")
        journal = Journal(_start(start), tuple(map(_kept, lines)), note.decode())
        checkpoint = learned(signers, journal).checkpoint(journal.note)
    except (Invalid, ValueError, binascii.Error) as err:
        raise JOURNAL_BROKEN("a piece of the log in the evidence store cannot be read") from err
    if checkpoint.size != journal.end or journal_bytes(journal) != payload:
        raise JOURNAL_BROKEN("a piece of the log does not end where its checkpoint does")
    return journal, checkpoint


def learned(signers: LogSigners, journal: Journal) -> LogSigners:
    """Return the keys of a log with what the leaves of a piece say of them."""
    return signers.following(_rotations(journal))


def _rotations(journal: Journal) -> Iterator[tuple[int, Act | Unknown]]:
    for index, one in enumerate(journal.leaves, start=journal.start):
        if _ROTATES in one.leaf:
            with suppress(Invalid):  # no leaf: named where it is read
                yield index, parse_leaf(one.leaf).act


def _line(one: Kept) -> bytes:
    if one.ticket is None:
        return b" ".join((_NONE, _NONE, one.leaf))
    return b" ".join((one.ticket.kid.encode(), one.ticket.text.encode(), one.leaf))


def _start(line: bytes) -> int:
    word, _, number = line.partition(b" ")
    if word != b"from" or not number.isdigit():
        raise ValueError("no range")
    return int(number)


def _kept(line: bytes) -> Kept:
    kid, ticket, leaf = line.split(b" ", 2)
    if _NONE in (kid, ticket):
        return Kept(leaf, None)
    signature = base64.b64decode(ticket, validate=True)
    if len(signature) != _TICKET_BYTES:
        raise ValueError("a ticket has 64 bytes")
    return Kept(leaf, Ticket(kid.decode("ascii"), signature))
