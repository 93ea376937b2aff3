"""What the offline verifier says: each claim, each reason against it, and what stays unproven."""

from schemas.claim import ClaimFault, DrawClaim, DrawFault, NotProven, PackageClaim, PackageVerdict, Voucher
from schemas.package_scope import Ground
from schemas.words import vocabulary

PACKAGE_CLAIMS = vocabulary(
    PackageClaim,
    {
        PackageClaim.CONTAINER: ("容器逐字节规范", "the container is canonical, byte for byte"),
        PackageClaim.FILE: (
            "文件字节与完整性校验值（哈希值）一致",
            "the file's bytes are those of its digest",
        ),
        PackageClaim.BAG: ("文件清单完整，无多无少", "the bag lists every file, none more and none less"),
        PackageClaim.INDEX: (
            "索引可读，每个文件都有所属",
            "the index is readable, and every file belongs to something",
        ),
        PackageClaim.PACKAGE_SIGNATURE: ("导出包由出具方密钥签名", "the package is signed by the export key"),
        PackageClaim.CHECKPOINT_SIGNATURE: (
            "检查点由日志密钥签名",
            "the checkpoint is signed by the log's key",
        ),
        PackageClaim.LOG_INCLUSION: (
            "条目在已签名的存证日志中",
            "the custody entry is in the signed log",
        ),
        PackageClaim.LOG_HISTORY: (
            "本包与信任文件的检查点同属一部日志，未回退、未改写",
            "package and trust file are of one history of the log, neither rolled back nor rewritten",
        ),
        PackageClaim.TICKET: (
            "每条展示的存证记录由本系统的写入进程签章",
            "each leaf that is shown was signed by the process that wrote it",
        ),
        PackageClaim.CATALOGUE: (
            "存证规则目录是日志所载的现行版本",
            "the catalogue is the one the log has in force",
        ),
        PackageClaim.OPENING: (
            "展示的文字即存证记录所承诺的文字，其余均注明不展示的理由",
            "what is shown is what the leaves commit to; all else is named with a ground",
        ),
        PackageClaim.REQUEST: (
            "导出申请写明编号链的终点与不予展示的内容",
            "the request states how far the chains go and what is not shown",
        ),
        PackageClaim.CASE_NUMBER: (
            "本包是所问案号的案件",
            "the package is of the case that was asked about",
        ),
        PackageClaim.CHAIN: (
            "编号链连续、无改动，到申请所载的终点为止",
            "the chain is gapless and unaltered up to where the request says",
        ),
        PackageClaim.STATE: (
            "状态由存证记录依规则推得",
            "the state follows lawfully from the leaves",
        ),
        PackageClaim.COMPLETENESS: (
            "本案应有的编号链齐全，无一遗漏",
            "every chain that must stand for this case is here",
        ),
        PackageClaim.RECORDING_DIGEST: (
            "原件与存证记录所载的完整性校验值（哈希值）一致",
            "the recording's bytes are those its leaf states",
        ),
        PackageClaim.RECORDING_LOGGED: (
            "核验报告与存证记录所载的结论一致",
            "the report of the verification gives the conclusion the log states",
        ),
        PackageClaim.DERIVATIVE: ("缩略图等由该原件生成", "the derivative is of this recording"),
        PackageClaim.MANIFEST_AGREES: ("采集清单列有该文件", "the capture manifest lists this file"),
        PackageClaim.MANIFEST_SIGNATURE: (
            "采集清单由执法记录设备签名",
            "the capture manifest is signed by the device",
        ),
        PackageClaim.DEVICE_KEY: ("设备密钥已登记", "the device key is registered"),
        PackageClaim.INTAKE_LOGGED: (
            "非现场监管数据批次已入存证日志",
            "the batch of monitoring rows is in the log",
        ),
        PackageClaim.INTAKE_SIGNATURE: (
            "非现场监管数据批次由登记机构签名",
            "the batch is signed by the registry",
        ),
        PackageClaim.RECORD_ROW: (
            "非现场监管记录在已签名的批次中",
            "the monitoring row is in its signed batch",
        ),
        PackageClaim.RECORD_MEDIA: ("图像是该记录所指的图像", "the record's media are those its row names"),
        PackageClaim.RECORD_GATE: (
            "设备在抓拍时具备法定条件（行政处罚法第四十一条、计量法第九条）",
            "the equipment met what the law asks of it when it captured the record",
        ),
        PackageClaim.RECORD_REVIEWED: (
            "非现场监管记录经两人审核有效",
            "two people found the record valid",
        ),
        PackageClaim.REVIEW_LOGGED: (
            "法制审核所依据的证据清单与存证记录一致",
            "what a round of legal review rested on is what its leaf states",
        ),
    },
)
"""What each claim says when it is verified."""

