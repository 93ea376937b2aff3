"""The register of fixed equipment: list, one piece with its dated facts, and the forms that add to them."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from fastapi import Form, Query
from starlette.responses import Response

from api.console.equipment_apart import equipment_apart
from api.console.equipment_form import (
    AnnulAsked,
    AnnulForm,
    BindForm,
    CertificateForm,
    DescribeForm,
    EquipmentForm,
    EquipmentForms,
    FactForm,
    PublicationForm,
    RegisterForms,
    ReviewForm,
    SourceForm,
    SuspensionForm,
)
from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, listed
from api.console.typed import Change, Mistaken, Typed, VersionForm, W, time_or_none
from api.console.visit import Mistake, Visit, go, submit, to
from api.deps import SourcePassword
from api.equipment import BindIn
from api.route import pages
from schemas.base import Sha256Hex
from schemas.declaration import DocumentKind
from schemas.equipment import Certificate, Equipment, ReviewKind
from schemas.equipment_amend import FactAmendIn
from schemas.equipment_annul import Touched
from schemas.equipment_version import Version, place_remark
from schemas.errors import Invalid, NotFound
from schemas.gate import conditions, gate_faults
from schemas.ids import EquipmentId
from schemas.manifest import Datum
from schemas.policy import Action
from schemas.recording import Recording, RecordingFilter, RecordingState
from schemas.reference import reference
from storage.equipment.register import NewSource

router = pages()


_Sorts = Literal["number", "-number", "name", "-name", "registered", "-registered"]


class RegisterFilters(Asked):
    """The filters of the register."""

    q: Sought = ""
    by: Annotated[_Sorts | None, IGNORED] = None


@router.get("/equipment")
def register(visit: Visiting, asked: Annotated[RegisterFilters, Query()]) -> Response:
    """Show the register."""
    return _list(visit, asked)


def _list(
    visit: Visit,
    asked: RegisterFilters,
    *,
    source: NewSource | None = None,
    mistake: Mistake | None = None,
) -> Response:
    tx, actor = visit.tx, visit.actor
    page = tx.equipment.page(
        actor, text=asked.q or None, sort=asked.by, after=asked.cursor(), limit=PAGE_ROWS
    )
    may_keep = visit.may(Action.EQUIPMENT_KEEP)
    return visit.page(
        "equipment_list.html",
        forms=RegisterForms,
        mistake=mistake,
        here="equipment",
        listing=listed("/console/equipment", asked, page, ("name", "number")),
        may_keep=may_keep,
        kinds=visit.tx.equipment.kinds(visit.actor),
        uncertified=tx.equipment.uncertified(page.rows),
        datums=list(Datum),
        sources=tx.equipment.sources(actor) if may_keep else (),
        source=source,
        now=tx.now,
    )


@router.post("/equipment")
def enter(visit: Acting, form: Annotated[EquipmentForm, Form()]) -> Response:
    """Enter a piece of equipment; what was typed is kept when it cannot be."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.equipment.register(visit.actor, wish),
        again=lambda mistake: _list(visit, RegisterFilters(), mistake=mistake),
        then=lambda made: go(f"/console/equipment/{made.id}"),
    )


@router.post("/equipment/sources")
def make_source(fresh: SourcePassword, visit: Acting, form: Annotated[SourceForm, Form()]) -> Response:
    """Make a machine account and show its password in the answer itself, this once."""
    return submit(
        visit,
        form,
        lambda wish: visit.tx.equipment.make_source(visit.actor, wish.name, fresh),
        again=lambda mistake: _list(visit, RegisterFilters(), mistake=mistake),
        then=lambda source: _list(visit, RegisterFilters(), source=source),
    )


@router.get("/equipment/{equipment_id}")
def equipment(visit: Visiting, equipment_id: EquipmentId) -> Response:
    """Show one piece of equipment with its dated facts and its gate as of now."""
    return _page(visit, equipment_id)


