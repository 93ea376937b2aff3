"""Two people at one correction of equipment: what stands now, as the form of the second one would say it."""

from datetime import datetime

from api.console.apart import Apart, apart
from api.console.equipment_form import DescribeForm, FactForm
from api.console.form import ZONE
from api.console.visit import Mistake, Visit
from schemas.equipment import (
    Certificate,
    Equipment,
    EquipmentFacts,
    EquipmentReview,
    Publication,
    Suspension,
    Told,
)

_E7 = 10_000_000


def equipment_apart(
    visit: Visit, found: Equipment, facts: EquipmentFacts, mistake: Mistake | None
) -> list[Apart]:
    """Return where a correction differs from what stands now; empty fields leave things as they are."""
    form = None if mistake is None else mistake.form
    if isinstance(form, DescribeForm):
        return apart(mistake, _described(form, found), visit.language, is_partial=True)
    if isinstance(form, FactForm):
        known = (*facts.certificates, *facts.reviews, *facts.publications, *facts.suspensions)
        entry = visit.request.path_params.get("entry")
        stands: Told | None = next((one for one in known if one.entry == entry), None)
        return apart(mistake, _fact(form, stands), visit.language, is_partial=True)
    return []


def _described(form: DescribeForm, found: Equipment) -> DescribeForm:
    own = {name: getattr(form, name) for name in ("version", "kind", "from_at", "point", "reason")}
    texts = {name: getattr(found, name) for name in ("number", "name", "site", "standard")}
    return DescribeForm(
        **own, **texts, lat=_degrees(found.lat_e7), lon=_degrees(found.lon_e7), crs=found.crs or ""
    )


def _degrees(e7: int | None) -> str:
    return "" if e7 is None else f"{e7 / _E7:.7f}".rstrip("0").rstrip(".")


def _fact(form: FactForm, stands: Told | None) -> FactForm:
    kept = {"never": form.never}
    match stands:
        case Certificate():
            begins, ends = _minute(stands.valid_from), _minute(stands.valid_until)
            return FactForm(from_at=begins, until_at=ends, number=stands.number, issuer=stands.issuer, **kept)
        case EquipmentReview():
            return FactForm(from_at=_minute(stands.reviewed_at), document=stands.document, **kept)
        case Publication():
            return FactForm(from_at=_minute(stands.published_at), url=stands.url, **kept)
        case Suspension():
            return FactForm(from_at=_minute(stands.from_at), until_at=_minute(stands.until_at), **kept)
        case _:  # somebody said that it never was
            return FactForm(**kept)


def _minute(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M")
