"""Checks: how one is declared, what one run of it gives, and what is never left unsaid.

A check is declared once, in `schemas.checks`, and done by one function that takes its declaration. What a
check may say stands in the declaration, so a result cannot carry a code, a weight or a version of its own.

A check that did not run never counts as passed. Two things are kept apart:

* the *outcome* says whether a claim about the bytes held (digest, size, signature, key);
* the *severity* of a finding says how much a person should care about what the bytes are like.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar

from pydantic import Field, model_validator

from schemas.base import Frozen
from schemas.media import Medium
from schemas.words import Words


class Outcome(StrEnum):
    """Tri-state outcome of one check."""

    VERIFIED = "verified"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


class Severity(StrEnum):
    """How much a finding weighs; ordered none < info < remark < warn < fail.

    `info` explains, `remark` says that a rule of conduct or form failed while the bytes stand, `warn` asks a person to
    judge.
    """

    NONE = "none"
    INFO = "info"
    REMARK = "remark"
    WARN = "warn"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """Position in the order."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """What the checks of a recording come to: 通过 / 存疑 / 不符 / 未检查. With its remarks it reads as one of `Shown`."""

    VERIFIED = "verified"
    DOUBTFUL = "doubtful"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


class Shown(StrEnum):
    """The five words that a page has for a row: a rule of conduct or form that failed is none of the other four."""

    VERIFIED = "verified"
    REMARKED = "remarked"
    DOUBTFUL = "doubtful"
    MISMATCH = "mismatch"
    NOT_CHECKED = "not_checked"


class CheckResult(Frozen):
    """One check, run once. `code` is the stable slug of the finding; empty when there is nothing to say.

    `version` says by which version of the check. `params` fill the sentence that `code` names; they hold no
    personal data.
    """

    name: str
    version: int
    outcome: Outcome
    severity: Severity = Severity.NONE
    code: str = ""
    params: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def shown(self) -> Shown:
        """The word for this row."""
        return row_word(self.outcome, self.severity)

    @property
    def summary(self) -> str:
        """The form in which leaves before the catalogue repeated it: dies with its last caller."""
        return f"{self.version}/{self.outcome}/{self.severity}/{self.code}"

    @property
    def word(self) -> str:
        """The form in which the leaf of a seal repeats a binding claim: outcome/code/version."""
        return f"{self.outcome}/{self.code}/{self.version}"

    @model_validator(mode="after")
    def _explained(self) -> Self:
        if self.outcome is not Outcome.VERIFIED and not self.code:
            raise ValueError("an outcome other than verified needs a code that says why")
        return self


def row_word(outcome: Outcome, severity: Severity) -> Shown:
    """Return the word for one check. What differs and weighs little is a remark, and never reads as passed."""
    if outcome is Outcome.NOT_CHECKED:
        return Shown.NOT_CHECKED
    if severity is Severity.WARN:
        return Shown.DOUBTFUL
    if severity is Severity.FAIL:
        return Shown.MISMATCH
    is_remark = severity is Severity.REMARK or outcome is Outcome.MISMATCH
    return Shown.REMARKED if is_remark else Shown.VERIFIED


class Asked(StrEnum):
    """What a finding asks of whoever captured the recording."""

    NOTHING = "nothing"
    RECORD = "record"
    HAND_IN = "hand-in"


class FindingText(Frozen):
    """What was found, and the next step for the person who reads it (absent: nothing to do).

    `{name}` in a sentence is filled from the `params` of the result.
    """

    zh: str
    en: str
    next_zh: str = ""
    next_en: str = ""


class DeclaredFinding(FindingText):
    """One finding of one check: what it means for the claim, how much it weighs, and its sentences."""

    code: str
    outcome: Outcome
    severity: Severity
    asks: Asked = Asked.NOTHING


class Check(Frozen):
    """A check as declared.

    `proves` says what holds when it passed, `leaves` what that does not say. `media` are the kinds of recording
    it applies to, none for a check of a case or an audit. A mismatch of a *binding* check quarantines: it is a
    claim about the bytes. Of a *telling* check a reviewer sees remarks too, of all others what weighs at least
    `warn`.
    """

    name: str
    version: int
    title: Words
    proves: Words
    leaves: Words
    media: frozenset[Medium] = frozenset()
    is_binding: bool = False
    is_telling: bool = False
    findings: tuple[DeclaredFinding, ...]

    def held(self, **params: Any) -> CheckResult:  # noqa: ANN401 - parameters of a sentence are scalars of any kind
        """The claim held, and there is nothing to say."""
        return CheckResult(name=self.name, version=self.version, outcome=Outcome.VERIFIED, params=params)

    def found(self, code: str, **params: Any) -> CheckResult:  # noqa: ANN401 - as above
        """One of the declared findings; what it means and weighs is the declaration's word.

        Raises:
            KeyError: the check declares no such finding.
        """
        row = next((one for one in self.findings if one.code == code), None)
        if row is None:
            raise KeyError(f"{self.name} declares no finding {code}")
        return CheckResult(
            name=self.name,
            version=self.version,
            outcome=row.outcome,
            severity=row.severity,
            code=code,
            params=params,
        )


P = ParamSpec("P")
R = TypeVar("R", bound=CheckResult | None)


@dataclass(frozen=True)
class Examiner(Generic[P, R]):
    """A check together with the one function that does it; called with everything but the declaration."""

    check: Check
    function: Callable[Concatenate[Check, P], R]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(self.check, *args, **kwargs)


def examines(check: Check) -> Callable[[Callable[Concatenate[Check, P], R]], Examiner[P, R]]:
    """Pair a function with the check it does; a test finds every pair and no check without one."""

    def pair(function: Callable[Concatenate[Check, P], R]) -> Examiner[P, R]:
        return Examiner(check, function)

    return pair
