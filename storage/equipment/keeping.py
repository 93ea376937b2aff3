"""What every change of the register of fixed equipment has in common: who may make it, what it holds, its leaf."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, select

from schemas.act import Act
from schemas.actor import Actor
from schemas.equipment import Equipment, EquipmentFacts
from schemas.equipment_annul import Annulled
from schemas.equipment_version import Version
from schemas.gate import CertificateRule
from schemas.ids import EquipmentId
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_monitoring import EQUIPMENT_UNKNOWN
from storage.act import Deed
from storage.collection import Collection
from storage.reads.agency import with_agency
from storage.reads.certificate_rule import rule_at, rules_of
from storage.reads.equipment import annulled_of, certified_until, facts_of, versions_of
from storage.reads.monitoring import recorded_by
from storage.reads.policy import require_within
from storage.tables.equipment import equipment
from storage.version import change_to, require_version


class Keeping(Collection):
    """One piece of equipment, seen and changed."""

    def get(self, actor: Actor, ident: EquipmentId) -> Equipment:
        """Return one piece of equipment.

        Raises:
            NotFound: no such equipment within the actor's scope.
            Refused: the actor may not see equipment.
        """
        query = self._select().where(equipment.c.id == ident, self._visible(actor))
        return self._one(query, Equipment.of_row, EQUIPMENT_UNKNOWN("no such equipment"))

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        return require_within(actor, Action.EQUIPMENT_VIEW, self._now, equipment)

    def _select(self) -> Select[tuple[object, ...]]:
        certified, counted = certified_until(equipment.c.id), recorded_by(equipment.c.id)
        query = select(equipment, certified.label("certified_until"), counted.label("records"))
        return with_agency(query, equipment.c.agency_id)

    def facts(self, ident: EquipmentId) -> EquipmentFacts:
        """Return all that was ever said of one piece of equipment; the caller has checked it."""
        return facts_of(self._connection, [ident])[ident]

    def annulled(self, ident: EquipmentId) -> tuple[Annulled, ...]:
        """Return the certificates of one piece of equipment that are void, oldest first; the caller has checked it."""
        return annulled_of(self._connection, ident)

    def certificate_rule(
        self, found: Equipment, at: datetime, known_at: datetime | None = None
    ) -> CertificateRule:
        """Return whether equipment of this kind needs a certificate at a time, as known at another; now by default."""
        settings = self._unit.settings
        return rule_at(self._connection, settings, found.agency_id, found.kind, at, known_at=known_at)

    def uncertified(self, found: Iterable[Equipment]) -> frozenset[EquipmentId]:
        """Return which of these need no certificate now."""
        told = list(found)
        if not told:
            return frozenset()
        rules = rules_of(self._connection, self._unit.settings, sorted({one.agency_id for one in told}))
        needs = {one.id for one in told if rules.needs(one.agency_id, one.kind, self._now)}
        return frozenset(one.id for one in told if one.id not in needs)

    def versions(self, ident: EquipmentId) -> tuple[Version, ...]:
        """Return what one piece of equipment was ever said to be; the caller has checked it."""
        return versions_of(self._connection, [ident])[ident]

    def _take(
        self, actor: Actor, ident: EquipmentId, seen: int, *relies: str, changes: Iterable[str] = ()
    ) -> tuple[Deed, Equipment]:
        """Hold the equipment's chain, and others that change with it, and return the equipment as it stands then."""
        known = self.get(actor, ident)
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=known.agency_id), self._now)
        deed = self._begin(actor, known.agency_id, reference("equipment", ident), *changes, relies=relies)
        query = self._select().where(equipment.c.id == ident)
        query = query.with_for_update(key_share=True, of=equipment)
        held = self._one(query, Equipment.of_row, EQUIPMENT_UNKNOWN("no such equipment"))
        require_version(held.version, seen)
        return deed, held

    def _write(self, actor: Actor, deed: Deed, held: Equipment, act: Act, **values: object) -> Equipment:
        self._say(deed, held, act, **values)
        return self.get(actor, held.id)

    def _say(self, deed: Deed, held: Equipment, act: Act, **values: object) -> str:
        """Log what is done and move the version; returns the digest of the leaf, hex."""
        about = reference("equipment", held.id)
        leaf = deed.write(act, about)
        change_to(self._connection, equipment, held.id, held.version, leaf.places[about], **values)
        return leaf.digest
