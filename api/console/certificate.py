"""The custodian's desk: certificates of the agency's people, what runs out, and what was known when."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Form, Query
from starlette.responses import Response

from api.console.certificate_form import (
    CancelForm,
    CertificateForms,
    CertificateIssueForm,
    RegisterForms,
    RestoreForm,
    SuspendForm,
    VerifyForm,
    WithdrawForm,
)
from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, listed
from api.console.typed import Change, Typed, W
from api.console.visit import Mistake, Visit, go, submit, to
from api.route import pages
from schemas.certificate import (
    STEPS,
    VERIFIABLE,
    CertificateNeed,
    CertificateStep,
    CertificateStepIn,
)
from schemas.ids import CertificateId
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from schemas.policy import Action
from schemas.reference import reference
from storage.actor.certificate import CertificateFilter

router = pages()
_PATH = "/console/certificates"


class CertificateFilters(Asked):
    """The filters of the list."""

    q: Sought = ""
    state: Annotated[CertificateState | None, IGNORED] = None
    only: Annotated[CertificateNeed | None, IGNORED] = None

    def wanted(self) -> CertificateFilter:
        """Return what is asked for."""
        return CertificateFilter(self.q or None, self.state, None, self.only)


@router.get("/certificates")
def certificates(visit: Visiting, asked: Annotated[CertificateFilters, Query()]) -> Response:
    """List the certificates of the agency's people."""
    return _list(visit, asked)


def _list(visit: Visit, asked: CertificateFilters, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    page = tx.certificates.page(actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    may_keep = visit.holds(Action.CERTIFICATE_KEEP)
    return visit.page(
        "certificates.html",
        forms=RegisterForms,
        mistake=mistake,
        here="certificates",
        listing=listed(_PATH, asked, page),
        states=list(CertificateState),
        needs=list(CertificateNeed),
        terms=tx.agency_settings.certificate_terms(actor.agency_id),
        kinds=list(CertificateKind),
        may_keep=may_keep,
        holders=tx.certificates.holders(actor) if may_keep else (),
        now=tx.now,
    )


@router.post("/certificates")
def issue(visit: Acting, form: Annotated[CertificateIssueForm, Form()]) -> Response:
    """Enter a certificate; what was typed is kept when it cannot be."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.certificates.issue(visit.actor, wish),
        again=lambda mistake: _list(visit, CertificateFilters(), mistake),
        then=lambda made: go(f"{_PATH}/{made.id}"),
    )


@router.get("/certificates/{certificate_id}")
def certificate(visit: Visiting, certificate_id: CertificateId) -> Response:
    """Show one certificate: how it stands, what may be done, what was known when."""
    return _page(visit, certificate_id)


def _page(visit: Visit, certificate_id: CertificateId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.certificates.get(actor, certificate_id)
    entries = list(tx.custody.entries_for(reference("certificate", certificate_id)))
    return visit.page(
        "certificate.html",
        forms=CertificateForms,
        mistake=mistake,
        here="certificates",
        certificate=found,
        facts=tx.certificates.facts(certificate_id),
        needs=found.needs(tx.now, tx.agency_settings.certificate_terms(actor.agency_id)),
        steps=STEPS.offered(found.state, lambda action: visit.may(action, found.agency_id)),
        may_verify=visit.may(Action.CERTIFICATE_KEEP, found.agency_id) and found.state in VERIFIABLE,
        entries=entries,
        names=tx.accounts.names(actor, [one.leaf.actor for one in entries]),
        now=tx.now,
    )


def _change(
    visit: Visit, certificate_id: CertificateId, form: Typed[W], act: Callable[[W], object]
) -> Response:
    """Make one change of a certificate and come back to it."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, certificate_id, mistake),
        then=to(f"{_PATH}/{certificate_id}"),
    )


def _step(
    visit: Visit,
    certificate_id: CertificateId,
    form: Typed[Change[CertificateStepIn]],
    step: CertificateStep,
) -> Response:
    return _change(
        visit,
        certificate_id,
        form,
        lambda asked: visit.tx.certificates.step(visit.actor, certificate_id, step, *asked),
    )


@router.post("/certificates/{certificate_id}/suspend")
def suspend(visit: Acting, certificate_id: CertificateId, form: Annotated[SuspendForm, Form()]) -> Response:
    """Suspend a certificate from a time on; empty means now."""
    return _step(visit, certificate_id, form, CertificateStep.SUSPEND)


@router.post("/certificates/{certificate_id}/restore")
def restore(visit: Acting, certificate_id: CertificateId, form: Annotated[RestoreForm, Form()]) -> Response:
    """Give a certificate back."""
    return _step(visit, certificate_id, form, CertificateStep.RESTORE)


@router.post("/certificates/{certificate_id}/withdraw")
def withdraw(visit: Acting, certificate_id: CertificateId, form: Annotated[WithdrawForm, Form()]) -> Response:
    """Withdraw a certificate."""
    return _step(visit, certificate_id, form, CertificateStep.WITHDRAW)


@router.post("/certificates/{certificate_id}/cancel")
def cancel(visit: Acting, certificate_id: CertificateId, form: Annotated[CancelForm, Form()]) -> Response:
    """Cancel a certificate for good."""
    return _step(visit, certificate_id, form, CertificateStep.CANCEL)


@router.post("/certificates/{certificate_id}/verify")
def verify(visit: Acting, certificate_id: CertificateId, form: Annotated[VerifyForm, Form()]) -> Response:
    """Enter an annual verification."""
    return _change(
        visit,
        certificate_id,
        form,
        lambda asked: visit.tx.certificates.verify(visit.actor, certificate_id, *asked),
    )
