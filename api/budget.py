"""One byte budget for all bodies that are being received: beyond it reading waits, and nothing fails.

What a server does not read, the network holds back: the sender slows down. Whoever holds most reads first, so that
parts come to be full and are stored, and their bytes free again; who waits too long makes durable what it holds.
"""

import asyncio
import ctypes
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from schemas.upload import MIB

READ_BYTES = 256 * 1024
"""One block, taken before it is read into."""
LARGE_BYTES = 4 * READ_BYTES
"""A block of who holds bytes already, while there is room for all."""
_SPARE_BYTES = 24 * MIB
"""What blocks are kept for the next bodies: as many as some photos at once have in turn."""
_JOINS = 4
"""One part in so many is for tails that are read back to be stored with what follows them."""
_WORTH_TRIMMING_BYTES = 16 * MIB


class _Place(NamedTuple):
    held: int
    order: int
    size: int
    granted: asyncio.Future[None]


class Share:
    """A number of bytes that may be taken and given back; of one event loop."""

    def __init__(self, total_bytes: int, *, idle: Callable[[], None] = lambda: None) -> None:
        """Nothing is taken; `idle` is called when much was, and all is given back."""
        self._idle = idle
        self._total = self._free = self._least_free = total_bytes
        self._places: list[_Place] = []
        self._orders = count()

    @property
    def taken_bytes(self) -> int:
        """What is in use."""
        return self._total - self._free

    @property
    def is_ample(self) -> bool:
        """Whether more than half is free and nobody waits."""
        return not self._places and 2 * self._free > self._total

    def take_now(self, size: int) -> bool:
        """Take `size` bytes where nobody has to wait for them."""
        if self._places or not self._fits(size):
            return False
        self._grant(size)
        return True

    async def take(self, size: int, *, held: int = 0) -> None:
        """Take `size` bytes, behind whoever holds more; more than there are is granted when nothing is in use."""
        if self.take_now(size):
            return
        place = _Place(-held, next(self._orders), size, asyncio.get_running_loop().create_future())
        self._places.append(place)
        try:
            await place.granted
        except asyncio.CancelledError:
            if place.granted.cancelled():
                self._serve()  # it stood in the way of others
            else:  # it was granted in the same moment
                self.give(size)
            raise

    def give(self, size: int) -> None:
        """Give bytes back; a negative number takes what turned out to be more."""
        self._free += size
        self._serve()
        if self._free == self._total and self._total - self._least_free >= _WORTH_TRIMMING_BYTES:
            self._least_free = self._total
            self._idle()
            asyncio.get_running_loop().run_in_executor(None, _trim)

    def _fits(self, size: int) -> bool:
        return size <= self._free or self._free == self._total

    def _grant(self, size: int) -> None:
        self._free -= size
        self._least_free = min(self._least_free, self._free)

    def _serve(self) -> None:
        self._places = [place for place in self._places if not place.granted.cancelled()]
        while self._places:
            first = min(self._places, key=lambda place: place[:2])
            if not self._fits(first.size):
                return
            self._places.remove(first)
            self._grant(first.size)
            first.granted.set_result(None)


class Blocks:
    """Memory that bodies are read into, used again while it is warm: fresh memory is cleared and mapped first."""

    def __init__(self) -> None:
        self._spare: dict[int, list[bytearray]] = {READ_BYTES: [], LARGE_BYTES: []}
        self._spare_bytes = 0

    def take(self, size: int) -> memoryview:
        """Return a block of `READ_BYTES` or `LARGE_BYTES`; what stands in it is nobody's."""
        spare = self._spare[size]
        if not spare:
            return memoryview(bytearray(size))
        self._spare_bytes -= size
        return memoryview(spare.pop())

    def give(self, block: memoryview) -> None:
        """Take a block back that nobody reads from any more; one that is still looked at is left to its readers."""
        memory, size = block.obj, len(block)
        block.release()
        if not isinstance(memory, bytearray) or self._spare_bytes + size > _SPARE_BYTES:
            return
        try:
            memory.append(memory.pop())  # refused while any view of it is left
        except BufferError:
            return
        self._spare[size].append(memory)
        self._spare_bytes += size

    def clear(self) -> None:
        """Keep nothing."""
        for spare in self._spare.values():
            spare.clear()
        self._spare_bytes = 0


class Budget:
    """What one process holds in memory of all uploads: their bodies, and the tails that are stored with them."""

    def __init__(self, held_bytes: int) -> None:
        self.blocks = Blocks()
        self.joins = Share(held_bytes // _JOINS)
        self.bodies = Share(held_bytes - held_bytes // _JOINS, idle=self.blocks.clear)


def _trim() -> None:
    """Give what the allocator keeps of freed pieces back to the system (glibc; elsewhere nothing happens)."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
