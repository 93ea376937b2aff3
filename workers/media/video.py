"""Video and sound: box walk, every packet demuxed with a NAL length walk, key frames decoded.

`cv2.VideoCapture` reports no damaged frame, so it is not used (design: trap 10). One pass over the file does the
walk and feeds key frames to the decoder while libav's log is caught; a whole decode is for a person to ask for.
"""

import re
from collections.abc import Iterator
from typing import Any

import av
import av.error
import av.logging
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from schemas.checks.streams import KEYFRAMES, PACKETS
from schemas.checks.structure import DEMUXER
from schemas.integrity import Check, CheckResult, examines
from schemas.media import Gps, MediaFacts
from workers.media.boxes import Structure, check_end, read_boxes, read_riff
from workers.media.container import Note, check_container, note
from workers.media.demux import UnreadableError, opened, packets
from workers.media.exif_text import clean
from workers.media.nal import nal_length_bytes, nal_lengths_fit
from workers.media.picture import TOOL, picture
from workers.media.result import Derivative, Limits, Probe
from workers.media.source import Source
from workers.media.work import Work

DEMUXERS = {
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"), "mov"),
    **dict.fromkeys(("video/x-matroska", "video/webm"), "matroska"),
    "video/x-msvideo": "avi",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
}
"""The demuxer is named, never guessed: a playlist or a script that libav would follow is not media."""

BOXED = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"})
RIFFS = frozenset({"video/x-msvideo", "audio/wav"})

# No second file, no reference out of the container into another file, and every stored sample: an edit list
# hides samples from a player, never from us.
_OPTIONS = {"protocol_whitelist": "none", "enable_drefs": "0", "advanced_editlist": "0"}

_SKIPPING = re.compile(
    r"mmco|co located POC|Could not find ref|[Mm]issing reference|reference frames? |reference picture|Frame num"
)
"""What sound files make a decoder say when only key frames are fed to it: their neighbours were never given."""

_ENDED = re.compile(r"ended prematurely|[Tt]runcat|Packet corrupt|partial file")
_POSTERS = (0.0, 1 / 3, 2 / 3)
_ISO6709 = re.compile(r"([+-]\d{2}(?:\.\d+)?)([+-]\d{3}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?")
_MAX_LOGS = 200
_TURN = {90: 8, 180: 3, -90: 6, 270: 6, -180: 3}
"""Display rotation in degrees (counter-clockwise, as libav gives it) to Exif orientation."""


def probe_video(source: Source, media_type: str, *, limits: Limits, work: Work) -> Probe:
    """Walk the whole file, decode key frames within the budget, read facts, make up to three posters.

    Raises:
        MemoryError: the decoder needed more than the child may have.
        OSError: the file cannot be read at all.
    """
    structure = _structure(source, media_type, work)
    if any(met.code == "mp4-no-moov" for met in structure.notes):
        return _unread(source, media_type, structure)
    try:
        readable = opened(source, DEMUXERS[media_type], _OPTIONS)
    except UnreadableError as why:
        broken = note("media-damaged", reason=clean(why) or "unreadable")
        return _unread(source, media_type, structure, broken)
    with readable as container:
        video = None if media_type.startswith("audio/") else next(iter(container.streams.video), None)
        walk = Walk(container, video, limits=limits, size_bytes=source.size_bytes, work=work)
        walk.run()
        return Probe(
            media_type=media_type,
            facts=_facts(container, walk),
            checks=_checks(source, structure, walk),
            derivatives=tuple(walk.posters),
        )


def _structure(source: Source, media_type: str, work: Work) -> Structure:
    if media_type in BOXED:
        return read_boxes(source, work)
    return read_riff(source) if media_type in RIFFS else Structure()


def _unread(source: Source, media_type: str, structure: Structure, *met: Note) -> Probe:
    made = (check_container([*structure.notes, *met]), check_end(source, structure))
    return Probe(media_type=media_type, checks=tuple(one for one in made if one is not None))


