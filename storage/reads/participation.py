"""Who took part in what they would judge: in the investigation of a case, in what an audit drew."""

from sqlalchemy import Connection, and_, any_, exists, or_, select

from schemas.ids import AccountId, AuditId, CaseId
from schemas.review import Part
from storage.tables.actor import certificates
from storage.tables.audit import audit_rechecks, audit_sample
from storage.tables.case import case_handlers, case_links, cases
from storage.tables.recording import recordings
from storage.tables.review import reviews


def parts_of(connection: Connection, case_id: CaseId, account_id: AccountId) -> tuple[Part, ...]:
    """Return how an account took part in the investigation of a case.

    Captured: it sent a recording that is linked, or one of its certificates, past ones too, is among the
    officers of one. Handles: it opened the case or is named as a handler. Submitted: any round.
    """
    standing = and_(
        case_links.c.case_id == case_id,
        case_links.c.unlinked_at.is_(None),
        case_links.c.recording_id == recordings.c.id,
    )
    certified = exists().where(
        certificates.c.account_id == account_id, certificates.c.number == any_(recordings.c.officers)
    )
    handled = exists().where(case_handlers.c.case_id == case_id, case_handlers.c.account_id == account_id)
    opened = exists().where(cases.c.id == case_id, cases.c.opened_by == account_id)
    row = connection.execute(
        select(
            exists().where(standing, or_(recordings.c.account_id == account_id, certified)).label("captured"),
            or_(handled, opened).label("handles"),
            exists()
            .where(reviews.c.case_id == case_id, reviews.c.submitted_by == account_id)
            .label("submitted"),
        )
    ).one()
    return tuple(part for part in Part if getattr(row, part.value))


def took_part_in_sample(connection: Connection, audit_id: AuditId, account_id: AccountId) -> bool:
    """Say whether an account captured, handled or reviewed something that an audit drew."""
    numbers = connection.scalars(
        select(certificates.c.number).where(certificates.c.account_id == account_id)
    ).all()
    captured = exists().where(
        audit_rechecks.c.audit_id == audit_id,
        recordings.c.id == audit_rechecks.c.recording_id,
        or_(
            recordings.c.account_id == account_id,
            recordings.c.officers.overlap(list(numbers)),
        ),
    )
    handled = exists().where(
        audit_sample.c.audit_id == audit_id,
        case_handlers.c.case_id == audit_sample.c.member_id,
        case_handlers.c.account_id == account_id,
    )
    reviewed = exists().where(
        audit_sample.c.audit_id == audit_id,
        reviews.c.case_id == audit_sample.c.member_id,
        reviews.c.reviewer_id == account_id,
    )
    return bool(connection.scalar(select(or_(captured, handled, reviewed))))