VOUCHED = vocabulary(
    Voucher,
    {
        Voucher.DEVICE: ("执法记录设备", "the device"),
        Voucher.REGISTRY: ("登记机构", "the registry"),
        Voucher.TICKET: ("写入方凭证", "the writer's ticket"),
        Voucher.LOG: ("存证日志", "the log"),
        Voucher.EXPORT_KEY: ("仅出具方密钥", "the export key alone"),
    },
)
"""Whose word a claim rests on."""

PACKAGE_VERDICTS = vocabulary(
    PackageVerdict,
    {
        PackageVerdict.HOLDS: ("通过：全部必要结论成立", "every required claim holds"),
        PackageVerdict.FAILS: ("不符：至少一项必要结论不成立", "a required claim does not hold"),
        PackageVerdict.ORIGIN_UNKNOWN: ("字节完整，来源未知", "the bytes hold, the origin is unknown"),
        PackageVerdict.NOT_UNDERSTOOD: (
            "未能全部读懂：请用更新的版本核验",
            "not all is understood: verify with a newer version",
        ),
    },
)

DRAW_CLAIMS = vocabulary(
    DrawClaim,
    {
        DrawClaim.PLAN: ("抽样方案与存证日志一致", "the plan is the one the log committed to"),
        DrawClaim.LEAD: (
            "公开随机值产生于冻结之后，间隔不少于方案所载的时长",
            "every public event is behind the freeze, by the time that the plan promises",
        ),
        DrawClaim.POPULATION: ("抽查范围与冻结时一致", "the population has the frozen root"),
        DrawClaim.VALUES: ("公开随机值与存证日志一致", "the public values are those the log committed to"),
        DrawClaim.SEED: ("种子可由抽查范围与公开随机值重算", "the seed follows from root and values"),
        DrawClaim.SAMPLE: ("抽样结果可重算", "the sample follows from the seed"),
        DrawClaim.ORDER: (
            "冻结、录入、核对、抽样依次入日志",
            "freeze, value, confirmation, draw stand in this order",
        ),
        DrawClaim.LOG: ("四条记录在已签名的存证日志中", "the four entries are in the signed log"),
    },
)

