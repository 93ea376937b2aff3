"""What the officer is told of a recording, while still on site."""

from itertools import permutations

import pytest

from schemas.checks.claims import DIGEST
from schemas.checks.rows import HAND_IN, RETAKE
from schemas.checks.structure import CONTAINER, CONTAINER_END
from schemas.checks.table import FINDINGS
from schemas.integrity import Asked, CheckResult, Severity
from schemas.officer_word import OfficerWord, officer_word
from schemas.recording import RecordingState

SEALED, QUARANTINED = RecordingState.SEALED, RecordingState.QUARANTINED
WELL = CONTAINER.held()
PADDED = CONTAINER_END.found("mp4-padding", count=4)
TAILED = CONTAINER_END.found("mp4-trailing-bytes", count=4)
CUT = CONTAINER.found("mp4-truncated", box="mdat", missing_bytes=4)
WRONG = DIGEST.found("digest-mismatch", declared="a", actual="b")


@pytest.mark.parametrize(
    ("state", "checks", "word", "asks"),
    [
        (RecordingState.RECEIVED, [], OfficerWord.WAITING, None),
        (SEALED, [], OfficerWord.ACCEPTED, None),
        (SEALED, [WELL, PADDED], OfficerWord.ACCEPTED, None),
        (SEALED, [WELL, TAILED], OfficerWord.REMARKED, TAILED),
        (SEALED, [TAILED, CUT], OfficerWord.RECORD_AGAIN, CUT),
        (QUARANTINED, [TAILED, CUT, WRONG], OfficerWord.HAND_IN_AGAIN, WRONG),
    ],
)
def test_the_gravest_word_is_said(
    state: RecordingState, checks: list[CheckResult], word: OfficerWord, asks: CheckResult | None
) -> None:
    """In whatever order the results come: explanations say nothing, remarks do, damage asks for another recording."""
    for ordered in permutations(checks):
        said = officer_word(state, ordered)
        assert (said.word, said.check) == (word, asks)


def test_whatever_advises_to_record_again_asks_it() -> None:
    """The advice and the word cannot part: each finding with that advice asks it, and no other does."""
    for row in FINDINGS.values():
        advice = (row.next_zh, row.next_en)
        assert (row.asks is Asked.RECORD) is (advice == RETAKE), row.code
        assert (row.asks is Asked.HAND_IN) is (advice == HAND_IN), row.code


def test_a_remark_weighs_between_an_explanation_and_a_doubt() -> None:
    """The order of severities is that of the words a screen has for them."""
    ranks = [
        one.rank for one in (Severity.NONE, Severity.INFO, Severity.REMARK, Severity.WARN, Severity.FAIL)
    ]

    assert ranks == sorted(set(ranks))
