"""Checks and their outcomes: verified, mismatch, or not checked with a reason.

A check that did not run never counts as passed. Two things are kept apart:

* the *outcome* says whether a claim about the bytes held (digest, size, signature, key);
* the *severity* of a finding says how much a person should care about what the bytes are like.

Only a mismatch of a claim quarantines. Damage that was already there at capture is a finding on a sealed
recording, because the declared bytes are the bytes we hold (design: "What quarantine means").
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from schemas.base import Frozen


class Outcome(StrEnum):
    """Tri-state outcome of one check."""

    VERIFIED = "verified"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


class Severity(StrEnum):
    """How much a finding weighs; ordered none < info < warn < fail."""

    NONE = "none"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """Position in the order."""
        return list(Severity).index(self)


BINDING_CHECKS = frozenset({"digest", "size", "manifest_signature", "device_key"})
"""Claims about the bytes. A mismatch in one of these quarantines; everything else is a finding."""

VERIFICATION = "verification"
"""Present only when the verification itself gave up; such a recording is quarantined until a person looks."""

CONTENT_CHECK = "container"
"""Whether anybody could look inside the bytes; without it no recording is `verified`."""


class CheckResult(Frozen):
    """One check, run once. `code` is the stable slug of the finding; empty when there is nothing to say.

    `params` fill the sentence that `code` names in the catalogue; they hold no personal data.
    """

    name: str
    version: int = 1
    outcome: Outcome
    severity: Severity = Severity.NONE
    code: str = ""
    params: Mapping[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome is not Outcome.VERIFIED and not self.code:
            raise ValueError("an outcome other than verified needs a code that says why")
        return self


def verified(name: str, *, code: str = "", severity: Severity = Severity.NONE, **params: Any) -> CheckResult:  # noqa: ANN401 - parameters of a sentence are scalars of any kind
    """The claim held; a `code` with a severity adds a remark or a finding about what was seen."""
    return CheckResult(name=name, outcome=Outcome.VERIFIED, severity=severity, code=code, params=params)


def mismatch(name: str, code: str, *, severity: Severity = Severity.FAIL, **params: Any) -> CheckResult:  # noqa: ANN401
    """The claim did not hold."""
    return CheckResult(name=name, outcome=Outcome.MISMATCH, severity=severity, code=code, params=params)


def not_checked(name: str, code: str, *, severity: Severity = Severity.INFO, **params: Any) -> CheckResult:  # noqa: ANN401
    """The check did not run; `code` says why."""
    return CheckResult(name=name, outcome=Outcome.NOT_CHECKED, severity=severity, code=code, params=params)


class Verdict(StrEnum):
    """The one word a screen shows for a recording: 通过 / 存疑 / 不符 / 未检查."""

    VERIFIED = "verified"
    DOUBTFUL = "doubtful"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


def breaks_binding(check: CheckResult) -> bool:
    """Say whether this check is a binding claim that did not hold: the recording must be quarantined."""
    return check.name in BINDING_CHECKS and check.outcome is Outcome.MISMATCH


def must_quarantine(check: CheckResult) -> bool:
    """Say whether this check keeps the recording from being sealed: a broken claim, or nothing was verified."""
    gave_up = check.name == VERIFICATION and check.outcome is not Outcome.VERIFIED
    return gave_up or breaks_binding(check)


def verdict(checks: Iterable[CheckResult]) -> Verdict:
    """Fold checks into one word. Worst first: mismatch, doubtful, not checked, verified.

    A recording with a finding of severity warn or worse is doubtful; one whose digest or signature was not
    checked, or whose content nobody could read, is `not_checked`, however good everything else looks.
    """
    found = list(checks)
    if any(breaks_binding(c) for c in found):
        return Verdict.MISMATCH
    if any(c.severity.rank >= Severity.WARN.rank for c in found):
        return Verdict.DOUBTFUL
    held = {c.name for c in found if c.outcome is Outcome.VERIFIED}
    unread = any(c.name == CONTENT_CHECK and c.outcome is Outcome.NOT_CHECKED for c in found)
    return Verdict.VERIFIED if held >= BINDING_CHECKS and not unread else Verdict.NOT_CHECKED
