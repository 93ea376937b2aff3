"""What the readers of stills hand on, and how far each part of a still was gone through."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.checks.facts import EXIF
from schemas.checks.stills import STILL_END
from schemas.checks.streams import TILES
from schemas.checks.structure import CONTAINER
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import CheckResult
from workers.media.container import Note
from workers.media.metadata.exif import ExifSeen
from workers.media.still.jpeg import Pixels
from workers.media.still.layout import Layout


class Decoded(NamedTuple):
    """Pixels of one picture of a file, in all its frames or pages: so many were decoded, of so many."""

    done: int
    of: int


class Seen(NamedTuple):
    """What the readers of one still met.

    `width` and `height` are pixels as stored; `pixels` are those of the first picture, in BGR, turned upright by the
    decoder where `is_upright`. `decoded` is one entry a picture; `tiles` of the first one were decoded one by one,
    in a format that has them. `damaged` is the number of a further picture that does not decode, from 2 on.
    """

    width: int = 0
    height: int = 0
    met: Note | None = None
    pixels: Pixels | None = None
    is_upright: bool = False
    exif: ExifSeen | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    thumbnail: bytes | None = None
    layout: Layout = Layout()
    decoded: tuple[Decoded, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    tiles: Decoded | None = None
    damaged: int | None = None


def examined(seen: Seen, *, size_bytes: int, entries: Decoded | None) -> tuple[Examined, ...]:
    """Say how far each part of a still was gone through: structure, pictures, metadata, and what follows the end."""
    return (
        _container(seen.layout, size_bytes),
        *_pictures(seen),
        _metadata(entries),
        *_ending(seen.layout, size_bytes),
    )


def _container(layout: Layout, size_bytes: int) -> Examined:
    return Examined(
        part=PartKind.CONTAINER,
        measure=Measure.BYTES,
        done=min(layout.end or 0, size_bytes),
        of=size_bytes if layout.end is None else layout.end,
        check=CONTAINER.name,
    )


def _pictures(seen: Seen) -> Iterable[Examined]:
    for number, one in enumerate(seen.decoded):
        yield Examined(
            part=PartKind.PICTURE,
            number=number,
            measure=Measure.PIXELS,
            done=one.done,
            of=one.of,
            check=CONTAINER.name,
        )
    if seen.tiles is not None:
        done, of = seen.tiles
        yield Examined(
            part=PartKind.PICTURE, measure=Measure.TILES, done=done, of=of, check=TILES.name if of else None
        )


def _metadata(entries: Decoded | None) -> Examined:
    done, of = entries or (0, None)
    check = EXIF.name if entries else None
    return Examined(part=PartKind.METADATA, measure=Measure.ENTRIES, done=done, of=of, check=check)


def _ending(layout: Layout, size_bytes: int) -> Iterable[Examined]:
    if layout.end is None:
        return
    behind = max(0, size_bytes - layout.end)
    yield Examined(part=PartKind.ENDING, measure=Measure.BYTES, done=behind, of=behind, check=STILL_END.name)
