"""Drafts of audits: defined, amended, dropped – until the freeze nothing is fixed, and nobody else knows of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from schemas.actor import Actor
from schemas.audit import STEPS, AuditAmendIn, AuditIn, AuditReasonIn, AuditState, AuditStep
from schemas.digest import sha256_hex
from schemas.ids import AgencyId, AuditId
from schemas.leaves_audit import AuditAmend, AuditDefine, AuditDrop
from schemas.policy import Action, Subject, require
from schemas.randomness import sources_bytes
from schemas.reference import reference
from schemas.refusals_audit import AGENCY_UNKNOWN
from schemas.standard import DEMO_STANDARD
from storage.act import fresh_id
from storage.audit.audit import Audits, sources_of
from storage.audit.standard import Standards
from storage.audit.values import Amendment, Audit, audit_name, select_amendments
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.agency import supervised
from storage.tables.audit import audit_amendments, audits

_SAID = (
    *("target_agency_id", "title", "kind", "from_at", "until_at", "defect_permille", "confidence_permille"),
    "size",
)
"""Columns that a draft says, beside its sources."""


class AuditDrafts(Collection):
    """What supervisors prepare. A draft that was dropped stays among their audits, as such."""

    def __init__(self, unit: Unit, audits_: Audits) -> None:
        super().__init__(unit)
        self._audits = audits_

    def define(self, actor: Actor, wish: AuditIn) -> Audit:
        """Define an audit; nothing is fixed before the freeze.

        Raises:
            Refused: the actor defines no audits.
            NotFound: the agency to be audited is not within the actor's scope (slug `agency-unknown`).
        """
        require(actor, Action.AUDIT_DEFINE, Subject(agency_id=actor.agency_id), self._now)
        _require_target(actor, wish.target_agency_id)
        ident = AuditId(fresh_id())
        own, target = (reference("agency", one) for one in (actor.agency_id, wish.target_agency_id))
        standards = Standards(self._connection)
        standard_id = standards.find(DEMO_STANDARD)
        publishes = [own] if standard_id is None else []
        deed = self._begin(actor, actor.agency_id, audit_name(ident), *publishes, relies=[target])
        if standard_id is None:
            standard_id = standards.publish(DEMO_STANDARD, deed, own)
        self._connection.execute(
            insert(audits).values(
                id=ident,
                agency_id=actor.agency_id,
                standard_id=standard_id,
                state=STEPS.begin.state,
                version=deed.next_number(audit_name(ident)),
                defined_by=actor.id,
                defined_at=deed.at,
                **_columns(wish),
            )
        )
        defined = AuditDefine(agency=own, to=AuditState.DEFINED, **_members(wish, DEMO_STANDARD.sha256))
        deed.write(defined, audit_name(ident))
        return self._audits.get(actor, ident)

    def amend(self, actor: Actor, ident: AuditId, wish: AuditAmendIn, seen: int) -> Audit:
        """Say a draft anew, whole; what it said before is kept.

        Raises:
            TransitionRefused: it is frozen, or was dropped.
            NotFound: no such audit, or no such agency within the actor's scope (slug `agency-unknown`).
            Refused, VersionConflict: as for every change of an audit.
        """
        _require_target(actor, wish.target_agency_id)
        target = reference("agency", wish.target_agency_id)
        deed, held, row = self._audits.held(actor, ident, AuditStep.AMEND, seen, relies=[target])
        standard = Standards(self._connection).get(held.standard_id)
        reason = _worded(wish.reason)
        act = AuditAmend(
            to=AuditState.DEFINED,
            reason=None if reason is None else shown(reason),
            **_members(wish, standard.sha256),
        )
        entry_id = self._audits.move(deed, held, row, act, **_columns(wish))
        self._connection.execute(
            insert(audit_amendments).values(
                entry_id=entry_id,
                audit_id=ident,
                sources=[one.model_dump(mode="json") for one in sources_of(held)],
                reason=reason,
                amended_by=actor.id,
                amended_at=deed.at,
                **{name: getattr(held, name) for name in _SAID},
            )
        )
        return self._audits.get(actor, ident)

    def drop(self, actor: Actor, ident: AuditId, wish: AuditReasonIn, seen: int) -> Audit:
        """Give a draft up; it stays listed as dropped.

        Raises:
            TransitionRefused: it is frozen, or was dropped.
            NotFound, Refused, VersionConflict: as for every change of an audit.
        """
        deed, held, row = self._audits.held(actor, ident, AuditStep.DROP, seen)
        reason = wish.reason.strip()
        dropped = AuditDrop(to=AuditState.DROPPED, reason=shown(reason))
        self._audits.move(deed, held, row, dropped, dropped_by=actor.id, drop_reason=reason)
        return self._audits.get(actor, ident)

    def earlier(self, ident: AuditId) -> tuple[Amendment, ...]:
        """Return what an audit said before each of its amendments, oldest first; the caller has checked it."""
        query = select_amendments().where(audit_amendments.c.audit_id == ident)
        rows = self._connection.execute(
            query.order_by(audit_amendments.c.amended_at, audit_amendments.c.entry_id)
        ).mappings()
        return tuple(Amendment.of_row(row, amended_by=row["amender"]) for row in rows)

    def targets(self, actor: Actor) -> list[tuple[AgencyId, str]]:
        """Return the agencies the actor may audit, by name, for the form that defines an audit."""
        return supervised(self._connection, actor.agency_ids)


def _require_target(actor: Actor, agency_id: AgencyId) -> None:
    if agency_id not in actor.agency_ids:
        raise AGENCY_UNKNOWN("no such agency within your supervision")


def _columns(wish: AuditIn) -> dict[str, Any]:
    sources = [source.model_dump(mode="json") for source in wish.sources]
    return {**{name: getattr(wish, name) for name in _SAID}, "sources": sources}


def _members(wish: AuditIn, standard_sha256: str) -> dict[str, Any]:
    fixed: Sequence[str] = ("kind", "from_at", "until_at", "defect_permille", "confidence_permille", "size")
    return {
        **{name: getattr(wish, name) for name in fixed},
        "target": reference("agency", wish.target_agency_id),
        "standard_sha256": standard_sha256,
        "sources_sha256": sha256_hex(sources_bytes(wish.sources)),
        "title": shown(wish.title),
    }


def _worded(text: str | None) -> str | None:
    return None if text is None else text.strip() or None
