"""Ties between monitoring records and cases: suggested, made by a person, ended by a dated counter-entry."""

from sqlalchemy import ColumnElement, RowMapping, and_, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Action, Actor, Subject, require
from schemas.agreement import distance_m
from schemas.case import Case, CaseIn
from schemas.custody import subject
from schemas.event import Event
from schemas.ids import CaseId, MonitoringId
from schemas.monitoring import LinkBasis, check_evidence
from schemas.refusals_case import CASE_LINK_UNKNOWN, CASE_UNKNOWN
from schemas.refusals_monitoring import NOTIFICATION_MISSING
from storage.case.alike import NEAR_M, NEAR_TIME, Traits, alike
from storage.case.case import Cases
from storage.case.values import require_open
from storage.collection import Collection, Unit
from storage.custody.values import committed
from storage.monitoring.record import Monitoring
from storage.monitoring.values import MonitoringLink, MonitoringRecord, Suggestion, record_of, select_records
from storage.reads.case import with_number
from storage.tables.monitoring import monitoring_links, monitoring_records

MAX_SUGGESTIONS = 10


class MonitoringLinks(Collection):
    """The many-to-many, dated ties of records and cases."""

    def __init__(self, unit: Unit, monitoring: Monitoring, cases_: Cases) -> None:
        super().__init__(unit)
        self._monitoring = monitoring
        self._cases = cases_

    def suggestions(self, actor: Actor, record: MonitoringRecord) -> tuple[Suggestion, ...]:
        """Return open cases the record may belong to: by plate, by party code, by place and time."""
        linked = select(monitoring_links.c.case_id).where(
            monitoring_links.c.monitoring_id == record.id, monitoring_links.c.unlinked_at.is_(None)
        )
        rows = alike(
            self._connection,
            actor,
            record.agency_id,
            _traits(record),
            but=linked,
            limit=5 * MAX_SUGGESTIONS,
        )
        found = [suggestion for row in rows if (suggestion := _suggestion(row, record)) is not None]
        return tuple(sorted(found, key=lambda one: -len(one.bases))[:MAX_SUGGESTIONS])

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
        case = self._cases.writable(actor, case_id, Action.CASE_LINK)
        if case.agency_id != record.agency_id:
            raise CASE_UNKNOWN("no such case in the agency of the record")
        require_open(case)
        check_evidence(record.state, self._monitoring.faults(record))
        self._cases.touch(case_id, seen)
        return self._link(actor, case, record, basis)

    def _linkable(self, actor: Actor, ident: MonitoringId) -> MonitoringRecord:
        record = self._monitoring.get(actor, ident)
        require(actor, Action.MONITORING_LINK, Subject(agency_id=record.agency_id), self._now)
        return record

    def _link(self, actor: Actor, case: Case, record: MonitoringRecord, basis: LinkBasis) -> MonitoringLink:
        made = self._connection.scalar(
            insert(monitoring_links)
            .values(
                case_id=case.id,
                monitoring_id=record.id,
                basis=basis,
                linked_by=actor.reference,
                linked_at=self._now,
            )
            .on_conflict_do_nothing()
            .returning(monitoring_links.c.id)
        )
        if made is not None:
            self._count(record.id, 1)
            self._log(Event.MONITORING_LINK, record, actor, case=str(case.id), basis=basis.value)
            self._log_case(Event.CASE_LINK, case, actor, record, basis=basis.value)
        standing = and_(
            monitoring_links.c.case_id == case.id,
            monitoring_links.c.monitoring_id == record.id,
            monitoring_links.c.unlinked_at.is_(None),
        )
        return self._links(standing)[0]

    def unlink(self, actor: Actor, case_id: CaseId, ident: MonitoringId, reason: str, seen: int) -> None:
        """End a tie by a dated counter-entry; the log keeps a salted commitment of the reason.

        Raises:
            NotFound: no such tie stands within the actor's scope.
            Refused: the actor may not link in this case.
            TransitionRefused: the case is under review or decided.
            VersionConflict: somebody else changed the case.
        """
        record = self._linkable(actor, ident)
        case = self._cases.writable(actor, case_id, Action.CASE_LINK)
        require_open(case)
        self._cases.touch(case_id, seen)
        why = committed(reason)
        ended = self._connection.scalar(
            update(monitoring_links)
            .where(
                monitoring_links.c.case_id == case_id,
                monitoring_links.c.monitoring_id == ident,
                monitoring_links.c.unlinked_at.is_(None),
            )
            .values(unlinked_at=self._now, unlinked_by=actor.reference, reason=why.text, reason_salt=why.salt)
            .returning(monitoring_links.c.id)
        )
        if ended is None:
            raise CASE_LINK_UNKNOWN("the record is not linked to this case")
        self._count(ident, -1)
        self._log(Event.MONITORING_UNLINK, record, actor, case=str(case_id), reason=why.commitment)
        self._log_case(Event.CASE_UNLINK, case, actor, record, reason=why.commitment)

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
            NotFound, Refused: as for links.
        """
        record = self._linkable(actor, ident)
        check_evidence(record.state, self._monitoring.faults(record))
        if not self._monitoring.notifications(ident):
            raise NOTIFICATION_MISSING("no attempt to notify the party is recorded (art. 41)")
        case = self._cases.open(actor, wish)
        self._link(actor, case, record, LinkBasis.OPENED)
        return self._cases.get(actor, case.id)

    def links_of(self, ident: MonitoringId) -> tuple[MonitoringLink, ...]:
        """Return every tie of a record, past ones included; the caller has checked the record."""
        return self._links(monitoring_links.c.monitoring_id == ident)

    def links_of_case(self, case_id: CaseId) -> tuple[MonitoringLink, ...]:
        """Return every tie of a case, past ones included; the caller has checked the case."""
        return self._links(monitoring_links.c.case_id == case_id)

    def of_case(self, case_id: CaseId) -> tuple[MonitoringRecord, ...]:
        """Return the records linked to a case now, oldest first; the caller has checked the case."""
        linked = exists().where(
            monitoring_links.c.monitoring_id == monitoring_records.c.id,
            monitoring_links.c.case_id == case_id,
            monitoring_links.c.unlinked_at.is_(None),
        )
        rows = self._connection.execute(
            select_records().where(linked).order_by(monitoring_records.c.captured_at)
        ).mappings()
        return tuple(record_of(row, is_blind=False) for row in rows)

    def _links(self, condition: ColumnElement[bool]) -> tuple[MonitoringLink, ...]:
        rows = self._connection.execute(
            with_number(select(monitoring_links), monitoring_links.c.case_id)
            .where(condition)
            .order_by(monitoring_links.c.id)
        ).mappings()
        return tuple(MonitoringLink.of_row(row) for row in rows)

    def _log_case(
        self, event: Event, case: Case, actor: Actor, record: MonitoringRecord, **facts: object
    ) -> None:
        """Log the tie about the case as well: whoever replays its entries then misses no record."""
        act = self._act(actor, case.agency_id)
        act.record(event, subject("case", case.id), monitoring=str(record.id), **facts)

    def _log(self, event: Event, record: MonitoringRecord, actor: Actor, **facts: object) -> None:
        self._act(actor, record.agency_id).record(event, subject("monitoring", record.id), **facts)


def _traits(record: MonitoringRecord) -> Traits:
    place = None
    if record.lat_e7 is not None and record.lon_e7 is not None:
        place = (record.lat_e7, record.lon_e7)
    return Traits(plate=record.plate, party_code=record.party_code, place=place, at=record.captured_at)


def _suggestion(row: RowMapping, record: MonitoringRecord) -> Suggestion | None:
    bases = []
    if record.plate is not None and record.plate in row["plates"]:
        bases.append(LinkBasis.PLATE)
    if record.party_code is not None and record.party_code == row["party_code"]:
        bases.append(LinkBasis.PARTY_CODE)
    if _is_near(row, record):
        bases.append(LinkBasis.PLACE_TIME)
    if not bases:
        return None
    return Suggestion(
        case_id=row["id"],
        case_number=row["number"],
        party=row["party"],
        matter=row["matter"],
        bases=tuple(bases),
    )


def _is_near(row: RowMapping, record: MonitoringRecord) -> bool:
    if None in (row["lat_e7"], row["lon_e7"]) or record.lat_e7 is None or record.lon_e7 is None:
        return False
    apart = abs((row["occurred_at"] or row["opened_at"]) - record.captured_at)
    here, there = (record.lat_e7, record.lon_e7), (row["lat_e7"], row["lon_e7"])
    return apart <= NEAR_TIME and distance_m(here, there) <= NEAR_M
