"""Export packages: order one, watch its progress, download it with ranges."""

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import CurrentActor, OpenStore, StreamActor, Tx
from api.look import look_from
from api.media import stored_bytes
from api.proof import Kept
from api.route import Route
from schemas.actor import Actor
from schemas.base import WireOut
from schemas.export import ExportState
from schemas.ids import CaseId, ExportId, LookId
from schemas.name_profile import CHINA
from schemas.package import package_name
from schemas.refusals_export import EXPORT_NOT_READY
from storage.export.export import Export
from storage.store import Store

router = APIRouter(prefix="/v1", tags=["export"], route_class=Route)


class ExportOut(WireOut):
    """A package of a case; progress in bytes."""

    export_id: ExportId
    case_id: CaseId
    state: str
    progress_done: int
    progress_total: int
    size_bytes: int | None
    sha256: str | None
    failure: str | None
    created_at: datetime
    status_url: str
    package_url: str | None


def _out(found: Export) -> ExportOut:
    url = f"/v1/exports/{found.id}"
    package_url = f"{url}/package" if found.state is ExportState.READY else None
    return ExportOut.of(found, export_id=found.id, status_url=url, package_url=package_url)


@router.post("/cases/{case_id}/exports", operation_id="requestExport", status_code=202)
def request_export(tx: Tx, actor: CurrentActor, case_id: CaseId) -> ExportOut:
    """Order the package of a case."""
    return _out(tx.exports.request(actor, case_id))


@router.get("/exports/{export_id}", operation_id="getExport")
def export(tx: Tx, actor: CurrentActor, export_id: ExportId) -> ExportOut:
    """Say how far a package has come."""
    return _out(tx.exports.get(actor, export_id))


@router.head("/exports/{export_id}/package", include_in_schema=False)
@router.get("/exports/{export_id}/package", operation_id="getPackage", response_class=Response)
def package(
    request: Request, store: OpenStore, actor: StreamActor, export_id: ExportId, look: LookId | None = None
) -> Response:
    """Download the package, under a look (`POST …/looks`)."""
    return download(request, store, actor, export_id, look)


def download(
    request: Request, store: Store, actor: Actor, export_id: ExportId, look: LookId | None
) -> Response:
    """Answer with the bytes of a package the actor may export, where a look at it stands.

    Raises:
        Conflict: it is not ready (slug `export-not-ready`).
        PreconditionRequired: no look is named (slug `look-needed`), or it has ended (`look-ended`).
    """
    with store.begin() as tx:
        found = tx.exports.get(actor, export_id)
        if found.object_key is None or found.version_id is None or found.size_bytes is None:
            raise EXPORT_NOT_READY("the package is not ready", state=found.state)
        tx.looks.require(actor, look, export_id, look_from(request), taken=True)
        number = tx.cases.exportable(actor, found.case_id).number
    return stored_bytes(
        request,
        store,
        Kept(found.object_key, found.version_id, found.size_bytes, found.sha256),
        media_type="application/zip",
        filename=package_name(number, found.created_at.astimezone(CHINA).date()),
        is_attachment=True,
    )
