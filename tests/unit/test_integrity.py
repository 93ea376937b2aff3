import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.checks.claims import CLAIMS, not_reached
from schemas.checks.examined import EXAMINED
from schemas.checks.structure import CONTAINER
from schemas.checks.table import CHECKS
from schemas.errors import AlreadySealed, TransitionRefused
from schemas.integrity import Check, CheckResult, Outcome, Severity, Verdict
from schemas.recording import STEPS, RecordingState, RecordingStep, conclusion
from schemas.verdict import BINDING_CHECKS, verdict

BINDING = [check for check in CLAIMS if check.is_binding]
ALL_GOOD = [check.held() for check in BINDING]


def test_nothing_checked_is_not_verified() -> None:
    """No check at all is never a pass."""
    assert verdict([]) is Verdict.NOT_CHECKED


@pytest.mark.parametrize("claim", BINDING, ids=lambda claim: claim.name)
def test_one_missing_claim_is_not_verified(claim: Check) -> None:
    """A binding claim that did not run keeps the whole from being verified."""
    others = [check for check in ALL_GOOD if check.name != claim.name]
    unread = not_reached(claim, "x").model_copy(update={"severity": Severity.INFO})

    assert verdict(others) is Verdict.NOT_CHECKED
    assert verdict([*others, unread]) is Verdict.NOT_CHECKED


@pytest.mark.parametrize(
    ("claim", "code"),
    [(one, row.code) for one in BINDING for row in one.findings if row.outcome is Outcome.MISMATCH],
)
def test_broken_claim_quarantines(claim: Check, code: str) -> None:
    """One binding claim that does not hold quarantines, whatever else is fine."""
    checks = [check for check in ALL_GOOD if check.name != claim.name] + [claim.found(code)]

    assert verdict(checks) is Verdict.MISMATCH
    assert STEPS.after(RecordingState.RECEIVED, conclusion(checks), None) is RecordingState.QUARANTINED


def test_damage_at_capture_seals_with_a_finding() -> None:
    """A damaged picture whose bytes are the declared ones is sealed, and doubtful."""
    checks = [*ALL_GOOD, CONTAINER.found("jpeg-damaged", reason="x")]

    assert verdict(checks) is Verdict.DOUBTFUL
    assert STEPS.after(RecordingState.RECEIVED, conclusion(checks), None) is RecordingState.SEALED


@given(
    st.lists(
        st.builds(
            CheckResult,
            name=st.sampled_from(sorted(CHECKS)),
            version=st.just(1),
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
        assert held >= BINDING_CHECKS | {CONTAINER.name}


def test_silence_about_what_was_examined_is_no_pass() -> None:
    """Whoever looks inside says how far; only results from before that was asked are told by their version."""
    well, older = CONTAINER.held(), CONTAINER.held().model_copy(update={"version": 2})
    gaps = EXAMINED.found("parts-not-examined", count=1, pieces=["sound"])

    assert verdict([*ALL_GOOD, well, EXAMINED.held()]) is Verdict.VERIFIED
    assert verdict([*ALL_GOOD, well]) is Verdict.NOT_CHECKED
    assert verdict([*ALL_GOOD, EXAMINED.held()]) is Verdict.NOT_CHECKED
    assert verdict([*ALL_GOOD, older]) is Verdict.VERIFIED
    assert verdict([*ALL_GOOD, older, gaps]) is Verdict.NOT_CHECKED


def test_silence_needs_a_reason() -> None:
    """A check that did not run must say why."""
    with pytest.raises(ValidationError):
        CheckResult(name="digest", version=1, outcome=Outcome.NOT_CHECKED)


def test_final_states_are_final() -> None:
    """Neither a sealed nor a quarantined recording is concluded again."""
    for step in RecordingStep:
        with pytest.raises(AlreadySealed):
            STEPS.after(RecordingState.SEALED, step, None)
        with pytest.raises(TransitionRefused):
            STEPS.after(RecordingState.QUARANTINED, step, None)
