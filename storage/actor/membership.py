"""People who move to another agency: from when on they belong there, and what was said of it before."""

from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import Range

from schemas.account import Account
from schemas.actor import Actor
from schemas.base import whole_milliseconds
from schemas.ids import AccountId
from schemas.leaves_account import AccountKind, AccountTransfer
from schemas.membership import Membership, TransferIn
from schemas.policy import Action, Subject, require
from schemas.reference import reference
from schemas.refusals_account import (
    ACCOUNT_AGENCY_UNKNOWN,
    ACCOUNT_CLOSED,
    ACCOUNT_MACHINE,
    TRANSFER_FUTURE,
    TRANSFER_HOLDING,
    TRANSFER_SAME,
)
from schemas.refusals_agency import AGENCY_CLOSED
from schemas.refusals_request import VERSION_CONFLICT
from schemas.refusals_role import ROLE_OWN
from schemas.trail import SessionEnd
from storage.act import Deed
from storage.actor.account import People
from storage.actor.session import end_sessions
from storage.collection import Collection, Unit
from storage.custody.values import shown
from storage.reads.agency import is_closed, with_agency
from storage.reads.holding import held_by
from storage.tables.actor import accounts, memberships
from storage.told import tell_from


class Memberships(Collection):
    """Where the people whom an actor reaches belonged."""

    def __init__(self, unit: Unit, people: People) -> None:
        super().__init__(unit)
        self._people = people

    def of(self, account_id: AccountId) -> tuple[Membership, ...]:
        """Return all that was ever said, what was learned last first; the caller has looked at the account.

        Empty: the person never moved.
        """
        told = memberships.c
        query = select(memberships).where(told.account_id == account_id)
        rows = self._connection.execute(
            with_agency(query, told.agency_id).order_by(
                func.lower(told.known_during).desc(), func.lower(told.valid_during).desc().nulls_last()
            )
        )
        return tuple(
            Membership(
                agency_id=row.agency_id,
                agency_name=row.agency_name,
                valid_from=row.valid_during.lower,
                valid_until=row.valid_during.upper,
                known_from=row.known_during.lower,
                known_until=row.known_during.upper,
                reason=row.reason,
                leaf=bytes(row.leaf).hex(),
            )
            for row in rows
        )

    def transfer(self, actor: Actor, account_id: AccountId, wish: TransferIn) -> None:
        """Move a person to another agency; their roles and sessions end, for both were given there.

        A time that has passed corrects what was said: captures that are declared from now on are held against it. What
        was concluded stays.

        Raises:
            NotFound: no such account, or no such agency (slug `account-agency-unknown`), within the actor's reach.
            Refused: the actor may not keep accounts at both agencies, may not end the roles that are held, or it is
                their own account (slug `role-own`).
            VersionConflict: somebody else moved the person since, or gave them a role.
            Conflict: the account is closed or a machine's, the agency is closed (slug `agency-closed`), they belong there
                already (`transfer-same`), still have devices (`transfer-holding`), or nobody else administers this
                server (`administrator-last`).
            Invalid: the time lies in the future (slug `transfer-future`).
        """
        if account_id == actor.id:
            raise ROLE_OWN("nobody moves the own account")
        if wish.agency_id not in actor.agency_ids:
            raise ACCOUNT_AGENCY_UNKNOWN("no such agency within the actor's reach")
        known = self._people.get(actor, account_id)
        for agency_id in (known.agency_id, wish.agency_id):
            require(actor, Action.ACCOUNT_KEEP, Subject(agency_id=agency_id), self._now)
        is_elsewhere = known.agency_id != wish.agency_id
        if is_elsewhere:
            self._end_roles(actor, account_id, wish.reason)
        act = self._begin(actor, wish.agency_id, reference("account", account_id))
        held = self._checked(self._people.get(actor, account_id), known)
        since = act.at if wish.from_at is None else whole_milliseconds(wish.from_at)
        if since > act.at:
            raise TRANSFER_FUTURE("nobody is moved in advance")
        if is_closed(self._connection, wish.agency_id):
            raise AGENCY_CLOSED("the agency is closed")
        if is_elsewhere:
            self._check_leaving(account_id, act.at)
        if not is_elsewhere and self._belonged(account_id, since):
            raise TRANSFER_SAME("the person belongs there already")
        stated = AccountTransfer(
            agency=reference("agency", wish.agency_id), from_=since, reason=shown(wish.reason)
        )
        # Rows, account and leaf in one commit: a crash leaves the person where they were.
        leaf = bytes.fromhex(act.write(stated, reference("account", account_id)).digest)
        self._restate(held, act, wish, since, leaf)
        change = update(accounts).where(accounts.c.id == account_id)
        self._connection.execute(change.values(agency_id=wish.agency_id))
        if is_elsewhere:
            end_sessions(self._unit, account_id, SessionEnd.ROLE)

    def _end_roles(self, actor: Actor, account_id: AccountId, reason: str) -> None:
        for grant in self._people.grants(account_id):
            if not grant.is_over(self._now):
                self._people.end_role(actor, account_id, grant.id, reason)

    def _check_leaving(self, account_id: AccountId, at: datetime) -> None:
        """Refuse a person, whose chain is held, who takes along what is of the agency they leave."""
        if any(not one.is_over(at) for one in self._people.grants(account_id)):
            raise VERSION_CONFLICT("somebody gave the person a role meanwhile")
        if names := held_by(self._connection, account_id):
            raise TRANSFER_HOLDING("the person has devices of the agency", devices=names)

    @staticmethod
    def _checked(held: Account, known: Account) -> Account:
        """Return an account that may move, whose chain is held."""
        if not held.is_active:
            raise ACCOUNT_CLOSED("the account is closed")
        if held.kind is AccountKind.MACHINE:
            raise ACCOUNT_MACHINE("a machine stays where it is")
        if held.agency_id != known.agency_id:
            raise VERSION_CONFLICT("somebody else moved the person meanwhile")
        return held

    def _belonged(self, account_id: AccountId, at: datetime) -> bool:
        """Say whether the last that is said of a person holds at a time already."""
        told = memberships.c
        query = select(func.count(), func.count().filter(told.valid_during.contains(at))).where(
            told.account_id == account_id,
            func.upper_inf(told.known_during),
            func.upper_inf(told.valid_during),
        )
        said, holds = self._connection.execute(query).one()
        return bool(holds) or not said

    def _restate(self, held: Account, act: Deed, wish: TransferIn, since: datetime, leaf: bytes) -> None:
        """Say from now on that a person belongs to an agency from `since` on; the first move tells what was before."""
        mine = memberships.c.account_id == held.id
        if not self._connection.scalar(select(memberships.c.id).where(mine).limit(1)):
            spans = {"valid_during": Range(None, None), "known_during": Range(held.created_at, None)}
            before = {"account_id": held.id, "agency_id": held.agency_id, "leaf": leaf, **spans}
            self._connection.execute(insert(memberships).values(**before))
        row = {
            "account_id": held.id,
            "agency_id": wish.agency_id,
            "valid_during": Range(since, None),
            "reason": wish.reason,
            "leaf": leaf,
        }
        tell_from(self._connection, memberships, mine, since=since, at=act.at, row=row)
