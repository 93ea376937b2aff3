"""The shipped vectors, read the way a stranger's implementation would read them: from the files alone."""

import json
from pathlib import Path

import pytest

from schemas.errors import EvidenceError
from schemas.jws import verify_detached
from schemas.manifest import MANIFEST_TYP, RULES, parse_manifest

FOLDER = Path(__file__).parents[2] / "mobile_contract" / "vectors"
INDEX = json.loads((FOLDER / "index.json").read_bytes())["vectors"]
KEYS = json.loads((FOLDER / "keys.json").read_bytes())


def answer(name: str) -> str:
    payload = (FOLDER / f"{name}.manifest").read_bytes()
    signature = (FOLDER / f"{name}.jws").read_text().removesuffix("\n")
    try:
        verify_detached(payload, signature, jwk=KEYS["public"], algs=frozenset({"ES256"}), typ=MANIFEST_TYP)
        parse_manifest(payload)
    except EvidenceError as err:
        return err.slug
    return "valid"


@pytest.mark.parametrize("vector", INDEX, ids=lambda vector: vector["name"])
def test_each_vector_has_its_expected_answer(vector):
    """One broken rule per file gives exactly the slug the index promises."""
    assert answer(vector["name"]) == vector["expected"]


def test_the_vectors_cover_every_rule():
    """Every rule of the profile is broken by at least one vector, and one vector is valid."""
    expected = {vector["expected"] for vector in INDEX}
    assert expected == {*(rule.slug for rule in RULES), "signature-invalid", "valid"}


def test_every_file_is_in_the_index():
    """No vector lies about unnoticed."""
    names = {path.stem for path in FOLDER.glob("*.manifest")}
    assert names == {vector["name"] for vector in INDEX}
