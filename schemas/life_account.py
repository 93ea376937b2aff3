"""The life of an account: who comes in by it, and what was said of a person: roles, certificates, approvals, training."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, get_args

from schemas.factor import MOST_RECOVERY_CODES
from schemas.leaf import Leaf
from schemas.leaves_account import (
    AccountAmend,
    AccountClose,
    AccountCredential,
    AccountCredentialByLink,
    AccountLink,
    AccountOpen,
    AccountSignout,
    AccountTransfer,
    AccountUnlock,
    AccountUnlockApart,
)
from schemas.leaves_approval import ApprovalAsk, ApprovalEnd, ApprovalGrant
from schemas.leaves_certificate import CertificateCancel, CertificateVerify, CertificateWithdraw
from schemas.leaves_certificate_issue import CertificateIssue, CertificateIssueNamed
from schemas.leaves_factor import FactorEnd, FactorEnrol, FactorRecover
from schemas.leaves_role import RoleAmend, RoleEnd, RoleEndApart, RoleGrant, RoleGrantNamed
from schemas.leaves_training import TrainingEnter, TrainingWithdraw
from schemas.life import FaultCode, Here, Takes, Unlawful, given, is_hidden, law, taken
from schemas.life_certificate import CertificateLife, Restating, issued, restated, verified
from schemas.life_inside import Committed
from schemas.life_membership import Belonging, transferred
from schemas.life_role import RoleLife, amended, ended, granted
from schemas.life_training import TrainingLife, entered, withdrawn


class LinkLife(NamedTuple):
    """A one-time link to set the password: who handed it out, and when it was used."""

    link: AccountLink
    by: str
    at: datetime
    used_at: datetime | None = None


class ApprovalLife(NamedTuple):
    """What was asked for, by the digest of its leaf; `name` is `approval/…`. Who granted or ended it, and when."""

    ask: ApprovalAsk
    name: str
    at: datetime
    granted_by: str | None = None
    granted_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    end_reason: Committed | None = None


class FactorLife(NamedTuple):
    """A second factor, and number of a recovery code → when it was used."""

    enrolled: FactorEnrol
    at: datetime
    ended_at: datetime | None = None
    used: Mapping[int, datetime] = MappingProxyType({})


class AccountLife(NamedTuple):
    """An account, its roles and certificates; `credential` is the commitment of what lets it in now."""

    agency: str
    kind: str
    login: Committed
    name: Committed
    opened_at: datetime
    closed_at: datetime | None = None
    credential: Committed | None = None
    roles: Mapping[str, RoleLife] = MappingProxyType({})
    certificates: Mapping[str, CertificateLife] | None = None
    links: Mapping[str, LinkLife] = MappingProxyType({})
    approvals: Mapping[str, ApprovalLife] = MappingProxyType({})
    factors: Mapping[str, FactorLife] = MappingProxyType({})
    trainings: Mapping[str, TrainingLife] = MappingProxyType({})
    memberships: tuple[Belonging, ...] = ()
    """Empty while the person has not moved."""


def apply_account(life: AccountLife | None, leaf: Leaf, here: Here) -> AccountLife:
    """Return the account after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if type(act) is AccountOpen:
        law(life is None, FaultCode.BEGUN_TWICE)
        law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
        return AccountLife(act.agency, act.kind, act.login, act.name, leaf.at)
    law(life is None or life.closed_at is None or type(act) in _AFTER_ALL, FaultCode.CLOSED)
    return taken(ACCOUNT_TAKES, life, leaf, here)


def _amended(life: AccountLife, leaf: Leaf, act: AccountAmend, here: Here) -> AccountLife:
    del leaf, here
    return life._replace(**given(act, ("agency", "kind", "login", "name")))


def _transferred(life: AccountLife, leaf: Leaf, act: AccountTransfer, here: Here) -> AccountLife:
    law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
    told = transferred(life.memberships, leaf, act, here, agency=life.agency, opened_at=life.opened_at)
    return life._replace(agency=act.agency, memberships=told)


def _closed(life: AccountLife, leaf: Leaf, act: AccountClose, here: Here) -> AccountLife:
    del act, here
    return life._replace(closed_at=leaf.at)


def _let_in(life: AccountLife, leaf: Leaf, act: AccountCredential, here: Here) -> AccountLife:
    del leaf, here
    return life._replace(credential=act.record)


