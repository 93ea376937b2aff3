"""The recordings of one device in their order, worked out when somebody looks: in a duty, or outside of one on a day."""

from collections import defaultdict
from collections.abc import Collection as Some
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, select

from schemas.continuity import Course, Segment, SegmentState, course_of
from schemas.ids import RecordingId, ShiftId
from schemas.manifest import ManifestState
from schemas.name_profile import CHINA, NameProfile, profiles, read_name
from schemas.recording import Recording, RecordingState
from schemas.setting import Setting
from schemas.setting_list import ListSetting
from schemas.shift import Shift
from storage.collection import Collection
from storage.reads.setting import Said, said_each
from storage.reads.shift import duty_at, of_duties, outside_of_duty
from storage.tables.recording import manifests, recordings

_DAY = timedelta(days=1)
MOST = 1_000
"""So many recordings are laid in order for one duty: a day of segments of two minutes, and some photos."""

_MEDIA = ("video/", "audio/", "image/")


_SETTINGS = (Setting.SEGMENT_GAP_SECONDS, ListSetting.NAME_PROFILES)


class Courses(Collection):
    """What lies between recordings. The caller has read the duty or the recording within its own scope.

    All recordings of the device are looked at, whoever may see them: a hole would be shown where there is none.
    """

    def of_duty(self, found: Shift) -> Course:
        """Return the recordings that were captured in a duty, and what lies between them."""
        return self.of_duties((found,))[found.id]

    def of_duties(self, found: Some[Shift]) -> Mapping[ShiftId, Course]:
        """Return the same of each of some duties, by two queries."""
        said = said_each(self._connection, {one.agency_id for one in found}, _SETTINGS)
        met: dict[ShiftId, list[RowMapping]] = defaultdict(list)
        ids = [one.id for one in found]
        most = MOST * len(ids)
        rows = self._connection.execute(of_duties(_segments(), ids).limit(most)).mappings().all()
        for row in rows:
            met[ShiftId(row["shift_id"])].append(row)
        return {
            one.id: self._course(
                met[one.id], said.get(one.agency_id), one.from_at, one.due_at, is_whole=len(rows) < most
            )
            for one in found
        }

    def of_recording(self, found: Recording) -> Course:
        """Return a recording among those of its device: of its duty, outside of one of its day in UTC+8.

        Nothing stands in it where no manifest of a device names the time.
        """
        if found.captured_by is None or found.corrected_at is None:
            return course_of((), tolerance_seconds=0)
        said = said_each(self._connection, (found.agency_id,), _SETTINGS).get(found.agency_id)
        mine = and_(manifests.c.device_id == found.captured_by, manifests.c.state == ManifestState.DECLARED)
        duty = duty_at(self._connection, found.captured_by, found.corrected_at)
        if duty is not None:
            ident, begins, due_at = duty
            query = of_duties(_segments(), (ident,))
        else:
            begins = found.corrected_at.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
            query, due_at = _segments().where(mine, *_on_day(begins), outside_of_duty()), None
        rows = self._connection.execute(query.limit(MOST)).mappings().all()
        return self._course(rows, said, begins, due_at, is_whole=len(rows) < MOST)

    def _course(
        self,
        rows: Sequence[RowMapping],
        said: Said | None,
        at: datetime,
        due_at: datetime | None,
        *,
        is_whole: bool,
    ) -> Course:
        installed, told = self._unit.settings, said or Said((), ())
        known = profiles(told.list_at(ListSetting.NAME_PROFILES, at, installed).value)
        segments = [_segment(row, known, due_at) for row in _once(rows)]
        tolerance = told.at(Setting.SEGMENT_GAP_SECONDS, at, installed).value
        return course_of(segments, tolerance_seconds=tolerance, is_whole=is_whole)


def _segments() -> Select[*tuple[Any, ...]]:
    return (
        select(
            *(recordings.c.id, recordings.c.filename, recordings.c.corrected_at, recordings.c.received_at),
            *(recordings.c.state, recordings.c.media_type, recordings.c.manifest_id),
            *(recordings.c.file_index, recordings.c.facts["duration_ms"].astext.label("duration_ms")),
        )
        .select_from(manifests)
        .join(recordings, recordings.c.manifest_id == manifests.c.id)
        .order_by(recordings.c.corrected_at, recordings.c.id)
    )


def _on_day(begins: datetime) -> Sequence[ColumnElement[bool]]:
    """Return the conditions of a day; a device's own times are taken for within a day of the corrected ones."""
    return (
        manifests.c.captured_at.between(begins - _DAY, begins + 2 * _DAY),
        recordings.c.corrected_at >= begins,
        recordings.c.corrected_at < begins + _DAY,
    )


_RANK = {RecordingState.SEALED: 0, RecordingState.RECEIVED: 1, RecordingState.QUARANTINED: 2}


def _once(rows: Iterable[RowMapping]) -> list[RowMapping]:
    """Return each file of a manifest once, the one that is worth most; tracks and papers have no place in the order."""
    best: dict[object, list[RowMapping]] = defaultdict(list)
    for row in rows:
        if row["media_type"].startswith(_MEDIA):
            best[row["manifest_id"], row["file_index"]].append(row)
    return [min(many, key=lambda one: _RANK[RecordingState(one["state"])]) for many in best.values()]


def _segment(row: Mapping[Any, Any], known: Sequence[NameProfile], due_at: datetime | None) -> Segment:
    said = read_name(row["filename"], known)
    moves = not row["media_type"].startswith("image/")
    length = None if row["duration_ms"] is None or not moves else int(row["duration_ms"]) / 1000
    return Segment(
        recording_id=RecordingId(row["id"]),
        filename=row["filename"],
        begins_at=row["corrected_at"],
        length_seconds=length,
        received_at=row["received_at"],
        state=_state(RecordingState(row["state"]), moves=moves),
        number=None if said is None else said.seq,
        series="" if said is None else said.series,
        is_late=due_at is not None and row["received_at"] > due_at,
    )


def _state(state: RecordingState, *, moves: bool) -> SegmentState:
    if state is RecordingState.QUARANTINED:
        return SegmentState.APART
    return SegmentState.WAITING if state is RecordingState.RECEIVED and moves else SegmentState.COUNTED
