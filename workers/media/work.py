"""How much work one look at a file may cost, counted in what the file asks for and never in seconds.

The same file gets the same verdict on a busy machine. What asks for more than the quick lane gives is looked into in
the slow one; what asks for more than that is not decoded, and says so.
"""

from enum import StrEnum

from schemas.base import Frozen


class Lane(StrEnum):
    """Where a file is looked into; the slow lane has room for one heavy file at a time.

    `LATER` is for what no verdict waits for: copies for viewing, and every frame of a film that was sealed before.
    """

    QUICK = "quick"
    SLOW = "slow"
    LATER = "later"


class Budget(Frozen):
    """Most work of one look. A core does roughly the quick budget of any one kind in a second or two.

    `pixels` are decoded pixels: of a still those of every scan of its JPEG, of a video those of its key frames.
    `packets` are demuxed. `samples` are those of sound, counted in each channel. `pieces` are what a reader steps over
    one by one: boxes, segments, chunks, NAL units, the elements and texts of a track. `unpacked_bytes` are what the
    compressed pieces of a document, or the files of an archive, unpack to.
    """

    pixels: int
    packets: int
    pieces: int
    samples: int
    unpacked_bytes: int = 300_000_000


QUICK = Budget(pixels=400_000_000, packets=300_000, pieces=300_000, samples=60_000_000)
SLOW = Budget(
    pixels=20_000_000_000,
    packets=20_000_000,
    pieces=20_000_000,
    samples=4_000_000_000,
    unpacked_bytes=40_000_000_000,
)
LATER = SLOW.model_copy(update={"pixels": 250_000_000_000})
"""An hour of 1080p at 30 frames a second, and a little."""


class OverBudgetError(Exception):
    """The file asks for more work than one look may cost; no reader handles it."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.limit = limit


class Work:
    """What one look has spent so far. `is_last`: there is no lane with more room."""

    def __init__(self, budget: Budget, *, is_last: bool = True) -> None:
        self._budget = budget
        self.is_last = is_last
        self._pixels = self._packets = self._pieces = self._samples = self._unpacked_bytes = 0

    def pixels(self, count: int) -> None:
        """Spend pixels that are about to be decoded.

        Raises:
            OverBudgetError: they are more than is left.
        """
        self._pixels += count
        if self._pixels > self._budget.pixels:
            raise OverBudgetError("pixels", self._budget.pixels)

    def packets(self, count: int = 1) -> None:
        """Spend packets of a container.

        Raises:
            OverBudgetError: they are more than is left.
        """
        self._packets += count
        if self._packets > self._budget.packets:
            raise OverBudgetError("packets", self._budget.packets)

    def pieces(self, count: int = 1) -> None:
        """Spend pieces of a structure.

        Raises:
            OverBudgetError: they are more than is left.
        """
        self._pieces += count
        if self._pieces > self._budget.pieces:
            raise OverBudgetError("pieces", self._budget.pieces)

    def samples(self, count: int) -> None:
        """Spend samples of sound that were decoded.

        Raises:
            OverBudgetError: they are more than is left.
        """
        self._samples += count
        if self._samples > self._budget.samples:
            raise OverBudgetError("samples", self._budget.samples)

    def unpacked(self, count_bytes: int) -> None:
        """Spend bytes that a document's content unpacked to.

        Raises:
            OverBudgetError: they are more than is left.
        """
        self._unpacked_bytes += count_bytes
        if self._unpacked_bytes > self._budget.unpacked_bytes:
            raise OverBudgetError("unpacked_bytes", self._budget.unpacked_bytes)

    def expect(self, *, pixels: int = 0, packets: int = 0, samples: int = 0) -> None:
        """Look ahead by what an index promises, so that a heavy file is known as one before it costs anything.

        Raises:
            OverBudgetError: this lane is not the last and the file will not get to its end in it.
        """
        if self.is_last:
            return
        if self._packets + packets > self._budget.packets:
            raise OverBudgetError("packets", self._budget.packets)
        if not self.has(pixels):
            raise OverBudgetError("pixels", self._budget.pixels)
        if not self.has(samples=samples):
            raise OverBudgetError("samples", self._budget.samples)

    @property
    def pixels_left(self) -> int:
        """Pixels that may still be decoded."""
        return self._budget.pixels - self._pixels

    def has(self, pixels: int = 0, *, samples: int = 0) -> bool:
        """Say whether so many pixels and samples are left."""
        return (
            self._pixels + pixels <= self._budget.pixels and self._samples + samples <= self._budget.samples
        )
