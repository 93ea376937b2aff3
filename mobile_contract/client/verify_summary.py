"""What a package tells of penalties on the spot (arts 51 and 52): entered, filed with the agency, or taken back."""

from collections.abc import Iterable

from mobile_contract.client.verify_said import Said, Teller
from schemas.base import Frozen, rfc3339
from schemas.leaves_summary import CasePenaliseAlone
from schemas.life_of_case import CaseLife, SummaryLife


class SummaryTold(Frozen):
    """A penalty on the spot as it was entered; by whom and when it was filed, or its entry taken back."""

    number: Said
    basis: Said
    place: Said
    party_kind: str
    penalties: tuple[str, ...]
    fine_fen: int | None
    made_at: str
    officers: tuple[Said, ...]
    exception: Said
    is_refused: bool
    enterer: Said
    entered_at: str
    recorder: Said | None
    recorded_at: str | None
    retracter: Said | None
    retracted_at: str | None
    retract_reason: Said


def summaries(teller: Teller, life: CaseLife) -> Iterable[SummaryTold]:
    """Yield every penalty on the spot of a case, oldest first."""
    for one in life.summaries.values():
        yield _told(teller, one)


def _told(teller: Teller, one: SummaryLife) -> SummaryTold:
    return SummaryTold(
        number=teller.said(one.act.number),
        basis=teller.said(one.act.basis),
        place=teller.said(one.act.place),
        party_kind=one.act.party_kind,
        penalties=one.act.penalties,
        fine_fen=one.act.fine_fen,
        made_at=rfc3339(one.act.made_at),
        officers=tuple(map(teller.name, one.act.officers)),
        exception=teller.said(one.act.exception if isinstance(one.act, CasePenaliseAlone) else None),
        is_refused=one.act.refused,
        enterer=teller.name(one.by),
        entered_at=rfc3339(one.at),
        recorder=None if one.recorded_by is None else teller.name(one.recorded_by),
        recorded_at=None if one.recorded_at is None else rfc3339(one.recorded_at),
        retracter=None if one.retracted_by is None else teller.name(one.retracted_by),
        retracted_at=None if one.retracted_at is None else rfc3339(one.retracted_at),
        retract_reason=teller.said(one.retract_reason),
    )
