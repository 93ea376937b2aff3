"""The register of fixed equipment: its dated facts, its source, in or out of service."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.deps import After, CurrentActor, Limit, SourcePassword, Tx
from api.equipment_out import (
    CertificateRuleOut,
    EquipmentDetailOut,
    EquipmentOut,
    GateOut,
    RegisterOut,
    TouchedOut,
    detail_of,
    facts_of,
)
from api.etag import SeenVersion, tag
from api.route import Route
from schemas.base import Moment, Sha256Hex, WireIn, WireOut
from schemas.equipment import (
    CertificateIn,
    Equipment,
    EquipmentIn,
    EquipmentReviewIn,
    PublicationIn,
    SuspensionIn,
)
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import AnnulIn
from schemas.equipment_version import EquipmentDescribeIn
from schemas.gate import gate_faults
from schemas.ids import AccountId, EquipmentId

router = APIRouter(prefix="/v1/equipment", tags=["equipment"], route_class=Route)


class SourceIn(WireIn):
    """What the machine account is called."""

    name: str = Field(min_length=1, max_length=100)


class SourceOut(WireOut):
    """A machine account; the password is shown this once."""

    account_id: AccountId
    login: str
    password: str


class BindIn(WireIn):
    """The machine account that will hand in what the equipment records."""

    source_id: AccountId


def _changed(tx: Tx, response: Response, found: Equipment) -> EquipmentDetailOut:
    tag(response, found.version)
    return detail_of(tx, found)


@router.post("", operation_id="registerEquipment", status_code=201)
def register(tx: Tx, actor: CurrentActor, response: Response, wish: EquipmentIn) -> EquipmentDetailOut:
    """Enter a piece of equipment; its gate is closed until its facts are entered."""
    return _changed(tx, response, tx.equipment.register(actor, wish))


@router.get("", operation_id="listEquipment")
def equipment_page(
    tx: Tx,
    actor: CurrentActor,
    after: After,
    q: str | None = None,
    limit: Limit = 50,
) -> RegisterOut:
    """List the register, newest first."""
    page = tx.equipment.page(actor, text=q, after=after, limit=limit)
    return RegisterOut(equipment=[EquipmentOut.of(row) for row in page.rows], next=page.next_text)


@router.post("/sources", operation_id="makeSource", status_code=201)
def make_source(fresh: SourcePassword, tx: Tx, actor: CurrentActor, wish: SourceIn) -> SourceOut:
    """Make a machine account; it logs in like any account and may only hand in."""
    return SourceOut.of(tx.equipment.make_source(actor, wish.name, fresh))


@router.get("/{equipment_id}", operation_id="getEquipment")
def equipment_one(
    tx: Tx, actor: CurrentActor, response: Response, equipment_id: EquipmentId
) -> EquipmentDetailOut:
    """Return one piece of equipment with its dated facts."""
    return _changed(tx, response, tx.equipment.get(actor, equipment_id))


@router.get("/{equipment_id}/gate", operation_id="getEquipmentGate")
def gate(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    at: Moment | None = None,
    known: Moment | None = None,
) -> GateOut:
    """Say what the gate misses for a record captured at a time, as known at another: both are now where left out."""
    found = tx.equipment.get(actor, equipment_id)
    facts = tx.equipment.facts(found.id)
    at, known = at or tx.now, known or tx.now
    rule = tx.equipment.certificate_rule(found, at, known)
    missing = gate_faults(facts, at, known, certificate=rule.is_needed)
    return GateOut(
        at=at,
        known=known,
        **facts_of(facts.said(known)),
        certificate=CertificateRuleOut.of(rule),
        gate_faults=list(missing),
    )


@router.post("/{equipment_id}/description", operation_id="describeEquipment")
def describe(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: EquipmentDescribeIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Say number, name, site, standard or position anew, from a time on or always; what was said before stays known."""
    return _changed(tx, response, tx.equipment.describe(actor, equipment_id, wish, seen))


@router.post("/{equipment_id}/facts/{entry}/amend", operation_id="amendEquipmentFact")
def amend(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    entry: Sha256Hex,
    *,
    wish: FactAmendIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Correct a certificate, review, publication or suspension; what was said before stays known for its time."""
    return _changed(tx, response, tx.equipment.amend(actor, equipment_id, entry, wish, seen))


@router.post("/{equipment_id}/certificates", operation_id="certifyEquipment", status_code=201)
def certify(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: CertificateIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Add a verification certificate."""
    return _changed(tx, response, tx.equipment.certify(actor, equipment_id, wish, seen))


@router.get("/{equipment_id}/certificates/{entry}/annulment", operation_id="lookAtAnnulment")
def annulment(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    entry: Sha256Hex,
    from_at: Annotated[Moment | None, Query(alias="from")] = None,
) -> TouchedOut:
    """Say what it would touch if a certificate were void from a time on, from the beginning where it is left out."""
    return TouchedOut.of(tx.reopenings.touched(actor, equipment_id, entry, from_at))


@router.post("/{equipment_id}/certificates/{entry}/annul", operation_id="annulCertificate")
def annul(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    entry: Sha256Hex,
    *,
    wish: AnnulIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Annul a certificate: every record that rested on it alone is judged anew by both reviewers (Metrology Law art. 9)."""
    return _changed(tx, response, tx.reopenings.annul(actor, equipment_id, entry, wish, seen))


@router.post("/{equipment_id}/reviews", operation_id="reviewEquipment", status_code=201)
def review(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: EquipmentReviewIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Add a technical or legal review (Administrative Penalty Law art. 41)."""
    return _changed(tx, response, tx.equipment.review(actor, equipment_id, wish, seen))


@router.post("/{equipment_id}/publications", operation_id="publishEquipment", status_code=201)
def publish(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: PublicationIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Add where and when the location was published (art. 41)."""
    return _changed(tx, response, tx.equipment.publish(actor, equipment_id, wish, seen))


@router.post("/{equipment_id}/suspend", operation_id="suspendEquipment")
def suspend(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: SuspensionIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Take equipment out of service; its records are kept and are no evidence meanwhile."""
    return _changed(tx, response, tx.equipment.suspend(actor, equipment_id, wish, seen))


@router.post("/{equipment_id}/resume", operation_id="resumeEquipment")
def resume(
    tx: Tx, actor: CurrentActor, response: Response, equipment_id: EquipmentId, seen: SeenVersion
) -> EquipmentDetailOut:
    """Put equipment back into service."""
    return _changed(tx, response, tx.equipment.resume(actor, equipment_id, seen))


@router.post("/{equipment_id}/bind", operation_id="bindEquipment")
def bind(
    tx: Tx,
    actor: CurrentActor,
    equipment_id: EquipmentId,
    *,
    wish: BindIn,
    seen: SeenVersion,
    response: Response,
) -> EquipmentDetailOut:
    """Bind equipment to the machine account that hands in its records."""
    return _changed(tx, response, tx.equipment.bind(actor, equipment_id, wish.source_id, seen))
