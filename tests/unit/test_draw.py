"""The draw: order-independent, repeatable by anybody, and large enough for what it promises."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.draw import detection, draw, population_root, sample_size, seed_of, ticket
from schemas.errors import Invalid
from tests.reference import mth

CONTRACT = Path(__file__).resolve().parents[2] / "mobile_contract"
VECTORS = json.loads((CONTRACT / "vectors" / "draw.json").read_text(encoding="utf-8"))
IDS = st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=40, unique=True)


def naive(population: list[str], size: int, seed: bytes) -> list[str]:
    """The draw as the page says it, without any of our code."""
    keyed = {}
    for ident in population:
        raw = ident.encode()
        keyed[ident] = (hashlib.sha256(seed + bytes([len(raw) >> 8, len(raw) & 255]) + raw).hexdigest(), raw)
    return sorted(keyed, key=keyed.__getitem__)[:size]


@given(IDS, st.randoms(use_true_random=False), st.binary(min_size=32, max_size=32), st.data())
def test_the_order_of_the_population_is_nothing(
    population: list[str], rng: object, seed: bytes, data: st.DataObject
) -> None:
    """Whatever order the ids come in, root and sample are the same, and as the naive draw has them."""
    size = data.draw(st.integers(1, len(population)))
    shuffled = list(population)
    rng.shuffle(shuffled)

    assert population_root(shuffled) == population_root(population)
    assert draw(shuffled, size, seed) == draw(population, size, seed) == tuple(naive(population, size, seed))


@given(IDS, st.binary(min_size=32, max_size=32), st.data())
def test_a_larger_draw_goes_on_in_the_same_order(
    population: list[str], seed: bytes, data: st.DataObject
) -> None:
    """A replacement is the next in the same order: a larger sample begins with the smaller one."""
    size = data.draw(st.integers(1, len(population)))

    assert draw(population, len(population), seed)[:size] == draw(population, size, seed)


@given(IDS, st.text(min_size=1, max_size=20))
def test_a_changed_population_has_another_root(population: list[str], other: str) -> None:
    """Adding, removing or exchanging one id changes the root."""
    root = population_root(population)
    if other not in population:
        assert population_root([*population, other]) != root
        assert population_root([*population[1:], other]) != root
    if len(population) > 1:
        assert population_root(population[1:]) != root


@given(IDS)
def test_the_root_is_that_of_the_rfc(population: list[str]) -> None:
    """The root is RFC 6962's over the ids in byte order, as the reference computes it."""
    leaves = [hashlib.sha256(b"\0" + raw).digest() for raw in sorted(one.encode() for one in population)]

    assert population_root(population) == mth(leaves)


def test_boundaries_of_values_matter() -> None:
    """Two values are not their concatenation, and their order counts."""
    root = bytes(32)

    assert seed_of(root, [b"ab", b"c"]) != seed_of(root, [b"a", b"bc"])
    assert seed_of(root, [b"a", b"b"]) != seed_of(root, [b"b", b"a"])
    assert ticket(root, "a") != ticket(root, "b")


@pytest.mark.parametrize(
    ("population", "size", "problem"),
    [
        ([], 1, "population-empty"),
        (["a", "a"], 1, "population-duplicate"),
        (["a"], 2, "size-over-population"),
        (["a"], 0, "size-over-population"),
    ],
)
def test_what_cannot_be_drawn(population: list[str], size: int, problem: str) -> None:
    """An empty or doubled population and an impossible size are refused by name."""
    with pytest.raises(Invalid) as caught:
        draw(population, size, bytes(32))
    assert caught.value.slug == problem


@given(st.integers(1, 400), st.integers(1, 1000), st.integers(500, 999))
def test_the_size_is_the_smallest_that_keeps_its_promise(
    population: int, defect: int, confidence: int
) -> None:
    """One fewer would miss the promised confidence; the chance is the hypergeometric one, exactly."""
    size = sample_size(population, defect_permille=defect, confidence_permille=confidence)
    bad = max(1, -(-population * defect // 1000))
    promised = Fraction(confidence, 1000)

    assert 1 <= size <= population
    assert detection(population, bad, size) >= promised
    assert size == 1 or detection(population, bad, size - 1) < promised
    missed = Fraction(comb(population - bad, size), comb(population, size))
    assert detection(population, bad, size) == 1 - missed


@pytest.mark.parametrize(
    ("population", "sizes"),
    [
        (1_000, [(205, 258, 368), (108, 138, 204), (44, 57, 86), (22, 29, 43)]),
        (10_000, [(227, 294, 448), (114, 148, 226), (45, 59, 90), (22, 29, 44)]),
        (1_000_000, [(230, 299, 459), (114, 149, 228), (45, 59, 90), (22, 29, 44)]),
    ],
)
def test_known_sizes(population: int, sizes: list[tuple[int, int, int]]) -> None:
    """The sizes agree with the published table of detection sample sizes."""
    made = [
        tuple(sample_size(population, defect_permille=d, confidence_permille=c) for c in (900, 950, 990))
        for d in (10, 20, 50, 100)
    ]

    assert made == sizes


@pytest.mark.parametrize("vector", VECTORS["draws"], ids=lambda vector: vector["name"])
def test_vectors(vector: dict) -> None:
    """Every published vector is what the code draws."""
    root = population_root(vector["population"])
    seed = seed_of(root, [bytes.fromhex(value) for value in vector["values_hex"]])

    assert (root.hex(), seed.hex()) == (vector["root"], vector["seed"])
    assert list(draw(vector["population"], vector["size"], seed)) == vector["sample"]


def recipe() -> str:
    """The program in the contract's README."""
    text = (CONTRACT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"## A supervision draw.*?```python\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


def as_file(vector: dict) -> dict:
    """A vector in the form of a draw file, as far as the recipe reads it."""
    sources = [{"encoding": "hex"} for _ in vector["values_hex"]]
    plan = {"root": vector["root"], "size": vector["size"], "sources": sources}
    return {
        "plan": base64.b64encode(json.dumps(plan).encode()).decode(),
        "population": vector["population"][::-1],
        "values": vector["values_hex"],
        "sample": vector["sample"],
    }


@pytest.mark.parametrize("vector", VECTORS["draws"], ids=lambda vector: vector["name"])
def test_the_recipe_draws_the_same(vector: dict, tmp_path: Path) -> None:
    """The thirty lines of the README draw the vectors, and refuse a sample that was touched."""
    program, file = tmp_path / "redraw.py", tmp_path / "draw.json"
    program.write_text(recipe(), encoding="utf-8")
    for document, code in ((as_file(vector), 0), ({**as_file(vector), "sample": ["other"]}, 1)):
        file.write_text(json.dumps(document), encoding="utf-8")
        done = subprocess.run([sys.executable, "-I", program, file], capture_output=True, check=False)
        assert done.returncode == code, done.stderr.decode()
    assert len([line for line in recipe().splitlines() if line.strip()]) <= 30
