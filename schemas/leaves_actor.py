"""Leaves of who may act: agencies, accounts, what they are let in by, roles, certificates, and scoring standards."""

from dataclasses import replace
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Digest256, Flag, LeafDigest, Ordinal, Root, Slug, StandardCode, Time
from schemas.opening import SaltedDocument, SaltedText
from schemas.reference import AgencyReference, Uuid
from schemas.words import Words

_ADMIN = frozenset({Role.ADMIN})
_SECURITY = frozenset({Role.ADMIN, Role.SECURITY})
"""A small site joins the two."""
_AGENCY = {
    "kind": "agencies.kind",
    "parent": "agencies.parent_id",
    "principal": "agencies.principal_id",
    "supervising": "agencies.is_supervising",
    "name": "agencies.name",
    "code": "agencies.code",
}
_ACCOUNT = {
    "agency": "accounts.agency_id",
    "kind": "accounts.kind",
    "login": "accounts.login",
    "name": "accounts.name",
}


class AgencyKind(StrEnum):
    """By what right an agency acts: its own, a law's, or another agency's."""

    AGENCY = "agency"
    AUTHORISED = "authorised"
    ENTRUSTED = "entrusted"


class AccountKind(StrEnum):
    """Whether a person or a machine logs in."""

    PERSON = "person"
    MACHINE = "machine"


class IssuedKind(StrEnum):
    """What a certificate lets its holder do."""

    ENFORCEMENT = "enforcement"
    AUXILIARY = "auxiliary"
    SUPERVISION = "supervision"


IssuedKind.__name__ = IssuedKind.__qualname__ = "CertificateKind"
"""As the published schema of `certificate:issue` 1 calls this closed list."""


class CertificateKind(StrEnum):
    """What a certificate of the register says of its holder; the list grows, so that leaves name it by its word.

    Attributes:
        ENFORCEMENT: They may enforce (执法证).
        AUXILIARY: They help whoever enforces.
        SUPERVISION: They may supervise.
        LEGAL: They passed the national examination of the legal profession (法律职业资格).
        LEGAL_BEFORE: They gave legal reviews before that was asked of newcomers, so that they are none.
    """

    ENFORCEMENT = "enforcement"
    AUXILIARY = "auxiliary"
    SUPERVISION = "supervision"
    LEGAL = "legal"
    LEGAL_BEFORE = "legal-before"


class AgencyOpen(Act):
    """An agency begins; `principal` is the one that entrusts it."""

    spec: ClassVar = Spec(
        event="agency:open",
        chains=("agency",),
        opens=True,
        actors=("account", "service"),
        roles=_ADMIN,
        versions=("agency",),
        words=Words("单位登记", "Agency opened"),
        follows="its parent and principal are open",
        columns={**_AGENCY, "subject": "agencies.id"},
    )
    kind: AgencyKind
    parent: AgencyReference | None = None
    principal: AgencyReference | None = None
    supervising: Flag
    name: SaltedText
    code: SaltedText


class AgencyAmend(Act):
    """What is said of an agency changes; members that are left out stay."""

    spec: ClassVar = Spec(
        event="agency:amend",
        chains=("agency",),
        roles=_ADMIN,
        versions=("agency",),
        words=Words("变更单位信息", "Agency amended"),
        follows="the agency is open",
        columns=_AGENCY,
    )
    kind: AgencyKind | None = None
    parent: AgencyReference | None = None
    principal: AgencyReference | None = None
    supervising: Flag | None = None
    name: SaltedText | None = None
    code: SaltedText | None = None


class AgencyClose(Act):
    """An agency ends."""

    spec: ClassVar = Spec(
        event="agency:close",
        chains=("agency",),
        roles=_ADMIN,
        versions=("agency",),
        words=Words("单位停用", "Agency closed"),
        follows="the agency is open; nobody and nothing at work stands in it",
        columns={"at": "agencies.closed_at"},
    )


