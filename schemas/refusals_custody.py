"""The custody log: entries, tiles, checkpoints, notes and proofs."""

from schemas.errors import Busy, IntegrityBroken, Invalid, Level, NotFound, Refusal
from schemas.next_steps import CHECK_ID, OPERATOR, SOON

ENTRY_UNKNOWN = Refusal(
    "entry-unknown", NotFound, Level.INFO, "没有这条存证记录", "No such custody entry", *CHECK_ID
)
PROOF_PENDING = Refusal(
    "proof-pending", NotFound, Level.DEBUG, "证明尚未生成", "The proof is not there yet", *SOON
)
LEAF_TOO_LONG = Refusal(
    "leaf-too-long", Invalid, Level.ERROR, "存证记录过长", "The custody entry is too long", *OPERATOR
)
LEAF_INVALID = Refusal(
    "leaf-invalid", Invalid, Level.ERROR, "存证记录无效", "The custody entry is invalid", *OPERATOR
)
LEAF_BROKEN = Refusal(
    "leaf-broken", IntegrityBroken, Level.CRITICAL, "存证记录被改动", "A custody entry was altered", *OPERATOR
)
CHAIN_BROKEN = Refusal(
    "chain-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "编号链的位置与最后一条记录不一致",
    "A chain does not stand where its last leaf does",
    *OPERATOR,
)
CHAIN_BUSY = Refusal(
    "chain-busy",
    Busy,
    Level.INFO,
    "他人正在处理同一事项",
    "Somebody else is acting on the same thing",
    *SOON,
)
SEQUENCE_BROKEN = Refusal(
    "sequence-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "日志序号与记录不一致",
    "The log's sequence differs from its entries",
    *OPERATOR,
)
TILE_BROKEN = Refusal(
    "tile-broken", IntegrityBroken, Level.CRITICAL, "日志树被改动", "The log's tree was altered", *OPERATOR
)
LOG_ROLLED_BACK = Refusal(
    "log-rolled-back", IntegrityBroken, Level.CRITICAL, "日志被回退", "The log was rolled back", *OPERATOR
)
LOG_REWRITTEN = Refusal(
    "log-rewritten", IntegrityBroken, Level.CRITICAL, "日志被改写", "The log was rewritten", *OPERATOR
)
LOG_KEY_DIFFERS = Refusal(
    "log-key-differs", IntegrityBroken, Level.CRITICAL, "日志密钥不一致", "The log key differs", *OPERATOR
)
CHECKPOINT_BROKEN = Refusal(
    "checkpoint-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "检查点被改动",
    "A checkpoint was altered",
    *OPERATOR,
)
CHECKPOINT_MALFORMED = Refusal(
    "checkpoint-malformed", Invalid, Level.ERROR, "检查点格式错误", "The checkpoint is malformed", *OPERATOR
)
CHECKPOINT_DIFFERS = Refusal(
    "checkpoint-differs", Invalid, Level.ERROR, "检查点不一致", "The checkpoint differs", *OPERATOR
)
NOTE_MALFORMED = Refusal(
    "note-malformed", Invalid, Level.ERROR, "签名便笺格式错误", "The note is malformed", *OPERATOR
)
VKEY_INVALID = Refusal(
    "vkey-invalid", Invalid, Level.ERROR, "验证密钥无效", "The verifier key is invalid", *OPERATOR
)
PROOF_INVALID = Refusal("proof-invalid", Invalid, Level.ERROR, "证明无效", "The proof is invalid", *OPERATOR)
