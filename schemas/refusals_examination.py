"""Refusals about examining a sealed recording again."""

from schemas.errors import Level, Refusal, TransitionRefused

EXAMINATION_UNSEALED = Refusal(
    "examination-unsealed",
    TransitionRefused,
    Level.INFO,
    "只有已封存的音像记录可以重新检查",
    "Only a sealed recording is examined again",
    "核验中的请等待；已隔离的请从设备重新提交",
    "wait for one that is being verified; hand in again what was quarantined",
)
