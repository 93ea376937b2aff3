"""Accounts as an administrator keeps them: opened, let in by a link, given dated roles, closed.

An administrator never types a password, never changes the own roles, and never takes away the last administrator.
"""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select, update

from schemas.account import (
    LINK_LIFETIME,
    Account,
    AccountAmendIn,
    AccountIn,
    Link,
    RoleIn,
)
from schemas.actor import Actor, Role, stands_apart
from schemas.ids import AccountId
from schemas.leaves_account import (
    AccountAmend,
    AccountClose,
    AccountKind,
    AccountLink,
    AccountSignout,
    AccountUnlockApart,
)
from schemas.leaves_role import RoleEndApart
from schemas.policy import Action, Subject, require
from schemas.refusals_account import (
    ACCOUNT_AGENCY_UNKNOWN,
    ACCOUNT_CLOSED,
    ACCOUNT_MACHINE,
    ADMINISTRATOR_LAST,
    LOGIN_TAKEN,
)
from schemas.refusals_agency import AGENCY_CLOSED
from schemas.refusals_factor import FACTOR_ABSENT, FACTOR_OWN
from schemas.refusals_role import ROLE_APART, ROLE_ENDED, ROLE_HELD, ROLE_OWN, ROLE_PAST
from schemas.role import Grant
from schemas.trail import FactorDeed, Noted, SessionEnd, TrailEvent, TrailResult
from storage.act import Deed, fresh_id
from storage.actor.account_reading import AccountReading
from storage.actor.actor import give_role, open_account
from storage.actor.factor import end_factor
from storage.actor.link import CODE_BYTES, lock_administrators
from storage.actor.session import end_sessions, token_hash
from storage.actor.term import grant_told, grants_told, say_term
from storage.collection import Unit
from storage.custody.values import shown
from storage.login import LoginTries
from storage.reads.account import has_role
from storage.reads.agency import is_closed
from storage.tables.actor import account_links, accounts
from storage.trail.note import note

_TODAY = timedelta(days=1)
"""A role that begins with a day begins at its midnight; where that is past, it begins now."""


class NewAccount(NamedTuple):
    """An account that was opened, and the link by which its owner comes in."""

    account: Account
    link: Link


def done(event: TrailEvent, actor: Actor, about: str) -> Noted:
    """Return what the access trail notes of something that an administrator did."""
    return Noted(event, TrailResult.DONE, account_id=actor.id, about=about)


def hand_out_link(unit: Unit, act: Deed, actor: Actor, account_id: AccountId, expires_at: datetime) -> Link:
    """Hand out a link to the password of an account; its chain is held. A crash leaves one that nobody knows."""
    code, link_id = secrets.token_urlsafe(CODE_BYTES), fresh_id()
    unit.connection.execute(
        account_links.insert().values(
            id=link_id,
            account_id=account_id,
            code_hash=token_hash(code),
            issued_by=actor.id,
            issued_at=act.at,
            expires_at=expires_at,
        )
    )
    handed = AccountLink(link=str(link_id), expires_at=expires_at, code_hash=shown(token_hash(code).hex()))
    act.write(handed, f"account/{account_id}")
    note(unit, done(TrailEvent.LINK_MADE, actor, f"account/{account_id}"))
    return Link(code=code, expires_at=expires_at)


