"""The lives of who may act: agencies and accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from schemas.leaf import Leaf
from schemas.leaves_actor import (
    AccountAmend,
    AccountClose,
    AccountCredential,
    AccountOpen,
    AgencyAmend,
    AgencyClose,
    AgencyOpen,
    CertificateIssue,
    RoleEnd,
    RoleGrant,
    StandardPublish,
)
from schemas.leaves_device import DeviceCode
from schemas.life import FaultCode, Here, Unlawful, law
from schemas.life_inside import Committed


@dataclass(frozen=True, slots=True)
class CodeLife:
    """A one-time code: for which device, and who handed it out."""

    code: DeviceCode
    device: str
    by: str


@dataclass(frozen=True, slots=True)
class AgencyLife:
    """An agency, the standards it published and the codes it handed out."""

    kind: str
    parent: str | None
    principal: str | None
    supervising: bool
    name: Committed
    code: Committed
    closed_at: datetime | None = None
    standards: Mapping[str, StandardPublish] | None = None
    codes: Mapping[str, CodeLife] = field(default_factory=dict)


def apply_agency(life: AgencyLife | None, leaf: Leaf, here: Here) -> AgencyLife:
    """Return the agency after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if isinstance(act, AgencyOpen):
        law(life is None, FaultCode.BEGUN_TWICE)
        for other in (act.parent, act.principal):
            law(other is None or here.seen.is_open(other, here.index), FaultCode.AGENCY)
        return AgencyLife(act.kind, act.parent, act.principal, act.supervising, act.name, act.code)
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    law(life.closed_at is None, FaultCode.CLOSED)
    match act:
        case AgencyAmend():
            return replace(
                life, **_given(act, ("kind", "parent", "principal", "supervising", "name", "code"))
            )
        case AgencyClose():
            return replace(life, closed_at=leaf.at)
        case StandardPublish():
            known = life.standards or {}
            law(leaf.subject not in known, FaultCode.BEGUN_TWICE)
            return replace(life, standards={**known, leaf.subject: act})
        case DeviceCode():
            law(act.code not in life.codes, FaultCode.TWICE)
            law(act.expires_at > leaf.at, FaultCode.PERIOD)
            handed = CodeLife(act, leaf.subject, leaf.actor)
            return replace(life, codes={**life.codes, act.code: handed})
        case _:
            raise Unlawful(FaultCode.EVENT)


@dataclass(frozen=True, slots=True)
class RoleLife:
    """A role as it was given, by the digest of its leaf."""

    grant: RoleGrant
    at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountLife:
    """An account, its roles and certificates; `credential` is the commitment of what lets it in now."""

    agency: str
    kind: str
    login: Committed
    name: Committed
    opened_at: datetime
    closed_at: datetime | None = None
    credential: Committed | None = None
    roles: Mapping[str, RoleLife] | None = None
    certificates: Mapping[str, CertificateIssue] | None = None


def apply_account(life: AccountLife | None, leaf: Leaf, here: Here) -> AccountLife:
    """Return the account after this leaf.

    Raises:
        Unlawful: a rule does not hold.
    """
    act = leaf.act
    if isinstance(act, AccountOpen):
        law(life is None, FaultCode.BEGUN_TWICE)
        law(here.seen.is_open(act.agency, here.index), FaultCode.AGENCY)
        return AccountLife(act.agency, act.kind, act.login, act.name, leaf.at)
    if life is None:
        raise Unlawful(FaultCode.NOT_BEGUN)
    if isinstance(act, RoleEnd):  # a role that was forgotten ends after the account, too
        return _ended(life, leaf, act)
    law(life.closed_at is None, FaultCode.CLOSED)
    match act:
        case AccountAmend():
            after = replace(life, **_given(act, ("agency", "kind", "login", "name")))
        case AccountClose():
            after = replace(life, closed_at=leaf.at)
        case AccountCredential():
            after = replace(life, credential=act.record)
        case RoleGrant():
            law(act.until is None or act.until > act.from_, FaultCode.PERIOD)
            after = replace(life, roles={**(life.roles or {}), here.digest: RoleLife(act, leaf.at)})
        case CertificateIssue():
            law(act.until > act.from_, FaultCode.PERIOD)
            known = life.certificates or {}
            law(leaf.subject not in known, FaultCode.BEGUN_TWICE)
            after = replace(life, certificates={**known, leaf.subject: act})
        case _:
            raise Unlawful(FaultCode.EVENT)
    return after


def _ended(life: AccountLife, leaf: Leaf, act: RoleEnd) -> AccountLife:
    role = (life.roles or {}).get(act.grant)
    if role is None or role.ended_at is not None:
        raise Unlawful(FaultCode.GRANT)
    return replace(life, roles={**(life.roles or {}), act.grant: replace(role, ended_at=leaf.at)})


def _given(act: AgencyAmend | AccountAmend, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(act, name)) is not None}
