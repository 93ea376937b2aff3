"""What the offline verifier says: each claim, each reason against it, and what stays unproven."""

from schemas.claim import ClaimFault, DrawClaim, DrawFault, NotProven, PackageClaim
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
        PackageClaim.INDEX: ("索引可读且与文件一致", "the index is readable and names every file"),
        PackageClaim.PACKAGE_SIGNATURE: ("导出包由出具方密钥签名", "the package is signed by the export key"),
        PackageClaim.CHECKPOINT_SIGNATURE: (
            "检查点由日志密钥签名",
            "the checkpoint is signed by the log's key",
        ),
        PackageClaim.LOG_INCLUSION: (
            "条目在已签名的存证日志中",
            "the custody entry is in the signed log",
        ),
        PackageClaim.RECORDING_DIGEST: (
            "原件与索引中的完整性校验值（哈希值）一致",
            "the recording's bytes are those the index states",
        ),
        PackageClaim.RECORDING_LOGGED: ("原件与存证日志一致", "the recording is what the custody log says"),
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
        PackageClaim.RECORD_REVIEWED: (
            "非现场监管记录经两人审核有效后关联",
            "two people found the record valid before it was tied",
        ),
        PackageClaim.REVIEW_LOGGED: (
            "法制审核各轮与存证日志一致",
            "each round of legal review is what the log says",
        ),
        PackageClaim.FACT_LOGGED: (
            "待证事实及其证据与存证日志一致",
            "each fact and its evidence are what the log says",
        ),
        PackageClaim.DESKS_COMPLETE: (
            "非现场监管记录、审核轮次、解除的关联齐全",
            "no record, round or ended tie is left out",
        ),
        PackageClaim.COMPLETENESS: (
            "存证日志所载的关联原件齐全",
            "every recording the log ties to the case is here",
        ),
    },
)
"""What each claim says when it is verified."""

DRAW_CLAIMS = vocabulary(
    DrawClaim,
    {
        DrawClaim.PLAN: ("抽样方案与存证日志一致", "the plan is the one the log committed to"),
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
        ClaimFault.LAYOUT_DIFFERS: ("文件与索引所述不一致", "files and index disagree"),
        ClaimFault.NOTE_DIFFERS: ("签名文本与本包不符", "the signed text is of another package"),
        ClaimFault.SIGNATURE_INVALID: ("签名不成立", "the signature does not verify"),
        ClaimFault.NOTE_MALFORMED: ("签名文件格式不符", "the signed note is malformed"),
        ClaimFault.CHECKPOINT_MALFORMED: ("检查点或证明格式不符", "checkpoint or proof is malformed"),
        ClaimFault.CHECKPOINT_DIFFERS: ("证明基于另一个检查点", "the proof rests on another checkpoint"),
        ClaimFault.PROOF_INVALID: ("包含证明不成立", "the inclusion proof does not hold"),
        ClaimFault.PROOF_MISSING: ("缺少包含证明", "the proof of inclusion is missing"),
        ClaimFault.LEAF_MISSING: ("存证日志中没有相应条目", "the log holds no such entry for it"),
        ClaimFault.LEAF_DIFFERS: ("与存证日志条目所述不一致", "it differs from what the custody entry says"),
        ClaimFault.NOT_VERIFIED_YET: (
            "服务器尚未核验该原件",
            "the server had not yet verified this recording",
        ),
        ClaimFault.MANIFEST_ABSENT: ("没有采集清单", "no capture manifest"),
        ClaimFault.MANIFEST_REFUSED: ("采集清单未被服务器接受", "the server refused the capture manifest"),
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
            "索引与采集清单所述不一致",
            "index and manifest state different facts",
        ),
        ClaimFault.KEY_ABSENT: ("包内没有该设备密钥", "the device key is not in the package"),
        ClaimFault.KEY_MALFORMED: ("设备密钥文件格式不符", "the key file is malformed"),
        ClaimFault.KEY_DIFFERS: ("密钥不属于该设备", "the key belongs to another device"),
        ClaimFault.DEVICE_KEY_REVOKED: (
            "申报之前设备已注销",
            "the key was revoked before the declaration",
        ),
        ClaimFault.RECORDING_OMITTED: (
            "存证日志关联的原件未随包提供",
            "a recording tied to the case is left out",
        ),
        ClaimFault.RECORDING_NOT_LINKED: (
            "原件未在存证日志中关联本案",
            "a recording is not tied to the case in the log",
        ),
        ClaimFault.RECORDING_DOUBLED: ("同一原件出现两次", "a recording is listed twice"),
        ClaimFault.CASE_NOT_LOGGED: (
            "存证日志中没有线索（案源）登记条目",
            "the log holds no entry of the lead's registration",
        ),
        ClaimFault.ROW_DIFFERS: ("记录原文与索引所述不一致", "the row states something else than the index"),
        ClaimFault.MEDIA_DIFFERS: ("图像不是记录所指的图像", "a picture is not the one the row names"),
        ClaimFault.ORDER_DIFFERS: (
            "存证日志中的次序或人数不符",
            "the log shows another order, or one person twice",
        ),
        ClaimFault.NOT_FOUND_VALID: ("没有两人的有效意见", "two opinions of valid are missing"),
        ClaimFault.INTAKE_INVALID: ("批次清单不可读", "the intake manifest cannot be read"),
        ClaimFault.RECORD_OMITTED: (
            "存证日志关联的非现场监管记录未随包提供",
            "a monitoring record tied to the case is left out",
        ),
        ClaimFault.ROUND_OMITTED: (
            "存证日志所载的审核轮次未随包提供",
            "a round of legal review is left out",
        ),
        ClaimFault.FACT_OMITTED: ("存证日志所载的待证事实未随包提供", "a fact to be proven is left out"),
        ClaimFault.DESKS_OMITTED: (
            "存证日志载有非现场监管、审核或待证事实，包中却没有",
            "the log speaks of desks the package leaves out",
        ),
        ClaimFault.STANDS_TWICE: ("同一项重复列出", "the same thing is listed twice"),
        ClaimFault.TIE_OMITTED: ("存证日志所载的解除关联未随包提供", "an ended tie is left out"),
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
            "案件的当事人、案由、地点等文字，以及设备名称与设备登记缺陷：存证日志中没有，仅由出具方密钥声明",
            (
                "the case's texts (party, matter, place), and what the register said of equipment (name, gate"
                " faults): they are not in the log, only the export key states them"
            ),
        ),
        NotProven.COMPLETENESS: (
            "存证日志中没有未随包提供的其他条目",
            "that the log holds no further entry about the case than those carried",
        ),
    },
)
