"""Recordings as they are shown: the query, its filters, its rows as values, and what a worker hands in."""

from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, Select, exists, func, select

from schemas.base import Frozen
from schemas.integrity import CheckResult, Outcome, Severity, Verdict
from schemas.media import MediaFacts
from schemas.recording import (
    Derivative,
    Place,
    Recording,
    RecordingFilter,
    RecordingState,
)
from storage.tables.actor import agencies
from storage.tables.case import case_links, cases
from storage.tables.device import devices
from storage.tables.recording import derivatives, manifests, recordings


class CheckRow(Frozen):
    """One check of the latest run, and when it ran."""

    check: CheckResult
    at: datetime


class Verification(Frozen):
    """What a worker found out about one recording; all of it enters with the state it leads to."""

    checks: tuple[CheckResult, ...]
    sha256: str
    sm3: str | None
    media_type: str
    facts: MediaFacts
    derivatives: tuple[Derivative, ...]
    retain_until: datetime


def select_recordings() -> Select[tuple[object, ...]]:
    """Return the query behind every recording that is shown."""
    thumbnail = exists().where(
        derivatives.c.recording_id == recordings.c.id, derivatives.c.kind.in_(("thumbnail", "poster"))
    )
    return (
        select(
            recordings,
            agencies.c.name.label("agency_name"),
            devices.c.name.label("device_name"),
            manifests.c.sha256.label("manifest_sha256"),
            thumbnail.label("has_thumbnail"),
        )
        .join(agencies, agencies.c.id == recordings.c.agency_id)
        .outerjoin(devices, devices.c.id == recordings.c.device_id)
        .outerjoin(manifests, manifests.c.id == recordings.c.manifest_id)
    )


def conditions_of(wanted: RecordingFilter) -> list[ColumnElement[bool]]:
    """Return what a filter asks for, but for its words."""
    simple = {
        recordings.c.state: wanted.state,
        recordings.c.verdict: wanted.verdict,
        recordings.c.device_id: wanted.device_id,
    }
    found = [column == value for column, value in simple.items() if value is not None]
    if wanted.officer:
        found.append(recordings.c.officers.contains([wanted.officer]))
    if wanted.from_at is not None:
        found.append(func.coalesce(recordings.c.captured_at, recordings.c.received_at) >= wanted.from_at)
    if wanted.until_at is not None:
        found.append(func.coalesce(recordings.c.captured_at, recordings.c.received_at) < wanted.until_at)
    if wanted.case_number:
        found.append(
            exists().where(
                case_links.c.recording_id == recordings.c.id,
                case_links.c.unlinked_at.is_(None),
                case_links.c.case_id == cases.c.id,
                cases.c.number == wanted.case_number,
            )
        )
    return found


def check_of(row: RowMapping) -> CheckResult:
    """Return a row of `checks` as a value."""
    return CheckResult(
        name=row["name"],
        version=row["version"],
        outcome=Outcome(row["outcome"]),
        severity=Severity(row["severity"]),
        code=row["code"],
        params=row["params"],
    )


def recording_of(row: RowMapping) -> Recording:
    """Return a row of `select_recordings` as a value."""
    fields = {name: row[name] for name in Recording.model_fields if name != "place"}
    place = None
    if row["lat_e7"] is not None and row["lon_e7"] is not None:
        place = Place(
            lat_e7=row["lat_e7"],
            lon_e7=row["lon_e7"],
            accuracy_cm=row["accuracy_cm"],
            crs=row["crs"],
        )
    fields |= {
        "state": RecordingState(row["state"]),
        "verdict": Verdict(row["verdict"]),
        "officers": tuple(row["officers"]),
        "place": place,
        "facts": MediaFacts.model_validate(row["facts"], strict=False),
    }
    return Recording.model_validate(fields)
