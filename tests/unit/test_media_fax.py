"""Fax coders, read strictly: what libtiff writes is whole, and what is lost of it is named."""

import io
from random import Random

import numpy as np
import pytest
from PIL import Image

from tests.corpus.harm import HARMS
from workers.media.still.fax import Fax, fax_fault
from workers.media.still.fax_codes import BLACK, WHITE
from workers.media.work import SLOW, Budget, OverBudgetError, Work

_STRIPS, _SIZES, _OPTIONS = 273, 279, 292


def strip(picture: Image.Image, compression: str, options: int = 0) -> bytes:
    """The rows of a picture of two colours as libtiff codes them."""
    out = io.BytesIO()
    picture.save(out, "TIFF", compression=compression, strip_size=1 << 30, tiffinfo={_OPTIONS: options})
    whole = out.getvalue()
    with Image.open(io.BytesIO(whole)) as made:
        (start,), (size,) = made.tag_v2[_STRIPS], made.tag_v2[_SIZES]
    return whole[start : start + size]


def picture(kind: str) -> Image.Image:
    """A page with something on it."""
    chance = np.random.default_rng(7)
    cells = {
        "noise": lambda: chance.random((64, 333)) > 0.5,
        "cells": lambda: np.repeat(np.repeat(chance.random((30, 40)) > 0.5, 8, axis=0), 13, axis=1),
        "long runs": lambda: np.repeat(chance.random((10, 3)) > 0.5, 2_600, axis=1),
        "black": lambda: np.zeros((20, 5_000), bool),
        "white": lambda: np.ones((20, 5_000), bool),
    }[kind]()
    return Image.fromarray(cells)


CODERS = {"T.6": ("group4", 0, -1, False), "T.4": ("group3", 0, 0, False), "T.4 by two rows": ("group3", 1, 1, False),
          "runs": ("tiff_ccitt", 0, 0, True)}  # fmt: skip


def read(packed: bytes, coder: str, made: Image.Image, rows: int | None = None) -> str:
    _, _, k, is_aligned = CODERS[coder]
    return fax_fault(
        packed, Fax(made.width, made.height if rows is None else rows, k, is_aligned), Work(SLOW)
    )


def coded(kind: str, coder: str) -> tuple[Image.Image, bytes]:
    made = picture(kind)
    return made, strip(made, *CODERS[coder][:2])


@pytest.mark.parametrize("coder", CODERS)
@pytest.mark.parametrize("kind", ["noise", "cells", "long runs", "black", "white"])
def test_what_another_library_writes_is_whole(kind: str, coder: str) -> None:
    """Every code of both colours, rows alone and by the one before, with and without signs of their ends."""
    made, packed = coded(kind, coder)
    assert read(packed, coder, made) == ""
    turned = bytes(int(f"{byte:08b}"[::-1], 2) for byte in packed)
    _, _, k, is_aligned = CODERS[coder]
    assert fax_fault(turned, Fax(made.width, made.height, k, is_aligned, is_turned=True), Work(SLOW)) == ""
    assert read(packed, coder, made, made.height + 1) != ""


def test_every_run_has_one_code() -> None:
    """104 of each colour, and none begins with another."""
    for codes in (WHITE, BLACK):
        assert {run for run, length in codes if length} == {*range(64), *range(64, 2561, 64)}
        assert sum(2.0**-length for _, length in set(codes) if length) < 1


def test_a_signed_end_needs_no_number_of_rows_and_ends_what_is_read() -> None:
    """As in a PDF that states none; what a writer left behind the end is no row."""
    made, packed = coded("cells", "T.6")
    assert read(packed, "T.6", made, 0) == ""
    assert read(packed + b"index of a TIFF", "T.6", made) == ""
    assert read(packed[:-4], "T.6", made, 0) != ""


@pytest.mark.parametrize("coder", ["T.6", "T.4"])
@pytest.mark.parametrize(
    "harm", ["cut", "sectors of zeros", "block gone", "sectors of noise", "sectors of ones"]
)
def test_what_is_lost_is_named(harm: str, coder: str) -> None:
    """Nine of ten at least: rows that fall into step again with their number are rows."""
    made, packed = coded("cells", coder)
    assert len(packed) > 1_000
    said = [read(HARMS[harm](packed, Random(seed)), coder, made) for seed in range(20)]
    assert sum(bool(one) for one in said) >= 18


@pytest.mark.parametrize("k", [-1, 0, 1])
@pytest.mark.parametrize("columns", [0, -5])
def test_rows_without_pixels_are_not_read(columns: int, k: int) -> None:
    """A document may say so: no bit is spent on such a row, and there would be no end of them."""
    little = Budget(pixels=1, packets=1, pieces=1, samples=1)
    assert fax_fault(b"\xaa" * 100, Fax(columns, 0, k), Work(little)) == "rows without pixels"


def test_a_row_costs_what_stands_in_it() -> None:
    """A page of a million changes is a heavy file, and zeros without end are no work at all."""
    made, packed = coded("noise", "T.6")
    little = Budget(pixels=1, packets=1, pieces=1_000, samples=1)
    with pytest.raises(OverBudgetError):
        fax_fault(packed, Fax(made.width, made.height, -1), Work(little))
    assert fax_fault(bytes(4_000_000), Fax(1728, 0, 0), Work(little)) == "row 0: a code that cannot be"
