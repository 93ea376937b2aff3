"""Copies for viewing that are made of a recording after its verdict: which there are, how they were made, their bytes."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.deps import CurrentActor, OpenStore, StreamActor, Tx
from api.look import look_from
from api.media import stored_bytes
from api.route import Route
from schemas.base import WireOut
from schemas.derivative import (
    SHOWN_FREELY,
    Derivation,
    DerivationFailure,
    DerivationIn,
    DerivationState,
    DerivativeKind,
)
from schemas.ids import AccountId, DerivationId, LookId, RecordingId

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
        key=made.object_key or "",
        version_id=made.version_id or "",
        size_bytes=made.size_bytes or 0,
        sha256=made.sha256,
        media_type=made.media_type or "application/octet-stream",
        filename=f"{asked.kind}.{(made.media_type or '').rpartition('/')[2]}",
    )
