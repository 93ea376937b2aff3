"""Before a case is filed: other cases of the agency that may be about the same act."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.case import CaseState
from schemas.ids import CaseId
from schemas.overlap import Overlap

router = APIRouter(prefix="/v1/cases/{case_id}/overlaps", tags=["case"], route_class=Route)


class OverlapOut(WireOut):
    """Another case, and what it shares; `id` and `number` are null for whoever may not see it."""

    id: CaseId | None
    number: str | None
    state: CaseState
    opened_at: datetime
    overlaps: list[Overlap]
    metres: int | None


class OverlapsOut(WireOut):
    """How many there are within two years, and those that share most; with `is_more` there may be more than `count`."""

    count: int
    is_more: bool
    cases: list[OverlapOut]


@router.get("", operation_id="listOverlaps")
def overlaps(tx: Tx, actor: CurrentActor, case_id: CaseId) -> OverlapsOut:
    """List cases of the same agency that share the party or plate, or both matter and place. A hint: nothing is refused."""
    found = tx.overlaps.of_case(actor, case_id)
    return OverlapsOut(
        count=found.count, is_more=found.is_more, cases=[OverlapOut.of(one) for one in found.cases]
    )