DRAW_FAULTS = vocabulary(
    DrawFault,
    {
        DrawFault.PLAN_INVALID: ("抽样方案不可读", "the plan cannot be read"),
        DrawFault.PLAN_DIFFERS: (
            "存证日志所载的是另一方案或另一次评查",
            "the log committed to another plan, or to another audit",
        ),
        DrawFault.LEAD_BROKEN: (
            "公开随机值产生于冻结之前，或距冻结太近：冻结时可能已知",
            "an event was over at the freeze, or too near: it could be known then",
        ),
        DrawFault.POPULATION_INVALID: ("抽查范围或公开随机值不可读", "population or values cannot be read"),
        DrawFault.POPULATION_DIFFERS: (
            "抽查范围不是冻结的那份",
            "the population is not the one that was frozen",
        ),
        DrawFault.VALUE_DIFFERS: ("录入或核对的是另一个值", "another value was entered or confirmed"),
        DrawFault.SEED_DIFFERS: ("种子不同", "another seed"),
        DrawFault.SAMPLE_IMPOSSIBLE: ("按此方案无法抽样", "nothing can be drawn by this plan"),
        DrawFault.SAMPLE_DIFFERS: ("抽样结果不同", "another sample"),
        DrawFault.ORDER_DIFFERS: (
            "缺少条目，或条目次序不同",
            "an entry is missing, or they stand in another order",
        ),
        DrawFault.LOG_NOT_CHECKED: (
            "文件自身一致；存证日志未核验",
            "consistent in itself; the log was not checked",
        ),
        DrawFault.NO_TRUST_ANCHOR: ("没有信任文件", "no trust anchor: give --trust"),
        DrawFault.LOG_FORKED: (
            "所在的日志与信任文件的检查点不相延续：日志被回退或改写过",
            "its log and the trust file's checkpoint are of two histories: rolled back or rewritten",
        ),
        DrawFault.HISTORY_UNPROVEN: (
            "与信任文件的检查点之间没有衔接证明：向日志取得该证明，再加 --consistency 核验",
            "nothing proves it from the trust file's checkpoint: fetch the proof from the log, give it by --consistency",
        ),
        DrawFault.PROOF_MISSING: ("缺少包含证明", "a proof of inclusion is missing"),
        DrawFault.PROOF_INVALID: ("包含证明不成立", "a proof of inclusion does not hold"),
        DrawFault.INDEX_DIFFERS: ("条目序号与其证明不同", "an index differs from its proof"),
    },
)

