"""What happens to bytes on cards, cables and discs, whatever they hold."""

from collections.abc import Callable
from random import Random

Harm = Callable[[bytes, Random], bytes]
SECTOR = 512


def _place(whole: bytes, chance: Random, length: int, low: float = 0.3, high: float = 0.8) -> int:
    return min(int(len(whole) * chance.uniform(low, high)), max(0, len(whole) - length - 64))


def _hole(whole: bytes, share: float = 0.1) -> int:
    """Length of a hole: sectors, at most eight, and of a small file never more than a share of it."""
    length = min(8 * SECTOR, int(len(whole) * share))
    return length // SECTOR * SECTOR if length >= SECTOR else max(64, length)


def _sector(whole: bytes, chance: Random, length: int) -> int:
    """A place at the edge of a sector, where the file is large enough to have one."""
    at = _place(whole, chance, length)
    return max(SECTOR, at // SECTOR * SECTOR) if len(whole) > 8 * SECTOR else at


def over(whole: bytes, at: int, with_: bytes) -> bytes:
    """Overwrite bytes in their place."""
    return whole[:at] + with_ + whole[at + len(with_) :]


def cut(whole: bytes, chance: Random) -> bytes:
    """A transfer or a battery that ended."""
    return whole[: int(len(whole) * chance.uniform(0.35, 0.92))]


def cut_late(whole: bytes, chance: Random) -> bytes:
    """The last buffer was never written."""
    return whole[: -chance.randint(max(16, len(whole) // 50), max(32, len(whole) // 20))]


def zeros(whole: bytes, chance: Random) -> bytes:
    """Sectors that were never written."""
    length = _hole(whole)
    return over(whole, _sector(whole, chance, length), bytes(length))


def ones(whole: bytes, chance: Random) -> bytes:
    """Sectors of erased flash."""
    length = _hole(whole)
    return over(whole, _sector(whole, chance, length), b"\xff" * length)


def noise(whole: bytes, chance: Random) -> bytes:
    """Sectors of something else."""
    length = _hole(whole)
    return over(whole, _sector(whole, chance, length), chance.randbytes(length))


def words(whole: bytes, chance: Random) -> bytes:
    """Sectors of a log file in the middle."""
    length = _hole(whole)
    line = b"2026-09-01 09:30:00 unit 7 battery 41% storage ok temperature 36\r\n"
    return over(whole, _sector(whole, chance, length), (line * (length // len(line) + 1))[:length])


def dropped(whole: bytes, chance: Random) -> bytes:
    """A block that is gone, and what follows has moved up."""
    length = _hole(whole) + chance.randint(1, 63)
    at = _place(whole, chance, length)
    return whole[:at] + whole[at + length :]


def doubled(whole: bytes, chance: Random) -> bytes:
    """A block that was written twice."""
    length = _hole(whole) + chance.randint(1, 63)
    at = _place(whole, chance, length)
    return whole[: at + length] + whole[at:]


def swapped(whole: bytes, chance: Random) -> bytes:
    """Two blocks that changed places."""
    length = _hole(whole, 0.08) + chance.randint(1, 63)
    a, b = _place(whole, chance, length, 0.25, 0.4), _place(whole, chance, length, 0.55, 0.8)
    first, second = whole[a : a + length], whole[b : b + length]
    return over(over(whole, a, second), b, first)


def preallocated(whole: bytes, chance: Random) -> bytes:
    """The size was reserved, and the rest never written."""
    at = int(len(whole) * chance.uniform(0.4, 0.8))
    at = at // SECTOR * SECTOR if len(whole) > 8 * SECTOR else at
    return whole[:at] + bytes(len(whole) - at)


def text_mode(whole: bytes, chance: Random) -> bytes:
    """A transfer that took the file for text: every LF became CR LF."""
    return whole.replace(b"\n", b"\r\n")


def seven_bits(whole: bytes, chance: Random) -> bytes:
    """A line of seven bits, from somewhere on."""
    at = _place(whole, chance, 0)
    return whole[:at] + bytes(byte & 0x7F for byte in whole[at:])


HARMS: dict[str, Harm] = {
    "cut": cut,
    "last buffer missing": cut_late,
    "sectors of zeros": zeros,
    "sectors of ones": ones,
    "sectors of noise": noise,
    "sectors of a log": words,
    "block gone": dropped,
    "block twice": doubled,
    "blocks changed places": swapped,
    "zeros to the end": preallocated,
    "sent as text": text_mode,
    "eighth bit lost": seven_bits,
}
