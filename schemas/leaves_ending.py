"""Leaves of a case that ends without a decision: a lead that is not filed, a case that is annulled, and the way back."""

from typing import ClassVar, Literal

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.case import CaseState
from schemas.opening import SaltedText
from schemas.words import Words

_HEADS = frozenset({Role.HEAD})
_COLUMNS = {"to": "cases.state", "n": "cases.version"}


class CaseRefuse(Act):
    """The head does not file a lead."""

    spec: ClassVar = Spec(
        event="case:refuse",
        chains=("case",),
        roles=_HEADS,
        versions=("case",),
        words=Words("不予立案", "Lead not filed"),
        follows="the case is a lead; why is said",
        columns={**_COLUMNS, "at": "cases.closed_at"},
    )
    to: Literal[CaseState.NOT_FILED]
    reason: SaltedText


class CaseAnnul(Act):
    """The head ends a filed case that is neither under review nor decided."""

    spec: ClassVar = Spec(
        event="case:annul",
        chains=("case",),
        roles=_HEADS,
        versions=("case",),
        words=Words("撤销案件", "Case annulled"),
        follows="the case is filed, and neither under review nor decided; why is said",
        columns={**_COLUMNS, "at": "cases.closed_at"},
    )
    to: Literal[CaseState.ANNULLED]
    reason: SaltedText


class CaseRestore(Act):
    """The head takes up an annulled case again: its investigation goes on."""

    spec: ClassVar = Spec(
        event="case:restore",
        chains=("case",),
        roles=_HEADS,
        versions=("case",),
        words=Words("恢复办理", "Case restored"),
        follows="the case was annulled; why is said",
        columns=_COLUMNS,
    )
    to: Literal[CaseState.INVESTIGATING]
    reason: SaltedText
