"""How the findings of a check are written down, and the advice that several of them share."""

from schemas.integrity import Asked, DeclaredFinding, Outcome, Severity
from schemas.media import Medium

ALL_MEDIA = frozenset(Medium)

Advice = tuple[str, str]
"""The next step for the person who reads a finding, in Chinese and in English."""

NONE: Advice = ("", "")
RETAKE: Advice = (
    "原始字节已按申报内容封存；如现场仍在，请补录，并保留设备上的原件。",
    "The bytes are sealed as declared. Record again if the scene is still there, and keep the original.",
)
HAND_IN: Advice = (
    "记录已隔离并锁定。请从设备重新上传原件，两份都会保留。",
    "The recording is quarantined and locked. Upload the original from the device again; both are kept.",
)
LATER: Advice = (
    "原件未受影响；请管理员查看日志后重新检查。",
    "The original is untouched. Ask the operator to look at the log and check it again.",
)


def mismatch(
    code: str, *, zh: str, en: str, then: Advice = NONE, severity: Severity = Severity.FAIL
) -> DeclaredFinding:
    """The claim does not hold."""
    return _row(code, Outcome.MISMATCH, severity, (zh, en), then)


def not_checked(
    code: str, *, zh: str, en: str, then: Advice = NONE, severity: Severity = Severity.INFO
) -> DeclaredFinding:
    """The check did not run; the sentence says why."""
    return _row(code, Outcome.NOT_CHECKED, severity, (zh, en), then)


def remark(
    code: str, *, zh: str, en: str, then: Advice = NONE, severity: Severity = Severity.INFO
) -> DeclaredFinding:
    """The claim holds, and there is something to say about it."""
    return _row(code, Outcome.VERIFIED, severity, (zh, en), then)


def _row(
    code: str, outcome: Outcome, severity: Severity, said: tuple[str, str], then: Advice
) -> DeclaredFinding:
    (zh, en), (next_zh, next_en) = said, then
    return DeclaredFinding(
        code=code,
        outcome=outcome,
        severity=severity,
        asks=_ASKS.get(then, Asked.NOTHING),
        zh=zh,
        en=en,
        next_zh=next_zh,
        next_en=next_en,
    )


_ASKS = {RETAKE: Asked.RECORD, HAND_IN: Asked.HAND_IN}
