"""What the gates of a case's steps look at: facts to be proven, proofs, the last review round, answers of art. 58."""

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, tuple_

from schemas.acceptance import CARRIED
from schemas.case import CaseState
from schemas.case_gate import CaseFacts
from schemas.ids import CaseId
from schemas.integrity import Verdict
from schemas.monitoring import MonitoringState
from schemas.recording import RecordingState
from schemas.review import OpinionWord, ReviewState
from storage.reads.scope import scope_facts
from storage.reads.summary import summary_facts
from storage.tables.case import case_facts, case_links, cases, fact_evidence
from storage.tables.monitoring import monitoring_links, monitoring_records
from storage.tables.recording import recordings
from storage.tables.review import review_grounds, reviews


def gate_facts(connection: Connection, case_id: CaseId) -> CaseFacts:
    """Return what the gates of a case's steps look at now, but for what its agency asks beyond the law."""
    standing = and_(case_facts.c.case_id == case_id, case_facts.c.withdrawn_at.is_(None))
    facts = connection.execute(
        select(func.count(), func.count().filter(~proven(case_id))).select_from(case_facts).where(standing)
    ).one()
    state = connection.scalar(select(cases.c.state).where(cases.c.id == case_id))
    last = connection.execute(
        select(reviews.c.id, reviews.c.state, reviews.c.opinion)
        .where(reviews.c.case_id == case_id)
        .order_by(reviews.c.round.desc())
        .limit(1)
    ).one_or_none()
    unanswered = 0
    if last is not None and last.opinion in (OpinionWord.SUPPLEMENT, OpinionWord.REJECT):
        unanswered = connection.execute(
            select(func.count()).where(
                review_grounds.c.review_id == last.id, review_grounds.c.answer.is_(None)
            )
        ).scalar_one()
    return CaseFacts(
        is_passed=last is not None and last.opinion == OpinionWord.PASS,
        is_open=last is not None and last.state == ReviewState.OPEN,
        unanswered=unanswered,
        facts=facts[0],
        unproven=facts[1],
        is_reviewed=last is not None,
        is_exempt=state == CaseState.REVIEW_NOT_NEEDED,
        **scope_facts(connection, case_id),
        **summary_facts(connection, case_id),
    )


def proof_holds(case_id: CaseId) -> ColumnElement[bool]:
    """Return the condition under which a row of `fact_evidence` is linked now and proves something.

    A recording holds when it is sealed and verified, or sealed and accepted by a person at a verdict that is no worse
    now: a quarantined one proves nothing. A monitoring record holds when both of its reviewers found it valid.
    """
    recording = (
        exists()
        .where(
            recordings.c.id == fact_evidence.c.recording_id,
            recordings.c.state == RecordingState.SEALED,
            or_(recordings.c.verdict == Verdict.VERIFIED, _is_accepted()),
            case_links.c.recording_id == recordings.c.id,
            case_links.c.case_id == case_id,
            case_links.c.unlinked_at.is_(None),
        )
        .correlate(fact_evidence)
    )
    record = (
        exists()
        .where(
            monitoring_records.c.id == fact_evidence.c.monitoring_id,
            monitoring_records.c.state == MonitoringState.VALID,
            monitoring_links.c.monitoring_id == monitoring_records.c.id,
            monitoring_links.c.case_id == case_id,
            monitoring_links.c.unlinked_at.is_(None),
        )
        .correlate(fact_evidence)
    )
    return or_(recording, record)


def rests_on_word(case_id: CaseId) -> ColumnElement[bool]:
    """Return the condition under which a row of `fact_evidence` proves something by an acceptance alone."""
    recording = exists().where(
        recordings.c.id == fact_evidence.c.recording_id, recordings.c.verdict != Verdict.VERIFIED
    )
    return and_(proof_holds(case_id), recording.correlate(fact_evidence))


def _is_accepted() -> ColumnElement[bool]:
    return tuple_(fact_evidence.c.acceptance_verdict, recordings.c.verdict).in_(CARRIED)


def proven(case_id: CaseId) -> ColumnElement[bool]:
    """Return the condition under which a row of `case_facts` has evidence that holds."""
    return (
        exists()
        .where(
            fact_evidence.c.fact_id == case_facts.c.id,
            fact_evidence.c.removed_at.is_(None),
            proof_holds(case_id),
        )
        .correlate(case_facts)
    )
