"""Lines of people: their accounts, their roles, their certificates."""

from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, exists, false, func, or_

from schemas.actor import Actor
from schemas.certificate import CertificateNeed, CertificateTerms
from schemas.duty import Duty
from schemas.leaves_account import AccountKind
from schemas.policy import Action
from storage.duties.line import Ending, Item, Line, Lines, Renewing, inside
from storage.reads.account import ends_soon, is_roleless
from storage.reads.certificate import needing
from storage.reads.login import locked_accounts
from storage.tables.actor import account_links, accounts, certificates, role_grants

_PERSON = Item(accounts.c.id, accounts.c.name, accounts.c.agency_id)


def _running_out(actor: Actor, now: datetime, terms: CertificateTerms) -> Line:
    needed = or_(*(needing(need, now, terms) for need in CertificateNeed))
    return Line(
        source=certificates.join(accounts, accounts.c.id == certificates.c.account_id),
        where=and_(inside(accounts.c.agency_id, actor), needed),
        overdue=false(),
        item=Item(certificates.c.id, accounts.c.name, accounts.c.agency_id),
    )


def _people(actor: Actor, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    mine = inside(accounts.c.agency_id, actor)
    return and_(mine, accounts.c.is_active, accounts.c.kind == AccountKind.PERSON, *conditions)


def _locked(actor: Actor, now: datetime) -> Line:
    locked = locked_accounts(now)
    return Line(
        source=accounts.join(locked, locked.c.account_id == accounts.c.id),
        where=_people(actor),
        overdue=false(),
        item=_PERSON,
    )


def _unentered(actor: Actor, now: datetime) -> Line:
    usable = exists().where(
        account_links.c.account_id == accounts.c.id,
        account_links.c.used_at.is_(None),
        account_links.c.expires_at > now,
    )
    return Line(
        source=accounts,
        where=_people(actor, accounts.c.password_hash.is_(None)),
        overdue=~usable,
        since=accounts.c.created_at,
        item=_PERSON,
    )


def _roleless(actor: Actor, now: datetime) -> Line:
    return Line(
        source=accounts,
        where=_people(actor, is_roleless(now)),
        overdue=false(),
        since=accounts.c.created_at,
        item=_PERSON,
    )


def _ending_roles(actor: Actor, now: datetime, until: datetime) -> Line:
    ending = accounts.join(role_grants, ends_soon(now, until))
    ends = func.upper(role_grants.c.valid_during)
    return Line(source=ending, where=_people(actor), overdue=false(), item=_PERSON._replace(due=ends))


PEOPLE: Lines = MappingProxyType(
    {
        Duty.RENEW_OFFICER: (Action.CERTIFICATE_KEEP, Renewing(_running_out)),
        Duty.UNLOCK_ACCOUNT: (Action.ACCOUNT_UNLOCK, _locked),
        Duty.FOLLOW_LINK: (Action.ACCOUNT_KEEP, _unentered),
        Duty.GIVE_ROLE: (Action.ROLE_GRANT, _roleless),
        Duty.RENEW_ROLE: (Action.ROLE_GRANT, Ending(_ending_roles)),
    }
)
