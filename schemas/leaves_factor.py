"""Leaves of second factors: what a person has beside the password, set up, ended, and the recovery codes that were used.

They stand in the chain of the account. A leaf holds neither secret nor code: the record in the opening is sealed under a
key outside the database (`factor.FactorSeal`).
"""

from typing import ClassVar, Literal

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Ordinal
from schemas.opening import SaltedDocument, SaltedText
from schemas.words import Words


class FactorEnrol(Act):
    """The owner of an account sets up a second factor; the one that stood before ends by it.

    `codes` recovery codes come with it. The opening of `record` holds the sealed secret and the keyed digests of the codes.
    """

    spec: ClassVar = Spec(
        event="factor:enrol",
        chains=("account",),
        by_itself=True,
        neutral=("account",),
        words=Words("启用两步验证", "Second factor set up"),
        follows="the account is open and acts for itself",
        columns={
            "subject": "second_factors.id recovery_codes.factor_id",
            "method": "second_factors.method",
            "codes": "recovery_codes.number",
            "record": "second_factors.sealed recovery_codes.code_hash",
            "at": "second_factors.enrolled_at second_factors.ended_at",
        },
    )
    method: Literal["totp"]
    codes: Ordinal
    record: SaltedDocument


class FactorRecover(Act):
    """Its owner came in by a recovery code; `code` says which, from 1. It counts no more."""

    spec: ClassVar = Spec(
        event="factor:recover",
        chains=("account",),
        by_itself=True,
        neutral=("account",),
        words=Words("使用恢复码", "Recovery code used"),
        follows="the factor stands, and the code was not used",
        columns={"code": "recovery_codes.number", "at": "recovery_codes.used_at"},
    )
    code: Ordinal


class FactorEnd(Act):
    """A second factor is given up by its owner, or taken away by an administrator, who says why."""

    spec: ClassVar = Spec(
        event="factor:end",
        chains=("account",),
        roles=frozenset({Role.ADMIN}),
        by_itself=True,
        neutral=("account",),
        words=Words("停用两步验证", "Second factor removed"),
        follows="the factor stands",
        columns={"at": "second_factors.ended_at"},
    )
    reason: SaltedText | None = None
