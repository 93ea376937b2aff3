"""The parent's side of the child that makes copies: what it makes comes over the pipe, piece by piece, into a file here.

The child writes to no file: it says where each piece belongs, and no more is taken than a copy may have.
"""

import os
from pathlib import Path
from typing import Any

from schemas.derivative import DerivationFailure
from workers.media.making.wish import CannotError, Made, Wish
from workers.media.result import MIB, Limits
from workers.media.sandbox.fork import Confined, DecoderFailedError, MemoryToldError
from workers.media.sandbox.pipe import BrokenPipeFrameError, Read, pack_making, read_frame
from workers.media.work import Lane

MOST_BYTES = 2048 * MIB
"""Most bytes of one copy: five hours at what the encoder is asked for."""

_PIECE_BYTES = 8 * MIB


class Maker(Confined):
    """Makes one copy at a time, in a confined child of its own, which starts with the first."""

    def __init__(self, limits: Limits | None = None, *, module: str = "workers.media.making.child") -> None:
        super().__init__(limits, module=module)

    def make(self, path: Path, wish: Wish, out: int) -> Made:
        """Make a copy of the file at `path`; its bytes are written to the descriptor `out`, in no order.

        Raises:
            CannotError: none could be made, and why; a child that ended badly is such a reason.
            OSError: the file cannot be read, or `out` takes no more.
        """
        seconds = self.limits.wall_seconds(path.stat().st_size, Lane.LATER)
        request = pack_making(wish.model_dump(mode="json"), Lane.LATER)
        try:
            answer = self._asked(path, request, seconds, lambda read: _taken(read, out))
        except DecoderFailedError as why:
            raise CannotError(DerivationFailure(why.code)) from why
        if isinstance(answer, Made):
            return answer
        raise CannotError(answer)


def _taken(read: Read, out: int) -> Made | DerivationFailure:
    """Take pieces until the child says how it ended.

    Raises:
        BrokenPipeFrameError: what came is none of that, or reaches beyond the most bytes.
        MemoryToldError: it says that it needed more memory than it may have.
    """
    while True:
        header = read_frame(read)
        if header.get("memory"):
            raise MemoryToldError
        if "at" in header:
            at, size = _place(header)
            _write(out, read(size), at)
            continue
        try:
            return DerivationFailure(header["cannot"]) if "cannot" in header else Made(**header["made"])
        except (KeyError, TypeError, ValueError) as why:
            raise BrokenPipeFrameError("no end of a copy") from why


def _place(header: dict[str, Any]) -> tuple[int, int]:
    at, size = header["at"], header.get("size")
    if not isinstance(at, int) or not isinstance(size, int) or not 0 < size <= _PIECE_BYTES:
        raise BrokenPipeFrameError(f"a piece of {size} bytes")
    if not 0 <= at <= MOST_BYTES - size:
        raise BrokenPipeFrameError(f"a piece at {at}")
    return at, size


def _write(out: int, piece: bytes, at: int) -> None:
    view = memoryview(piece)
    while view:
        written = os.pwrite(out, view, at)
        view, at = view[written:], at + written
