"""What monitoring records, their reviews, notifications and ties are, as storage gives them out."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, select

from schemas.base import Frozen
from schemas.equipment import EquipmentKind
from schemas.equipment_version import Version
from schemas.ids import AgencyId, CaseId, EquipmentId, IntakeId, MonitoringId, RecordingId
from schemas.monitoring import (
    FIRST_ROUND,
    OPEN_STATES,
    Given,
    LinkBasis,
    MeasuredValue,
    MonitoringState,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewStage,
    waiting_in,
)
from schemas.office import Held
from schemas.personal import masked
from storage.personal import opened
from storage.reads.agency import with_agency
from storage.reads.equipment import with_equipment
from storage.tables.monitoring import monitoring_records


class MonitoringRecord(Frozen):
    """A record as kept. `state` is what the viewer may know: nobody sees that another has given an opinion.

    `is_masked`: who reads it does not see who the party is.
    """

    id: MonitoringId
    agency_id: AgencyId
    agency_name: str
    equipment_id: EquipmentId
    equipment_number: str
    equipment_name: str
    equipment_kind: EquipmentKind
    record_id: str
    intake_id: IntakeId
    intake_index: int
    captured_at: datetime
    received_at: datetime
    matter: str
    plate: str | None
    party: str | None
    party_code: str | None
    is_masked: bool
    place: str
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    values: tuple[MeasuredValue, ...]
    findings: tuple[str, ...]
    state: MonitoringState
    version: int
    round: int
    due_at: datetime
    concluded_at: datetime | None
    gate_faults: tuple[str, ...]
    is_linked: bool


class Registration(Frozen):
    """What the register says the equipment was at the capture: `now` as it is said now, `then` as known at the receipt."""

    now: Version | None
    then: Version | None

    @property
    def is_changed(self) -> bool:
        """Something else was said of it when the record was received."""
        return self.then is not None and self.now is not None and self.now.says() != self.then.says()


class MonitoringFilter(Frozen):
    """What a list is narrowed by; None means any."""

    state: MonitoringState | None = None
    equipment_id: EquipmentId | None = None
    is_linked: bool | None = None
    text: str | None = None
    sort: str | None = None
    """A key of the list's sorts, downwards behind a minus."""
    from_at: datetime | None = None
    until_at: datetime | None = None


class Opinion(Frozen):
    """An opinion that the viewer may see; `given_as` are the roles by which it was given, as known then."""

    round: int
    stage: ReviewStage
    reviewer: str
    is_own: bool
    opinion: OpinionWord
    reason_code: str | None
    reason: str
    given_at: datetime
    given_as: Held


class Reopening(Frozen):
    """Why a record was judged anew: the round that began, when, by whom, and why its certificate was annulled."""

    round: int
    reopened_at: datetime
    reopener: str
    reason: str


class Notification(Frozen):
    """An attempt to tell the party."""

    channel: NotifyChannel
    outcome: NotifyOutcome
    proof: str
    proof_recording_id: RecordingId | None
    attempted_at: datetime
    recorded_by: str


class MonitoringLink(Frozen):
    """A dated tie between a record and a case; undone by a dated counter-entry, never deleted."""

    id: UUID
    case_id: CaseId
    case_number: str
    monitoring_id: MonitoringId
    basis: LinkBasis
    linked_by: str
    linked_at: datetime
    unlinked_at: datetime | None


class Suggestion(Frozen):
    """A case that a record may belong to, and why, strongest first; `is_other_party`: each names a party of its own."""

    case_id: CaseId
    case_number: str
    party: str
    matter: str
    bases: tuple[LinkBasis, ...]
    is_other_party: bool = False


@cache
def select_records() -> Select[tuple[object, ...]]:
    """Return the columns of `MonitoringRecord`, joined."""
    shown = [
        monitoring_records.c[name] for name in MonitoringRecord.model_fields if name in monitoring_records.c
    ]
    query = select(*shown, (monitoring_records.c.links > 0).label("is_linked"))
    owned = with_agency(query, monitoring_records.c.agency_id)
    return with_equipment(owned, monitoring_records.c.equipment_id)


def record_of(connection: Connection, row: RowMapping, *, is_blind: bool) -> MonitoringRecord:
    """Return the value of a row; blind to whether somebody has given an opinion on an open record.

    Who the party is is opened, and masked unless the row says `is_whole`.

    Raises:
        IntegrityBroken: a value does not open (slug `personal-unreadable`).
        Unavailable: this process has no key (slug `personal-key-missing`).
    """
    told = {
        name: opened(connection, monitoring_records.c[name], row["id"], row[name])
        for name in ("party", "party_code")
    }
    if not row["is_whole"]:
        told = {name: text and masked(name, text) for name, text in told.items()}
    seen: dict[str, object] = {**told, "is_masked": not row["is_whole"]}
    if is_blind and row["concluded_at"] is None:
        opinions = int(row["state"] == MonitoringState.REVIEWING)
        seen |= {"state": waiting_in(row["round"]), "version": shown_version(row["version"], opinions)}
    return MonitoringRecord.of_row(row, **seen)


def shown_version(version: int, opinions: int) -> int:
    """Return the version of an open record without its opinions: with them it would tell that one was given."""
    return version - opinions


def given_of(row: RowMapping) -> Given:
    """Return a row of `monitoring_opinions` as the rules need it."""
    return Given(
        stage=ReviewStage(row["stage"]),
        reviewer_id=row["reviewer_id"],
        opinion=OpinionWord(row["opinion"]),
    )


def conditions_of(wanted: MonitoringFilter) -> Iterable[ColumnElement[bool]]:
    """Yield what a row of the list meets."""
    if wanted.state in OPEN_STATES:
        # One word for both: which of them it is would say whether somebody has given an opinion.
        yield monitoring_records.c.state.in_(OPEN_STATES)
        if wanted.state is MonitoringState.RECHECK:
            yield monitoring_records.c.round > FIRST_ROUND
    elif wanted.state is not None:
        yield monitoring_records.c.state == wanted.state
    if wanted.equipment_id is not None:
        yield monitoring_records.c.equipment_id == wanted.equipment_id
    if wanted.from_at is not None:
        yield monitoring_records.c.captured_at >= wanted.from_at
    if wanted.until_at is not None:
        yield monitoring_records.c.captured_at < wanted.until_at
    if wanted.is_linked is not None:
        yield monitoring_records.c.links > 0 if wanted.is_linked else monitoring_records.c.links == 0
