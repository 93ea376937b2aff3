"""What a media file says about itself: integers and bounded text, read from its bytes, never trusted.

Facts are claims of the file. They are shown beside what the device declared and what the server saw, and none
of the three ever overwrites another. Raw texts are kept as written, so that an inferred time can be redone.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen, UtcDatetime
from schemas.document import DOCUMENT_TYPES, Document
from schemas.examined import Examined

MAX_TEXT = 200
"""Longest text kept from a file, in characters; makers write kilobytes into comment fields."""

MAX_LINE_POINTS = 2_000
"""Most points kept of a track for drawing; the count and the length are always those of all points."""

MAX_PARTS = 200
"""Most rows about the parts of one file; what goes on beyond them is counted in the last one of its kind."""

MAX_STRETCHES = 200
"""Most stretches kept of one file, the first of each kind; a finding says how many there are."""

MAX_AROUND = 120
"""Most points kept around those that findings name."""

LatE7 = Annotated[int, Field(ge=-900_000_000, le=900_000_000)]
LonE7 = Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)]
Text = Annotated[str, Field(max_length=MAX_TEXT)]


class Medium(StrEnum):
    """Kinds of recording; a check says to which of them it applies."""

    PHOTO = "photo"
    VIDEO = "video"
    AUDIO = "audio"
    TRACK = "track"
    DOCUMENT = "document"
    OTHER = "other"


TRACK_TYPES = frozenset(
    {
        "application/gpx+xml",
        "application/vnd.google-earth.kml+xml",
        "application/geo+json",
        "application/nmea",
        "application/xml",
    }
)
"""What a reader of tracks is tried on. NMEA 0183 has no registered type; XML is a track where its root says so."""


SEEN = frozenset({Medium.PHOTO, Medium.VIDEO})
"""Media with pictures."""


def medium_of(media_type: str) -> Medium:
    """Return the kind of recording a media type is of; what nobody can look into is `other`."""
    kinds = {"image": Medium.PHOTO, "video": Medium.VIDEO, "audio": Medium.AUDIO}
    if media_type in TRACK_TYPES:
        return Medium.TRACK
    if media_type in DOCUMENT_TYPES:
        return Medium.DOCUMENT
    return kinds.get(media_type.partition("/")[0], Medium.OTHER)


class Exif(Frozen):
    """Exif 2.32 fields as written by the maker.

    `datetime_original` is local time of unknown zone unless `offset_original` is present; `captured_at` is
    set only when both are valid, so a zone is never guessed. A date of zeros, of blanks or half a date is none.
    `description` and `comment` are read in the encoding that they are written in.
    """

    make: Text | None = None
    model: Text | None = None
    serial: Text | None = None
    software: Text | None = None
    description: Text | None = None
    comment: Text | None = None
    datetime_original: Text | None = None
    offset_original: Text | None = None
    subsec_original: Text | None = None
    orientation: Annotated[int, Field(ge=1, le=8)] | None = None
    captured_at: UtcDatetime | None = None


class Gps(Frozen):
    """A place the file claims; degrees times 10^7, altitude and accuracy in centimetres."""

    lat_e7: LatE7
    lon_e7: LonE7
    alt_cm: int | None = None
    acc_cm: Annotated[int, Field(ge=0)] | None = None
    datum: Text | None = None
    fix_at: UtcDatetime | None = None


class BoundsE7(Frozen):
    """The smallest box around all points, degrees times 10^7."""

    south: LatE7
    west: LonE7
    north: LatE7
    east: LonE7


class TrackPoint(Frozen):
    """One point of a track by its number in the file, from 1 on; `at` is absent where it has no time."""

    number: Annotated[int, Field(ge=1)]
    lat_e7: LatE7
    lon_e7: LonE7
    at: UtcDatetime | None = None


class Track(Frozen):
    """A track: `length_m` is in metres, `line_e7` holds (lat, lon) pairs thinned for drawing.

    `points` lie on a line, `waypoints` are marks beside it, absent where there are none. A file of marks alone begins and
    ends at the first and the last time of its marks. `around` are the points that findings name, with their neighbours.
    """

    points: Annotated[int, Field(ge=0)]
    waypoints: Annotated[int, Field(ge=0)] | None = None
    segments: Annotated[int, Field(ge=0)] = 0
    start_at: UtcDatetime | None = None
    end_at: UtcDatetime | None = None
    bounds_e7: BoundsE7 | None = None
    length_m: Annotated[int, Field(ge=0)] = 0
    max_kmh: Annotated[int, Field(ge=0)] | None = None
    line_e7: Annotated[tuple[tuple[LatE7, LonE7], ...], Field(max_length=MAX_LINE_POINTS)] = ()
    around: Annotated[tuple[TrackPoint, ...], Field(max_length=MAX_AROUND)] | None = None


class StretchKind(StrEnum):
    """What may be met on a stretch of a film or a sound."""

    HOLE = "hole"
    DAMAGED = "damaged"
    BLACK = "black"
    FROZEN = "frozen"
    BROKEN = "broken"
    DROPPED = "dropped"
    SILENT = "silent"


class Stretch(Frozen):
    """From when to when something was met, in milliseconds from the beginning of the file on; both alike is a moment."""

    kind: StretchKind
    from_ms: Annotated[int, Field(ge=0)]
    to_ms: Annotated[int, Field(ge=0)]


class MediaFacts(Frozen):
    """Everything read from one file; absent means the file does not say or the check did not run.

    `width` and `height` are pixels as stored (before rotation), `fps_milli` frames per 1,000 seconds,
    `created_raw` the container's own creation time as written. `examined` are the parts of the file and how far each
    was gone through; absent in what was verified before that was kept. `edition` names the list of checks that the file
    was held against, those that had nothing to say with it: `schemas.examination.edition_of`. `stretches` are what was
    met in time, by kind and then by time: all that a finding counts, where the finding names the first or the worst.
    """

    width: Annotated[int, Field(ge=0)] | None = None
    height: Annotated[int, Field(ge=0)] | None = None
    rotation: int | None = None
    container: Text | None = None
    codec: Text | None = None
    audio_codec: Text | None = None
    duration_ms: Annotated[int, Field(ge=0)] | None = None
    fps_milli: Annotated[int, Field(ge=0)] | None = None
    frames: Annotated[int, Field(ge=0)] | None = None
    streams: Annotated[int, Field(ge=0)] | None = None
    created_raw: Text | None = None
    exif: Exif | None = None
    gps: Gps | None = None
    track: Track | None = None
    document: Document | None = None
    examined: Annotated[tuple[Examined, ...], Field(max_length=MAX_PARTS)] | None = None
    edition: Text | None = None
    stretches: Annotated[tuple[Stretch, ...], Field(max_length=MAX_STRETCHES)] | None = None
