"""What needs no opinion about a drawn file: answered before an inspector scores it, with the evidence beside."""

from collections.abc import Callable, Mapping, Sequence

from schemas.audit import RecheckOutcome
from schemas.base import Frozen
from schemas.checks.audit import FIXITY, HANDED_IN, TWO_OFFICERS
from schemas.checks.manifest import HAND_IN, OFFICERS
from schemas.integrity import Check, CheckResult, examines
from schemas.standard import AutoCheck


class DrawnRecording(Frozen):
    """What the pre-checks need to know of a drawn recording; `is_by_officer` is false for fixed equipment."""

    outcome: RecheckOutcome
    checks: tuple[CheckResult, ...]
    is_capture_known: bool
    is_by_officer: bool


def pre_check(auto: AutoCheck, drawn: Sequence[DrawnRecording]) -> CheckResult:
    """Answer one item of a standard over all drawn recordings."""
    return _BY_ITEM[auto](drawn)


@examines(FIXITY)
def check_fixity(check: Check, drawn: Sequence[DrawnRecording]) -> CheckResult:
    """Fold the re-hashes of all drawn recordings; one that was not done is not a pass."""
    if not drawn:
        return check.found("fixity-nothing-drawn")
    outcomes = [one.outcome for one in drawn]
    total, bad = len(outcomes), outcomes.count(RecheckOutcome.MISMATCH)
    if bad:
        return check.found("recheck-failed", bad=bad, of=total)
    left = total - outcomes.count(RecheckOutcome.VERIFIED)
    return check.found("recheck-incomplete", open=left, of=total) if left else check.held(of=total)


@examines(TWO_OFFICERS)
def check_two_officers(check: Check, drawn: Sequence[DrawnRecording]) -> CheckResult:
    """Return the worst that was found of the officers; a recording without a manifest names none."""
    by_officers = _by_officers(drawn)
    if not by_officers:
        return check.found("officers-nothing-drawn")
    made = _of(OFFICERS, by_officers)
    if len(made) < len(by_officers):
        made.append(check.found("officers-without-manifest"))
    return _worst(made) or check.held()


@examines(HANDED_IN)
def check_handed_in(check: Check, drawn: Sequence[DrawnRecording]) -> CheckResult:
    """Return the worst that was found of the hand-in; without a capture time nobody can tell."""
    by_officers = _by_officers(drawn)
    if not by_officers:
        return check.found("hand-in-nothing-drawn")
    late = _worst(_of(HAND_IN, by_officers))
    if late is not None:
        return late
    is_known = all(one.is_capture_known for one in by_officers)
    return check.held() if is_known else check.found("capture-time-unknown")


_BY_ITEM: Mapping[AutoCheck, Callable[[Sequence[DrawnRecording]], CheckResult]] = {
    AutoCheck.FIXITY: check_fixity,
    AutoCheck.TWO_OFFICERS: check_two_officers,
    AutoCheck.HAND_IN: check_handed_in,
}


def _by_officers(drawn: Sequence[DrawnRecording]) -> list[DrawnRecording]:
    """Leave out what fixed equipment recorded: no officer captures it, and it arrives by itself."""
    return [one for one in drawn if one.is_by_officer]


def _of(declared: Check, drawn: Sequence[DrawnRecording]) -> list[CheckResult]:
    return [made for one in drawn for made in one.checks if made.name == declared.name]


def _worst(made: Sequence[CheckResult]) -> CheckResult | None:
    """Return the result that weighs most, or none where every one held."""
    told = [one for one in made if one.code]
    return max(told, key=lambda one: one.severity.rank, default=None)
