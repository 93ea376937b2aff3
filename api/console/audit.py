"""The supervision desk: audits from definition to draw, and who scores what was drawn."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from api.audit import AssignIn, ValuesIn, draw_document
from api.console.audit_form import AssignForm, AuditForm, AuditForms, ValuesForm
from api.console.form import ZONE
from api.console.guard import Acting, Visiting
from api.console.listing import PAGE_ROWS, Asked, listed
from api.console.office import each_once
from api.console.typed import Change, Typed, VersionForm, W
from api.console.view import HEADERS
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import Route
from schemas.audit import DRAWN_STATES, STEPS, AuditKind, SourceKind
from schemas.draw import detection, sample_size
from schemas.ids import AuditId
from schemas.leaves_audit import AuditRecheck, AuditScore
from schemas.office import Held, Office
from schemas.policy import Action, Subject, require
from schemas.rectification import Rectification
from schemas.reference import reference
from schemas.standard import Standard
from schemas.words import Language
from storage.audit.values import Audit, Drawn, Inspector
from storage.custody.values import Logged

router = APIRouter(route_class=Route)


@router.get("/audits")
def audits(visit: Visiting, asked: Annotated[Asked, Query()]) -> Response:
    """Show a page of audits, newest first."""
    page = visit.tx.audits.page(visit.actor, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "audits.html",
        here="audits",
        listing=listed("/console/audits", asked, page),
        may_define=visit.may(Action.AUDIT_DEFINE),
    )


@router.get("/audits/new")
def new(visit: Visiting) -> Response:
    """Show the form that defines an audit, with a sensible event filled in."""
    require(visit.actor, Action.AUDIT_DEFINE, Subject(agency_id=visit.actor.agency_id), visit.tx.now)
    ahead = timedelta(seconds=max(visit.tx.settings.randomness_lead_seconds, 60) + 120)
    form = AuditForm(happens_at=_typed_time(visit.tx.now + ahead), defect="5", confidence="95")
    return _new(visit, form)


def _typed_time(at: datetime) -> str:
    """Return a time as a form field in UTC+8 holds it, to the minute."""
    return at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")


def _new(visit: Visit, form: AuditForm, mistake: Mistake | None = None) -> Response:
    return visit.page(
        "audit_new.html",
        mistake=mistake,
        here="audits",
        form=form,
        targets=visit.tx.audits.targets(visit.actor),
        kinds=list(AuditKind),
        source_kinds=list(SourceKind),
        lead_minutes=-(-visit.tx.settings.randomness_lead_seconds // 60),
    )


@router.post("/audits")
def define(visit: Acting, form: Annotated[AuditForm, Form()]) -> Response:
    """Define an audit; what was typed is kept when it cannot be."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.audits.define(visit.actor, wish),
        again=lambda mistake: _new(visit, form, mistake),
        then=lambda made: go(f"/console/audits/{made.id}"),
    )


@router.get("/audits/{audit_id}")
def audit(visit: Visiting, audit_id: AuditId) -> Response:
    """Show one audit: where it stands, how its size was chosen, the sample and its scores."""
    return _page(visit, audit_id)


