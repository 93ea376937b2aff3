"""One-time links: by one an administrator comes in, by the other its owner sets the password of an account.

Only the digest of a link is kept, and stands salted in its leaf. A link says why it no longer counts: whoever holds it has
256 bits that nobody guesses.

What a crash leaves, step by step:
  after the offer      a link that nobody was told; `quancheng admit` makes another
  after the entry      an account whose owner was told nothing: the password stands, and lets its owner in
"""

import secrets
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, or_, select, text, update
from sqlalchemy.sql.selectable import ScalarSelect

from schemas.account import ADMISSION_LIFETIME, AdmissionIn, Link
from schemas.act import Process
from schemas.actor import Role
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountAdmit
from schemas.leaves_agency import AgencyKind
from schemas.refusals_account import (
    ACCOUNT_CLOSED,
    ADMINISTRATOR_THERE,
    ADMISSION_EXPIRED,
    LINK_EXPIRED,
    LINK_UNKNOWN,
    LINK_USED,
)
from schemas.refusals_agency import AGENCY_CODE_TAKEN, AGENCY_NAME_MISSING
from schemas.trail import SessionEnd
from storage.act import fresh_id, service
from storage.actor.actor import give_role, keep_password, open_account, open_agency
from storage.actor.session import end_sessions, token_hash
from storage.collection import Collection
from storage.custody.values import shown
from storage.password import PasswordHash
from storage.reads.account import has_role
from storage.tables.actor import account_links, accounts, admissions, agencies

CODE_BYTES = 32
_SETUP = service(Process.API)
_ADMINISTRATORS = text("SELECT pg_advisory_xact_lock(7_110_291_500_016)")
"""Held by whoever makes an administrator, or takes one away: of two at once the second sees what the first did."""


class Admission(NamedTuple):
    """A link for an administrator that counts. `needs_agency`: there is none yet that it could belong to."""

    account_id: AccountId
    is_first: bool
    expires_at: datetime
    needs_agency: bool


class Owner(NamedTuple):
    """Of whose account a link sets the password; `is_new`: it has none yet."""

    link_id: UUID
    account_id: AccountId
    login: str
    name: str
    agency_name: str
    is_new: bool
    expires_at: datetime


def lock_administrators(connection: Connection) -> None:
    """Make or take away administrators one after the other, until the transaction ends; before any chain is held."""
    connection.execute(_ADMINISTRATORS)


