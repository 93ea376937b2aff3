"""The custody log: entries, tiles, checkpoints, notes and proofs."""

from schemas.errors import (
    Busy,
    Conflict,
    Gone,
    IntegrityBroken,
    Invalid,
    Level,
    Misconfigured,
    NotFound,
    Refusal,
    Unavailable,
)
from schemas.next_steps import CHECK_ID, OPERATOR, SOON

_BEHIND = (
    "停止全部进程，恢复最新的数据库备份，再运行 quancheng log rebuild：证据存储中保存着之后的全部存证记录",
    "stop every process, bring the newest backup back, then run `quancheng log rebuild`: the store keeps every entry since",
)

ENTRY_UNKNOWN = Refusal(
    "entry-unknown", NotFound, Level.INFO, "没有这条存证记录", "No such custody entry", *CHECK_ID
)
PROOF_PENDING = Refusal(
    "proof-pending", NotFound, Level.DEBUG, "证明尚未生成", "The proof is not there yet", *SOON
)
ENTRY_REFUSED = Refusal(
    "entry-refused",
    Gone,
    Level.ERROR,
    "日志拒绝收录这条存证记录",
    "The log refuses this custody entry for good",
    "保留收到的承诺，连同此答复交给监督机关",
    "keep the promise that was given, and show it to the supervisor with this answer",
)
CORRECTION_MEMBER = Refusal(
    "correction-member",
    Invalid,
    Level.INFO,
    "这条存证记录没有要更正的项",
    "The entry has no such member to correct",
    "按所列的项更正",
    "name members that it has",
)
CORRECTION_NOWHERE = Refusal(
    "correction-nowhere",
    Invalid,
    Level.INFO,
    "这条存证记录不属于任何事项，无处更正",
    "The entry stands in no chain of a thing: nothing can carry its correction",
    "在事项中用备注说明",
    "say it in a note beside the thing",
)
LOG_UNSIGNED = Refusal(
    "log-unsigned", NotFound, Level.DEBUG, "日志尚无检查点", "The log has no checkpoint yet", *SOON
)
CHECKPOINT_UNKNOWN = Refusal(
    "checkpoint-unknown",
    NotFound,
    Level.DEBUG,
    "没有公布过这个大小的检查点",
    "No checkpoint of this size was published",
    "用已公布的检查点的大小",
    "name the size of a checkpoint that was published",
)
TILE_UNKNOWN = Refusal(
    "tile-unknown",
    NotFound,
    Level.DEBUG,
    "没有这块日志数据，或最新检查点尚未覆盖到它",
    "No such tile, or the newest checkpoint does not reach it",
    "先取最新的检查点，再按 C2SP tlog-tiles 写路径",
    "fetch the newest checkpoint, and write the path as C2SP tlog-tiles says",
)
SIZES_REVERSED = Refusal(
    "sizes-reversed",
    Invalid,
    Level.DEBUG,
    "前一个大小不能大于后一个",
    "The first size is above the second",
    "把较小的大小放在前面",
    "name the smaller size first",
)
BUNDLE_MALFORMED = Refusal(
    "bundle-malformed", Invalid, Level.ERROR, "日志条目包格式错误", "The entry bundle is malformed", *OPERATOR
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
CHAIN_REFUSED = Refusal(
    "chain-refused",
    IntegrityBroken,
    Level.CRITICAL,
    "该事项的最后一条存证记录被日志拒绝收录",
    "The log refuses the last entry about this",
    *OPERATOR,
)
TICKET_KEY_MISSING = Refusal(
    "ticket-key-missing",
    Unavailable,
    Level.ERROR,
    "本进程缺少存证签章密钥",
    "This process has no key to sign custody entries with",
    *OPERATOR,
)
TICKET_KEY_UNKNOWN = Refusal(
    "ticket-key-unknown",
    Unavailable,
    Level.ERROR,
    "日志没有公布本进程的存证签章密钥",
    "The log has not announced the key by which this process signs custody entries",
    *OPERATOR,
)
SERVER_KEY_DIFFERS = Refusal(
    "server-key-differs",
    Misconfigured,
    Level.ERROR,
    "日志公布的是另一个密钥",
    "The log has announced another key",
    *OPERATOR,
)
SERVER_KEY_MISSING = Refusal(
    "server-key-missing",
    Misconfigured,
    Level.ERROR,
    "缺少本进程必需的密钥",
    "A key that this process needs is missing",
    *OPERATOR,
)
CHAIN_SOUND = Refusal(
    "chain-sound",
    Invalid,
    Level.INFO,
    "编号链没有停住",
    "The chain does not stand still",
    "用 quancheng fsck 查看被拒绝收录的记录",
    "see by `quancheng fsck` what the log refuses",
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
LOG_BUSY = Refusal(
    "log-busy",
    Conflict,
    Level.INFO,
    "签署进程正在运行",
    "A signer is at work",
    "停止全部进程后再次运行",
    "stop every process and run it again",
)
LOG_BEHIND_STORE = Refusal(
    "log-behind-store",
    IntegrityBroken,
    Level.CRITICAL,
    "数据库中的日志落后于证据存储：可能恢复了旧的数据库",
    "The log in the database is behind the one in the evidence store: an older database may have been restored",
    *_BEHIND,
)
LOG_DIFFERS_STORE = Refusal(
    "log-differs-store",
    IntegrityBroken,
    Level.CRITICAL,
    "数据库中的日志与证据存储中的不一致",
    "The log in the database is not the one in the evidence store",
    *OPERATOR,
)
LOG_BEHIND_FILE = Refusal(
    "log-behind-file",
    IntegrityBroken,
    Level.CRITICAL,
    "数据库中的日志落后于签署进程的记录文件",
    "The log in the database is behind the signer's own file",
    *_BEHIND,
)
LOG_DIFFERS_FILE = Refusal(
    "log-differs-file",
    IntegrityBroken,
    Level.CRITICAL,
    "数据库中的日志与签署进程的记录文件不一致",
    "The log in the database is not the one of the signer's own file",
    *OPERATOR,
)
ANCHOR_MISSING = Refusal(
    "anchor-missing",
    IntegrityBroken,
    Level.CRITICAL,
    "证据存储中缺少已公布的日志",
    "The evidence store has lost a published piece of the log",
    *OPERATOR,
)
JOURNAL_BROKEN = Refusal(
    "journal-broken",
    IntegrityBroken,
    Level.CRITICAL,
    "证据存储中的日志无法读取，或不是本日志签署的",
    "A piece of the log in the evidence store cannot be read, or was not signed by the log",
    *OPERATOR,
)
LOG_KEY_DIFFERS = Refusal(
    "log-key-differs",
    IntegrityBroken,
    Level.CRITICAL,
    "日志密钥不是签署本日志的密钥",
    "The log key is not the one that signs this log",
    *OPERATOR,
)
LOG_ORIGIN_DIFFERS = Refusal(
    "log-origin-differs",
    IntegrityBroken,
    Level.CRITICAL,
    "日志名称不是本日志的名称",
    "The name of the log is not that of this log",
    *OPERATOR,
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
