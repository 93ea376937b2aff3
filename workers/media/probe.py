"""One look at one file: its bytes choose the reader, its name is only compared."""

from pathlib import Path

from schemas.media import TRACK_TYPES
from workers.media.container import check_container, note
from workers.media.document.probe import READ_TYPES, probe_document
from workers.media.examined import check_examined
from workers.media.result import Limits, Probe, Stop
from workers.media.sniff import HEAD_BYTES, check_name, sniff, sniff_source
from workers.media.sound.sound_frames import View
from workers.media.sound.tags import sound_start
from workers.media.source import Source
from workers.media.still.photo import STILL_TYPES, probe_still
from workers.media.streams.video import DEMUXERS, probe_video
from workers.media.track.track import probe_track
from workers.media.work import Lane, OverBudgetError, Work


def probe(path: Path, *, filename: str, limits: Limits, lane: Lane = Lane.SLOW) -> Probe:
    """Look into the file at `path`, which the device called `filename`; the decoder child calls `look` itself.

    Raises:
        MemoryError: a decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    with Source.at(path) as source:
        return look(source, filename=filename, limits=limits, lane=lane)


def look(source: Source, *, filename: str, limits: Limits, lane: Lane) -> Probe:
    """Look into an open file, which the device called `filename`.

    Raises:
        MemoryError: a decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    if not source.size_bytes:
        return Probe(media_type="application/octet-stream", checks=(check_container([note("zero-bytes")]),))
    media_type = kind_of(source)
    try:
        seen = _read(source, media_type, _of_lane(limits, lane), limits.work(lane))
    except OverBudgetError as over:
        heavy = note("work-too-large", kind=over.kind, limit=over.limit)
        seen = Probe(media_type=media_type, checks=(check_container([heavy]),), stopped=Stop.WORK)
    extent = check_examined(seen.media_type, seen.facts, seen.checks)
    checks = (check_name(filename, seen.media_type), *seen.checks, *([extent] if extent else []))
    return seen.model_copy(update={"checks": checks})


def _of_lane(limits: Limits, lane: Lane) -> Limits:
    """No verdict waits for the last lane: there a film is decoded frame by frame, however long it is."""
    return limits.model_copy(update={"every_frame": True}) if lane is Lane.LATER else limits


def kind_of(source: Source) -> str:
    """Return the media type by the bytes."""
    return _behind_tags(source) if source.head(3) == b"ID3" else sniff_source(source)


def _behind_tags(source: Source) -> str:
    """ID3 tags stand before MP3, seldom before AAC or FLAC: what follows them says which."""
    view = View(source)
    kind = sniff(view.at(sound_start(view, source.size_bytes), HEAD_BYTES))
    return kind if kind in {"audio/aac", "audio/flac"} else "audio/mpeg"


def _read(source: Source, media_type: str, limits: Limits, work: Work) -> Probe:
    if media_type in STILL_TYPES:
        return probe_still(source, media_type, limits=limits, work=work)
    if media_type in DEMUXERS:
        return probe_video(source, media_type, limits=limits, work=work)
    if media_type in TRACK_TYPES:
        return probe_track(source, media_type, work, limits.allowed)
    if media_type in READ_TYPES:
        return probe_document(source, media_type, limits=limits, work=work)
    unknown = note("type-unknown", media_type=media_type)
    return Probe(media_type=media_type, checks=(check_container([unknown]),))
