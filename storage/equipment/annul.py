"""Verification certificates of fixed equipment are annulled: the register's part of it."""

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range

from schemas.actor import Actor
from schemas.base import HexDigest
from schemas.equipment import Certificate, Equipment
from schemas.equipment_annul import AnnulIn
from schemas.ids import EquipmentId
from schemas.leaves_equipment import EquipmentAnnul
from schemas.policy import Action, Subject, require
from schemas.refusals_monitoring import EQUIPMENT_CERTIFICATE_UNKNOWN
from storage.act import Deed
from storage.custody.values import shown
from storage.equipment.fact import restate_fact
from storage.equipment.keeping import Keeping
from storage.tables.equipment import equipment_annulments


class Annulments(Keeping):
    """Certificates that are void. What rested on one is of the records' desk: `storage.monitoring.reopen`."""

    def kept(self, actor: Actor, ident: EquipmentId) -> Equipment:
        """Return equipment whose register the actor keeps.

        Raises:
            NotFound: no such equipment within the actor's scope.
            Refused: the actor does not keep its register.
        """
        found = self.get(actor, ident)
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=found.agency_id), self._now)
        return found

    def certificate(
        self, ident: EquipmentId, entry: HexDigest
    ) -> tuple[Certificate, tuple[Certificate, ...]]:
        """Return a certificate as it is said now, and those said beside it.

        Raises:
            NotFound: nothing of it is said (slug `equipment-certificate-unknown`).
        """
        said = self.facts(ident).said().certificates
        known = next((one for one in said if one.entry == entry), None)
        if known is None:
            raise EQUIPMENT_CERTIFICATE_UNKNOWN("no such certificate of this equipment")
        return known, tuple(one for one in said if one.entry != entry)

    def take(self, actor: Actor, ident: EquipmentId, seen: int, *records: str) -> tuple[Deed, Equipment]:
        """Hold the equipment and the records that are re-opened with it, in one pass.

        Raises:
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        return self._take(actor, ident, seen, changes=records)

    def annul(self, actor: Actor, deed: Deed, held: Equipment, known: Certificate, wish: AnnulIn) -> str:
        """Say that a certificate is void, and return the digest of the leaf, hex."""
        act = EquipmentAnnul(certificate=known.entry, from_=wish.from_at, reason=shown(wish.reason))
        leaf = self._say(deed, held, act)
        span = None if wish.from_at is None else Range(known.valid_from, wish.from_at)
        restate_fact(self._connection, deed, leaf, known, by=actor, span=span, amend_reason=wish.reason)
        self._connection.execute(
            insert(equipment_annulments).values(
                equipment_id=held.id,
                entry=bytes.fromhex(known.entry),
                leaf=bytes.fromhex(leaf),
                void_from=wish.from_at,
                reason=wish.reason,
                annulled_by=actor.id,
                annulled_at=deed.at,
            )
        )
        return leaf