def newest_link(account_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the id of the last link that was handed out for the account behind a column."""
    links = account_links.alias()
    ranked = select(links.c.id).where(links.c.account_id == account_id)
    return ranked.order_by(links.c.issued_at.desc(), links.c.id.desc()).limit(1).scalar_subquery()


class Links(Collection):
    """Links that count once."""

    def is_unadministered(self) -> bool:
        """Say whether nobody administers this server."""
        admin = has_role(Role.ADMIN, self._moment)
        return not self._connection.scalar(select(exists().where(accounts.c.is_active, admin)))

    def offer_first(self) -> Link | None:
        """Hand out a link for the first administrator, once for every server on which nobody has an account."""
        lock_administrators(self._connection)
        is_begun = select(or_(exists().select_from(admissions), exists().select_from(accounts)))
        return None if self._connection.scalar(is_begun) else self.offer()

    def offer(self) -> Link:
        """Hand out a link by which an administrator comes in; whoever calls this runs the server.

        Where nobody administers it, the link counts for the first administrator alone.
        """
        code, ident = secrets.token_urlsafe(CODE_BYTES), fresh_id()
        is_first = self.is_unadministered()
        act = self._begin(_SETUP, None)
        expires_at = act.at + ADMISSION_LIFETIME
        self._connection.execute(
            admissions.insert().values(
                id=ident,
                code_hash=token_hash(code),
                is_first=is_first,
                offered_at=act.at,
                expires_at=expires_at,
            )
        )
        offered = AccountAdmit(first=is_first, expires_at=expires_at, code_hash=shown(token_hash(code).hex()))
        act.write(offered, f"account/{ident}")
        return Link(code=code, expires_at=expires_at)

    def admission(self, code: str) -> Admission:
        """Return what a link for an administrator is good for.

        Raises:
            NotFound: no such link (slug `link-unknown`).
            Gone: it was used, or has expired (slugs `link-used`, `admission-expired`).
            Conflict: somebody else was the first administrator (slug `administrator-there`).
        """
        row = self._connection.execute(
            select(admissions, exists().where(accounts.c.id == admissions.c.id).label("is_used")).where(
                admissions.c.code_hash == token_hash(code)
            )
        ).one_or_none()
        if row is None:
            raise LINK_UNKNOWN("no such link")
        if row.is_used:
            raise LINK_USED("the link was used before")
        if row.is_first and not self.is_unadministered():
            raise ADMINISTRATOR_THERE("somebody else was the first administrator")
        if row.expires_at <= self._now:
            raise ADMISSION_EXPIRED("the link has expired")
        return Admission(
            account_id=AccountId(row.id),
            is_first=row.is_first,
            expires_at=row.expires_at,
            needs_agency=self._root() is None,
        )

    def admit(self, wish: AdmissionIn, password_hash: PasswordHash) -> AccountId:
        """Make the administrator that a link is good for; the agency at the top is founded where there is none.

        Raises:
            NotFound, Gone, Conflict: the link does not count, by now (`admission`), or the name is taken.
            Invalid: there is no agency yet, and no name of one was given (slug `agency-name-missing`).
        """
        lock_administrators(self._connection)
        offer = self.admission(wish.code)
        agency_id = self._root() or self._found(wish)
        about = f"account/{offer.account_id}"
        act = self._begin(_SETUP, agency_id, about)
        open_account(
            self._connection,
            act,
            ident=offer.account_id,
            agency_id=agency_id,
            login=wish.login,
            name=wish.name,
        )
        keep_password(self._connection, act, offer.account_id, password_hash)
        give_role(self._connection, act, offer.account_id, Role.ADMIN)
        return offer.account_id

    def _root(self) -> AgencyId | None:
        """Return the agency at the top: of several the first that was founded."""
        root: AgencyId | None = self._connection.scalar(
            select(agencies.c.id)
            .where(agencies.c.parent_id.is_(None), agencies.c.closed_at.is_(None))
            .order_by(agencies.c.id)
            .limit(1)
        )
        return root

    def _found(self, wish: AdmissionIn) -> AgencyId:
        """Found the agency at the top; what it administers lies below it, so it sees all of that."""
        if not wish.agency_name:
            raise AGENCY_NAME_MISSING("there is no agency yet, and no name of one")
        made = AgencyId(fresh_id())
        code = wish.agency_code or f"LOCAL-{made.hex[-8:].upper()}"
        act = self._begin(_SETUP, made, f"agency/{made}")
        taken = self._connection.scalar(select(exists().where(agencies.c.code == code)))
        if taken:
            raise AGENCY_CODE_TAKEN("another agency has this code")
        open_agency(
            self._connection,
            act,
            ident=made,
            name=wish.agency_name,
            kind=AgencyKind.AGENCY,
            code=code,
            is_supervising=True,
        )
        return made

    def owner(self, code: str) -> Owner:
        """Return of whose account a link sets the password.

        Raises:
            NotFound: no such link, or a newer one took its place (slug `link-unknown`).
            Gone: it was used, or has expired (slugs `link-used`, `link-expired`).
            Conflict: the account was closed meanwhile (slug `account-closed`).
        """
        newest = newest_link(accounts.c.id)
        row = self._connection.execute(
            select(account_links, accounts.c.login, accounts.c.name, accounts.c.is_active)
            .add_columns(accounts.c.password_hash.is_(None).label("is_new"))
            .add_columns(agencies.c.name.label("agency_name"), (account_links.c.id == newest).label("counts"))
            .join(accounts, accounts.c.id == account_links.c.account_id)
            .join(agencies, agencies.c.id == accounts.c.agency_id)
            .where(account_links.c.code_hash == token_hash(code))
        ).one_or_none()
        if row is None:
            raise LINK_UNKNOWN("no such link")
        if row.used_at is not None:
            raise LINK_USED("the link was used before")
        if not row.is_active:
            raise ACCOUNT_CLOSED("the account was closed")
        if not row.counts:
            raise LINK_UNKNOWN("a newer link took its place")
        if row.expires_at <= self._now:
            raise LINK_EXPIRED("the link has expired")
        return Owner(
            link_id=row.id,
            account_id=AccountId(row.account_id),
            login=row.login,
            name=row.name,
            agency_name=row.agency_name,
            is_new=row.is_new,
            expires_at=row.expires_at,
        )

    def set_password(self, code: str, password_hash: PasswordHash) -> Owner:
        """Set the password of the account that a link is for; every session of it ends.

        Raises:
            NotFound, Gone, Conflict: the link does not count, by now.
        """
        about = f"account/{self.owner(code).account_id}"
        act = self._begin(about, None, about)
        owner = self.owner(code)  # of two at once, the second waited for the chain and finds it used
        self._connection.execute(
            update(account_links).where(account_links.c.id == owner.link_id).values(used_at=act.at)
        )
        keep_password(self._connection, act, owner.account_id, password_hash, owner.link_id)
        end_sessions(self._unit, owner.account_id, SessionEnd.PASSWORD)
        return owner

    def change_password(
        self, account_id: AccountId, password_hash: PasswordHash, *, looked_at: str, token: str
    ) -> bool:
        """Replace a password whose old one was looked at; every session but that of `token` ends.

        Returns whether it was replaced: not where it was changed since the look.
        """
        about = f"account/{account_id}"
        act = self._begin(about, None, about)
        kept = self._connection.scalar(
            select(accounts.c.password_hash).where(accounts.c.id == account_id, accounts.c.is_active)
        )
        if kept != looked_at:
            return False
        keep_password(self._connection, act, account_id, password_hash)
        end_sessions(self._unit, account_id, SessionEnd.PASSWORD, but=token)
        return True
