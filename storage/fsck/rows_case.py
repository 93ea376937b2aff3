"""What the leaves of a case make of its rows: values, handlers, ties, facts with their evidence, rounds, packages."""

from collections.abc import Iterator, Mapping

from schemas.base import parse_rfc3339
from schemas.case import CaseState
from schemas.leaves_procedure import CaseDecideListed
from schemas.leaves_review import ExportBuild, ExportFail
from schemas.leaves_scope import CaseConcludeProposed
from schemas.leaves_summary import CasePenaliseAlone
from schemas.life_inside import Accepted, Fact, Package, Round, Tie
from schemas.life_of_case import Bar, CaseLife, Scoped, SummaryLife
from schemas.life_procedure import DocumentLife, Taken
from schemas.reference import ident_of
from schemas.replay import Folded
from schemas.review import ReviewState
from storage.fsck.mirror import NOT_TOLD, Mirror, Told, ident, value_of
from storage.fsck.rows_annotation import annotation_mirrors, annotation_rows
from storage.tables.case import case_facts, case_handlers, case_links, cases, fact_evidence
from storage.tables.export import exports
from storage.tables.monitoring import monitoring_links
from storage.tables.procedure import case_decisions, case_documents, case_formalities
from storage.tables.recusal import recusals
from storage.tables.review import review_grounds, reviews
from storage.tables.scope import case_proposals, case_scopes
from storage.tables.summary import case_summaries

Row = Mapping[str, object]

_TIE = ("linked_by", "linked_at", "unlinked_by", "unlinked_at", "reason")

CASE_MIRRORS = (
    Mirror(
        cases,
        cases.c.id,
        (),
        (
            *("agency_id", "number", "party", "matter", "place", "party_code", "plates", "lat_e7", "lon_e7"),
            *(
                "occurred_at",
                "state",
                "version",
                "opened_by",
                "opened_at",
                "filed_at",
                "decided_at",
                "closed_at",
            ),
        ),
    ),
    Mirror(case_handlers, case_handlers.c.case_id, ("account_id",), ()),
    Mirror(case_links, case_links.c.case_id, ("recording_id",), ("document", *_TIE)),
    Mirror(monitoring_links, monitoring_links.c.case_id, ("monitoring_id",), ("basis", *_TIE)),
    Mirror(
        recusals,
        recusals.c.case_id,
        ("id",),
        (
            *("account_id", "ground", "reason", "barred_by", "barred_at"),
            *("lifted_by", "lifted_at", "lift_reason", "leaf"),
        ),
    ),
    Mirror(
        case_scopes,
        case_scopes.c.case_id,
        ("number", "kind"),
        ("applies", "ground", "answered_by", "answered_at"),
    ),
    Mirror(case_proposals, case_proposals.c.case_id, ("number",), ("outcome", "proposed_by", "proposed_at")),
    Mirror(
        case_documents,
        case_documents.c.case_id,
        ("id",),
        (
            *("formality", "title", "number", "dated", "recording_id", "filed_by", "filed_at"),
            *("withdrawn_by", "withdrawn_at", "withdraw_reason", "leaf"),
        ),
    ),
    Mirror(case_decisions, case_decisions.c.case_id, (), ("outcome", "penalties", "fine_fen", "decided_by")),
    Mirror(
        case_summaries,
        case_summaries.c.case_id,
        ("leaf",),
        (
            *("party_kind", "penalties", "fine_fen", "basis", "number", "made_at", "place", "officers"),
            *("certificates", "is_refused", "exception", "remark", "entered_by", "entered_at"),
            *("recorded_by", "recorded_at", "record_remark"),
            *("retracted_by", "retracted_at", "retract_reason"),
        ),
    ),
    Mirror(case_formalities, case_formalities.c.case_id, ("formality",), ("documents", "reason")),
    Mirror(
        case_facts,
        case_facts.c.case_id,
        ("id",),
        ("position", "text", "added_by", "added_at", "withdrawn_at"),
    ),
    Mirror(
        fact_evidence,
        case_facts.c.case_id,
        ("fact_id", "recording_id", "monitoring_id"),
        (
            *("added_by", "added_at", "removed_by", "removed_at", "acceptance_ground", "acceptance_verdict"),
            *("acceptance_text", "accepted_by", "accepted_at"),
        ),
        fact_evidence.join(case_facts, case_facts.c.id == fact_evidence.c.fact_id),
    ),
    Mirror(
        reviews,
        reviews.c.case_id,
        ("id",),
        (
            *("agency_id", "round", "state", "submitted_by", "submitted_at", "due_at", "evidence_sha256"),
            *("opinion", "statement", "reviewer_id", "given_at", "version"),
        ),
    ),
    Mirror(
        review_grounds,
        reviews.c.case_id,
        ("review_id", "position"),
        ("item", "subject", "text", "answer", "answered_by", "answered_at"),
        review_grounds.join(reviews, reviews.c.id == review_grounds.c.review_id),
    ),
    Mirror(
        exports,
        exports.c.case_id,
        ("id",),
        (
            *("agency_id", "requested_by", "state", "created_at", "ready_at", "object_key", "version_id"),
            *("size_bytes", "sha256", "tagmanifest_sha256", "failure"),
        ),
        digests=("chains", "hidden"),
    ),
    *annotation_mirrors("case_id"),
)


