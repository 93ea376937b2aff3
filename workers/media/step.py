"""The step of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3) by its first bytes; the sniffer needs no more of it."""

from typing import NamedTuple

SYNC = 0x47
_STEPS = ((188, 0), (192, 4), (204, 0))
"""Distance of packets, and where in it the sync byte stands."""

IN_STEP = 5
"""So many sync bytes at their distance make a stream: by chance it happens once in 10^12 places."""


class Step(NamedTuple):
    """How packets follow each other: their distance, where the first sync byte is, and where it is in a packet."""

    distance: int
    first: int
    lead: int

    @property
    def start(self) -> int:
        """Offset of the first packet."""
        return max(0, self.first - self.lead)


def step_of(head: bytes) -> Step | None:
    """Find the step of a stream in its first bytes; it may begin in the middle of a packet, and be damaged here."""
    marks = [at for at, byte in enumerate(head) if byte == SYNC]
    for first in marks:
        for distance, lead in _STEPS:
            places = range(first, len(head), distance)
            hits = sum(head[at] == SYNC for at in places)
            if hits >= max(2, min(IN_STEP, len(places)), len(places) * 3 // 4) and first < distance + lead:
                return Step(distance, first, lead if first >= lead else 0)
    return None
