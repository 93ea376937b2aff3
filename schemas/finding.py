"""Explanations of findings: what the holder says, beside what was found. Nothing that was signed changes by it."""

from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from schemas.base import Frozen, Reason, WireIn
from schemas.ids import AccountId, RecordingId


class FindingAnswerIn(WireIn):
    """What somebody says to a finding of a recording, by its code."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
    text: Reason


class FindingAnswered(Frozen):
    """An explanation, by whom and when."""

    code: str
    text: str
    author: str
    answered_by: AccountId
    answered_at: datetime


class LateRecording(NamedTuple):
    """A recording that was handed in too late and waits for an explanation of the reader."""

    id: RecordingId
    filename: str
    captured_at: datetime
    received_at: datetime
    code: str
