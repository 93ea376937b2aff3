"""How a public log is laid out for those who follow it: C2SP tlog-tiles, paths and entry bundles, byte for byte.

    tile/<L>/<N>[.p/<W>]         up to 256 hashes of the tree, 32 bytes each
    tile/entries/<N>[.p/<W>]     the entries under tile 0/N: big-endian uint16 length, then the bytes, 256 times

`N` is written in groups of three digits, all but the last with an `x` before it: 1234067 is `x001/x234/067`. `W` says how
much of a tile that is not full is meant; a full one never grows again.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from schemas.errors import NotFound
from schemas.merkle import TILE_WIDTH, tile_path
from schemas.refusals_custody import BUNDLE_MALFORMED, TILE_UNKNOWN

ENTRIES = "entries"
MAX_LEVEL = 63
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|[0-9]{1,2})/(?P<n>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[0-9]{1,3}))?",
    re.ASCII,
)


class TilePath(NamedTuple):
    """What a path names: `width` hashes of tile `n` of `level`, or as many entries where `level` is None."""

    level: int | None
    n: int
    width: int

    @property
    def text(self) -> str:
        """The path, relative to the log's own address."""
        return tile_path(ENTRIES if self.level is None else self.level, self.n, width=self.width)


def parse_tile_path(text: str) -> TilePath:
    """Read a path; only the one spelling of a tile is one.

    Raises:
        NotFound: it names none (slug `tile-unknown`).
    """
    found = _PATH.fullmatch(text)
    if found is None:
        raise _no_tile()
    path = TilePath(
        level=None if found["level"] == ENTRIES else int(found["level"]),
        n=int(found["n"].replace("x", "").replace("/", "")),
        width=int(found["width"] or TILE_WIDTH),
    )
    if path.text != text or (path.level or 0) > MAX_LEVEL or not 0 < path.width <= TILE_WIDTH:
        raise _no_tile()
    return path


def entry_bundle(entries: Sequence[bytes]) -> bytes:
    """Return the bundle of these entries, each at most 65,535 bytes."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def parse_bundle(payload: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    Raises:
        Invalid: it ends within an entry (slug `bundle-malformed`).
    """
    stride = _LENGTH_BYTES + int.from_bytes(payload[:_LENGTH_BYTES], "big")
    if payload and _is_even(payload, stride):
        return [payload[at + _LENGTH_BYTES : at + stride] for at in range(0, len(payload), stride)]
    entries, at = list[bytes](), 0
    while at < len(payload):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(payload[at:start], "big")
        if at > len(payload) or start > len(payload):
            raise BUNDLE_MALFORMED("the bundle ends within an entry")
        entries.append(payload[start:at])
    return entries


def _is_even(payload: bytes, stride: int) -> bool:
    """Say whether all entries are as long as the first, as digests are: then each begins where it would be counted to."""
    count, rest = divmod(len(payload), stride)
    firsts = (payload[at::stride] for at in range(_LENGTH_BYTES))
    return not rest and all(one == one[:1] * count for one in firsts)


def _no_tile() -> NotFound:
    return TILE_UNKNOWN("no such tile: tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>] (C2SP tlog-tiles)")
