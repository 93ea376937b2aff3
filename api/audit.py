"""Supervision audits: define, freeze, enter and confirm public randomness, draw, score – and repeat the draw."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from api.deps import After, CurrentActor, Limit, Tx
from api.etag import SeenVersion, tag
from api.route import Route
from schemas.audit import (
    DRAWN_STATES,
    AuditAmendIn,
    AuditCloseIn,
    AuditIn,
    AuditKind,
    AuditReasonIn,
    AuditState,
    AuditStep,
    DrawFile,
)
from schemas.base import HexOut, WireIn, WireOut
from schemas.consistency import TRUST_REACH
from schemas.ids import AccountId, AgencyId, AuditId, MemberId
from schemas.note import encode64
from schemas.policy import Action, Subject, may
from schemas.randomness import SourceKind
from schemas.refusals_audit import AUDIT_NOT_DRAWN, AUDIT_NOT_LOGGED
from storage.audit.values import Audit
from storage.transaction import Transaction

router = APIRouter(prefix="/v1/audits", tags=["audit"], route_class=Route)


class SourceOut(WireOut):
    """A named public event."""

    name: str
    kind: SourceKind
    encoding: str
    happens_at: datetime


class AuditOut(WireOut):
    """An audit. `values` are empty until a second person has confirmed them, and then in their canonical forms."""

    id: AuditId
    title: str
    kind: AuditKind
    state: AuditState
    target_agency_id: AgencyId
    target_agency_name: str
    from_at: datetime
    until_at: datetime
    defect_permille: int
    confidence_permille: int
    size: int | None
    population_count: int | None
    population_root: HexOut | None
    plan_sha256: str | None
    seed: HexOut | None
    sources: list[SourceOut]
    values: list[str]
    defined_by: str
    defined_at: datetime
    frozen_at: datetime | None
    entered_by: str | None
    entered_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None
    drawn_at: datetime | None
    dropped_by: str | None
    dropped_at: datetime | None
    drop_reason: str | None
    closed_by: str | None
    closed_at: datetime | None
    close_missing: int | None
    close_wide: int | None
    close_unmended: int | None
    close_reason: str | None
    version: int


class AuditsOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    audits: list[AuditOut]
    next: str | None


class DrawnOut(WireOut):
    """One drawn member; `rechecks` counts its recordings by outcome."""

    rank: int
    member_id: MemberId
    label: str
    ticket: str
    rechecks: dict[str, int]
    scored_by: int
    is_own_scored: bool


class InspectorOut(WireOut):
    """Somebody who scores."""

    id: AccountId
    name: str
    agency_name: str


class StandardItemOut(WireOut):
    """An item of the standard."""

    code: str
    zh: str
    en: str
    points: int
    auto: str | None


class StandardOut(WireOut):
    """The standard of the audit."""

    code: str
    version: int
    zh: str
    en: str
    is_demo: bool
    passing: int | None
    sha256: str
    items: list[StandardItemOut]


class AmendmentOut(WireOut):
    """What a draft said until it was amended; who amended it, when and why."""

    title: str
    target_agency_name: str
    kind: AuditKind
    from_at: datetime
    until_at: datetime
    defect_permille: int
    confidence_permille: int
    size: int | None
    sources: list[SourceOut]
    reason: str | None
    amended_by: str
    amended_at: datetime


class ValuesSaidOut(WireOut):
    """One word about the public values; `typed` as it was typed, once they are confirmed."""

    step: AuditStep
    typed: list[str]
    reason: str | None
    said_by: str
    said_at: datetime


class LackingOut(WireOut):
    """What a drawn audit lacks: scores never given, members whose totals lie too far apart, rectifications open."""

    missing: int
    wide: int
    unmended: int


class AuditDetailOut(WireOut):
    """An audit with its sample; `eligible` is what a freeze would take now, before there is one.

    `inspectors_wanted`: so many score each drawn member; fixed by the freeze. `earlier` and `lacking` are for whoever
    runs it: what its draft said before, and what its end has to say.
    """

    audit: AuditOut
    earlier: list[AmendmentOut]
    said: list[ValuesSaidOut]
    lacking: LackingOut | None
    eligible: int | None
    sample: list[DrawnOut]
    inspectors: list[InspectorOut]
    inspectors_wanted: int
    standard: StandardOut


class ValuesIn(WireIn):
    """What the public events gave, one text for each source in their order."""

    values: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(max_length=4)]


class AssignIn(WireIn):
    """An inspector to assign."""

    account_id: AccountId


def _detail(tx: Transaction, actor: CurrentActor, response: Response, audit: Audit) -> AuditDetailOut:
    tag(response, audit.version)
    is_drawn = audit.state in DRAWN_STATES
    drawn = tx.audit_scores.drawn(actor, audit.id) if is_drawn else ()
    runs = may(actor, Action.AUDIT_DEFINE, Subject(agency_id=audit.agency_id), tx.now)
    lacking = tx.audit_ends.lacking(audit) if runs and audit.state is AuditState.DRAWN else None
    return AuditDetailOut(
        audit=AuditOut.of(audit),
        earlier=[AmendmentOut.of(one) for one in tx.audit_drafts.earlier(audit.id)] if runs else [],
        said=[ValuesSaidOut.of(one) for one in tx.audit_values.said(audit)],
        lacking=None if lacking is None else LackingOut.of(lacking),
        eligible=tx.audits.eligible(actor, audit.id) if audit.state is AuditState.DEFINED else None,
        sample=[DrawnOut.of(one) for one in drawn],
        inspectors=[InspectorOut.of(one) for one in tx.audit_scores.inspectors(audit.id)],
        inspectors_wanted=tx.audits.terms(audit).inspectors,
        standard=StandardOut.of(tx.audit_scores.standard(audit)),
    )


@router.post("", operation_id="defineAudit", status_code=201)
def define(tx: Tx, actor: CurrentActor, response: Response, wish: AuditIn) -> AuditDetailOut:
    """Define an audit; nothing is fixed before the freeze."""
    return _detail(tx, actor, response, tx.audit_drafts.define(actor, wish))


@router.get("", operation_id="listAudits")
def audits(
    tx: Tx,
    actor: CurrentActor,
    after: After,
    limit: Limit = 50,
) -> AuditsOut:
    """List audits, newest first."""
    page = tx.audits.page(actor, after=after, limit=limit)
    return AuditsOut(audits=[AuditOut.of(row) for row in page.rows], next=page.next_text)


@router.get("/{audit_id}", operation_id="getAudit")
def audit(tx: Tx, actor: CurrentActor, response: Response, audit_id: AuditId) -> AuditDetailOut:
    """Return one audit with its sample."""
    return _detail(tx, actor, response, tx.audits.get(actor, audit_id))


@router.post("/{audit_id}/amendment", operation_id="amendAudit")
def amend(
    tx: Tx,
    actor: CurrentActor,
    audit_id: AuditId,
    *,
    wish: AuditAmendIn,
    seen: SeenVersion,
    response: Response,
) -> AuditDetailOut:
    """Say a draft anew, whole, before its freeze."""
    return _detail(tx, actor, response, tx.audit_drafts.amend(actor, audit_id, wish, seen))


@router.post("/{audit_id}/drop", operation_id="dropAudit")
def drop(
    tx: Tx,
    actor: CurrentActor,
    audit_id: AuditId,
    *,
    wish: AuditReasonIn,
    seen: SeenVersion,
    response: Response,
) -> AuditDetailOut:
    """Give a draft up before its freeze; it stays listed as dropped."""
    return _detail(tx, actor, response, tx.audit_drafts.drop(actor, audit_id, wish, seen))


@router.post("/{audit_id}/freeze", operation_id="freezePopulation")
def freeze(
    tx: Tx, actor: CurrentActor, response: Response, audit_id: AuditId, seen: SeenVersion
) -> AuditDetailOut:
    """Fix population, size and sources, and log their digest."""
    return _detail(tx, actor, response, tx.audits.freeze(actor, audit_id, seen))


@router.post("/{audit_id}/randomness", operation_id="enterRandomness")
def enter(
    tx: Tx, actor: CurrentActor, audit_id: AuditId, *, wish: ValuesIn, seen: SeenVersion, response: Response
) -> AuditDetailOut:
    """Enter what the public events gave, once they have taken place and the freeze is in the log."""
    return _detail(tx, actor, response, tx.audit_values.enter(actor, audit_id, wish.values, seen))


@router.post("/{audit_id}/confirmation", operation_id="confirmRandomness")
def confirm(
    tx: Tx, actor: CurrentActor, audit_id: AuditId, *, wish: ValuesIn, seen: SeenVersion, response: Response
) -> AuditDetailOut:
    """Say as somebody else what the events gave: the same confirms it, anything else makes both enter again.

    Then the audit is `frozen` again, and the last of `said` is a `mismatch`.
    """
    return _detail(tx, actor, response, tx.audit_values.confirm(actor, audit_id, wish.values, seen))


@router.post("/{audit_id}/retraction", operation_id="retractRandomness")
def retract(
    tx: Tx,
    actor: CurrentActor,
    audit_id: AuditId,
    *,
    wish: AuditReasonIn,
    seen: SeenVersion,
    response: Response,
) -> AuditDetailOut:
    """Take back what one entered oneself, before anybody confirmed it."""
    return _detail(tx, actor, response, tx.audit_values.retract(actor, audit_id, wish, seen))


@router.post("/{audit_id}/draw", operation_id="drawSample")
def draw(
    tx: Tx, actor: CurrentActor, response: Response, audit_id: AuditId, seen: SeenVersion
) -> AuditDetailOut:
    """Draw the sample and order the re-hash of every drawn recording."""
    return _detail(tx, actor, response, tx.audits.draw(actor, audit_id, seen))


@router.post("/{audit_id}/close", operation_id="closeAudit")
def close(
    tx: Tx,
    actor: CurrentActor,
    audit_id: AuditId,
    *,
    wish: AuditCloseIn,
    seen: SeenVersion,
    response: Response,
) -> AuditDetailOut:
    """End an audit, by what it lacked when its closer looked; a reason where it lacks anything."""
    return _detail(tx, actor, response, tx.audit_ends.close(actor, audit_id, wish, seen))


@router.post("/{audit_id}/inspectors", operation_id="assignInspector", status_code=201)
def assign(
    tx: Tx, actor: CurrentActor, audit_id: AuditId, *, wish: AssignIn, seen: SeenVersion, response: Response
) -> AuditDetailOut:
    """Assign one of the inspectors."""
    tx.audit_scores.assign(actor, audit_id, wish.account_id, seen)
    return _detail(tx, actor, response, tx.audits.get(actor, audit_id))


@router.get("/{audit_id}/draw", operation_id="getDrawFile")
def draw_file(tx: Tx, actor: CurrentActor, audit_id: AuditId) -> dict[str, Any]:
    """Return everything that is needed to repeat the draw and to check its order in the log."""
    return draw_document(tx, actor, audit_id).model_dump(mode="json")


def draw_document(tx: Transaction, actor: CurrentActor, audit_id: AuditId) -> DrawFile:
    """Build the file that `quancheng redraw` reads.

    Raises:
        Conflict: nothing is drawn (`audit-not-drawn`), or the draw has no place in the log yet
            (`audit-not-logged`).
    """
    found = tx.audits.get(actor, audit_id)
    if found.seed is None or found.plan is None:
        raise AUDIT_NOT_DRAWN("nothing is drawn yet", state=found.state.value)
    entries, proofs = [], []
    said = [one.entry_id for one in tx.audit_values.said(found)]
    for entry_id in (found.freeze_entry_id, *said, found.draw_entry_id):
        proof = None if entry_id is None else tx.custody.proof(entry_id)
        position = tx.custody.position(entry_id)
        if entry_id is None or proof is None or position is None:
            raise AUDIT_NOT_LOGGED("the log has not taken the draw yet")
        entries.append(
            {"entry_id": str(entry_id), "index": position, "leaf": encode64(tx.custody.leaf(entry_id))}
        )
        proofs.append(proof)
    return DrawFile(
        plan=encode64(found.plan),
        population=tx.audits.population(actor, audit_id),
        values=list(found.values),
        seed=found.seed.hex(),
        sample=tx.audits.sample(audit_id),
        entries=entries,
        proofs=proofs,
        checkpoint=tx.custody.latest_checkpoint() or "",
        tiles=tx.custody.tree_end(TRUST_REACH),
    )
