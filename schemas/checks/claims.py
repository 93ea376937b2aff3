"""Claims about the bytes and where they come from. A mismatch here quarantines."""

from typing import Final

from schemas.checks.rows import ALL_MEDIA, HAND_IN, mismatch, not_checked
from schemas.integrity import Check, CheckResult, DeclaredFinding, Severity
from schemas.words import Words

_LOOK = (
    "记录已隔离并锁定，字节完整保留；请管理员查看日志。",
    "The recording is quarantined and locked, its bytes are kept whole; ask the operator to look.",
)


def _rule(code: str, zh: str, en: str) -> DeclaredFinding:
    return mismatch(
        code,
        zh=f"采集清单不合规：{zh}。",
        en=f"The manifest breaks a rule: {en}.",
        then=(
            "清单原文已保留。请更新采集端后重新提交。",
            "Its bytes are kept. Update the client and submit again.",
        ),
    )


def _not_reached(code: str, zh: str, en: str) -> DeclaredFinding:
    return not_checked(
        code,
        zh=f"核验未能完成（{{reason}}），{zh}未核对。",
        en=f"The verification did not finish ({{reason}}); {en} was not checked.",
        then=_LOOK,
        severity=Severity.FAIL,
    )


DIGEST = Check(
    name="digest",
    version=1,
    title=Words("完整性校验值（哈希值）", "Digest"),
    proves=Words(
        "收到的字节与采集端申报（或签名清单所列）的完整性校验值一致，此后未变。",
        "The bytes are those whose digest was declared, or listed in the signed manifest.",
    ),
    leaves=Words(
        "不说明内容真实，也不说明申报之前是否改动。",
        "Not that the scene was real, nor that nothing was changed before the declaration.",
    ),
    media=ALL_MEDIA,
    is_binding=True,
    is_telling=True,
    findings=(
        mismatch(
            "digest-mismatch",
            zh="收到的字节与申报的完整性校验值（哈希值）不一致。",
            en="The bytes received do not match the declared digest.",
            then=HAND_IN,
        ),
        mismatch(
            "file-not-in-manifest",
            zh="采集清单没有列出这个文件。",
            en="The manifest does not list this file.",
            then=(
                "记录已隔离。请核对上传的是否为清单所列原件。",
                "The recording is quarantined. Check that the file is the one the manifest lists.",
            ),
        ),
        not_checked(
            "declared-digest-absent",
            zh="上传时未申报完整性校验值，无法比对。",
            en="No digest was declared with the upload, so there is nothing to compare.",
            then=(
                "完整性校验值已在入库时计算；请使用会申报它的采集端。",
                "The digest was computed on receipt. Use a client that declares one.",
            ),
        ),
        _not_reached("digest-not-reached", "完整性校验值", "the digest"),
    ),
)

SIZE = Check(
    name="size",
    version=1,
    title=Words("大小", "Size"),
    proves=Words(
        "收到的字节数与清单所列一致。",
        "As many bytes arrived as the manifest lists.",
    ),
    leaves=Words(
        "不说明字节本身一致，见完整性校验值。",
        "Not that the bytes are the same; the digest says that.",
    ),
    media=ALL_MEDIA,
    is_binding=True,
    is_telling=True,
    findings=(
        mismatch(
            "size-mismatch",
            zh="收到 {actual} 字节，申报为 {declared} 字节。",
            en="{actual} bytes were received; {declared} were declared.",
            then=HAND_IN,
        ),
        _not_reached("size-not-reached", "大小", "the size"),
    ),
)

BY_BROWSER: Final = "handed-in-by-browser"
"""A person handed it in and declared its bytes; no device ever signed for it."""

