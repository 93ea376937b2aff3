"""The five words: what a row and a whole recording read as, from the same results."""

import pytest

from schemas.checks.claims import DEVICE_KEY, DIGEST, MANIFEST_SIGNATURE, SIZE
from schemas.checks.examined import EXAMINED
from schemas.checks.manifest import HAND_IN, OFFICERS, PLACE
from schemas.checks.structure import CONTAINER
from schemas.integrity import CheckResult, Outcome, Severity, Shown, Verdict, row_word
from schemas.verdict import BINDING_CHECKS, remarks, shown, verdict
from schemas.words_line import verdict_words

HELD = [one.held() for one in (DIGEST, SIZE, MANIFEST_SIGNATURE, DEVICE_KEY, CONTAINER, EXAMINED)]
CONDUCT = [
    HAND_IN.found("late-handin", hours=10_819, allowed_hours=24),
    HAND_IN.found("late-after-duty", hours=30),
    OFFICERS.found("officers-fewer-than-two", officers=1),
    PLACE.found("location-absent"),
]


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_held_and_says_nothing_grave_reads_as_passed(outcome: Outcome, severity: Severity) -> None:
    """A row is 通过 only where its claim held and weighs less than a remark; what did not run is 未检查."""
    word = row_word(outcome, severity)
    is_light = severity.rank < Severity.REMARK.rank
    assert (word is Shown.VERIFIED) == (outcome is Outcome.VERIFIED and is_light)
    assert (word is Shown.NOT_CHECKED) == (outcome is Outcome.NOT_CHECKED)


@pytest.mark.parametrize("failed", CONDUCT, ids=lambda one: one.code)
def test_a_rule_of_conduct_that_failed_is_a_remark(failed: CheckResult) -> None:
    """Late, one officer, no place: the bytes stand, the row says 提示 and the recording 通过，提示 1."""
    assert {one.name for one in HELD} >= BINDING_CHECKS
    found = [*HELD, failed]

    assert failed.shown is Shown.REMARKED
    assert verdict(found) is Verdict.VERIFIED
    assert shown(verdict(found), remarks(found)) is Shown.REMARKED
    assert str(verdict_words(verdict(found), remarks(found))).startswith("通过，提示 1")


def test_a_recording_without_remarks_is_passed_and_a_graver_word_stays() -> None:
    """Remarks are said beside 通过 alone, and counted from the rows."""
    assert shown(verdict(HELD), remarks(HELD)) is Shown.VERIFIED
    assert verdict_words(Verdict.VERIFIED, 0).zh == "通过"
    assert remarks([*HELD, *CONDUCT]) == len(CONDUCT)
    for graver in set(Verdict) - {Verdict.VERIFIED}:
        assert shown(graver, 3).value == graver.value
        assert "3" not in verdict_words(graver, 3).zh
