"""Words of `fsck`: the sentence of every fault, and what each part of a run is called."""

from schemas.fsck import FaultCode, Part
from schemas.words import vocabulary

FSCK_PARTS = vocabulary(
    Part,
    {
        Part.JOURNAL: ("证据存储中的日志", "log in the evidence store"),
        Part.LAID: ("证据存储中的日志树块", "tiles in the evidence store"),
        Part.LOG: ("存证记录", "log entries"),
        Part.CHAINS: ("编号链", "chains"),
        Part.DOCUMENTS: ("留存文件", "kept documents"),
        Part.INTAKES: ("批次", "batches"),
        Part.REVIEWS: ("审核轮次", "review rounds"),
        Part.AUDITS: ("已冻结的抽查", "frozen audits"),
        Part.LOOKS: ("查看记录", "looks"),
        Part.TRAIL: ("已封存的访问日志条目", "sealed rows of the access trail"),
        Part.PERSONAL: ("加密保存的个人信息", "rows with sealed personal data"),
        Part.RECORDINGS: ("音像记录", "recordings"),
        Part.OBJECTS: ("存储中的文件", "objects in the store"),
        Part.BYTES: ("逐字节重读的文件", "objects read again"),
        Part.LISTING: ("存储中列出的文件", "objects listed in the store"),
    },
)

