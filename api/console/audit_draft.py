"""Drafts of audits: the form that defines one, and amends it until the freeze; and what drops it."""

from datetime import timedelta
from typing import Annotated

from fastapi import Form
from starlette.responses import Response

from api.console.apart import apart, version_of
from api.console.audit import change, lead_minutes
from api.console.audit_form import AmendForm, AuditForm, ReasonForm, amended, typed_time
from api.console.guard import Acting, Visiting
from api.console.typed import Change
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import pages
from schemas.audit import STEPS, AuditAmendIn, AuditKind, AuditReasonIn, AuditStep
from schemas.catalogue import words_of
from schemas.ids import AuditId
from schemas.policy import Action, Subject, require
from schemas.randomness import SourceKind

router = pages()


@router.get("/audits/new")
def new(visit: Visiting) -> Response:
    """Show the form that defines an audit, with a sensible event filled in."""
    require(visit.actor, Action.AUDIT_DEFINE, Subject(agency_id=visit.actor.agency_id), visit.tx.now)
    ahead = timedelta(seconds=max(visit.tx.settings.randomness_lead_seconds, 60) + 120)
    soon = (visit.tx.now + ahead).replace(second=0)
    return _form(visit, AuditForm(happens_at=typed_time(soon), defect="5", confidence="95"))


def _form(
    visit: Visit,
    form: AuditForm | AmendForm,
    mistake: Mistake | None = None,
    *,
    audit_id: AuditId | None = None,
) -> Response:
    audit = None if audit_id is None else visit.tx.audits.get(visit.actor, audit_id)
    said = {str(ident): name for ident, name in visit.tx.audit_drafts.targets(visit.actor)}
    said |= {one.value: words_of(one).spoken(visit.language) for one in (*AuditKind, *SourceKind)}
    return visit.page(
        "audit_new.html",
        apart=[] if audit is None else apart(mistake, AmendForm.of(audit), visit.language, said=said),
        version=None if audit is None else version_of(mistake, audit.version),
        mistake=mistake,
        here="audits",
        form=form,
        audit=audit,
        targets=visit.tx.audit_drafts.targets(visit.actor),
        kinds=list(AuditKind),
        source_kinds=list(SourceKind),
        lead_minutes=lead_minutes(visit),
    )


@router.post("/audits")
def define(visit: Acting, form: Annotated[AuditForm, Form()]) -> Response:
    """Define an audit; what was typed is kept when it cannot be."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.audit_drafts.define(visit.actor, wish),
        again=lambda mistake: _form(visit, form, mistake),
        then=lambda made: go(f"/console/audits/{made.id}"),
    )


@router.get("/audits/{audit_id}/edit")
def edit(visit: Visiting, audit_id: AuditId) -> Response:
    """Show the form that amends a draft, with what the draft says."""
    found = visit.tx.audits.get(visit.actor, audit_id)
    require(visit.actor, Action.AUDIT_DEFINE, Subject(agency_id=found.agency_id), visit.tx.now)
    STEPS.start(found.state, AuditStep.AMEND)
    return _form(visit, AmendForm.of(found), audit_id=audit_id)


@router.post("/audits/{audit_id}/amend")
def amend(visit: Acting, audit_id: AuditId, form: Annotated[AmendForm, Form()]) -> Response:
    """Say a draft anew; what was typed is kept when it cannot be."""

    def act(asked: Change[AuditAmendIn]) -> None:
        wish = amended(form, asked.wish, visit.tx.audits.get(visit.actor, audit_id))
        visit.tx.audit_drafts.amend(visit.actor, audit_id, wish, asked.seen)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _form(visit, form, mistake, audit_id=audit_id),
        then=to(f"/console/audits/{audit_id}"),
    )


@router.post("/audits/{audit_id}/drop")
def drop(visit: Acting, audit_id: AuditId, form: Annotated[ReasonForm, Form()]) -> Response:
    """Give a draft up."""

    def act(asked: Change[AuditReasonIn]) -> None:
        visit.tx.audit_drafts.drop(visit.actor, audit_id, *asked)

    return change(visit, audit_id, form, act)
