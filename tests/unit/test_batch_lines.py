import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.batch_lines import BatchLines
from schemas.errors import TooLarge
from schemas.monitoring_row import MAX_BATCH_BYTES, MAX_LINE_BYTES, MAX_ROWS

PIECE = 64 * 1024
SHAPES = {
    "newlines": b"\n",
    "blank lines": b" \n",
    "one line": b"x",
    "tiny rows": b"{}\n",
    "a row here and there": b"\n" * 50_000 + b"{}\n",
}


def taken(body: bytes, size: int = PIECE) -> dict[int, bytes]:
    lines = BatchLines()
    for start in range(0, len(body), size):
        lines.feed(body[start : start + size])
    return lines.end()


@given(body=st.lists(st.sampled_from(b"\n\n a\r\t\x0b")).map(bytes), size=st.integers(1, 7))
def test_lines_are_those_of_the_body_however_it_is_cut(body: bytes, size: int) -> None:
    """Whatever the pieces, each line that holds something comes whole, under its number."""
    numbered = enumerate(body.split(b"\n"), start=1)

    assert taken(body, size) == {number: line for number, line in numbered if line.strip()}


def steps(body: bytes) -> int:
    """How many calls, of ours and of the interpreter's own, a body takes until it is taken or refused."""
    counted = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        taken(body)
    except TooLarge:
        pass
    finally:
        sys.setprofile(before)
    return counted


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_bytes_and_no_faster(shape: str) -> None:
    """32 MiB of nothing, of one line, of tiny rows: four times the bytes are about four times the work."""
    unit = SHAPES[shape]
    whole = unit * (MAX_BATCH_BYTES // len(unit))
    small, large = steps(whole[: MAX_BATCH_BYTES // 4]), steps(whole)

    assert large <= 5 * small
    assert large < 64 * (MAX_BATCH_BYTES // PIECE)


def test_newlines_are_not_kept() -> None:
    """A batch of nothing holds nothing."""
    assert taken(b"\n" * MAX_BATCH_BYTES) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"x" * (MAX_LINE_BYTES + 1),
        b"\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n",
        b"{}\n" * (MAX_ROWS + 1),
        b"\n" * (MAX_BATCH_BYTES + 1),
    ],
    ids=["one line", "a line between", "rows", "bytes"],
)
@pytest.mark.parametrize("size", [PIECE, MAX_BATCH_BYTES * 2], ids=["in pieces", "at once"])
def test_what_is_over_a_limit_is_refused(body: bytes, size: int) -> None:
    """One byte of a line, one row or one byte of a batch too many is refused, however the body comes."""
    with pytest.raises(TooLarge):
        taken(body, size)
    held = body[:-1] if len(body) > MAX_BATCH_BYTES else b"x" * MAX_LINE_BYTES
    assert len(taken(held, size)) <= 1
