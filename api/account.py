"""People: the links by which they come in, the own account, and what an administrator does with those of others."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from api.auth import SessionOut, session_out
from api.deps import After, CurrentActor, Limit, OpenStore, StreamActor, Token, Tx, Words
from api.entry import login_queue, remember_at_login
from api.origin import origin_of
from api.route import Route
from schemas.account import (
    Account,
    AccountAmendIn,
    AccountIn,
    AccountNeed,
    AccountState,
    AdmissionIn,
    Code,
    Link,
    Password,
    ReasonIn,
    RoleIn,
)
from schemas.actor import Role
from schemas.base import Moment, WireIn, WireOut
from schemas.ids import AccountId, AgencyId
from schemas.leaves_account import AccountKind
from schemas.membership import TransferIn
from schemas.role import RoleAmendIn
from storage.actor.account_reading import AccountFilter
from storage.flow.admit import PasswordChange, admit, change_password, require_one_go, set_password
from storage.flow.login import entered

router = APIRouter(prefix="/v1", tags=["account"], route_class=Route)


class AdmissionWish(AdmissionIn):
    """Whoever comes in by an administrator's link, with the password that is wanted."""

    password: Password


class LinkUseIn(WireIn):
    """The code of a link, and the password that is wanted."""

    code: Code
    password: Password


class PasswordIn(WireIn):
    """The password that holds, and the one that is wanted."""

    old_password: Password
    password: Password


class AccountQuery(BaseModel):
    """What narrows a list of accounts."""

    q: Words = None
    state: AccountState | None = None
    role: Role | None = None
    agency: AgencyId | None = None
    only: AccountNeed | None = None

    def wanted(self) -> AccountFilter:
        """Return what is asked for."""
        return AccountFilter(self.q, self.state, self.role, self.agency, self.only)


class AccountRowOut(WireOut):
    """An account. `state`: invited until its owner sets a password. `link_until`: end of a link that still counts."""

    id: AccountId
    login: str
    name: str
    kind: AccountKind
    agency_id: AgencyId
    agency_name: str
    created_at: datetime
    state: AccountState
    roles: list[Role]
    sessions: int
    used_at: datetime | None
    link_until: datetime | None


class RoleFactOut(WireOut):
    """The role was held in [`valid_from`, `valid_until`), as said in [`known_from`, `known_until`); `leaf` said it."""

    valid_from: datetime
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str


class GrantOut(WireOut):
    """A role as it was given, held in [`valid_from`, `valid_until`) by what is said now.

    The two are equal where it was ended before it began. `facts`: all that was ever said of it, the newest first.
    """

    id: UUID
    role: Role
    valid_from: datetime
    valid_until: datetime | None
    granted_at: datetime
    facts: list[RoleFactOut]


class HeldOut(WireOut):
    """A role that was held at a time, and what was said of it."""

    id: UUID
    role: Role
    fact: RoleFactOut


class RolesOut(WireOut):
    """Which roles a person held at the time `at`, as known at `known`."""

    at: datetime
    known: datetime
    roles: list[HeldOut]


class MembershipOut(WireOut):
    """Where a person belonged in [`valid_from`, `valid_until`), as said in [`known_from`, `known_until`)."""

    agency_id: AgencyId
    agency_name: str
    valid_from: datetime | None
    valid_until: datetime | None
    known_from: datetime
    known_until: datetime | None
    reason: str | None
    leaf: str


class AccountDetailOut(AccountRowOut):
    """An account with every role that it was given.

    `has_factor`: a second factor stands. `is_locked`: wrong passwords keep somebody from it right now. `memberships`:
    what was ever said of where the person belonged, the newest first; empty: they never moved.
    """

    is_locked: bool
    has_factor: bool
    grants: list[GrantOut]
    memberships: list[MembershipOut]


class AccountsOut(WireOut):
    """A page of accounts, newest first."""

    accounts: list[AccountRowOut]
    next: str | None


class NewAccountOut(WireOut):
    """An account that was opened, and the link of its owner: shown once."""

    account: AccountRowOut
    link: Link


