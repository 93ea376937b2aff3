"""Cases, their handlers, and the dated ties to recordings."""

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Action, Actor, Subject, may, missing, scope
from schemas.base import Frozen
from schemas.case import Case, CaseIn, CaseLink, CaseState
from schemas.custody import CustodyEntry, Event, commitment, subject
from schemas.errors import Conflict, NotFound
from storage.custody import CustodyLog
from storage.tables import accounts, agencies, case_handlers, case_links, cases, recordings


class CasePage(Frozen):
    """A page of cases, newest first; `next` is the cursor of the following page."""

    rows: tuple[Case, ...]
    next: UUID | None


class Cases:
    """The matters evidence serves."""

    def __init__(self, connection: Connection, custody: CustodyLog, now: datetime) -> None:
        self._connection = connection
        self._custody = custody
        self._now = now

    def open(self, actor: Actor, wish: CaseIn) -> Case:
        """Open a case; who opens it becomes its first handler.

        Raises:
            Refused: the actor may not open cases.
            Conflict: the agency has a case of this number (slug `case-number-taken`).
        """
        if not may(actor, Action.CASE_OPEN, Subject(agency_id=actor.agency_id), self._now):
            raise missing(Action.CASE_OPEN)
        case_id: UUID | None = self._connection.scalar(
            insert(cases)
            .values(
                agency_id=actor.agency_id,
                state=CaseState.INVESTIGATING,
                opened_by=actor.id,
                opened_at=self._now,
                **wish.model_dump(),
            )
            .on_conflict_do_nothing()
            .returning(cases.c.id)
        )
        if case_id is None:
            raise Conflict("a case of this number is open already", slug="case-number-taken")
        self.add_handler(case_id, actor.id)
        self._log(Event.CASE_OPEN, case_id, actor.agency_id, actor.reference, {})
        return self.get(actor, case_id)

    def add_handler(self, case_id: UUID, account_id: UUID) -> None:
        """Name one more handler; naming one twice changes nothing."""
        self._connection.execute(
            insert(case_handlers).values(case_id=case_id, account_id=account_id).on_conflict_do_nothing()
        )

    def page(
        self, actor: Actor, *, number: str | None = None, after: UUID | None = None, limit: int = 50
    ) -> CasePage:
        """List cases the actor may see, newest first.

        Raises:
            Refused: the actor may not see cases at all.
        """
        allowed = scope(actor, Action.CASE_VIEW)
        if allowed.is_empty:
            raise missing(Action.CASE_VIEW)
        wanted = self._select().where(_within(actor, Action.CASE_VIEW))
        if number:
            wanted = wanted.where(cases.c.number.icontains(number, autoescape=True))
        if after:
            wanted = wanted.where(cases.c.id < after)
        rows = self._connection.execute(wanted.order_by(cases.c.id.desc()).limit(limit + 1)).mappings().all()
        shown = tuple(_value(row) for row in rows[:limit])
        return CasePage(rows=shown, next=shown[-1].id if len(rows) > limit else None)

    def get(self, actor: Actor, case_id: UUID) -> Case:
        """Return one case.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not see cases at all.
        """
        if scope(actor, Action.CASE_VIEW).is_empty:
            raise missing(Action.CASE_VIEW)
        row = (
            self._connection.execute(
                self._select().where(cases.c.id == case_id, _within(actor, Action.CASE_VIEW))
            )
            .mappings()
            .one_or_none()
        )
        if row is None:
            raise NotFound("no such case", slug="case-unknown")
        return _value(row)

    def _select(self) -> Select[tuple[object, ...]]:
        names = (
            select(func.array_agg(accounts.c.name))
            .join(case_handlers, case_handlers.c.account_id == accounts.c.id)
            .where(case_handlers.c.case_id == cases.c.id)
            .scalar_subquery()
        )
        linked = (
            select(func.count())
            .where(case_links.c.case_id == cases.c.id, case_links.c.unlinked_at.is_(None))
            .scalar_subquery()
        )
        return select(
            cases,
            agencies.c.name.label("agency_name"),
            func.coalesce(names, []).label("handlers"),
            linked.label("recordings"),
        ).join(agencies, agencies.c.id == cases.c.agency_id)

    def links(self, case_id: UUID) -> tuple[CaseLink, ...]:
        """Return every tie of a case, past ones included, oldest first."""
        return links_where(self._connection, case_links.c.case_id == case_id)

    def link(self, actor: Actor, case_id: UUID, recording_id: UUID) -> CaseLink:
        """Tie a recording to a case; doing it twice gives the tie that stands.

        Raises:
            NotFound: case or recording is not of one agency within the actor's scope.
            Refused: the actor may not link in this case.
        """
        case = self._writable(actor, case_id, Action.CASE_LINK)
        known = self._connection.scalar(
            select(recordings.c.id).where(
                recordings.c.id == recording_id, recordings.c.agency_id == case.agency_id
            )
        )
        if known is None:
            raise NotFound("no such recording in the agency of the case", slug="recording-unknown")
        link_recording(
            self._connection,
            self._custody,
            case_id=case_id,
            recording_id=recording_id,
            agency_id=case.agency_id,
            actor=actor.reference,
            at=self._now,
        )
        return links_where(
            self._connection,
            and_(
                case_links.c.case_id == case_id,
                case_links.c.recording_id == recording_id,
                case_links.c.unlinked_at.is_(None),
            ),
        )[0]

    def unlink(self, actor: Actor, case_id: UUID, recording_id: UUID, reason: str) -> None:
        """End a tie by a dated counter-entry; the log keeps a salted commitment of the reason.

        Raises:
            NotFound: no such tie stands.
            Refused: the actor may not link in this case.
        """
        case = self._writable(actor, case_id, Action.CASE_LINK)
        salt = secrets.token_bytes(16)
        ended: UUID | None = self._connection.scalar(
            update(case_links)
            .where(
                case_links.c.case_id == case_id,
                case_links.c.recording_id == recording_id,
                case_links.c.unlinked_at.is_(None),
            )
            .values(unlinked_at=self._now, unlinked_by=actor.reference, reason=reason, reason_salt=salt)
            .returning(case_links.c.id)
        )
        if ended is None:
            raise NotFound("the recording is not linked to this case", slug="case-link-unknown")
        facts = {"recording": str(recording_id), "reason": commitment(salt, reason)}
        self._log(Event.CASE_UNLINK, case_id, case.agency_id, actor.reference, facts)

    def _writable(self, actor: Actor, case_id: UUID, action: Action) -> Case:
        case = self.get(actor, case_id)
        if not may(
            actor, action, Subject(agency_id=case.agency_id, is_own=self._handles(actor, case_id)), self._now
        ):
            raise missing(action)
        return case

    def exportable(self, actor: Actor, case_id: UUID) -> Case:
        """Return a case the actor may export.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not export it.
        """
        return self._writable(actor, case_id, Action.CASE_EXPORT)

    def _handles(self, actor: Actor, case_id: UUID) -> bool:
        return bool(
            self._connection.scalar(
                select(
                    exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == actor.id)
                )
            )
        )

    def _log(self, event: Event, case_id: UUID, agency_id: UUID, actor: str, facts: dict[str, str]) -> None:
        entry = CustodyEntry(
            entry_id=uuid4(),
            event=event,
            actor=actor,
            subject=subject("case", case_id),
            at=self._now,
            facts=facts,
        )
        self._custody.append(entry, agency_id=agency_id)


