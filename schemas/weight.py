"""How much findings weigh for an agency: a list of its settings, over what each finding weighs as declared.

An item is `code=severity`, as `track-jump=warn`. What a claim about the bytes weighs is nobody's to set, and damage is
never made less than a doubt that a person must judge.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

from schemas.checks.table import CHECKS
from schemas.integrity import CheckResult, DeclaredFinding, Severity

SETTABLE: Final = MappingProxyType(
    {
        finding.code: finding
        for check in CHECKS.values()
        if check.media and not check.is_binding
        for finding in check.findings
    }
)
"""Code → finding: what may be weighed otherwise. Findings of cases and audits are none of a recording's."""


def is_weight(item: str) -> bool:
    """Say whether an item names a finding that may be weighed, and a severity that it may have."""
    code, _, severity = item.partition("=")
    row = SETTABLE.get(code)
    return row is not None and severity in {one.value for one in allowed(row)}


def allowed(row: DeclaredFinding) -> tuple[Severity, ...]:
    """Return what a finding may weigh."""
    least = Severity.WARN if row.severity is Severity.FAIL else Severity.INFO
    return tuple(one for one in Severity if one.rank >= least.rank)


def weighed(checks: Iterable[CheckResult], items: Sequence[str]) -> tuple[CheckResult, ...]:
    """Return results with the weights that an agency has set; what is not listed weighs what is declared."""
    said = {code: Severity(severity) for code, _, severity in (item.partition("=") for item in items)}
    return tuple(
        one.model_copy(update={"severity": said[one.code]}) if one.code in said else one for one in checks
    )
