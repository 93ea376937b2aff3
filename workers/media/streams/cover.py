"""Covers: the still picture that goes along with a film or a sound."""

from typing import Any

from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from schemas.checks.streams import COVER
from schemas.examined import Examined, Measure, PartKind
from schemas.integrity import Check, CheckResult, examines
from workers.media.streams.walk import StreamReader, Walk
from workers.media.work import Work


class CoverReader(StreamReader):
    """Reads a still picture that goes along with a film or a sound: its cover."""

    def __init__(self, stream: VideoStream, work: Work) -> None:
        super().__init__(stream)
        self.pixels = 0
        self.is_bad = False
        self._work = work
        if self.context is not None:
            stream.thread_type = "NONE"

    def read(self, packet: Any) -> None:  # noqa: ANN401 - PyAV types packets per stream, a union without base
        """Decode the picture."""
        if self.context is None:
            return
        self._work.pixels(self.context.width * self.context.height)
        self._frames(self.decoded(packet))

    def drain(self) -> None:
        """A picture that the decoder still holds back."""
        if self.context is not None and self.packets:
            self._frames(self.decoded(None))

    def examined(self) -> tuple[Examined, ...]:
        """Return the picture."""
        return (
            Examined(
                part=PartKind.PICTURE,
                number=self.number,
                measure=Measure.PIXELS,
                done=self.pixels,
                of=self.pixels or None,
                check=COVER.name if self.pixels else None,
            ),
        )

    def _frames(self, frames: list[Any] | None) -> None:
        self.is_bad = self.is_bad or frames is None
        for frame in frames or ():
            self.pixels += frame.width * frame.height
            self.is_bad = self.is_bad or bool(frame.is_corrupt)


def is_cover(stream: Stream) -> bool:
    """Say whether a stream is one still picture beside the recording."""
    return bool(stream.disposition & Disposition.attached_pic)


@examines(COVER)
def check_cover(check: Check, walk: Walk) -> CheckResult | None:
    """Say whether the cover is a picture."""
    readers = [one for one in walk.readers.values() if isinstance(one, CoverReader)]
    bad = next((one for one in readers if one.is_bad or one.complaints), None)
    if bad is not None:
        return check.found("cover-damaged", reason=bad.complaints[0] if bad.complaints else "corrupt picture")
    return check.held() if readers else None
