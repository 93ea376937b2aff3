"""What the register knew of a piece of equipment, from its leaves: what the gate of article 41 looks at."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.equipment import Certificate, EquipmentFacts, EquipmentReview, Publication, Suspension
from schemas.equipment_amend import Fact
from schemas.leaf import Leaf
from schemas.leaves_device import (
    EquipmentCertify,
    EquipmentPublish,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from schemas.leaves_equipment import EquipmentAnnul, EquipmentCorrect

_NOT_NEEDED = ""
"""Names and numbers of papers: the gate looks at dates alone."""


def facts_of(leaves: Iterable[tuple[str, Leaf]]) -> EquipmentFacts:
    """Return everything dated that is said by the leaves of one piece of equipment, each with its digest, in order.

    Texts are left out, and what was corrected stands as it was said last.
    """
    found: dict[str, Fact] = {}
    for digest, leaf in leaves:
        match leaf.act:
            case EquipmentResume(until_at=at):
                open_ = [
                    key for key, one in found.items() if isinstance(one, Suspension) and one.until_at is None
                ]
                found |= {key: found[key].model_copy(update={"until_at": at}) for key in open_}
            case EquipmentCorrect(entry=entry) as act if entry in found:
                _amend(found, act)
            case EquipmentAnnul(certificate=entry, from_=since) if entry in found:
                if since is None:
                    del found[entry]
                else:
                    found[entry] = found[entry].model_copy(update={"valid_until": since})
            case _:
                if (fact := _entered(digest, leaf)) is not None:
                    found[digest] = fact
    said = tuple(found.values())
    return EquipmentFacts(
        certificates=tuple(one for one in said if isinstance(one, Certificate)),
        reviews=tuple(one for one in said if isinstance(one, EquipmentReview)),
        publications=tuple(one for one in said if isinstance(one, Publication)),
        suspensions=tuple(one for one in said if isinstance(one, Suspension)),
    )


def _entered(digest: str, leaf: Leaf) -> Fact | None:
    told: dict[str, Any] = {"entry": digest, "leaf": digest, "known_from": leaf.at}
    match leaf.act:
        case EquipmentCertify(from_=since, until=until, document=scan):
            told |= {"number": _NOT_NEEDED, "issuer": _NOT_NEEDED, "scan": scan}
            return Certificate(valid_from=since, valid_until=until, **told)
        case EquipmentReviewed(kind=kind, reviewed_at=at):
            return EquipmentReview(kind=kind, document=_NOT_NEEDED, reviewed_at=at, **told)
        case EquipmentPublish(published_at=at):
            return Publication(url=_NOT_NEEDED, published_at=at, **told)
        case EquipmentSuspend(from_at=at):
            return Suspension(from_at=at, until_at=None, reason=_NOT_NEEDED, **told)
        case _:
            return None


def _amend(found: dict[str, Fact], act: EquipmentCorrect) -> None:
    fact = found[act.entry]
    if act.from_ is None:
        del found[act.entry]
        return
    dates: Mapping[type, Mapping[str, object]] = {
        Certificate: {"valid_from": act.from_, "valid_until": act.until},
        EquipmentReview: {"reviewed_at": act.from_},
        Publication: {"published_at": act.from_},
        Suspension: {"from_at": act.from_, "until_at": act.until},
    }
    found[act.entry] = fact.model_copy(update=dict(dates[type(fact)]))
