"""What the register knew of a piece of equipment, from its leaves: what the gate of article 41 looks at."""

from collections.abc import Iterable

from schemas.equipment import Certificate, EquipmentFacts, EquipmentReview, Publication, Suspension
from schemas.leaf import Leaf
from schemas.leaves_device import (
    EquipmentCertify,
    EquipmentPublish,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)

_NOT_NEEDED = ""
"""Names and numbers of papers: the gate looks at dates alone."""


def facts_of(leaves: Iterable[Leaf]) -> EquipmentFacts:
    """Return everything dated that the leaves of one piece of equipment say, in order; texts are left out."""
    certificates: list[Certificate] = []
    reviews: list[EquipmentReview] = []
    publications: list[Publication] = []
    suspensions: list[Suspension] = []
    for leaf in leaves:
        match leaf.act:
            case EquipmentCertify(from_=since, until=until):
                certificates.append(
                    Certificate(
                        number=_NOT_NEEDED,
                        issuer=_NOT_NEEDED,
                        valid_from=since,
                        valid_until=until,
                        recorded_at=leaf.at,
                    )
                )
            case EquipmentReviewed(kind=kind, reviewed_at=at):
                reviews.append(
                    EquipmentReview(kind=kind, document=_NOT_NEEDED, reviewed_at=at, recorded_at=leaf.at)
                )
            case EquipmentPublish(published_at=at):
                publications.append(Publication(url=_NOT_NEEDED, published_at=at, recorded_at=leaf.at))
            case EquipmentSuspend(from_at=at):
                suspensions.append(
                    Suspension(from_at=at, until_at=None, reason=_NOT_NEEDED, recorded_at=leaf.at)
                )
            case EquipmentResume(until_at=at) if suspensions:
                suspensions.append(suspensions.pop().model_copy(update={"until_at": at}))
            case _:
                pass
    return EquipmentFacts(
        certificates=tuple(certificates),
        reviews=tuple(reviews),
        publications=tuple(publications),
        suspensions=tuple(suspensions),
    )
