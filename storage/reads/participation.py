"""How somebody took part in what they would do: in a case, in what an audit drew (`schemas.separation`)."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, and_, any_, cast, exists, func, or_, select

from schemas.event import Event
from schemas.ids import AccountId, AuditId, CaseId, MemberId
from schemas.monitoring import ReviewStage
from schemas.presence import PresenceAnswer
from schemas.reference import reference
from schemas.separation import Part
from storage.reads.summary import penalised_by
from storage.tables.actor import certificates
from storage.tables.audit import audit_sample
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.custody import custody_entries
from storage.tables.monitoring import monitoring_links, monitoring_opinions
from storage.tables.presence import presences
from storage.tables.recording import recordings
from storage.tables.recusal import recusals
from storage.tables.review import reviews
from storage.tables.scope import case_scopes
from storage.tables.summary import case_summaries

Idents = Select[tuple[Any]]
"""A query of ids, as a part of another."""

_LEADING = (
    Event.CASE_FILE,
    Event.CASE_REFUSE,
    Event.CASE_EXEMPT,
    Event.CASE_DECIDE,
    Event.CASE_RECORD,
    Event.CASE_ANNUL,
    Event.CASE_RESTORE,
)


def parts_of(connection: Connection, case_id: CaseId, account_id: AccountId) -> tuple[Part, ...]:
    """Return how an account took part in a case, by what is tied to it now."""
    case = select(cases.c.id).where(cases.c.id == case_id)
    return _told(connection, _parts(account_id, case, _tied(case)))


def cases_behind(connection: Connection, member_id: MemberId) -> tuple[str, ...]:
    """Return the names of the cases that a drawn member is, or is tied to now: chains in which a part may begin or end."""
    linked = select(case_links.c.case_id).where(
        case_links.c.recording_id == member_id, case_links.c.unlinked_at.is_(None)
    )
    found = select(cases.c.id).where(or_(cases.c.id == member_id, cases.c.id.in_(linked)))
    return tuple(reference("case", ident) for ident in connection.scalars(found))


def parts_in_sample(
    connection: Connection, audit_id: AuditId, account_id: AccountId, member_id: MemberId | None = None
) -> tuple[Part, ...]:
    """Return how an account took part in what an audit drew, or in one member: cases, or recordings and their cases."""
    drawn = select(audit_sample.c.member_id).where(audit_sample.c.audit_id == audit_id)
    if member_id is not None:
        drawn = drawn.where(audit_sample.c.member_id == member_id)
    linked = select(case_links.c.case_id).where(
        case_links.c.recording_id.in_(drawn), case_links.c.unlinked_at.is_(None)
    )
    within = select(cases.c.id).where(or_(cases.c.id.in_(drawn), cases.c.id.in_(linked)))
    evidence = select(recordings.c.id).where(
        or_(
            recordings.c.id.in_(drawn),
            recordings.c.id.in_(_tied(select(cases.c.id).where(cases.c.id.in_(drawn)))),
        )
    )
    return _told(connection, _parts(account_id, within, evidence))


def _told(connection: Connection, parts: dict[Part, ColumnElement[bool]]) -> tuple[Part, ...]:
    row = connection.execute(select(*(met.label(part.value) for part, met in parts.items()))).mappings().one()
    return tuple(part for part in Part if row[part.value])


def _tied(within: Idents) -> Idents:
    return select(case_links.c.recording_id).where(
        case_links.c.case_id.in_(within), case_links.c.unlinked_at.is_(None)
    )


def _parts(account_id: AccountId, within: Idents, evidence: Idents) -> dict[Part, ColumnElement[bool]]:
    """Return each part as a condition: of some cases, and of some recordings."""
    opened = exists().where(cases.c.id.in_(within), cases.c.opened_by == account_id)
    named = exists().where(case_handlers.c.case_id.in_(within), case_handlers.c.account_id == account_id)
    return {
        Part.CAPTURED: _captured(account_id, evidence),
        Part.HANDLES: or_(opened, named),
        Part.SUBMITTED: exists().where(reviews.c.case_id.in_(within), reviews.c.submitted_by == account_id),
        Part.CONCLUDED: exists().where(
            case_scopes.c.case_id.in_(within), case_scopes.c.answered_by == account_id
        ),
        Part.PENALISED: exists().where(case_summaries.c.case_id.in_(within), penalised_by(account_id)),
        Part.LED: _led(account_id, within),
        Part.JUDGED: _opined(account_id, within, ReviewStage.FIRST),
        Part.AGREED: _opined(account_id, within, ReviewStage.SECOND),
        Part.REVIEWED: exists().where(reviews.c.case_id.in_(within), reviews.c.reviewer_id == account_id),
        Part.BARRED: exists().where(
            recusals.c.case_id.in_(within),
            recusals.c.account_id == account_id,
            recusals.c.lifted_at.is_(None),
        ),
    }


def _captured(account_id: AccountId, evidence: Idents) -> ColumnElement[bool]:
    """Handed it in, is named by one of their certificates, past ones too, or confirmed to have been there."""
    certified = exists().where(
        certificates.c.account_id == account_id, certificates.c.number == any_(recordings.c.officers)
    )
    confirmed = exists().where(
        presences.c.manifest_id == recordings.c.manifest_id,
        presences.c.account_id == account_id,
        presences.c.state == PresenceAnswer.CONFIRMED.value,
    )
    return exists().where(
        recordings.c.id.in_(evidence), or_(recordings.c.account_id == account_id, certified, confirmed)
    )


def _led(account_id: AccountId, within: Idents) -> ColumnElement[bool]:
    """Filed, exempted, decided, recorded or ended it, or took it up again: the log says who, by its index of subjects."""
    subjects = select(func.concat("case/", cast(cases.c.id, Text))).where(cases.c.id.in_(within))
    return exists().where(
        custody_entries.c.subject.in_(subjects),
        custody_entries.c.event.in_([one.value for one in _LEADING]),
        custody_entries.c.actor == reference("account", account_id),
    )


def _opined(account_id: AccountId, within: Idents, stage: ReviewStage) -> ColumnElement[bool]:
    standing = and_(monitoring_links.c.case_id.in_(within), monitoring_links.c.unlinked_at.is_(None))
    return exists().where(
        standing,
        monitoring_opinions.c.monitoring_id == monitoring_links.c.monitoring_id,
        monitoring_opinions.c.stage == stage.value,
        monitoring_opinions.c.reviewer_id == account_id,
    )