def case_rows(life: CaseLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a case make."""
    return {
        "cases": [_case(life, folded)],
        "case_handlers": [{"account_id": ident_of(one)} for one in life.handlers],
        "case_links": list(_ties(life, "recording")),
        "monitoring_links": list(_ties(life, "monitoring")),
        "recusals": [_bar(digest, one) for digest, one in life.bars.items()],
        "case_scopes": [row for one in life.scopes for row in _answers(one)],
        "case_proposals": [row for one in life.scopes for row in _proposal(one)],
        "case_documents": [_document(digest, one) for digest, one in life.documents.items()],
        "case_decisions": list(_decision(life)),
        "case_summaries": [_summary(digest, one) for digest, one in life.summaries.items()],
        "case_formalities": [row for one in (life.decision, life.closing) if one for row in _listed(one)],
        "case_facts": [_fact(name, fact) for name, fact in life.facts.items()],
        "fact_evidence": [row for name, fact in life.facts.items() for row in _proofs(name, fact)],
        "reviews": [_round(life, one, folded) for one in life.rounds],
        "review_grounds": [row for one in life.rounds for row in _grounds(one)],
        "exports": [_package(life, one) for one in life.packages.values()],
        **annotation_rows(life.beside),
    }


def _case(life: CaseLife, folded: Folded) -> Row:
    told = {
        name: value_of(life.values.get(name)) for name in ("number", "party", "matter", "place", "party_code")
    }
    plates = value_of(life.values.get("plates"))
    return {
        **told,
        **_point(life),
        "plates": plates if plates is NOT_TOLD else plates or (),
        "occurred_at": _moment(value_of(life.values.get("occurred_at"))),
        "agency_id": ident_of(life.agency),
        "state": life.state,
        "version": folded.versions.get(folded.of),
        "opened_by": ident_of(life.opened_by),
        "opened_at": life.moved_at.get(CaseState.LEAD),
        "filed_at": life.moved_at.get(CaseState.FILED),
        "decided_at": life.moved_at.get(CaseState.DECIDED),
        "closed_at": life.ended_at,
    }


def _point(life: CaseLife) -> Row:
    point = value_of(life.values.get("point"))
    if point is NOT_TOLD:
        return {"lat_e7": NOT_TOLD, "lon_e7": NOT_TOLD}
    known = point if isinstance(point, Mapping) else {}
    return {"lat_e7": known.get("lat_e7"), "lon_e7": known.get("lon_e7")}


def _moment(value: object) -> object:
    return parse_rfc3339(value) if isinstance(value, str) else value


def _ties(life: CaseLife, noun: str) -> Iterator[Row]:
    for name, last in life.ties.items():
        if name.startswith(f"{noun}/"):
            for tie in last.all():
                yield {f"{noun}_id": ident_of(name), "basis": tie.basis, "document": tie.paper, **_tie(tie)}


def _tie(tie: Tie) -> Row:
    return {
        "linked_by": tie.by,
        "linked_at": tie.at,
        "unlinked_by": tie.ended_by,
        "unlinked_at": tie.ended_at,
        "reason": value_of(tie.reason),
    }


def _bar(digest: str, one: Bar) -> Row:
    return {
        "id": ident_of(one.recusal),
        "account_id": ident_of(one.act.person),
        "ground": one.act.ground,
        "reason": value_of(one.act.reason),
        "barred_by": ident_of(one.by),
        "barred_at": one.at,
        "lifted_by": ident(one.lifted_by),
        "lifted_at": one.lifted_at,
        "lift_reason": None if one.lift_reason is None else value_of(one.lift_reason),
        "leaf": digest,
    }


def _answers(one: Scoped) -> Iterator[Row]:
    for answer in one.act.answers:
        yield {
            "number": one.n,
            "kind": answer.kind,
            "applies": answer.applies,
            "ground": value_of(answer.ground),
            "answered_by": ident_of(one.by),
            "answered_at": one.at,
        }


def _proposal(one: Scoped) -> Iterator[Row]:
    if isinstance(one.act, CaseConcludeProposed) and one.act.proposal is not None:
        by, at = ident_of(one.by), one.at
        yield {"number": one.n, "outcome": one.act.proposal, "proposed_by": by, "proposed_at": at}


def _document(digest: str, one: DocumentLife) -> Row:
    return {
        "id": ident_of(one.document),
        "formality": one.act.formality,
        "title": value_of(one.act.title),
        "number": None if one.act.number is None else value_of(one.act.number),
        "dated": value_of(one.act.dated),
        "recording_id": ident(one.act.recording),
        "filed_by": ident_of(one.by),
        "filed_at": one.at,
        "withdrawn_by": ident(one.withdrawn_by),
        "withdrawn_at": one.withdrawn_at,
        "withdraw_reason": None if one.withdraw_reason is None else value_of(one.withdraw_reason),
        "leaf": digest,
    }


def _decision(life: CaseLife) -> Iterator[Row]:
    taken = life.decision
    if taken is not None and isinstance(taken.act, CaseDecideListed):
        yield {
            "outcome": taken.act.outcome,
            "penalties": taken.act.penalties,
            "fine_fen": taken.act.fine_fen,
            "decided_by": ident_of(taken.by),
        }


def _summary(digest: str, one: SummaryLife) -> Row:
    return {
        "leaf": digest,
        "party_kind": one.act.party_kind,
        "penalties": one.act.penalties,
        "fine_fen": one.act.fine_fen,
        "basis": value_of(one.act.basis),
        "number": value_of(one.act.number),
        "made_at": one.act.made_at,
        "place": value_of(one.act.place),
        "officers": tuple(map(ident_of, one.act.officers)),
        "certificates": value_of(one.act.certificates),
        "is_refused": one.act.refused,
        "exception": value_of(one.act.exception) if isinstance(one.act, CasePenaliseAlone) else None,
        "remark": None if one.act.reason is None else value_of(one.act.reason),
        "entered_by": ident_of(one.by),
        "entered_at": one.at,
        "recorded_by": ident(one.recorded_by),
        "recorded_at": one.recorded_at,
        "record_remark": None if one.record_remark is None else value_of(one.record_remark),
        "retracted_by": ident(one.retracted_by),
        "retracted_at": one.retracted_at,
        "retract_reason": None if one.retract_reason is None else value_of(one.retract_reason),
    }


def _listed(taken: Taken) -> Iterator[Row]:
    for one in taken.act.formalities:
        why = None if one.why is None else value_of(one.why)
        yield {"formality": one.formality, "documents": one.documents, "reason": why}


def _fact(name: str, fact: Fact) -> Row:
    return {
        "id": ident_of(name),
        "position": fact.position,
        "text": value_of(fact.text),
        "added_by": fact.by,
        "added_at": fact.at,
        "withdrawn_at": fact.withdrawn_at,
    }


def _proofs(name: str, fact: Fact) -> Iterator[Row]:
    for evidence, proofs in (fact.proofs or {}).items():
        noun, _, one = evidence.partition("/")
        for proof in proofs:
            yield {
                "fact_id": ident_of(name),
                "recording_id": one if noun == "recording" else None,
                "monitoring_id": one if noun == "monitoring" else None,
                "added_by": proof.by,
                "added_at": proof.at,
                "removed_by": proof.ended_by,
                "removed_at": proof.ended_at,
                **_acceptance(proof.accepted),
            }


def _acceptance(told: Accepted | None) -> Row:
    return {
        "acceptance_ground": told and told.act.ground,
        "acceptance_verdict": told and told.act.verdict,
        "acceptance_text": told and value_of(told.act.text),
        "accepted_by": told and ident_of(told.by),
        "accepted_at": told and told.at,
    }


def _round(life: CaseLife, one: Round, folded: Folded) -> Row:
    return {
        "id": ident_of(one.review),
        "agency_id": ident_of(life.agency),
        "round": one.round,
        "state": ReviewState.OPEN if one.opinion is None else ReviewState.GIVEN,
        "submitted_by": ident_of(one.submitted_by),
        "submitted_at": one.submitted_at,
        "due_at": one.due_at,
        "evidence_sha256": one.evidence_sha256,
        "opinion": one.opinion,
        "statement": value_of(one.statement),
        "reviewer_id": ident(one.reviewer),
        "given_at": one.given_at,
        "version": folded.versions.get(one.review),
    }


def _grounds(one: Round) -> Iterator[Row]:
    for position, ground in enumerate(one.grounds, start=1):
        yield {
            "review_id": ident_of(one.review),
            "position": position,
            "item": ground.item,
            "subject": ground.subject,
            "text": value_of(ground.text),
            "answer": value_of(ground.answer),
            "answered_by": ident(ground.by),
            "answered_at": ground.at,
        }


def _package(life: CaseLife, one: Package) -> Row:
    built = one.ended if isinstance(one.ended, ExportBuild) else None
    failed = one.ended if isinstance(one.ended, ExportFail) else None
    return {
        "id": ident_of(one.export),
        "agency_id": ident_of(life.agency),
        "requested_by": ident_of(one.by),
        "state": one.state,
        "created_at": one.at,
        "ready_at": one.ended_at if built else None,
        **{
            name: getattr(built, name, None)
            for name in ("object_key", "version_id", "size_bytes", "sha256", "tagmanifest_sha256")
        },
        "failure": failed.code if failed else None,
        "chains": one.asked.chains_sha256,
        "hidden": one.asked.hidden_sha256,
    }
