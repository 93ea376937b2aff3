"""The register of fixed equipment: dated facts that are only ever added, and the sources bound to it."""

import secrets
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from schemas.actor import Action, Actor, Role, Subject, require, require_scope
from schemas.base import Frozen, rfc3339
from schemas.custody import subject
from schemas.equipment import (
    STEPS,
    CertificateIn,
    Equipment,
    EquipmentFacts,
    EquipmentIn,
    EquipmentReviewIn,
    EquipmentStep,
    PublicationIn,
    SuspensionIn,
)
from schemas.event import Event
from schemas.ids import AccountId, AgencyId, EquipmentId
from schemas.leaves_actor import AccountKind
from schemas.page import Cursor, Page
from schemas.refusals_monitoring import (
    EQUIPMENT_NUMBER_TAKEN,
    EQUIPMENT_UNKNOWN,
    FACT_IN_FUTURE,
    SOURCE_UNKNOWN,
)
from schemas.refusals_request import REQUEST_INVALID
from storage.actor import Accounts
from storage.collection import Collection, Order, Unit
from storage.custody.values import committed
from storage.reads.account import sources_of
from storage.reads.agency import with_agency
from storage.reads.equipment import facts_of
from storage.reads.monitoring import recorded_by
from storage.tables.equipment import (
    equipment,
    equipment_certificates,
    equipment_publications,
    equipment_reviews,
    equipment_suspensions,
)
from storage.version import change, require_version

PASSWORD_BYTES = 24
_NEWEST = Order(equipment.c.id)


class NewSource(Frozen):
    """A machine account; the password is shown once, only its argon2id hash is kept."""

    account_id: AccountId
    login: str
    password: str


class Source(Frozen):
    """A machine account of the agency, for the form that binds equipment to one."""

    id: AccountId
    login: str
    name: str


