"""Fixed technical monitoring equipment, and the dated facts that the gate of its records looks at (`schemas.gate`).

Administrative Penalty Law (2021) art. 41: equipment must have passed a legal and a technical review, meet its
standard, and its location must be published. Metrology Law art. 9: instruments of the mandatory list may not be
used without a valid verification. Each is a dated fact, so that the question is always "at the capture".
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from schemas.base import Frozen, HexDigest, Moment, WireIn
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, EquipmentId, RecordingId
from schemas.manifest import Datum
from schemas.policy import Action
from schemas.refusals_monitoring import EQUIPMENT_STEP_REFUSED
from schemas.step import Begin, Step, Steps


class EquipmentKind(StrEnum):
    """What a piece of equipment measures or sees."""

    AXLE_SCALE = "axle_scale"
    SPEED_CAMERA = "speed_camera"
    CAMERA = "camera"
    EMISSION_MONITOR = "emission_monitor"
    NOISE_METER = "noise_meter"
    DUST_METER = "dust_meter"
    WATER_METER = "water_meter"
    OTHER = "other"


MANDATORY_KINDS = (
    EquipmentKind.AXLE_SCALE,
    EquipmentKind.SPEED_CAMERA,
    EquipmentKind.EMISSION_MONITOR,
    EquipmentKind.NOISE_METER,
    EquipmentKind.DUST_METER,
    EquipmentKind.WATER_METER,
)
"""Kinds that the mandatory list of 1987 names (计量法 art. 9): scales, speed meters, gas, noise, dust and water meters.

