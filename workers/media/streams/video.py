"""Video and sound: the box walk, then one pass over all packets with a reader for each stream."""

from collections.abc import Sequence
from typing import NamedTuple

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from schemas.checks.sound import FRAMES
from schemas.checks.structure import CONTAINER, DEMUXER
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.container import Note, check_container, note
from workers.media.demux import UnreadableError, opened
from workers.media.metadata.exif_text import clean
from workers.media.result import Derivative, Limits, Probe
from workers.media.source import Source
from workers.media.streams.cover import CoverReader, check_cover, is_cover
from workers.media.streams.data import DataReader, check_data, kinds
from workers.media.streams.film import facts, length_s, start_s
from workers.media.streams.lengths import check_lengths
from workers.media.streams.pictures import (
    PictureReader,
    check_frames_all,
    check_keyframes,
    check_packets,
    content_of,
)
from workers.media.streams.sound import SoundReader, check_content, check_sound
from workers.media.streams.soundfile import SoundFile, check_frames, read_sound_file
from workers.media.streams.stretches import stretches_of
from workers.media.streams.timing import Timing, check_timing
from workers.media.streams.walk import StreamReader, Walk
from workers.media.structure.kinds import BOXED, STREAMED, read_structure
from workers.media.structure.trailer import check_end
from workers.media.structure.walked import OF_A_STRUCTURE, Structure, row
from workers.media.work import Work

DEMUXERS = {
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"), "mov"),
    **dict.fromkeys(("video/x-matroska", "video/webm"), "matroska"),
    "video/x-msvideo": "avi",
    "video/mp2t": "mpegts",
    "video/mpeg": "mpeg",
    "video/h264": "h264",
    "video/h265": "hevc",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/amr-wb": "amr",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
}
"""The demuxer is named, never guessed: a playlist or a script that libav would follow is not media."""

_HEARD_ONLY = {
    "video/mp4": "audio/mp4",
    "video/3gpp": "audio/3gpp",
    "video/x-matroska": "audio/x-matroska",
    "video/webm": "audio/webm",
}
"""What a file is whose container may hold pictures, and holds sound alone."""

_SEEN_TOO = {"audio/mp4": "video/mp4", "audio/ogg": "video/ogg"}
"""What a file is whose beginning says sound, and that holds pictures."""

SOUND_FILES = frozenset(
    {"audio/wav", "audio/mpeg", "audio/aac", "audio/amr", "audio/amr-wb", "audio/ogg", "audio/flac"}
)
"""Sound without a clock of its own: how long it is, its samples say."""

# No second file, no reference out of the container into another file, and every stored sample: an edit list
# hides samples from a player, never from us.
OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0", "advanced_editlist": "0"}


