"""What leaves make of the rows of fixed equipment, of monitoring records, and of the batches they came in."""

from collections.abc import Mapping
from typing import Any

from schemas.life_described import DescribedLife
from schemas.life_equipment import EquipmentLife, Said
from schemas.life_monitoring import MonitoringLife
from schemas.life_source import SourceLife
from schemas.reference import ident_of
from schemas.replay import Folded
from storage.fsck.mirror import NOT_TOLD, Mirror, Span, Told, ident, value_of
from storage.tables.equipment import (
    equipment,
    equipment_annulments,
    equipment_certificates,
    equipment_descriptions,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)
from storage.tables.monitoring import (
    intakes,
    monitoring_opinions,
    monitoring_records,
    monitoring_reopenings,
    notifications,
)

Row = Mapping[str, object]

_TOLD = ("valid_during", "known_during", "amend_reason", "recorded_by", "entry", "leaf")

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
        equipment_descriptions,
        equipment_descriptions.c.equipment_id,
        (),
        (
            *("agency_id", "number", "name", "site", "standard", "lat_e7", "lon_e7", "crs"),
            *("valid_during", "known_during", "reason", "described_by", "leaf"),
        ),
    ),
    Mirror(
        equipment_certificates,
        equipment_certificates.c.equipment_id,
        (),
        ("number", "issuer", "scan", *_TOLD),
    ),
    Mirror(
        equipment_annulments,
        equipment_annulments.c.equipment_id,
        ("leaf",),
        ("entry", "void_from", "reason", "annulled_by", "annulled_at"),
    ),
    Mirror(
        equipment_reviews,
        equipment_reviews.c.equipment_id,
        ("kind",),
        ("document", *_TOLD),
    ),
    Mirror(equipment_publications, equipment_publications.c.equipment_id, (), ("url", *_TOLD)),
    Mirror(
        equipment_suspensions,
        equipment_suspensions.c.equipment_id,
        (),
        ("reason", *_TOLD),
    ),
)

MONITORING_MIRRORS = (
    Mirror(
        monitoring_records,
        monitoring_records.c.id,
        (),
        ("state", "version", "concluded_at", "links", "round", "due_at"),
    ),
    Mirror(
        monitoring_opinions,
        monitoring_opinions.c.monitoring_id,
        ("round", "stage"),
        ("reviewer_id", "opinion", "reason_code", "reason", "given_at"),
    ),
    Mirror(
        monitoring_reopenings,
        monitoring_reopenings.c.monitoring_id,
        ("round",),
        ("annulment", "due_at", "reopened_by", "reopened_at"),
    ),
    Mirror(
        notifications,
        notifications.c.monitoring_id,
        (),
        ("channel", "outcome", "proof", "proof_recording_id", "attempted_at", "recorded_by", "recorded_at"),
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
        "equipment_descriptions": [_described(life, one) for one in life.described],
        "equipment_certificates": [
            {
                "number": _text(one, "number"),
                "issuer": _text(one, "issuer"),
                "scan": one.paper.document,
                **_told(one),
            }
            for one in life.certificates
        ],
        "equipment_annulments": [
            {
                "leaf": one.leaf,
                "entry": one.act.certificate,
                "void_from": one.act.from_,
                "reason": value_of(one.act.reason),
                "annulled_by": ident_of(one.by),
                "annulled_at": one.at,
            }
            for one in life.annulments
        ],
        "equipment_reviews": [
            {"kind": one.paper.kind.value, "document": _text(one, "title"), **_told(one)}
            for one in life.reviews
        ],
        "equipment_publications": [{"url": _text(one, "url"), **_told(one)} for one in life.publications],
        "equipment_suspensions": [
            {"reason": value_of(one.paper.reason), **_told(one)} for one in life.suspensions
        ],
    }


def _equipment(life: EquipmentLife, folded: Folded) -> Row:
    last = next(one for one in life.described if one.known_until is None and one.valid_until is None)
    return {
        "agency_id": ident_of(life.agency),
        "source_id": ident(life.source),
        **_values(last),
        "kind": life.kind,
        "state": life.state,
        "version": folded.versions.get(folded.of),
        "registered_by": ident_of(life.by),
        "registered_at": life.at,
    }


def _described(life: EquipmentLife, one: DescribedLife) -> Row:
    return {
        "agency_id": ident_of(life.agency),
        **_values(one),
        "valid_during": Span(one.valid_from, one.valid_until),
        "known_during": Span(one.known_from, one.known_until),
        "reason": value_of(one.reason),
        "described_by": ident_of(one.by),
        "leaf": one.leaf,
    }


def _values(one: DescribedLife) -> Row:
    point = value_of(one.values["point"])
    hidden = NOT_TOLD if point is NOT_TOLD else None
    known = point if isinstance(point, Mapping) else {}
    return {
        **{name: value_of(one.values[name]) for name in ("number", "name", "site", "standard")},
        **{name: known.get(name, hidden) for name in ("lat_e7", "lon_e7", "crs")},
    }


def _text(one: Said[Any], name: str) -> object:
    """Return a text of a fact as it was told: by what entered it, or by what corrected that."""
    return value_of(getattr(one.paper if one.amended is None else one.amended, name))


def _told(one: Said[Any]) -> Row:
    why = one.annulled or one.amended
    return {
        "valid_during": Span(one.since, one.until),
        "known_during": Span(one.known_from, one.known_until),
        "amend_reason": None if why is None else value_of(why.reason),
        "recorded_by": ident_of(one.by),
        "entry": one.entry,
        "leaf": one.leaf,
    }


def monitoring_rows(life: MonitoringLife, folded: Folded) -> Told:
    """Return the rows that the leaves of a monitoring record make; the record itself came with its batch."""
    return {
        "monitoring_records": [
            {
                "state": life.state,
                "version": folded.versions.get(folded.of, 0),
                "concluded_at": life.concluded_at,
                "links": len(life.ties),
                "round": life.round,
                "due_at": life.reopened[-1].act.due_at if life.reopened else NOT_TOLD,
            }
        ],
        "monitoring_opinions": [
            {
                "round": round_,
                "stage": stage,
                "reviewer_id": ident_of(given.by),
                "opinion": given.opinion,
                "reason_code": given.reason_code,
                "reason": value_of(given.reason) or "",
                "given_at": given.at,
            }
            for round_, opinions in life.rounds()
            for stage, given in opinions.items()
        ],
        "monitoring_reopenings": [
            {
                "round": one.act.round,
                "annulment": one.act.annulment,
                "due_at": one.act.due_at,
                "reopened_by": ident_of(one.by),
                "reopened_at": one.at,
            }
            for one in life.reopened
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
