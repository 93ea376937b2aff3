"""What the pictures of a recording look like: hints for whoever judges, never a part of the verdict."""

from datetime import datetime

from fastapi import APIRouter

from api.deps import CurrentActor, Tx
from api.route import Route
from schemas.base import WireOut
from schemas.ids import RecordingId
from schemas.likeness import Alike, Likeness
from schemas.policy import Action, missing

router = APIRouter(prefix="/v1/recordings/{recording_id}/likenesses", tags=["recording"], route_class=Route)


class SearchOut(WireOut):
    """That it was compared: `codes` pictures of it, with `among` before; `found` pictures were near, the nearest are kept.

    Without a picture that says enough to be compared `codes` is 0.
    """

    at: datetime
    codes: int
    among: int
    found: int


class AlikeOut(WireOut):
    """A recording that looks like this one; `bits` of 242 differ. `is_series`: of the same device within a minute.

    `is_mirrored`: left and right have changed places.

    `cases` are the numbers of those that the reader sees.
    """

    recording_id: RecordingId
    filename: str
    agency_name: str
    captured_at: datetime | None
    received_at: datetime
    likeness: Likeness
    bits: int
    is_mirrored: bool
    is_series: bool
    cases: list[str]


class WithheldOut(WireOut):
    """One that the reader may not open, and may ask for."""

    recording_id: RecordingId
    agency_name: str


class LikenessesOut(WireOut):
    """The nearest first. `search` is absent while it was not compared.

    `is_elsewhere` says that another one resembles it of which the reader is told nothing else.
    """

    search: SearchOut | None
    alike: list[AlikeOut]
    withheld: list[WithheldOut]
    is_elsewhere: bool


def _out(one: Alike) -> AlikeOut:
    return AlikeOut.of(
        one.recording,
        recording_id=one.recording.id,
        likeness=one.likeness,
        bits=one.bits,
        is_mirrored=one.is_mirrored,
        is_series=one.is_series,
        cases=list(one.cases),
    )


@router.get("", operation_id="listLikenesses")
def likenesses(tx: Tx, actor: CurrentActor, recording_id: RecordingId) -> LikenessesOut:
    """List what looks like a recording."""
    found = tx.likenesses.of_recording(actor, tx.recordings.get(actor, recording_id))
    if found is None:
        raise missing(Action.LIKENESS_VIEW)
    return LikenessesOut(
        search=None if found.search is None else SearchOut.model_validate(found.search._asdict()),
        alike=list(map(_out, found.alike)),
        withheld=[WithheldOut.model_validate(one._asdict()) for one in found.withheld],
        is_elsewhere=found.is_elsewhere,
    )