class StandardPublish(Act):
    """A scoring standard of one version, by its digest."""

    spec: ClassVar = Spec(
        event="standard:publish",
        chains=("agency",),
        actors=("account", "service"),
        roles=frozenset({Role.SUPERVISOR}),
        neutral=("agency",),
        words=Words("发布评查标准", "Standard published"),
        follows="the agency is open",
        columns={
            "subject": "standards.id",
            "code": "standards.code",
            "version": "standards.version",
            "sha256": "standards.sha256 standards.items",
            "is_demo": "standards.is_demo",
            "name": "standards.name",
            "at": "standards.created_at",
        },
    )
    code: StandardCode
    version: Ordinal
    sha256: Digest256
    is_demo: Flag
    name: SaltedText


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


class RoleGrant(Act):
    """A role is given from a time on, until another where that is known."""

    spec: ClassVar = Spec(
        event="role:grant",
        chains=("account",),
        actors=("account", "service"),
        roles=_ADMIN,
        words=Words("授予角色", "Role granted"),
        follows="the account is open",
        columns={
            "subject": "role_grants.grant_id",
            "role": "role_grants.role",
            "reach": "role_grants.reach",
            "from": "role_grants.valid_during",
            "until": "role_grants.valid_during",
            "at": "role_grants.known_during",
        },
    )
    role: Literal[
        "officer",
        "auxiliary",
        "handler",
        "head",
        "custodian",
        "evidence_reviewer",
        "legal_reviewer",
        "source",
        "supervisor",
        "inspector",
        "party",
        "admin",
    ]
    reach: Literal["agency", "own"]
    from_: Time = Field(alias="from")
    until: Time | None = None


class RoleGrantNamed(Act):
    """As version 1, by an administrator or a security administrator; role and reach are named.

    The lists of both live elsewhere and grow: a reader that does not know a name knows who gave it, to whom and when.
    """

    spec: ClassVar = replace(RoleGrant.spec, ev=2, roles=_SECURITY)
    role: Slug
    reach: Slug
    from_: Time = Field(alias="from")
    until: Time | None = None


class RoleEnd(Act):
    """A role ends; `grant` is the digest of the leaf that gave it."""

    spec: ClassVar = Spec(
        event="role:end",
        chains=("account",),
        roles=_ADMIN,
        words=Words("撤销角色", "Role ended"),
        follows="the grant stands",
        columns={
            "grant": "role_grants.grant_leaf",
            "at": "role_grants.valid_during role_grants.known_during",
            "reason": "role_grants.reason",
        },
    )
    grant: LeafDigest
    reason: SaltedText


class RoleEndApart(Act):
    """As version 1, by an administrator or a security administrator."""

    spec: ClassVar = replace(RoleEnd.spec, ev=2, roles=_SECURITY)
    grant: LeafDigest
    reason: SaltedText


class CertificateIssue(Act):
    """A certificate of a person; its number names them, so it is salted."""

    spec: ClassVar = Spec(
        event="certificate:issue",
        chains=("account",),
        actors=("account", "service"),
        roles=frozenset({Role.CUSTODIAN}),
        versions=("certificate",),
        words=Words("颁发执法证件", "Certificate issued"),
        follows="the account is open",
        columns={
            "subject": "certificates.id certificate_facts.certificate_id",
            "from": "certificates.valid_from certificate_facts.valid_during",
            "until": "certificates.valid_until certificate_facts.valid_during",
            "at": "certificate_facts.known_during",
            "n": "certificates.version",
            "kind": "certificates.kind",
            "number": "certificates.number",
        },
    )
    from_: Time = Field(alias="from")
    until: Time
    kind: IssuedKind
    number: SaltedText


class CertificateIssueNamed(Act):
    """As version 1; the kind is named, as the list of kinds grows."""

    spec: ClassVar = replace(CertificateIssue.spec, ev=2, words=Words("登记证件", "Certificate entered"))
    from_: Time = Field(alias="from")
    until: Time
    kind: Slug
    number: SaltedText
