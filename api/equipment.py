"""The register of fixed equipment: its dated facts, its source, in or out of service."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.deps import After, CurrentActor, Limit, SourcePassword, Tx
from api.etag import SeenVersion, tag
from api.route import Route
from schemas.base import Moment, Sha256Hex, WireIn, WireOut
from schemas.equipment import (
    CertificateIn,
    Equipment,
    EquipmentFacts,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    EquipmentState,
    GateFault,
    PublicationIn,
    ReviewKind,
    SuspensionIn,
)
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import AnnulIn
from schemas.equipment_version import EquipmentDescribeIn, PlaceRemark, place_remark
from schemas.gate import gate_faults
from schemas.ids import AccountId, AgencyId, EquipmentId

router = APIRouter(prefix="/v1/equipment", tags=["equipment"], route_class=Route)


class EquipmentOut(WireOut):
    """A piece of equipment; `certified_until` is the end of its latest certificate."""

    id: EquipmentId
    agency_id: AgencyId
    agency_name: str
    source_id: AccountId | None
    number: str
    name: str
    kind: EquipmentKind
    site: str
    standard: str
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    state: EquipmentState
    version: int
    registered_at: datetime
    certified_until: datetime | None
    records: int


class RegisterOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    equipment: list[EquipmentOut]
    next: str | None


class ToldOut(WireOut):
    """A fact as it was said in [`known_from`, `known_until`).

    `entry` entered it, `leaf` said this, `amend_reason` says why it was corrected.
    """

    entry: str
    leaf: str
    known_from: datetime
    known_until: datetime | None
    amend_reason: str | None


class CertificateOut(ToldOut):
    """A certificate."""

    number: str
    issuer: str
    valid_from: datetime
    valid_until: datetime


class EquipmentReviewOut(ToldOut):
    """A technical or legal review."""

    kind: ReviewKind
    document: str
    reviewed_at: datetime


class PublicationOut(ToldOut):
    """Where and when the location was published."""

    url: str
    published_at: datetime


class SuspensionOut(ToldOut):
    """A time out of service."""

    from_at: datetime
    until_at: datetime | None
    reason: str


class EquipmentVersionOut(WireOut):
    """What equipment is said to be from `valid_from` (none: always before) to `valid_until` (none: ever since).

    It was said so in [`known_from`, `known_until`), by `leaf`.
    """

    number: str
    name: str
    site: str
    standard: str
    lat_e7: int | None
    lon_e7: int | None
    crs: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str


class EquipmentFactsOut(WireOut):
    """Dated facts of one piece of equipment."""

    certificates: list[CertificateOut]
    reviews: list[EquipmentReviewOut]
    publications: list[PublicationOut]
    suspensions: list[SuspensionOut]


class CertificateRuleOut(WireOut):
    """Whether its kind needs a verification certificate (计量法第九条): by which document of which agency, since when.

    Without `source`, by the mandatory list as the installation has it.
    """

    is_needed: bool
    source: str | None
    agency_name: str | None
    since: datetime | None


class EquipmentDetailOut(EquipmentFactsOut):
    """Equipment with its dated facts as they are said now, and what the gate would miss for a record captured now.

    `past`: what was said before and is said no more. `versions`: everything it was ever said to be, in the order in which
    it was said; `place_remark`: why what was published may not be where it stands.
    """

    equipment: EquipmentOut
    versions: list[EquipmentVersionOut]
    place_remark: PlaceRemark | None
    past: EquipmentFactsOut
    certificate: CertificateRuleOut
    gate_faults: list[GateFault]


class GateOut(EquipmentFactsOut):
    """What the gate misses for a record captured `at`, as known at `known`; the facts are those said then."""

    at: datetime
    known: datetime
    certificate: CertificateRuleOut
    gate_faults: list[GateFault]


class TouchedOut(WireOut):
    """What an annulment would touch: the certificate would not cover [`since`, `until`) any more.

    `records` would be judged anew by both reviewers; `cases` rest on them, and `decided` of these are decided.
    """

    since: datetime
    until: datetime
    records: int
    cases: int
    decided: int


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


def _facts(facts: EquipmentFacts) -> dict[str, Any]:
    return {
        "certificates": [CertificateOut.of(one) for one in facts.certificates],
        "reviews": [EquipmentReviewOut.of(one) for one in facts.reviews],
        "publications": [PublicationOut.of(one) for one in facts.publications],
        "suspensions": [SuspensionOut.of(one) for one in facts.suspensions],
    }


def _detail(tx: Tx, found: Equipment) -> EquipmentDetailOut:
    facts, versions = tx.equipment.facts(found.id), tx.equipment.versions(found.id)
    rule = tx.equipment.certificate_rule(found, tx.now)
    return EquipmentDetailOut(
        equipment=EquipmentOut.of(found),
        versions=[EquipmentVersionOut.of(one) for one in versions],
        place_remark=place_remark(versions, facts.publications),
        **_facts(facts.said()),
        past=EquipmentFactsOut(**_facts(facts.past())),
        certificate=CertificateRuleOut.of(rule),
        gate_faults=list(gate_faults(facts, tx.now, certificate=rule.is_needed)),
    )


def _changed(tx: Tx, response: Response, found: Equipment) -> EquipmentDetailOut:
    tag(response, found.version)
    return _detail(tx, found)


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
        **_facts(facts.said(known)),
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