class People(AccountReading):
    """The accounts that an administrator reaches."""

    def __init__(self, unit: Unit, tries: LoginTries) -> None:
        super().__init__(unit)
        self._tries = tries

    def grants(self, account_id: AccountId) -> tuple[Grant, ...]:
        """Return every role that an account was ever given, the newest first; the caller has looked at the account."""
        return grants_told(self._connection, account_id)

    def open(self, actor: Actor, wish: AccountIn) -> NewAccount:
        """Open a person's account and hand out the link by which its owner sets the password.

        Raises:
            NotFound: no such agency within the actor's reach (slug `account-agency-unknown`).
            Refused: the actor may not keep accounts.
            Conflict: the log-in name is taken (slug `login-taken`), or the agency is closed (`agency-closed`).
        """
        if wish.agency_id not in actor.agency_ids:
            raise ACCOUNT_AGENCY_UNKNOWN("no such agency within the actor's reach")
        require(actor, Action.ACCOUNT_KEEP, Subject(agency_id=wish.agency_id), self._now)
        ident = AccountId(fresh_id())
        act = self._begin(actor, wish.agency_id, f"account/{ident}")
        if is_closed(self._connection, wish.agency_id):
            raise AGENCY_CLOSED("the agency is closed")
        open_account(self._connection, act, ident=ident, **wish.model_dump())
        link = hand_out_link(self._unit, act, actor, ident, act.at + LINK_LIFETIME)
        return NewAccount(self.get(actor, ident), link)

    def hand_out_link(self, actor: Actor, account_id: AccountId) -> Link:
        """Hand out a link by which the owner sets a new password; the old one holds until then, older links no more.

        Raises:
            NotFound, Refused: as for every act on an account.
            Conflict: the account is closed, or a machine's.
        """
        act, _ = self.take(actor, account_id, Action.ACCOUNT_KEEP, of_person=True)
        return hand_out_link(self._unit, act, actor, account_id, act.at + LINK_LIFETIME)

    def close(self, actor: Actor, account_id: AccountId, reason: str) -> None:
        """Close an account at once and for good: its sessions end, its links count no more.

        Raises:
            NotFound: as for every act on an account.
            Refused: the actor may not keep accounts, or it is the actor's own (slug `role-own`).
            Conflict: it is closed, or the last administrator (slug `administrator-last`).
        """
        if account_id == actor.id:
            raise ROLE_OWN("nobody closes the own account")
        lock_administrators(self._connection)
        act, _ = self.take(actor, account_id, Action.ACCOUNT_KEEP)
        self.spare_the_last(account_id)
        self._connection.execute(update(accounts).where(accounts.c.id == account_id).values(is_active=False))
        end_sessions(self._unit, account_id, SessionEnd.CLOSED)
        act.write(AccountClose(reason=shown(reason)), f"account/{account_id}")

    def amend(self, actor: Actor, account_id: AccountId, wish: AccountAmendIn) -> None:
        """Correct the name or the log-in name of a person; what stood before stays in the log. Sessions go on.

        Raises:
            NotFound, Refused: as for every act on an account.
            Conflict: the account is closed or a machine's, or the log-in name is taken (slug `login-taken`).
        """
        act, held = self.take(actor, account_id, Action.ACCOUNT_KEEP, of_person=True)
        changed = {
            name: value
            for name, value in wish.model_dump(include={"name", "login"}).items()
            if value is not None and value != getattr(held, name)
        }
        if not changed:
            return
        taken = exists().where(accounts.c.login == changed.get("login"), accounts.c.id != account_id)
        if self._connection.scalar(select(taken)):
            raise LOGIN_TAKEN("the log-in name is taken")
        self._connection.execute(update(accounts).where(accounts.c.id == account_id).values(**changed))
        told = {name: shown(value) for name, value in changed.items()}
        act.write(AccountAmend(reason=shown(wish.reason), **told), f"account/{account_id}")

    def sign_out(self, actor: Actor, account_id: AccountId, reason: str) -> None:
        """End every session of an account; its owner may log in again.

        Raises:
            NotFound, Refused, Conflict: as for every act on an account.
        """
        act, _ = self.take(actor, account_id, Action.ACCOUNT_KEEP)
        end_sessions(self._unit, account_id, SessionEnd.BY_ADMIN)
        act.write(AccountSignout(reason=shown(reason)), f"account/{account_id}")

    def unlock(self, actor: Actor, account_id: AccountId) -> None:
        """Let wrong passwords typed so far count no more.

        Raises:
            NotFound, Refused, Conflict: as for every act on an account.
        """
        act, account = self.take(actor, account_id, Action.ACCOUNT_UNLOCK)
        self._tries.unlock(account.login, account_id)
        act.write(AccountUnlockApart(), f"account/{account_id}")
        note(self._unit, done(TrailEvent.UNLOCK, actor, f"account/{account_id}"))

    def take_factor(self, actor: Actor, account_id: AccountId, reason: str) -> None:
        """Take away the second factor of somebody who has lost it; the sessions of the account end.

        Raises:
            NotFound: as for every act on an account.
            Refused: the actor may not keep accounts, or it is the actor's own (slug `factor-own`).
            Conflict: the account is closed, a machine's, or has none (slug `factor-absent`).
        """
        if account_id == actor.id:
            raise FACTOR_OWN("the own second factor is given up with its code")
        act, _ = self.take(actor, account_id, Action.ACCOUNT_KEEP, of_person=True)
        if not end_factor(self._connection, act, account_id, reason):
            raise FACTOR_ABSENT("the account has no second factor")
        end_sessions(self._unit, account_id, SessionEnd.FACTOR)
        taken = done(TrailEvent.FACTOR, actor, f"account/{account_id}")
        note(self._unit, taken._replace(code=FactorDeed.REMOVED.value))

    def grant(self, actor: Actor, account_id: AccountId, wish: RoleIn) -> UUID:
        """Give a role for a time; the sessions of the account end, so that nobody works on with other rights.

        Raises:
            NotFound: as for every act on an account.
            Refused: the actor may not grant roles, or it is the actor's own account (slug `role-own`).
            Conflict: the account is closed or a machine's, holds the role in that time, or the two roles must be apart.
            Invalid: the role begins or ends in the past (slug `role-past`).
        """
        if account_id == actor.id:
            raise ROLE_OWN("nobody grants roles to the own account")
        act, _ = self.take(actor, account_id, Action.ROLE_GRANT, of_person=True)
        since, until = _period(wish, act.at)
        self.check_others(account_id, wish.role, since, until)
        ident = give_role(self._connection, act, account_id, wish.role, since=since, until=until)
        end_sessions(self._unit, account_id, SessionEnd.ROLE)
        return ident

    def check_others(
        self,
        account_id: AccountId,
        role: Role,
        since: datetime,
        until: datetime | None,
        *,
        but: UUID | None = None,
    ) -> None:
        """Look at the roles that are held at any moment of a time, by other grants than `but`.

        Raises:
            Conflict: it is held then (slug `role-held`), or the two must be apart (`role-apart`).
        """
        lasting = [one for one in self.grants(account_id) if one.id != but and not one.is_over(since)]
        meeting = [one for one in lasting if until is None or one.valid_from < until]
        if role in {one.role for one in meeting}:
            raise ROLE_HELD("the account holds this role within that time")
        if stands_apart({role, *(one.role for one in meeting)}):
            raise ROLE_APART("whoever administers holds no other role")

    def end_role(self, actor: Actor, account_id: AccountId, grant_id: UUID, reason: str) -> None:
        """End a role now; a closed account loses what was forgotten, too.

        Raises:
            NotFound: as for every act on an account, or no such grant (slug `role-unknown`).
            Refused: the actor may not grant roles, or it is the actor's own account (slug `role-own`).
            Conflict: it has ended (slug `role-ended`), or it makes the last administrator (`administrator-last`).
        """
        if account_id == actor.id:
            raise ROLE_OWN("nobody ends roles of the own account")
        lock_administrators(self._connection)
        act, _ = self.take(actor, account_id, Action.ROLE_GRANT, is_open=False)
        held = grant_told(self._connection, account_id, grant_id)
        if held.is_over(act.at):
            raise ROLE_ENDED("the role has ended")
        if held.role is Role.ADMIN:
            self.spare_the_last(account_id)
        end_sessions(self._unit, account_id, SessionEnd.ROLE)
        ended = RoleEndApart(grant=held.leaf, reason=shown(reason))
        leaf = act.write(ended, f"role/{grant_id}", f"account/{account_id}")
        term = (held.valid_from, act.at) if held.valid_from < act.at else None
        say_term(self._connection, account_id, held, act.at, term, leaf=leaf.digest, reason=reason)

    def spare_the_last(self, account_id: AccountId) -> None:
        """Refuse to take away whoever alone administers this server; the caller holds the lock of administrators.

        Raises:
            Conflict: nobody else does (slug `administrator-last`).
        """
        others = select(exists().where(accounts.c.id != account_id, *self._administering()))
        mine = select(exists().where(accounts.c.id == account_id, has_role(Role.ADMIN, self._moment)))
        if self._connection.scalar(mine) and not self._connection.scalar(others):
            raise ADMINISTRATOR_LAST("nobody else administers this server")

    def take(
        self,
        actor: Actor,
        account_id: AccountId,
        action: Action,
        *,
        of_person: bool = False,
        is_open: bool = True,
    ) -> tuple[Deed, Account]:
        """Hold the chain of an account that the actor reaches, and return it as it stands then.

        Raises:
            NotFound: no such account within the actor's agencies.
            Refused: the actor may not do this there.
            Conflict: the account is closed, or a machine's, where it must not be.
        """
        known = self.get(actor, account_id)
        require(actor, action, Subject(agency_id=known.agency_id), self._now)
        act = self._begin(actor, known.agency_id, f"account/{account_id}")
        account = self.get(actor, account_id)
        if is_open and not account.is_active:
            raise ACCOUNT_CLOSED("the account is closed")
        if of_person and account.kind is AccountKind.MACHINE:
            raise ACCOUNT_MACHINE("a machine has no console")
        return act, account


def _period(wish: RoleIn, at: datetime) -> tuple[datetime, datetime | None]:
    """Return from when and until when a role is held.

    Raises:
        Invalid: it begins before today, or has ended (slug `role-past`).
    """
    since = wish.valid_from or at
    if since < at - _TODAY or (wish.valid_until is not None and wish.valid_until <= at):
        raise ROLE_PAST("the role begins or ends in the past")
    return max(since, at), wish.valid_until
