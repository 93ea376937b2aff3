"""Recusal (回避): who is barred from a case, by their own word or by the head's, and until when."""

from functools import cache

from sqlalchemy import ColumnElement, Select, insert, select, update

from schemas.actor import Actor, Role
from schemas.case import Case
from schemas.ids import AccountId, CaseId, RecusalId
from schemas.leaves_recusal import RecusalBar, RecusalGround, RecusalLift
from schemas.policy import Action
from schemas.recusal import Barred, Recusal, RecusalIn
from schemas.reference import reference
from schemas.refusals_recusal import (
    RECUSAL_OVER,
    RECUSAL_OWN_WORD,
    RECUSAL_PERSON_UNKNOWN,
    RECUSAL_STANDS,
    RECUSAL_UNKNOWN,
)
from storage.act import Deed, fresh_id
from storage.case.case import Cases, OfferedHandler
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.account import names_holding, person_called, persons_near, with_name
from storage.tables.case import case_handlers
from storage.tables.recusal import recusals

MOST_OFFERED = 500
"""So many people are offered by name; of larger trees those of the case come first."""


class Recusals(Collection):
    """Bars of cases; who may see a case sees them."""

    def __init__(self, unit: Unit, cases_: Cases) -> None:
        super().__init__(unit)
        self._cases = cases_

    def of_case(self, actor: Actor, case_id: CaseId) -> tuple[Recusal, ...]:
        """Return every bar of a case, past ones included, oldest first.

        Raises:
            NotFound: no such case within the actor's scope.
        """
        self._cases.get(actor, case_id)
        return self._found(recusals.c.case_id == case_id)

    def own(self, actor: Actor, case: Case) -> Barred | None:
        """Return what an actor is told who is barred from a case; None where they are not. The caller has looked."""
        row = self._connection.execute(
            select(recusals.c.reason, recusals.c.barred_at).where(
                recusals.c.case_id == case.id,
                recusals.c.account_id == actor.id,
                recusals.c.lifted_at.is_(None),
            )
        ).one_or_none()
        if row is None:
            return None
        heads = names_holding(self._connection, case.agency_id, Role.HEAD, self._moment, besides=actor)
        return Barred(reason=row.reason, barred_at=row.barred_at, heads=heads)

    def bar(self, actor: Actor, case_id: CaseId, wish: RecusalIn) -> Recusal:
        """Bar a person from a case, from now on.

        Raises:
            NotFound: no such case within the actor's scope, or no such person (slug `recusal-person-unknown`).
            Refused: the actor is barred themselves (`recused`); only the head bars somebody else, and nobody but
                oneself is barred by their own word (`recusal-own-word`).
            Conflict: the person is barred already (slug `recusal-stands`).
        """
        case, who = self._asked(actor, case_id, wish)
        person, about = reference("account", who), reference("case", case_id)
        deed = self._begin(actor, case.agency_id, about, relies=(person,))
        self._cases.lock(case_id)
        self._asked(actor, case_id, wish)
        if self._connection.scalar(select(_standing(case_id, who))):
            raise RECUSAL_STANDS("the person is barred already")
        made, reason = RecusalId(fresh_id()), wish.reason.strip()
        leaf = deed.write(
            RecusalBar(person=person, ground=wish.ground, reason=shown(reason)),
            reference("recusal", made),
            about,
        )
        self._connection.execute(
            insert(recusals).values(
                id=made,
                case_id=case_id,
                account_id=who,
                ground=wish.ground,
                reason=reason,
                barred_by=actor.account_id,
                barred_at=deed.at,
                leaf=bytes.fromhex(leaf.digest),
            )
        )
        return self._get(case_id, made)

    def _asked(self, actor: Actor, case_id: CaseId, wish: RecusalIn) -> tuple[Case, AccountId]:
        """Return the case and the person, if the actor may bar that person from it on this ground."""
        is_own = wish.ground is RecusalGround.OWN
        if is_own is not (wish.login in (None, actor.login)):
            raise RECUSAL_OWN_WORD("by their own word nobody is barred but whoever asks")
        if is_own:
            return self._cases.get(actor, case_id), actor.account_id
        case = self._cases.writable(actor, case_id, Action.CASE_DECIDE)
        return case, self._person(case, wish.login or "")

    def _person(self, case: Case, login: str) -> AccountId:
        """Return a handler of the case, or somebody of its agency or of one above, by log-in name."""
        handling = select(case_handlers.c.account_id).where(case_handlers.c.case_id == case.id)
        found = person_called(self._connection, login, case.agency_id, or_among=handling)
        if found is None:
            raise RECUSAL_PERSON_UNKNOWN("no such person of the case or its agencies")
        return found

    def offered(self, actor: Actor, case: Case) -> tuple[OfferedHandler, ...]:
        """Return who may be barred from a case, by name: its handlers first, then people of its agency and those above.

        Raises:
            Refused, NotFound: the actor bars nobody but themselves.
        """
        self._cases.writable(actor, case.id, Action.CASE_DECIDE)
        handling = select(case_handlers.c.account_id).where(case_handlers.c.case_id == case.id)
        rows = persons_near(self._connection, case.agency_id, or_among=handling, limit=MOST_OFFERED)
        return tuple(OfferedHandler(row["login"], row["name"]) for row in rows)

    def lift(self, actor: Actor, case_id: CaseId, ident: RecusalId, reason: str) -> Recusal:
        """End a bar with a reason; the head does, never the one who is barred.

        Raises:
            NotFound: no such case within the actor's scope, or no such bar of it (slug `recusal-unknown`).
            Refused: the actor decides nothing in this case, or is barred from it (`recused`).
            Conflict: it was lifted already (slug `recusal-over`).
        """
        self._cases.writable(actor, case_id, Action.CASE_DECIDE)
        found = self._get(case_id, ident)
        about = reference("case", case_id)
        deed = self._begin(actor, self._cases.known(case_id).agency_id, about)
        self._cases.lock(case_id)
        self._cases.writable(actor, case_id, Action.CASE_DECIDE)
        self._lift(deed, found, actor, reason.strip())
        return self._get(case_id, ident)

    def _lift(self, deed: Deed, found: Recusal, actor: Actor, reason: str) -> None:
        bar: bytes | None = self._connection.scalar(
            update(recusals)
            .where(recusals.c.id == found.id, recusals.c.lifted_at.is_(None))
            .values(lifted_by=actor.account_id, lifted_at=deed.at, lift_reason=reason)
            .returning(recusals.c.leaf)
        )
        if bar is None:
            raise RECUSAL_OVER("it was lifted already")
        lifted = RecusalLift(bar=bytes(bar).hex(), reason=shown(reason))
        deed.write(lifted, reference("recusal", found.id), reference("case", found.case_id))

    def _get(self, case_id: CaseId, ident: RecusalId) -> Recusal:
        found = self._found(recusals.c.case_id == case_id, recusals.c.id == ident)
        if not found:
            raise RECUSAL_UNKNOWN("the case has no such bar")
        return found[0]

    def _found(self, *conditions: ColumnElement[bool]) -> tuple[Recusal, ...]:
        rows = self._connection.execute(_select().where(*conditions).order_by(recusals.c.id)).mappings()
        return tuple(map(Recusal.of_row, rows))


def _standing(case_id: CaseId, who: AccountId) -> ColumnElement[bool]:
    return (
        select(recusals.c.id)
        .where(recusals.c.case_id == case_id, recusals.c.account_id == who, recusals.c.lifted_at.is_(None))
        .exists()
    )


@cache
def _select() -> Select[tuple[object, ...]]:
    query = select(*(one for one in recusals.c if one.name not in ("barred_by", "lifted_by", "leaf")))
    query = with_name(query, recusals.c.account_id, "person")
    query = with_name(query, recusals.c.barred_by, "barrer")
    return with_name(query, recusals.c.lifted_by, "lifter", is_optional=True)
