"""From when to when a person held a role, corrected: what was said before stays known for its time."""

from datetime import datetime
from uuid import UUID

from schemas.actor import Actor, Role
from schemas.ids import AccountId
from schemas.leaves_role import RoleAmend
from schemas.policy import Action
from schemas.reference import reference
from schemas.refusals_request import VERSION_CONFLICT
from schemas.refusals_role import ROLE_DATES, ROLE_ENDED, ROLE_OVER, ROLE_OWN, ROLE_SAME
from schemas.role import Grant, RoleAmendIn
from schemas.trail import SessionEnd
from storage.actor.account import People
from storage.actor.link import lock_administrators
from storage.actor.session import end_sessions
from storage.actor.term import grant_told, say_term
from storage.collection import Collection, Unit
from storage.custody.values import shown


class Roles(Collection):
    """The roles of the people whom an administrator reaches."""

    def __init__(self, unit: Unit, people: People) -> None:
        super().__init__(unit)
        self._people = people

    def amend(self, actor: Actor, account_id: AccountId, grant_id: UUID, wish: RoleAmendIn) -> None:
        """Correct from when to when a role is held; the sessions of the account end, as whenever its roles change.

        Acts stay judged by what was known when they were done. A closed account's past may be corrected, too.

        Raises:
            NotFound: as for every act on an account, or no such grant (slug `role-unknown`).
            Refused: the actor may not grant roles, or it is the actor's own account (slug `role-own`).
            VersionConflict: something else is said of it by now.
            Conflict: it ended before it began (slug `role-ended`), it is over and would come back (`role-over`), this is
                what is said (`role-same`), another grant of the account is in its way (`role-held`, `role-apart`), or
                it makes the last administrator (`administrator-last`).
            Invalid: it would end before it begins (slug `role-dates`).
        """
        if account_id == actor.id:
            raise ROLE_OWN("nobody corrects roles of the own account")
        lock_administrators(self._connection)
        act, _ = self._people.take(actor, account_id, Action.ROLE_GRANT, of_person=True, is_open=False)
        held = grant_told(self._connection, account_id, grant_id)
        since, until = _term(held, wish, act.at)
        self._people.check_others(account_id, held.role, since, until, but=grant_id)
        is_held = since <= act.at and (until is None or act.at < until)
        if held.role is Role.ADMIN and not is_held:
            self._people.spare_the_last(account_id)
        end_sessions(self._unit, account_id, SessionEnd.ROLE)
        said = RoleAmend(grant=held.leaf, from_=since, until=until, reason=shown(wish.reason))
        leaf = act.write(said, reference("role", grant_id), reference("account", account_id))
        say_term(
            self._connection,
            account_id,
            held,
            act.at,
            (since, until),
            leaf=leaf.digest,
            reason=wish.reason,
        )


def _term(held: Grant, wish: RoleAmendIn, at: datetime) -> tuple[datetime, datetime | None]:
    """Return from when to when a role is held by a correction.

    Raises:
        VersionConflict: it corrects what is not said any more.
        Conflict: the role ended before it began, is over and would come back, or this is what is said.
        Invalid: it ends before it begins.
    """
    said = held.said
    if said is None:
        raise ROLE_ENDED("the role ended before it began")
    if said.leaf != wish.leaf:
        raise VERSION_CONFLICT("somebody else corrected or ended the role meanwhile")
    since = wish.valid_from or said.valid_from
    until = None if wish.for_good else wish.valid_until or said.valid_until
    if until is not None and until <= since:
        raise ROLE_DATES("a role ends after it begins")
    if (since, until) == (said.valid_from, said.valid_until):
        raise ROLE_SAME("this is what is said of the role")
    if held.is_over(at) and (until is None or until > at):
        raise ROLE_OVER("a role that is over does not come back")
    return since, until
