"""Agencies and accounts as whoever sets the product up makes them, and who is asking.

What is made here is made by the service, and its leaves say so; what an administrator does stands in `account`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Connection, DateTime, Row, bindparam, delete, exists, select, true, update
from sqlalchemy.dialects.postgresql import Range, insert

from schemas.act import Process
from schemas.actor import ADMINISTERING, Actor, ActorKind, Grant, Reach, Role
from schemas.base import Frozen
from schemas.ids import AccountId, AgencyId, DeviceId
from schemas.leaves_account import AccountCredentialByLink, AccountKind, AccountOpen
from schemas.leaves_agency import AgencyKind, AgencyOpen
from schemas.leaves_role import RoleGrantNamed
from schemas.refusals_account import LOGIN_TAKEN
from schemas.refusals_actor import DEVICE_REVOKED, NOT_AUTHENTICATED
from storage.act import Deed, fresh_id, service
from storage.actor.factor import forget_halfways
from storage.actor.session import (
    SIGN_OF_LIFE,
    Session,
    end_session,
    forget_ended,
    lives,
    new_session,
    note_use,
    token_hash,
)
from storage.actor.sso import forget_sign_ons
from storage.collection import Collection
from storage.custody.values import shown
from storage.driver import Ready
from storage.password import PasswordHash
from storage.reads.account import TOLD_OR_NOW, grants_of, joins_security
from storage.reads.agency import entrusted_by, tree_below
from storage.reads.certificate import numbers_held
from storage.reads.device import names, trusted, with_trusted
from storage.tables.actor import accounts, agencies, assertions, certificates, role_grants, sessions

_SETUP = service(Process.API)

# Asked with every request: made once, and a device is read with its session.
_HOLDER = Ready(
    with_trusted(
        select(sessions.c.account_id, sessions.c.used_at).where(
            sessions.c.token_hash == bindparam("token_hash"),
            lives(bindparam("now", type_=DateTime(timezone=True))),
        ),
        sessions.c.device_id,
    )
)
_HELD = grants_of(accounts.c.id, TOLD_OR_NOW)
_ACCOUNT = (
    select(accounts, agencies.c.is_supervising, agencies.c.name.label("agency_name"))
    .add_columns(_HELD.c.roles, _HELD.c.since, _HELD.c.until)
    .add_columns(entrusted_by(accounts.c.agency_id).label("entrusted"))
    .add_columns(numbers_held(accounts.c.id).label("certificates"))
    .join(agencies, agencies.c.id == accounts.c.agency_id)
    .join(_HELD, true())
    .where(accounts.c.id == bindparam("account_id"), accounts.c.is_active)
)


class Credential(Frozen):
    """Of an account that is open: what is kept of its password."""

    account_id: AccountId
    password_hash: str = Field(repr=False)


def credential(password_hash: str) -> dict[str, str]:
    """Return the record that the opening of a password's leaf holds: the hash as kept, never the password."""
    return {"password_hash": password_hash}


def open_agency(
    connection: Connection,
    act: Deed,
    *,
    ident: AgencyId,
    name: str,
    kind: AgencyKind,
    code: str,
    is_supervising: bool,
    parent_id: AgencyId | None = None,
    principal_id: AgencyId | None = None,
) -> None:
    """Open an agency whose code nobody has; its chain is held, and those of the agencies that it names stand."""
    connection.execute(
        agencies.insert().values(
            id=ident,
            parent_id=parent_id,
            principal_id=principal_id,
            name=name,
            code=code,
            kind=kind,
            is_supervising=is_supervising,
        )
    )
    opened = AgencyOpen(
        kind=kind,
        parent=parent_id and f"agency/{parent_id}",
        principal=principal_id and f"agency/{principal_id}",
        supervising=is_supervising,
        name=shown(name),
        code=shown(code),
    )
    act.write(opened, f"agency/{ident}")


def open_account(
    connection: Connection,
    act: Deed,
    *,
    ident: AccountId,
    agency_id: AgencyId,
    login: str,
    name: str,
    kind: AccountKind = AccountKind.PERSON,
    reason: str | None = None,
) -> None:
    """Open an account that nobody can enter yet; its chain is held.

    Raises:
        Conflict: the log-in name is taken (slug `login-taken`).
    """
    about = f"account/{ident}"
    made = connection.scalar(
        insert(accounts)
        .values(id=ident, agency_id=agency_id, login=login, name=name, kind=kind, created_at=act.at)
        .on_conflict_do_nothing(index_elements=[accounts.c.login])
        .returning(accounts.c.id)
    )
    if made is None:
        raise LOGIN_TAKEN("the log-in name is taken")
    opened = AccountOpen(
        agency=f"agency/{agency_id}", kind=kind, login=shown(login), name=shown(name), reason=shown(reason)
    )
    act.write(opened, about)


