"""Who reaches a case: which are there for an actor, how much of the party they read, and what they may do in each."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, exists, select, true

from schemas.actor import Actor
from schemas.case import Case, is_code
from schemas.case_number import number_key
from schemas.ids import AgencyId, CaseId
from schemas.policy import Action, missing
from schemas.refusals_case import CASE_UNKNOWN
from schemas.refusals_recusal import RECUSED
from storage.case.values import case_of, select_cases
from storage.collection import Collection
from storage.personal import asked_digests
from storage.reads.policy import require_within, within, within_seen
from storage.reads.recusal import barred, is_barred
from storage.tables.case import CASE_NUMBER, cases, is_numbered
from storage.words import Party, Sought, matching_party

_CASE_ACTIONS = (
    Action.CASE_LINK,
    Action.CASE_EXPORT,
    Action.CASE_RUN,
    Action.CASE_DECIDE,
    Action.CASE_REVIEW,
    Action.NOTE_KEEP,
)
"""What is done in a case that is there."""


class CaseAccess(Collection):
    """Which cases are there for an actor, and what they may do in each."""

    def _select(self, actor: Actor) -> Select[tuple[object, ...]]:
        """Return the query of cases as the actor reads them: `is_whole` says where the party is not masked."""
        return select_cases().add_columns(self._is_whole(actor).label("is_whole"))

    def _is_whole(self, actor: Actor) -> ColumnElement[bool]:
        return within_seen(actor, Action.CASE_PARTY, Action.CASE_VIEW, self._now, cases)

    def _sought(self, actor: Actor, wanted: str) -> Sought:
        """Look for words of number and party, or for a whole code; in parties only where the actor reads them whole."""
        is_whole = self._is_whole(actor)
        party = Party(cases.c.id, cases.c.number, cases.c.party, cases.c.party_tokens, is_whole, number_key)
        others = []
        if is_code(code := wanted.strip().upper()):
            digests = asked_digests(self._connection, cases.c.party_code, code)
            others.append(and_(cases.c.party_code_digest.in_(digests), is_whole))
        return matching_party(self._connection, party, CASE_NUMBER, wanted, *others)

    def get(self, actor: Actor, case_id: CaseId) -> Case:
        """Return one case.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not see cases at all.
        """
        query = self._select(actor).where(
            cases.c.id == case_id, require_within(actor, Action.CASE_VIEW, self._now, cases)
        )
        return self._one(query, case_of(self._connection), CASE_UNKNOWN("no such case"))

    def numbered(self, actor: Actor, agency_id: AgencyId, number: str) -> Case | None:
        """Return the case of this number in an agency, however it is typed, when it is within the actor's scope."""
        row = (
            self._connection.execute(
                self._select(actor)
                .where(
                    cases.c.agency_id == agency_id,
                    is_numbered(number),
                    within(actor, Action.CASE_VIEW, self._now, cases),
                )
                # Two that differ in their brackets alone may stand from before: the very one first.
                .order_by(cases.c.number != number, cases.c.id)
                .limit(1)
            )
            .mappings()
            .first()
        )
        return None if row is None else case_of(self._connection)(row)

    def is_visible(self, actor: Actor, case_id: CaseId) -> bool:
        """Say whether the case is within the actor's scope.

        Raises:
            Refused: the actor may not see cases at all.
        """
        visible = require_within(actor, Action.CASE_VIEW, self._now, cases)
        return self._is_met(cases.c.id == case_id, visible)

    def _is_met(self, *conditions: ColumnElement[bool]) -> bool:
        return bool(self._connection.scalar(select(exists().where(*conditions))))

    def granted(self, actor: Actor, case_id: CaseId) -> frozenset[Action]:
        """Return what the actor may do in a case: what its page asks before it shows a button is what an act asks.

        Who is barred from it may do nothing.
        """
        free = ~barred(actor, cases.c.id)
        asked = [
            and_(within(actor, action, self._now, cases), free).label(action) for action in _CASE_ACTIONS
        ]
        row = self._connection.execute(select(*asked).where(cases.c.id == case_id)).mappings().one()
        return frozenset(action for action in _CASE_ACTIONS if row[action])

    def _may(self, actor: Actor, case_id: CaseId, action: Action) -> bool:
        return self._is_met(cases.c.id == case_id, within(actor, action, self._now, cases))

    def visible(
        self, actor: Actor, idents: Iterable[CaseId], action: Action = Action.CASE_VIEW
    ) -> frozenset[CaseId]:
        """Return in which of these cases the actor may do `action`; a link to one that may not be seen leads nowhere."""
        inside = and_(cases.c.id.in_(list(idents)), within(actor, action, self._now, cases))
        if action is not Action.CASE_VIEW:
            inside = and_(inside, ~barred(actor, cases.c.id))
        return frozenset(self._connection.scalars(select(cases.c.id).where(inside)))

    def known(self, case_id: CaseId) -> Case:
        """Return a case for the system itself, which has no scope.

        Raises:
            NotFound: no such case.
        """
        query = select_cases().add_columns(true().label("is_whole")).where(cases.c.id == case_id)
        return self._one(query, case_of(self._connection), CASE_UNKNOWN("no such case"))

    def writable(self, actor: Actor, case_id: CaseId, action: Action) -> Case:
        """Return a case in which the actor may do `action`.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor lacks the permission in this case, or is barred from it (slug `recused`).
        """
        case = self.get(actor, case_id)
        if not self._may(actor, case_id, action):
            raise missing(action)
        if is_barred(self._connection, actor, case_id):
            raise RECUSED("the actor is barred from the case")
        return case

    def exportable(self, actor: Actor, case_id: CaseId) -> Case:
        """Return a case the actor may export.

        Raises:
            NotFound: no such case within the actor's scope.
            Refused: the actor may not export it.
        """
        return self.writable(actor, case_id, Action.CASE_EXPORT)
