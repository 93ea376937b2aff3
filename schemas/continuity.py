"""Whether the recordings of one device follow each other: what lies between them, as far as they are here now.

Body cameras write segments of one length. A docking station brings them in any order, so that a hole is a statement as
of now, which closes by itself when the missing one arrives: it is worked out whenever somebody looks, and is no finding
of a sealed recording. What a finding says of a recording stands for ever; what lies beside it does not.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from schemas.base import Frozen
from schemas.ids import RecordingId
from schemas.integrity import Severity


class SegmentState(StrEnum):
    """What a recording counts for: whole, not looked into yet, or kept apart and no evidence."""

    COUNTED = "counted"
    WAITING = "waiting"
    APART = "apart"


class Segment(Frozen):
    """A recording of a device on the corrected clock; `begins_at` is the capture that its manifest states.

    `length_seconds` is absent of a photo, and before the file was looked into; `number` and `series` are what its name
    says of a numbering. `is_late`: it came after it was due.
    """

    recording_id: RecordingId
    filename: str
    begins_at: datetime
    length_seconds: float | None = None
    received_at: datetime
    state: SegmentState = SegmentState.COUNTED
    number: int | None = None
    series: str = ""
    is_late: bool = False

    @property
    def ends_at(self) -> datetime:
        """Where it ends; what has no length is a moment."""
        return self.begins_at + timedelta(seconds=self.length_seconds or 0)


class SeamKind(StrEnum):
    """How one recording does not begin where the one before it ended."""

    CUT = "cut"
    GAP = "gap"
    OVERLAP = "overlap"
    NUMBER_MISSING = "number-missing"
    NUMBER_ANEW = "number-anew"
    CLOCK_BACK = "clock-back"


SEVERITY = {
    SeamKind.CUT: Severity.WARN,
    SeamKind.GAP: Severity.INFO,
    SeamKind.OVERLAP: Severity.REMARK,
    SeamKind.NUMBER_MISSING: Severity.WARN,
    SeamKind.NUMBER_ANEW: Severity.INFO,
    SeamKind.CLOCK_BACK: Severity.WARN,
}
"""How much a person should care: whoever stops recording leaves a gap, whom the camera cut off does not."""


class Seam(Frozen):
    """What lies between two recordings of a device.

    Attributes:
        kind: What it is. `CUT` is a gap behind a segment of full length, where the camera goes on by itself.
        before: The earlier one, by time.
        after: The later one.
        from_at: Where the earlier one ends.
        until_at: Where the later one begins.
        seconds: How long the gap or the overlap is, or by how much the clock went back.
        missing: How many numbers are missing between the two names.
    """

    kind: SeamKind
    before: RecordingId
    after: RecordingId
    from_at: datetime
    until_at: datetime
    seconds: int = 0
    missing: int = 0

    @property
    def severity(self) -> Severity:
        """How much it weighs."""
        return SEVERITY[self.kind]


class Course(Frozen):
    """The recordings of a device within a time, and every place where they do not follow each other, as of now.

    `is_whole` is false where there were more than are laid in order: what lies behind the last one was not looked at.
    """

    segments: tuple[Segment, ...]
    seams: tuple[Seam, ...]
    tolerance_seconds: int
    is_whole: bool = True

    def around(self, recording_id: RecordingId) -> tuple[Segment | None, Segment | None]:
        """Return the one before and the one after a recording; None where there is none."""
        ids = [one.recording_id for one in self.segments]
        if recording_id not in ids:
            return None, None
        at = ids.index(recording_id)
        before = self.segments[at - 1] if at else None
        return before, self.segments[at + 1] if at + 1 < len(ids) else None

    def at(self, recording_id: RecordingId) -> tuple[Seam, ...]:
        """Return what lies directly before and after a recording."""
        return tuple(one for one in self.seams if recording_id in (one.before, one.after))

    @property
    def covered_seconds(self) -> int:
        """So much of the time is recorded; what overlaps counts once."""
        total, end = 0.0, None
        for one in self.segments:
            if one.state is not SegmentState.COUNTED or one.length_seconds is None:
                continue
            begin = one.begins_at if end is None else max(one.begins_at, end)
            total += max(0.0, (one.ends_at - begin).total_seconds())
            end = one.ends_at if end is None else max(end, one.ends_at)
        return int(total)


def course_of(segments: Iterable[Segment], *, tolerance_seconds: int, is_whole: bool = True) -> Course:
    """Order the recordings of one device and say what lies between them.

    What is kept apart closes no hole, and what was not looked into yet opens none: its end is not known.

    Args:
        segments: Each file of a manifest once, in any order.
        tolerance_seconds: So far apart two still follow each other: a setting of the agency.
        is_whole: Whether these are all that there are.
    """
    ordered = tuple(sorted(segments, key=lambda one: (one.begins_at, one.number or 0, str(one.recording_id))))
    seams = [*_times(ordered, tolerance_seconds), *_numbers(ordered)]
    seams.sort(key=lambda one: (one.from_at, one.until_at, one.kind))
    return Course(
        segments=ordered, seams=tuple(seams), tolerance_seconds=tolerance_seconds, is_whole=is_whole
    )


def _times(ordered: Sequence[Segment], tolerance_seconds: int) -> Iterator[Seam]:
    moving = [one for one in ordered if one.state is not SegmentState.APART and _has_length(one)]
    full = _full_length(moving, tolerance_seconds)
    last: Segment | None = None  # of those so far, the one that ends last
    for one in moving:
        if last is not None and last.state is SegmentState.COUNTED:
            apart = (one.begins_at - last.ends_at).total_seconds()
            if apart > tolerance_seconds:
                is_cut = full is not None and abs((last.length_seconds or 0) - full) <= tolerance_seconds
                yield _seam(SeamKind.CUT if is_cut else SeamKind.GAP, last, one, seconds=int(apart))
            elif apart < -tolerance_seconds:
                both = min(-apart, one.length_seconds or -apart)
                yield _seam(SeamKind.OVERLAP, last, one, seconds=int(both))
        if last is None or one.state is SegmentState.WAITING or one.ends_at >= last.ends_at:
            last = one


def _has_length(one: Segment) -> bool:
    return one.state is SegmentState.WAITING or one.length_seconds is not None


def _full_length(moving: Sequence[Segment], tolerance_seconds: int) -> float | None:
    """Return the length at which the camera goes on in the next file; None where no file was seen to be followed.

    It is that of at least two segments whose next one follows at once: whoever presses the button does not do that.
    """
    followed = [
        round(one.length_seconds or 0)
        for one, after in pairwise(moving)
        if one.state is SegmentState.COUNTED
        and one.length_seconds
        and abs((after.begins_at - one.ends_at).total_seconds()) <= tolerance_seconds
    ]
    near = Counter(
        length for length in followed for other in followed if abs(length - other) <= tolerance_seconds
    )
    length, times = max(near.items(), key=lambda one: (one[1], one[0]), default=(0, 0))
    return float(length) if times > 1 else None


def _numbers(ordered: Sequence[Segment]) -> Iterator[Seam]:
    """Compare the numbers of names within each numbering, in the order of time; a file that is here closes a hole."""
    series = dict.fromkeys(one.series for one in ordered if one.number is not None)
    for name in series:
        numbered = [one for one in ordered if one.series == name and one.number is not None]
        for one, after in pairwise(numbered):
            step = (after.number or 0) - (one.number or 0)
            if step > 1:
                yield _seam(SeamKind.NUMBER_MISSING, one, after, missing=step - 1)
            elif step < 0 and (after.number or 0) <= 1:
                yield _seam(SeamKind.NUMBER_ANEW, one, after)
            elif step < 0:
                back = (after.begins_at - one.begins_at).total_seconds()
                yield _seam(SeamKind.CLOCK_BACK, one, after, seconds=int(back))


def _seam(kind: SeamKind, before: Segment, after: Segment, *, seconds: int = 0, missing: int = 0) -> Seam:
    return Seam(
        kind=kind,
        before=before.recording_id,
        after=after.recording_id,
        from_at=before.ends_at,
        until_at=after.begins_at,
        seconds=seconds,
        missing=missing,
    )
