"""Correcting what was entered of a case: a page with what stands now, and an entry that keeps what stood before."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from fastapi import Form
from starlette.responses import Response

from api.console.apart import apart, version_of
from api.console.form import ZONE
from api.console.guard import Acting, Visiting
from api.console.typed import (
    LATITUDE,
    LONGITUDE,
    Change,
    Fault,
    Forms,
    Mistaken,
    Versioned,
    degrees_e7,
    into,
    label,
    seen,
    time_or_none,
)
from api.console.visit import Mistake, Visit, go, submit
from api.route import pages
from schemas.base import WireIn
from schemas.case import EVIDENCE_STATES, Case, CaseAmendIn, LatE7, LonE7, PartyCode, Plate, Words
from schemas.ids import CaseId
from schemas.policy import Action, missing
from schemas.refusals_case import CASE_UNCHANGED, CASE_UNDER_REVIEW

_E7 = 10_000_000
_PARTY = frozenset({"party", "party_code"})

router = pages()


class Said(WireIn):
    """All that the form says of the case, and why it is corrected."""

    party: Words | None = None
    party_code: PartyCode | None = None
    plates: tuple[Plate, ...] = ()
    matter: Words
    place: Words
    lat_e7: LatE7 | None = None
    lon_e7: LonE7 | None = None
    occurred_at: datetime | None = None
    reason: Words


class AmendForm(Versioned[Change[Said]]):
    """What stands of a case, to be corrected."""

    whole_party: str = ""
    """Whether the page shows who the party is: of a masked one nothing is sent."""
    party: str = label("当事人")
    party_code: str = label("信用代码或身份证号（可不填）")
    plates: str = label("号牌（几个用空格分开，可不填）")
    matter: str = label("案由")
    place: str = label("地点")
    lat: str = label("纬度（度，可不填）")
    lon: str = label("经度（度，可不填）")
    occurred_at: str = label("违法行为发生时间（东八区，可不填）")
    reason: str = label("更正的理由")

    renamed: ClassVar[dict[str, str]] = {"lat_e7": "lat", "lon_e7": "lon"}

    def wish(self) -> Change[Said]:
        lat, lon = degrees_e7(self, "lat", LATITUDE), degrees_e7(self, "lon", LONGITUDE)
        if (lat is None) is not (lon is None):
            raise Mistaken("lat" if lat is None else "lon", Fault.HALF)
        if self.whole_party and not self.party:
            raise Mistaken("party", Fault.MISSING)
        at = time_or_none(self, "occurred_at")
        plates = self.plates.upper().split()
        said = into(self, Said, plates=plates, lat_e7=lat, lon_e7=lon, occurred_at=at)
        return Change(said, seen(self))


class AmendForms(Forms):
    """The form of the page."""

    amend: AmendForm = AmendForm()


def amended(case: Case, said: Said, shown: AmendForm) -> CaseAmendIn:
    """Return the fields that say something else than stands; the form shows a time to the minute, and six places.

    Raises:
        Invalid: nothing is corrected (slug `case-unchanged`).
    """
    given: dict[str, Any] = said.model_dump(exclude={"reason"})
    stood = form_of(case)
    same = {name for name in ("occurred_at", "lat", "lon") if getattr(stood, name) == getattr(shown, name)}
    kept = {
        name
        for name, value in given.items()
        if name not in ("lat_e7", "lon_e7") and _plain(getattr(case, name)) == _plain(value)
    }
    if "occurred_at" in same:
        kept.add("occurred_at")
    if {"lat", "lon"} <= same:
        kept |= {"lat_e7", "lon_e7"}
    if case.is_masked:
        kept |= _PARTY
    changed = {name: value for name, value in given.items() if name not in kept}
    if not changed:
        raise CASE_UNCHANGED("nothing is corrected")
    return CaseAmendIn.model_validate({**changed, "reason": said.reason})


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, (list, tuple)) else value


def form_of(case: Case) -> AmendForm:
    """Return the form with what stands now; who the party is is left out where the reader sees it masked."""
    at = case.occurred_at
    return AmendForm(
        party="" if case.is_masked else case.party,
        party_code="" if case.is_masked else case.party_code or "",
        plates=" ".join(case.plates),
        matter=case.matter,
        place=case.place,
        lat=_degrees(case.lat_e7),
        lon=_degrees(case.lon_e7),
        occurred_at="" if at is None else at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"),
    )


def _degrees(e7: int | None) -> str:
    return "" if e7 is None else f"{e7 / _E7:.7f}".rstrip("0").rstrip(".")


def _page(visit: Visit, case_id: CaseId, mistake: Mistake | None = None) -> Response:
    case = visit.tx.cases.get(visit.actor, case_id)
    if Action.CASE_RUN not in visit.tx.cases.granted(visit.actor, case_id):
        raise missing(Action.CASE_RUN)
    if case.state not in EVIDENCE_STATES:
        raise CASE_UNDER_REVIEW("its evidence stands", state=case.state)
    form = mistake.form if mistake is not None else form_of(case)
    return visit.page(
        "case_amend.html",
        forms=AmendForms,
        mistake=mistake,
        here="cases",
        case=case,
        form=form,
        apart=apart(mistake, form_of(case), visit.language),
        version=version_of(mistake, case.version),
    )


@router.get("/cases/{case_id}/amend")
def amending(visit: Visiting, case_id: CaseId) -> Response:
    """Show what stands of a case, to be corrected."""
    return _page(visit, case_id)


@router.post("/cases/{case_id}/amend")
def amend(visit: Acting, case_id: CaseId, form: Annotated[AmendForm, Form()]) -> Response:
    """Correct what was entered; what stood before is kept beside who corrected it, when and why."""

    def act(asked: Change[Said]) -> Case:
        case = visit.tx.cases.get(visit.actor, case_id)
        return visit.tx.cases.amend(visit.actor, case_id, amended(case, asked.wish, form), asked.seen)

    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, case_id, mistake),
        then=lambda case: go(f"/console/cases/{case.id}"),
    )
