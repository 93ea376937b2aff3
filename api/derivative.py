"""Copies for viewing that are made of a recording after its verdict: which there are, how they were made, their bytes."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from api.deps import CurrentActor, OpenStore, StreamActor, Tx
from api.look import look_from
from api.media import Part, stored_bytes
from api.proof import Kept
from api.route import Route
from schemas.base import WireOut
from schemas.derivative import (
    MOST_PAGES,
    SHOWN_FREELY,
    Derivation,
    DerivationFailure,
    DerivationIn,
    DerivationState,
    DerivativeKind,
    pages_in,
)
from schemas.digest import sha256_hex
from schemas.ids import AccountId, DerivationId, LookId, RecordingId
from schemas.refusals_recording import DERIVATIVE_UNKNOWN

router = APIRouter(prefix="/v1/recordings/{recording_id}/derivatives", tags=["recording"], route_class=Route)


class DerivationOut(WireOut):
    """One copy for viewing, never evidence itself. `asked_by` is absent where no person asked.

    From `media_type` on all is there once it is `made`: `parent_sha256` names the bytes that it is of, `params` says by
    which tool and version, and how far; `failure` says why there is none.
    """

    id: DerivationId
    kind: DerivativeKind
    state: DerivationState
    asked_by: AccountId | None
    asked_at: datetime
    failure: DerivationFailure | None
    media_type: str | None
    size_bytes: int | None
    sha256: str | None
    parent_sha256: str | None
    params: dict[str, Any] | None
    made_at: datetime | None


class DerivationsOut(WireOut):
    """Of each kind the one that is shown, and a newer one that waits or failed."""

    derivatives: list[DerivationOut]


def _out(one: Derivation) -> DerivationOut:
    return DerivationOut.of(one, state=one.state, params=None if one.params is None else dict(one.params))


@router.get("", operation_id="listDerivatives")
def derivatives(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> DerivationsOut:
    """List the copies for viewing of a recording."""
    tx.recordings.get(actor, recording_id)
    return DerivationsOut(derivatives=[_out(one) for one in tx.derivations.of_recording(recording_id)])


@router.post("", operation_id="makeDerivative", status_code=202)
def make(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: DerivationIn) -> DerivationOut:
    """Have a copy made anew; while one waits, that one."""
    return _out(tx.derivations.ask(actor, recording_id, wish.kind))


class Copy(NamedTuple):
    """Which copy is asked for, and under which look."""

    kind: DerivativeKind
    look: LookId | None


def which_copy(kind: DerivativeKind, look: LookId | None = None) -> Copy:
    """Return what is asked for."""
    return Copy(kind, look)


@router.head("/{kind}", include_in_schema=False)
@router.get("/{kind}", operation_id="getDerivative", response_class=Response)
def derivative(
    request: Request,
    store: OpenStore,
    actor: StreamActor,
    recording_id: RecordingId,
    asked: Annotated[Copy, Depends(which_copy)],
) -> Response:
    """Stream the newest copy of a kind under a look, as the original is; a wave form needs none."""
    with store.begin() as tx:
        tx.recordings.watchable(actor, recording_id)
        made = tx.derivations.made(recording_id, asked.kind)
        if asked.kind not in SHOWN_FREELY:
            is_still = asked.kind is DerivativeKind.SHEET
            tx.looks.require(actor, asked.look, recording_id, look_from(request), taken=False, still=is_still)
    return stored_bytes(
        request,
        store,
        _kept(made),
        media_type=made.media_type or "application/octet-stream",
        filename=f"{asked.kind}.{(made.media_type or '').rpartition('/')[2]}",
    )


def _kept(made: Derivation) -> Kept:
    return Kept(made.object_key or "", made.version_id or "", made.size_bytes or 0, made.sha256)


class PageAsked(NamedTuple):
    """Which page is asked for, and under which look."""

    number: int
    look: LookId | None


def which_page(number: Annotated[int, Path(ge=1, le=MOST_PAGES)], look: LookId | None = None) -> PageAsked:
    """Return what is asked for."""
    return PageAsked(number, look)


@router.head("/pages/{number}", include_in_schema=False)
@router.get("/pages/{number}", operation_id="getPagePicture", response_class=Response)
def page_picture(
    request: Request,
    store: OpenStore,
    actor: StreamActor,
    recording_id: RecordingId,
    asked: Annotated[PageAsked, Depends(which_page)],
) -> Response:
    """Stream the picture of one page of a document, under a look."""
    with store.begin() as tx:
        tx.recordings.watchable(actor, recording_id)
        tx.looks.require(actor, asked.look, recording_id, look_from(request), taken=False, still=True)
        made = tx.derivations.made(recording_id, DerivativeKind.PAGES)
        found = pages_in(made.params).page(asked.number)
        if found is None:
            raise DERIVATIVE_UNKNOWN("there is no picture of such a page")
    return stored_bytes(
        request,
        store,
        _kept(made),
        part=Part(found.at, found.size, sha256_hex(f"{made.sha256} {asked.number}".encode())),
        media_type="image/jpeg",
        filename=f"page-{asked.number}.jpg",
    )
