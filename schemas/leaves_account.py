"""Leaves of accounts: who may come in, by what, where they belong, and the sheets by which many came."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Flag, Ordinal, Root, Time
from schemas.opening import SaltedDocument, SaltedText
from schemas.reference import AgencyReference, Uuid
from schemas.words import Words

_ADMIN = frozenset({Role.ADMIN})
_SECURITY = frozenset({Role.ADMIN, Role.SECURITY})
"""A small site joins the two."""
_ACCOUNT = {
    "agency": "accounts.agency_id",
    "kind": "accounts.kind",
    "login": "accounts.login",
    "name": "accounts.name",
}


class AccountKind(StrEnum):
    """Whether a person or a machine logs in."""

    PERSON = "person"
    MACHINE = "machine"


class AccountAdmit(Act):
    """A one-time link by which an administrator may come in; the subject is the account it will become.

    `first` says that nobody administered this server yet. Only the digest of the link is kept.
    """

    spec: ClassVar = Spec(
        event="account:admit",
        actors=("service",),
        words=Words("签发管理员入口链接", "Administrator's link handed out"),
        follows="–",
        columns={
            "subject": "admissions.id",
            "first": "admissions.is_first",
            "expires_at": "admissions.expires_at",
            "code_hash": "admissions.code_hash",
            "at": "admissions.offered_at",
        },
    )
    first: Flag
    expires_at: Time
    code_hash: SaltedText


class AccountOpen(Act):
    """Somebody may log in; `kind` says whether a person or a machine."""

    spec: ClassVar = Spec(
        event="account:open",
        chains=("account",),
        opens=True,
        actors=("account", "service"),
        roles=_ADMIN,
        versions=("account",),
        words=Words("账户开通", "Account opened"),
        follows="the agency is open",
        columns={**_ACCOUNT, "subject": "accounts.id", "at": "accounts.created_at"},
    )
    agency: AgencyReference
    kind: AccountKind
    login: SaltedText
    name: SaltedText
    reason: SaltedText | None = None


class AccountAmend(Act):
    """What is said of an account changes; members that are left out stay."""

    spec: ClassVar = Spec(
        event="account:amend",
        chains=("account",),
        roles=_ADMIN,
        versions=("account",),
        words=Words("变更账户信息", "Account amended"),
        follows="the account is open",
        columns=_ACCOUNT,
    )
    agency: AgencyReference | None = None
    kind: AccountKind | None = None
    login: SaltedText | None = None
    name: SaltedText | None = None
    reason: SaltedText | None = None


class AccountTransfer(Act):
    """As version 1, of a person who moves to another agency (调动) from a time on, which may have passed."""

    spec: ClassVar = replace(
        AccountAmend.spec,
        ev=2,
        words=Words("人员调动", "Person transferred"),
        follows="the account is open, the agency is open; the time does not lie in the future",
        columns={
            "agency": "accounts.agency_id memberships.agency_id",
            "from": "memberships.valid_during",
            "at": "memberships.known_during",
            "reason": "memberships.reason",
        },
    )
    agency: AgencyReference
    from_: Time = Field(alias="from")
    reason: SaltedText


class AccountClose(Act):
    """Nobody logs in by this account any more."""

    spec: ClassVar = Spec(
        event="account:close",
        chains=("account",),
        roles=_ADMIN,
        versions=("account",),
        words=Words("账户停用", "Account closed"),
        follows="the account is open",
        columns={"to": "accounts.is_active"},
    )
    reason: SaltedText | None = None


class AccountLink(Act):
    """A one-time link by which its owner sets the password of an account; a newer one takes the place of the older."""

    spec: ClassVar = Spec(
        event="account:link",
        chains=("account",),
        roles=_ADMIN,
        neutral=("account",),
        words=Words("签发设置密码的链接", "Link to set the password handed out"),
        follows="the account is open",
        columns={
            "link": "account_links.id",
            "expires_at": "account_links.expires_at",
            "code_hash": "account_links.code_hash",
            "actor": "account_links.issued_by",
            "at": "account_links.issued_at",
        },
    )
    link: Uuid
    expires_at: Time
    code_hash: SaltedText


class AccountCredential(Act):
    """What lets an account in is replaced; the record that is kept (a password's hash) stands in the opening."""

    spec: ClassVar = Spec(
        event="account:credential",
        chains=("account",),
        actors=("account", "service"),
        roles=_ADMIN,
        by_itself=True,
        neutral=("account",),
        words=Words("更换登录凭证", "Credential replaced"),
        follows="the account is open",
        columns={"record": "accounts.password_hash"},
    )
    what: Literal["password", "key"]
    record: SaltedDocument


class AccountCredentialByLink(Act):
    """As version 1; `link` names the one-time link by which its owner set it, where it was not set by log-in."""

    spec: ClassVar = replace(
        AccountCredential.spec,
        ev=2,
        columns={"record": "accounts.password_hash", "link": "account_links.used_at"},
    )
    what: Literal["password", "key"]
    link: Uuid | None = None
    record: SaltedDocument


class AccountUnlock(Act):
    """Wrong passwords typed so far no longer count against the account."""

    spec: ClassVar = Spec(
        event="account:unlock",
        chains=("account",),
        roles=_ADMIN,
        neutral=("account",),
        words=Words("解除登录限制", "Log-ins unlocked"),
        follows="the account is open",
    )


class AccountUnlockApart(Act):
    """As version 1, by an administrator or a security administrator."""

    spec: ClassVar = replace(AccountUnlock.spec, ev=2, roles=_SECURITY)


class AccountSignout(Act):
    """Every session of the account is ended by somebody else."""

    spec: ClassVar = Spec(
        event="account:signout",
        chains=("account",),
        roles=_ADMIN,
        neutral=("account",),
        words=Words("结束全部会话", "All sessions ended"),
        follows="the account is open",
    )
    reason: SaltedText | None = None


class RosterTake(Act):
    """People were imported by a sheet: `root` is the RFC 6962 root over its rows, each under a salt of its own.

    Each person's account says in its reason which row of which roster it came from.
    """

    spec: ClassVar = Spec(
        event="roster:take",
        chains=("agency",),
        roles=_ADMIN,
        neutral=("agency",),
        words=Words("导入人员名册", "Roster imported"),
        follows="the agency is open",
    )
    rows: Ordinal
    root: Root
    salts: SaltedDocument
