"""Recordings, their verification and its jobs."""

from schemas.errors import (
    AlreadySealed,
    Conflict,
    LeaseLost,
    Level,
    NotFound,
    Refusal,
    StorageFull,
    TransitionRefused,
    Unavailable,
)
from schemas.next_steps import CHECK_ID, LATER, NOTHING, OPERATOR, RELOAD, SOON

RECORDING_UNKNOWN = Refusal(
    "recording-unknown", NotFound, Level.INFO, "没有这份音像记录", "No such recording", *CHECK_ID
)
DERIVATIVE_UNKNOWN = Refusal(
    "derivative-unknown", NotFound, Level.INFO, "没有这张缩略图", "No such thumbnail", *RELOAD
)
DERIVATIVE_NOT_MADE = Refusal(
    "derivative-not-made",
    Conflict,
    Level.INFO,
    "这份记录不生成这种副本",
    "No copy of that kind is made of this recording",
    *RELOAD,
)
ALREADY_SEALED = Refusal(
    "already-sealed", AlreadySealed, Level.INFO, "记录已封存", "The recording is sealed", *NOTHING
)
RECORDING_QUARANTINED = Refusal(
    "recording-quarantined",
    TransitionRefused,
    Level.ERROR,
    "记录已隔离，不会自行重新核验",
    "The recording is quarantined and is not verified again by itself",
    *OPERATOR,
)
LEASE_LOST = Refusal(
    "lease-lost", LeaseLost, Level.DEBUG, "任务已由他人接管", "Somebody else holds the job", *NOTHING
)
SCRATCH_FULL = Refusal(
    "scratch-full", StorageFull, Level.WARNING, "临时空间不足", "The scratch folder is full", *LATER
)
SEAL_PENDING = Refusal(
    "seal-pending",
    Unavailable,
    Level.DEBUG,
    "封存尚未进入已签署的日志",
    "The seal is not in the signed log yet",
    *SOON,
)
