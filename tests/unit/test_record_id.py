"""Ids of monitoring records follow from the leaf of their batch; rows cannot be guessed from its tree."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from schemas.record_id import record_id, salted_row_hash

AT = datetime(2026, 11, 28, 5, 12, 33, 417_000, tzinfo=UTC)
INTAKE = "ab" * 32


def test_an_id_is_a_uuid_of_version_7_with_the_time_of_its_batch() -> None:
    """48 bits of milliseconds, version 7, variant 10, and bits of the digest that names batch and position."""
    made = record_id(AT, INTAKE, 12)
    digest = hashlib.sha256(b"quancheng-monitoring-v1\n" + bytes.fromhex(INTAKE) + b"12\n").hexdigest()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert made.int >> 80 == round(AT.timestamp() * 1000)
    assert made.hex[13:16] == digest[:3]
    following = int(digest[3:], 16) >> (244 - 62)
    assert made.int & ((1 << 62) - 1) == following
    assert str(made) == str(record_id(AT, INTAKE, 12))


def test_ids_differ_by_position_batch_and_time() -> None:
    """No two places of any batches share an id, and ids of later batches sort later."""
    made = {record_id(AT, INTAKE, position) for position in range(1_000)}
    made |= {record_id(AT, "cd" * 32, position) for position in range(1_000)}
    assert len(made) == 2_000
    assert record_id(AT + timedelta(milliseconds=1), INTAKE, 0) > max(made)


def test_a_row_enters_the_tree_with_its_salt() -> None:
    """The same row under another salt has another hash; a salt of another length is refused."""
    row = b'{"plate":"x"}'
    assert salted_row_hash(bytes(16), row) == hashlib.sha256(b"\0" + bytes(16) + row).digest()
    assert salted_row_hash(b"\1" * 16, row) != salted_row_hash(bytes(16), row)
    with pytest.raises(ValueError):
        salted_row_hash(bytes(15), row)
