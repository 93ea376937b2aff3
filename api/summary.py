"""Penalties on the spot of a case (arts 51 and 52): entered, filed with the agency, or the entry taken back."""

from datetime import datetime

from fastapi import APIRouter, Response

from api.case import CaseOut
from api.deps import CurrentActor, Tx
from api.etag import SeenVersion, tagged
from api.route import Route
from schemas.base import WireOut
from schemas.decision import PenaltyKind
from schemas.ids import CaseId
from schemas.summary import PartyKind, PenaliseIn, RecordIn, RetractIn

router = APIRouter(prefix="/v1/cases/{case_id}/summaries", tags=["case"], route_class=Route)


class SummaryOut(WireOut):
    """A penalty on the spot as it was entered, by whom it was filed, or taken back and why; a fine in fen."""

    party_kind: PartyKind
    penalties: list[PenaltyKind]
    fine_fen: int | None
    basis: str
    number: str
    made_at: datetime
    place: str
    officers: list[str]
    certificates: list[str]
    is_refused: bool
    exception: str | None
    remark: str | None
    enterer: str
    entered_at: datetime
    recorder: str | None
    recorded_at: datetime | None
    record_remark: str | None
    retracter: str | None
    retracted_at: datetime | None
    retract_reason: str | None


class SummariesOut(WireOut):
    """Every penalty on the spot that was entered in a case, oldest first; one stands at most."""

    summaries: list[SummaryOut]


@router.get("", operation_id="listSummaries")
def summaries(tx: Tx, actor: CurrentActor, case_id: CaseId) -> SummariesOut:
    """List the penalties on the spot of a case, those taken back included."""
    return SummariesOut(summaries=[SummaryOut.of(one) for one in tx.summaries.of_case(actor, case_id)])


@router.post("", operation_id="penaliseCase", status_code=201)
def penalise(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: PenaliseIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Enter a penalty that two officers decided on the spot, or one by `exception`; of each duty not recorded say why."""
    return tagged(response, CaseOut.of(tx.summaries.penalise(actor, case_id, wish, seen)))


@router.post("/record", operation_id="recordSummary", status_code=201)
def record(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: RecordIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """File the decision on the spot with the agency (备案), as a head who neither made nor entered it."""
    return tagged(response, CaseOut.of(tx.summaries.record(actor, case_id, wish.reason, seen)))


@router.post("/retract", operation_id="retractSummary", status_code=201)
def retract(
    tx: Tx, actor: CurrentActor, case_id: CaseId, *, wish: RetractIn, seen: SeenVersion, response: Response
) -> CaseOut:
    """Take the entry back before it is filed; the case is a lead again."""
    return tagged(response, CaseOut.of(tx.summaries.retract(actor, case_id, wish.reason, seen)))
