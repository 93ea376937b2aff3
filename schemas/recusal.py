"""Recusal (回避): whoever has an interest in a case, or is asked to stay away, is barred until the head lifts it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from schemas.base import Frozen, Reason, WireIn
from schemas.ids import AccountId, CaseId, RecusalId
from schemas.leaves_recusal import RecusalGround


class RecusalIn(WireIn):
    """Who is barred, by log-in name, and why; without a name whoever asks, by their own word."""

    login: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    ground: RecusalGround = RecusalGround.OWN
    reason: Reason


class RecusalLiftIn(WireIn):
    """Why somebody is barred no longer."""

    reason: Reason


class Recusal(Frozen):
    """One bar, with who it is of, who wanted it and who ended it, by name."""

    id: RecusalId
    case_id: CaseId
    account_id: AccountId
    person: str
    ground: RecusalGround
    reason: str
    barrer: str
    barred_at: datetime
    lifter: str | None
    lifted_at: datetime | None
    lift_reason: str | None

    @property
    def stands(self) -> bool:
        """It has not ended."""
        return self.lifted_at is None


class Barred(Frozen):
    """What somebody is told who is barred: why, and who may lift it."""

    reason: str
    barred_at: datetime
    heads: tuple[str, ...]