def _let_in_by_link(life: AccountLife, leaf: Leaf, act: AccountCredentialByLink, here: Here) -> AccountLife:
    after = life if act.link is None else _used(life, leaf, act.link, here)
    return after._replace(credential=act.record)


def _used(life: AccountLife, leaf: Leaf, name: str, here: Here) -> AccountLife:
    """Use up a link: the newest, within its time, and once."""
    link = life.links.get(name)
    if is_hidden(link, here):
        return life
    is_newest = [name] == [*life.links][-1:]
    if link is None or link.used_at is not None or not is_newest or link.link.expires_at <= leaf.at:
        raise Unlawful(FaultCode.CODE)
    return life._replace(links={**life.links, name: link._replace(used_at=leaf.at)})


def _linked(life: AccountLife, leaf: Leaf, act: AccountLink, here: Here) -> AccountLife:
    del here
    law(act.link not in life.links, FaultCode.TWICE)
    law(act.expires_at > leaf.at, FaultCode.PERIOD)
    return life._replace(links={**life.links, act.link: LinkLife(act, leaf.actor, leaf.at)})


def _told(
    life: AccountLife, leaf: Leaf, act: AccountUnlock | AccountUnlockApart | AccountSignout, here: Here
) -> AccountLife:
    """Nothing of an account changes by it: its counts and sessions are no evidence."""
    del leaf, act, here
    return life


def _granted(life: AccountLife, leaf: Leaf, act: RoleGrant | RoleGrantNamed, here: Here) -> AccountLife:
    return life._replace(roles={**life.roles, here.digest: granted(leaf, act, here)})


def _certified(
    life: AccountLife, leaf: Leaf, act: CertificateIssue | CertificateIssueNamed, here: Here
) -> AccountLife:
    law(leaf.subject not in (life.certificates or {}), FaultCode.BEGUN_TWICE)
    return _with_certificate(life, leaf, issued(leaf, act, here))


def _restated(life: AccountLife, leaf: Leaf, act: Restating, here: Here) -> AccountLife:
    return _with_certificate(life, leaf, restated(_certificate(life, leaf), leaf, act, here))


def _verified(life: AccountLife, leaf: Leaf, act: CertificateVerify, here: Here) -> AccountLife:
    return _with_certificate(life, leaf, verified(_certificate(life, leaf), leaf, act, here))


def _certificate(life: AccountLife, leaf: Leaf) -> CertificateLife:
    known = (life.certificates or {}).get(leaf.subject)
    if known is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    return known


def _with_certificate(life: AccountLife, leaf: Leaf, one: CertificateLife) -> AccountLife:
    return life._replace(certificates={**(life.certificates or {}), leaf.subject: one})


def _trained(life: AccountLife, leaf: Leaf, act: TrainingEnter, here: Here) -> AccountLife:
    law(leaf.subject not in {one.name for one in life.trainings.values()}, FaultCode.BEGUN_TWICE)
    return life._replace(trainings={**life.trainings, here.digest: entered(leaf, act)})


def _untrained(life: AccountLife, leaf: Leaf, act: TrainingWithdraw, here: Here) -> AccountLife:
    known = life.trainings.get(act.entry)
    if is_hidden(known, here):
        return life
    after = withdrawn(known, leaf, act)
    return life._replace(trainings={**life.trainings, act.entry: after})


def _ended(life: AccountLife, leaf: Leaf, act: RoleEnd | RoleEndApart, here: Here) -> AccountLife:
    return life._replace(roles={**life.roles, act.grant: ended(life.roles, leaf, act, here)})


def _role_amended(life: AccountLife, leaf: Leaf, act: RoleAmend, here: Here) -> AccountLife:
    return life._replace(roles={**life.roles, act.grant: amended(life.roles, leaf, act, here)})


def _approval_asked(life: AccountLife, leaf: Leaf, act: ApprovalAsk, here: Here) -> AccountLife:
    law(leaf.place(leaf.actor) is not None, FaultCode.ACTOR)
    law(act.until > leaf.at, FaultCode.PERIOD)
    law(here.seen.is_received(act.recording, act.agency, here.index), FaultCode.EVIDENCE)
    law(leaf.subject not in {one.name for one in life.approvals.values()}, FaultCode.BEGUN_TWICE)
    return life._replace(approvals={**life.approvals, here.digest: ApprovalLife(act, leaf.subject, leaf.at)})


