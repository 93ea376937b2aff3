"""What a file is made of, and how far each part of it was examined.

`verified` means examined: the verdict asks for the parts that stand in `REQUIRED` for the type of the file, never for
the absence of complaints. What lies above that list – every frame of a film – is shown as not examined and never as
passed; a stream that nobody here can read keeps a recording `not_checked`.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen
from schemas.document import OFD, OPEN_OFFICE, PDF, ZIP


class PartKind(StrEnum):
    """Kinds of parts; each stream, directory or picture of a file is a part of its own, told apart by its number."""

    CONTAINER = "container"
    INDEX = "index"
    VIDEO = "video"
    SOUND = "sound"
    DATA = "data"
    PICTURE = "picture"
    METADATA = "metadata"
    POINTS = "points"
    TEXT = "text"
    CONTENT = "content"
    PAGE = "page"
    ENDING = "ending"


class Measure(StrEnum):
    """In what a part was gone through. Of a film packets, key frames and frames are counted apart."""

    BYTES = "bytes"
    BOXES = "boxes"
    PACKETS = "packets"
    KEYFRAMES = "keyframes"
    FRAMES = "frames"
    SAMPLES = "samples"
    PIXELS = "pixels"
    TILES = "tiles"
    ENTRIES = "entries"
    POINTS = "points"
    PAGES = "pages"
    PIECES = "pieces"


Count = Annotated[int, Field(ge=0)]


class Examined(Frozen):
    """One part, gone through in one measure by one check.

    `number` tells parts of one kind apart, from 0 on; for a stream it is its place in the container. `of` is how many
    units there are, absent where nobody can say; `done` of them were looked at. `check` is the name of the check that
    did it, absent where no check here could: then `done` is 0.
    """

    part: PartKind
    number: Count = 0
    measure: Measure
    done: Count
    of: Count | None = None
    check: str | None = None

    @property
    def is_whole(self) -> bool:
        """Every unit of the part was looked at; where nobody can say how many there are, at least one was."""
        return self.check is not None and self.done >= (1 if self.of is None else self.of)

    @property
    def is_begun(self) -> bool:
        """Some unit was looked at, or there is none."""
        return self.check is not None and (self.done > 0 or self.of == 0)


class Extent(StrEnum):
    """How much of a part the verdict asks for: all units, or a stated sample of them."""

    ALL = "all"
    SAMPLE = "sample"


class Required(Frozen):
    """What the verdict asks of parts of one kind. Of a film or a sound every stream that is there is asked for."""

    part: PartKind
    measure: Measure
    extent: Extent = Extent.ALL
    is_always: bool = True
    """Asked for even where the reader named no such part: a photo has a picture, a track has points."""


def _all(part: PartKind, measure: Measure) -> Required:
    return Required(part=part, measure=measure)


def _each(part: PartKind, measure: Measure, extent: Extent = Extent.ALL) -> Required:
    return Required(part=part, measure=measure, extent=extent, is_always=False)


_STREAMS = (
    _each(PartKind.VIDEO, Measure.PACKETS),
    _each(PartKind.VIDEO, Measure.KEYFRAMES, Extent.SAMPLE),
    _each(PartKind.SOUND, Measure.SAMPLES),
    _each(PartKind.DATA, Measure.PACKETS),
)
_BOXED = (
    _all(PartKind.CONTAINER, Measure.BOXES),
    _all(PartKind.INDEX, Measure.ENTRIES),
    _all(PartKind.ENDING, Measure.BYTES),
    *_STREAMS,
)
_BOXED_TYPES = ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "audio/3gpp")
_CHUNKED_TYPES = ("video/x-matroska", "video/webm", "video/x-msvideo", "audio/x-matroska", "audio/webm")
_STREAMED_TYPES = ("video/mp2t", "video/mpeg", "video/h264", "video/h265")
_LINED_TYPES = (
    "video/ogg",
    "audio/wav",
    "audio/mpeg",
    "audio/aac",
    "audio/amr",
    "audio/amr-wb",
    "audio/ogg",
    "audio/flac",
)
_LINED = (_all(PartKind.CONTAINER, Measure.BYTES), *_STREAMS)
_CHUNKED = (
    _all(PartKind.CONTAINER, Measure.BYTES),
    _all(PartKind.INDEX, Measure.ENTRIES),
    _all(PartKind.ENDING, Measure.BYTES),
    *_STREAMS,
)
_STREAMED = (
    _all(PartKind.CONTAINER, Measure.BYTES),
    _all(PartKind.CONTAINER, Measure.PACKETS),
    _all(PartKind.ENDING, Measure.BYTES),
    *_STREAMS,
)
_STILL = (
    _all(PartKind.CONTAINER, Measure.BYTES),
    _all(PartKind.PICTURE, Measure.PIXELS),
    _all(PartKind.METADATA, Measure.ENTRIES),
    _all(PartKind.ENDING, Measure.BYTES),
)
_TILED = (*_STILL, _all(PartKind.PICTURE, Measure.TILES))
_TRACK = (_all(PartKind.CONTAINER, Measure.BYTES), _all(PartKind.POINTS, Measure.POINTS))
_ARCHIVE = (
    _all(PartKind.CONTAINER, Measure.BYTES),
    _all(PartKind.INDEX, Measure.ENTRIES),
    _all(PartKind.CONTENT, Measure.PIECES),
    _all(PartKind.ENDING, Measure.BYTES),
)
_OFFICE = (*_ARCHIVE, _all(PartKind.TEXT, Measure.PIECES), _all(PartKind.METADATA, Measure.ENTRIES))
_PAGED = (*_ARCHIVE, _all(PartKind.PAGE, Measure.PAGES), _all(PartKind.METADATA, Measure.ENTRIES))

REQUIRED: Mapping[str, tuple[Required, ...]] = {
    **dict.fromkeys(_BOXED_TYPES, _BOXED),
    **dict.fromkeys(_LINED_TYPES, _LINED),
    **dict.fromkeys(_CHUNKED_TYPES, _CHUNKED),
    **dict.fromkeys(_STREAMED_TYPES, _STREAMED),
    **dict.fromkeys(
        (
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/webp",
        ),
        _STILL,
    ),
    **dict.fromkeys(
        (
            "image/tiff",
            "image/x-adobe-dng",
            "image/avif",
            "image/heic",
            "image/heif",
        ),
        _TILED,
    ),
    **dict.fromkeys(
        (
            "application/gpx+xml",
            "application/vnd.google-earth.kml+xml",
            "application/geo+json",
            "application/nmea",
        ),
        _TRACK,
    ),
    **dict.fromkeys(OPEN_OFFICE, _OFFICE),
    ZIP: _ARCHIVE,
    PDF: _PAGED,
    OFD: (*_PAGED, _all(PartKind.TEXT, Measure.PIECES)),
}
"""What the verdict asks of a file, by its type; of a type that is not here nothing can be verified."""


class Lack(Frozen):
    """A part that the verdict asks for and that was not examined as far as it asks."""

    part: PartKind
    number: Count
    measure: Measure
    done: Count
    of: Count | None


def missing(media_type: str, examined: Sequence[Examined]) -> tuple[Lack, ...]:
    """Return what the verdict asks of a file of this type and did not get, in the order of the list.

    A part that a reader found, in whatever measure, is asked for in each measure of the list.
    """
    rows = REQUIRED.get(media_type)
    if rows is None:
        return (Lack(part=PartKind.CONTAINER, number=0, measure=Measure.BYTES, done=0, of=None),)
    return tuple(lack for row in rows for lack in _lacks(row, examined))


def _lacks(row: Required, examined: Sequence[Examined]) -> Iterable[Lack]:
    numbers = sorted({one.number for one in examined if one.part is row.part}) or (
        [0] if row.is_always else []
    )
    for number in numbers:
        seen = [
            one for one in examined if (one.part, one.number, one.measure) == (row.part, number, row.measure)
        ]
        if any(one.is_whole or (row.extent is Extent.SAMPLE and one.is_begun) for one in seen):
            continue
        most = max(seen, key=lambda one: one.done, default=None)
        yield Lack(
            part=row.part,
            number=number,
            measure=row.measure,
            done=most.done if most else 0,
            of=most.of if most else None,
        )
