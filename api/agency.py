"""The tree of agencies and units, kept by an administrator."""

from datetime import datetime

from fastapi import APIRouter, Response

from api.deps import CurrentActor, Tx
from api.etag import SeenVersion, done, tagged
from api.route import Route
from schemas.agency import AgencyAmendIn, AgencyIn
from schemas.base import WireOut
from schemas.ids import AgencyId
from schemas.leaves_agency import AgencyKind

router = APIRouter(prefix="/v1/agencies", tags=["account"], route_class=Route)


class AgencyOut(WireOut):
    """An agency; `people` are the accounts of its own that are open, `is_supervising`: they see all below it."""

    id: AgencyId
    parent_id: AgencyId | None
    principal_id: AgencyId | None
    principal_name: str | None
    name: str
    code: str
    kind: AgencyKind
    is_supervising: bool
    closed_at: datetime | None
    people: int
    version: int


class AgenciesOut(WireOut):
    """The tree, each agency behind the one above it."""

    agencies: list[AgencyOut]


@router.get("", operation_id="listAgencies")
def agencies(tx: Tx, actor: CurrentActor) -> AgenciesOut:
    """List the agencies that the actor reaches."""
    return AgenciesOut(agencies=[AgencyOut.of(one) for one in tx.agencies.tree(actor)])


@router.post("", operation_id="openAgency", status_code=201)
def open_agency(tx: Tx, actor: CurrentActor, response: Response, wish: AgencyIn) -> AgencyOut:
    """Open a unit below another one."""
    return tagged(response, AgencyOut.of(tx.agencies.open(actor, wish)))


@router.get("/{agency_id}", operation_id="getAgency")
def agency(tx: Tx, actor: CurrentActor, response: Response, agency_id: AgencyId) -> AgencyOut:
    """Return one agency."""
    return tagged(response, AgencyOut.of(tx.agencies.get(actor, agency_id)))


@router.patch("/{agency_id}", operation_id="amendAgency", status_code=204)
def amend(
    tx: Tx, actor: CurrentActor, agency_id: AgencyId, seen: SeenVersion, wish: AgencyAmendIn
) -> Response:
    """Say something else of a unit, or move it below another one; a ring is refused."""
    return done(tx.agencies.amend(actor, agency_id, wish, seen).version)


@router.post("/{agency_id}/close", operation_id="closeAgency", status_code=204)
def close(tx: Tx, actor: CurrentActor, agency_id: AgencyId, seen: SeenVersion) -> Response:
    """Close an agency in which nobody and nothing at work stands; what was done in it stays readable."""
    return done(tx.agencies.close(actor, agency_id, seen).version)
