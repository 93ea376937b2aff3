"""Sound: every stream is decoded to its last sample, and what comes out is held against what the container says."""

from typing import Any

from av.audio.stream import AudioStream

from schemas.checks.sound import SOUND
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.walk import StreamReader, Walk
from workers.media.work import Work

SHORT_S = 0.5
"""Sound that may be missing without a word, in seconds: what encoders put in front and players skip is less."""


class SoundReader(StreamReader):
    """Reads one stream of sound. Samples are counted per channel, seconds by the decoder's own rate."""

    def __init__(self, stream: AudioStream, work: Work) -> None:
        super().__init__(stream)
        self.samples = self.left_out = self.lost = self.bad_packets = 0
        self.heard_s = self.given_s = 0.0
        self.first_bad_s: float | None = None
        self._work = work
        if self.context is not None:
            self.context.thread_type = "NONE"

    def expect(self, work: Work) -> None:
        """The container says how long the sound is, and all of it will be decoded."""
        if self.context is not None:
            work.expect(samples=round(self.seconds(self.stream.duration) * self._samples_per_second))

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
        frames = self.decoded(packet)
        if frames is None:
            self.lost += samples
            self._bad(packet)
        self._frames(frames)

    def drain(self) -> None:
        """Samples that the decoder still holds back."""
        if self.context is not None and self.packets:
            self._frames(self.decoded(None))

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

    @property
    def _samples_per_second(self) -> int:
        return int(self.context.sample_rate * self.context.channels)

    def _frames(self, frames: list[Any] | None) -> None:
        for frame in frames or ():
            self._work.samples(frame.samples * frame.layout.nb_channels)
            self.samples += frame.samples
            self.heard_s += frame.samples / frame.sample_rate if frame.sample_rate else 0.0

    def _bad(self, packet: Any) -> None:  # noqa: ANN401 - as above
        self.bad_packets += 1
        if self.first_bad_s is None:
            self.first_bad_s = self.at_s(packet.pts)


@examines(SOUND)
def check_sound(check: Check, walk: Walk) -> CheckResult | None:
    """Say the gravest of what decoding the streams of sound gave."""
    readers = [one for one in walk.readers.values() if isinstance(one, SoundReader)]
    made = [_sound(check, one) for one in readers]
    return max(made, key=lambda one: (one.severity.rank, bool(one.code)), default=None)


def _sound(check: Check, one: SoundReader) -> CheckResult:
    if one.context is None:
        return check.found("sound-unsupported", reason="codec")
    if one.bad_packets or one.complaints:
        reason = one.complaints[0] if one.complaints else "corrupt packet"
        at = round(one.first_bad_s or 0.0)
        return check.found(
            "sound-damaged", count=max(one.bad_packets, 1), packets=one.packets, reason=reason, at_seconds=at
        )
    if one.left_out:
        return check.found("sound-partly", count=one.packets)
    if one.given_s - one.heard_s > SHORT_S:
        return check.found("sound-short", heard=round(one.heard_s), given=round(one.given_s))
    return check.held()
