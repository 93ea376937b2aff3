"""What the log knew of a piece of equipment before a leaf: the gate of article 41 as it stood then."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from sqlalchemy import Connection, select

from schemas.chain import leaf_digest
from schemas.equipment import EquipmentFacts
from schemas.equipment_facts import facts_of
from schemas.errors import Invalid
from schemas.leaf import Leaf, parse_leaf
from schemas.leaves_device import EquipmentRegister
from storage.tables.custody import chain_places, custody_entries


class Register:
    """Leaves of equipment, each chain read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._chains: dict[UUID, Sequence[tuple[int, str, Leaf]]] = {}

    def facts(self, equipment_id: UUID, before: int) -> EquipmentFacts:
        """Return what was entered by leaves before the entry of this row id."""
        if equipment_id not in self._chains:
            self._chains[equipment_id] = self._read(equipment_id)
        return facts_of(
            (digest, leaf) for entry, digest, leaf in self._chains[equipment_id] if entry < before
        )

    def kind(self, equipment_id: UUID) -> str:
        """Return of which kind the equipment was registered; nothing where no leaf says it."""
        if equipment_id not in self._chains:
            self._chains[equipment_id] = self._read(equipment_id)
        acts = (leaf.act for _, _, leaf in self._chains[equipment_id])
        return next((act.kind.value for act in acts if isinstance(act, EquipmentRegister)), "")

    def _read(self, equipment_id: UUID) -> Sequence[tuple[int, str, Leaf]]:
        rows = self._connection.execute(
            select(custody_entries.c.id, custody_entries.c.leaf)
            .join(chain_places, chain_places.c.entry == custody_entries.c.id)
            .where(chain_places.c.of == f"equipment/{equipment_id}")
            .order_by(chain_places.c.n)
        )
        found = []
        for row in rows:
            with suppress(Invalid):  # the check of the log names it
                payload = bytes(row.leaf)
                found.append((row.id, leaf_digest(payload), parse_leaf(payload)))
        return found
