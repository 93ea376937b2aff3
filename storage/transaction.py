"""A `Transaction`: every collection of the storage over one connection, and one commit over them all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property

from storage.actor.account import People
from storage.actor.actor import Accounts
from storage.actor.agency import Agencies
from storage.actor.certificate import Certificates
from storage.actor.factor import Factors, Halfways
from storage.actor.handing import AccountLinks
from storage.actor.link import Links
from storage.actor.membership import Memberships
from storage.actor.office import Offices
from storage.actor.role import Roles
from storage.actor.roster import Rosters
from storage.actor.session import Sessions
from storage.actor.sheet import RosterSheets
from storage.actor.sso import SignOns
from storage.actor.training import Trainings
from storage.actor.training_sheet import TrainingSheets
from storage.annotation import AnnotationBook
from storage.approval import Approvals
from storage.audit.audit import Audits
from storage.audit.draft import AuditDrafts
from storage.audit.end import AuditEnds
from storage.audit.randomness import AuditValues
from storage.audit.recheck import Rechecks
from storage.audit.result import AuditResults
from storage.audit.score import AuditScores
from storage.audit.third import AuditThirds
from storage.case.case import Cases
from storage.case.decision import Decisions
from storage.case.fact import Facts
from storage.case.overlap import Overlaps
from storage.case.procedure import Procedures
from storage.case.recusal import Recusals
from storage.case.summary import Summaries
from storage.chunk import Chunks
from storage.collection import Unit
from storage.custody.public import PublicLog
from storage.custody.values import Appended
from storage.device.device import Devices
from storage.device.enrolment import Enrolments
from storage.duties.duties import Duties
from storage.equipment.annul import Annulments
from storage.equipment.register import EquipmentRegister
from storage.export.export import Exports
from storage.heartbeat import Heartbeats
from storage.holding.check import DeviceChecks
from storage.holding.description import Descriptions
from storage.holding.holding import Holdings
from storage.idempotency import IdempotencyKeys
from storage.login import LoginTries
from storage.look.look import Looks
from storage.look.looker import Lookers
from storage.monitoring.intake import Intakes
from storage.monitoring.link import MonitoringLinks
from storage.monitoring.notification import Notifications
from storage.monitoring.record import Monitoring
from storage.monitoring.reopen import Reopenings
from storage.recording.answer import FindingAnswers
from storage.recording.continuity import Courses
from storage.recording.derivative import Derivations
from storage.recording.examination import Examinations
from storage.recording.final import Finals
from storage.recording.likeness import LikenessHints, LikenessSearches
from storage.recording.manifest import Manifests
from storage.recording.presence import Presences
from storage.recording.presence_code import PartnerCodes
from storage.recording.reading import Readings
from storage.recording.recording import Recordings
from storage.recording.scrubbing import Scrubs
from storage.recording.upload import Uploads
from storage.rectification import Rectifications
from storage.retention.mark import RetentionMarks
from storage.retention.renewal import Renewals
from storage.retention.retention import Retentions
from storage.review.review import Reviews
from storage.setting import AgencySettings
from storage.shift import Shifts
from storage.trail.seal import TrailSeals
from storage.trail.trail import Trail


class Transaction(Unit):
    """All collections over one connection; one commit makes their changes and custody entries true."""

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run a step that a person may be told about and try again: an error undoes the step and nothing else."""
        with self.custody.undoing(), self.connection.begin_nested():
            yield

    @property
    def promised(self) -> Sequence[Appended]:
        """The leaves that were written, the first ones: with the commit they are promised."""
        return self.custody.promised if "custody" in vars(self) else ()

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self)

    @cached_property
    def agencies(self) -> Agencies:
        return Agencies(self)

    @cached_property
    def agency_settings(self) -> AgencySettings:
        return AgencySettings(self)

    @cached_property
    def people(self) -> People:
        return People(self, self.login_tries)

    @cached_property
    def memberships(self) -> Memberships:
        return Memberships(self, self.people)

    @cached_property
    def roles(self) -> Roles:
        return Roles(self, self.people)

    @cached_property
    def offices(self) -> Offices:
        return Offices(self)

    @cached_property
    def certificates(self) -> Certificates:
        return Certificates(self)

    @cached_property
    def trainings(self) -> Trainings:
        return Trainings(self)

    @cached_property
    def training_sheets(self) -> TrainingSheets:
        return TrainingSheets(self)

    @cached_property
    def rosters(self) -> Rosters:
        return Rosters(self)

    @cached_property
    def roster_sheets(self) -> RosterSheets:
        return RosterSheets(self, self.rosters)

    @cached_property
    def account_links(self) -> AccountLinks:
        return AccountLinks(self)

    @cached_property
    def links(self) -> Links:
        return Links(self)

    @cached_property
    def factors(self) -> Factors:
        return Factors(self)

    @cached_property
    def halfways(self) -> Halfways:
        return Halfways(self)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self)

    @cached_property
    def sign_ons(self) -> SignOns:
        return SignOns(self)

    @cached_property
    def login_tries(self) -> LoginTries:
        return LoginTries(self)

    @cached_property
    def trail(self) -> Trail:
        return Trail(self)

    @cached_property
    def trail_seals(self) -> TrailSeals:
        return TrailSeals(self)

    @cached_property
    def idempotency(self) -> IdempotencyKeys:
        return IdempotencyKeys(self)

    @cached_property
    def devices(self) -> Devices:
        return Devices(self, self.accounts)

    @cached_property
    def enrolments(self) -> Enrolments:
        return Enrolments(self)

    @cached_property
    def descriptions(self) -> Descriptions:
        return Descriptions(self)

    @cached_property
    def device_checks(self) -> DeviceChecks:
        return DeviceChecks(self)

    @cached_property
    def holdings(self) -> Holdings:
        return Holdings(self)

    @cached_property
    def manifests(self) -> Manifests:
        return Manifests(self)

    @cached_property
    def presences(self) -> Presences:
        return Presences(self)

    @cached_property
    def shifts(self) -> Shifts:
        return Shifts(self)

    @cached_property
    def courses(self) -> Courses:
        return Courses(self)

    @cached_property
    def examinations(self) -> Examinations:
        return Examinations(self)

    @cached_property
    def derivations(self) -> Derivations:
        return Derivations(self)

    @cached_property
    def retentions(self) -> Retentions:
        return Retentions(self)

    @cached_property
    def retention_marks(self) -> RetentionMarks:
        return RetentionMarks(self)

    @cached_property
    def chunks(self) -> Chunks:
        return Chunks(self)

    @cached_property
    def readings(self) -> Readings:
        return Readings(self)

    @cached_property
    def scrubs(self) -> Scrubs:
        return Scrubs(self)

    @cached_property
    def renewals(self) -> Renewals:
        return Renewals(self)

    @cached_property
    def likeness_searches(self) -> LikenessSearches:
        return LikenessSearches(self)

    @cached_property
    def likenesses(self) -> LikenessHints:
        return LikenessHints(self)

    @cached_property
    def finding_answers(self) -> FindingAnswers:
        return FindingAnswers(self, self.recordings)

    @cached_property
    def annotations(self) -> AnnotationBook:
        return AnnotationBook(self, self.cases)

    @cached_property
    def partner_codes(self) -> PartnerCodes:
        return PartnerCodes(self, self.presences)

    @cached_property
    def uploads(self) -> Uploads:
        return Uploads(self)

    @cached_property
    def finals(self) -> Finals:
        return Finals(self, self.uploads)

    @cached_property
    def recordings(self) -> Recordings:
        return Recordings(self)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self, self.cases)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self, self.cases)

    @cached_property
    def equipment(self) -> EquipmentRegister:
        return EquipmentRegister(self, self.accounts)

    @cached_property
    def reopenings(self) -> Reopenings:
        return Reopenings(self, Annulments(self))

    @cached_property
    def intakes(self) -> Intakes:
        return Intakes(self)

    @cached_property
    def monitoring(self) -> Monitoring:
        return Monitoring(self)

    @cached_property
    def notifications(self) -> Notifications:
        return Notifications(self, self.monitoring)

    @cached_property
    def monitoring_links(self) -> MonitoringLinks:
        return MonitoringLinks(self, self.monitoring, self.notifications, self.cases)

    @cached_property
    def audits(self) -> Audits:
        return Audits(self)

    @cached_property
    def audit_drafts(self) -> AuditDrafts:
        return AuditDrafts(self, self.audits)

    @cached_property
    def audit_values(self) -> AuditValues:
        return AuditValues(self, self.audits)

    @cached_property
    def audit_ends(self) -> AuditEnds:
        return AuditEnds(self, self.audits)

    @cached_property
    def audit_scores(self) -> AuditScores:
        return AuditScores(self, self.audits, self.recordings)

    @cached_property
    def audit_thirds(self) -> AuditThirds:
        return AuditThirds(self, self.audit_scores)

    @cached_property
    def audit_results(self) -> AuditResults:
        return AuditResults(self, self.audit_scores)

    @cached_property
    def rechecks(self) -> Rechecks:
        return Rechecks(self)

    @cached_property
    def rectifications(self) -> Rectifications:
        return Rectifications(self, self.audit_scores)

    @cached_property
    def duties(self) -> Duties:
        return Duties(self)

    @cached_property
    def heartbeats(self) -> Heartbeats:
        return Heartbeats(self)

    @cached_property
    def public_log(self) -> PublicLog:
        return PublicLog(self.connection)

    @cached_property
    def exports(self) -> Exports:
        return Exports(self, self.cases)

    @cached_property
    def overlaps(self) -> Overlaps:
        return Overlaps(self, self.cases)

    @cached_property
    def procedures(self) -> Procedures:
        return Procedures(self, self.cases)

    @cached_property
    def decisions(self) -> Decisions:
        return Decisions(self, self.cases, self.procedures)

    @cached_property
    def summaries(self) -> Summaries:
        return Summaries(self, self.cases, self.procedures, self.decisions)

    @cached_property
    def recusals(self) -> Recusals:
        return Recusals(self, self.cases)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self, self.recordings)

    @cached_property
    def looks(self) -> Looks:
        return Looks(self, self.recordings, self.exports)

    @cached_property
    def lookers(self) -> Lookers:
        return Lookers(self, self.recordings)
