"""The access trail: searched by its reader, and by everyone of themselves."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import After, CurrentActor, Limit, Tx
from api.route import Route
from schemas.base import Moment, WireOut
from schemas.ids import AccountId, AgencyId, DeviceId
from schemas.trail import TrailEvent, TrailFilter, TrailResult

router = APIRouter(prefix="/v1", tags=["trail"], route_class=Route)

Sought = Annotated[str | None, Field(min_length=1, max_length=200)]


class TrailQuery(BaseModel):
    """What narrows a search. `person`: part of a name or a log-in name, or the whole of a name that nobody has."""

    person: Sought = None
    address: Sought = None
    event: TrailEvent | None = None
    result: TrailResult | None = None
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self) -> TrailFilter:
        """Return what is asked for."""
        return TrailFilter(**dict(self))


class TrailRowOut(WireOut):
    """A row: `times` since `at`, the last at `last_at`. `code`: a problem's slug, or why a session ended.

    `asked`: the permission that was missing, or the pattern of the address. Without a person, `is_named` says whether a
    name was typed that nobody has; only its keyed digest is kept.
    """

    id: UUID
    at: datetime
    last_at: datetime
    times: int
    event: TrailEvent
    result: TrailResult
    code: str
    asked: str
    account_id: AccountId | None
    account_name: str | None
    account_login: str | None
    device_id: DeviceId | None
    device_name: str | None
    about: str
    about_name: str | None
    agency_id: AgencyId | None
    address: str
    is_named: bool
    is_sealed: bool


class TrailOut(WireOut):
    """A page of the trail, newest first."""

    rows: list[TrailRowOut]
    next: str | None


class OwnTrailOut(WireOut):
    """The newest rows of whoever asks, and of what others tried under that name."""

    rows: list[TrailRowOut]


@router.get("/trail", operation_id="listTrail")
def trail(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[TrailQuery, Query()], limit: Limit = 50
) -> TrailOut:
    """Search the access trail, newest first. What a program takes is an extract: it is noted as one."""
    page = tx.trail.page(actor, asked.wanted(), after=after, limit=limit)
    tx.trail.export(actor)
    return TrailOut(rows=[TrailRowOut.of(one) for one in page.rows], next=page.next_text)


@router.get("/trail/own", operation_id="ownTrail")
def own(tx: Tx, actor: CurrentActor) -> OwnTrailOut:
    """Return the own access history."""
    return OwnTrailOut(rows=[TrailRowOut.of(one) for one in tx.trail.own(actor)])
