"""The published vectors of leaves are right for a program in another language, and refused ones are refused."""

import json
import os
import subprocess

import pytest

from schemas.errors import Invalid
from schemas.leaf import parse_leaf
from schemas.leaf_catalogue import catalogue, leaf_schema
from schemas.leaves import LEAVES
from tests.make_leaves import refused, vectors
from tests.stand import ROOT
from tests.stand.program import find_go

FOLDER = ROOT / "mobile_contract" / "vectors" / "leaf"


def test_go_agrees():
    """Canonical form, digest, entry hash, heads, openings, tickets and a chain, with Go's standard library alone."""
    program = ROOT / "tests" / "assets" / "leaf" / "check.go"
    env = {**os.environ, "GO111MODULE": "off", "GOFLAGS": ""}
    ran = subprocess.run(
        [find_go(), "run", program, FOLDER], capture_output=True, check=False, text=True, env=env
    )
    assert ran.stderr == ""
    assert ran.stdout == f"{len(list(vectors()))} leaves\n"


@pytest.mark.parametrize("one", list(refused()), ids=lambda one: one["name"])
def test_refused_vectors_are_refused(one):
    """Bytes that the contract calls no leaf are none here."""
    with pytest.raises(Invalid):
        parse_leaf(one["leaf"].encode())


def test_every_pair_has_its_vector_page_and_entry():
    """A class without vector, page, schema or entry in the catalogue fails here."""
    told = {(one["event"], one["ev"]) for one in catalogue()["events"]}
    known = {(one["event"], one["ev"]) for one in json.loads((FOLDER / "index.json").read_bytes())["leaves"]}
    titles = {one["title"] for one in leaf_schema()["oneOf"]}
    assert told == known == set(LEAVES)
    assert titles == {f"{event} {ev}" for event, ev in LEAVES}
    for event, _ in LEAVES:
        assert (ROOT / "mobile_contract" / "events" / f"{event.replace(':', '-')}.md").exists()
