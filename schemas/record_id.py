r"""Ids of monitoring records, derived from the leaf that took their batch, and rows that enter its tree salted.

No leaf names the records of a batch, so their ids are fixed by it: uuid version 7 with the milliseconds of
`intake:receive`, then 12 and 62 bits from the front of

    SHA-256("quancheng-monitoring-v1\n" || 32 bytes of the intake's digest || position from 0, decimal || "\n")

The position, never the bytes of the row: a plate could be tried. For the same reason a row enters the tree as
SHA-256(0x00 || salt of 16 bytes || row): the path of one row shows the hash of a neighbour, who is another party.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

_DOMAIN = b"quancheng-monitoring-v1\n"
_ROW = b"\x00"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def record_id(at: datetime, intake_sha256: str, position: int) -> UUID:
    """Return the id of the record at a position, from 0, of the batch received at `at`."""
    derived = hashlib.sha256(_DOMAIN + bytes.fromhex(intake_sha256) + f"{position}\n".encode()).digest()
    bits = int.from_bytes(derived, "big")
    first, second = bits >> 244, (bits >> 182) & ((1 << 62) - 1)
    return UUID(int=((at - _EPOCH) // _MILLISECOND << 80) | 0x7 << 76 | first << 64 | 0b10 << 62 | second)


def salted_row_hash(salt: bytes, row: bytes) -> bytes:
    """Return the hash, 32 bytes, by which a row stands in the tree of its batch.

    Raises:
        ValueError: the salt is not 16 bytes; another length would let salt and row be parted otherwise.
    """
    if len(salt) != 16:  # noqa: PLR2004 - bytes of a salt
        raise ValueError("a salt has 16 bytes")
    return hashlib.sha256(_ROW + salt + row).digest()
