"""The supervision desk: audits from definition to draw, and who scores what was drawn."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple

from fastapi import Form, Query
from starlette.responses import Response

from api.audit import AssignIn, ValuesIn, draw_document
from api.console.audit_form import AssignForm, AuditForms, RetractForm, ValuesForm
from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, listed
from api.console.office import each_once
from api.console.typed import Change, Typed, VersionForm, W
from api.console.view import HEADERS
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.audit import DRAWN_STATES, STEPS, AuditReasonIn
from schemas.draw import detection, sample_size
from schemas.ids import AuditId, MemberId
from schemas.leaves_scoring import AuditRecheck, AuditScore
from schemas.office import Held, Office
from schemas.policy import Action
from schemas.randomness import near
from schemas.rectification import Rectification
from schemas.reference import reference
from schemas.standard import Standard
from schemas.words import Language
from storage.audit.values import Amendment, Audit, Drawn, Inspector, ValuesSaid
from storage.custody.values import Logged

router = pages()


class AuditsAsked(Asked):
    """In which order the list stands."""

    by: Annotated[Literal["title", "-title", "defined", "-defined"] | None, IGNORED] = None


@router.get("/audits")
def audits(visit: Visiting, asked: Annotated[AuditsAsked, Query()]) -> Response:
    """Show a page of audits, newest first."""
    page = visit.tx.audits.page(visit.actor, sort=asked.by, after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "audits.html",
        here="audits",
        listing=listed("/console/audits", asked, page, ("title", "defined")),
        may_define=visit.may(Action.AUDIT_DEFINE),
    )


@router.get("/audits/{audit_id}")
def audit(visit: Visiting, audit_id: AuditId) -> Response:
    """Show one audit: where it stands, how its size was chosen, the sample and its scores."""
    return audit_page(visit, audit_id)


def audit_page(visit: Visit, audit_id: AuditId, mistake: Mistake | None = None) -> Response:
    """Return the page of an audit, with a form of it shown again where something is wrong with it."""
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
        too_near=_too_near(visit, found),
        lead_minutes=lead_minutes(visit),
        may_see_result=tx.audit_results.may_see(actor, found),
        **told_of_audit(visit, found)._asdict(),
    )


def lead_minutes(visit: Visit) -> int:
    """Return how far ahead of the freeze the public event must lie at least, in whole minutes."""
    return -(-visit.tx.settings.randomness_lead_seconds // 60)


def _too_near(visit: Visit, found: Audit) -> list[str]:
    """Return the events of a draft that are over or too near for a freeze now: it has to be amended first."""
    if found.state is not STEPS.begin.state:
        return []
    return near(found.sources, visit.tx.now, timedelta(seconds=visit.tx.settings.randomness_lead_seconds))


class ToldAudit(NamedTuple):
    """What an audit's page says of it, and its print: where it stands, its size, its sample, its entries."""

    audit: Audit
    earlier: tuple[Amendment, ...]
    said: tuple[ValuesSaid, ...]
    eligible: int | None
    chosen: dict[str, object] | None
    sample: tuple[Drawn, ...]
    is_rechecking: bool
    inspectors: tuple[Inspector, ...]
    inspectors_wanted: int
    thirds: Mapping[MemberId, Inspector]
    wide: frozenset[MemberId]
    standard: Standard
    rectifications: tuple[Rectification, ...]
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
        earlier=tx.audit_drafts.earlier(audit_id) if visit.may(Action.AUDIT_DEFINE, found.agency_id) else (),
        said=tx.audit_values.said(found),
        eligible=eligible,
        chosen=_chosen(found, eligible),
        sample=sample,
        is_rechecking=any(one.is_waiting for one in sample),
        inspectors=inspectors,
        inspectors_wanted=tx.audits.terms(found).inspectors,
        thirds=tx.audit_scores.thirds(audit_id) if is_drawn else {},
        wide=_wide(visit, found) if is_drawn else frozenset(),
        standard=tx.audit_scores.standard(found),
        rectifications=tx.rectifications.of_audit(actor, audit_id),
        positions=_positions(visit, found),
        entries=logged,
        offices=offices,
        roles=each_once((one.leaf.actor, offices[one.leaf.id]) for one in logged),
        names=tx.accounts.names(actor, [one.leaf.actor for one in logged]),
        now=tx.now,
        is_english=visit.language is Language.EN,
    )


def _wide(visit: Visit, found: Audit) -> frozenset[MemberId]:
    """Return the files that a third person has to score, for whoever is told the points."""
    if not visit.tx.audit_results.may_see(visit.actor, found):
        return frozenset()
    return visit.tx.audit_ends.unsettled(found)


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


def change(visit: Visit, audit_id: AuditId, form: Typed[W], act: Callable[[W], object]) -> Response:
    """Take one step and come back to the audit."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: audit_page(visit, audit_id, mistake),
        then=to(f"/console/audits/{audit_id}"),
    )


@router.post("/audits/{audit_id}/freeze")
def freeze(visit: Acting, audit_id: AuditId, form: Annotated[VersionForm, Form()]) -> Response:
    """Freeze the population."""
    return change(visit, audit_id, form, lambda seen: visit.tx.audits.freeze(visit.actor, audit_id, seen))


@router.post("/audits/{audit_id}/enter")
def enter(visit: Acting, audit_id: AuditId, form: Annotated[ValuesForm, Form()]) -> Response:
    """Enter what the public events gave."""

    def act(asked: Change[ValuesIn]) -> None:
        visit.tx.audit_values.enter(visit.actor, audit_id, asked.wish.values, asked.seen)

    return change(visit, audit_id, form, act)


@router.post("/audits/{audit_id}/retract")
def retract(visit: Acting, audit_id: AuditId, form: Annotated[RetractForm, Form()]) -> Response:
    """Take back what one entered oneself."""

    def act(asked: Change[AuditReasonIn]) -> None:
        visit.tx.audit_values.retract(visit.actor, audit_id, *asked)

    return change(visit, audit_id, form, act)


@router.post("/audits/{audit_id}/confirm")
def confirm(visit: Acting, audit_id: AuditId, form: Annotated[ValuesForm, Form()]) -> Response:
    """Confirm the values by entering them again."""

    def act(asked: Change[ValuesIn]) -> None:
        visit.tx.audit_values.confirm(visit.actor, audit_id, asked.wish.values, asked.seen)

    return change(visit, audit_id, form, act)


@router.post("/audits/{audit_id}/draw")
def draw(visit: Acting, audit_id: AuditId, form: Annotated[VersionForm, Form()]) -> Response:
    """Draw the sample."""
    return change(visit, audit_id, form, lambda seen: visit.tx.audits.draw(visit.actor, audit_id, seen))


@router.post("/audits/{audit_id}/inspectors")
def assign(visit: Acting, audit_id: AuditId, form: Annotated[AssignForm, Form()]) -> Response:
    """Assign an inspector."""

    def act(asked: Change[AssignIn]) -> None:
        visit.tx.audit_scores.assign(visit.actor, audit_id, asked.wish.account_id, asked.seen)

    return change(visit, audit_id, form, act)


@router.get("/audits/{audit_id}/draw.json")
def draw_file(visit: Visiting, audit_id: AuditId) -> Response:
    """Answer with the file that `quancheng redraw` reads."""
    payload = draw_document(visit.tx, visit.actor, audit_id).model_dump_json()
    name = f'attachment; filename="draw-{audit_id}.json"'
    return Response(payload, media_type="application/json", headers={**HEADERS, "Content-Disposition": name})