def _page(visit: Visit, audit_id: AuditId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.audits.get(actor, audit_id)
    is_drawn = found.state in DRAWN_STATES
    return visit.page(
        "audit.html",
        forms=AuditForms,
        mistake=mistake,
        here="audits",
        candidates=tx.audit_scores.offered(actor, found) if is_drawn else (),
        may_define=visit.may(Action.AUDIT_DEFINE, found.agency_id),
        steps=[
            row.name for row in STEPS.offered(found.state, lambda action: visit.may(action, found.agency_id))
        ],
        is_own_entry=found.entered_by_id == actor.id,
        **told_of_audit(visit, found)._asdict(),
    )


class ToldAudit(NamedTuple):
    """What an audit's page says of it, and its print: where it stands, its size, its sample, its entries."""

    audit: Audit
    eligible: int | None
    chosen: dict[str, object] | None
    sample: tuple[Drawn, ...]
    is_rechecking: bool
    inspectors: tuple[Inspector, ...]
    inspectors_wanted: int
    standard: Standard
    rectifications: tuple[Rectification, ...]
    may_score: bool
    positions: dict[str, int | None]
    entries: list[Logged]
    offices: Mapping[str, Held]
    roles: list[tuple[str, Office]]
    names: dict[str, str]
    now: datetime
    is_english: bool


def told_of_audit(visit: Visit, found: Audit) -> ToldAudit:
    """Read what this visitor is told of an audit."""
    tx, actor, audit_id = visit.tx, visit.actor, found.id
    is_drawn = found.state in DRAWN_STATES
    eligible = tx.audits.eligible(actor, audit_id) if found.state is STEPS.begin.state else None
    entries = tx.custody.entries_for(reference("audit", audit_id))
    logged = [one for one in entries if not isinstance(one.act, (AuditRecheck, AuditScore))]
    offices = tx.offices.of(logged)
    sample = tx.audit_scores.drawn(actor, audit_id) if is_drawn else ()
    inspectors = tx.audit_scores.inspectors(audit_id) if is_drawn else ()
    return ToldAudit(
        audit=found,
        eligible=eligible,
        chosen=_chosen(found, eligible),
        sample=sample,
        is_rechecking=any(one.is_waiting for one in sample),
        inspectors=inspectors,
        inspectors_wanted=tx.audits.terms(found).inspectors,
        standard=tx.audit_scores.standard(found),
        rectifications=tx.rectifications.of_audit(actor, audit_id),
        may_score=actor.id in {one.id for one in inspectors},
        positions=_positions(visit, found),
        entries=logged,
        offices=offices,
        roles=each_once((one.leaf.actor, offices[one.leaf.id]) for one in logged),
        names=tx.accounts.names(actor, [one.leaf.actor for one in logged]),
        now=tx.now,
        is_english=visit.language is Language.EN,
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


def _positions(visit: Visit, found: Audit) -> dict[str, int | None]:
    entries = {
        "freeze": found.freeze_entry_id,
        "enter": found.enter_entry_id,
        "confirm": found.confirm_entry_id,
        "draw": found.draw_entry_id,
    }
    return {name: visit.tx.custody.position(entry_id) for name, entry_id in entries.items() if entry_id}


def _change(visit: Visit, audit_id: AuditId, form: Typed[W], act: Callable[[W], object]) -> Response:
    """Take one step and come back to the audit."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, audit_id, mistake),
        then=to(f"/console/audits/{audit_id}"),
    )


@router.post("/audits/{audit_id}/freeze")
def freeze(visit: Acting, audit_id: AuditId, form: Annotated[VersionForm, Form()]) -> Response:
    """Freeze the population."""
    return _change(visit, audit_id, form, lambda seen: visit.tx.audits.freeze(visit.actor, audit_id, seen))


@router.post("/audits/{audit_id}/enter")
def enter(visit: Acting, audit_id: AuditId, form: Annotated[ValuesForm, Form()]) -> Response:
    """Enter what the public events gave."""

    def act(asked: Change[ValuesIn]) -> None:
        visit.tx.audits.enter(visit.actor, audit_id, asked.wish.values, asked.seen)

    return _change(visit, audit_id, form, act)


@router.post("/audits/{audit_id}/confirm")
def confirm(visit: Acting, audit_id: AuditId, form: Annotated[ValuesForm, Form()]) -> Response:
    """Confirm the values by entering them again."""

    def act(asked: Change[ValuesIn]) -> None:
        visit.tx.audits.confirm(visit.actor, audit_id, asked.wish.values, asked.seen)

    return _change(visit, audit_id, form, act)


@router.post("/audits/{audit_id}/draw")
def draw(visit: Acting, audit_id: AuditId, form: Annotated[VersionForm, Form()]) -> Response:
    """Draw the sample."""
    return _change(visit, audit_id, form, lambda seen: visit.tx.audits.draw(visit.actor, audit_id, seen))


@router.post("/audits/{audit_id}/close")
def close(visit: Acting, audit_id: AuditId, form: Annotated[VersionForm, Form()]) -> Response:
    """End the audit."""
    return _change(visit, audit_id, form, lambda seen: visit.tx.audits.close(visit.actor, audit_id, seen))


@router.post("/audits/{audit_id}/inspectors")
def assign(visit: Acting, audit_id: AuditId, form: Annotated[AssignForm, Form()]) -> Response:
    """Assign an inspector."""

    def act(asked: Change[AssignIn]) -> None:
        visit.tx.audit_scores.assign(visit.actor, audit_id, asked.wish.account_id, asked.seen)

    return _change(visit, audit_id, form, act)


@router.get("/audits/{audit_id}/draw.json")
def draw_file(visit: Visiting, audit_id: AuditId) -> Response:
    """Answer with the file that `quancheng redraw` reads."""
    payload = draw_document(visit.tx, visit.actor, audit_id).model_dump_json()
    name = f'attachment; filename="draw-{audit_id}.json"'
    return Response(payload, media_type="application/json", headers={**HEADERS, "Content-Disposition": name})