CLAIM_FAULTS = vocabulary(
    ClaimFault,
    {
        ClaimFault.NO_TRUST_ANCHOR: ("没有信任文件", "no trust anchor: give --trust"),
        ClaimFault.CONTAINER_BROKEN: ("容器被改动或截断", "the container was changed or cut off"),
        ClaimFault.CRC_DIFFERS: (
            "内容与容器中的循环校验码（CRC）不符",
            "the content differs from its CRC-32",
        ),
        ClaimFault.DIGEST_DIFFERS: (
            "内容与所列完整性校验值（哈希值）不符",
            "the content differs from its listed digest",
        ),
        ClaimFault.FILE_NOT_LISTED: ("文件不在清单中", "the file is not listed"),
        ClaimFault.FILE_MISSING: ("清单所列文件缺失", "a listed file is missing"),
        ClaimFault.BAG_MALFORMED: ("文件清单格式不符", "a bag file is malformed"),
        ClaimFault.OXUM_DIFFERS: ("文件数或字节数不符", "the count of files or bytes differs"),
        ClaimFault.INDEX_INVALID: ("索引不可读", "the index cannot be read"),
        ClaimFault.ENTRIES_INVALID: ("存证日志条目不可读", "the custody entries cannot be read"),
        ClaimFault.LEAF_INVALID: ("字节不是存证日志条目", "the bytes are not a custody entry"),
        ClaimFault.LAYOUT_DIFFERS: (
            "文件与索引所述不一致，或不属于任何记录",
            "a file and the index disagree, or it belongs to nothing",
        ),
        ClaimFault.NAME_DIFFERS: (
            "文件名不是存证记录所载的名称",
            "the file is not called as its leaf says",
        ),
        ClaimFault.NOTE_DIFFERS: ("签名文本与本包不符", "the signed text is of another package"),
        ClaimFault.SIGNATURE_INVALID: ("签名不成立", "the signature does not verify"),
        ClaimFault.NOTE_MALFORMED: ("签名文件格式不符", "the signed note is malformed"),
        ClaimFault.CHECKPOINT_MALFORMED: ("检查点或证明格式不符", "checkpoint or proof is malformed"),
        ClaimFault.CHECKPOINT_DIFFERS: ("证明基于另一个检查点", "the proof rests on another checkpoint"),
        ClaimFault.PROOF_INVALID: ("包含证明不成立", "the inclusion proof does not hold"),
        ClaimFault.PROOF_MISSING: ("缺少包含证明", "the proof of inclusion is missing"),
        ClaimFault.TICKET_MISSING: (
            "没有写入进程的签章：不是本系统写入的",
            "no ticket of the process that wrote it: the product did not write it",
        ),
        ClaimFault.TICKET_INVALID: (
            "写入进程的签章不成立，或该进程无权写入这类记录",
            "its ticket does not hold, or its process may not write such a leaf",
        ),
        ClaimFault.KEY_ENDED: (
            "由一个此前已停用的密钥签署",
            "by a key that had ended before",
        ),
        ClaimFault.KEY_SUSPECT: (
            "由一个当时可能已落入他人之手的密钥签署；该密钥其后已停用",
            "by a key that may have been in other hands by then; it was revoked later",
        ),
        ClaimFault.CATALOGUE_DIFFERS: (
            "存证规则目录不是日志所载的版本",
            "the catalogue is not the one the log states",
        ),
        ClaimFault.LOG_DIFFERS: (
            "日志的第一条记录与检查点不是同一日志",
            "log and checkpoint are not of one log",
        ),
        ClaimFault.LOG_FORKED: (
            "本包的日志不能由信任文件的检查点延续而来，也不能延续到它：日志被回退或改写过",
            "the package's log neither extends the trust file's checkpoint nor is extended by it: rolled back or rewritten",
        ),
        ClaimFault.HISTORY_UNPROVEN: (
            "两个检查点之间没有衔接证明：向日志取得该证明，再加 --consistency 核验",
            "nothing proves one checkpoint from the other: fetch the proof from the log, and give it by --consistency",
        ),
        ClaimFault.NO_TRUSTED_CHECKPOINT: (
            "信任文件没有检查点：看不出日志是否回退或改写过",
            "the trust file holds no checkpoint: a log that was rolled back or rewritten cannot be told",
        ),
        ClaimFault.REQUEST_MISSING: (
            "本案的编号链没有以此导出申请结束",
            "the case's chain does not end with this request",
        ),
        ClaimFault.CASE_DIFFERS: (
            "本包是另一案号的案件",
            "the package is of a case with another number",
        ),
        ClaimFault.CHAINS_DIFFER: (
            "编号链清单与导出申请所载不一致",
            "the list of chains is not the one the request states",
        ),
        ClaimFault.HIDDEN_DIFFERS: (
            "不予展示的内容与导出申请所载不一致",
            "what is not shown is not what the request states",
        ),
        ClaimFault.OPENING_MISSING: (
            "有承诺的文字既未展示，也未注明理由",
            "something committed is neither shown nor named with a ground",
        ),
        ClaimFault.OPENING_DIFFERS: (
            "展示的文字不是存证记录所承诺的文字",
            "what is shown is not what the leaf commits to",
        ),
        ClaimFault.CHAIN_MISSING: ("应有的编号链不在包内", "a chain that must stand is not in the package"),
        ClaimFault.CHAIN_BROKEN: (
            "编号链有缺号、重号或不衔接的记录",
            "the chain has a hole, a double, or a leaf that does not follow",
        ),
        ClaimFault.CHAIN_CUT: (
            "编号链未到申请所载的终点，或终点不同",
            "the chain does not reach the head that the request states",
        ),
        ClaimFault.UNLAWFUL: ("有记录违反其规则", "a leaf breaks the rules of its thing"),
        ClaimFault.NOT_UNDERSTOOD: (
            "含本程序不认识的记录，自该处起状态不明：请用更新的版本核验",
            "a leaf of a kind this program does not know: not understood from there; use a newer version",
        ),
        ClaimFault.WITHHELD_FROM: (
            "有记录未予展示，自该处起状态不明",
            "a leaf is withheld: the state is not known from there",
        ),
        ClaimFault.NOT_SHOWN: (
            "存证记录有承诺，本包不予展示，未能核验",
            "committed, not shown in this package, and so not checked",
        ),
        ClaimFault.DIGEST_UNKNOWN: (
            "存证记录没有该文件的完整性校验值（哈希值）",
            "the log states no digest of these bytes",
        ),
        ClaimFault.GATE_CLOSED: (
            "设备在抓拍时不具备法定条件（行政处罚法第四十一条、计量法第九条）",
            "the equipment did not meet what the law asks of it at the capture",
        ),
        ClaimFault.LEAF_MISSING: ("存证日志中没有相应条目", "the log holds no such entry for it"),
        ClaimFault.LEAF_DIFFERS: ("与存证日志条目所述不一致", "it differs from what the custody entry says"),
        ClaimFault.NOT_VERIFIED_YET: (
            "服务器尚未核验该原件",
            "the server had not yet verified this recording",
        ),
        ClaimFault.MANIFEST_ABSENT: ("没有采集清单", "no capture manifest"),
        ClaimFault.MANIFEST_INVALID: ("采集清单违反格式规则", "the capture manifest breaks its rules"),
        ClaimFault.MANIFEST_DIGEST_DIFFERS: (
            "采集清单不是存证日志所载的那份",
            "the manifest is not the one that was logged",
        ),
        ClaimFault.FILE_NOT_IN_MANIFEST: (
            "采集清单未列此文件或完整性校验值不同",
            "the manifest does not list these bytes",
        ),
        ClaimFault.MANIFEST_FACTS_DIFFER: (
            "存证记录与采集清单所述不一致",
            "leaf and manifest state different facts",
        ),
        ClaimFault.KEY_ABSENT: ("包内没有该设备密钥", "the device key is not in the package"),
        ClaimFault.KEY_MALFORMED: ("设备密钥文件格式不符", "the key file is malformed"),
        ClaimFault.KEY_DIFFERS: ("密钥不属于该设备", "the key belongs to another device"),
        ClaimFault.DEVICE_KEY_REVOKED: (
            "申报之前设备已注销",
            "the key was revoked before the declaration",
        ),
        ClaimFault.ROW_DIFFERS: (
            "记录原文与存证记录所述不一致",
            "the row states something else than the leaves",
        ),
        ClaimFault.MEDIA_DIFFERS: ("图像不是记录所指的图像", "a picture is not the one the row names"),
        ClaimFault.NOT_FOUND_VALID: ("没有两人的有效意见", "two opinions of valid are missing"),
        ClaimFault.INTAKE_INVALID: ("批次清单不可读", "the intake manifest cannot be read"),
        ClaimFault.NOT_REACHED: ("前一步未通过", "an earlier step failed"),
    },
)

