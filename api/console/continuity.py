"""The course of a duty on a page: the recordings of its device in their order, and what lies between them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from api.console.language import gettext
from api.console.timeline import Flag, Span, Timeline, timeline
from api.console.visit import Visit
from schemas.continuity import Course, Seam, SeamKind, Segment, SegmentState
from schemas.ids import RecordingId
from schemas.integrity import Severity
from schemas.shift import Shift
from schemas.words import Language
from schemas.words_continuity import SEAM_KINDS, seam_words

_RECORDED, _BESIDE, _OTHER = "录制", "重叠部分", "另一份记录"
_BEGIN, _END, _DUE = "勤务开始", "勤务结束", "上交期限"
TEXTS = (_RECORDED, _BESIDE, _OTHER, _BEGIN, _END, _DUE)
"""Source texts used outside the templates; each stands in the catalogue."""

_KIND = {
    SegmentState.COUNTED: "verified",
    SegmentState.WAITING: "not_checked",
    SegmentState.APART: "mismatch",
}


class SaidSeam(NamedTuple):
    """A seam with its sentence, and the names of the two recordings as far as the reader may know them."""

    seam: Seam
    sentence: str
    before: str
    after: str

    @property
    def is_doubt(self) -> bool:
        """A person has to find out."""
        return self.seam.severity.rank >= Severity.WARN.rank


class Shown(NamedTuple):
    """Everything a page shows of a course. `seen` are those whose own pages the reader may open."""

    course: Course
    seams: list[SaidSeam]
    seen: frozenset[RecordingId]

    @property
    def doubts(self) -> int:
        """How many places a person has to find out about."""
        return sum(one.is_doubt for one in self.seams)

    def name(self, one: Segment) -> str:
        """Return the file name, where the reader may know it."""
        return one.filename if one.recording_id in self.seen else ""


def shown(visit: Visit, course: Course, *, of: RecordingId | None = None) -> Shown:
    """Return a course for its reader; with `of` only what lies directly beside one recording."""
    seen = visit.tx.recordings.visible(visit.actor, [one.recording_id for one in course.segments])
    names = {one.recording_id: one.filename for one in course.segments if one.recording_id in seen}
    other = gettext(visit.language, _OTHER)
    seams = course.seams if of is None else course.at(of)
    said = [
        SaidSeam(one, _said(one, visit.language), names.get(one.before, other), names.get(one.after, other))
        for one in seams
    ]
    return Shown(course, said, seen)


def _said(one: Seam, language: Language) -> str:
    return seam_words(one).spoken(language)


def picture(found: Shown, duty: Shift, language: Language) -> Timeline | None:
    """Draw the recordings as bars, gaps as hatches; what begins before the one before it ended has a lane of its own."""
    spans, holes = _spans(found, language), []
    if spans:
        main = gettext(language, _RECORDED)
        holes = [_hole(one, main, language) for one in found.course.seams if one.kind in _HATCHED]
    flags = [
        Flag(at=at, label=gettext(language, text))
        for at, text in ((duty.from_at, _BEGIN), (duty.until_at, _END))
        if at is not None
    ]
    return timeline(spans, flags, holes)


_HATCHED = (SeamKind.CUT, SeamKind.GAP)


def _spans(found: Shown, language: Language) -> Sequence[Span]:
    spans: list[Span] = []
    end: datetime | None = None
    for one in found.course.segments:
        is_beside = end is not None and one.begins_at < end and one.length_seconds is not None
        is_seen = one.recording_id in found.seen
        spans.append(
            Span(
                lane=gettext(language, _BESIDE if is_beside else _RECORDED),
                start_at=one.begins_at,
                end_at=one.ends_at,
                label=one.filename if is_seen else gettext(language, _OTHER),
                href=f"/console/recordings/{one.recording_id}" if is_seen else "",
                kind="doubtful" if one.is_late and one.state is SegmentState.COUNTED else _KIND[one.state],
            )
        )
        end = one.ends_at if end is None else max(end, one.ends_at)
    return spans


def _hole(one: Seam, lane: str, language: Language) -> Span:
    return Span(
        lane=lane,
        start_at=one.from_at,
        end_at=one.until_at,
        label=SEAM_KINDS[one.kind].spoken(language),
        href="",
        kind="missing" if one.kind is SeamKind.CUT else "elsewhere",
    )