def _page(visit: Visit, equipment_id: EquipmentId, mistake: Mistake | None = None) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.equipment.get(actor, equipment_id)
    facts = tx.equipment.facts(equipment_id)
    entries = tx.custody.entries_for(reference("equipment", equipment_id))
    may_keep = visit.may(Action.EQUIPMENT_KEEP, found.agency_id)
    rule = tx.equipment.certificate_rule(found, tx.now)
    missing = gate_faults(facts, tx.now, certificate=rule.is_needed)
    return visit.page(
        "equipment.html",
        forms=EquipmentForms,
        mistake=mistake,
        here="equipment",
        equipment=found,
        apart=equipment_apart(visit, found, facts.said(), mistake),
        versions=_history(tx.equipment.versions(equipment_id)),
        place_remark=place_remark(tx.equipment.versions(equipment_id), facts.publications),
        datums=list(Datum),
        facts=facts.said(),
        past=facts.past(),
        annulled=tx.equipment.annulled(equipment_id),
        gates=conditions(missing, certificate=rule.is_needed),
        rule=rule,
        missing=missing,
        scans=_scans(visit, found) if may_keep else (),
        scanned=_scanned(visit, (*facts.said().certificates, *facts.past().certificates)),
        kinds=list(ReviewKind),
        sources=tx.equipment.sources(actor) if may_keep else (),
        may_keep=may_keep,
        entries=entries,
        names=tx.accounts.names(visit.actor, [one.leaf.actor for one in entries]),
        now=tx.now,
    )


def _scans(visit: Visit, found: Equipment) -> list[Recording]:
    """Return the sealed documents of the agency that may be the scan of a certificate, the newest first."""
    if not visit.holds(Action.RECORDING_VIEW):
        return []
    kind, state = DocumentKind.VERIFICATION_CERTIFICATE, RecordingState.SEALED
    page = visit.tx.recordings.page(visit.actor, RecordingFilter(document=kind, state=state), limit=PAGE_ROWS)
    return [one for one in page.rows if one.agency_id == found.agency_id]


def _scanned(visit: Visit, certificates: Iterable[Certificate]) -> dict[str, Recording]:
    """Return the scans of certificates that the visitor may open, by digest."""
    if not visit.holds(Action.RECORDING_VIEW):
        return {}
    found: dict[str, Recording] = {}
    for digest in {one.scan for one in certificates if one.scan}:
        wanted = RecordingFilter(text=digest, state=RecordingState.SEALED)
        found |= dict.fromkeys((digest,), *visit.tx.recordings.page(visit.actor, wanted, limit=1).rows)
    return found


def _history(versions: Iterable[Version]) -> list[Version]:
    """Return what is said now, in order of its time, and then what was said before, the newest word first."""
    told = list(versions)
    said = sorted(
        (one for one in told if one.is_said()), key=lambda one: (one.valid_from is not None, one.valid_from)
    )
    return said + [one for one in reversed(told) if not one.is_said()]


