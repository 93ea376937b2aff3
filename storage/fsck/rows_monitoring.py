"""What leaves make of the rows of fixed equipment, of monitoring records, and of the batches they came in."""

from collections.abc import Mapping
from typing import Any

from schemas.life_device import Entered, EquipmentLife
from schemas.life_evidence import MonitoringLife, SourceLife
from schemas.reference import ident_of
from schemas.replay import Folded
from storage.fsck.mirror import NOT_TOLD, Mirror, Told, ident, value_of
from storage.tables.equipment import (
    equipment,
    equipment_certificates,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)
from storage.tables.monitoring import intakes, monitoring_opinions, monitoring_records, notifications

Row = Mapping[str, object]

_ENTERED = ("recorded_by", "recorded_at")

EQUIPMENT_MIRRORS = (
    Mirror(
        equipment,
        equipment.c.id,
        (),
        (
            *(
                "agency_id",
                "source_id",
                "number",
                "name",
                "kind",
                "site",
                "standard",
                "lat_e7",
                "lon_e7",
                "crs",
            ),
            *("state", "version", "registered_by", "registered_at"),
        ),
    ),
    Mirror(
        equipment_certificates,
        equipment_certificates.c.equipment_id,
        (),
        ("number", "issuer", "valid_from", "valid_until", *_ENTERED),
    ),
    Mirror(
        equipment_reviews,
        equipment_reviews.c.equipment_id,
        ("kind",),
        ("document", "reviewed_at", *_ENTERED),
    ),
    Mirror(
        equipment_publications, equipment_publications.c.equipment_id, (), ("url", "published_at", *_ENTERED)
    ),
    Mirror(
        equipment_suspensions,
        equipment_suspensions.c.equipment_id,
        (),
        ("from_at", "until_at", "reason", *_ENTERED),
    ),
)

MONITORING_MIRRORS = (
    Mirror(monitoring_records, monitoring_records.c.id, (), ("state", "version", "concluded_at", "links")),
    Mirror(
        monitoring_opinions,
        monitoring_opinions.c.monitoring_id,
        ("stage",),
        ("reviewer_id", "opinion", "reason_code", "reason", "given_at"),
    ),
    Mirror(
        notifications,
        notifications.c.monitoring_id,
        (),
        ("channel", "outcome", "proof", "proof_recording_id", "attempted_at", *_ENTERED),
    ),
)

SOURCE_MIRRORS = (
    Mirror(
        intakes,
        intakes.c.source_id,
        ("id",),
        ("agency_id", "seq", "sha256", "rows", "received_at"),
        digests=("payload", "signature"),
    ),
)


def equipment_rows(life: EquipmentLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a piece of equipment make."""
    return {
        "equipment": [_equipment(life, folded)],
        "equipment_certificates": [
            {
                "number": value_of(one.paper.number),
                "issuer": value_of(one.paper.issuer),
                "valid_from": one.paper.from_,
                "valid_until": one.paper.until,
                **_entered(one),
            }
            for one in life.certificates
        ],
        "equipment_reviews": [
            {
                "kind": one.paper.kind.value,
                "document": value_of(one.paper.title),
                "reviewed_at": one.paper.reviewed_at,
                **_entered(one),
            }
            for one in life.reviews
        ],
        "equipment_publications": [
            {"url": value_of(one.paper.url), "published_at": one.paper.published_at, **_entered(one)}
            for one in life.publications
        ],
        "equipment_suspensions": [
            {
                "from_at": one.paper.from_at,
                "until_at": one.until_at,
                "reason": value_of(one.paper.reason),
                **_entered(one),
            }
            for one in life.suspensions
        ],
    }


def _equipment(life: EquipmentLife, folded: Folded) -> Row:
    point = value_of(life.registered.point)
    hidden = NOT_TOLD if point is NOT_TOLD else None
    known = point if isinstance(point, Mapping) else {}
    return {
        "agency_id": ident_of(life.agency),
        "source_id": ident(life.source),
        **{name: value_of(getattr(life.registered, name)) for name in ("number", "name", "site", "standard")},
        **{name: known.get(name, hidden) for name in ("lat_e7", "lon_e7", "crs")},
        "kind": life.kind,
        "state": life.state,
        "version": folded.versions.get(folded.of),
        "registered_by": ident_of(life.by),
        "registered_at": life.at,
    }


def _entered(one: Entered[Any]) -> Row:
    return {"recorded_by": ident_of(one.by), "recorded_at": one.at}


def monitoring_rows(life: MonitoringLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a monitoring record make; the record itself came with its batch."""
    return {
        "monitoring_records": [
            {
                "state": life.state,
                "version": folded.versions.get(folded.of, 0),
                "concluded_at": life.concluded_at,
                "links": len(life.ties),
            }
        ],
        "monitoring_opinions": [
            {
                "stage": stage,
                "reviewer_id": ident_of(given.by),
                "opinion": given.opinion,
                "reason_code": given.reason_code,
                "reason": value_of(given.reason) or "",
                "given_at": given.at,
            }
            for stage, given in (life.given or {}).items()
        ],
        "notifications": [
            {
                "channel": one.made.channel,
                "outcome": one.made.outcome,
                "proof": value_of(one.made.proof),
                "proof_recording_id": ident(one.made.proof_recording),
                "attempted_at": one.made.attempted_at,
                "recorded_by": ident_of(one.by),
                "recorded_at": one.at,
            }
            for one in life.attempts
        ],
    }


def source_rows(life: SourceLife, folded: Folded) -> Told:
    """Return the rows that the batches of a source make."""
    del folded
    return {
        "intakes": [
            {
                "id": ident_of(one.intake),
                "agency_id": ident_of(one.received.agency),
                "seq": one.received.seq,
                "sha256": one.received.sha256,
                "rows": one.received.rows,
                "received_at": one.at,
                "payload": one.received.sha256,
                "signature": one.received.signature_sha256,
            }
            for one in life.batches()
        ]
    }
