"""The officer's word: what a verification asks of whoever captured a recording, while they may still be on site.

A reviewer reads every check; the officer reads one word and, where something is to be done, the sentence of the finding
that asks it. It is derived from the results alone and decides nothing.
"""

from collections.abc import Iterable
from enum import StrEnum

from schemas.base import Frozen
from schemas.checks.table import FINDINGS
from schemas.integrity import Asked, CheckResult, Severity
from schemas.recording import RecordingState


class OfficerWord(StrEnum):
    """From "wait" to "hand in again", in the order of how much the officer has to do."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REMARKED = "remarked"
    RECORD_AGAIN = "record-again"
    HAND_IN_AGAIN = "hand-in-again"


class Said(Frozen):
    """The word, and the check whose finding asks for it; of several the gravest."""

    word: OfficerWord
    check: CheckResult | None = None


def officer_word(state: RecordingState, checks: Iterable[CheckResult]) -> Said:
    """Return what the officer is told of a recording in this state with these results.

    Whoever has to hand in the bytes again is told that first: what else was found is about other bytes.
    """
    if state is RecordingState.RECEIVED:
        return Said(word=OfficerWord.WAITING)
    found = sorted(checks, key=lambda check: -check.severity.rank)
    for asked, word in _ASKED:
        for check in found:
            row = FINDINGS.get(check.code)
            if row is not None and row.asks is asked:
                return Said(word=word, check=check)
    remarked = next((check for check in found if check.severity.rank >= Severity.REMARK.rank), None)
    return Said(word=OfficerWord.REMARKED if remarked else OfficerWord.ACCEPTED, check=remarked)


_ASKED = ((Asked.HAND_IN, OfficerWord.HAND_IN_AGAIN), (Asked.RECORD, OfficerWord.RECORD_AGAIN))
