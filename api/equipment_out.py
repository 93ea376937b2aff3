"""Fixed equipment as the API tells it: the register, its facts and what was said of them, what an annulment touches."""

from datetime import datetime
from typing import Any

from api.deps import Tx
from schemas.base import HexDigest, WireOut
from schemas.equipment import (
    Equipment,
    EquipmentFacts,
    EquipmentKind,
    EquipmentState,
    GateFault,
    ReviewKind,
)
from schemas.equipment_version import PlaceRemark, place_remark
from schemas.gate import gate_faults
from schemas.ids import AccountId, AgencyId, EquipmentId


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
    """A certificate; `scan` is the digest of the document that shows it, a recording of the agency."""

    number: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    scan: HexDigest | None


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


def facts_of(facts: EquipmentFacts) -> dict[str, Any]:
    """Return the facts of equipment as members of an answer."""
    return {
        "certificates": [CertificateOut.of(one) for one in facts.certificates],
        "reviews": [EquipmentReviewOut.of(one) for one in facts.reviews],
        "publications": [PublicationOut.of(one) for one in facts.publications],
        "suspensions": [SuspensionOut.of(one) for one in facts.suspensions],
    }


def detail_of(tx: Tx, found: Equipment) -> EquipmentDetailOut:
    """Return equipment with all that is told of it."""
    facts, versions = tx.equipment.facts(found.id), tx.equipment.versions(found.id)
    rule = tx.equipment.certificate_rule(found, tx.now)
    return EquipmentDetailOut(
        equipment=EquipmentOut.of(found),
        versions=[EquipmentVersionOut.of(one) for one in versions],
        place_remark=place_remark(versions, facts.publications),
        **facts_of(facts.said()),
        past=EquipmentFactsOut(**facts_of(facts.past())),
        certificate=CertificateRuleOut.of(rule),
        gate_faults=list(gate_faults(facts, tx.now, certificate=rule.is_needed)),
    )
