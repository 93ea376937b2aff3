"""Agencies, accounts with their roles and certificates, and sessions.

Agencies, accounts, roles and certificates are kept by whoever sets the product up: their leaves name the service.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, select, update

from schemas.act import Process
from schemas.actor import Actor, ActorKind, Reach, Role
from schemas.base import Frozen, whole_milliseconds
from schemas.ids import AccountId, AgencyId, DeviceId
from schemas.leaves_actor import (
    AccountCredential,
    AccountKind,
    AccountOpen,
    AgencyKind,
    AgencyOpen,
    CertificateIssue,
    CertificateKind,
    RoleGrant,
)
from schemas.refusals_actor import DEVICE_REVOKED, NOT_AUTHENTICATED
from storage.act import Deed, fresh_id, service
from storage.collection import Collection
from storage.custody.values import shown
from storage.password import PasswordHash
from storage.reads.agency import tree_below
from storage.reads.device import names, trusted, with_trusted
from storage.tables.actor import accounts, agencies, assertions, certificates, sessions

ACCOUNT_SESSION = timedelta(hours=10)

_SETUP = service(Process.API)

# Asked with every request: made once, and a device is read with its session.
_HOLDER = with_trusted(
    select(sessions.c.account_id).where(
        sessions.c.token_hash == bindparam("token_hash"), sessions.c.expires_at > bindparam("now")
    ),
    sessions.c.device_id,
)


class Session(Frozen):
    """A token and whom it stands for. The token itself is never stored, only its SHA-256."""

    token: str
    expires_at: datetime
    actor: Actor


class Credential(Frozen):
    """Of an account that is open: what is kept of its password."""

    account_id: AccountId
    password_hash: str = Field(repr=False)


def credential(password_hash: str) -> dict[str, str]:
    """Return the record that the opening of a password's leaf holds: the hash as kept, never the password."""
    return {"password_hash": password_hash}


def token_hash(token: str) -> bytes:
    """Return what the database keeps of a token or a one-time code."""
    return hashlib.sha256(token.encode()).digest()


def new_session(
    connection: Connection, *, actor: Actor, now: datetime, lifetime: timedelta, at_most: int | None = None
) -> Session:
    """Make a token for `actor` that ends after `lifetime`; of its holder's `at_most` the oldest end for it."""
    token = secrets.token_urlsafe(
        32
    )  # a crash before the answer leaves a token that nobody knows; it ends by itself
    holder = "device_id" if actor.kind is ActorKind.DEVICE else "account_id"
    if at_most is not None:
        _end_oldest(connection, sessions.c[holder] == actor.id, keep=at_most - 1)
    connection.execute(
        sessions.insert().values(
            token_hash=token_hash(token),
            created_at=now,
            expires_at=now + lifetime,
            **{holder: actor.id},
        )
    )
    return Session(token=token, expires_at=now + lifetime, actor=actor)


def _end_oldest(connection: Connection, held: ColumnElement[bool], *, keep: int) -> None:
    # Log-ins of one account at the same instant may leave more; the next one ends them.
    newest = (
        select(sessions.c.token_hash)
        .where(held)
        .order_by(sessions.c.created_at.desc(), sessions.c.token_hash)
        .limit(keep)
    )
    connection.execute(delete(sessions).where(held, sessions.c.token_hash.not_in(newest)))


def _device(ident: DeviceId, agency_id: AgencyId, name: str) -> Actor:
    return Actor(
        id=ident,
        kind=ActorKind.DEVICE,
        agency_id=agency_id,
        agency_ids=frozenset({agency_id}),
        roles=frozenset(),
        name=name,
    )


