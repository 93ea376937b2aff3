"""The 45 classes, each with the injectors that do it and what is held to name them.

Numbers and classes are those of the threat table that the trust layer was designed by. What is declared here is checked:
`python -m tests.tamper` runs every injector, and ends 1 where one is not named as it stands here.
"""

from datetime import timedelta

from schemas.claim import NotProven
from schemas.words import Words
from tests import injectors_objects as objects
from tests import injectors_rows as rows
from tests.tamper import drawn, handed_in, logged, packed, stored
from tests.tamper.logged import first_look, followed, packed_from, restored, signer
from tests.tamper.stored import fsck, of_copy, sql
from tests.tamper.table import Later, Naming, TamperClass, Tool, Unseen

DAY = timedelta(days=1)

CLASSES: tuple[TamperClass, ...] = (
    TamperClass(
        1,
        Words("存储对象翻转一比特", "A bit of a stored object flips"),
        (
            Naming(Tool.FSCK, "object-bytes-differ", stored.bits_flipped),
            Naming(Tool.API, "content-altered", stored.served(objects.flip)),
        ),
    ),
    TamperClass(
        2,
        Words("两个对象互换，或被新版本遮盖", "Two objects change places, or a newer version covers one"),
        (
            Naming(Tool.FSCK, "object-bytes-differ", fsck(stored.exchanged)),
            Naming(Tool.FSCK, "object-hidden", fsck(of_copy(objects.object_covered))),
        ),
    ),
    TamperClass(
        3,
        Words("对象删除、存储清空", "An object is deleted, or all of them"),
        (
            Naming(Tool.FSCK, "object-missing", fsck(of_copy(objects.object_gone), stored.bucket_emptied)),
            Naming(Tool.API, "content-missing", stored.served(lambda path: path.unlink())),
        ),
    ),
    TamperClass(
        4,
        Words("对象截短或加长", "An object is cut off, or grows"),
        (
            Naming(Tool.FSCK, "object-size-differs", fsck(of_copy(objects.object_grown), stored.cut)),
            Naming(Tool.API, "content-altered", stored.served(stored.cut_path)),
        ),
    ),
    TamperClass(
        5,
        Words("改动数据行（校验值、时间、归属）", "A row is edited: digest, time, owner"),
        (
            Naming(
                Tool.FSCK,
                "column-differs",
                fsck(
                    sql("UPDATE recordings SET sha256 = repeat('0', 64) WHERE id = :photo"),
                    sql(
                        "UPDATE recordings SET received_at = received_at - interval '8 days' WHERE id = :photo"
                    ),
                    sql("UPDATE recordings SET agency_id = gen_random_uuid() WHERE id = :photo"),
                ),
            ),
        ),
    ),
    TamperClass(
        6,
        Words("删除数据行，连同存证记录", "A row is deleted, or row and leaves"),
        (
            Naming(Tool.FSCK, "leaf-without-row", fsck(of_copy(rows.row_dropped))),
            Naming(Tool.FSCK, "index-gap", fsck(stored.event_and_evidence_deleted)),
        ),
    ),
    TamperClass(
        7,
        Words("绕过系统插入数据行、存证记录或文件", "A row, a leaf or an object is put there by a back door"),
        (
            Naming(Tool.FSCK, "object-unnamed", fsck(of_copy(objects.object_planted))),
            Naming(Tool.FSCK, "row-without-leaf", fsck(of_copy(rows.row_added))),
            Naming(Tool.SIGNER, "ticket-invalid", stored.inserted(stored.refused_by_log)),
            Naming(Tool.HEALTH, "log-refuses", stored.inserted(stored.health_of_log)),
        ),
    ),
    TamperClass(
        8,
        Words("改动日志的树块或条目包", "A tile or an entry bundle is edited"),
        (
            Naming(Tool.FSCK, "tile-differs", logged.every_tile_edited),
            Naming(Tool.FSCK, "leaf-hash-differs", fsck(of_copy(logged.bundle_edited))),
            Naming(Tool.FSCK, "laid-differs", fsck(of_copy(objects.tile_flipped))),
            Naming(Tool.MONITOR, "log-unproven", first_look(logged.bundle_edited)),
        ),
    ),
    TamperClass(
        9,
        Words("截去日志末尾，用真密钥重签", "The log's tail is cut and signed anew by the real key"),
        (
            Naming(Tool.SIGNER, "log-behind-file", signer(logged.tail_cut)),
            Naming(Tool.MONITOR, "log-shrank", followed(logged.tail_cut)),
        ),
    ),
    TamperClass(
        10,
        Words("恢复旧数据库，日志整体回退", "An older database is restored: the whole log goes back"),
        (
            Naming(Tool.SIGNER, "log-behind-file", restored(is_file_lost=False)),
            Naming(Tool.SIGNER, "log-behind-store", restored(is_file_lost=True)),
        ),
    ),
    TamperClass(
        11,
        Words(
            "改一条旧记录，用真密钥或他人密钥重签整部日志",
            "An old leaf is altered, the log signed anew by its key or another",
        ),
        (
            Naming(Tool.FSCK, "ticket-invalid", fsck(of_copy(logged.rewritten))),
            Naming(Tool.SIGNER, "log-differs-file", signer(logged.rewritten)),
            Naming(Tool.MONITOR, "log-forked", followed(logged.rewritten)),
            Naming(Tool.SIGNER, "log-key-differs", logged.signed_by_another(logged.start_of_signer)),
            Naming(Tool.HEALTH, "log-other", logged.signed_by_another(stored.health_of_log)),
        ),
    ),
    TamperClass(
        12,
        Words("分叉：向两人出示两部日志", "A fork: two histories for two people"),
        (Naming(Tool.MONITOR, "log-forked", logged.forked),),
        Unseen(NotProven.WITNESSES),
    ),
    TamperClass(
        13,
        Words("调换记录次序", "Two entries change places"),
        (Naming(Tool.FSCK, "checkpoint-root-differs", fsck(of_copy(logged.reordered))),),
    ),
    TamperClass(
        14,
        Words("以树的内部节点冒充记录", "A node of the tree is passed off as a leaf"),
        (Naming(Tool.VERIFY, "proof-invalid", packed.remade(packed.node_as_leaf)),),
    ),
    TamperClass(
        15,
        Words("伪造或过期的证明", "A proof is forged, or of another checkpoint"),
        (
            Naming(Tool.VERIFY, "proof-invalid", packed.remade(packed.proof_forged)),
            Naming(Tool.VERIFY, "checkpoint-differs", packed.checkpoint_stale),
        ),
    ),
    TamperClass(
        16,
        Words("日志密钥被盗，另签一部日志", "The log's key is stolen and signs another history"),
        (
            Naming(Tool.VERIFY, "log-forked", packed_from(logged.rewritten)),
            Naming(Tool.MONITOR, "log-forked", followed(logged.rewritten)),
        ),
        Unseen(NotProven.WITNESSES),
    ),
    TamperClass(
        17,
        Words("见证人密钥被盗或串通", "Witnesses' keys are stolen, or witnesses collude"),
        rest=Unseen(NotProven.WITNESSES),
    ),
    TamperClass(
        18,
        Words("服务器时钟被拨动一天", "The server's clock is set a day back, or ahead"),
        (
            Naming(Tool.SIGNER, "log:resume", logged.clock_moved(-DAY)),
            Naming(Tool.SIGNER, "clock:step", logged.clock_moved(DAY)),
        ),
        Unseen(NotProven.UNTRUSTED_TIME),
    ),
    TamperClass(
        19,
        Words("预先制作或倒填日期的采集", "A capture is made beforehand, or dated ahead"),
        (
            Naming(Tool.REPORT, "captured-in-future", handed_in.reported(handed_in.postdated)),
            Naming(Tool.REPORT, "quoted-checkpoint-unknown", handed_in.quoted(handed_in.of_another_history)),
            Naming(Tool.REPORT, "quoted-checkpoint-unknown", handed_in.quoted(handed_in.to_come)),
        ),
        Later(
            Words(
                "不引用检查点的清单没有最早时间",
                "a manifest that quotes no checkpoint has no earliest time",
            )
        ),
    ),
    TamperClass(
        20,
        Words("时间戳令牌调换、重放或出自他人", "A time stamp is swapped, replayed, or of another authority"),
        rest=Unseen(NotProven.UNTRUSTED_TIME),
    ),
    TamperClass(
        21,
        Words("隐瞒时间戳服务中断", "An outage of the time-stamping authority is hidden"),
        rest=Unseen(NotProven.UNTRUSTED_TIME),
    ),
    TamperClass(
        22,
        Words("重放采集清单", "A manifest is replayed"),
        (Naming(Tool.API, "manifest-replayed", handed_in.answered(handed_in.replayed_elsewhere)),),
    ),
    TamperClass(
        23,
        Words("采集序号缺号", "A number of a device's sequence is missing"),
        (Naming(Tool.REPORT, "sequence-gap", handed_in.reported(handed_in.gap)),),
    ),
    TamperClass(
        24,
        Words("序号分叉（密钥被复制）", "A sequence forks: the key was copied"),
        (Naming(Tool.REPORT, "sequence-fork", handed_in.reported(handed_in.fork)),),
    ),
    TamperClass(
        25,
        Words("设备时钟被拨回", "A device's clock is set back"),
        (Naming(Tool.REPORT, "clock-mono-back", handed_in.reported(handed_in.clock_back)),),
        Later(
            Words(
                "单调时钟照走、只拨回日历时间的，清单不含签署时刻，无法比对",
                "a date alone that goes back: a manifest does not say when it was signed",
            )
        ),
    ),
    TamperClass(
        26,
        Words("伪造定位", "The position is faked"),
        (
            Naming(Tool.REPORT, "location-mock", handed_in.reported(handed_in.mocked)),
            Naming(Tool.REPORT, "location-jump", handed_in.reported(handed_in.teleported)),
        ),
        Unseen(NotProven.SCENE),
    ),
    TamperClass(
        27,
        Words("照片用于另一案件", "A photo is used again in another case"),
        (Naming(Tool.LIKENESS, "same", handed_in.reused),),
    ),
    TamperClass(
        28,
        Words(
            "文件被重编码、剪短或去除元数据", "A file is re-encoded, trimmed or stripped after it was signed"
        ),
        (
            Naming(
                Tool.REPORT, "digest-mismatch", handed_in.reported(handed_in.other_bytes(handed_in.stripped))
            ),
            Naming(
                Tool.REPORT, "size-mismatch", handed_in.reported(handed_in.other_bytes(handed_in.trimmed))
            ),
        ),
    ),
    TamperClass(
        29,
        Words("翻拍屏幕、AI 生成的图像", "A screen is photographed, or a picture is generated"),
        rest=Unseen(NotProven.SCENE),
        silent=handed_in.reported(handed_in.generated),
    ),
    TamperClass(
        30,
        Words("设备密钥已注销、设备丢失", "The device's key was revoked, the device is lost"),
        (Naming(Tool.API, "device-key-revoked", handed_in.answered(handed_in.after_revocation)),),
    ),
    TamperClass(
        31,
        Words("伪造硬件证明", "An attestation of hardware is forged"),
        rest=Later(
            Words(
                "登记时不要求硬件证明，由保管员当面登记",
                "no attestation is asked for: a custodian enrols the device in person",
            )
        ),
    ),
    TamperClass(
        32,
        Words("签名算法混淆（none、HS256、EdDSA）", "Algorithms are confused: none, HS256, EdDSA"),
        (
            Naming(
                Tool.API,
                "manifest-signature-invalid",
                handed_in.answered(handed_in.algorithm_confused),
            ),
        ),
    ),
    TamperClass(
        33,
        Words("有歧义的 JSON", "JSON that two readers read differently"),
        tuple(
            Naming(Tool.API, code, handed_in.answered(handed_in.ambiguous))
            for code in ("manifest-duplicate-key", "manifest-float", "manifest-not-canonical")
        ),
    ),
    TamperClass(
        34,
        Words("SM2 标识错误、签名编码混用", "SM2 with another identity, or r||s for DER"),
        rest=Later(Words("尚无 SM2 签名", "nothing is signed by SM2 yet")),
    ),
    TamperClass(
        35,
        Words(
            "管理员以全部密钥同时改写数据库与存储",
            "The operator rewrites database, store and signer's file with every key",
        ),
        (
            Naming(Tool.MONITOR, "log-forked", followed(logged.everything_rewritten)),
            Naming(Tool.VERIFY, "log-forked", packed_from(logged.everything_rewritten)),
        ),
        Unseen(NotProven.WITNESSES),
    ),
    TamperClass(
        36,
        Words("管理员绕过系统悄悄读取", "An administrator reads past the product"),
        rest=Unseen(NotProven.READERS),
        silent=stored.read_past,
    ),
    TamperClass(
        37,
        Words("出具后的证据包被改动", "A package is altered after its issue"),
        (
            Naming(Tool.VERIFY, "note-differs", packed.rewritten(packed.rebagged)),
            Naming(Tool.VERIFY, "digest-differs", packed.remade(packed.original_altered)),
            Naming(Tool.FSCK, "object-bytes-differ", fsck(packed.stored(objects.flip))),
            Naming(Tool.FSCK, "object-missing", fsck(packed.stored(lambda path: path.unlink()))),
        ),
    ),
    TamperClass(
        38,
        Words("隐去有利于当事人的证据", "Exculpatory evidence is left out"),
        (Naming(Tool.VERIFY, "chain-broken", packed.remade(packed.ground_dropped)),),
    ),
    TamperClass(
        39,
        Words("zip 花招（重名、越界路径、炸弹）", "Tricks of the zip: two of a name, a path outside, a bomb"),
        tuple(
            Naming(Tool.VERIFY, "container-broken", packed.rewritten(change))
            for change in (packed.doubled, packed.climbing, packed.bomb)
        ),
    ),
    TamperClass(
        40,
        Words("以处理后的副本冒充原件", "A redacted copy is passed off as the original"),
        (Naming(Tool.VERIFY, "digest-differs", packed.remade(packed.redaction_as_original)),),
    ),
    TamperClass(
        41,
        Words("人为挑选样本、试种子", "A sample is picked by hand, a seed is tried for"),
        (
            Naming(Tool.REDRAW, "population-differs", drawn.published(drawn.list_changed)),
            Naming(Tool.REDRAW, "value-differs", drawn.published(drawn.value_ground)),
            Naming(Tool.REDRAW, "sample-differs", drawn.published(drawn.picked_by_hand)),
            Naming(Tool.API, "randomness-too-near", drawn.frozen_late),
        ),
    ),
    TamperClass(
        42,
        Words("核验程序被替换", "The verifier is replaced"),
        (Naming(Tool.GUIDE, "is another file", packed.verifier_replaced),),
        Later(
            Words(
                "尚无可重现的构建，也没有公布的摘要",
                "no build can be repeated yet, and no digest of one is published",
            )
        ),
    ),
    TamperClass(
        43,
        Words("已受理而未入日志的记录丢失", "What was acknowledged is lost before its index"),
        (Naming(Tool.FSCK, "row-without-leaf", fsck(of_copy(logged.lost_before_its_index))),),
    ),
    TamperClass(
        44,
        Words("重试造成重复记录", "A retry doubles an act, or a leaf is entered twice"),
        (
            Naming(Tool.API, "idempotency-key-reused", handed_in.answered(handed_in.retried)),
            Naming(Tool.SIGNER, "chain-differs", logged.entry_doubled),
        ),
    ),
    TamperClass(
        45,
        Words("哈希算法老化", "The hash ages"),
        rest=Later(
            Words(
                "尚不能在 SHA-256 失效之前用另一算法续证",
                "the log cannot be carried over to another hash before SHA-256 breaks yet",
            )
        ),
    ),
)
