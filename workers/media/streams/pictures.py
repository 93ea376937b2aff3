"""Moving pictures: a walk over the NAL lengths of every packet, key frames decoded, posters.

`cv2.VideoCapture` reports no damaged frame, so it is not used (design: trap 10). Key frames are fed to the decoder
while libav's log is caught, of a short film all frames; a whole decode of a long one is for a person to ask for.
"""

import re
from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from schemas.checks.streams import FRAMES, KEYFRAMES, PACKETS
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.result import Derivative, Limits
from workers.media.still.content import Content, check_content
from workers.media.still.picture import TOOL, picture
from workers.media.streams.foreign import CODECS, is_foreign
from workers.media.streams.mjpeg import is_damaged
from workers.media.streams.upright import TURNS, orientation
from workers.media.streams.walk import StreamReader, Walk
from workers.media.structure.nal import has_hole, nal_length_bytes, nal_lengths_fit
from workers.media.work import Work

_SKIPPING = re.compile(
    r"mmco|co located POC|Could not find ref|[Mm]issing reference|reference frames? |reference picture|Frame num"
)
"""What sound files make a decoder say when only key frames are fed to it: their neighbours were never given."""

_PLACES = 64
_POSTERS = (0.0, 1 / 3, 2 / 3)


class PictureReader(StreamReader):
    """Reads one stream of moving pictures.

    `length_s` is that of the whole file, `with_posters` makes up to three. The demuxer passes over `empty` places where
    no picture came in time; the container counts them.
    """

    forgiven = (
        *("bad_packets", "bad_frames", "_broken_jpegs", "unwhole", "first_unwhole", "_noted"),
        *("torn_at_s", "broken_at_s", "spoiled_at_s"),
    )

    def __init__(
        self,
        stream: VideoStream,
        *,
        limits: Limits,
        work: Work,
        length_s: float,
        size_bytes: int,
        with_posters: bool,
        empty: int = 0,
    ) -> None:
        super().__init__(stream)
        self.video = stream
        self.empty = empty
        self.bad_packets = self.keyframes = self.frames = self.bad_frames = self.skipped = 0
        self.rotation = 0
        self.torn_at_s: tuple[float, ...] = ()
        self.broken_at_s: tuple[float, ...] = ()
        self.spoiled_at_s: tuple[float, ...] = ()
        self._at_s = 0.0
        self.content = Content()
        self._broken_jpegs = 0
        self.posters: list[Derivative] = []
        self._limits = limits
        self._length_s = length_s
        self._with_posters = with_posters
        self._length_bytes = nal_length_bytes(self.context)
        self._is_every = limits.every_frame
        is_long = not self._is_every and (
            size_bytes > limits.keyframes_all_bytes or length_s > limits.keyframes_all_seconds
        )
        self._step = length_s / limits.keyframes_sampled if is_long else 0.0
        self._work = work
        self._next = 0.0
        self._fed = 0
        rate = float(stream.average_rate or 0)
        self._count = stream.frames or round(length_s * rate)
        self._is_short = self._is_every or (
            0 < self._count * self._frame_pixels <= limits.frames_all_pixels and not is_long
        )
        self.coded = self.unwhole = 0
        self.first_unwhole = (0, 0.0)
        self._now_s = 0.0
        self._noted = 0
        if self.context is not None:
            stream.thread_type = "NONE"

    def expect(self, work: Work) -> None:
        """Key frames that the index names will be decoded, of a short film all frames."""
        if work.is_last:
            return
        if self._is_short:
            work.expect(pixels=self._count * self._frame_pixels)
            return
        keyframes = sum(entry.is_keyframe for entry in self.video.index_entries)
        wanted = min(keyframes, self._limits.keyframes_sampled + 1) if self._step else keyframes
        work.expect(pixels=wanted * self._frame_pixels)

    def complain(self, said: str) -> None:
        """What comes of feeding key frames only is no complaint about the file."""
        if not _SKIPPING.search(said):
            super().complain(said)
            self._note(self.packets, self._now_s)
            self.broken_at_s = _with(self.broken_at_s, self._at_s)

    def read(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Walk the units of one packet; decode it where it is a key frame whose turn it is."""
        self._at_s = self.at_s(packet.dts if packet.pts is None else packet.pts)
        is_torn = bool(self._length_bytes) and not self._fits(packet)
        is_bad = bool(packet.is_corrupt) or (self.codec in CODECS and is_foreign(bytes(packet)))
        if is_torn or is_bad:
            self.bad_packets += is_torn + is_bad
            self.torn_at_s = _with(self.torn_at_s, self._at_s)
        if self.context is None:
            return
        self.coded += 1
        at = self._now_s = self.at_s(packet.pts if packet.pts is not None else packet.dts)
        if not packet.is_keyframe:
            self._between(packet)
            return
        self.keyframes += 1
        if at < self._next or (self._work.is_last and not self._work.has(self._frame_pixels)):
            self.skipped += 1  # of what the last lane has no room for, the structure alone is checked
            return
        self._next = at + self._step if self._step else self._next
        self._work.pixels(self._frame_pixels)
        if self.codec == "mjpeg" and is_damaged(bytes(packet), self._work):
            self._broken_jpegs += 1
            self.spoiled_at_s = _with(self.spoiled_at_s, self._at_s)
        self._fed += 1
        self._frames(self.decoded(packet))

    def _between(self, packet: Any) -> None:  # noqa: ANN401 - as above
        """Decode a frame of a short film that leans on others, once there is a key frame to begin with."""
        if not self._is_short or not self._fed or not self._work.has(self._frame_pixels):
            return
        self._work.pixels(self._frame_pixels)
        self._fed += 1
        self._frames(self.decoded(packet))

    def _fits(self, packet: Any) -> bool:  # noqa: ANN401 - as above
        whole = nal_lengths_fit(memoryview(packet), self._length_bytes, self._work)
        return whole and not has_hole(bytes(packet), self._length_bytes, self.codec or "")

    def drain(self) -> None:
        """Frames that the decoder still holds back for reordering."""
        if self.context is not None:
            self._frames(self.decoded(None))

    def examined(self) -> tuple[Examined, ...]:
        """Return packets and key frames; without a decoder no key frame was looked at."""
        part, number, tried = PartKind.VIDEO, self.number, self.keyframes - self.skipped
        return (
            Examined(
                part=part,
                number=number,
                measure=Measure.PACKETS,
                done=self.packets,
                of=max(self.packets, self.video.frames - self.empty),
                check=PACKETS.name,
            ),
            Examined(
                part=part,
                number=number,
                measure=Measure.KEYFRAMES,
                done=tried if self.frames else 0,
                of=self.keyframes,
                check=KEYFRAMES.name if self.frames else None,
            ),
            *self._every(),
        )

    @property
    def fed(self) -> int:
        """Coded frames that went through the decoder, those that it refused as well: the check says so."""
        return self._fed

    def _every(self) -> tuple[Examined, ...]:
        if not self.frames:
            return ()
        row = Examined(
            part=PartKind.VIDEO,
            number=self.number,
            measure=Measure.FRAMES,
            done=self._fed if self._is_short else 0,
            of=self.coded,
            check=self._by if self._is_short else None,
        )
        return (row,)

    @property
    def _by(self) -> str:
        return FRAMES.name if self._is_every else KEYFRAMES.name

    def _note(self, number: int, at_s: float) -> None:
        """Count a frame that is not whole, once a packet, and remember where the first one is."""
        if self._noted == self.packets:
            return
        self._noted = self.packets
        self.unwhole += 1
        if self.unwhole == 1:
            self.first_unwhole = (number, at_s)

    @property
    def bad_pictures(self) -> int:
        """Key frames that do not decode; what a writer does in every other JPEG is its habit and no damage."""
        return self.bad_frames + (self._broken_jpegs if self._broken_jpegs * 2 < self.keyframes else 0)

    @property
    def bad_pictures_at_s(self) -> tuple[float, ...]:
        """Where pictures do not decode, in seconds, the first ones."""
        is_habit = self._broken_jpegs * 2 >= self.keyframes
        return tuple(sorted({*self.broken_at_s, *(() if is_habit else self.spoiled_at_s)}))

    @property
    def _frame_pixels(self) -> int:
        return self.context.width * self.context.height if self.context else 0

    def _frames(self, frames: list[Any] | None) -> None:
        if frames is None:
            self.bad_frames += 1
            self._note(self.packets, self._now_s)
            self.broken_at_s = _with(self.broken_at_s, self._at_s)
            return
        for frame in frames:
            self.frames += 1
            if frame.is_corrupt:
                self.bad_frames += 1
                self._note(self.frames, self.at_s(frame.pts))
                self.broken_at_s = _with(self.broken_at_s, self.at_s(frame.pts))
            self.rotation = TURNS.get(orientation(frame), 0)
            if frame.key_frame:
                self.content.watch(frame, self.at_s(frame.pts))
            self._poster(frame)

    def _poster(self, frame: VideoFrame) -> None:
        wanted = len(self.posters)
        if not self._with_posters or wanted == len(_POSTERS):
            return
        if self.at_s(frame.pts) >= _POSTERS[wanted] * self._length_s:
            self.posters.append(poster(frame, self._limits.thumbnail_px))


def _with(places: tuple[float, ...], at_s: float) -> tuple[float, ...]:
    """Add a place, unless it is the last one again, or there are enough."""
    return places if len(places) >= _PLACES or at_s in places[-1:] else (*places, at_s)


def _first(places: Sequence[float]) -> dict[str, int]:
    return {"at_seconds": int(min(places))} if places else {}


@examines(PACKETS)
def check_packets(check: Check, walk: Walk) -> CheckResult | None:
    """Find video packets that do not parse, or fewer of them than the index says, in any stream of pictures."""
    readers = [one for one in walk.readers.values() if isinstance(one, PictureReader)]
    for one in readers:
        if one.bad_packets:
            return check.found(
                "video-packets-damaged", count=one.bad_packets, packets=one.packets, **_first(one.torn_at_s)
            )
        if one.packets + one.empty < one.video.frames:
            found = one.packets + one.empty
            return check.found("video-frames-missing", found=found, promised=one.video.frames)
    return check.held() if readers else None


@examines(KEYFRAMES)
def check_keyframes(check: Check, walk: Walk) -> CheckResult | None:
    """Say the gravest of what decoding key frames gave; a sample says so, and none at all is not a pass."""
    readers = [one for one in walk.readers.values() if isinstance(one, PictureReader)]
    made = [_keyframes(check, one) for one in readers]
    return max(made, key=lambda one: (one.severity.rank, bool(one.code)), default=None)


@examines(FRAMES)
def check_frames_all(check: Check, walk: Walk, *, is_asked: bool) -> CheckResult | None:
    """Say which frames do not decode whole, where every frame was asked for and a decoder is there."""
    readers = [one for one in walk.readers.values() if isinstance(one, PictureReader) and one.frames]
    made = [_every_frame(check, one) for one in readers] if is_asked else []
    return max(made, key=lambda one: (one.severity.rank, bool(one.code)), default=None)


def _every_frame(check: Check, one: PictureReader) -> CheckResult:
    if one.unwhole:
        first, at_s = one.first_unwhole
        return check.found(
            "frames-damaged",
            count=one.unwhole,
            frames=one.coded,
            first=first,
            at_seconds=f"{at_s:.2f}",
            reason=one.complaints[0] if one.complaints else "corrupt frame",
        )
    if one.fed < one.coded:
        return check.found("frames-partly", done=one.fed, frames=one.coded)
    return check.held(frames=one.coded)


def content_of(walk: Walk) -> CheckResult | None:
    """Say the gravest of what is seen in any stream of pictures; nothing where none was decoded."""
    shown = [one for one in walk.readers.values() if isinstance(one, PictureReader) and one.frames]
    return check_content([met for one in shown for met in one.content.met()] if shown else None)


def _keyframes(check: Check, one: PictureReader) -> CheckResult:
    if one.context is None:
        return check.found("codec-unsupported", reason="codec")
    if one.bad_pictures or one.complaints:
        reason = one.complaints[0] if one.complaints else "corrupt frame"
        return check.found(
            "video-frames-damaged",
            count=max(one.bad_pictures, 1),
            reason=reason,
            **_first(one.bad_pictures_at_s),
        )
    if not one.frames:
        return check.found("keyframes-none")
    if one.skipped:
        return check.found("keyframes-sampled", decoded=one.frames, keyframes=one.keyframes)
    return check.held()


def poster(frame: VideoFrame, longest_px: int) -> Derivative:
    """Scale one frame, turn it as its display matrix says, and encode it as JPEG."""
    scale = min(1.0, longest_px / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    small = frame.reformat(width=width, height=height, format="bgr24", interpolation="AREA", threads=1)
    return picture(
        np.asarray(small.to_ndarray(), dtype=np.uint8),
        kind="poster",
        orientation=orientation(frame),
        longest_px=longest_px,
        tool=f"pyav {av.__version__}, {TOOL}",
    )
