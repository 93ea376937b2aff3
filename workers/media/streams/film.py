"""What a film or a sound says about itself: size, length, codecs, and the time and place that its tags claim."""

import re
from collections.abc import Iterator, Sequence

import av
from av.container import InputContainer

from schemas.examined import Examined
from schemas.media import MAX_PARTS, Gps, MediaFacts
from workers.media.metadata.exif_text import clean
from workers.media.streams.data import DataReader
from workers.media.streams.pictures import PictureReader
from workers.media.streams.sound import SoundReader
from workers.media.streams.timing import Timing
from workers.media.streams.walk import Walk
from workers.media.structure.walked import Structure
from workers.media.track.gpmf import GpmfReader

_ISO6709 = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")


_WITHOUT_CLOCK = frozenset({"h264", "hevc"})
"""Bare streams: libav gives them the clock of 25 pictures a second, and they have none."""


def length_s(container: InputContainer, structure: Structure) -> float:
    """Return how long the file says it is, in seconds; 0 where it does not. The walk over its bytes knows better."""
    if structure.seconds is not None:
        return structure.seconds
    return (container.duration or 0) / av.time_base


def start_s(container: InputContainer) -> float:
    """Return where the clock of the container begins, in seconds."""
    return (container.start_time or 0) / av.time_base


def facts(
    container: InputContainer,
    walk: Walk,
    structure: Structure,
    examined: Sequence[Examined],
    timings: Sequence[Timing],
    *,
    is_sound_file: bool,
) -> MediaFacts:
    """Return the facts of a file that was walked; of pictures and sound those of the first stream.

    How long a sound file is, the decoder says: a header that nobody closed, or a mean bit rate, does not know.
    """
    seen = next((one for one in walk.readers.values() if isinstance(one, PictureReader)), None)
    heard = next((one for one in walk.readers.values() if isinstance(one, SoundReader)), None)
    tags = {key.lower(): value for key, value in container.metadata.items()}
    rate = seen.video.average_rate if seen else None
    seconds = length_s(container, structure)
    if is_sound_file and heard and not heard.left_out:
        seconds = heard.heard_s
    elif not seconds and container.format.name not in _WITHOUT_CLOCK:
        seconds = max((one.length_s for one in timings), default=0.0)
    return MediaFacts(
        width=seen.context.width if seen and seen.context else None,
        height=seen.context.height if seen and seen.context else None,
        rotation=(seen.rotation or None) if seen else None,
        container=clean(container.format.name),
        codec=seen.codec if seen else None,
        audio_codec=heard.codec if heard else None,
        duration_ms=round(seconds * 1000) if seconds > 0 else None,
        fps_milli=round(rate * 1000) if rate else None,
        frames=seen.packets if seen else None,
        streams=len(container.streams),
        created_raw=clean(next(_creation(tags), "")),
        gps=_place(tags),
        track=next((track for one in _telemetry(walk) if (track := one.track()) is not None), None),
        examined=tuple(examined[:MAX_PARTS]),
    )


def _telemetry(walk: Walk) -> Iterator[GpmfReader]:
    for one in walk.readers.values():
        if isinstance(one, DataReader) and one.telemetry is not None:
            yield one.telemetry


def _creation(tags: dict[str, str]) -> Iterator[str]:
    for key in ("com.apple.quicktime.creationdate", "creation_time", "date"):
        if tags.get(key):
            yield tags[key]


def _place(tags: dict[str, str]) -> Gps | None:
    """ISO 6709 text as phones and action cameras write it, e.g. +33.1268-117.3273/."""
    text = tags.get("com.apple.quicktime.location.iso6709") or tags.get("location") or ""
    match = _ISO6709.match(text)
    if match is None:
        return None
    lat, lon = round(float(match[1]) * 1e7), round(float(match[2]) * 1e7)
    if abs(lat) > 900_000_000 or abs(lon) > 1_800_000_000:  # noqa: PLR2004
        return None
    return Gps(lat_e7=lat, lon_e7=lon, alt_cm=round(float(match[3]) * 100) if match[3] else None)
