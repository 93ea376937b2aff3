"""Tracks of any format: read to their end by their reader, judged by the same checks."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from schemas.checks.structure import CONTAINER
from schemas.checks.tracks import TRACK_POINTS
from schemas.examined import Examined, Measure, PartKind
from schemas.media import MediaFacts
from schemas.tolerance import DECLARED_TOLERANCES, Tolerances
from workers.media.container import Note, check_container, note
from workers.media.result import Probe
from workers.media.source import Source
from workers.media.track.around import Around
from workers.media.track.checks import CHECKS, Seen
from workers.media.track.fixes import Fixes
from workers.media.track.geojson import GeoJsonReader
from workers.media.track.gpx import GpxReader, NotATrackError
from workers.media.track.json_tokens import BrokenJsonError, Tokens
from workers.media.track.kml import KmlReader
from workers.media.track.nmea import NmeaReader
from workers.media.track.repeats import Repeats
from workers.media.track.steps import Clock, Steps
from workers.media.track.xml_text import READ_BYTES, BrokenXmlError, DocumentTypeError, NotTextError, utf8
from workers.media.work import Work

GPX, KML = "application/gpx+xml", "application/vnd.google-earth.kml+xml"
GEOJSON, NMEA = "application/geo+json", "application/nmea"


class Ended(NamedTuple):
    """How far a reader came, in bytes, and what ended it early."""

    done: int
    met: Note | None = None
    is_track: bool = True


def probe_track(
    source: Source, media_type: str, work: Work, allowed: Tolerances = DECLARED_TOLERANCES
) -> Probe:
    """Read a track to its end; what was read before the end of a damaged one stays.

    Raises:
        OSError: the file cannot be read.
    """
    media_type = media_type if media_type in _READERS else GPX
    name, read = _READERS[media_type]
    watchers = Steps(allowed), Clock(allowed.track_gap_seconds), Repeats()
    around = Around()
    seen = Seen(Fixes(work, (*watchers, around)), *watchers)
    ended = read(source, seen, work)
    if not ended.is_track:
        found = [ended.met] if ended.met else []
        return Probe(media_type=media_type, checks=(check_container(found),))
    seen.finish()
    made = (check_container([ended.met] if ended.met else []), *(check(seen) for check in CHECKS))
    checks = tuple(one for one in made if one is not None)
    track = seen.fixes.track().model_copy(update={"around": around.points(checks) or None})
    facts = MediaFacts(container=name, track=track, examined=_examined(source, seen, ended))
    return Probe(media_type=media_type, facts=facts, checks=checks)


def _examined(source: Source, seen: Seen, ended: Ended) -> tuple[Examined, ...]:
    points = seen.fixes.points
    return (
        Examined(
            part=PartKind.CONTAINER,
            measure=Measure.BYTES,
            done=ended.done,
            of=source.size_bytes,
            check=CONTAINER.name,
        ),
        Examined(
            part=PartKind.POINTS, measure=Measure.POINTS, done=points, of=points, check=TRACK_POINTS.name
        ),
    )


def _xml(reader_of: type[GpxReader | KmlReader]) -> Callable[[Source, Seen, Work], Ended]:
    def read(source: Source, seen: Seen, work: Work) -> Ended:
        done, before = 0, 0
        try:
            reader = reader_of(seen.fixes, work)
            for piece, done in utf8(source):
                reader.feed(piece)
                before = done
            reader.close()
        except NotATrackError:
            return Ended(before, note("type-unknown", media_type="application/xml"), is_track=False)
        except DocumentTypeError:
            return Ended(before, note("xml-entities"), is_track=False)
        except BrokenXmlError as why:
            return Ended(before, note("xml-damaged", line=why.line))
        except NotTextError:
            return Ended(before, note("xml-damaged", line=1))  # where the encoding is declared
        return Ended(done)

    return read


def _geojson(source: Source, seen: Seen, work: Work) -> Ended:
    tokens = Tokens(source, work)
    try:
        GeoJsonReader(seen.fixes, tokens, work).read()
    except BrokenJsonError as why:
        return Ended(max(0, tokens.read - READ_BYTES), note("json-damaged", line=why.line))
    return Ended(tokens.read)


def _nmea(source: Source, seen: Seen, work: Work) -> Ended:
    seen.sentences = NmeaReader(seen.fixes, work)
    with source.open() as stream:
        while piece := stream.read(READ_BYTES):
            seen.sentences.feed(piece)
        done = stream.tell()
    seen.sentences.close()
    return Ended(done)


_READERS: Mapping[str, tuple[str, Callable[[Source, Seen, Work], Ended]]] = {
    GPX: ("gpx", _xml(GpxReader)),
    KML: ("kml", _xml(KmlReader)),
    GEOJSON: ("geojson", _geojson),
    NMEA: ("nmea", _nmea),
}
