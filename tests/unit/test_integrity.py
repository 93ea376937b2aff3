import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import AlreadySealed, TransitionRefused
from schemas.integrity import (
    BINDING_CHECKS,
    CheckResult,
    Outcome,
    Severity,
    Verdict,
    mismatch,
    not_checked,
    verdict,
    verified,
)
from schemas.recording import RecordingState, state_after

ALL_GOOD = [verified(name) for name in sorted(BINDING_CHECKS)]


def test_nothing_checked_is_not_verified() -> None:
    """No check at all is never a pass."""
    assert verdict([]) is Verdict.NOT_CHECKED


@pytest.mark.parametrize("name", sorted(BINDING_CHECKS))
def test_one_missing_claim_is_not_verified(name: str) -> None:
    """A binding claim that did not run keeps the whole from being verified."""
    others = [check for check in ALL_GOOD if check.name != name]

    assert verdict(others) is Verdict.NOT_CHECKED
    assert verdict([*others, not_checked(name, "manifest-absent")]) is Verdict.NOT_CHECKED


@pytest.mark.parametrize("name", sorted(BINDING_CHECKS))
def test_broken_claim_quarantines(name: str) -> None:
    """One binding claim that does not hold quarantines, whatever else is fine."""
    checks = [check for check in ALL_GOOD if check.name != name] + [mismatch(name, "x")]

    assert verdict(checks) is Verdict.MISMATCH
    assert state_after(RecordingState.RECEIVED, checks) is RecordingState.QUARANTINED


def test_damage_at_capture_seals_with_a_finding() -> None:
    """A damaged picture whose bytes are the declared ones is sealed, and doubtful."""
    checks = [*ALL_GOOD, mismatch("container", "jpeg-damaged")]

    assert verdict(checks) is Verdict.DOUBTFUL
    assert state_after(RecordingState.RECEIVED, checks) is RecordingState.SEALED


@given(
    st.lists(
        st.builds(
            CheckResult,
            name=st.sampled_from([*sorted(BINDING_CHECKS), "container", "clock"]),
            outcome=st.sampled_from(Outcome),
            severity=st.sampled_from(Severity),
            code=st.just("x"),
        )
    )
)
def test_verified_needs_every_binding_claim(checks: list[CheckResult]) -> None:
    """No set of results is verified unless every binding claim was checked and held."""
    held = {check.name for check in checks if check.outcome is Outcome.VERIFIED}

    if verdict(checks) is Verdict.VERIFIED:
        assert held >= BINDING_CHECKS


def test_silence_needs_a_reason() -> None:
    """A check that did not run must say why."""
    with pytest.raises(ValidationError):
        CheckResult(name="digest", outcome=Outcome.NOT_CHECKED)


def test_final_states_are_final() -> None:
    """Neither a sealed nor a quarantined recording is concluded again."""
    with pytest.raises(AlreadySealed):
        state_after(RecordingState.SEALED, ALL_GOOD)
    with pytest.raises(TransitionRefused):
        state_after(RecordingState.QUARANTINED, ALL_GOOD)
