"""From the results of all checks to one word, and to what becomes of the recording.

Only a mismatch of a binding claim quarantines. Damage that was already there at capture is a finding on a
sealed recording, because the declared bytes are the bytes we hold (design: "What quarantine means").
"""

from collections.abc import Iterable, Mapping

from schemas.checks.claims import BY_BROWSER, DEVICE_KEY, MANIFEST_SIGNATURE, VERIFICATION
from schemas.checks.examined import EXAMINED
from schemas.checks.structure import CONTAINER
from schemas.checks.table import CHECKS
from schemas.checks.unsigned import UNSIGNED
from schemas.integrity import CheckResult, Outcome, Severity, Shown, Verdict

BINDING_CHECKS = frozenset(check.name for check in CHECKS.values() if check.is_binding)
"""Names of the claims about the bytes. A mismatch in one of these quarantines; everything else is a finding."""


_OF_SIGNED = frozenset({MANIFEST_SIGNATURE.name, DEVICE_KEY.name})
_UNSIGNED = frozenset(check.name for check in UNSIGNED)

_ASKS_EXAMINED = 3
"""From this version on of the container's check, whoever looks inside also says how far; older results say nothing."""


def breaks_binding(check: CheckResult) -> bool:
    """Say whether this check is a binding claim that did not hold: the recording must be quarantined."""
    return check.name in BINDING_CHECKS and check.outcome is Outcome.MISMATCH


def must_quarantine(check: CheckResult) -> bool:
    """Say whether this check keeps the recording from being sealed: a broken claim, or nothing was verified."""
    gave_up = check.name == VERIFICATION.name and check.outcome is not Outcome.VERIFIED
    return gave_up or breaks_binding(check)


def verdict(checks: Iterable[CheckResult]) -> Verdict:
    """Fold checks into one word. Worst first: mismatch, doubtful, not checked, verified.

    A recording with a finding of severity warn or worse is doubtful; one whose digest or signature was not
    checked, whose content nobody could read, or of which nobody says that every part that is asked for was examined, is
    `not_checked`, however good everything else looks. What a person handed in by browser has no signature to check: it is
    verified as the bytes that they declared, unless a scene is in it of which the file says neither place nor time.
    """
    found = list(checks)
    if any(breaks_binding(c) for c in found):
        return Verdict.MISMATCH
    if any(c.severity.rank >= Severity.WARN.rank for c in found):
        return Verdict.DOUBTFUL
    held = {c.name: c.version for c in found if c.outcome is Outcome.VERIFIED}
    is_whole = held.keys() >= _asked_of(found) and CONTAINER.name in held
    return Verdict.VERIFIED if is_whole and _is_examined(found, held) else Verdict.NOT_CHECKED


def _asked_of(found: Iterable[CheckResult]) -> frozenset[str]:
    """Return the claims that must hold: those of the signed, and fewer where a person declared the bytes."""
    rows = list(found)
    is_by_browser = any(one.code == BY_BROWSER for one in rows)
    says_nothing = any(one.name in _UNSIGNED and one.outcome is Outcome.MISMATCH for one in rows)
    return BINDING_CHECKS - _OF_SIGNED if is_by_browser and not says_nothing else BINDING_CHECKS


def _is_examined(found: Iterable[CheckResult], held: Mapping[str, int]) -> bool:
    """Silence about what was examined counts only in results from before there was such a check."""
    if any(c.name == EXAMINED.name for c in found):
        return EXAMINED.name in held
    return held[CONTAINER.name] < _ASKS_EXAMINED


def remarks(checks: Iterable[CheckResult]) -> int:
    """Return how many rows are remarks: what a verdict of 通过 says beside itself, from the very rows that a page shows."""
    return sum(check.shown is Shown.REMARKED for check in checks)


def shown(verdict: Verdict, remarks: int) -> Shown:
    """Return the word for a whole recording: one with a remark is verified, and never looks as if nothing were said."""
    return Shown.REMARKED if verdict is Verdict.VERIFIED and remarks else Shown(verdict.value)
