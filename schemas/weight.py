"""How much findings weigh for an agency: a list of its settings, over what each finding weighs as declared.

An item is `code=severity`, as `track-jump=warn`. What a claim about the bytes weighs is nobody's to set, and damage is
never made less than a doubt that a person must judge.
"""

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Final

from schemas.checks.table import CHECKS
from schemas.integrity import CheckResult, DeclaredFinding, Severity
from schemas.words import Language, Words

SETTABLE: Final = MappingProxyType(
    {
        finding.code: finding
        for check in CHECKS.values()
        if check.media and not check.is_binding
        for finding in check.findings
    }
)
"""Code → finding: what may be weighed otherwise. Findings of cases and audits are none of a recording's."""


WEIGHT_WORDS: Final = MappingProxyType(
    {
        Severity.INFO: Words("说明", "explanation"),
        Severity.REMARK: Words("提示", "remark"),
        Severity.WARN: Words("存疑", "doubtful"),
        Severity.FAIL: Words("不符", "mismatch"),
    }
)
"""What a weight is called where somebody sets it."""


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


def weight_said(item: str, language: Language) -> str:
    """Return an item with its weight in words."""
    code, _, severity = item.partition("=")
    return f"{code}={WEIGHT_WORDS[Severity(severity)].spoken(language)}" if is_weight(item) else item


def weight_meant(text: str) -> str:
    """Return the item behind a line that somebody typed, its weight in either language; what means none stays."""
    code, sign, word = (part.strip() for part in text.partition("="))
    meant = next((one for one, words in WEIGHT_WORDS.items() if word in {words.zh, words.en}), word)
    return f"{code}{sign}{meant}"