def _approval(life: AccountLife, leaf: Leaf, ask: str, here: Here) -> ApprovalLife | None:
    """Return what was asked for and is not over; None where that may be withheld."""
    known = life.approvals.get(ask)
    if is_hidden(known, here):
        return None
    if known is None or known.ended_at is not None or known.ask.until <= leaf.at:
        raise Unlawful(FaultCode.GRANT)
    return known


def _approval_granted(life: AccountLife, leaf: Leaf, act: ApprovalGrant, here: Here) -> AccountLife:
    known = _approval(life, leaf, act.ask, here)
    if known is None:
        return life
    law(known.granted_at is None and leaf.place(leaf.actor) is None, FaultCode.GRANT)
    granted = known._replace(granted_by=leaf.actor, granted_at=leaf.at)
    return life._replace(approvals={**life.approvals, act.ask: granted})


def _approval_ended(life: AccountLife, leaf: Leaf, act: ApprovalEnd, here: Here) -> AccountLife:
    known = _approval(life, leaf, act.ask, here)
    if known is None:
        return life
    ended = known._replace(ended_by=leaf.actor, ended_at=leaf.at, end_reason=act.reason)
    return life._replace(approvals={**life.approvals, act.ask: ended})


def _factor_enrolled(life: AccountLife, leaf: Leaf, act: FactorEnrol, here: Here) -> AccountLife:
    """Set up a second factor; the one that stood ends by it."""
    del here
    law(leaf.subject not in life.factors, FaultCode.BEGUN_TWICE)
    law(act.codes <= MOST_RECOVERY_CODES, FaultCode.CODE)
    ended = {
        name: one if one.ended_at is not None else one._replace(ended_at=leaf.at)
        for name, one in life.factors.items()
    }
    return life._replace(factors={**ended, leaf.subject: FactorLife(act, leaf.at)})


def _factor(life: AccountLife, leaf: Leaf, here: Here) -> FactorLife | None:
    """Return the factor that a leaf is about, which stands; None where its beginning may be withheld."""
    known = life.factors.get(leaf.subject)
    if is_hidden(known, here):
        return None
    if known is None or known.ended_at is not None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    return known


def _factor_recovered(life: AccountLife, leaf: Leaf, act: FactorRecover, here: Here) -> AccountLife:
    known = _factor(life, leaf, here)
    if known is None:
        return life
    law(act.code <= known.enrolled.codes and act.code not in known.used, FaultCode.CODE)
    used = known._replace(used={**known.used, act.code: leaf.at})
    return life._replace(factors={**life.factors, leaf.subject: used})


def _factor_ended(life: AccountLife, leaf: Leaf, act: FactorEnd, here: Here) -> AccountLife:
    del act
    known = _factor(life, leaf, here)
    if known is None:
        return life
    return life._replace(factors={**life.factors, leaf.subject: known._replace(ended_at=leaf.at)})


ACCOUNT_TAKES: Takes[AccountLife] = MappingProxyType(
    {
        AccountAmend: _amended,
        AccountTransfer: _transferred,
        AccountClose: _closed,
        AccountCredential: _let_in,
        AccountCredentialByLink: _let_in_by_link,
        AccountLink: _linked,
        AccountUnlock: _told,
        AccountUnlockApart: _told,
        AccountSignout: _told,
        RoleGrant: _granted,
        RoleGrantNamed: _granted,
        RoleEnd: _ended,
        RoleEndApart: _ended,
        RoleAmend: _role_amended,
        CertificateIssue: _certified,
        CertificateIssueNamed: _certified,
        **dict.fromkeys(get_args(Restating), _restated),
        CertificateVerify: _verified,
        TrainingEnter: _trained,
        TrainingWithdraw: _untrained,
        ApprovalAsk: _approval_asked,
        ApprovalGrant: _approval_granted,
        ApprovalEnd: _approval_ended,
        FactorEnrol: _factor_enrolled,
        FactorRecover: _factor_recovered,
        FactorEnd: _factor_ended,
    }
)
_AFTER_ALL = (RoleEnd, RoleEndApart, RoleAmend, CertificateWithdraw, CertificateCancel)
"""What is done after an account was closed, too: what was forgotten then."""
