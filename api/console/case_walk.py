"""Going through the recordings of a case one after the other: how far one is, and the ways to the ones around it."""

from typing import NamedTuple

from api.console.listing import PAGE_ROWS, address
from api.console.visit import Visit
from schemas.ids import CaseId, RecordingId, ReviewId
from schemas.policy import Action
from schemas.review import ReviewState


class Walk(NamedTuple):
    """Where one recording stands among those of a case that the visitor may open; `place` is counted from one.

    `review_id` is that of the open round, for whoever reviews.
    """

    case_id: CaseId
    case_number: str
    place: int
    total: int
    before: RecordingId | None
    behind: RecordingId | None
    review_id: ReviewId | None

    @property
    def back(self) -> str:
        """The address of the case, at the part of its recordings that holds this one."""
        part = (self.place - 1) // PAGE_ROWS + 1
        query = {"part": str(part)} if part > 1 else {}
        return address(f"/console/cases/{self.case_id}", query) + "#recordings"


def within_case(page: str, case_id: CaseId) -> str:
    """Return the address of a recording's page as a step of the way through a case."""
    return address(page, {"case": str(case_id)})


def walk_of(visit: Visit, recording_id: RecordingId, case_id: CaseId | None) -> Walk | None:
    """Return the way; None where no case is named, the visitor may not see it, or the recording is not of it now."""
    tx, actor = visit.tx, visit.actor
    if case_id is None or not tx.cases.visible(actor, [case_id]):
        return None
    way = tx.recordings.openable_of_case(actor, case_id)
    if recording_id not in way:
        return None
    at = way.index(recording_id)
    rounds = tx.reviews.of_case(case_id) if visit.holds(Action.CASE_REVIEW) else ()
    return Walk(
        case_id=case_id,
        case_number=tx.cases.get(actor, case_id).number,
        place=at + 1,
        total=len(way),
        before=way[at - 1] if at else None,
        behind=way[at + 1] if at + 1 < len(way) else None,
        review_id=next((one.id for one in rounds if one.state is ReviewState.OPEN), None),
    )
