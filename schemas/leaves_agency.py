"""Leaves of agencies: opened, amended, closed, and the scoring standards that they publish."""

from enum import StrEnum
from typing import ClassVar

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Digest256, Flag, Ordinal, StandardCode
from schemas.opening import SaltedText
from schemas.reference import AgencyReference
from schemas.words import Words

_ADMIN = frozenset({Role.ADMIN})
_AGENCY = {
    "kind": "agencies.kind",
    "parent": "agencies.parent_id",
    "principal": "agencies.principal_id",
    "supervising": "agencies.is_supervising",
    "name": "agencies.name",
    "code": "agencies.code",
}


class AgencyKind(StrEnum):
    """By what right an agency acts: its own, a law's, or another agency's."""

    AGENCY = "agency"
    AUTHORISED = "authorised"
    ENTRUSTED = "entrusted"


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
