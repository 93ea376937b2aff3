"""The supervision desk: audits from definition to draw, and who scores what was drawn."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.audit import draw_document
from api.console.form import day_start, local_time
from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.language import language_of
from api.console.recording import address
from api.console.view import HEADERS, ProblemView
from api.deps import After, Tx
from schemas.actor import Action, Subject, holds, may
from schemas.audit import DRAWN_STATES, STEPS, AuditIn, AuditKind, SourceIn, SourceKind
from schemas.custody import subject
from schemas.draw import detection, sample_size
from schemas.errors import EvidenceError
from schemas.ids import AccountId, AgencyId, AuditId
from schemas.refusals_request import REQUEST_INVALID
from schemas.words import Language
from storage.audit.values import Audit
from storage.store import Transaction

PAGE_ROWS = 50
BELOW = ("defect_permille", "confidence_permille")

router = APIRouter()


@router.get("/audits")
def audits(request: Request, tx: Tx, who: Visiting, after: After) -> Response:
    """Show a page of audits, newest first."""
    page = tx.audits.page(who.actor, after=after, limit=PAGE_ROWS)
    return who.page(
        request,
        "audits.html",
        here="audits",
        rows=page.rows,
        next_url=address("/console/audits", {"after": str(page.next)}) if page.next else None,
        may_define=holds(who.actor, Action.AUDIT_DEFINE),
    )


@router.get("/audits/new")
def new(request: Request, tx: Tx, who: Visiting) -> Response:
    """Show the form that defines an audit, with a sensible event filled in."""
    ahead = timedelta(seconds=max(tx.settings.randomness_lead_seconds, 60) + 120)
    typed = {"happens_at": _typed_time(tx.now + ahead), "defect": "5", "confidence": "95"}
    return _form(request, tx, who, None, typed)


def _typed_time(at: datetime) -> str:
    """Return a time as a form field in UTC+8 holds it, to the minute."""
    return (at + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M")


def _form(
    request: Request, tx: Transaction, who: Visitor, problem: ProblemView | None, typed: dict[str, str]
) -> Response:
    return who.page(
        request,
        "audit_new.html",
        status=200 if problem is None else 409,
        here="audits",
        problem=problem,
        typed=typed,
        targets=tx.audits.targets(who.actor),
        kinds=list(AuditKind),
        source_kinds=list(SourceKind),
        lead_minutes=-(-tx.settings.randomness_lead_seconds // 60),
    )


@router.post("/audits")
def define(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    title: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    target: Annotated[str, Form()] = "",
    from_day: Annotated[str, Form()] = "",
    until_day: Annotated[str, Form()] = "",
    defect: Annotated[str, Form()] = "5",
    confidence: Annotated[str, Form()] = "95",
    size: Annotated[str, Form()] = "",
    source: Annotated[str, Form()] = "",
    source_kind: Annotated[str, Form()] = "",
    happens_at: Annotated[str, Form()] = "",
) -> Response:
    """Define an audit; what was typed is kept when it cannot be."""
    typed = {
        "title": title.strip(), "kind": kind, "target": target, "from_day": from_day, "until_day": until_day,
        "defect": defect, "confidence": confidence, "size": size, "source": source.strip(),
        "source_kind": source_kind, "happens_at": happens_at,
    }  # fmt: skip
    try:
        wish = _wish(typed)
        with tx.attempt():
            made = tx.audits.define(who.actor, wish)
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a field is missing or wrong")
        return _form(request, tx, who, mistake(request, err), typed)
    except EvidenceError as err:
        return _form(request, tx, who, mistake(request, err), typed)
    return go(f"/console/audits/{made.id}")


def _wish(typed: dict[str, str]) -> AuditIn:
    start, end = day_start(typed["from_day"]), day_start(typed["until_day"], days=1)
    happens = local_time(typed["happens_at"])
    if start is None or end is None or happens is None:
        raise ValueError("a day or a time is missing")
    source = SourceIn(name=typed["source"], kind=SourceKind(typed["source_kind"]), happens_at=happens)
    return AuditIn(
        title=typed["title"],
        kind=AuditKind(typed["kind"]),
        target_agency_id=AgencyId(UUID(typed["target"])),
        from_at=start,
        until_at=end,
        defect_permille=round(float(typed["defect"]) * 10),
        confidence_permille=round(float(typed["confidence"]) * 10),
        size=int(typed["size"]) if typed["size"] else None,
        sources=[source],
    )


@router.get("/audits/{audit_id}")
def audit(request: Request, tx: Tx, who: Visiting, audit_id: AuditId) -> Response:
    """Show one audit: where it stands, how its size was chosen, the sample and its scores."""
    return _page(request, tx, who, audit_id)


def _page(  # noqa: PLR0917 - the last are what a form left behind
    request: Request,
    tx: Transaction,
    who: Visitor,
    audit_id: AuditId,
    problem: ProblemView | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    found = tx.audits.get(who.actor, audit_id)
    is_drawn = found.state in DRAWN_STATES
    eligible = tx.audits.eligible(who.actor, audit_id) if found.state is STEPS.begin.state else None
    entries = tx.custody.entries_for(subject("audit", audit_id))
    about = Subject(agency_id=found.agency_id)
    steps = [one for one in entries if one.entry.event.value not in ("audit:recheck", "audit:score")]
    sample = tx.audit_scores.drawn(who.actor, audit_id) if is_drawn else ()
    return who.page(
        request,
        "audit.html",
        status=200 if problem is None else 409,
        here="audits",
        audit=found,
        eligible=eligible,
        chosen=_chosen(found, eligible),
        sample=sample,
        is_rechecking=any(one.is_waiting for one in sample),
        inspectors=tx.audit_scores.inspectors(audit_id) if is_drawn else (),
        candidates=tx.audit_scores.candidates(who.actor, found) if is_drawn else (),
        standard=tx.audit_scores.standard(found),
        rectifications=tx.rectifications.of_audit(who.actor, audit_id),
        may_define=may(who.actor, Action.AUDIT_DEFINE, about, tx.now),
        steps=[
            row.name
            for row in STEPS.offered(found.state, lambda action: may(who.actor, action, about, tx.now))
        ],
        is_own_entry=found.entered_by_id == who.actor.id,
        may_score=who.actor.id in {one.id for one in tx.audit_scores.inspectors(audit_id)},
        positions=_positions(tx, found),
        entries=steps,
        names=tx.accounts.names(one.entry.actor for one in steps),
        problem=problem,
        typed=typed or {},
        now=tx.now,
        is_english=language_of(request.cookies) is Language.EN,
    )


def _chosen(found: Audit, eligible: int | None) -> dict[str, object] | None:
    """Return how large the sample is and what it promises, in per mille; None without a population."""
    count = found.population_count or eligible
    if not count:
        return None
    wanted = sample_size(
        count, defect_permille=found.defect_permille, confidence_permille=found.confidence_permille
    )
    size = min(found.size or wanted, count)
    bad = max(1, -(-count * found.defect_permille // 1000))
    return {
        "count": count,
        "size": size,
        "wanted": wanted,
        "reached": float(detection(count, bad, size) * 100),
        "defect": found.defect_permille / 10,
        "confidence": found.confidence_permille / 10,
    }


def _positions(tx: Transaction, found: Audit) -> dict[str, int | None]:
    entries = {
        "freeze": found.freeze_entry_id,
        "enter": found.enter_entry_id,
        "confirm": found.confirm_entry_id,
        "draw": found.draw_entry_id,
    }
    return {name: tx.custody.position(entry_id) for name, entry_id in entries.items() if entry_id}


def _step(  # noqa: PLR0917
    request: Request,
    tx: Transaction,
    who: Visitor,
    audit_id: AuditId,
    change: Callable[[], object],
    typed: dict[str, str] | None = None,
) -> Response:
    """Take one step and come back; a mistake shows the page again with what is wrong."""
    try:
        with tx.attempt():
            change()
    except EvidenceError as err:
        return _page(request, tx, who, audit_id, mistake(request, err), typed)
    return go(f"/console/audits/{audit_id}")


@router.post("/audits/{audit_id}/freeze")
def freeze(
    request: Request, tx: Tx, who: Acting, audit_id: AuditId, version: Annotated[int, Form()]
) -> Response:
    """Freeze the population."""
    return _step(request, tx, who, audit_id, lambda: tx.audits.freeze(who.actor, audit_id, version))


@router.post("/audits/{audit_id}/enter")
def enter(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    audit_id: AuditId,
    version: Annotated[int, Form()],
    value: Annotated[list[str], Form()],
) -> Response:
    """Enter what the public events gave."""
    typed = {"value": value[0] if value else ""}
    return _step(
        request, tx, who, audit_id, lambda: tx.audits.enter(who.actor, audit_id, value, version), typed
    )


@router.post("/audits/{audit_id}/confirm")
def confirm(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    audit_id: AuditId,
    version: Annotated[int, Form()],
    value: Annotated[list[str], Form()],
) -> Response:
    """Confirm the values by entering them again."""
    typed = {"value": value[0] if value else ""}
    return _step(
        request, tx, who, audit_id, lambda: tx.audits.confirm(who.actor, audit_id, value, version), typed
    )


@router.post("/audits/{audit_id}/draw")
def draw(
    request: Request, tx: Tx, who: Acting, audit_id: AuditId, version: Annotated[int, Form()]
) -> Response:
    """Draw the sample."""
    return _step(request, tx, who, audit_id, lambda: tx.audits.draw(who.actor, audit_id, version))


@router.post("/audits/{audit_id}/close")
def close(
    request: Request, tx: Tx, who: Acting, audit_id: AuditId, version: Annotated[int, Form()]
) -> Response:
    """End the audit."""
    return _step(request, tx, who, audit_id, lambda: tx.audits.close(who.actor, audit_id, version))


@router.post("/audits/{audit_id}/inspectors")
def assign(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    audit_id: AuditId,
    version: Annotated[int, Form()],
    account_id: Annotated[AccountId, Form()],
) -> Response:
    """Assign an inspector."""
    return _step(
        request,
        tx,
        who,
        audit_id,
        lambda: tx.audit_scores.assign(who.actor, audit_id, account_id, version),
    )


@router.get("/audits/{audit_id}/draw.json")
def draw_file(tx: Tx, who: Visiting, audit_id: AuditId) -> Response:
    """Answer with the file that `quancheng redraw` reads."""
    payload = draw_document(tx, who.actor, audit_id).model_dump_json()
    name = f'attachment; filename="draw-{audit_id}.json"'
    return Response(payload, media_type="application/json", headers={**HEADERS, "Content-Disposition": name})