def _change(visit: Visit, equipment_id: EquipmentId, form: Typed[W], act: Callable[[W], object]) -> Response:
    """Make one change of the equipment and come back to it."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, equipment_id, mistake),
        then=to(f"/console/equipment/{equipment_id}"),
    )


@router.post("/equipment/{equipment_id}/certificate")
def certify(visit: Acting, equipment_id: EquipmentId, form: Annotated[CertificateForm, Form()]) -> Response:
    """Add a certificate; both days are valid days in UTC+8."""
    return _change(
        visit, equipment_id, form, lambda asked: visit.tx.equipment.certify(visit.actor, equipment_id, *asked)
    )


@router.post("/equipment/{equipment_id}/certificates/{entry}/annul")
def annul(
    visit: Acting, equipment_id: EquipmentId, entry: Sha256Hex, form: Annotated[AnnulForm, Form()]
) -> Response:
    """Show what annulling a certificate would touch, or annul it."""
    kept = visit.tx.reopenings

    def act(asked: AnnulAsked) -> Touched | None:
        if asked.change is None:
            return kept.touched(visit.actor, equipment_id, entry, asked.from_at)
        kept.annul(visit.actor, equipment_id, entry, *asked.change)
        return None

    def again(mistake: Mistake) -> Response:
        try:  # numbers may be others by now: whoever goes on sees what it touches then
            told = kept.touched(visit.actor, equipment_id, entry, time_or_none(form, "from_at"))
        except (Mistaken, NotFound, Invalid):
            return _page(visit, equipment_id, mistake)
        return _annulling(visit, (equipment_id, entry), form, told, mistake)

    def then(told: Touched | None) -> Response:
        if told is None:
            return go(f"/console/equipment/{equipment_id}")
        return _annulling(visit, (equipment_id, entry), form, told)

    return submit(visit, form, act, again=again, then=then)


def _annulling(
    visit: Visit,
    path: tuple[EquipmentId, Sha256Hex],
    form: AnnulForm,
    told: Touched,
    mistake: Mistake | None = None,
) -> Response:
    """Return the page that says what an annulment would touch, and asks why."""
    equipment_id, entry = path
    said = visit.tx.equipment.facts(equipment_id).said().certificates
    return visit.page(
        "equipment_annul.html",
        forms=EquipmentForms,
        mistake=mistake,
        here="equipment",
        equipment=visit.tx.equipment.get(visit.actor, equipment_id),
        certificate=next(one for one in said if one.entry == entry),
        form=form,
        told=told,
    )


@router.post("/equipment/{equipment_id}/review")
def review(visit: Acting, equipment_id: EquipmentId, form: Annotated[ReviewForm, Form()]) -> Response:
    """Add a technical or legal review."""
    return _change(
        visit, equipment_id, form, lambda asked: visit.tx.equipment.review(visit.actor, equipment_id, *asked)
    )


@router.post("/equipment/{equipment_id}/publication")
def publish(visit: Acting, equipment_id: EquipmentId, form: Annotated[PublicationForm, Form()]) -> Response:
    """Add where and when the location was published."""
    return _change(
        visit, equipment_id, form, lambda asked: visit.tx.equipment.publish(visit.actor, equipment_id, *asked)
    )


@router.post("/equipment/{equipment_id}/description")
def describe(visit: Acting, equipment_id: EquipmentId, form: Annotated[DescribeForm, Form()]) -> Response:
    """Say what the equipment is anew: something changed from a time on, or what was entered was wrong."""
    return _change(
        visit,
        equipment_id,
        form,
        lambda asked: visit.tx.equipment.describe(visit.actor, equipment_id, *asked),
    )


@router.post("/equipment/{equipment_id}/facts/{entry}/amend")
def amend(
    visit: Acting, equipment_id: EquipmentId, entry: Sha256Hex, form: Annotated[FactForm, Form()]
) -> Response:
    """Correct a dated fact."""

    def act(asked: Change[FactAmendIn]) -> None:
        visit.tx.equipment.amend(visit.actor, equipment_id, entry, *asked)

    return _change(visit, equipment_id, form, act)


@router.post("/equipment/{equipment_id}/suspend")
def suspend(visit: Acting, equipment_id: EquipmentId, form: Annotated[SuspensionForm, Form()]) -> Response:
    """Take equipment out of service from a time on; empty means now."""
    return _change(
        visit, equipment_id, form, lambda asked: visit.tx.equipment.suspend(visit.actor, equipment_id, *asked)
    )


@router.post("/equipment/{equipment_id}/resume")
def resume(visit: Acting, equipment_id: EquipmentId, form: Annotated[VersionForm, Form()]) -> Response:
    """Put equipment back into service."""

    def act(version: int) -> None:
        visit.tx.equipment.resume(visit.actor, equipment_id, version)

    return _change(visit, equipment_id, form, act)


@router.post("/equipment/{equipment_id}/bind")
def bind(visit: Acting, equipment_id: EquipmentId, form: Annotated[BindForm, Form()]) -> Response:
    """Bind equipment to the machine account that hands in its records."""

    def act(asked: Change[BindIn]) -> None:
        visit.tx.equipment.bind(visit.actor, equipment_id, asked.wish.source_id, asked.seen)

    return _change(visit, equipment_id, form, act)
