"""Leaves of training: hours that a person attended, and that an entry was wrong. Nothing that was entered is changed."""

from enum import StrEnum
from typing import ClassVar

from schemas.act import Act, Spec
from schemas.actor import Role
from schemas.members import Day, LeafDigest, Ordinal
from schemas.opening import SaltedText
from schemas.words import Words

_CUSTODIAN = frozenset({Role.CUSTODIAN})


class TrainingKind(StrEnum):
    """Public law, or the profession: law of the own field and skills."""

    PUBLIC_LAW = "public_law"
    PROFESSIONAL = "professional"


class TrainingEnter(Act):
    """A person attended training on a day in UTC+8; the chain is theirs. `hours` are those that the organiser counts."""

    spec: ClassVar = Spec(
        event="training:enter",
        chains=("account",),
        roles=_CUSTODIAN,
        words=Words("登记培训学时", "Training hours entered"),
        follows="the account is open; the day does not lie in the future",
        columns={
            "subject": "trainings.id",
            "kind": "trainings.kind",
            "hours": "trainings.hours",
            "on": "trainings.held_on",
            "topic": "trainings.topic",
            "actor": "trainings.entered_by",
            "at": "trainings.entered_at",
        },
    )
    kind: TrainingKind
    hours: Ordinal
    on: Day
    topic: SaltedText


class TrainingWithdraw(Act):
    """An entry was wrong; `entry` is the digest of its leaf. It is kept, and counts no more from here on."""

    spec: ClassVar = Spec(
        event="training:withdraw",
        chains=("account",),
        roles=_CUSTODIAN,
        words=Words("撤回培训学时", "Training hours withdrawn"),
        follows="the account is open; the entry stands in this chain and was not withdrawn",
        columns={
            "entry": "trainings.leaf",
            "reason": "trainings.reason",
            "actor": "trainings.withdrawn_by",
            "at": "trainings.withdrawn_at",
        },
    )
    entry: LeafDigest
    reason: SaltedText
