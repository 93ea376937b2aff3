"""The administrator's desk: people and their accounts, links by which they come in, roles with dates."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Form, Query
from starlette.responses import Response

from api.console.account_form import (
    AccountForm,
    AccountForms,
    AmendForm,
    AmendRoleForm,
    CloseForm,
    EndRoleForm,
    NewAccountForms,
    RoleForm,
    SignoutForm,
    TakeFactorForm,
    TransferForm,
)
from api.console.guard import Acting, Visiting
from api.console.listing import IGNORED, PAGE_ROWS, Asked, Sought, id_or_none, listed
from api.console.typed import NoFields, Typed, W
from api.console.visit import Mistake, Visit, submit, to
from api.route import pages
from schemas.account import AccountNeed, AccountState, Link
from schemas.actor import GRANTABLE, Role, joined
from schemas.ids import AccountId, AgencyId
from schemas.policy import Action, require_scope
from schemas.reference import reference
from schemas.role import RoleAmendIn
from storage.actor.account import NewAccount
from storage.actor.account_reading import AccountFilter

router = pages()


_Sorts = Literal["name", "-name", "login", "-login", "opened", "-opened"]


class AccountFilters(Asked):
    """The filters of the list."""

    q: Sought = ""
    state: Annotated[AccountState | None, IGNORED] = None
    role: Annotated[Role | None, IGNORED] = None
    agency: Sought = ""
    only: Annotated[AccountNeed | None, IGNORED] = None
    by: Annotated[_Sorts | None, IGNORED] = None

    def wanted(self) -> AccountFilter:
        """Return what is asked for."""
        agency_id = id_or_none(AgencyId, self.agency) if self.agency else None
        return AccountFilter(self.q or None, self.state, self.role, agency_id, self.only, sort=self.by)


@router.get("/accounts")
def accounts(visit: Visiting, asked: Annotated[AccountFilters, Query()]) -> Response:
    """List the accounts of the actor's agencies."""
    tx, actor = visit.tx, visit.actor
    page = tx.people.page(actor, asked.wanted(), after=asked.cursor(), limit=PAGE_ROWS)
    return visit.page(
        "accounts.html",
        here="accounts",
        listing=listed("/console/accounts", asked, page, ("name", "login", "opened")),
        counts=tx.people.counts(actor),
        administrators=tx.people.administrators(),
        joined=joined(actor.roles),
        locked=tx.login_tries.locked_of([one.id for one in page.rows]),
        agencies=tx.people.agencies(actor),
        states=list(AccountState),
        needs=list(AccountNeed),
        roles=list(Role),
        may_keep=visit.may(Action.ACCOUNT_KEEP),
    )


@router.get("/accounts/new")
def new_account(visit: Visiting) -> Response:
    """Show the form of a new account."""
    return _new(visit)


def _new(visit: Visit, mistake: Mistake | None = None) -> Response:
    require_scope(visit.actor, Action.ACCOUNT_KEEP, visit.tx.now)
    return visit.page(
        "account_new.html",
        forms=NewAccountForms,
        mistake=mistake,
        here="accounts",
        agencies=visit.tx.people.agencies(visit.actor),
    )


@router.post("/accounts")
def open_account(visit: Acting, form: Annotated[AccountForm, Form()]) -> Response:
    """Open an account and show the link of its owner in the answer itself: it is kept nowhere."""

    def made(new: NewAccount) -> Response:
        return _page(visit, new.account.id, link=new.link)

    return submit(
        visit,
        form,
        lambda wish: visit.tx.people.open(visit.actor, wish),
        again=lambda mistake: _new(visit, mistake),
        then=made,
    )


@router.get("/accounts/{account_id}")
def account(visit: Visiting, account_id: AccountId) -> Response:
    """Show one account: its state, its roles, what may be done, what was done."""
    return _page(visit, account_id)


def _page(
    visit: Visit, account_id: AccountId, mistake: Mistake | None = None, *, link: Link | None = None
) -> Response:
    tx, actor = visit.tx, visit.actor
    found = tx.people.get(actor, account_id)
    grants = tx.people.grants(account_id)
    entries = tx.custody.chain(reference("account", account_id))
    return visit.page(
        "account.html",
        forms=AccountForms,
        mistake=mistake,
        here="accounts",
        account=found,
        link=link,
        link_url=link and visit.address(f"/console/link/{link.code}"),
        restated=[one for one in grants if len(one.facts) > 1],
        standing=[one for one in grants if not one.is_over(tx.now)],
        former=[one for one in grants if one.is_over(tx.now)],
        roles=GRANTABLE,
        is_own=account_id == actor.id,
        memberships=tx.memberships.of(account_id),
        agencies=[one for one in tx.people.agencies(actor) if visit.may(Action.ACCOUNT_KEEP, one[0])],
        factor=tx.factors.of(account_id),
        is_locked=account_id in tx.login_tries.locked_of([account_id]),
        may_keep=visit.may(Action.ACCOUNT_KEEP, found.agency_id),
        may_grant=visit.may(Action.ROLE_GRANT, found.agency_id),
        may_unlock=visit.may(Action.ACCOUNT_UNLOCK, found.agency_id),
        entries=entries,
        names=tx.accounts.names(visit.actor, [one.leaf.actor for one in entries]),
        now=tx.now,
    )


