"""A real package, kept for ever: whichever of its openings are shown, its leaves tell the same life."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.act import Act
from schemas.disclosure import parse_chains
from schemas.leaf import Unknown
from schemas.opening import Erased, Hidden, Shown
from schemas.package import CHAINS, LEAVES, OPENINGS
from schemas.package_lines import parse_leaves, parse_openings
from schemas.package_record import Record, record_of
from schemas.replay import Folded
from tests.stand import ROOT

KEPT = ROOT / "tests" / "assets" / "kept" / "record-1.tar.xz"


def _files() -> dict[str, bytes]:
    with tarfile.open(KEPT) as kept:
        held = kept.extractfile("package.zip")
        assert held is not None
        package = zipfile.ZipFile(io.BytesIO(held.read()))
    return {name: package.read(name) for name in (CHAINS, LEAVES, OPENINGS)}


FILES = _files()
OF = [one.of for one in parse_chains(FILES[CHAINS])]
SHOWN, WITHHELD = parse_leaves(FILES[LEAVES])
ALL = parse_openings(FILES[OPENINGS])
PAIRS = sorted((digest, member) for digest, members in ALL.items() for member in members)


def _record(pairs: set[tuple[str, str]]) -> Record:
    openings: dict[str, dict[str, bytes]] = {}
    for digest, member in pairs:
        openings.setdefault(digest, {})[member] = ALL[digest][member]
    return record_of(OF, SHOWN, WITHHELD, openings)


def _shape(value: Any) -> Any:
    """Return all of a life but the values that are committed to."""
    if isinstance(value, (Shown, Hidden, Erased)):
        return "committed"
    if isinstance(value, Act):
        return value.facts(), value.commitments()
    if isinstance(value, Mapping):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, tuple):
        return type(value).__name__, [_shape(one) for one in value]
    return value


def _told(folded: Folded) -> tuple[Any, ...]:
    return folded.head, folded.n, folded.faults, folded.absent, folded.versions, _shape(folded.life)


WHOLE = _record(set(PAIRS))
TOLD = {of: _told(folded) for of, folded in WHOLE.folded.items()}


@given(st.sets(st.sampled_from(PAIRS)))
def test_any_subset_of_openings_tells_the_same_lives(pairs: set[tuple[str, str]]) -> None:
    """Heads, numbers, states, faults, people and dates are those of the whole package; only values are hidden."""
    record = _record(pairs)

    assert not record.opening_faults
    assert {of: _told(folded) for of, folded in record.folded.items()} == TOLD
    shown = {
        (digest, member)
        for digest, one in record.carried.items()
        if not isinstance(one.leaf.act, Unknown)
        for member, value in one.leaf.act.committed().items()
        if isinstance(value, Shown)
    }
    assert shown == pairs


@pytest.mark.parametrize("noun", ["case", "recording", "device", "account"])
def test_the_package_is_a_full_one(noun: str) -> None:
    """The property above is not empty: lives of these nouns with values to hide stand in the package."""
    assert any(of.startswith(f"{noun}/") and WHOLE.folded[of].life is not None for of in OF)
    assert len(PAIRS) > 20
