"""The register of fixed equipment: list, one piece with its dated facts, and the forms that add to them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.console.form import day_start, local_time
from api.console.guard import Acting, Visiting, Visitor, go, mistake
from api.console.recording import address
from api.console.view import ProblemView
from api.deps import After, Tx
from schemas.actor import Action, holds
from schemas.custody import subject
from schemas.equipment import (
    CertificateIn,
    EquipmentIn,
    EquipmentKind,
    EquipmentReviewIn,
    GateFault,
    PublicationIn,
    ReviewKind,
    SuspensionIn,
    gate_faults,
)
from schemas.errors import EvidenceError
from schemas.ids import AccountId, EquipmentId
from schemas.page import Cursor
from schemas.refusals_request import REQUEST_INVALID
from storage.equipment import NewSource
from storage.store import Transaction

PAGE_ROWS = 50

router = APIRouter()


@router.get("/equipment")
def register(request: Request, tx: Tx, who: Visiting, after: After, q: str = "") -> Response:
    """Show the register."""
    return _list(request, tx, who, q.strip()[:100], after)


def _list(  # noqa: PLR0917 - the last three are what a form left behind
    request: Request,
    tx: Transaction,
    who: Visitor,
    text: str = "",
    after: Cursor | None = None,
    source: NewSource | None = None,
    problem: ProblemView | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    page = tx.equipment.page(who.actor, text=text or None, after=after, limit=PAGE_ROWS)
    query = {"q": text} if text else {}
    may_keep = holds(who.actor, Action.EQUIPMENT_KEEP)
    return who.page(
        request,
        "equipment_list.html",
        status=200 if problem is None else 409,
        here="equipment",
        rows=page.rows,
        q=text,
        next_url=address("/console/equipment", {**query, "after": str(page.next)}) if page.next else None,
        may_keep=may_keep,
        kinds=list(EquipmentKind),
        sources=tx.equipment.sources(who.actor) if may_keep else (),
        source=source,
        problem=problem,
        typed=typed or {},
        now=tx.now,
    )


@router.post("/equipment")
def enter(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    number: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    site: Annotated[str, Form()] = "",
    standard: Annotated[str, Form()] = "",
    lat: Annotated[str, Form()] = "",
    lon: Annotated[str, Form()] = "",
    crs: Annotated[str, Form()] = "",
) -> Response:
    """Enter a piece of equipment; what was typed is kept when it cannot be."""
    fields = {"number": number, "name": name, "kind": kind, "site": site, "standard": standard}
    typed = {key: text.strip() for key, text in {**fields, "lat": lat, "lon": lon, "crs": crs}.items()}
    try:
        wish = EquipmentIn.model_validate({**{key: typed[key] for key in fields}, **_position(typed)})
        with tx.attempt():
            made = tx.equipment.register(who.actor, wish)
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a field is missing")
        return _list(request, tx, who, problem=mistake(request, err), typed=typed)
    except EvidenceError as err:
        return _list(request, tx, who, problem=mistake(request, err), typed=typed)
    return go(f"/console/equipment/{made.id}")


def _position(typed: dict[str, str]) -> dict[str, Any]:
    lat, lon = typed.get("lat", ""), typed.get("lon", "")
    if not lat and not lon:
        return {}
    return {
        "lat_e7": round(float(lat) * 10_000_000),
        "lon_e7": round(float(lon) * 10_000_000),
        "crs": typed.get("crs") or "WGS84",
    }


@router.post("/equipment/sources")
def make_source(
    request: Request, tx: Tx, who: Acting, name: Annotated[str, Form(min_length=1, max_length=100)]
) -> Response:
    """Make a machine account and show its password in the answer itself, this once."""
    return _list(request, tx, who, source=tx.equipment.make_source(who.actor, name.strip()))


@router.get("/equipment/{equipment_id}")
def equipment(request: Request, tx: Tx, who: Visiting, equipment_id: EquipmentId) -> Response:
    """Show one piece of equipment with its dated facts and its gate as of now."""
    return _page(request, tx, who, equipment_id)


def _page(
    request: Request,
    tx: Transaction,
    who: Visitor,
    equipment_id: EquipmentId,
    problem: ProblemView | None = None,
) -> Response:
    found = tx.equipment.get(who.actor, equipment_id)
    facts = tx.equipment.facts(equipment_id)
    entries = tx.custody.entries_for(subject("equipment", equipment_id))
    may_keep = holds(who.actor, Action.EQUIPMENT_KEEP)
    missing = gate_faults(facts, tx.now)
    return who.page(
        request,
        "equipment.html",
        status=200 if problem is None else 409,
        here="equipment",
        equipment=found,
        facts=facts,
        gates=[(fault, fault in missing) for fault in GateFault],
        missing=missing,
        kinds=list(ReviewKind),
        sources=tx.equipment.sources(who.actor) if may_keep else (),
        may_keep=may_keep,
        entries=entries,
        names=tx.accounts.names(one.entry.actor for one in entries),
        problem=problem,
        now=tx.now,
    )


def _changed(
    request: Request, tx: Transaction, who: Visitor, equipment_id: EquipmentId, change: Callable[[], object]
) -> Response:
    """Make one change and come back; a mistake shows the page again with what is wrong."""
    try:
        with tx.attempt():
            change()
    except (ValidationError, ValueError):
        err: EvidenceError = REQUEST_INVALID("a field is missing or wrong")
        return _page(request, tx, who, equipment_id, mistake(request, err))
    except EvidenceError as err:
        return _page(request, tx, who, equipment_id, mistake(request, err))
    return go(f"/console/equipment/{equipment_id}")


def _time(text: str) -> datetime:
    """Return a typed time; raises ValueError when it is empty."""
    at = local_time(text)
    if at is None:
        raise ValueError("a time is missing")
    return at


@router.post("/equipment/{equipment_id}/certificate")
def certify(  # noqa: PLR0917 - form fields are named by the page
    request: Request,
    tx: Tx,
    who: Acting,
    equipment_id: EquipmentId,
    version: Annotated[int, Form()],
    number: Annotated[str, Form()] = "",
    issuer: Annotated[str, Form()] = "",
    valid_from: Annotated[str, Form()] = "",
    valid_to: Annotated[str, Form()] = "",
) -> Response:
    """Add a certificate; both days are valid days in UTC+8."""

    def change() -> None:
        start, end = day_start(valid_from), day_start(valid_to, days=1)
        wish = CertificateIn.model_validate(
            {"number": number.strip(), "issuer": issuer.strip(), "valid_from": start, "valid_until": end}
        )
        tx.equipment.certify(who.actor, equipment_id, wish, version)

    return _changed(request, tx, who, equipment_id, change)


@router.post("/equipment/{equipment_id}/review")
def review(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    equipment_id: EquipmentId,
    version: Annotated[int, Form()],
    kind: Annotated[ReviewKind, Form()],
    document: Annotated[str, Form()] = "",
    reviewed_at: Annotated[str, Form()] = "",
) -> Response:
    """Add a technical or legal review."""

    def change() -> None:
        wish = EquipmentReviewIn(kind=kind, document=document.strip(), reviewed_at=_time(reviewed_at))
        tx.equipment.review(who.actor, equipment_id, wish, version)

    return _changed(request, tx, who, equipment_id, change)


@router.post("/equipment/{equipment_id}/publication")
def publish(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    equipment_id: EquipmentId,
    version: Annotated[int, Form()],
    url: Annotated[str, Form()] = "",
    published_at: Annotated[str, Form()] = "",
) -> Response:
    """Add where and when the location was published."""

    def change() -> None:
        wish = PublicationIn(url=url.strip(), published_at=_time(published_at))
        tx.equipment.publish(who.actor, equipment_id, wish, version)

    return _changed(request, tx, who, equipment_id, change)


@router.post("/equipment/{equipment_id}/suspend")
def suspend(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    equipment_id: EquipmentId,
    version: Annotated[int, Form()],
    from_at: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Take equipment out of service from a time on; empty means now."""

    def change() -> None:
        wish = SuspensionIn(from_at=local_time(from_at) or tx.now, reason=reason.strip())
        tx.equipment.suspend(who.actor, equipment_id, wish, version)

    return _changed(request, tx, who, equipment_id, change)


@router.post("/equipment/{equipment_id}/resume")
def resume(
    request: Request, tx: Tx, who: Acting, equipment_id: EquipmentId, version: Annotated[int, Form()]
) -> Response:
    """Put equipment back into service."""
    return _changed(
        request, tx, who, equipment_id, lambda: tx.equipment.resume(who.actor, equipment_id, version)
    )


@router.post("/equipment/{equipment_id}/bind")
def bind(  # noqa: PLR0917
    request: Request,
    tx: Tx,
    who: Acting,
    equipment_id: EquipmentId,
    version: Annotated[int, Form()],
    source_id: Annotated[AccountId, Form()],
) -> Response:
    """Bind equipment to the machine account that hands in its records."""
    return _changed(
        request,
        tx,
        who,
        equipment_id,
        lambda: tx.equipment.bind(who.actor, equipment_id, source_id, version),
    )
