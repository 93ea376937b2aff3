"""Submitting a case to legal review: a new round, with a snapshot of what the case rests on."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.case import Case
from schemas.reference import reference
from schemas.review import STEPS, evidence_digest, evidence_document
from storage.act import Deed, fresh_id
from storage.reads.evidence import evidence_items
from storage.tables.case import case_facts
from storage.tables.review import reviews


class Submission(NamedTuple):
    """What the leaf says of a submission: the new round, when it is due, and the digest of its evidence, hex."""

    review: str
    round: int
    due_at: datetime
    evidence_sha256: HexDigest


def submit_round(
    connection: Connection, deed: Deed, case: Case, actor: Actor, *, due_at: datetime
) -> Submission:
    """Open the next round in an act that holds the case's chain, so that the snapshot and the state agree.

    Args:
        connection: The transaction in which the case has become `legal_review`.
        deed: The act; its next leaf is the submission's.
        case: The case as it was before.
        actor: Who submits.
        due_at: When the review is due.
    """
    facts = connection.scalars(
        select(case_facts.c.id).where(case_facts.c.case_id == case.id, case_facts.c.withdrawn_at.is_(None))
    ).all()
    document = evidence_document(evidence_items(connection, case.id), facts)
    digest = evidence_digest(document)
    last = connection.scalar(select(func.max(reviews.c.round)).where(reviews.c.case_id == case.id))
    review_id, number = fresh_id(), (last or 0) + 1
    connection.execute(
        insert(reviews).values(
            id=review_id,
            case_id=case.id,
            agency_id=case.agency_id,
            round=number,
            state=STEPS.begin.state,
            version=deed.next_number(reference("case", case.id)),
            submitted_by=actor.id,
            submitted_at=deed.at,
            due_at=due_at,
            evidence=document,
            evidence_sha256=digest,
        )
    )
    return Submission(reference("review", review_id), number, due_at, digest)
