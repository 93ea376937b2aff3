"""What other nouns ask of examinations: which cases rest on what has turned worse, which films went frame by frame."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, false, func, or_

from schemas.case import CaseState
from schemas.checks.streams import FRAMES
from schemas.examination import is_worse
from schemas.examined import Measure
from schemas.integrity import Verdict
from storage.tables.case import case_links, cases
from storage.tables.examination import examinations
from storage.tables.recording import recordings

TOLD = timedelta(days=30)
"""So long head and reviewer are told; the case's own page says it for ever."""

DECIDED = (CaseState.DECIDED, CaseState.CLOSED)
_WORSE = [(was, now) for was in Verdict for now in Verdict if is_worse(was, now)]


def turned_worse(since: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition that the latest result of a recording is worse than the one before; with `since`, later."""
    worse = or_(*(and_(examinations.c.was == was, examinations.c.verdict == now) for was, now in _WORSE))
    later = [] if since is None else [examinations.c.examined_at > since]
    return exists().where(
        examinations.c.recording_id == recordings.c.id,
        examinations.c.run == recordings.c.run,
        examinations.c.was != examinations.c.verdict,
        worse,
        *later,
    )


def is_doubted(now: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition that a case is decided and rests on what has turned worse; with `now`, lately."""
    linked = exists().where(
        case_links.c.case_id == cases.c.id,
        case_links.c.unlinked_at.is_(None),
        recordings.c.id == case_links.c.recording_id,
        turned_worse(None if now is None else now - TOLD),
    )
    return and_(cases.c.state.in_(DECIDED), linked)


def went_frame_by_frame() -> ColumnElement[bool]:
    """Return the condition that the latest result of a recording was asked to go through every frame, and says how far."""
    said = [{"measure": Measure.FRAMES.value, "check": FRAMES.name}]
    return func.coalesce(recordings.c.facts["examined"].contains(said), false())
