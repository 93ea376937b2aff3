"""Photos that are damaged."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from tests.corpus.harm import HARMS, over
from tests.corpus.kinds import Broken
from tests.corpus.photo_whole import CODERS, moving, still
from tests.media import HEIC
from tests.media_stills import dng, plain_jpeg, several, video

SEEN = frozenset(
    {
        "image-damaged",
        "jpeg-damaged",
        "media-truncated",
        "media-damaged",
        "image-tiles-damaged",
        "raw-rows-empty",
        "raw-stretch-empty",
    }
)
BASES: dict[str, tuple[str, Callable[[], bytes]]] = {
    **{
        coder: (CODERS[coder][0], partial(still, coder, "street", 320, 240))
        for coder in (
            "jpeg", "jpeg fine", "jpeg progressive", "jpeg optimised", "jpeg restarts", "jpeg grey",
            "png", "png palette", "png alpha", "gif", "webp", "webp lossless",
            "tiff", "tiff lzw", "tiff deflate", "tiff packbits", "tiff jpeg", "tiff fax",
            "tiff fax by rows", "avif",
        )
    },
    "gif moving": ("a.gif", lambda: moving("GIF")),
    "webp moving": ("a.webp", lambda: moving("WEBP")),
    "png moving": ("a.png", lambda: moving("PNG")),
    "dng": ("a.dng", lambda: dng(320, 240)),
}  # fmt: skip
ANY_VALUE_IS_A_PIXEL = {
    ("tiff", "sectors of ones"),
    ("tiff", "sectors of noise"),
    ("tiff", "sectors of a log"),
    ("tiff", "blocks changed places"),
    ("tiff", "eighth bit lost"),
    ("dng", "sectors of ones"),
    ("dng", "sectors of noise"),
    ("dng", "sectors of a log"),
    ("dng", "blocks changed places"),
    ("dng", "eighth bit lost"),
}
"""Bare samples of equal length: no structure is touched, and every value may be a pixel (README: what nobody sees)."""
LONGER_AND_WHOLE = {("tiff", "block twice"), ("dng", "block twice")}
"""The same, and the bytes that were pushed out stand behind the end, where makers write what they like."""


def _hurt(base: str, harm: str, chance: Random) -> bytes:
    return HARMS[harm](BASES[base][1](), chance)


def _size(whole: bytes, chance: Random) -> bytes:
    """The frame header claims other dimensions than are coded."""
    at = whole.index(b"\xff\xc0")
    high, wide = struct.unpack(">HH", whole[at + 5 : at + 9])
    return over(whole, at + 5, struct.pack(">HH", high + 16 * chance.randint(2, 6), wide))


def _tables(whole: bytes, chance: Random) -> bytes:
    at = whole.index(b"\xff\xc4")
    return over(whole, at + 5, bytes([0xFF, 0xFF]) + chance.randbytes(10))


def _crc(whole: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(whole) // 3, len(whole) - 40)
    return over(whole, at, bytes([whole[at] ^ 1 << chance.randrange(8)]))


def _companion(chance: Random) -> bytes:
    second = plain_jpeg(320, 240)
    at = int(len(second) * chance.uniform(0.3, 0.7))
    return several(over(second, at, bytes(3_000)), first=still("jpeg"))


SPECIAL: dict[str, tuple[str, Callable[[Random], bytes], frozenset[str]]] = {
    "jpeg: height that is not there": ("a.jpg", lambda chance: _size(still("jpeg"), chance), SEEN),
    "jpeg: code tables broken": ("a.jpg", lambda chance: _tables(still("jpeg"), chance), SEEN),
    "png: one bit of a chunk": ("a.png", lambda chance: _crc(still("png"), chance), SEEN),
    "png palette: one bit of a chunk": ("a.png", lambda chance: _crc(still("png palette"), chance), SEEN),
    "jpeg: second picture with a hole": ("a.jpg", _companion, SEEN | {"still-companion-damaged"}),
    "jpeg: film behind it cut": (
        "a.jpg",
        lambda chance: (still("jpeg") + video())[: -chance.randint(2_000, 8_000)],
        SEEN,
    ),
    "nothing at all": ("a.jpg", lambda chance: b"", frozenset({"zero-bytes"})),
    "a page instead of a photo": (
        "a.jpg",
        lambda chance: b"<!DOCTYPE html><html><body>504 Gateway Time-out</body></html>",
        frozenset({"type-name-conflict"}),
    ),
    "png that is called a jpeg": ("a.jpg", lambda chance: still("png"), frozenset({"type-name-conflict"})),
    "film that is called a photo": ("a.jpg", lambda chance: video(), frozenset({"type-name-conflict"})),
}


def brokens() -> Iterator[Broken]:
    """Every class of damage to photos."""
    for base, (name, _) in BASES.items():
        for harm in HARMS:
            if (base, harm) not in ANY_VALUE_IS_A_PIXEL | LONGER_AND_WHOLE:
                yield Broken("photo", f"{base}: {harm}", name, partial(_hurt, base, harm), SEEN)
    for damage, (name, make, codes) in SPECIAL.items():
        yield Broken("photo", damage, name, make, codes)
    if HEIC.exists():
        for harm in ("cut", "last buffer missing", "block gone", "sectors of zeros", "sectors of ones"):
            made = partial(_of_file, harm)
            yield Broken("photo", f"heic: {harm}", "a.heic", made, SEEN, times=1)


def _of_file(harm: str, chance: Random) -> bytes:
    return HARMS[harm](HEIC.read_bytes(), chance)
