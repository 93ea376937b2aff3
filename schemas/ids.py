"""Ids by what they name. At run time each is a UUID; for the type checker a case's id is never a recording's."""

from typing import NewType
from uuid import UUID

AgencyId = NewType("AgencyId", UUID)
AccountId = NewType("AccountId", UUID)
DeviceId = NewType("DeviceId", UUID)
CertificateId = NewType("CertificateId", UUID)

UploadId = NewType("UploadId", UUID)
ManifestId = NewType("ManifestId", UUID)
RecordingId = NewType("RecordingId", UUID)

CaseId = NewType("CaseId", UUID)
FactId = NewType("FactId", UUID)
ReviewId = NewType("ReviewId", UUID)
RecusalId = NewType("RecusalId", UUID)
DocumentId = NewType("DocumentId", UUID)
ExportId = NewType("ExportId", UUID)
RosterId = NewType("RosterId", UUID)
LookId = NewType("LookId", UUID)
ApprovalId = NewType("ApprovalId", UUID)
SettingId = NewType("SettingId", UUID)
ShiftId = NewType("ShiftId", UUID)
FindingAnswerId = NewType("FindingAnswerId", UUID)
NoteId = NewType("NoteId", UUID)
TagId = NewType("TagId", UUID)
ExaminationId = NewType("ExaminationId", UUID)
DerivationId = NewType("DerivationId", UUID)
RetentionId = NewType("RetentionId", UUID)

EquipmentId = NewType("EquipmentId", UUID)
IntakeId = NewType("IntakeId", UUID)
MonitoringId = NewType("MonitoringId", UUID)

AuditId = NewType("AuditId", UUID)
StandardId = NewType("StandardId", UUID)
RecheckId = NewType("RecheckId", UUID)
RectificationId = NewType("RectificationId", UUID)

MemberId = NewType("MemberId", UUID)
"""What an audit draws: a case or a recording, by the kind of the audit."""

EntryId = NewType("EntryId", UUID)
"""A custody entry, in the log or on its way there."""
