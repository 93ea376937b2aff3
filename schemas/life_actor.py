"""The lives of who may act: agencies and accounts."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

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


class CodeLife(NamedTuple):
    """A one-time code: for which device, and who handed it out."""

    code: DeviceCode
    device: str
    by: str


class AgencyLife(NamedTuple):
    """An agency, the standards it published and the codes it handed out."""

    kind: str
    parent: str | None
    principal: str | None
    supervising: bool
    name: Committed
    code: Committed
    closed_at: datetime | None = None
    standards: Mapping[str, StandardPublish] | None = None
    codes: Mapping[str, CodeLife] = MappingProxyType({})


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
            return life._replace(
                **_given(act, ("kind", "parent", "principal", "supervising", "name", "code"))
            )
        case AgencyClose():
            return life._replace(closed_at=leaf.at)
        case StandardPublish():
            known = life.standards or {}
            law(leaf.subject not in known, FaultCode.BEGUN_TWICE)
            return life._replace(standards={**known, leaf.subject: act})
        case DeviceCode():
            law(act.code not in life.codes, FaultCode.TWICE)
            law(act.expires_at > leaf.at, FaultCode.PERIOD)
            handed = CodeLife(act, leaf.subject, leaf.actor)
            return life._replace(codes={**life.codes, act.code: handed})
        case _:
            raise Unlawful(FaultCode.EVENT)


class RoleLife(NamedTuple):
    """A role as it was given, by the digest of its leaf."""

    grant: RoleGrant
    at: datetime
    ended_at: datetime | None = None


class AccountLife(NamedTuple):
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
            after = life._replace(**_given(act, ("agency", "kind", "login", "name")))
        case AccountClose():
            after = life._replace(closed_at=leaf.at)
        case AccountCredential():
            after = life._replace(credential=act.record)
        case RoleGrant():
            law(act.until is None or act.until > act.from_, FaultCode.PERIOD)
            after = life._replace(roles={**(life.roles or {}), here.digest: RoleLife(act, leaf.at)})
        case CertificateIssue():
            law(act.until > act.from_, FaultCode.PERIOD)
            known = life.certificates or {}
            law(leaf.subject not in known, FaultCode.BEGUN_TWICE)
            after = life._replace(certificates={**known, leaf.subject: act})
        case _:
            raise Unlawful(FaultCode.EVENT)
    return after


def _ended(life: AccountLife, leaf: Leaf, act: RoleEnd) -> AccountLife:
    role = (life.roles or {}).get(act.grant)
    if role is None or role.ended_at is not None:
        raise Unlawful(FaultCode.GRANT)
    return life._replace(roles={**(life.roles or {}), act.grant: role._replace(ended_at=leaf.at)})


def _given(act: AgencyAmend | AccountAmend, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(act, name)) is not None}
