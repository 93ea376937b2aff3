"""Recusal: who is barred from a case, by their own word or by the head's, and until when."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.ids import AccountId, CaseId, RecusalId
from schemas.leaves_recusal import RecusalGround
from schemas.recusal import RecusalIn, RecusalLiftIn

router = APIRouter(prefix="/v1/cases/{case_id}/recusals", tags=["case"], route_class=Route)


class RecusalOut(WireOut):
    """One bar: of whom, wanted by whom and why, from when; and who ended it, when and why."""

    id: RecusalId
    account_id: AccountId
    person: str
    ground: RecusalGround
    reason: str
    barrer: str
    barred_at: datetime
    lifter: str | None
    lifted_at: datetime | None
    lift_reason: str | None


class RecusalsOut(WireOut):
    """Every bar of a case, past ones included, oldest first."""

    recusals: list[RecusalOut]


@router.get("", operation_id="listRecusals")
def recusals(tx: Tx, actor: CurrentActor, case_id: CaseId) -> RecusalsOut:
    """List who is and was barred from a case."""
    return RecusalsOut(recusals=[RecusalOut.of(one) for one in tx.recusals.of_case(actor, case_id)])


@router.post("", operation_id="barFromCase", status_code=201)
def bar(tx: Tx, actor: CurrentActor, case_id: CaseId, wish: RecusalIn) -> RecusalOut:
    """Bar oneself by one's own word, or as the head somebody else, of one's own accord or because a party asked."""
    return RecusalOut.of(tx.recusals.bar(actor, case_id, wish))


@router.post("/{recusal_id}/lift", operation_id="liftRecusal")
def lift(
    tx: Tx, actor: CurrentActor, case_id: CaseId, recusal_id: RecusalId, wish: RecusalLiftIn
) -> RecusalOut:
    """End a bar with a reason; never one's own."""
    return RecusalOut.of(tx.recusals.lift(actor, case_id, recusal_id, wish.reason))
