"""The child that makes copies: `python -m workers.media.making.child LIMITS`, started by `Maker`.

It forks and is confined as the decoder child is (`workers.media.sandbox.child`): what it makes it sends over the pipe,
since it may write to no file. Encoders are used once before the lock, as decoders are.
"""

import gc
import io
import os
from collections.abc import Callable
from typing import BinaryIO, cast

from schemas.derivative import DerivativeKind
from workers.media.making.wish import CannotError, Made, Wish
from workers.media.result import Limits
from workers.media.sandbox.child import Answer, Request, Write, load, run, sample
from workers.media.sandbox.pipe import pack
from workers.media.sandbox.samples import SAMPLES
from workers.media.source import Source

_PIECE_BYTES = 4 * 1024 * 1024

Make = Callable[[Source, Wish, Limits, BinaryIO], Made]


class _Out(io.RawIOBase):
    """What a maker writes to: each piece is sent with its place. Nothing can be read back."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write
        self._at = self._end = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override] # what callers pass
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE_BYTES):
            piece = bytes(view[start : start + _PIECE_BYTES])
            self._write(pack({"at": self._at + start, "size": len(piece)}, (piece,)))
        self._at += len(view)
        self._end = max(self._end, self._at)
        return len(view)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at


def making(make: Make) -> Answer:
    """Return the answer that a maker gives: the pieces of the copy, then how it was made, or why there is none."""

    def answer(source: Source, request: Request, limits: Limits, write: Write) -> None:
        wish = Wish.model_validate_json(request.said["wish"])
        try:
            made = make(source, wish, limits, cast("BinaryIO", _Out(write)))
            write(pack({"made": made.model_dump(mode="json")}))
        except CannotError as why:
            write(pack({"cannot": why.failure.value}))
        except MemoryError:
            write(pack({"memory": True}))

    return answer


def load_makers() -> Answer:
    """Load decoders and makers, and make each kind of copy once."""
    load()
    from workers.media.making.make import make  # noqa: PLC0415 - only in the child that is confined afterwards

    with sample("a.mp4", SAMPLES["a.mp4"]) as source:
        for kind in (DerivativeKind.SHEET, DerivativeKind.PROXY):
            make(source, Wish(kind=kind), Limits(), cast("BinaryIO", io.BytesIO()))
    with sample("a.pdf", SAMPLES["a.pdf"]) as source:
        make(source, Wish(kind=DerivativeKind.PAGES), Limits(), cast("BinaryIO", io.BytesIO()))
    with sample("a.wav", SAMPLES["a.wav"]) as source:
        for kind in (DerivativeKind.WAVE, DerivativeKind.PROXY):
            make(source, Wish(kind=kind), Limits(), cast("BinaryIO", io.BytesIO()))
    # An encoder's threads end with it; one that a fork throws away would be waited for there, where it has no threads.
    gc.collect()
    gc.freeze()
    return making(make)


if __name__ == "__main__":
    run(load_makers)
