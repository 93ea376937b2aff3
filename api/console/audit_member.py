"""What was drawn, one member at a time: its evidence, the pre-checks, two blind scores, and what must be mended."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.language import language_of
from api.console.view import ProblemView
from api.deps import Tx
from schemas.actor import Action, holds
from schemas.errors import EvidenceError
from schemas.findings import sentence
from schemas.ids import AuditId, MemberId
from schemas.integrity import CheckResult
from schemas.rectification import RectificationIn
from schemas.refusals_request import REQUEST_INVALID
from schemas.standard import ItemScore
from schemas.words import Language
from storage.store import Transaction

router = APIRouter()


@router.get("/audits/{audit_id}/members/{member_id}")
def member(request: Request, tx: Tx, who: Visiting, audit_id: AuditId, member_id: MemberId) -> Response:
    """Show a drawn member: its evidence, what the system found out, and the form to score it."""
    return _member(request, tx, who, audit_id, member_id)


def _member(  # noqa: PLR0917 - the last two are what a form left behind
    request: Request,
    tx: Transaction,
    who: Visitor,
    audit_id: AuditId,
    member_id: MemberId,
    problem: ProblemView | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = tx.audit_scores.member(who.actor, audit_id, member_id)
    language = language_of(request.cookies)
    case_id = tx.audit_scores.case_id_of(found.audit, member_id)
    return who.page(
        request,
        "audit_member.html",
        status=200 if problem is None else 409,
        here="audits",
        audit=found.audit,
        member=found,
        case=tx.cases.known(case_id) if case_id else None,
        may_see_case=case_id is not None and holds(who.actor, Action.CASE_VIEW),
        records=tx.monitoring_links.of_case(case_id) if case_id else (),
        standard=tx.audit_scores.standard(found.audit),
        pre_checks={one.item: (one.check, _said(one.check, language)) for one in found.pre_checks},
        rectifications=[
            one for one in tx.rectifications.of_audit(who.actor, audit_id) if one.member_id == member_id
        ],
        may_raise=found.may_score
        or any(one.is_own for one in found.scores)
        or holds(who.actor, Action.AUDIT_DEFINE),
        may_watch=holds(who.actor, Action.RECORDING_WATCH),
        problem=problem,
        typed=typed or {},
        is_english=language is Language.EN,
    )


def _said(check: CheckResult, language: Language) -> str:
    if not check.code:
        return ""
    text = sentence(check.code, check.params)
    return text.en if language is Language.EN else text.zh


@router.post("/audits/{audit_id}/members/{member_id}/scores")
def score(  # noqa: PLR0917 - form fields are named by the page; the three lists stand side by side
    request: Request,
    tx: Tx,
    who: Acting,
    audit_id: AuditId,
    member_id: MemberId,
    code: Annotated[list[str], Form()],
    points: Annotated[list[str], Form()],
    remark: Annotated[list[str], Form()],
) -> Response:
    """Give all points of a member, once."""
    typed = {f"points.{one}": value for one, value in zip(code, points, strict=False)}
    typed |= {f"remark.{one}": value for one, value in zip(code, remark, strict=False)}
    try:
        rows = list(zip(code, points, remark, strict=True))
        wish = [ItemScore(code=one, points=int(number), remark=text[:500]) for one, number, text in rows]
        with tx.attempt():
            tx.audit_scores.score(who.actor, audit_id, member_id, wish)
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a score is no number")
        return _member(request, tx, who, audit_id, member_id, mistake(request, err), typed)
    except EvidenceError as err:
        return _member(request, tx, who, audit_id, member_id, mistake(request, err), typed)
    return go(f"/console/audits/{audit_id}/members/{member_id}")


@router.post("/audits/{audit_id}/members/{member_id}/rectification")
def raise_rectification(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    audit_id: AuditId,
    member_id: MemberId,
    item_code: Annotated[str, Form(max_length=4)] = "",
    text: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Raise what was found on this member."""
    try:
        wish = RectificationIn(member_id=member_id, item_code=item_code, text=text.strip())
        with tx.attempt():
            made = tx.rectifications.raise_(who.actor, audit_id, wish)
    except ValidationError:
        err: EvidenceError = REQUEST_INVALID("say what was found")
        return _member(request, tx, who, audit_id, member_id, mistake(request, err), {"text": text})
    except EvidenceError as err:
        return _member(request, tx, who, audit_id, member_id, mistake(request, err), {"text": text})
    return go(f"/console/rectifications/{made.id}")