MANIFEST_SIGNATURE = Check(
    name="manifest_signature",
    version=1,
    title=Words("清单签名", "Manifest signature"),
    proves=Words(
        "采集清单由其所写密钥签署，签署后一字未改。",
        "The manifest was signed with the key it names and not changed since.",
    ),
    leaves=Words(
        "不说明持有设备的是谁，也不说明清单所写属实。",
        "Not who held the device, nor that what the manifest says is true.",
    ),
    media=ALL_MEDIA,
    is_binding=True,
    is_telling=True,
    findings=(
        not_checked(
            "manifest-absent",
            zh="没有采集清单，无法证明由哪台设备、哪位执法人员采集。",
            en="There is no manifest: which device and which officers captured this is not proven.",
            then=(
                "请说明来源，或由登记过的设备重新提交。",
                "State where it came from, or submit it again from an enrolled device.",
            ),
        ),
        not_checked(
            BY_BROWSER,
            zh="由本人登录后从浏览器交来，没有设备签名：只能说明字节与本人交来时的申报一致。",
            en=(
                "It was handed in by browser, under a log-in, and no device signed it: the bytes are those that this"
                " person declared, and no more is known."
            ),
            then=("来源、制作人和方式见交来说明。", "Origin, maker and method stand in the declaration."),
        ),
        not_checked(
            "manifest-unknown",
            zh="上传时写明的采集清单没有上交。",
            en="The manifest that the upload names has not been submitted.",
            then=("请从设备补交采集清单。", "Submit the manifest from the device."),
        ),
        not_checked(
            "manifest-refused",
            zh="采集清单未被接受，此项未检查。",
            en="The manifest was refused, so this was not checked.",
            then=("清单原文已保留，原因见其他检查项。", "Its bytes are kept; the other checks say why."),
        ),
        mismatch(
            "manifest-signature-invalid",
            zh="采集清单的签名无效：清单在签名后被改动，或并非由该设备签署。",
            en="The manifest's signature is not valid: it was changed after signing, or another key signed it.",
            then=(
                "记录已隔离。请检查设备，并从设备重新提交。",
                "The recording is quarantined. Examine the device and submit from it again.",
            ),
        ),
        mismatch(
            "signature-invalid",
            zh="签名无效：内容在签名后被改动，或由另一把密钥签署。",
            en="The signature is not valid: the content was changed after signing, or another key signed it.",
            then=(
                "记录已隔离。请检查设备，并从设备重新提交。",
                "The recording is quarantined. Examine the device and submit from it again.",
            ),
        ),
        mismatch(
            "manifest-replayed",
            zh="同一份采集清单此前已经提交过。",
            en="The same manifest was submitted before.",
            then=(
                "请核对是否重复上传；首次提交的记录为准。",
                "Check whether it was uploaded twice; the first submission counts.",
            ),
        ),
        _rule("manifest-invalid", "内容自相矛盾", "it contradicts itself"),
        _rule("manifest-too-large", "超过 64 KiB", "it is longer than 64 KiB"),
        _rule("manifest-not-json", "不是 UTF-8 编码的 JSON 对象", "it is not a UTF-8 JSON object"),
        _rule("manifest-duplicate-key", "同一对象中键名重复", "a key stands twice in one object"),
        _rule("manifest-float", "含有非整数的数字", "it holds a number that is not an integer"),
        _rule(
            "manifest-null", "含有 null，缺失的字段应当省略", "it holds a null; absent fields are left out"
        ),
        _rule("manifest-integer-range", "整数超出 53 位", "an integer does not fit 53 bits"),
        _rule(
            "manifest-not-canonical", "字节不是 RFC 8785 规范形式", "its bytes are not canonical (RFC 8785)"
        ),
        _rule("manifest-field-missing", "缺少字段", "a field is missing"),
        _rule("manifest-field-unknown", "含有未知字段", "it holds an unknown field"),
        _rule("manifest-field-invalid", "字段取值无效", "a field's value is not valid"),
        _rule(
            "manifest-crit-unknown",
            "含有本系统不认识的关键扩展",
            "it marks as critical what is not understood here",
        ),
        _rule(
            "manifest-device-differs",
            "写明的设备与提交的设备不同",
            "it names another device than the one submitting",
        ),
        _rule("manifest-signature-too-large", "签名过长", "its signature is too long"),
        _not_reached("manifest-signature-not-reached", "清单签名", "the manifest's signature"),
    ),
)

DEVICE_KEY = Check(
    name="device_key",
    version=1,
    title=Words("设备密钥", "Device key"),
    proves=Words(
        "签名密钥属于本单位登记的设备，申报时未注销。",
        "The signing key belongs to a device registered with the agency and had not been revoked.",
    ),
    leaves=Words(
        "不说明设备当时由谁使用。",
        "Not who used the device at that time.",
    ),
    media=ALL_MEDIA,
    is_binding=True,
    is_telling=True,
    findings=(
        not_checked(
            "device-key-no-manifest",
            zh="没有采集清单，没有可核对的签名密钥。",
            en="There is no manifest, so there is no key to look up.",
            then=(
                "请说明来源，或由登记过的设备重新提交。",
                "State where it came from, or submit it again from an enrolled device.",
            ),
        ),
        not_checked(
            "device-key-unread",
            zh="采集清单未被接受，签名密钥未核对。",
            en="The manifest was refused, so its key was not looked up.",
            then=("清单原文已保留，原因见其他检查项。", "Its bytes are kept; the other checks say why."),
        ),
        mismatch(
            "device-key-unknown",
            zh="签名密钥未登记。",
            en="The signing key is not registered.",
            then=(
                "记录已隔离。请由设备保管员登记设备后重新提交。",
                "The recording is quarantined. Have the custodian enrol the device, then submit again.",
            ),
        ),
        mismatch(
            "device-key-revoked",
            zh="采集前设备已注销，签名密钥失效。",
            en="The signing key had been revoked before the capture.",
            then=(
                "记录已隔离。请查明设备当时由谁使用。",
                "The recording is quarantined. Find out who used the device at that time.",
            ),
        ),
        _not_reached("device-key-not-reached", "签名密钥", "the signing key"),
    ),
)

VERIFICATION = Check(
    name="verification",
    version=2,
    title=Words("核验过程", "Verification"),
    proves=Words(
        "核验已经做完。",
        "The verification came to its end.",
    ),
    leaves=Words(
        "不说明任何一项成立；各项另有结论。",
        "Not that any claim holds; each has its own result.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        not_checked(
            "verification-failed",
            zh="多次尝试后仍无法完成检查（程序报告：{reason}），没有任何一项可视为已核验。",
            en="The verification failed again and again ({reason}); no claim counts as checked.",
            then=_LOOK,
            severity=Severity.FAIL,
        ),
        not_checked(
            "stored-bytes-differ",
            zh="证据存储给出的内容与收到时登记的不一致（{reason}），是系统一侧的问题；没有任何一项可视为已核验。",
            en="The evidence store gave otherwise than was received ({reason}): the fault is on our side. No claim"
            " counts as checked.",
            then=HAND_IN,
            severity=Severity.FAIL,
        ),
    ),
)


CLAIMS = (
    DIGEST,
    SIZE,
    MANIFEST_SIGNATURE,
    DEVICE_KEY,
    VERIFICATION,
)


def not_reached(check: Check, reason: str) -> CheckResult:
    """Say of a binding claim that the verification ended before anybody looked at it."""
    return check.found(f"{check.name.replace('_', '-')}-not-reached", reason=reason)
