"""Links that are handed out to many at once: for people who have none that counts, and no password yet.

Whoever imports a district makes no hundred thousand links that lie about: they are made in portions when somebody is there
who hands them on, are told in the answer to that request alone, and only their digests are kept.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select, text

from schemas.account import LINK_LIFETIME
from schemas.actor import Actor
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind, AccountLink
from schemas.policy import Action
from schemas.trail import TrailEvent
from storage.act import fresh_id
from storage.actor.account import done
from storage.actor.link import CODE_BYTES
from storage.actor.session import token_hash
from storage.collection import Collection
from storage.custody.custody import Entry
from storage.custody.values import shown
from storage.reads.policy import require_within
from storage.tables.actor import account_links, accounts, agencies
from storage.trail.note import note

AT_ONCE = 1_000
"""Links that one request hands out: a second of work, and as many slips as somebody prints at a time."""

_ENTER = text(
    "INSERT INTO account_links (id, account_id, code_hash, issued_by, issued_at, expires_at)"
    " SELECT one.id, one.account_id, one.code_hash, :by, :at, :ends"
    " FROM unnest(CAST(:idents AS uuid[]), CAST(:accounts AS uuid[]), CAST(:hashes AS bytea[]))"
    " AS one (id, account_id, code_hash)"
)


class NewLink(NamedTuple):
    """A link that is handed out: its row, and its leaf."""

    ident: UUID
    account_id: AccountId
    code_hash: bytes
    entry: Entry


class Handed(NamedTuple):
    """A link as it is told, this once."""

    account_id: AccountId
    login: str
    name: str
    agency_name: str
    code: str
    expires_at: datetime


def new_link(account_id: AccountId, code: str, at: datetime) -> NewLink:
    """Return a link of an account; nothing is entered yet."""
    ident, digest = fresh_id(), token_hash(code)
    handed = AccountLink(link=str(ident), expires_at=at + LINK_LIFETIME, code_hash=shown(digest.hex()))
    return NewLink(ident, account_id, digest, Entry(handed, f"account/{account_id}"))


def enter_links(connection: Connection, at: datetime, by: UUID, links: Sequence[NewLink]) -> None:
    """Enter the rows of links whose leaves are written."""
    connection.execute(
        _ENTER,
        {
            "idents": [one.ident for one in links],
            "accounts": [one.account_id for one in links],
            "hashes": [one.code_hash for one in links],
            "by": by,
            "at": at,
            "ends": at + LINK_LIFETIME,
        },
    )


class AccountLinks(Collection):
    """Links for the people of the agencies that an actor keeps."""

    def waiting(self, actor: Actor, agency_id: AgencyId | None = None) -> int:
        """Count the people without a password and without a link that counts.

        Raises:
            Refused: the actor may not keep accounts.
        """
        query = select(func.count()).select_from(accounts).where(*self._without(actor, agency_id))
        return self._connection.scalars(query).one()

    def hand_out(self, actor: Actor, agency_id: AgencyId | None = None) -> tuple[Handed, ...]:
        """Hand out links to the next of those who have none, by agency and log-in name: `AT_ONCE` at most.

        One row of the access trail. A crash leaves links that nobody knows: they end by themselves, or are handed out
        again one by one.

        Raises:
            Refused: the actor may not keep accounts.
        """
        chosen = self._connection.scalars(
            select(accounts.c.id)
            .where(*self._without(actor, agency_id))
            .order_by(accounts.c.agency_id, accounts.c.login)
            .limit(AT_ONCE)
        ).all()
        if not chosen:
            return ()
        act = self._begin(actor, actor.agency_id, *(f"account/{one}" for one in chosen))
        rows = self._connection.execute(
            select(accounts.c.id, accounts.c.login, accounts.c.name, agencies.c.name.label("agency_name"))
            .join(agencies, agencies.c.id == accounts.c.agency_id)
            .where(accounts.c.id.in_(chosen), *self._without(actor, agency_id))  # of two at once one is late
            .order_by(accounts.c.agency_id, accounts.c.login)
        ).all()
        if not rows:
            return ()
        codes = [secrets.token_urlsafe(CODE_BYTES) for _ in rows]
        links = [new_link(AccountId(row.id), code, act.at) for row, code in zip(rows, codes, strict=True)]
        act.write_all([one.entry for one in links])
        enter_links(self._connection, act.at, actor.id, links)
        note(self._unit, done(TrailEvent.LINK_MADE, actor, f"agency/{agency_id or actor.agency_id}"))
        return tuple(
            Handed(AccountId(row.id), row.login, row.name, row.agency_name, code, act.at + LINK_LIFETIME)
            for row, code in zip(rows, codes, strict=True)
        )

    def _without(self, actor: Actor, agency_id: AgencyId | None) -> tuple[ColumnElement[bool], ...]:
        counts = and_(
            account_links.c.account_id == accounts.c.id,
            account_links.c.used_at.is_(None),
            account_links.c.expires_at > self._moment,
        )
        return (
            require_within(actor, Action.ACCOUNT_KEEP, self._now, accounts),
            *((accounts.c.agency_id == agency_id,) if agency_id else ()),
            accounts.c.kind == AccountKind.PERSON,
            accounts.c.is_active,
            accounts.c.password_hash.is_(None),
            ~exists().where(counts),
        )
