"""Records of fixed equipment as the API tells them: the list; one with its opinions, attempts, ties, suggestions."""

from datetime import datetime
from uuid import UUID

from api.equipment_out import CertificateRuleOut, EquipmentVersionOut
from api.office import OfficeOut
from api.recording import RecordingOut
from schemas.base import WireOut
from schemas.ids import AgencyId, CaseId, EquipmentId, MonitoringId, RecordingId
from schemas.monitoring import (
    LinkBasis,
    MonitoringState,
    NotifyChannel,
    NotifyOutcome,
    OpinionWord,
    ReviewStage,
)


class MeasuredOut(WireOut):
    """One measured value as written; `limit` is null where the equipment named none."""

    name: str
    value: str
    unit: str
    limit: str | None


class MonitoringOut(WireOut):
    """A monitoring record. While it is open, nobody sees whether another has given an opinion.

    `is_masked`: who asks does not need to see who the party is.
    """

    id: MonitoringId
    agency_id: AgencyId
    agency_name: str
    equipment_id: EquipmentId
    equipment_number: str
    equipment_name: str
    record_id: str
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
    values: list[MeasuredOut]
    findings: list[str]
    gate_faults: list[str]
    state: MonitoringState
    version: int
    round: int
    due_at: datetime
    concluded_at: datetime | None
    is_linked: bool


class MonitoringPageOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    records: list[MonitoringOut]
    next: str | None


class OpinionOut(WireOut):
    """An opinion the viewer may see, in which round, and the roles by which it was given."""

    round: int
    stage: ReviewStage
    reviewer: str
    is_own: bool
    opinion: OpinionWord
    reason_code: str | None
    reason: str
    given_at: datetime
    given_as: list[OfficeOut]


class NotificationOut(WireOut):
    """An attempt to tell the party."""

    channel: NotifyChannel
    outcome: NotifyOutcome
    proof: str
    proof_recording_id: RecordingId | None
    attempted_at: datetime
    recorded_by: str


class MonitoringLinkOut(WireOut):
    """A dated tie between a record and a case."""

    id: UUID
    case_id: CaseId
    case_number: str
    monitoring_id: MonitoringId
    basis: LinkBasis
    linked_at: datetime
    unlinked_at: datetime | None


class SuggestionOut(WireOut):
    """A case the record may belong to, and why; `is_other_party`: both name a party by code, and not the same."""

    case_id: CaseId
    case_number: str
    party: str
    matter: str
    bases: list[LinkBasis]
    is_other_party: bool


class ReopeningOut(WireOut):
    """Why the record was judged anew in a round: its equipment's certificate was annulled."""

    round: int
    reopened_at: datetime
    reopener: str
    reason: str


class MonitoringDetailOut(WireOut):
    """Everything known of one record. `faults_now` is the gate by the register's facts as they are now.

    `registration` is what the equipment is said to have been at the capture, `registration_then` what was said of it when
    the record was received.
    """

    record: MonitoringOut
    registration: EquipmentVersionOut | None
    registration_then: EquipmentVersionOut | None
    certificate: CertificateRuleOut
    faults_now: list[str]
    is_recorded_later: bool
    recordings: list[RecordingOut]
    opinions: list[OpinionOut]
    reopenings: list[ReopeningOut]
    notifications: list[NotificationOut]
    links: list[MonitoringLinkOut]