class EquipmentRegister(Collection):
    """Fixed equipment of the agencies."""

    def __init__(self, unit: Unit, accounts_: Accounts) -> None:
        super().__init__(unit)
        self._accounts = accounts_

    def register(self, actor: Actor, wish: EquipmentIn) -> Equipment:
        """Enter a piece of equipment; it is in service, and its gate is closed until its facts are entered.

        Raises:
            Refused: the actor does not keep the register.
            Conflict: the agency has equipment of this number (slug `equipment-number-taken`).
        """
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=actor.agency_id), self._now)
        ident: EquipmentId | None = self._connection.scalar(
            insert(equipment)
            .values(
                agency_id=actor.agency_id,
                state=STEPS.begin.state,
                registered_by=actor.id,
                registered_at=self._now,
                **wish.model_dump(mode="json"),
            )
            .on_conflict_do_nothing()
            .returning(equipment.c.id)
        )
        if ident is None:
            raise EQUIPMENT_NUMBER_TAKEN("the agency has equipment of this number")
        self._log(STEPS.begin.logs, ident, actor.agency_id, actor, kind=wish.kind.value)
        return self.get(actor, ident)

    def page(
        self, actor: Actor, *, text: str | None = None, after: Cursor | None = None, limit: int = 50
    ) -> Page[Equipment]:
        """List the register, newest first; `text` narrows by number, name or site.

        Raises:
            Refused: the actor may not see equipment.
        """
        wanted = self._select().where(self._visible(actor))
        if text:
            columns = (equipment.c.number, equipment.c.name, equipment.c.site)
            shown = func.concat_ws(" ", *columns)
            wanted = wanted.where(shown.icontains(text, autoescape=True))
        return self._page(wanted, _NEWEST, after=after, limit=limit).each(Equipment.of_row)

    def get(self, actor: Actor, ident: EquipmentId) -> Equipment:
        """Return one piece of equipment.

        Raises:
            NotFound: no such equipment within the actor's scope.
            Refused: the actor may not see equipment.
        """
        query = self._select().where(equipment.c.id == ident, self._visible(actor))
        return self._one(query, Equipment.of_row, EQUIPMENT_UNKNOWN("no such equipment"))

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        allowed = require_scope(actor, Action.EQUIPMENT_VIEW)
        return equipment.c.agency_id.in_(sorted(allowed.agency_ids))

    def _select(self) -> Select[tuple[object, ...]]:
        certified = (
            select(func.max(equipment_certificates.c.valid_until))
            .where(equipment_certificates.c.equipment_id == equipment.c.id)
            .scalar_subquery()
        )
        counted = recorded_by(equipment.c.id)
        query = select(equipment, certified.label("certified_until"), counted.label("records"))
        return with_agency(query, equipment.c.agency_id)

    def facts(self, ident: EquipmentId) -> EquipmentFacts:
        """Return every dated fact of one piece of equipment; the caller has checked it."""
        return facts_of(self._connection, [ident])[ident]

    def certify(self, actor: Actor, ident: EquipmentId, wish: CertificateIn, seen: int) -> Equipment:
        """Add a verification certificate.

        Raises:
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        held = self._change(actor, ident, seen)
        self._add(equipment_certificates, actor, ident, **wish.model_dump())
        times = {"valid_from": rfc3339(wish.valid_from), "valid_until": rfc3339(wish.valid_until)}
        self._log(Event.EQUIPMENT_CERTIFY, ident, held.agency_id, actor, **times)
        return self.get(actor, ident)

    def review(self, actor: Actor, ident: EquipmentId, wish: EquipmentReviewIn, seen: int) -> Equipment:
        """Add a technical or legal review.

        Raises:
            Invalid: it lies in the future (slug `fact-in-future`).
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        self._require_past(wish.reviewed_at)
        held = self._change(actor, ident, seen)
        self._add(equipment_reviews, actor, ident, **wish.model_dump(mode="python"))
        self._log(
            Event.EQUIPMENT_REVIEW,
            ident,
            held.agency_id,
            actor,
            kind=wish.kind.value,
            reviewed_at=rfc3339(wish.reviewed_at),
        )
        return self.get(actor, ident)

    def publish(self, actor: Actor, ident: EquipmentId, wish: PublicationIn, seen: int) -> Equipment:
        """Add where and when the location was published.

        Raises:
            Invalid: it lies in the future (slug `fact-in-future`).
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        self._require_past(wish.published_at)
        held = self._change(actor, ident, seen)
        self._add(equipment_publications, actor, ident, **wish.model_dump())
        self._log(
            Event.EQUIPMENT_PUBLISH, ident, held.agency_id, actor, published_at=rfc3339(wish.published_at)
        )
        return self.get(actor, ident)

    def _require_past(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise REQUEST_INVALID("a time needs its zone")
        if at > self._now:
            raise FACT_IN_FUTURE("it lies in the future: enter it when it has happened")

    def suspend(self, actor: Actor, ident: EquipmentId, wish: SuspensionIn, seen: int) -> Equipment:
        """Take equipment out of service from a time on; its records are kept and are no evidence meanwhile.

        Raises:
            TransitionRefused: it is suspended already.
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        held = self._change(actor, ident, seen, step=EquipmentStep.SUSPEND)
        why = committed(wish.reason)
        self._add(
            equipment_suspensions,
            actor,
            ident,
            from_at=wish.from_at,
            reason=why.text,
            reason_salt=why.salt,
        )
        self._log(
            Event.EQUIPMENT_SUSPEND,
            ident,
            held.agency_id,
            actor,
            from_at=rfc3339(wish.from_at),
            reason=why.commitment,
        )
        return self.get(actor, ident)

    def resume(self, actor: Actor, ident: EquipmentId, seen: int) -> Equipment:
        """Put equipment back into service from now on.

        Raises:
            TransitionRefused: it is in service.
            NotFound, Refused, VersionConflict: as for every change of the register.
        """
        held = self._change(actor, ident, seen, step=EquipmentStep.RESUME)
        self._connection.execute(
            update(equipment_suspensions)
            .where(equipment_suspensions.c.equipment_id == ident, equipment_suspensions.c.until_at.is_(None))
            .values(until_at=func.greatest(equipment_suspensions.c.from_at, self._now))
        )
        self._log(Event.EQUIPMENT_RESUME, ident, held.agency_id, actor)
        return self.get(actor, ident)

    def make_source(self, actor: Actor, name: str) -> NewSource:
        """Make a machine account of the actor's agency; it may hand in what its own equipment records.

        Raises:
            Refused: the actor does not keep the register.
        """
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=actor.agency_id), self._now)
        # A crash before the answer leaves an account whose password nobody knows; another one is made.
        login, password = f"source-{uuid4().hex[:10]}", secrets.token_urlsafe(PASSWORD_BYTES)
        account_id = self._accounts.add(
            agency_id=actor.agency_id,
            login=login,
            name=name,
            password=password,
            roles=frozenset({Role.SOURCE}),
            kind=AccountKind.MACHINE,
            reason=actor.reference,  # only an administrator may open accounts: the service does, and says for whom
        )
        return NewSource(account_id=account_id, login=login, password=password)

    def sources(self, actor: Actor) -> tuple[Source, ...]:
        """Return the machine accounts of the actor's own agency."""
        rows = sources_of(self._connection, actor.agency_id)
        return tuple(Source.of_row(row) for row in rows)

    def bind(self, actor: Actor, ident: EquipmentId, source_id: AccountId, seen: int) -> Equipment:
        """Bind equipment to the machine account that hands in its records.

        Raises:
            NotFound: no such source in the agency of the equipment (slug `source-unknown`).
            Refused, VersionConflict: as for every change of the register.
        """
        held = self._held(actor, ident)
        if source_id not in {row["id"] for row in sources_of(self._connection, held.agency_id)}:
            raise SOURCE_UNKNOWN("no such source in the agency of the equipment")
        change(self._connection, equipment, ident, seen, source_id=source_id)
        self._log(Event.EQUIPMENT_BIND, ident, held.agency_id, actor, source=f"account/{source_id}")
        return self.get(actor, ident)

    def _held(self, actor: Actor, ident: EquipmentId) -> Equipment:
        held = self.get(actor, ident)
        require(actor, Action.EQUIPMENT_KEEP, Subject(agency_id=held.agency_id), self._now)
        return held

    def _change(
        self, actor: Actor, ident: EquipmentId, seen: int, *, step: EquipmentStep | None = None
    ) -> Equipment:
        held = self._held(actor, ident)
        require_version(held.version, seen)
        after = held.state if step is None else STEPS.after(held.state, step, None)
        change(self._connection, equipment, ident, seen, state=after)
        return held

    def _add(self, table: Any, actor: Actor, ident: EquipmentId, **values: object) -> None:  # noqa: ANN401 - a table
        self._connection.execute(
            insert(table).values(equipment_id=ident, recorded_by=actor.id, recorded_at=self._now, **values)
        )

    def _log(
        self, event: Event, ident: EquipmentId, agency_id: AgencyId, actor: Actor, **facts: object
    ) -> None:
        about = subject("equipment", ident)
        self._act(actor, agency_id).record(event, about, **facts)
