"""What other nouns ask of duties: in which one a recording was captured, and what its end makes of the hand-in."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)

from schemas.actor import Actor
from schemas.checks.manifest import HAND_IN
from schemas.hand_in import LATE_CODES, DutyTime, check_hand_in
from schemas.ids import DeviceId, RecordingId
from schemas.integrity import CheckResult, Outcome, Severity
from schemas.manifest import ManifestState
from schemas.presence_code import DUTY_DAY, Period
from storage.reads.among import among
from storage.reads.presence import naming
from storage.reads.question import is_asked
from storage.tables.answer import finding_answers
from storage.tables.question import QuestionKind
from storage.tables.recording import checks, manifests, recordings
from storage.tables.shift import shifts

ASKED_FOR = timedelta(days=90)
"""So long after its receipt a late recording is asked about; its finding stays."""

_DAY = timedelta(days=1)


def covering(device_id: ColumnElement[Any], at: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say of a duty whether it is that of a device at a time; there is one at most."""
    during = func.tstzrange(shifts.c.from_at, shifts.c.until_at)
    return and_(shifts.c.device_id == device_id, during.bool_op("@>")(at))


def duty_time(
    connection: Connection, device_id: DeviceId | None, captured_at: datetime | None
) -> DutyTime | None:
    """Return when the duty of a device at a time ended, and until when its recordings are due."""
    if device_id is None or captured_at is None:
        return None
    row = connection.execute(
        select(shifts.c.until_at, shifts.c.due_at).where(
            covering(literal(device_id, shifts.c.device_id.type), literal(captured_at, shifts.c.from_at.type))
        )
    ).one_or_none()
    return None if row is None else DutyTime(row.until_at, row.due_at)


