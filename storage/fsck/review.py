"""The check of review rounds: what each rested on, held against the digest that the log took at its submission."""

import json
from collections.abc import Iterator

from sqlalchemy import Connection, Text, cast, select

from schemas.errors import Invalid
from schemas.fsck import Checked, Fault, FaultCode, Found, Part
from schemas.leaves_case import CaseSubmit
from schemas.reference import reference
from schemas.review import evidence_digest
from storage.fsck.reading import acts_of, leaves_about, pages
from storage.tables.review import reviews


def check_reviews(connection: Connection) -> Iterator[Found]:
    """Yield every round whose evidence is not what was submitted."""
    query = select(
        reviews.c.id,
        reviews.c.case_id,
        cast(reviews.c.evidence, Text).label("evidence"),
    )
    for page in pages(connection, query, reviews.c.id):
        leaves = leaves_about(connection, {reference("case", row.case_id) for row in page})
        for row in page:
            digest = _digest(row.evidence)
            about = reference("review", row.id)
            submitted = acts_of(leaves[reference("case", row.case_id)], CaseSubmit)
            logged = [act.evidence_sha256 for act in submitted if act.review == about]
            if logged and logged != [digest]:
                yield Fault(code=FaultCode.REVIEW_EVIDENCE_ALTERED, subject=about)
        yield Checked(part=Part.REVIEWS, count=len(page))


def _digest(document: str) -> str | None:
    """Return the digest of a kept document; None when it is none that could have been submitted."""
    try:
        return evidence_digest(json.loads(document))
    except (Invalid, AttributeError, TypeError, ValueError, RecursionError):
        return None