def link_recording(
    connection: Connection,
    custody: CustodyLog,
    *,
    case_id: UUID,
    recording_id: UUID,
    agency_id: UUID,
    actor: str,
    at: datetime,
) -> None:
    """Insert a tie and its custody entry; nothing happens when it stands already."""
    made = connection.scalar(
        insert(case_links)
        .values(case_id=case_id, recording_id=recording_id, linked_by=actor, linked_at=at)
        .on_conflict_do_nothing()
        .returning(case_links.c.id)
    )
    if made is None:
        return
    entry = CustodyEntry(
        entry_id=uuid4(),
        event=Event.CASE_LINK,
        actor=actor,
        subject=subject("case", case_id),
        at=at,
        facts={"recording": str(recording_id)},
    )
    custody.append(entry, agency_id=agency_id)


def links_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[CaseLink, ...]:
    """Return the ties that meet `condition`, oldest first."""
    rows = connection.execute(
        select(case_links, cases.c.number.label("case_number"))
        .join(cases, cases.c.id == case_links.c.case_id)
        .where(condition)
        .order_by(case_links.c.id)
    ).mappings()
    return tuple(CaseLink.model_validate({f: row[f] for f in CaseLink.model_fields}) for row in rows)


def _within(actor: Actor, action: Action) -> ColumnElement[bool]:
    allowed = scope(actor, action)
    inside = cases.c.agency_id.in_(sorted(allowed.agency_ids))
    if not allowed.own_only:
        return inside
    own = exists().where(case_handlers.c.case_id == cases.c.id, case_handlers.c.account_id == actor.id)
    return and_(inside, own)


def _value(row: RowMapping) -> Case:
    fields = {field: row[field] for field in Case.model_fields}
    fields |= {"state": CaseState(row["state"]), "handlers": tuple(row["handlers"])}
    return Case.model_validate(fields)