def keep_password(
    connection: Connection,
    act: Deed,
    account_id: AccountId,
    password_hash: PasswordHash,
    link: UUID | None = None,
) -> None:
    """Replace what lets an account in; `link` is the one-time link by which its owner did so. Its chain is held."""
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash)
    )
    record = shown(credential(password_hash))
    replaced = AccountCredentialByLink(what="password", link=link and str(link), record=record)
    act.write(replaced, f"account/{account_id}")


def give_role(
    connection: Connection,
    act: Deed,
    account_id: AccountId,
    role: Role,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> UUID:
    """Give a role from a time on, now where none is given; the account's chain is held. Returns the grant's id.

    How far each of its permissions reaches within the agency is the policy's word.
    """
    ident, begins = fresh_id(), since or act.at
    given = RoleGrantNamed(role=role, reach=Reach.AGENCY, from_=begins, until=until)
    leaf = act.write(given, f"role/{ident}", f"account/{account_id}")
    connection.execute(
        role_grants.insert().values(
            grant_id=ident,
            account_id=account_id,
            role=role,
            reach=Reach.AGENCY,
            valid_during=Range(begins, until),
            known_during=Range(act.at, None),
            grant_leaf=bytes.fromhex(leaf.digest),
            leaf=bytes.fromhex(leaf.digest),
        )
    )
    return ident


def _device(ident: DeviceId, agency_id: AgencyId, name: str) -> Actor:
    return Actor(
        id=ident,
        kind=ActorKind.DEVICE,
        agency_id=agency_id,
        agency_ids=frozenset({agency_id}),
        name=name,
    )


class Accounts(Collection):
    """Who may log in, and who is asking."""

    def is_empty(self) -> bool:
        """Say whether nobody can log in yet."""
        return not self._connection.scalar(select(exists().select_from(accounts)))

    def add(
        self,
        *,
        agency_id: AgencyId,
        login: str,
        name: str,
        password_hash: PasswordHash,
        roles: frozenset[Role],
        kind: AccountKind = AccountKind.PERSON,
        reason: str | None = None,
    ) -> AccountId:
        """Open an account with its roles and what is kept of its password (`storage.password.hash_of`).

        Hashing is meant to be slow: it is done before the transaction begins.
        """
        made = AccountId(fresh_id())
        about = f"account/{made}"
        act = self._begin(_SETUP, agency_id, about)
        open_account(
            self._connection,
            act,
            ident=made,
            agency_id=agency_id,
            login=login,
            name=name,
            kind=kind,
            reason=reason,
        )
        keep_password(self._connection, act, made, password_hash)
        for role in sorted(roles):
            give_role(self._connection, act, made, role)
        return made

    def credential_of(self, login: str) -> Credential | None:
        """Return what is kept of the password behind a name; None when nobody may log in by it."""
        row = self._connection.execute(
            select(accounts.c.id, accounts.c.password_hash).where(
                accounts.c.login == login, accounts.c.is_active, accounts.c.password_hash.is_not(None)
            )
        ).one_or_none()
        return None if row is None else Credential(account_id=row.id, password_hash=row.password_hash)

    def open_session(self, account_id: AccountId, *, address: str = "") -> Session:
        """Make a token for an account; the caller has looked at the password (`storage.flow.login`).

        Raises:
            NotAuthenticated: the account was closed.
        """
        actor, settings = self.account_actor(account_id), self._unit.settings
        return new_session(
            self._unit,
            actor=actor,
            lifetime=timedelta(seconds=settings.session_seconds),
            idle=None if actor.is_machine else timedelta(seconds=settings.session_idle_seconds),
            address=address,
            at_most=settings.sessions_per_account,
        )

    def logout(self, token: str) -> None:
        """End a session; ending it twice is no error."""
        end_session(self._unit, token)

    def forget_ended(self) -> None:
        """Delete sessions, unfinished log-ins and used assertions that can no longer matter; again after a crash."""
        forget_ended(self._unit)
        forget_halfways(self._unit)
        forget_sign_ons(self._unit)
        self._connection.execute(delete(assertions).where(assertions.c.expires_at < self._now))

    def actor_of(self, token: str) -> Actor:
        """Return who holds `token`.

        Raises:
            NotAuthenticated: the token is unknown or has ended, or its holder was revoked.
        """
        row = _HOLDER.row(self._connection, {"token_hash": token_hash(token), "now": self._now})
        if row is None:
            raise NOT_AUTHENTICATED("the token is unknown or has ended")
        if row["account_id"]:
            self._note_use(token, row["used_at"])
            return self.account_actor(row["account_id"])
        if row["trusted_id"] is None:
            raise DEVICE_REVOKED("the device's key was revoked")
        return _device(row["trusted_id"], row["device_agency_id"], row["device_name"])

    def _note_use(self, token: str, used_at: datetime) -> None:
        idle = timedelta(seconds=self._unit.settings.session_idle_seconds)
        if used_at + min(SIGN_OF_LIFE, idle / 4) <= self._now:
            note_use(self._connection, token, self._now, idle)

    def account_actor(self, account_id: AccountId) -> Actor:
        """Return the actor behind an account.

        Raises:
            NotAuthenticated: the account is unknown or closed.
        """
        at = None if self._unit.clock is None else self._unit.clock()
        row = self._connection.execute(_ACCOUNT, {"account_id": account_id, "at": at}).one_or_none()
        if row is None:
            raise NOT_AUTHENTICATED("the account is closed")
        grants = self._grants(row, at)
        reaches_below = row.is_supervising or bool(ADMINISTERING & {one.role for one in grants})
        return Actor(
            id=row.id,
            kind=ActorKind.ACCOUNT,
            agency_id=row.agency_id,
            agency_ids=self._reach(row.agency_id, is_supervising=reaches_below),
            grants=grants,
            entrusted_ids=frozenset(row.entrusted),
            is_machine=row.kind == AccountKind.MACHINE,
            name=row.name,
            login=row.login,
            agency_name=row.agency_name,
            certificates=frozenset(row.certificates),
        )

    def _grants(self, row: Row[Any], at: datetime | None) -> tuple[Grant, ...]:
        """Return the roles held at the time of the acts, which may be later than the transaction's, by which rules ask.

        What is held then counts from the transaction's time on. An administrator beside whom nobody is security
        administrator is that too, as long as they are administrator.
        """
        held = zip(row.roles or (), row.since or (), row.until or (), strict=True)
        grants = tuple(
            Grant(role=Role(role), since=min(since, self._now), until=until) for role, since, until in held
        )
        if not joins_security(self._connection, row.roles or (), row.agency_id, at):
            return grants
        joined = (one.model_copy(update={"role": Role.SECURITY}) for one in grants if one.role is Role.ADMIN)
        return (*grants, *joined)

    def device_actor(self, device_id: DeviceId) -> Actor:
        """Return the actor behind a device.

        Raises:
            NotAuthenticated: the device is unknown or its key was revoked.
        """
        row = trusted(self._connection, device_id)
        if row is None:
            raise DEVICE_REVOKED("the device's key was revoked")
        return _device(row.id, row.agency_id, row.name)

    def names(self, actor: Actor, keys: Iterable[str]) -> dict[str, str]:
        """Return the names behind certificate numbers and actor references; unknown keys are left out.

        A certificate number that a device wrote may be anybody's: its name is told within the actor's reach alone.
        """
        wanted = sorted(set(keys))
        ids = [UUID(key.partition("/")[2]) for key in wanted if key.startswith(("account/", "device/"))]
        inside = accounts.c.agency_id.in_(sorted(actor.agency_ids))
        found = {
            row.number: row.name
            for row in self._connection.execute(
                select(certificates.c.number, accounts.c.name)
                .join(accounts, accounts.c.id == certificates.c.account_id)
                .where(certificates.c.number.in_(wanted), inside)
            )
        }
        rows = self._connection.execute(select(accounts.c.id, accounts.c.name).where(accounts.c.id.in_(ids)))
        found |= {f"account/{row.id}": row.name for row in rows}
        return found | {f"device/{one}": name for one, name in names(self._connection, ids).items()}

    def _reach(self, agency_id: AgencyId, *, is_supervising: bool) -> frozenset[AgencyId]:
        return frozenset(tree_below(self._connection, agency_id) if is_supervising else {agency_id})

    def end_sessions_of_device(self, device_id: DeviceId) -> None:
        """End every token of a device whose key was revoked."""
        self._connection.execute(
            update(sessions).where(sessions.c.device_id == device_id).values(expires_at=self._now)
        )