What an agency's rule adds, or leaves out, is data: `certificate-kinds`.
"""


class EquipmentState(StrEnum):
    """in_service ⇄ suspended."""

    IN_SERVICE = "in_service"
    SUSPENDED = "suspended"


class EquipmentStep(StrEnum):
    """What may be done to equipment in service or out of it."""

    SUSPEND = "suspend"
    RESUME = "resume"


class ReviewKind(StrEnum):
    """The two reviews that article 41 asks for."""

    TECHNICAL = "technical"
    LEGAL = "legal"


class GateFault(StrEnum):
    """Why a record cannot be evidence: the fact that was missing when it was captured."""

    CERTIFICATE_MISSING = "certificate-missing"
    TECHNICAL_REVIEW_MISSING = "technical-review-missing"
    LEGAL_REVIEW_MISSING = "legal-review-missing"
    PUBLICATION_MISSING = "publication-missing"
    SUSPENDED = "suspended"


Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:-]+$")]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class EquipmentIn(WireIn):
    """What a custodian enters to register equipment; position in degrees times 10^7, datum as stated."""

    number: Number
    name: Line
    kind: EquipmentKind
    site: Line
    standard: Line
    lat_e7: Annotated[int, Field(ge=-900_000_000, le=900_000_000)] | None = None
    lon_e7: Annotated[int, Field(ge=-1_800_000_000, le=1_800_000_000)] | None = None
    crs: Datum | None = None

    @model_validator(mode="after")
    def _place_is_whole(self) -> "EquipmentIn":
        given = [part is not None for part in (self.lat_e7, self.lon_e7, self.crs)]
        if any(given) and not all(given):
            raise ValueError("a position needs latitude, longitude and datum")
        return self


class CertificateIn(WireIn):
    """A verification certificate (检定证书); valid from the first time inclusive to the second exclusive.

    `recording_id`: its scan, a sealed document of the agency that was handed in as a verification certificate.
    """

    number: Line
    issuer: Line
    valid_from: Moment
    valid_until: Moment
    recording_id: RecordingId | None = None

    @model_validator(mode="after")
    def _lasts(self) -> "CertificateIn":
        if self.valid_until <= self.valid_from:
            raise ValueError("a certificate ends after it begins")
        return self


class EquipmentReviewIn(WireIn):
    """One of the two reviews; `document` names the paper that was signed."""

    kind: ReviewKind
    document: Line
    reviewed_at: Moment


class PublicationIn(WireIn):
    """Where and when the location was published."""

    url: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^https?://[^\s<>\"]+$")]
    published_at: Moment


class SuspensionIn(WireIn):
    """From when equipment is out of service – from now where it is left out – and why."""

    from_at: Moment | None = None
    reason: Reason


class Said(Frozen):
    """What was said in [`known_from`, `known_until`); without `known_until` that is still said."""

    known_from: datetime
    known_until: datetime | None = None

    def is_said(self, at: datetime | None = None) -> bool:
        """Say whether this is said now, or was at a time."""
        if at is None:
            return self.known_until is None
        return self.known_from <= at and (self.known_until is None or at < self.known_until)


class Told(Said):
    """A fact as it was said.

    `entry` is the digest of the leaf that entered the fact, `leaf` of the one that said this, both hex; `amend_reason` is
    why it was corrected.
    """

    entry: str
    leaf: str
    amend_reason: str | None = None


class Certificate(Told):
    """A certificate as kept; `scan` is the digest of a document that shows it."""

    number: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    scan: HexDigest | None = None


class EquipmentReview(Told):
    """A review as kept."""

    kind: ReviewKind
    document: str
    reviewed_at: datetime


class Publication(Told):
    """A publication as kept."""

    url: str
    published_at: datetime


class Suspension(Told):
    """A time out of service; open while `until_at` is None."""

    from_at: datetime
    until_at: datetime | None
    reason: str


class EquipmentFacts(Frozen):
    """Everything dated that was ever said of one piece of equipment, in the order in which it was said."""

    certificates: tuple[Certificate, ...] = ()
    reviews: tuple[EquipmentReview, ...] = ()
    publications: tuple[Publication, ...] = ()
    suspensions: tuple[Suspension, ...] = ()

    def said(self, at: datetime | None = None) -> "EquipmentFacts":
        """Return what is said now, or was said at a time."""
        return EquipmentFacts(
            certificates=tuple(one for one in self.certificates if one.is_said(at)),
            reviews=tuple(one for one in self.reviews if one.is_said(at)),
            publications=tuple(one for one in self.publications if one.is_said(at)),
            suspensions=tuple(one for one in self.suspensions if one.is_said(at)),
        )

    def past(self) -> "EquipmentFacts":
        """Return what was said before, and is said no more."""
        return EquipmentFacts(
            certificates=tuple(one for one in self.certificates if not one.is_said()),
            reviews=tuple(one for one in self.reviews if not one.is_said()),
            publications=tuple(one for one in self.publications if not one.is_said()),
            suspensions=tuple(one for one in self.suspensions if not one.is_said()),
        )


class Equipment(Frozen):
    """A piece of equipment as kept; `source_id` is the machine account that hands in its records.

    Number, name, site, standard and position are those said to hold ever since (`schemas.equipment_version`).
    """

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


STEPS: Steps[EquipmentStep, EquipmentState, None] = Steps(
    begins=(Begin(EquipmentState.IN_SERVICE, Event.EQUIPMENT_REGISTER, dated="registered_at"),),
    refused=EQUIPMENT_STEP_REFUSED,
    rows=(
        Step(
            name=EquipmentStep.SUSPEND,
            starts=frozenset({EquipmentState.IN_SERVICE}),
            end=EquipmentState.SUSPENDED,
            action=Action.EQUIPMENT_KEEP,
            event=Event.EQUIPMENT_SUSPEND,
        ),
        Step(
            name=EquipmentStep.RESUME,
            starts=frozenset({EquipmentState.SUSPENDED}),
            end=EquipmentState.IN_SERVICE,
            action=Action.EQUIPMENT_KEEP,
            event=Event.EQUIPMENT_RESUME,
        ),
    ),
)
"""Their times stand with each suspension: equipment may be suspended more than once."""
