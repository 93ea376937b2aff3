"""Accounts as an administrator finds them: the list and what narrows it, counts, one account."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from schemas.account import Account, AccountNeed, AccountState
from schemas.actor import Actor, Role
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind
from schemas.page import Cursor, Page
from schemas.policy import Action, require_scope
from schemas.refusals_account import ACCOUNT_NOT_FOUND
from storage.actor.link import newest_link
from storage.actor.session import lives
from storage.collection import By, Collection, sorted_order
from storage.reads.account import ends_soon, has_role, is_roleless, roles_of
from storage.reads.agency import with_agency
from storage.reads.login import locked_accounts
from storage.reads.policy import require_within
from storage.reads.setting import soon
from storage.tables.actor import ACCOUNT_WORDS, account_links, accounts, agencies, sessions
from storage.words import matching

SORTS: Mapping[str, By | None] = {
    "opened": None,
    "name": By(accounts.c.name),
    "login": By(accounts.c.login),
}
"""By what a reader may sort accounts."""


class AccountFilter(NamedTuple):
    """What narrows the list; None is any. `sort` is a key of `SORTS`, downwards behind a minus."""

    text: str | None = None
    state: AccountState | None = None
    role: Role | None = None
    agency_id: AgencyId | None = None
    need: AccountNeed | None = None
    sort: str | None = None


class AccountReading(Collection):
    """Accounts as an administrator finds them: listed, counted, looked at one by one."""

    def page(
        self, actor: Actor, wanted: AccountFilter, *, after: Cursor | None = None, limit: int = 50
    ) -> Page[Account]:
        """List accounts, newest first.

        Raises:
            Refused: the actor may not see accounts.
        """
        query = self._select().where(self._visible(actor), *self._narrowed(actor, wanted))
        order = sorted_order(accounts.c.id, SORTS, wanted.sort)
        return self._page(query, order, after=after, limit=limit).each(Account.of_row)

    def _narrowed(self, actor: Actor, wanted: AccountFilter) -> list[ColumnElement[bool]]:
        found = []
        if wanted.text:
            found.append(matching(self._connection, accounts.c.id, ACCOUNT_WORDS, wanted.text))
        if wanted.state is not None:
            found.append(_in_state(wanted.state))
        if wanted.role is not None:
            found.append(has_role(wanted.role, self._moment))
        if wanted.agency_id is not None:
            found.append(accounts.c.agency_id == wanted.agency_id)
        if wanted.need is not None:
            found += [
                accounts.c.is_active,
                accounts.c.kind == AccountKind.PERSON,
                self._needs(actor, wanted.need),
            ]
        return found

    def _needs(self, actor: Actor, need: AccountNeed) -> ColumnElement[bool]:
        match need:
            case AccountNeed.LOCKED:
                return accounts.c.id.in_(select(locked_accounts(self._now).c.account_id))
            case AccountNeed.ROLELESS:
                return is_roleless(self._now)
            case AccountNeed.ENDING:
                until = soon(self._connection, self._unit.settings, actor.agency_id, self._now)
                return exists().where(ends_soon(self._now, until))

    def counts(self, actor: Actor) -> dict[AccountState, int]:
        """Return how many accounts of people are in each state.

        Raises:
            Refused: the actor may not see accounts.
        """
        row = self._connection.execute(
            select(*(func.count().filter(_in_state(state)).label(state.value) for state in AccountState))
            .select_from(accounts)
            .where(self._visible(actor), accounts.c.kind == AccountKind.PERSON)
        ).one()
        return {state: getattr(row, state.value) for state in AccountState}

    def administrators(self) -> int:
        """Return how many people administer this server and can log in."""
        return self._connection.execute(select(func.count()).where(*self._administering())).scalar_one()

    def _administering(self) -> tuple[ColumnElement[bool], ...]:
        return (
            accounts.c.is_active,
            accounts.c.password_hash.is_not(None),
            has_role(Role.ADMIN, self._moment),
        )

    def get(self, actor: Actor, account_id: AccountId) -> Account:
        """Return one account.

        Raises:
            NotFound: no such account within the actor's agencies.
            Refused: the actor may not see accounts.
        """
        query = self._select().where(accounts.c.id == account_id, self._visible(actor))
        return self._one(query, Account.of_row, ACCOUNT_NOT_FOUND("no such account"))

    def agencies(self, actor: Actor) -> list[tuple[AgencyId, str]]:
        """Return the agencies whose people the actor keeps, by name."""
        allowed = require_scope(actor, Action.ACCOUNT_VIEW, self._now)
        rows = self._connection.execute(
            select(agencies.c.id, agencies.c.name)
            .where(agencies.c.id.in_(sorted(allowed.agency_ids)))
            .order_by(agencies.c.name, agencies.c.id)
        )
        return [(AgencyId(row.id), row.name) for row in rows]

    def _visible(self, actor: Actor) -> ColumnElement[bool]:
        return require_within(actor, Action.ACCOUNT_VIEW, self._now, accounts)

    def _select(self) -> Select[tuple[Any, ...]]:
        held = and_(sessions.c.account_id == accounts.c.id, lives(self._now))
        links = account_links.c
        until = select(links.expires_at).where(
            links.id == newest_link(accounts.c.id), links.used_at.is_(None), links.expires_at > self._now
        )
        query = select(
            accounts.c.id,
            accounts.c.login,
            accounts.c.name,
            accounts.c.kind,
            accounts.c.agency_id,
            accounts.c.created_at,
            accounts.c.is_active,
            accounts.c.password_hash.is_not(None).label("has_password"),
            roles_of(accounts.c.id, self._moment).label("roles"),
            select(func.count()).where(held).scalar_subquery().label("sessions"),
            select(func.max(sessions.c.used_at)).where(held).scalar_subquery().label("used_at"),
            until.scalar_subquery().label("link_until"),
        )
        return with_agency(query, accounts.c.agency_id)


def _in_state(state: AccountState) -> ColumnElement[bool]:
    entered = accounts.c.password_hash.is_not(None)
    match state:
        case AccountState.CLOSED:
            return ~accounts.c.is_active
        case AccountState.ACTIVE:
            return and_(accounts.c.is_active, entered)
        case AccountState.INVITED:
            return and_(accounts.c.is_active, ~entered)