class Accounts(Collection):
    """Who may log in, and who is asking."""

    def is_empty(self) -> bool:
        """Say whether nobody can log in yet."""
        return not self._connection.scalar(select(exists().select_from(accounts)))

    def found_agency(
        self,
        *,
        name: str,
        kind: AgencyKind,
        code: str,
        is_supervising: bool = False,
        parent_id: AgencyId | None = None,
    ) -> AgencyId:
        """Open an agency below `parent_id` and return its id; `code` is unique.

        The first agency has nobody before it who could open it: the service does, as everything of an empty database.
        """
        made = AgencyId(fresh_id())
        about = f"agency/{made}"
        parent = None if parent_id is None else f"agency/{parent_id}"
        act = self._begin(_SETUP, made, about, relies=() if parent is None else (parent,))
        self._connection.execute(
            agencies.insert().values(
                id=made, name=name, kind=kind, code=code, is_supervising=is_supervising, parent_id=parent_id
            )
        )
        opened = AgencyOpen(
            kind=kind, parent=parent, supervising=is_supervising, name=shown(name), code=shown(code)
        )
        act.write(opened, about)
        return made

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
        self._connection.execute(
            accounts.insert().values(
                id=made,
                agency_id=agency_id,
                login=login,
                name=name,
                password_hash=password_hash,
                roles=sorted(role.value for role in roles),
                created_at=act.at,
            )
        )
        opened = AccountOpen(
            agency=f"agency/{agency_id}",
            kind=kind,
            login=shown(login),
            name=shown(name),
            reason=shown(reason),
        )
        act.write(opened, about)
        act.write(AccountCredential(what="password", record=shown(credential(password_hash))), about)
        for role in sorted(roles):
            self._grant(act, about, role)
        return made

    def _grant(self, act: Deed, account: str, role: Role) -> None:
        """Log a role from now on; how far each of its permissions reaches within the agency is the policy's word."""
        given = RoleGrant(role=role, reach=Reach.AGENCY, from_=act.at)
        act.write(given, f"role/{fresh_id()}", account)

    def certify(
        self, account_id: AccountId, number: str, *, valid_from: datetime, valid_until: datetime
    ) -> None:
        """Record an enforcement certificate of an account (Administrative Penalty Law art. 42)."""
        agency_id = self._connection.execute(
            select(accounts.c.agency_id).where(accounts.c.id == account_id)
        ).scalar_one()
        made, holder = fresh_id(), f"account/{account_id}"
        since, until = whole_milliseconds(valid_from), whole_milliseconds(valid_until)
        act = self._begin(_SETUP, agency_id, holder)
        self._connection.execute(
            certificates.insert().values(
                id=made, account_id=account_id, number=number, valid_from=since, valid_until=until
            )
        )
        issued = CertificateIssue(
            from_=since, until=until, kind=CertificateKind.ENFORCEMENT, number=shown(number)
        )
        act.write(issued, f"certificate/{made}", holder)

    def credential_of(self, login: str) -> Credential | None:
        """Return what is kept of the password behind a name; None when nobody may log in by it."""
        row = self._connection.execute(
            select(accounts.c.id, accounts.c.password_hash).where(
                accounts.c.login == login, accounts.c.is_active
            )
        ).one_or_none()
        return None if row is None else Credential(account_id=row.id, password_hash=row.password_hash)

    def open_session(self, account_id: AccountId) -> Session:
        """Make a token for an account; the caller has looked at the password (`storage.flow.login`).

        Raises:
            NotAuthenticated: the account was closed.
        """
        return new_session(
            self._connection,
            actor=self.account_actor(account_id),
            now=self._now,
            lifetime=ACCOUNT_SESSION,
            at_most=self._unit.settings.sessions_per_account,
        )

    def logout(self, token: str) -> None:
        """End a session; ending it twice is no error."""
        self._connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash(token)))

    def forget_ended(self) -> None:
        """Delete sessions and used assertions that can no longer matter; again after a crash."""
        self._connection.execute(delete(sessions).where(sessions.c.expires_at < self._now))
        self._connection.execute(delete(assertions).where(assertions.c.expires_at < self._now))

    def actor_of(self, token: str) -> Actor:
        """Return who holds `token`.

        Raises:
            NotAuthenticated: the token is unknown or has ended, or its holder was revoked.
        """
        row = self._connection.execute(
            _HOLDER, {"token_hash": token_hash(token), "now": self._now}
        ).one_or_none()
        if row is None:
            raise NOT_AUTHENTICATED("the token is unknown or has ended")
        if row.account_id:
            return self.account_actor(row.account_id)
        if row.trusted_id is None:
            raise DEVICE_REVOKED("the device's key was revoked")
        return _device(row.trusted_id, row.device_agency_id, row.device_name)

    def account_actor(self, account_id: AccountId) -> Actor:
        """Return the actor behind an account.

        Raises:
            NotAuthenticated: the account is unknown or closed.
        """
        row = self._connection.execute(
            select(accounts, agencies.c.is_supervising, agencies.c.name.label("agency_name"))
            .join(agencies, agencies.c.id == accounts.c.agency_id)
            .where(accounts.c.id == account_id, accounts.c.is_active)
        ).one_or_none()
        if row is None:
            raise NOT_AUTHENTICATED("the account is closed")
        numbers = self._connection.scalars(
            select(certificates.c.number).where(certificates.c.account_id == account_id)
        )
        return Actor(
            id=row.id,
            kind=ActorKind.ACCOUNT,
            agency_id=row.agency_id,
            agency_ids=self._reach(row.agency_id, is_supervising=row.is_supervising),
            roles=frozenset(Role(role) for role in row.roles),
            name=row.name,
            login=row.login,
            agency_name=row.agency_name,
            certificates=frozenset(numbers),
        )

    def device_actor(self, device_id: DeviceId) -> Actor:
        """Return the actor behind a device.

        Raises:
            NotAuthenticated: the device is unknown or its key was revoked.
        """
        row = trusted(self._connection, device_id)
        if row is None:
            raise DEVICE_REVOKED("the device's key was revoked")
        return _device(row.id, row.agency_id, row.name)

    def names(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the names behind certificate numbers and actor references; unknown keys are left out."""
        wanted = sorted(set(keys))
        ids = [UUID(key.partition("/")[2]) for key in wanted if key.startswith(("account/", "device/"))]
        found = {
            row.number: row.name
            for row in self._connection.execute(
                select(certificates.c.number, accounts.c.name)
                .join(accounts, accounts.c.id == certificates.c.account_id)
                .where(certificates.c.number.in_(wanted))
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