class GrantedOut(WireOut):
    """The id of a role that was given."""

    id: UUID


class OwnSessionOut(WireOut):
    """A session of one's own."""

    id: UUID
    address: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    is_current: bool


class OwnSessionsOut(WireOut):
    """The sessions of whoever asks, this one first."""

    sessions: list[OwnSessionOut]


@router.post("/admissions", operation_id="takeAdmission", status_code=201)
def take_admission(request: Request, response: Response, store: OpenStore, wish: AdmissionWish) -> SessionOut:
    """Become an administrator by a one-time link of the operator (`quancheng admit`), and log in."""
    asked = AdmissionIn.model_validate(wish.model_dump(exclude={"password"}))
    require_one_go(store)
    door = entered(admit(store, login_queue(request), asked, wish.password, origin_of(request)))
    remember_at_login(request, response, door)
    return session_out(door.session)


@router.post("/links", operation_id="setPassword", status_code=201)
def use_link(request: Request, response: Response, store: OpenStore, wish: LinkUseIn) -> SessionOut:
    """Set the password of the account that a one-time link is for, and log in; its other sessions end.

    An account with a second factor uses its links in the console (409 `link-in-console`).
    """
    require_one_go(store, wish.code)
    door = entered(set_password(store, login_queue(request), wish.code, wish.password, origin_of(request)))
    remember_at_login(request, response, door)
    return session_out(door.session)


@router.post("/password", operation_id="changePassword", status_code=204)
def change(
    request: Request, store: OpenStore, actor: StreamActor, token: Token, wish: PasswordIn
) -> Response:
    """Change the own password; the other sessions end. A wrong old one counts as a wrong log-in."""
    asked = PasswordChange(old=wish.old_password, new=wish.password, address=origin_of(request), token=token)
    change_password(store, login_queue(request), actor, asked)
    return Response(status_code=204)


@router.get("/sessions", operation_id="listSessions")
def own_sessions(tx: Tx, actor: CurrentActor, token: Token) -> OwnSessionsOut:
    """List the own sessions."""
    return OwnSessionsOut(sessions=[OwnSessionOut.of(one) for one in tx.sessions.own(actor, token)])


@router.delete("/sessions/others", operation_id="endOtherSessions", status_code=204)
def end_others(tx: Tx, actor: CurrentActor, token: Token) -> Response:
    """End every session of one's own but this one."""
    tx.sessions.end_others(actor, token)
    return Response(status_code=204)


@router.delete("/sessions/{session_id}", operation_id="endSession", status_code=204)
def end_session(tx: Tx, actor: CurrentActor, session_id: UUID) -> Response:
    """End one session of one's own."""
    tx.sessions.end(actor, session_id)
    return Response(status_code=204)


@router.get("/accounts", operation_id="listAccounts")
def accounts(
    tx: Tx, actor: CurrentActor, after: After, asked: Annotated[AccountQuery, Query()], limit: Limit = 50
) -> AccountsOut:
    """List the accounts of the actor's agencies, newest first."""
    page = tx.people.page(actor, asked.wanted(), after=after, limit=limit)
    return AccountsOut(accounts=[_row(one) for one in page.rows], next=page.next_text)


@router.post("/accounts", operation_id="openAccount", status_code=201)
def open_account(tx: Tx, actor: CurrentActor, wish: AccountIn) -> NewAccountOut:
    """Open a person's account; the link by which its owner sets the password is shown once."""
    made = tx.people.open(actor, wish)
    return NewAccountOut(account=_row(made.account), link=made.link)


@router.get("/accounts/{account_id}", operation_id="getAccount")
def account(tx: Tx, actor: CurrentActor, account_id: AccountId) -> AccountDetailOut:
    """Return one account with its roles."""
    found = tx.people.get(actor, account_id)
    grants = [GrantOut.of(one) for one in tx.people.grants(account_id)]
    is_locked = account_id in tx.login_tries.locked_of([account_id])
    has_factor = tx.factors.of(account_id) is not None
    memberships = [MembershipOut.of(one) for one in tx.memberships.of(account_id)]
    return AccountDetailOut.of(
        found,
        roles=[*found.roles],
        grants=grants,
        is_locked=is_locked,
        has_factor=has_factor,
        memberships=memberships,
    )


