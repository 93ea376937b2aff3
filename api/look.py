"""Looks at evidence: why it is opened, said before a byte is given; who looked; and the end of a look."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from api.deps import After, CurrentActor, Limit, Tx
from api.origin import origin_of
from api.route import Route
from api.trail import Sought
from schemas.base import Moment, WireOut
from schemas.ids import AccountId, ExportId, LookId, RecordingId
from schemas.look import Look, LookFilter, LookFrom, LookIn, LookKind, LookWay, SeenLook, WhyIn
from schemas.page import Page

router = APIRouter(prefix="/v1", tags=["look"], route_class=Route)


class LookOut(WireOut):
    """A look. Content is given under `content_url` until `expires_at`, which moves on while it is used.

    `seconds`, from the opening to the last sign of life, is there once the log says that the look has ended.
    """

    id: LookId
    kind: LookKind
    way: LookWay
    recording_id: RecordingId | None
    export_id: ExportId | None
    reason_code: str
    reason: str | None
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    seconds: int | None
    content_url: str


class SeenLookOut(LookOut):
    """A look with who looked, in which roles, and from where; the address is masked for whoever has no right to it."""

    account_id: AccountId
    name: str
    roles: list[str]
    about: str
    address: str


class LooksOut(WireOut):
    """A page, newest first; `next` is the cursor of the following page."""

    looks: list[SeenLookOut]
    next: str | None


class LookQuery(BaseModel):
    """What narrows a search. `person`: part of a name or a log-in name."""

    person: Sought = None
    address: Sought = None
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self) -> LookFilter:
        """Return what is asked for."""
        return LookFilter(**dict(self))


def look_from(request: Request, way: LookWay = LookWay.API) -> LookFrom:
    """Return from where somebody looks."""
    return LookFrom(way=way, address=origin_of(request))


def by_api(request: Request) -> LookFrom:
    """Return from where a program looks."""
    return look_from(request)


ByApi = Annotated[LookFrom, Depends(by_api)]


def content_url(look: Look) -> str:
    """Return where the content is that a look is at."""
    if look.kind is LookKind.FETCH:
        return f"/v1/exports/{look.export_id}/package?look={look.id}"
    taken = "&download" if look.kind is LookKind.DOWNLOAD else ""
    return f"/v1/recordings/{look.recording_id}/media?look={look.id}{taken}"


def _out(look: Look) -> LookOut:
    return LookOut.of(look, content_url=content_url(look))


def _seen_out(seen: SeenLook) -> SeenLookOut:
    return SeenLookOut.of(
        seen.look,
        content_url=content_url(seen.look),
        name=seen.name,
        roles=[role.value for role in seen.roles],
        about=seen.about,
        address=seen.address,
    )


def _page_out(page: Page[SeenLook]) -> LooksOut:
    return LooksOut(looks=[_seen_out(one) for one in page.rows], next=page.next_text)


@router.post("/recordings/{recording_id}/looks", operation_id="openLook", status_code=201)
def open_look(tx: Tx, actor: CurrentActor, recording_id: RecordingId, wish: LookIn, origin: ByApi) -> LookOut:
    """Say why the content is opened or taken away; the same from the same place goes on with the look that stands."""
    return _out(tx.looks.open(actor, recording_id, wish, origin))


@router.post("/exports/{export_id}/looks", operation_id="openPackage", status_code=201)
def open_package(tx: Tx, actor: CurrentActor, export_id: ExportId, wish: WhyIn, origin: ByApi) -> LookOut:
    """Say why the package is taken away."""
    return _out(tx.looks.fetch(actor, export_id, wish, origin))


@router.post("/looks/{look_id}/seen", operation_id="keepLook")
def keep_look(tx: Tx, actor: CurrentActor, look_id: LookId) -> LookOut:
    """Say that a look goes on; asking for content says it too."""
    return _out(tx.looks.seen(actor, look_id))


@router.post("/looks/{look_id}/close", operation_id="closeLook", status_code=204)
def close_look(tx: Tx, actor: CurrentActor, look_id: LookId) -> Response:
    """End a look. How long it was is the server's to say: from the opening to this moment."""
    tx.looks.close(actor, look_id)
    return Response(status_code=204)


@router.get("/recordings/{recording_id}/looks", operation_id="listLooks")
def list_looks(
    tx: Tx, actor: CurrentActor, recording_id: RecordingId, after: After, limit: Limit = 50
) -> LooksOut:
    """List who looked at a recording, newest first."""
    return _page_out(tx.lookers.of_recording(actor, recording_id, after=after, limit=limit))


@router.get("/trail/looks", operation_id="listTrailLooks")
def list_trail_looks(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[LookQuery, Query()], limit: Limit = 50
) -> LooksOut:
    """Search the looks of the people whose trail the reader reads, newest first; `about` is empty."""
    return _page_out(tx.lookers.trail(actor, asked.wanted(), after=after, limit=limit))


@router.get("/looks", operation_id="listOwnLooks")
def list_own_looks(tx: Tx, actor: CurrentActor, after: After, limit: Limit = 50) -> LooksOut:
    """List one's own looks, newest first."""
    return _page_out(tx.lookers.own(actor, after=after, limit=limit))