def common_duty(
    connection: Connection, people: tuple[UUID, UUID], made_at: datetime, expires_at: datetime
) -> Period | None:
    """Return the last duty in which both stand that was open, or over for less than a day, when a code was made.

    One that goes on counts until the code ends.
    """
    one, other = people
    both = or_(
        and_(shifts.c.person_id == one, shifts.c.partner_id == other),
        and_(shifts.c.person_id == other, shifts.c.partner_id == one),
    )
    row = connection.execute(
        select(shifts.c.from_at, shifts.c.until_at)
        .where(both, shifts.c.from_at <= made_at)
        .where(or_(shifts.c.until_at.is_(None), shifts.c.until_at > made_at - DUTY_DAY))
        .order_by(shifts.c.from_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Period(row.from_at, row.until_at or expires_at)


def rejudged(
    connection: Connection, recording_ids: Iterable[RecordingId]
) -> Mapping[RecordingId, tuple[CheckResult, datetime]]:
    """Return of those recordings whose duty is over what its end makes of the hand-in, and when it was ended.

    Nothing is kept for it: what a duty says once it is over does not change, so the answer does not either.
    """
    rows = connection.execute(
        select(
            recordings.c.id,
            recordings.c.corrected_at,
            recordings.c.received_at,
            shifts.c.until_at,
            shifts.c.due_at,
            shifts.c.closed_at,
        )
        .join(manifests, manifests.c.id == recordings.c.manifest_id)
        .join(shifts, covering(manifests.c.device_id, recordings.c.corrected_at))
        .where(among(recordings.c.id, recording_ids), shifts.c.closed_at.is_not(None))
    )
    found: dict[RecordingId, tuple[CheckResult, datetime]] = {}
    for row in rows:
        duty = DutyTime(row.until_at, row.due_at)
        made = check_hand_in(row.corrected_at, row.received_at, duty, allowed_hours=0)
        if made is not None:
            found[RecordingId(row.id)] = (made, row.closed_at)
    return found


def with_rejudged(
    connection: Connection, made: Mapping[RecordingId, Sequence[CheckResult]]
) -> dict[RecordingId, list[CheckResult]]:
    """Return the checks of recordings, the hand-in as the end of their duty judges it."""
    later = rejudged(connection, made)
    return defaultdict(
        list,
        {
            ident: [
                later[ident][0] if one.name == HAND_IN.name and ident in later else one for one in results
            ]
            for ident, results in made.items()
        },
    )


def captured_within() -> ColumnElement[bool]:
    """Say of a duty, a kept manifest and its recording whether it was captured in the duty by its device.

    A device's captures are found by its own times, which are taken for within a day of the corrected ones.
    """
    near = and_(
        manifests.c.captured_at >= shifts.c.from_at - _DAY,
        or_(shifts.c.until_at.is_(None), manifests.c.captured_at < shifts.c.until_at + _DAY),
    )
    return and_(
        manifests.c.device_id == shifts.c.device_id,
        manifests.c.state == ManifestState.DECLARED,
        near,
        recordings.c.corrected_at >= shifts.c.from_at,
        or_(shifts.c.until_at.is_(None), recordings.c.corrected_at < shifts.c.until_at),
    )


def of_duties(segments: Select[Any], duty_ids: Iterable[UUID]) -> Select[Any]:
    """Narrow a query of manifests and their recordings to what was captured in some duties, named as `shift_id`."""
    named = segments.add_columns(shifts.c.id.label("shift_id"))
    return named.join(shifts, captured_within()).where(shifts.c.id.in_(list(duty_ids)))


def duty_at(
    connection: Connection, device_id: DeviceId, at: datetime
) -> tuple[UUID, datetime, datetime | None] | None:
    """Return the duty of a device at a time: its id, when it began, and until when its recordings are due."""
    row = connection.execute(
        select(shifts.c.id, shifts.c.from_at, shifts.c.due_at).where(
            covering(literal(device_id, shifts.c.device_id.type), literal(at, shifts.c.from_at.type))
        )
    ).one_or_none()
    return None if row is None else (row.id, row.from_at, row.due_at)


def outside_of_duty() -> ColumnElement[bool]:
    """Say of a manifest and its recording whether its device was on no duty then."""
    return ~exists(select(shifts.c.id).where(covering(manifests.c.device_id, recordings.c.corrected_at)))


def captured_in(*, is_late: bool = False) -> ScalarSelect[Any]:
    """Return of a duty how many recordings were captured in it and received, or how many of them too late."""
    query = select(func.count()).select_from(
        manifests.join(recordings, recordings.c.manifest_id == manifests.c.id)
    )
    late = recordings.c.received_at > shifts.c.due_at if is_late else true()
    return query.where(captured_within(), late).correlate(shifts).scalar_subquery()


def _ended_code() -> ScalarSelect[Any]:
    """Return of a recording how the end of its duty judges its hand-in: a code, nothing said, NULL before it ends."""
    return (
        select(case((recordings.c.received_at > shifts.c.due_at, "late-after-duty"), else_=""))
        .select_from(shifts.join(manifests, manifests.c.device_id == shifts.c.device_id))
        .where(
            manifests.c.id == recordings.c.manifest_id,
            covering(manifests.c.device_id, recordings.c.corrected_at),
            shifts.c.closed_at.is_not(None),
        )
        .correlate(recordings)
        .scalar_subquery()
    )


def remark_count() -> ColumnElement[int]:
    """Return of a recording how many rows of its checks are remarks: `remarks` of `with_rejudged`, for lists."""
    ended = _ended_code()
    light = and_(
        checks.c.outcome == Outcome.MISMATCH,
        checks.c.severity.not_in((Severity.WARN, Severity.FAIL)),
    )
    told = and_(checks.c.outcome == Outcome.VERIFIED, checks.c.severity == Severity.REMARK)
    stored = (
        select(func.count())
        .select_from(checks)
        .where(
            checks.c.recording_id == recordings.c.id,
            checks.c.run == recordings.c.run,
            or_(light, told),
            or_(checks.c.name != HAND_IN.name, ended.is_(None)),
        )
        .correlate(recordings)
        .scalar_subquery()
    )
    return stored + case((ended != "", 1), else_=0)


def late_in(duty_id: UUID) -> Select[Any]:
    """Return the ids of the recordings that were captured in a duty that is over, and came after they were due."""
    late = (
        select(recordings.c.id)
        .select_from(shifts)
        .join(manifests, manifests.c.device_id == shifts.c.device_id)
    )
    late = late.join(recordings, recordings.c.manifest_id == manifests.c.id)
    return late.where(shifts.c.id == duty_id, captured_within(), recordings.c.received_at > shifts.c.due_at)


def late_code() -> ColumnElement[Any]:
    """Return of a recording the code by which its hand-in is late, as it is judged now; NULL where it is not."""
    ended = _ended_code()
    sealed = (
        select(checks.c.code)
        .where(
            checks.c.recording_id == recordings.c.id,
            checks.c.run == recordings.c.run,
            checks.c.name == HAND_IN.name,
            checks.c.code.in_(LATE_CODES),
        )
        .correlate(recordings)
        .scalar_subquery()
    )
    return func.nullif(func.coalesce(ended, sealed), "")


def is_unexplained(actor: Actor, now: datetime) -> ColumnElement[bool]:
    """Say of a recording whether its capture names the actor, it came too late, and nobody has explained that.

    It is asked about for so long, then no more.
    """
    since = now - ASKED_FOR
    answered = exists().where(
        finding_answers.c.recording_id == recordings.c.id, finding_answers.c.code.in_(LATE_CODES)
    )
    return and_(
        is_asked(recordings.c.id, QuestionKind.LATE, actor, since=since),
        naming(actor),
        recordings.c.agency_id.in_(sorted({actor.agency_id, *actor.entrusted_ids})),
        recordings.c.received_at > since,
        ~answered,
        late_code().is_not(None),
    )


def unexplained(actor: Actor, now: datetime) -> Select[Any]:
    """Return what waits for an explanation of the actor, with the code of its finding."""
    return select(
        recordings.c.id,
        recordings.c.filename,
        recordings.c.corrected_at,
        recordings.c.received_at,
        late_code().label("code"),
    ).where(is_unexplained(actor, now))


def goes_on_long(person_id: UUID, now: datetime) -> ColumnElement[bool]:
    """Say of a duty whether somebody is on it that nobody has ended for longer than a day."""
    is_on = or_(shifts.c.person_id == person_id, shifts.c.partner_id == person_id)
    return and_(is_on, shifts.c.until_at.is_(None), shifts.c.from_at < now - _DAY)