@router.patch("/accounts/{account_id}", operation_id="amendAccount", status_code=204)
def amend(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: AccountAmendIn) -> Response:
    """Correct the name or the log-in name of a person; what stood before stays in the log."""
    tx.people.amend(actor, account_id, wish)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/transfer", operation_id="transferAccount", status_code=204)
def transfer(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: TransferIn) -> Response:
    """Move a person to another agency, from a time on that may have passed; roles and sessions end."""
    tx.memberships.transfer(actor, account_id, wish)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/link", operation_id="makeAccountLink", status_code=201)
def make_link(tx: Tx, actor: CurrentActor, account_id: AccountId) -> Link:
    """Hand out a link by which its owner sets a new password; shown once, and older ones count no more."""
    return tx.people.hand_out_link(actor, account_id)


@router.post("/accounts/{account_id}/close", operation_id="closeAccount", status_code=204)
def close(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: ReasonIn) -> Response:
    """Close an account at once and for good; its sessions end."""
    tx.people.close(actor, account_id, wish.reason)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/signout", operation_id="signOutAccount", status_code=204)
def sign_out(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: ReasonIn) -> Response:
    """End every session of an account; its owner may log in again."""
    tx.people.sign_out(actor, account_id, wish.reason)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/unlock", operation_id="unlockAccount", status_code=204)
def unlock(tx: Tx, actor: CurrentActor, account_id: AccountId) -> Response:
    """Let wrong passwords typed so far count no more."""
    tx.people.unlock(actor, account_id)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/factor/end", operation_id="takeSecondFactor", status_code=204)
def take_factor(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: ReasonIn) -> Response:
    """Take away the second factor of somebody who has lost it; the account's sessions end."""
    tx.people.take_factor(actor, account_id, wish.reason)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/roles", operation_id="grantRole", status_code=201)
def grant(tx: Tx, actor: CurrentActor, account_id: AccountId, wish: RoleIn) -> GrantedOut:
    """Give a role for a time; the account's sessions end."""
    return GrantedOut(id=tx.people.grant(actor, account_id, wish))


@router.get("/accounts/{account_id}/roles", operation_id="getRoles")
def roles(
    tx: Tx, actor: CurrentActor, account_id: AccountId, at: Moment | None = None, known: Moment | None = None
) -> RolesOut:
    """Say which roles a person held at a time, as known at another: both are now where they are left out."""
    found = tx.people.get(actor, account_id)
    at, known = at or tx.now, known or tx.now
    held = [
        HeldOut(id=one.id, role=one.role, fact=RoleFactOut.of(fact))
        for one in tx.people.grants(found.id)
        if (fact := one.fact_at(at, known)) is not None
    ]
    return RolesOut(at=at, known=known, roles=held)


@router.post("/accounts/{account_id}/roles/{grant_id}/amend", operation_id="amendRole", status_code=204)
def amend_role(
    tx: Tx, actor: CurrentActor, account_id: AccountId, grant_id: UUID, wish: RoleAmendIn
) -> Response:
    """Correct from when to when a role is held; what was said before stays known for its time."""
    tx.roles.amend(actor, account_id, grant_id, wish)
    return Response(status_code=204)


@router.post("/accounts/{account_id}/roles/{grant_id}/end", operation_id="endRole", status_code=204)
def end_role(tx: Tx, actor: CurrentActor, account_id: AccountId, grant_id: UUID, wish: ReasonIn) -> Response:
    """End a role now; the account's sessions end."""
    tx.people.end_role(actor, account_id, grant_id, wish.reason)
    return Response(status_code=204)


def _row(one: Account) -> AccountRowOut:
    return AccountRowOut.of(one, roles=[*one.roles])