def _change(visit: Visit, account_id: AccountId, form: Typed[W], act: Callable[[W], object]) -> Response:
    """Make one change of an account and come back to it."""
    return submit(
        visit,
        form,
        act,
        again=lambda mistake: _page(visit, account_id, mistake),
        then=to(f"/console/accounts/{account_id}"),
    )


@router.post("/accounts/{account_id}")
def amend(visit: Acting, account_id: AccountId, form: Annotated[AmendForm, Form()]) -> Response:
    """Correct a name."""
    return _change(visit, account_id, form, lambda wish: visit.tx.people.amend(visit.actor, account_id, wish))


@router.post("/accounts/{account_id}/transfer")
def transfer(visit: Acting, account_id: AccountId, form: Annotated[TransferForm, Form()]) -> Response:
    """Move a person to another agency."""
    return _change(
        visit, account_id, form, lambda wish: visit.tx.memberships.transfer(visit.actor, account_id, wish)
    )


@router.post("/accounts/{account_id}/link")
def make_link(visit: Acting, account_id: AccountId, form: Annotated[NoFields, Form()]) -> Response:
    """Hand out a link to set a new password, and show it in the answer itself, this once."""
    return submit(
        visit,
        form,
        lambda _: visit.tx.people.hand_out_link(visit.actor, account_id),
        again=lambda mistake: _page(visit, account_id, mistake),
        then=lambda link: _page(visit, account_id, link=link),
    )


@router.post("/accounts/{account_id}/unlock")
def unlock(visit: Acting, account_id: AccountId, form: Annotated[NoFields, Form()]) -> Response:
    """Let wrong passwords count no more."""
    return _change(visit, account_id, form, lambda _: visit.tx.people.unlock(visit.actor, account_id))


@router.post("/accounts/{account_id}/signout")
def sign_out(visit: Acting, account_id: AccountId, form: Annotated[SignoutForm, Form()]) -> Response:
    """End every session of an account."""
    return _change(
        visit, account_id, form, lambda reason: visit.tx.people.sign_out(visit.actor, account_id, reason)
    )


@router.post("/accounts/{account_id}/factor/end")
def take_factor(visit: Acting, account_id: AccountId, form: Annotated[TakeFactorForm, Form()]) -> Response:
    """Take away a second factor that was lost."""
    return _change(
        visit, account_id, form, lambda reason: visit.tx.people.take_factor(visit.actor, account_id, reason)
    )


@router.post("/accounts/{account_id}/close")
def close(visit: Acting, account_id: AccountId, form: Annotated[CloseForm, Form()]) -> Response:
    """Close an account for good."""
    return _change(
        visit, account_id, form, lambda reason: visit.tx.people.close(visit.actor, account_id, reason)
    )


@router.post("/accounts/{account_id}/roles")
def grant(visit: Acting, account_id: AccountId, form: Annotated[RoleForm, Form()]) -> Response:
    """Give a role for a time."""
    return _change(visit, account_id, form, lambda wish: visit.tx.people.grant(visit.actor, account_id, wish))


@router.post("/accounts/{account_id}/roles/{grant_id}/amend")
def amend_role(
    visit: Acting, account_id: AccountId, grant_id: UUID, form: Annotated[AmendRoleForm, Form()]
) -> Response:
    """Correct from when to when a role is held."""

    def act(wish: RoleAmendIn) -> None:
        visit.tx.roles.amend(visit.actor, account_id, grant_id, wish)

    return _change(visit, account_id, form, act)


@router.post("/accounts/{account_id}/roles/{grant_id}/end")
def end_role(
    visit: Acting, account_id: AccountId, grant_id: UUID, form: Annotated[EndRoleForm, Form()]
) -> Response:
    """End a role."""

    def act(reason: str) -> None:
        visit.tx.people.end_role(visit.actor, account_id, grant_id, reason)

    return _change(visit, account_id, form, act)
