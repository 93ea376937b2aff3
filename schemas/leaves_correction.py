"""A leaf that is wrong is answered by another: what is true beside what was said. Nothing that was signed changes."""

from typing import ClassVar, Self

from pydantic import Field, model_validator

from schemas.act import ANY_CHAIN, Act, Element, Process, Spec
from schemas.members import LeafDigest, MemberPath
from schemas.opening import SaltedText
from schemas.reference import AccountReference
from schemas.words import Words

_TWO_PERSONS = 2


class LeafCorrected(Element):
    """A member of the leaf, and what it should have said; the words are committed as `value.k`."""

    member: MemberPath
    value: SaltedText


class CorrectionMake(Act):
    """An entry of this chain says what is not so. It stays, and its thing's state; readers are shown both."""

    spec: ClassVar = Spec(
        event="correction:make",
        chains=(ANY_CHAIN,),
        by=Process.SIGNER,
        actors=("service",),
        neutral=(ANY_CHAIN,),
        words=Words("更正存证记录", "Entry corrected"),
        follows="the entry stands in this chain; two persons approve",
    )
    entry: LeafDigest
    members: tuple[LeafCorrected, ...] = Field(min_length=1, max_length=20)
    approvals: tuple[AccountReference, ...] = Field(max_length=4)
    reason: SaltedText

    @model_validator(mode="after")
    def _two_persons(self) -> Self:
        if len(set(self.approvals)) < _TWO_PERSONS or list(self.approvals) != sorted(set(self.approvals)):
            raise ValueError("two persons approve, each once, sorted")
        return self
