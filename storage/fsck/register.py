"""What the log knew of a piece of equipment before a leaf: the gate of article 41 as it stood then."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.equipment import Certificate, EquipmentFacts, EquipmentReview, Publication, Suspension
from schemas.errors import Invalid
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_device import (
    EquipmentCertify,
    EquipmentPublish,
    EquipmentResume,
    EquipmentReviewed,
    EquipmentSuspend,
)
from storage.tables.custody import chain_places, custody_entries

_UNSAID = ""
"""Words play no part in the gate."""


class Register:
    """Leaves of equipment, each chain read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chains: dict[UUID, Sequence[tuple[int, Leaf]]] = {}

    def facts(self, equipment_id: UUID, before: int) -> EquipmentFacts:
        """Return what was entered by leaves before the entry of this row id."""
        if equipment_id not in self._chains:
            self._chains[equipment_id] = self._read(equipment_id)
        return _facts([leaf for entry, leaf in self._chains[equipment_id] if entry < before])

    def _read(self, equipment_id: UUID) -> Sequence[tuple[int, Leaf]]:
        rows = self._connection.execute(
            select(custody_entries.c.id, custody_entries.c.leaf)
            .join(chain_places, chain_places.c.entry == custody_entries.c.id)
            .where(chain_places.c.of == f"equipment/{equipment_id}")
            .order_by(chain_places.c.n)
        )
        found = []
        for row in rows:
            with suppress(Invalid):  # the check of the log names it
                found.append((row.id, parse_leaf(bytes(row.leaf))))
        return found


def _facts(leaves: Sequence[Leaf]) -> EquipmentFacts:
    certificates: list[Certificate] = []
    reviews: list[EquipmentReview] = []
    publications: list[Publication] = []
    suspensions: list[Suspension] = []
    for leaf in leaves:
        match leaf.act:
            case EquipmentCertify() as act:
                certificates.append(
                    Certificate(
                        number=_UNSAID,
                        issuer=_UNSAID,
                        valid_from=act.from_,
                        valid_until=act.until,
                        recorded_at=leaf.at,
                    )
                )
            case EquipmentReviewed() as act:
                reviews.append(
                    EquipmentReview(
                        kind=act.kind, document=_UNSAID, reviewed_at=act.reviewed_at, recorded_at=leaf.at
                    )
                )
            case EquipmentPublish() as act:
                publications.append(
                    Publication(url=_UNSAID, published_at=act.published_at, recorded_at=leaf.at)
                )
            case EquipmentSuspend() as act:
                suspensions.append(
                    Suspension(from_at=act.from_at, until_at=None, reason=_UNSAID, recorded_at=leaf.at)
                )
            case EquipmentResume() as act if suspensions:
                suspensions[-1] = suspensions[-1].model_copy(update={"until_at": act.until_at})
            case _:
                pass
    return EquipmentFacts(
        certificates=tuple(certificates),
        reviews=tuple(reviews),
        publications=tuple(publications),
        suspensions=tuple(suspensions),
    )