def probe_video(source: Source, media_type: str, *, limits: Limits, work: Work) -> Probe:
    """Walk the whole file, decode key frames within the budget and all sound, read facts, make up to three posters.

    Raises:
        MemoryError: the decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    structure = read_structure(source, media_type, work)
    file = read_sound_file(source, media_type, work)
    if not structure.is_readable:
        return _unread(source, media_type, structure)
    try:
        # To libav a packet that was sent again is one too many (13818-1, 2.4.3.3 allows it).
        readable = opened(source, DEMUXERS[media_type], OPTIONS, structure.twice)
    except UnreadableError as why:
        broken = note("media-damaged", reason=clean(why) or "unreadable")
        return _unread(source, media_type, structure, *(file.notes if file else ()), broken)
    with readable as container:
        readers = _Readers(source, media_type, container, structure, limits=limits, work=work)
        walk = Walk(container, readers, work=work, may_be_cut=media_type in STREAMED)
        walk.run()
        kind = _kind(media_type, walk)
        examined = (*_examined(source, structure, file, walk), *_of_streams(walk))
        checks = _checks(source, _Met(structure, file, readers.timings, limits.every_frame), walk, kind)
        told = facts(
            container, walk, structure, examined, readers.timings, is_sound_file=media_type in SOUND_FILES
        )
        met = stretches_of(walk, readers.timings, structure)
        return Probe(
            media_type=kind,
            facts=told.model_copy(update={"stretches": met or None}),
            checks=checks,
            derivatives=_posters(walk),
        )


class _Met(NamedTuple):
    """What was met beside the streams: by the walk over the bytes, in a file of sound alone, in the times of packets."""

    structure: Structure
    file: SoundFile | None
    timings: Sequence[Timing]
    is_every: bool


class _Readers:
    """Chooses the reader of each stream of one container."""

    def __init__(
        self,
        source: Source,
        media_type: str,
        container: InputContainer,
        structure: Structure,
        *,
        limits: Limits,
        work: Work,
    ) -> None:
        self._source = source
        self._limits = limits
        self._work = work
        self._length_s = length_s(container, structure)
        self._start_s = start_s(container)
        self._empty = structure.empty
        self.timings: list[Timing] = []
        self._kinds = kinds(source, work) if media_type in BOXED else {}
        self._has_posters = False
        self._is_flac = media_type == "audio/flac"

    def __call__(self, stream: Stream) -> StreamReader:
        reader = self._reader(stream)
        reader.start_s = self._start_s
        if isinstance(reader, PictureReader | SoundReader) and stream.time_base:
            is_picture = isinstance(reader, PictureReader)
            timing = Timing(float(stream.time_base), self._start_s, is_picture=is_picture)
            reader.listeners = (*reader.listeners, timing)
            self.timings.append(timing)
        return reader

    def _reader(self, stream: Stream) -> StreamReader:
        if isinstance(stream, AudioStream):
            return SoundReader(stream, self._work, with_proof=self._is_flac)
        if not isinstance(stream, VideoStream):
            return DataReader(stream, self._kinds.get(stream.id, ""), self._source, self._work)
        if is_cover(stream):
            return CoverReader(stream, self._work)
        is_first, self._has_posters = not self._has_posters, True
        return PictureReader(
            stream,
            limits=self._limits,
            work=self._work,
            length_s=self._length_s,
            size_bytes=self._source.size_bytes,
            with_posters=is_first,
            empty=self._empty.get(stream.index, 0),
        )


def _unread(source: Source, media_type: str, structure: Structure, *met: Note) -> Probe:
    made = (check_container([*structure.notes, *met]), check_end(source, structure))
    return Probe(media_type=media_type, checks=tuple(one for one in made if one is not None))


def _checks(source: Source, met: _Met, walk: Walk, media_type: str) -> tuple[CheckResult, ...]:
    structure, file = met.structure, met.file
    notes = (*structure.notes, *(file.notes if file else ()), *walk.notes(), *_empty(walk))
    made = (
        check_container(notes),
        check_end(source, structure),
        *(check(structure) for check in OF_A_STRUCTURE),
        check_timing(met.timings, structure),
        check_demuxer(walk),
        check_packets(walk),
        check_keyframes(walk),
        check_frames_all(walk, is_asked=met.is_every),
        content_of(walk),
        check_frames(file),
        check_sound(walk, media_type, file.harmless if file else 0),
        check_content(walk, media_type),
        check_lengths(walk),
        check_cover(walk),
        check_data(walk),
    )
    return tuple(one for one in made if one is not None)


def _empty(walk: Walk) -> tuple[Note, ...]:
    """The movie of an app that was stopped before it wrote anything is regular, and empty."""
    held = (one.packets for one in walk.readers.values() if isinstance(one, PictureReader | SoundReader))
    return () if any(held) else (note("media-empty"),)


def _kind(media_type: str, walk: Walk) -> str:
    if any(isinstance(one, PictureReader) for one in walk.readers.values()):
        return _SEEN_TOO.get(media_type, media_type)
    is_heard = any(isinstance(one, SoundReader) for one in walk.readers.values())
    return _HEARD_ONLY.get(media_type, media_type) if is_heard else media_type


def _examined(
    source: Source, structure: Structure, file: SoundFile | None, walk: Walk
) -> tuple[Examined, ...]:
    """Return what the walk over the bytes went through; without one, the bytes as far as the demuxer came."""
    if file is not None:
        return (row(PartKind.CONTAINER, Measure.BYTES, FRAMES, file.done, source.size_bytes),)
    if structure.examined:
        return structure.examined
    size = source.size_bytes
    is_whole = not walk.notes() and not structure.notes
    return (row(PartKind.CONTAINER, Measure.BYTES, CONTAINER, size if is_whole else 0, size),)


def _of_streams(walk: Walk) -> tuple[Examined, ...]:
    return tuple(row for reader in walk.readers.values() for row in reader.examined())


def _posters(walk: Walk) -> tuple[Derivative, ...]:
    return tuple(
        one for reader in walk.readers.values() if isinstance(reader, PictureReader) for one in reader.posters
    )


@examines(DEMUXER)
def check_demuxer(check: Check, walk: Walk) -> CheckResult | None:
    """Repeat the first complaint of the demuxer; a missing end or an unreadable rest is the container's finding."""
    if walk.remarks and not walk.ended_early:
        return check.found("demuxer-remark", reason=walk.remarks[0])
    return None if walk.remarks or walk.read_error else check.held()