FAULTS = vocabulary(
    FaultCode,
    {
        FaultCode.LEAF_HASH_DIFFERS: (
            "存证记录的字节与登记的哈希值不符。",
            "The entry's bytes do not hash to the hash beside them.",
        ),
        FaultCode.LEAF_UNREADABLE: (
            "存证记录的字节不是一条存证记录。",
            "The entry's bytes are no custody entry.",
        ),
        FaultCode.ENTRY_DIFFERS_FROM_LEAF: (
            "数据库列与存证记录的字节所述不同。",
            "A column says something else than the entry's bytes.",
        ),
        FaultCode.INDEX_GAP: (
            "日志缺少一个序号，其后的树无法重算。",
            "An index of the log is missing; the tree above it cannot be computed again.",
        ),
        FaultCode.TILE_MISSING: ("日志树缺少一块。", "A tile of the log's tree is missing."),
        FaultCode.TILE_DIFFERS: (
            "日志树的一块与存证记录算出的不同。",
            "A tile of the log's tree is not the one that the entries make.",
        ),
        FaultCode.TILE_UNEXPECTED: (
            "日志树多出一块，没有存证记录对应。",
            "A tile of the log's tree stands where no entries are.",
        ),
        FaultCode.CHECKPOINT_NOTE_INVALID: (
            "检查点的签名或格式无效。",
            "The signature or the form of a checkpoint is not valid.",
        ),
        FaultCode.CHECKPOINT_ROW_DIFFERS: (
            "检查点的数据库列与其签名内容不同。",
            "The row of a checkpoint says something else than its signed note.",
        ),
        FaultCode.CHECKPOINT_ROOT_DIFFERS: (
            "存证记录算不出已签署的根；其后的检查点不再逐一列出。",
            "The entries do not give the signed root; later checkpoints are not named one by one.",
        ),
        FaultCode.JOURNAL_MISSING: (
            "证据存储中缺少这一段已公布的日志。",
            "The evidence store has lost this published piece of the log.",
        ),
        FaultCode.JOURNAL_DIFFERS: (
            "证据存储中的这一段日志与数据库不一致。",
            "This piece of the log in the evidence store is not what the database says.",
        ),
        FaultCode.JOURNAL_AHEAD: (
            "证据存储中的日志比数据库更长：数据库可能是旧的备份。",
            "The log in the evidence store is longer than the database: this may be an older backup.",
        ),
        FaultCode.LAID_MISSING: (
            "证据存储中缺少已公布日志的这一树块或条目包。",
            "The evidence store has lost this tile, or bundle of entries, of the published log.",
        ),
        FaultCode.LAID_DIFFERS: (
            "证据存储中的这一树块或条目包与日志不一致。",
            "This tile, or bundle of entries, in the evidence store is not what the log says.",
        ),
        FaultCode.LAID_UNLOCKED: (
            "证据存储中的这一树块或条目包没有保留锁。",
            "This tile, or bundle of entries, in the evidence store is not locked.",
        ),
        FaultCode.TICKET_MISSING: (
            "存证记录没有写入进程的签章：不是本系统写入的。",
            "The entry carries no ticket of the process that wrote it: the product did not write it.",
        ),
        FaultCode.TICKET_INVALID: (
            "存证记录的签章无效，或签章的进程无权写入这类记录。",
            "The entry's ticket does not hold, or its process may not write such an entry.",
        ),
        FaultCode.ENTRY_REFUSED: (
            "日志拒绝收录这条存证记录；它所在的事项须先修复。",
            "The log refuses this entry; what it is about has to be mended first.",
        ),
        FaultCode.CHECKPOINT_MISSING: (
            "已编号的存证记录没有检查点签署。",
            "Entries have an index, and no checkpoint was signed over them.",
        ),
        FaultCode.CHECKPOINT_BEYOND_LOG: (
            "检查点签署的存证记录比现有的多：日志被截短。",
            "A checkpoint was signed over more entries than there are: the log was cut.",
        ),
        FaultCode.PLACE_DIFFERS: (
            "数据库登记的编号链位置与存证记录所述不同。",
            "The places that are kept for an entry are not those that its leaf states.",
        ),
        FaultCode.OPENING_MISSING: (
            "存证记录所承诺的内容没有明文，也没有依法删除的记载。",
            "What a leaf commits to is not there in clear, and nothing says that it was erased.",
        ),
        FaultCode.OPENING_DIFFERS: (
            "明文与存证记录所承诺的内容不符。",
            "What is kept in clear is not what the leaf commits to.",
        ),
        FaultCode.OPENING_UNEXPECTED: (
            "一段明文没有任何存证记录对应。",
            "Something is kept in clear that no leaf commits to.",
        ),
        FaultCode.PERSONAL_UNREADABLE: (
            "个人信息未按密钥加密保存，或密文被改动、移到了另一行。",
            "Personal data is not sealed under the key, or was altered or moved to another row.",
        ),
        FaultCode.CHAIN_BROKEN: (
            "编号链缺号、重号或前后不相连。",
            "A number of the chain is missing, stands twice, or does not follow the one before.",
        ),
        FaultCode.CHAIN_DIFFERS: (
            "数据库登记的编号链末端与其存证记录不符。",
            "The end of a chain is not where its leaves end.",
        ),
        FaultCode.LEAF_UNLAWFUL: (
            "存证记录所述的行为不符合规则。",
            "A leaf says something that the rules do not allow at that point.",
        ),
        FaultCode.LEAF_WITHOUT_ROW: (
            "存证记录所述的内容在数据库中没有对应的行。",
            "The log speaks of something that no row keeps.",
        ),
        FaultCode.ROW_WITHOUT_LEAF: (
            "数据库中的一行没有任何存证记录对应。",
            "A row says something that no leaf speaks of.",
        ),
        FaultCode.COLUMN_DIFFERS: (
            "数据库列与存证记录推得的值不同。",
            "A column is not what the leaves make it.",
        ),
        FaultCode.INTAKE_ROWS_DIFFER: (
            "批次中保存的记录算不出已签署的根。",
            "The rows kept of a batch do not make the root that was signed.",
        ),
        FaultCode.REVIEW_EVIDENCE_ALTERED: (
            "审核所依据的证据清单与日志登记的不符。",
            "What a review round rested on does not have the digest that the log took.",
        ),
        FaultCode.POPULATION_CHANGED: (
            "冻结的抽查范围与方案登记的根不符。",
            "The frozen members of an audit do not have the plan's root.",
        ),
        FaultCode.SAMPLE_DIFFERS: (
            "由抽查范围和公开随机数重新抽取，结果与保存的或日志登记的不同。",
            "Members and public values give another sample than the kept or the logged one.",
        ),
        FaultCode.TRAIL_DAY_MISSING: (
            "访问日志有一天没有封存，或封存的次序不对。",
            "A day of the access trail was not sealed, or not in its order.",
        ),
        FaultCode.TRAIL_ROW_CHANGED: (
            "访问日志的一条在封存之后被改动。",
            "A row of the access trail was changed after its day was sealed.",
        ),
        FaultCode.TRAIL_ROW_MISSING: (
            "已封存的访问日志缺少条目。",
            "Rows of a sealed day of the access trail are gone.",
        ),
        FaultCode.TRAIL_ROW_INSERTED: (
            "访问日志的一条不属于它所在那一天的封存。",
            "A row of the access trail does not belong to the seal of its day.",
        ),
        FaultCode.TRAIL_ROOT_DIFFERS: (
            "一天的访问日志与存证日志封存的哈希值不符：整天被重写。",
            "A day of the access trail does not have the digest that the log sealed: all of it was written anew.",
        ),
        FaultCode.TRAIL_KEPT_WRONG: (
            "封存记录称访问日志只保留到不可能的日期：不足六个月，或早于以前已清理的日期。",
            "A seal says that the access trail is kept from a day that cannot be: less than six months, or dropped before.",
        ),
        FaultCode.SEALED_WITH_BROKEN_CLAIM: (
            "音像记录已封存，而其采集清单的签名、密钥或所列文件不成立。",
            "The recording is sealed although its manifest's signature, key or listing does not hold.",
        ),
        FaultCode.SEALED_WITH_OTHER_BYTES: (
            "音像记录已封存，而其完整性校验值与接收时申报的不同。",
            "The recording is sealed with another digest than was declared at its receipt.",
        ),
        FaultCode.OBJECT_MISSING: ("存储中没有这个文件。", "The object is not in the store."),
        FaultCode.OBJECT_DAMAGED: (
            "存储中文件的附属信息缺失或损坏，锁定状态不明。",
            "What the store keeps beside the bytes is missing or damaged; whether they are locked is unknown.",
        ),
        FaultCode.OBJECT_SIZE_DIFFERS: (
            "文件大小与登记的不同。",
            "The object has another size than its row.",
        ),
        FaultCode.OBJECT_HIDDEN: (
            "文件被删除标记或更新的版本遮盖。",
            "A delete marker or a newer version hides the object.",
        ),
        FaultCode.OBJECT_BYTES_DIFFER: (
            "文件的字节与登记的完整性校验值（哈希值）不符。",
            "The object's bytes do not have the recorded digest.",
        ),
        FaultCode.CHUNKS_DIFFER: (
            "文件分段哈希值的清单与文件的字节不符。",
            "The kept digests of the object's chunks are not those of its bytes.",
        ),
        FaultCode.OBJECT_UNNAMED: (
            "证据存储中有一个没有任何记录指向的文件：由他人放入，或其记录已不在。",
            "The evidence store has an object that no row names: somebody put it there, or its rows are gone.",
        ),
        FaultCode.RETENTION_MISSING: (
            "文件没有锁定到应保存的期限。",
            "The object is not locked until the end of its retention.",
        ),
        FaultCode.RETENTION_SHORT: (
            "文件的锁短于现在的保存期限所要求的（至少 13 个月，或到期限届满）。",
            "The lock of the object is shorter than its retention asks for now: 13 months ahead, or to its end.",
        ),
        FaultCode.DERIVATIVE_MISSING: ("存储中没有这张缩略图。", "The derivative is not in the store."),
        FaultCode.DERIVATIVE_BYTES_DIFFER: (
            "缩略图的字节与登记的完整性校验值不符。",
            "The derivative's bytes do not have the recorded digest.",
        ),
        FaultCode.DERIVATIVE_PARENT_DIFFERS: (
            "缩略图登记的原件不是这份音像记录的字节。",
            "The derivative names other bytes as its original.",
        ),
    },
)
