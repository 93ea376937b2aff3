"""Submitting a case to legal review: a new round, with a snapshot of what the case rests on."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.case import Case
from schemas.ids import ReviewId
from schemas.review import STEPS, evidence_digest, evidence_document
from storage.reads.evidence import evidence_items
from storage.tables.case import case_facts
from storage.tables.review import reviews


class Submission(NamedTuple):
    """What the log says of a submission: the new round and the digest of its evidence, hex."""

    review_id: ReviewId
    round: int
    evidence_sha256: HexDigest


def submit_round(
    connection: Connection, case: Case, actor: Actor, *, at: datetime, due_at: datetime
) -> Submission:
    """Open the next round; the caller holds the case's lock, so that the snapshot and the state agree.

    Args:
        connection: The transaction in which the case has become `legal_review`.
        case: The case as it was before.
        actor: Who submits.
        at: Time of the submission.
        due_at: When the review is due.
    """
    facts = connection.scalars(
        select(case_facts.c.id).where(case_facts.c.case_id == case.id, case_facts.c.withdrawn_at.is_(None))
    ).all()
    document = evidence_document(evidence_items(connection, case.id), facts)
    digest = evidence_digest(document)
    last = connection.scalar(select(func.max(reviews.c.round)).where(reviews.c.case_id == case.id))
    row = connection.execute(
        insert(reviews)
        .values(
            case_id=case.id,
            agency_id=case.agency_id,
            round=(last or 0) + 1,
            state=STEPS.begin.state,
            submitted_by=actor.id,
            submitted_at=at,
            due_at=due_at,
            evidence=document,
            evidence_sha256=digest,
        )
        .returning(reviews.c.id, reviews.c.round)
    ).one()
    return Submission(row.id, row.round, digest)
