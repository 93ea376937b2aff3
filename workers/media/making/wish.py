"""What a maker of copies is asked for, and what it answers; importing this loads no decoder."""

from enum import StrEnum
from typing import Any

from schemas.base import Frozen
from schemas.derivative import ClockKind, DerivationFailure, DerivativeKind


class Wish(Frozen):
    """One copy for viewing. `begins_at_ms` is when the capture began, in milliseconds of the Unix epoch, by `clock`."""

    kind: DerivativeKind
    begins_at_ms: int | None = None
    clock: ClockKind | None = None


class Made(Frozen):
    """What was made. `params` says how, and how far: whole numbers, flags and short texts."""

    media_type: str
    params: dict[str, Any]


class Until(StrEnum):
    """Why a copy shows less than its original; absent where it shows all."""

    UNREADABLE = "unreadable"
    WORK = "work"


class CannotError(Exception):
    """Nothing can be made of this file; `failure` says why."""

    def __init__(self, failure: DerivationFailure) -> None:
        super().__init__(failure)
        self.failure = failure
