"""Ids of monitoring records follow from the leaf of their batch; rows cannot be guessed from its tree."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.record_id import record_id, salted_row_hash

AT = datetime(2026, 11, 28, 5, 12, 33, 417_000, tzinfo=UTC)
INTAKE = "ab" * 32
CONTRACT = Path(__file__).resolve().parents[2] / "mobile_contract"
VECTORS = json.loads((CONTRACT / "vectors" / "rows.json").read_text(encoding="utf-8"))


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


def recipe() -> str:
    """The program of the contract's README that proves a row."""
    text = (CONTRACT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## Fixed equipment.*?```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    "touched", [{}, {"row": "{}"}, {"salt": "00" * 16}, {"position": 1}, {"id": str(UUID(int=7))}]
)
def test_the_recipe_proves_the_vectors(touched: dict[str, Any], tmp_path: Path) -> None:
    """What the README prints proves every row of the vectors, without our code, and none that was touched."""
    document = json.loads(json.dumps(VECTORS))
    document["batches"][-1]["rows"][2] |= touched
    program, file = tmp_path / "row.py", tmp_path / "rows.json"
    program.write_text(recipe(), encoding="utf-8")
    file.write_text(json.dumps(document), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", program, file], capture_output=True, check=False)

    assert done.returncode == (1 if touched else 0), done.stderr.decode()
