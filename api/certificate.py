"""Certificates of people: what the register says of them, and what a custodian enters."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from api.deps import After, CurrentActor, Limit, Tx, Words
from api.etag import SeenVersion, tag
from api.route import Route
from schemas.base import Moment, WireOut
from schemas.certificate import (
    Certificate,
    CertificateIssueIn,
    CertificateNeed,
    CertificateStep,
    CertificateStepIn,
    CertificateVerifyIn,
    fact_at,
    was_valid,
)
from schemas.ids import AccountId, AgencyId, CertificateId
from schemas.leaves_certificate import CertificateState
from schemas.leaves_certificate_issue import CertificateKind
from storage.actor.certificate import CertificateFilter

router = APIRouter(prefix="/v1/certificates", tags=["certificate"], route_class=Route)


class CertificateQuery(BaseModel):
    """What narrows a list of certificates; `only`: what has to be done about them."""

    q: Words = None
    state: CertificateState | None = None
    agency: AgencyId | None = None
    only: CertificateNeed | None = None

    def wanted(self) -> CertificateFilter:
        """Return what is asked for."""
        return CertificateFilter(self.q, self.state, self.agency, self.only)


class PersonCertificateOut(WireOut):
    """A certificate; valid from the first time inclusive to the second exclusive, where its state was `valid`."""

    id: CertificateId
    account_id: AccountId
    holder: str
    agency_id: AgencyId
    agency_name: str
    number: str
    kind: CertificateKind
    valid_from: datetime
    valid_until: datetime
    state: CertificateState
    verified_at: datetime | None
    version: int


class CertificatesOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    certificates: list[PersonCertificateOut]
    next: str | None


class CertificateFactOut(WireOut):
    """`state` held in [`valid_from`, `valid_until`), as the register said in [`known_from`, `known_until`)."""

    state: CertificateState
    valid_from: datetime
    valid_until: datetime
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str


class CertificateDetailOut(WireOut):
    """A certificate with everything the register ever said of it, and what has to be done about it now."""

    certificate: PersonCertificateOut
    facts: list[CertificateFactOut]
    needs: list[CertificateNeed]


class StandingOut(WireOut):
    """How a certificate stood at a time, as known at another; no fact: the time lies outside its dates, or nobody knew."""

    at: datetime
    known: datetime
    is_valid: bool
    fact: CertificateFactOut | None


def _answer(tx: Tx, response: Response, found: Certificate) -> CertificateDetailOut:
    tag(response, found.version)
    return CertificateDetailOut(
        certificate=PersonCertificateOut.of(found),
        facts=[CertificateFactOut.of(one) for one in tx.certificates.facts(found.id)],
        needs=list(found.needs(tx.now, tx.agency_settings.certificate_terms(found.agency_id))),
    )


@router.get("", operation_id="listCertificates")
def certificates(
    tx: Tx, actor: CurrentActor, asked: Annotated[CertificateQuery, Query()], after: After, limit: Limit = 50
) -> CertificatesOut:
    """List the certificates of the agency's people, newest first."""
    page = tx.certificates.page(actor, asked.wanted(), after=after, limit=limit)
    rows = [PersonCertificateOut.of(one) for one in page.rows]
    return CertificatesOut(certificates=rows, next=page.next_text)


@router.post("", operation_id="issueCertificate", status_code=201)
def issue(tx: Tx, actor: CurrentActor, response: Response, wish: CertificateIssueIn) -> CertificateDetailOut:
    """Enter a certificate of a person (Administrative Penalty Law art. 42)."""
    return _answer(tx, response, tx.certificates.issue(actor, wish))


@router.get("/{certificate_id}", operation_id="getCertificate")
def certificate(
    tx: Tx, actor: CurrentActor, response: Response, certificate_id: CertificateId
) -> CertificateDetailOut:
    """Return one certificate."""
    return _answer(tx, response, tx.certificates.get(actor, certificate_id))


@router.get("/{certificate_id}/standing", operation_id="getCertificateStanding")
def standing(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    at: Moment | None = None,
    known: Moment | None = None,
) -> StandingOut:
    """Say how it stood at a time, as known at another: both are now where they are left out."""
    found = tx.certificates.get(actor, certificate_id)
    at, known = at or tx.now, known or tx.now
    facts = tx.certificates.facts(found.id)
    fact = fact_at(facts, at, known)
    return StandingOut(
        at=at,
        known=known,
        is_valid=was_valid(facts, at, known),
        fact=None if fact is None else CertificateFactOut.of(fact),
    )


@router.post("/{certificate_id}/suspend", operation_id="suspendCertificate")
def suspend(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    *,
    wish: CertificateStepIn,
    seen: SeenVersion,
    response: Response,
) -> CertificateDetailOut:
    """Suspend a certificate (暂扣) from a time on."""
    return _answer(
        tx, response, tx.certificates.step(actor, certificate_id, CertificateStep.SUSPEND, wish, seen)
    )


@router.post("/{certificate_id}/restore", operation_id="restoreCertificate")
def restore(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    *,
    wish: CertificateStepIn,
    seen: SeenVersion,
    response: Response,
) -> CertificateDetailOut:
    """Give a suspended or withdrawn certificate back from a time on; from the first of it: it always was valid."""
    return _answer(
        tx, response, tx.certificates.step(actor, certificate_id, CertificateStep.RESTORE, wish, seen)
    )


@router.post("/{certificate_id}/withdraw", operation_id="withdrawCertificate")
def withdraw(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    *,
    wish: CertificateStepIn,
    seen: SeenVersion,
    response: Response,
) -> CertificateDetailOut:
    """Withdraw a certificate (收回) from a time on."""
    return _answer(
        tx, response, tx.certificates.step(actor, certificate_id, CertificateStep.WITHDRAW, wish, seen)
    )


@router.post("/{certificate_id}/cancel", operation_id="cancelCertificate")
def cancel(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    *,
    wish: CertificateStepIn,
    seen: SeenVersion,
    response: Response,
) -> CertificateDetailOut:
    """Cancel a certificate (注销) from a time on, for good."""
    return _answer(
        tx, response, tx.certificates.step(actor, certificate_id, CertificateStep.CANCEL, wish, seen)
    )


@router.post("/{certificate_id}/verify", operation_id="verifyCertificate")
def verify(
    tx: Tx,
    actor: CurrentActor,
    certificate_id: CertificateId,
    *,
    wish: CertificateVerifyIn,
    seen: SeenVersion,
    response: Response,
) -> CertificateDetailOut:
    """Enter that a certificate passed its annual verification (年审)."""
    return _answer(tx, response, tx.certificates.verify(actor, certificate_id, wish, seen))
