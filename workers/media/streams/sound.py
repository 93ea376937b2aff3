"""Sound: every stream is decoded to its last sample, and what comes out is held against what the container says."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import av
from av.audio.stream import AudioStream

from schemas.checks.sound import CONTENT, SOUND
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from schemas.media import Medium, medium_of
from workers.media.sound.batch import Batch
from workers.media.sound.flac import Proof, proof
from workers.media.sound.levels import Levels, Span
from workers.media.sound.mpeg_audio import amr_narrow, amr_wide
from workers.media.sound.sound_frames import Header
from workers.media.streams.walk import StreamReader, Walk
from workers.media.work import Work

SHORT_S = 0.5
"""Sound that may be missing without a word, in seconds: what encoders put in front and players skip is less."""

_LONG_S = 10.0
_MOSTLY = 0.9
_CLIPPED = 0.01
_PLACES = 64
_PLANES = 8
"""Channels that a frame holds by itself: PyAV reads beyond them, where noise was decoded to dozens, and crashes."""

_STORED = re.compile(r"pcm_(?:[a-z]+?)(\d+)?(?:le|be|law)?$")
"""Samples that are stored as they are, and in how many bits; a law of telephones has eight."""

_CLOCKED = frozenset({"audio/mp4", "audio/3gpp", "audio/x-matroska", "audio/webm"})
_EXACT = ("pcm_", "adpcm_", "flac", "alac")
_HEADERS: Mapping[str, Header] = {"amrnb": amr_narrow, "amrwb": amr_wide}
"""Frames whose decoder takes anything: whether they fit their packet is looked at here."""


class SoundReader(StreamReader):
    """Reads one stream of sound. Samples are counted per channel, seconds by the decoder's own rate."""

    forgiven = ("bad_packets", "lost", "given_s", "first_bad_s", "bad_at_s", "_bad_packet")

    def __init__(self, stream: AudioStream, work: Work, *, with_proof: bool = False) -> None:
        super().__init__(stream)
        self.samples = self.left_out = self.lost = self.bad_packets = 0
        self.heard_s = self.given_s = 0.0
        self.first_bad_s = 0.0
        self.bad_at_s: tuple[float, ...] = ()
        self.levels: Levels | None = None
        self.proof: Proof | None = None
        self._work = work
        self._bad_packet = 0
        self._batch = Batch()
        self._header = _HEADERS.get(self.codec or "")
        stored = _STORED.match(self.codec or "")
        self._stored_bytes = max(1, int(stored[1] or 8) // 8) if stored else 0
        if self.context is None:
            return
        self.context.thread_type = "NONE"
        if self.codec == "flac":
            self.context.options = {"err_detect": "crccheck"}
            self.proof = proof(bytes(self.context.extradata or b"")) if with_proof else None

    def expect(self, work: Work) -> None:
        """The container says how long the sound is, and all of it will be decoded."""
        if self.context is not None:
            wanted = self.seconds(self.stream.duration) * self.context.sample_rate * self.context.channels
            work.expect(samples=round(wanted))

    def read(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Decode one packet, unless the last lane has no room left."""
        if self.context is None:
            return
        seconds = self.seconds(packet.duration)
        samples = round(seconds * self.context.sample_rate)
        if self._work.is_last and not self._work.has(samples=max(1, samples) * self.context.channels):
            self.left_out += max(1, samples)
            return
        self.given_s += seconds
        if self._is_pause(packet):
            self._pass_over(samples)
            return
        whole = self._whole(packet)
        if whole is None:
            return
        frames = self.decoded(whole)
        if frames is None:
            self.lost += samples
        if frames is None or packet.is_corrupt or not self._fits(packet):
            self._bad()
        self._hear(frames or ())

    def complain(self, said: str) -> None:
        """A packet that the decoder complains of is a bad one."""
        super().complain(said)
        self._bad()

    def drain(self) -> None:
        """Samples that the decoder still holds back."""
        if self.context is not None and self.packets:
            self._hear(self.decoded(None) or ())
        if self.levels is not None:
            for piece in self._batch.rest():
                self.levels.take(piece)
            self.levels.close()

    def examined(self) -> tuple[Examined, ...]:
        """Return the samples that went through the decoder, those that it refused as well: the check says so."""
        is_read = self.context is not None
        return (
            Examined(
                part=PartKind.SOUND,
                number=self.number,
                measure=Measure.SAMPLES,
                done=self.samples + self.lost if is_read else 0,
                of=self.samples + self.lost + self.left_out if is_read else None,
                check=SOUND.name if is_read else None,
            ),
        )

    def _whole(self, packet: Any) -> Any:  # noqa: ANN401 - as above
        """Leave away the rest of a sample at the end of a packet, if it holds more: recorders stop in the middle of one."""
        if not self._stored_bytes:
            return packet
        rest = packet.size % (self._stored_bytes * self.context.channels)
        if not rest or rest == packet.size:
            return None if rest else packet
        kept = av.Packet(bytes(packet)[:-rest])
        kept.stream, kept.pts, kept.dts, kept.time_base = (
            packet.stream,
            packet.pts,
            packet.dts,
            packet.time_base,
        )
        return kept

    def _is_pause(self, packet: Any) -> bool:  # noqa: ANN401 - as above
        """Say whether a packet stands for time in which nothing was sent: some decoders know no such frames."""
        if self._header is None:
            return False
        frame = self._header(bytes(memoryview(packet)[:1]))
        return frame is not None and frame.is_pause and bool(packet.size == frame.size_bytes)

    def _pass_over(self, samples: int) -> None:
        self.samples += samples
        self.heard_s += samples / self.context.sample_rate if self.context.sample_rate else 0.0

    def _fits(self, packet: Any) -> bool:  # noqa: ANN401 - as above
        """Frames of a codec that takes anything follow each other to the end of their packet."""
        return self._header is None or _are_filled(bytes(packet), self._header)

    def _hear(self, frames: Iterable[Any]) -> None:
        for frame in frames:
            samples, rate, channels = frame.samples, frame.sample_rate, frame.layout.nb_channels
            self._work.samples(samples * channels)
            self.samples += samples
            self.heard_s += samples / rate if rate else 0.0
            if self.proof is not None:
                self.proof.take(frame)
            if self.levels is None:
                is_exact = (self.codec or "").startswith(_EXACT)
                self.levels = Levels(rate or 1, is_exact=is_exact)
            if samples and channels <= _PLANES:
                for piece in self._batch.take(frame):
                    self.levels.take(piece)

    def _bad(self) -> None:
        """One packet is bad once, whatever is said of it."""
        if self._bad_packet == self.packets:
            return
        self._bad_packet = self.packets
        self.bad_packets += 1
        if self.bad_packets == 1:
            self.first_bad_s = self.given_s
        if len(self.bad_at_s) < _PLACES:
            self.bad_at_s = (*self.bad_at_s, self.given_s)


def _are_filled(packet: bytes, header: Header) -> bool:
    at = 0
    while at < len(packet):
        frame = header(packet[at : at + 1])
        if frame is None:
            return False
        at += frame.size_bytes
    return at == len(packet)


def _gravest(walk: Walk, judge: Callable[[SoundReader], CheckResult]) -> CheckResult | None:
    readers = [one for one in walk.readers.values() if isinstance(one, SoundReader)]
    made = [judge(one) for one in readers]
    return max(made, key=lambda one: (one.severity.rank, bool(one.code)), default=None)


@examines(SOUND)
def check_sound(check: Check, walk: Walk, media_type: str, allowed: int = 0) -> CheckResult | None:
    """Say the gravest of what decoding the streams of sound gave.

    `allowed` packets may be bad: a decoder is handed what lies between frames, as a tag where files were joined.
    Sound alone, in a container with a clock, goes on without a gap; beside pictures a microphone may be switched off.
    """
    return _gravest(walk, lambda one: _sound(check, one, allowed, has_clock=media_type in _CLOCKED))


def _sound(check: Check, one: SoundReader, allowed: int, *, has_clock: bool) -> CheckResult:
    if one.context is None:
        return check.found("sound-unsupported", reason="codec")
    if one.proof is not None and one.proof.holds:
        return check.held()
    return next(_faults(check, one, allowed, has_clock=has_clock), check.held())


def _faults(check: Check, one: SoundReader, allowed: int, *, has_clock: bool) -> Iterator[CheckResult]:
    if one.bad_packets > allowed:
        yield check.found(
            "sound-damaged",
            count=one.bad_packets,
            packets=one.packets,
            reason=one.complaints[0] if one.complaints else "corrupt packet",
            at_seconds=int(one.first_bad_s),
        )
    if one.left_out:
        yield check.found("sound-partly", count=one.packets)
    if one.proof is not None and one.proof.is_given:
        yield check.found("sound-sum-differs")
    if has_clock and one.length_s - one.heard_s > SHORT_S:
        yield check.found("sound-gap", heard=int(one.heard_s), span=round(one.length_s))
    if one.given_s - one.heard_s > SHORT_S:
        yield check.found("sound-short", heard=int(one.heard_s), given=int(one.given_s))


@examines(CONTENT)
def check_content(check: Check, walk: Walk, media_type: str) -> CheckResult | None:
    """Say what the gravest stream of sound is like; of one that was not decoded there is nothing to say."""
    if not any(isinstance(one, SoundReader) and one.levels for one in walk.readers.values()):
        return None
    is_film = medium_of(media_type) is Medium.VIDEO
    return _gravest(walk, lambda one: _content(check, one, is_film=is_film))


def _content(check: Check, one: SoundReader, *, is_film: bool) -> CheckResult:
    if one.levels is None or not one.levels.samples:
        return check.held()
    return next(_heard(check, one.levels, is_film=is_film), check.held())


def _heard(check: Check, levels: Levels, *, is_film: bool) -> Iterator[CheckResult]:
    length_s = levels.samples / levels.rate
    if levels.dropped and not levels.is_gated:
        yield check.found("sound-dropped", count=levels.drops, **_span(levels.dropped[0]))
    if levels.is_silent:
        yield check.found("sound-off" if is_film else "sound-silent", seconds=int(length_s))
    silence = long_silence(levels)
    if silence is not None:
        yield check.found("sound-pauses", **_span(silence))
    if levels.is_gated:
        yield check.found("sound-gated")
    if levels.clipped > _CLIPPED * levels.samples:
        yield check.found("sound-clipped", percent=100 * levels.clipped // levels.samples)


def long_silence(levels: Levels) -> Span | None:
    """Return the longest stretch of nothing, if it is long, or most of the sound."""
    silence, length_s = levels.longest_silence, levels.samples / levels.rate
    return silence if silence.end_s - silence.start_s > min(_LONG_S, _MOSTLY * length_s) else None


def _span(span: Span) -> dict[str, str]:
    return {"from_seconds": f"{span.start_s:.2f}", "to_seconds": f"{span.end_s:.2f}"}
