"""Recordings that could be linked to a case: looked for by words and day, chosen by ticks, linked together."""

from pydantic import BaseModel, ConfigDict

from api.console.form import day_start
from api.console.listing import Sought
from api.console.visit import Visit
from schemas.case import Case, CaseState
from schemas.procedure import AFTER_DECISION
from schemas.recording import Recording, RecordingFilter

MOST_CANDIDATES = 50


class Candidates(BaseModel):
    """What is looked for to be linked: words of a file name or a hash, the day of capture, or both."""

    model_config = ConfigDict(frozen=True)

    find: Sought = ""
    day: Sought = ""

    def wanted(self, case: Case) -> RecordingFilter | None:
        """Return the filter; None where nothing is looked for. A decided case takes the papers alone that follow it."""
        begins, ends = day_start(self.day), day_start(self.day, days=1)
        is_decided = case.state is CaseState.DECIDED
        if not self.find and begins is None and not is_decided:
            return None
        papers = tuple(AFTER_DECISION) if is_decided else ()
        text = self.find or None
        return RecordingFilter(text=text, from_at=begins, until_at=ends, is_paper=is_decided, papers=papers)


def candidates_of(visit: Visit, case: Case, sought: Candidates) -> list[Recording]:
    """Return recordings that could be linked: of the case's agency, seen by the visitor, not linked yet."""
    wanted = sought.wanted(case)
    if wanted is None:
        return []
    linked = {row.id for row in visit.tx.recordings.of_case(case.id)}
    page = visit.tx.recordings.page(visit.actor, wanted, limit=MOST_CANDIDATES + len(linked))
    rows = [row for row in page.rows if row.id not in linked and row.agency_id == case.agency_id]
    return rows[:MOST_CANDIDATES]


NOTHING_SOUGHT = Candidates()
