"""Ties between monitoring records and cases: suggested, made by a person, ended by a dated counter-entry."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import ColumnElement, RowMapping, and_, exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Actor
from schemas.agreement import distance_m
from schemas.case import Case, CaseIn
from schemas.gate import check_evidence
from schemas.ids import CaseId, MonitoringId
from schemas.leaves_case import MonitoringLinkRuled as LinkLeaf
from schemas.leaves_case import MonitoringUnlink as UnlinkLeaf
from schemas.leaves_case import TieBasis
from schemas.monitoring import LinkBasis
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_case import CASE_LINK_UNKNOWN, CASE_UNKNOWN
from schemas.refusals_monitoring import NOTIFICATION_MISSING
from schemas.setting import Setting
from storage.act import Deed, fresh_id
from storage.case.alike import Near, Traits, alike
from storage.case.case import Cases
from storage.case.values import party_of, require_open
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.monitoring.notification import Notifications
from storage.monitoring.record import Monitoring
from storage.monitoring.values import MonitoringLink, MonitoringRecord, Suggestion, record_of, select_records
from storage.reads.case import with_number
from storage.reads.retention import pictures_of
from storage.reads.setting import said
from storage.retention.asking import enter_retentions
from storage.tables.monitoring import monitoring_links, monitoring_records

MAX_SUGGESTIONS = 10


class MonitoringLinks(Collection):
    """The many-to-many, dated ties of records and cases."""

    def __init__(self, unit: Unit, monitoring: Monitoring, told: Notifications, cases_: Cases) -> None:
        super().__init__(unit)
        self._monitoring = monitoring
        self._told = told
        self._cases = cases_

    def suggestions(self, actor: Actor, record: MonitoringRecord) -> tuple[Suggestion, ...]:
        """Return open cases the record may belong to: by plate, by party code, by place and time."""
        linked = select(monitoring_links.c.case_id).where(
            monitoring_links.c.monitoring_id == record.id, monitoring_links.c.unlinked_at.is_(None)
        )
        near = self._near(record)
        rows = alike(
            self._connection,
            actor,
            self._now,
            record.agency_id,
            _traits(record),
            but=linked,
            near=near,
            limit=5 * MAX_SUGGESTIONS,
        )
        found = [one for row in rows if (one := self._suggestion(row, record, near)) is not None]
        return tuple(sorted(found, key=lambda one: -len(one.bases))[:MAX_SUGGESTIONS])

    def _suggestion(self, row: RowMapping, record: MonitoringRecord, near: Near) -> Suggestion | None:
        bases = []
        if record.plate is not None and record.plate in row["plates"]:
            bases.append(LinkBasis.PLATE)
        if row["is_same_party"]:
            bases.append(LinkBasis.PARTY_CODE)
        if _is_near(row, record, near):
            bases.append(LinkBasis.PLACE_TIME)
        if not bases:
            return None
        return Suggestion(
            case_id=row["id"],
            case_number=row["number"],
            party=party_of(self._connection, row)["party"],
            matter=row["matter"],
            bases=tuple(bases),
            is_other_party=_is_other_party(row, record),
        )

    def _near(self, record: MonitoringRecord) -> Near:
        """Return how near its agency takes to be near, as of the time observed."""
        names, at = (Setting.LINK_RADIUS_METRES, Setting.LINK_DAYS), record.captured_at
        told = said(self._connection, record.agency_id, names)
        metres, days = (told.at(name, at, self._unit.settings).value for name in names)
        return Near(metres, timedelta(days=days))

    def link(
        self, actor: Actor, case_id: CaseId, ident: MonitoringId, basis: LinkBasis, seen: int
    ) -> MonitoringLink:
        """Tie a valid record to a case of its agency; doing it twice gives the tie that stands.

        Args:
            actor: Who links.
            case_id: The case.
            ident: The record.
            basis: By hand, or the suggestion that was accepted.
            seen: The case's version.

        Raises:
            NotFound: case or record is not of one agency within the actor's scope.
            Refused: the actor may not link in this case.
            Conflict: article 41 forbids it as evidence (slug `article-41`).
            TransitionRefused: the case is under review or decided.
            VersionConflict: somebody else changed the case.
        """
        record = self._linkable(actor, ident)
        if self._cases.writable(actor, case_id, Action.CASE_LINK).agency_id != record.agency_id:
            raise CASE_UNKNOWN("no such case in the agency of the record")
        gate = reference("equipment", record.equipment_id)
        deed, case = self._changing(actor, case_id, ident, seen, relies=(gate,))
        record = self._monitoring.get(actor, ident)
        check_evidence(record.state, self._monitoring.faults(record))
        return self._link(deed, case, record, basis)

    def _changing(
        self, actor: Actor, case_id: CaseId, ident: MonitoringId, seen: int, *, relies: Iterable[str] = ()
    ) -> tuple[Deed, Case]:
        """Begin an act on a tie. A tie is no new version of the case, but whoever makes one has seen the last."""
        about = reference("monitoring", ident)
        deed, case = self._cases.changing(actor, case_id, Action.CASE_LINK, seen, about, relies=relies)
        require_open(case)
        return deed, case

    def _linkable(self, actor: Actor, ident: MonitoringId) -> MonitoringRecord:
        record = self._monitoring.get(actor, ident)
        require(actor, Action.MONITORING_LINK, Subject(agency_id=record.agency_id), self._now)
        return record

    def _link(self, deed: Deed, case: Case, record: MonitoringRecord, basis: LinkBasis) -> MonitoringLink:
        made = self._connection.scalar(
            insert(monitoring_links)
            .values(
                case_id=case.id,
                monitoring_id=record.id,
                basis=basis,
                linked_by=deed.actor,
                linked_at=deed.at,
            )
            .on_conflict_do_nothing()
            .returning(monitoring_links.c.id)
        )
        if made is not None:
            self._count(record.id, 1)
            self._retain(record.id, case.id, deed)
            about, of = reference("monitoring", record.id), reference("case", case.id)
            needs = self._monitoring.certificate_rule(record).is_needed
            tied = LinkLeaf(case=of, monitoring=about, basis=TieBasis(basis), needs_certificate=needs)
            deed.write(tied, about)
        standing = and_(
            monitoring_links.c.case_id == case.id,
            monitoring_links.c.monitoring_id == record.id,
            monitoring_links.c.unlinked_at.is_(None),
        )
        return self._links(standing)[0]

    def unlink(self, actor: Actor, case_id: CaseId, ident: MonitoringId, reason: str, seen: int) -> None:
        """End a tie by a dated counter-entry; its leaf commits to the reason.

        Raises:
            NotFound: no such tie stands within the actor's scope.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review or decided.
            VersionConflict: somebody else changed the case.
        """
        self._linkable(actor, ident)
        deed, case = self._changing(actor, case_id, ident, seen)
        ended = self._connection.scalar(
            update(monitoring_links)
            .where(
                monitoring_links.c.case_id == case_id,
                monitoring_links.c.monitoring_id == ident,
                monitoring_links.c.unlinked_at.is_(None),
            )
            .values(unlinked_at=deed.at, unlinked_by=deed.actor, reason=reason)
            .returning(monitoring_links.c.id)
        )
        if ended is None:
            raise CASE_LINK_UNKNOWN("the record is not linked to this case")
        self._count(ident, -1)
        self._retain(ident, case.id, deed)
        about, of = reference("monitoring", ident), reference("case", case.id)
        deed.write(UnlinkLeaf(case=of, monitoring=about, reason=shown(reason)), about)

    def _retain(self, ident: MonitoringId, case_id: CaseId, deed: Deed) -> None:
        """Ask that the record's pictures are kept for what it is tied to now."""
        pictures = pictures_of(ident)
        enter_retentions(self._connection, pictures, sender=case_id, at=deed.at, even_received=True)

    def _count(self, ident: MonitoringId, more: int) -> None:
        self._connection.execute(
            update(monitoring_records)
            .where(monitoring_records.c.id == ident)
            .values(links=monitoring_records.c.links + more)
        )

    def open_case(self, actor: Actor, ident: MonitoringId, wish: CaseIn) -> Case:
        """Open a case from a valid record, and tie the two.

        Raises:
            Conflict: article 41 forbids it as evidence, or nobody tried to notify the party yet (slug
                `notification-missing`), or the number is taken.
            NotFound, Refused: as for links, or the actor may not open cases.
        """
        self._cases.require_opening(actor)
        self._cases.check_number(actor, wish)
        record = self._linkable(actor, ident)
        if actor.agency_id != record.agency_id:
            raise CASE_UNKNOWN("no case of another agency takes the record")
        case_id = CaseId(fresh_id())
        chains = (reference("case", case_id), reference("monitoring", ident))
        gate = reference("equipment", record.equipment_id)
        deed = self._begin(actor, record.agency_id, *chains, relies=(gate,))
        record = self._monitoring.get(actor, ident)
        check_evidence(record.state, self._monitoring.faults(record))
        if not self._told.of(record):
            raise NOTIFICATION_MISSING("no attempt to notify the party is recorded (art. 41)")
        self._cases.opened(deed, actor, case_id, wish, monitoring_id=ident)
        self._link(deed, self._cases.get(actor, case_id), record, LinkBasis.OPENED)
        return self._cases.get(actor, case_id)

    def links_of(self, ident: MonitoringId) -> tuple[MonitoringLink, ...]:
        """Return every tie of a record, past ones included; the caller has checked the record."""
        return self._links(monitoring_links.c.monitoring_id == ident)

    def links_of_case(self, case_id: CaseId) -> tuple[MonitoringLink, ...]:
        """Return every tie of a case, past ones included; the caller has checked the case."""
        return self._links(monitoring_links.c.case_id == case_id)

    def of_case(self, case: Case) -> tuple[MonitoringRecord, ...]:
        """Return the records linked to a case now, oldest first, as whoever was given the case reads it."""
        linked = exists().where(
            monitoring_links.c.monitoring_id == monitoring_records.c.id,
            monitoring_links.c.case_id == case.id,
            monitoring_links.c.unlinked_at.is_(None),
        )
        whole = literal(not case.is_masked).label("is_whole")
        rows = self._connection.execute(
            select_records().add_columns(whole).where(linked).order_by(monitoring_records.c.captured_at)
        ).mappings()
        return tuple(record_of(self._connection, row, is_blind=False) for row in rows)

    def _links(self, condition: ColumnElement[bool]) -> tuple[MonitoringLink, ...]:
        rows = self._connection.execute(
            with_number(select(monitoring_links), monitoring_links.c.case_id)
            .where(condition)
            .order_by(monitoring_links.c.id)
        ).mappings()
        return tuple(MonitoringLink.of_row(row) for row in rows)


def _traits(record: MonitoringRecord) -> Traits:
    place = None
    if record.lat_e7 is not None and record.lon_e7 is not None:
        place = (record.lat_e7, record.lon_e7)
    return Traits(plate=record.plate, party_code=record.party_code, place=place, at=record.captured_at)


def _is_other_party(row: RowMapping, record: MonitoringRecord) -> bool:
    """Say whether both name their party by code, and not the same one; a plate may be driven by anybody."""
    are_named = record.party_code is not None and row["party_code_digest"] is not None
    return are_named and not row["is_same_party"]


def _is_near(row: RowMapping, record: MonitoringRecord, near: Near) -> bool:
    if None in (row["lat_e7"], row["lon_e7"]) or record.lat_e7 is None or record.lon_e7 is None:
        return False
    apart = abs((row["occurred_at"] or row["opened_at"]) - record.captured_at)
    here, there = (record.lat_e7, record.lon_e7), (row["lat_e7"], row["lon_e7"])
    return apart <= near.time and distance_m(here, there) <= near.metres
