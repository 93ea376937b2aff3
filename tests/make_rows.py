"""Vectors of monitoring rows: how a row enters the tree of its batch, and which id its record has."""

import hashlib
from collections.abc import Sequence
from typing import Any

from schemas.base import parse_rfc3339
from schemas.digest import sha256_hex
from schemas.intake import row_path, rows_root
from schemas.record_id import record_id, salted_row_hash

RECEIVED_AT = "2026-11-28T05:12:33.417Z"
INTAKE_SHA256 = sha256_hex(b"the manifest of the batch")


def batches() -> list[dict[str, Any]]:
    """Return batches with the salted hashes, root and paths of their rows, and the ids of their records."""
    return [_batch([_row(number) for number in range(count)]) for count in (1, 2, 5)]


def _row(number: int) -> bytes:
    return f'{{"record_id":"{number}","plate":"苏J1234{number}"}}'.encode()


def _batch(rows: Sequence[bytes]) -> dict[str, Any]:
    salts = [hashlib.sha256(b"salt %d" % number).digest()[:16] for number in range(len(rows))]
    hashed = [salted_row_hash(salt, row) for salt, row in zip(salts, rows, strict=True)]
    at = parse_rfc3339(RECEIVED_AT)
    return {
        "received_at": RECEIVED_AT,
        "intake_sha256": INTAKE_SHA256,
        "root": rows_root(hashed).hex(),
        "rows": [
            {
                "position": position,
                "row": row.decode(),
                "salt": salts[position].hex(),
                "hash": hashed[position].hex(),
                "path": [one.hex() for one in row_path(hashed, position)],
                "id": str(record_id(at, INTAKE_SHA256, position)),
            }
            for position, row in enumerate(rows)
        ],
    }