NOT_PROVEN = vocabulary(
    NotProven,
    {
        NotProven.SCENE: ("现场是真实的", "that the scene was real"),
        NotProven.OFFICER: ("执法人员如实陈述", "that the officers told the truth"),
        NotProven.CLOCK: (
            "首次联系服务器之前设备时钟准确",
            "that the device's clock was right before first contact",
        ),
        NotProven.UNTRUSTED_TIME: (
            "外部时间：没有第三方时间戳，时间是出具方的声明",
            "outside time: no third party stamped it; times are the operator's own statement",
        ),
        NotProven.WITNESSES: (
            "存证日志对所有人相同：没有外部见证人",
            "that everybody sees the same log: no witness has cosigned it",
        ),
        NotProven.STATEMENTS: (
            "所写的文字属实：存证只证明何人何时写下了什么",
            "that what was written is true: the record proves who wrote what and when",
        ),
        NotProven.READERS: (
            "没有人绕过本系统读取过这些证据：存证只记载经由本系统的查看",
            "that nobody read the evidence past the product: only looks through it are recorded",
        ),
        NotProven.LATER: (
            "导出申请之后本案没有新的记录",
            "that nothing about the case was recorded after the request",
        ),
    },
)

GROUNDS = vocabulary(
    Ground,
    {
        Ground.OTHER_CASE: ("涉及另案", "of another case"),
        Ground.TIE_ENDED: ("关联已解除，不是本案证据", "the tie has ended: no evidence of this case"),
        Ground.STAFF_RECORD: ("人员档案", "of a personnel record"),
    },
)
"""Why something of a package is committed and not shown."""