def _checks(source: Source, structure: Structure, walk: "Walk") -> tuple[CheckResult, ...]:
    container = check_container([*structure.notes, *walk.notes()])
    made = (container, check_end(source, structure), *(check(walk) for check in _OF_A_WALK))
    return tuple(one for one in made if one is not None)


class Walk:
    """One pass over all packets of a container."""

    def __init__(
        self,
        container: InputContainer,
        video: VideoStream | None,
        *,
        limits: Limits,
        size_bytes: int,
        work: Work,
    ) -> None:
        self.container = container
        self.video = video
        self.limits = limits
        self.seconds = (container.duration or 0) / av.time_base
        self.packets = self.bad_packets = self.keyframes = self.decoded = self.bad_frames = self.skipped = 0
        self.rotation = 0
        self.read_error = ""
        self.remarks: list[str] = []
        self.complaints: list[str] = []
        self.posters: list[Derivative] = []
        self.context = video.codec_context if video else None
        self._length_bytes = nal_length_bytes(self.context)
        is_long = size_bytes > limits.keyframes_all_bytes or self.seconds > limits.keyframes_all_seconds
        self._step = self.seconds / limits.keyframes_sampled if is_long else 0.0
        self._work = work
        self._next = 0.0

    def run(self) -> None:
        """Demux everything; libav's own error log is evidence of damage and is kept, bounded."""
        if self.video is not None:
            self.video.thread_type = "NONE"
        self._look_ahead()
        av.logging.set_level(av.logging.ERROR)
        try:
            with av.logging.Capture() as logs:
                self._demux()
                self._drain()
        finally:
            av.logging.set_level(None)
        for level, source, message in logs[:_MAX_LOGS]:
            if level <= av.logging.ERROR and not _SKIPPING.search(message):
                said = self.complaints if source == self.codec else self.remarks
                said.append(clean(message) or "")

    def notes(self) -> list[Note]:
        """Return what keeps the container from being whole, as far as reading it showed."""
        met = [note("media-damaged", reason=self.read_error)] if self.read_error else []
        return [*met, note("media-truncated", missing_bytes="?")] if self.ended_early else met

    @property
    def ended_early(self) -> bool:
        """The demuxer complained that bytes are missing at the end."""
        return any(_ENDED.search(remark) for remark in self.remarks)

    @property
    def codec(self) -> str | None:
        """Name of the video codec."""
        return self.context.name if self.context else None

    def _look_ahead(self) -> None:
        """A container with an index says before the first packet what is to come."""
        indexes = [getattr(stream, "index_entries", ()) for stream in self.container.streams]
        self._work.expect(packets=sum(map(len, indexes)))
        if self.video is None or self._work.is_last:
            return
        keyframes = sum(entry.is_keyframe for entry in self.video.index_entries)
        wanted = min(keyframes, self.limits.keyframes_sampled + 1) if self._step else keyframes
        self._work.expect(pixels=wanted * self._frame_pixels)

    @property
    def _frame_pixels(self) -> int:
        return self.context.width * self.context.height if self.context else 0

    def _demux(self) -> None:
        try:
            for packet in packets(self.container):
                self._work.packets()
                if packet.stream is self.video and packet.size:
                    self._packet(packet)
        except UnreadableError as why:
            self.read_error = clean(why) or "unreadable"

    def _packet(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        self.packets += 1
        if self._length_bytes and not nal_lengths_fit(memoryview(packet), self._length_bytes, self._work):
            self.bad_packets += 1
        if packet.is_corrupt:
            self.bad_packets += 1
        if not packet.is_keyframe or self.context is None:
            return
        self.keyframes += 1
        at = float((packet.pts or 0) * packet.time_base)
        if at < self._next or (self._work.is_last and not self._work.has(self._frame_pixels)):
            self.skipped += 1  # of what the last lane has no room for, the structure alone is checked
            return
        self._next = at + self._step if self._step else self._next
        self._work.pixels(self._frame_pixels)
        self._decode(packet)

    def _decode(self, packet: Any) -> None:  # noqa: ANN401 - see _packet
        try:
            frames = packet.decode()
        except MemoryError:
            raise
        except av.error.FFmpegError:
            self.bad_frames += 1
            return
        self._frames(frames)

    def _drain(self) -> None:
        """Frames that the decoder still holds back for reordering."""
        if self.context is None:
            return
        try:
            frames = self.context.decode(None)
        except MemoryError:
            raise
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            self.bad_frames += 1
            return
        self._frames(frames)

    def _frames(self, frames: list[Any]) -> None:
        for frame in frames:
            self.decoded += 1
            self.bad_frames += bool(frame.is_corrupt)
            self.rotation = frame.rotation
            self._poster(frame)

    def _poster(self, frame: VideoFrame) -> None:
        wanted = len(self.posters)
        if wanted == len(_POSTERS) or (frame.time or 0.0) < _POSTERS[wanted] * self.seconds:
            return
        self.posters.append(poster(frame, self.limits.thumbnail_px))


@examines(DEMUXER)
def check_demuxer(check: Check, walk: Walk) -> CheckResult | None:
    """Repeat the first complaint of the demuxer; a missing end or an unreadable rest is the container's finding."""
    if walk.remarks and not walk.ended_early:
        return check.found("demuxer-remark", reason=walk.remarks[0])
    return None if walk.remarks or walk.read_error else check.held()


@examines(PACKETS)
def check_packets(check: Check, walk: Walk) -> CheckResult | None:
    """Find video packets that do not parse, or fewer of them than the index says."""
    if walk.video is None:
        return None
    if walk.bad_packets:
        return check.found("video-packets-damaged", count=walk.bad_packets, packets=walk.packets)
    if walk.packets < walk.video.frames:
        return check.found("video-frames-missing", found=walk.packets, promised=walk.video.frames)
    return check.held()


@examines(KEYFRAMES)
def check_keyframes(check: Check, walk: Walk) -> CheckResult | None:
    """Say how decoding key frames went; a sample says so, and none at all is not a pass."""
    if walk.video is None:
        return None
    if walk.context is None:
        return check.found("codec-unsupported", reason="codec")
    if walk.bad_frames or walk.complaints:
        reason = walk.complaints[0] if walk.complaints else "corrupt frame"
        return check.found("video-frames-damaged", count=max(walk.bad_frames, 1), reason=reason)
    if not walk.decoded:
        return check.found("keyframes-none")
    if walk.skipped:
        return check.found("keyframes-sampled", decoded=walk.decoded, keyframes=walk.keyframes)
    return check.held()


_OF_A_WALK = (check_demuxer, check_packets, check_keyframes)


def poster(frame: VideoFrame, longest_px: int) -> Derivative:
    """Scale one frame, turn it as its display matrix says, and encode it as JPEG."""
    scale = min(1.0, longest_px / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    small = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA")
    return picture(
        np.asarray(small.to_ndarray(), dtype=np.uint8),
        kind="poster",
        orientation=_TURN.get(frame.rotation, 1),
        longest_px=longest_px,
        tool=f"pyav {av.__version__}, {TOOL}",
    )


def _facts(container: InputContainer, walk: Walk) -> MediaFacts:
    video, sound = walk.video, next(iter(container.streams.audio), None)
    tags = {key.lower(): value for key, value in container.metadata.items()}
    rate = video.average_rate if video else None
    return MediaFacts(
        width=walk.context.width if walk.context else None,
        height=walk.context.height if walk.context else None,
        rotation=walk.rotation or None,
        container=clean(container.format.name),
        codec=walk.codec,
        audio_codec=sound.codec_context.name if sound and sound.codec_context else None,
        duration_ms=round(walk.seconds * 1000) if walk.seconds > 0 else None,
        fps_milli=round(rate * 1000) if rate else None,
        frames=walk.packets if video else None,
        streams=len(container.streams),
        created_raw=clean(next(_creation(tags), "")),
        gps=_place(tags),
    )


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
