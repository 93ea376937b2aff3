"""Every finding a check may carry, in Chinese and English: what was found, and what to do about it.

One table. `{name}` in a sentence is filled from the `params` of the check; a parameter that is missing is
left as written, because a report must never fail on its own words. Statutes: 《中华人民共和国行政处罚法》(2021).
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from schemas.base import Frozen


class FindingText(Frozen):
    """One finding: the sentence, and the next step for the person who reads it (absent: nothing to do)."""

    zh: str
    en: str
    next_zh: str = ""
    next_en: str = ""


_RETAKE_ZH = "原始字节已按申报内容封存；如现场仍在，请补录，并保留设备上的原件。"
_RETAKE_EN = (
    "The bytes are sealed as declared. Record again if the scene is still there, and keep the original."
)
_LATER_ZH = "原件未受影响；请管理员查看日志后重新检查。"
_LATER_EN = "The original is untouched. Ask the operator to look at the log and check it again."

_BINDING: dict[str, FindingText] = {
    "digest-mismatch": FindingText(
        zh="收到的字节与申报的摘要不一致。",
        en="The bytes received do not match the declared digest.",
        next_zh="记录已隔离并锁定。请从设备重新上传原件，两份都会保留。",
        next_en="The recording is quarantined and locked. Upload the original again; both are kept.",
    ),
    "size-mismatch": FindingText(
        zh="收到 {actual} 字节，申报为 {declared} 字节。",
        en="{actual} bytes were received; {declared} were declared.",
        next_zh="记录已隔离并锁定。请从设备重新上传原件。",
        next_en="The recording is quarantined and locked. Upload the original from the device again.",
    ),
    "declared-digest-absent": FindingText(
        zh="上传时未申报摘要，无法比对。",
        en="No digest was declared with the upload, so there is nothing to compare.",
        next_zh="摘要已在接收时计算；请使用会申报摘要的采集端。",
        next_en="The digest was computed on receipt. Use a client that declares one.",
    ),
    "manifest-absent": FindingText(
        zh="没有采集清单，无法证明由哪台设备、哪位执法人员采集。",
        en="There is no manifest: which device and which officers captured this is not proven.",
        next_zh="请说明来源，或由登记过的设备重新提交。",
        next_en="State where it came from, or submit it again from an enrolled device.",
    ),
    "manifest-signature-invalid": FindingText(
        zh="采集清单的签名无效：清单在签名后被改动，或并非由该设备签署。",
        en="The manifest's signature is not valid: it was changed after signing, or another key signed it.",
        next_zh="记录已隔离。请检查设备，并从设备重新提交。",
        next_en="The recording is quarantined. Examine the device and submit from it again.",
    ),
    "device-key-unknown": FindingText(
        zh="签名密钥未登记。",
        en="The signing key is not registered.",
        next_zh="记录已隔离。请由设备保管员登记设备后重新提交。",
        next_en="The recording is quarantined. Have the custodian enrol the device, then submit again.",
    ),
    "device-key-revoked": FindingText(
        zh="签名密钥在采集前已被吊销。",
        en="The signing key had been revoked before the capture.",
        next_zh="记录已隔离。请查明设备当时由谁使用。",
        next_en="The recording is quarantined. Find out who used the device at that time.",
    ),
    "signature-invalid": FindingText(
        zh="签名无效：内容在签名后被改动，或由另一把密钥签署。",
        en="The signature is not valid: the content was changed after signing, or another key signed it.",
        next_zh="记录已隔离。请检查设备，并从设备重新提交。",
        next_en="The recording is quarantined. Examine the device and submit from it again.",
    ),
    "manifest-unknown": FindingText(
        zh="上传时写明的采集清单没有交来。",
        en="The manifest that the upload names has not been submitted.",
        next_zh="请从设备补交采集清单。",
        next_en="Submit the manifest from the device.",
    ),
    "manifest-refused": FindingText(
        zh="采集清单未被接受，此项未检查。",
        en="The manifest was refused, so this was not checked.",
        next_zh="清单原文已保留，原因见其他检查项。",
        next_en="Its bytes are kept; the other checks say why.",
    ),
    "file-not-in-manifest": FindingText(
        zh="采集清单没有列出这个文件。",
        en="The manifest does not list this file.",
        next_zh="记录已隔离。请核对上传的是否为清单所列原件。",
        next_en="The recording is quarantined. Check that the file is the one the manifest lists.",
    ),
}

_MANIFEST: dict[str, FindingText] = {
    "sequence-unknown": FindingText(
        zh="无法核对该设备的采集序号（{seq}）：没有更早的记录可供比较。",
        en="The device's sequence number ({seq}) cannot be checked: nothing earlier is known of its key.",
        next_zh="请确认设备已正常登记。",
        next_en="Make sure that the device was enrolled properly.",
    ),
    "sequence-gap": FindingText(
        zh="该设备的采集序号不连续：序号 {seq} 之前缺少 {missing} 次采集。",
        en="The device's sequence has a gap: {missing} capture(s) before number {seq} have not arrived.",
        next_zh="请让设备上传剩余记录，或书面说明原因。",
        next_en="Let the device upload what is left, or explain in writing.",
    ),
    "sequence-fork": FindingText(
        zh="该设备用同一序号 {seq} 提交过另一份采集清单，设备的记录链出现分叉。",
        en="This device has submitted another manifest with the same sequence number {seq}: its chain forks.",
        next_zh="请停用该设备并送检。",
        next_en="Take the device out of service and have it examined.",
    ),
    "manifest-replayed": FindingText(
        zh="同一份采集清单此前已经提交过。",
        en="The same manifest was submitted before.",
        next_zh="请核对是否重复上传；首次提交的记录为准。",
        next_en="Check whether it was uploaded twice; the first submission counts.",
    ),
    "officers-fewer-than-two": FindingText(
        zh="采集清单只写明 {officers} 名执法人员；执法人员不得少于两人（行政处罚法第四十二条）。",
        en="{officers} officer(s) named; there must be at least two (Administrative Penalty Law, art. 42).",
        next_zh="请补充说明另一名执法人员，或写明法律另有规定的条款。",
        next_en="Name the second officer, or cite the article that allows an exception.",
    ),
    "officers-unknown-certificate": FindingText(
        zh="采集清单中有 {unknown} 个执法证号未登记。",
        en="{unknown} certificate number(s) in the manifest are not registered.",
        next_zh="请核对执法证号（行政处罚法第四十二条、第五十五条）。",
        next_en="Check the certificate numbers (Administrative Penalty Law, arts. 42 and 55).",
    ),
    "officers-exception": FindingText(
        zh="执法人员少于两人，清单援引例外条款：{article}。",
        en="Fewer than two officers; the manifest cites an exception: {article}.",
        next_zh="请审核人员核对该条款是否适用。",
        next_en="The reviewer checks whether that article applies.",
    ),
    "case-unknown": FindingText(
        zh="写明的案号 {number} 不存在，或不属于本单位。",
        en="The stated case number {number} does not exist, or belongs to another agency.",
        next_zh="请核对案号，再由承办人手动关联。",
        next_en="Check the number, then let the handler link the recording by hand.",
    ),
    "captured-in-future": FindingText(
        zh="校正后的采集时间晚于接收时间 {ahead_seconds} 秒，设备时间不可信。",
        en="The corrected capture time is {ahead_seconds} s later than the receipt: the device's time is wrong.",
        next_zh="请为设备校时；接收时间是采集时间的上限。",
        next_en="Set the device's clock. The time of receipt is the latest possible capture time.",
    ),
    "clock-mono-back": FindingText(
        zh="同一次开机内，设备的单调时钟倒退了 {back_ms} 毫秒。",
        en="Within one boot the device's monotonic clock went back by {back_ms} ms.",
        next_zh="单调时钟不应倒退，请将设备送检。",
        next_en="A monotonic clock never goes back. Have the device examined.",
    ),
    "clock-offset-warn": FindingText(
        zh="设备时钟偏差 {offset_ms} 毫秒，已另列校正后的时间。",
        en="The device's clock was off by {offset_ms} ms; the corrected time is shown beside it.",
        next_zh="请在下一班次前校时。",
        next_en="Set the clock before the next shift.",
    ),
    "clock-offset-large": FindingText(
        zh="设备时钟偏差 {offset_ms} 毫秒，超过一分钟。",
        en="The device's clock was off by {offset_ms} ms, more than a minute.",
        next_zh="请立即校时，并在案卷中说明时间偏差。",
        next_en="Set the clock now, and note the difference in the case file.",
    ),
    "location-mock": FindingText(
        zh="设备报告位置来自模拟定位。",
        en="The device reports that the place came from a mock provider.",
        next_zh="请关闭模拟定位，并以其他方式证明地点。",
        next_en="Turn mock locations off, and prove the place by other means.",
    ),
    "location-absent": FindingText(
        zh="采集清单没有位置。",
        en="The manifest names no place.",
        next_zh="请打开定位，或以其他方式证明地点。",
        next_en="Turn positioning on, or prove the place by other means.",
    ),
    "location-fix-in-future": FindingText(
        zh="定位时间晚于采集时间，不可能成立。",
        en="The position was fixed after the capture, which cannot be.",
        next_zh="请检查设备的时钟与定位。",
        next_en="Examine the device's clock and receiver.",
    ),
    "location-jump": FindingText(
        zh="与上一次采集相距 {distance_m} 米，以车速无法到达。",
        en="{distance_m} m from the capture before, farther than a car could have gone.",
        next_zh="请查明设备是否被转借，或定位是否有误。",
        next_en="Find out whether the device was lent, or its position was wrong.",
    ),
    "location-datum-gcj02": FindingText(
        zh="位置采用 GCJ-02 坐标，与 WGS-84、CGCS2000 相差可达数百米。",
        en="The place is given in GCJ-02, up to several hundred metres off WGS-84 and CGCS2000.",
        next_zh="比对地点前请先换算；原值已保留。",
        next_en="Convert before comparing places; the original value is kept.",
    ),
    "location-datum-bd09": FindingText(
        zh="位置采用 BD-09 坐标，与 WGS-84、CGCS2000 相差可达一千米。",
        en="The place is given in BD-09, up to a kilometre off WGS-84 and CGCS2000.",
        next_zh="比对地点前请先换算；原值已保留。",
        next_en="Convert before comparing places; the original value is kept.",
    ),
    "late-handin": FindingText(
        zh="采集后 {hours} 小时才交来，超过 24 小时。",
        en="Handed in {hours} h after the capture, later than 24 h.",
        next_zh="请说明迟交原因。",
        next_en="State why it was late.",
    ),
}

_BROKEN_ZH = "清单原文已保留。请更新采集端后重新提交。"
_BROKEN_EN = "Its bytes are kept. Update the client and submit again."


def _rule(zh: str, en: str) -> FindingText:
    return FindingText(
        zh=f"采集清单不合规：{zh}。",
        en=f"The manifest breaks a rule: {en}.",
        next_zh=_BROKEN_ZH,
        next_en=_BROKEN_EN,
    )


_RULES: dict[str, FindingText] = {
    "manifest-invalid": _rule("内容自相矛盾", "it contradicts itself"),
    "manifest-too-large": _rule("超过 64 KiB", "it is longer than 64 KiB"),
    "manifest-not-json": _rule("不是 UTF-8 编码的 JSON 对象", "it is not a UTF-8 JSON object"),
    "manifest-duplicate-key": _rule("同一对象中键名重复", "a key stands twice in one object"),
    "manifest-float": _rule("含有非整数的数字", "it holds a number that is not an integer"),
    "manifest-null": _rule("含有 null，缺失的字段应当省略", "it holds a null; absent fields are left out"),
    "manifest-integer-range": _rule("整数超出 53 位", "an integer does not fit 53 bits"),
    "manifest-not-canonical": _rule("字节不是 RFC 8785 规范形式", "its bytes are not canonical (RFC 8785)"),
    "manifest-field-missing": _rule("缺少字段", "a field is missing"),
    "manifest-field-unknown": _rule("含有未知字段", "it holds an unknown field"),
    "manifest-field-invalid": _rule("字段取值无效", "a field's value is not valid"),
    "manifest-crit-unknown": _rule(
        "含有本系统不认识的关键扩展", "it marks as critical what is not understood here"
    ),
    "manifest-device-differs": _rule(
        "写明的设备与提交的设备不同", "it names another device than the one submitting"
    ),
    "manifest-signature-too-large": _rule("签名过长", "its signature is too long"),
}

_NAME: dict[str, FindingText] = {
    "type-name-conflict": FindingText(
        zh="文件名以 .{ending} 结尾，内容却是 {media_type}。",
        en="The name ends in .{ending}, but the content is {media_type}.",
        next_zh="检查以内容为准；请查明文件为何改名。",
        next_en="Checks follow the content. Find out why the file was renamed.",
    ),
    "type-unknown": FindingText(
        zh="不认识的文件类型（{media_type}），内容未检查。",
        en="The type of this file ({media_type}) is not one we can look into; its content was not checked.",
        next_zh="字节已完整保存，可下载查看。",
        next_en="The bytes are kept whole and can be downloaded.",
    ),
    "zero-bytes": FindingText(
        zh="文件为空（0 字节）。",
        en="The file is empty (zero bytes).",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "file-too-large": FindingText(
        zh="文件超过解码上限，内容未检查；摘要与大小照常核对。",
        en="The file is over the limit for decoding; its content was not checked. Digest and size were.",
    ),
}

_DECODER: dict[str, FindingText] = {
    "decoder-crashed": FindingText(
        zh="解码程序崩溃，内容未检查。",
        en="The decoder crashed; the content was not checked.",
        next_zh=_LATER_ZH,
        next_en=_LATER_EN,
    ),
    "decoder-timeout": FindingText(
        zh="解码超时，内容未检查。",
        en="The decoder ran out of time; the content was not checked.",
        next_zh=_LATER_ZH,
        next_en=_LATER_EN,
    ),
    "decoder-memory": FindingText(
        zh="解码所需内存超过上限，内容未检查。",
        en="The decoder needed more memory than it may have; the content was not checked.",
        next_zh=_LATER_ZH,
        next_en=_LATER_EN,
    ),
    "decoder-unsupported": FindingText(
        zh="没有可用的解码器（{reason}），内容未检查。",
        en="No decoder for this kind of content ({reason}); it was not checked.",
        next_zh="字节已完整保存，可用原厂软件查看。",
        next_en="The bytes are kept whole and can be viewed with the maker's software.",
    ),
}

_PHOTO: dict[str, FindingText] = {
    "image-too-large": FindingText(
        zh="图像为 {width}×{height}（{megapixels} 百万像素），超过上限 {limit_megapixels}，未解码。",
        en="The picture claims {width}×{height}, {megapixels} megapixels; over {limit_megapixels} it is not decoded.",
        next_zh="字节已完整保存。若确为全景照片，请管理员提高上限。",
        next_en="The bytes are kept whole. If it is a real panorama, ask the operator to raise the limit.",
    ),
    "jpeg-damaged": FindingText(
        zh="照片数据损坏（{reason}）。",
        en="The photo's data is damaged ({reason}).",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "jpeg-stray-bytes": FindingText(
        zh="照片文件头中夹有多余字节，图像完整。",
        en="There are stray bytes between the photo's header segments; the picture is whole.",
    ),
    "image-damaged": FindingText(
        zh="图像数据损坏（{reason}）。",
        en="The picture's data is damaged ({reason}).",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "image-tiles-damaged": FindingText(
        zh="照片由 {tiles} 块组成，其中至少 {count} 块损坏。",
        en="At least {count} of the photo's {tiles} tiles are damaged.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "exif-absent": FindingText(
        zh="照片不含 EXIF 拍摄信息。",
        en="The photo carries no Exif facts.",
        next_zh="时间与地点以采集清单为准。",
        next_en="Time and place rest on the manifest alone.",
    ),
    "exif-unreadable": FindingText(
        zh="EXIF 拍摄信息无法完整读取。", en="The Exif facts cannot be read in full."
    ),
    "exif-date-impossible": FindingText(
        zh="EXIF 拍摄时间不可能存在：{raw}。",
        en="The Exif time cannot exist: {raw}.",
        next_zh="原文已保留；请检查设备时钟，时间以采集清单为准。",
        next_en="The text is kept. Check the device's clock; the time rests on the manifest.",
    ),
    "exif-place-impossible": FindingText(
        zh="EXIF 坐标不可能存在。",
        en="The Exif coordinates cannot exist.",
        next_zh="地点以采集清单为准。",
        next_en="The place rests on the manifest.",
    ),
    "exif-place-differs": FindingText(
        zh="EXIF 坐标与采集清单相距 {metres} 米。",
        en="The Exif place and the manifest's are {metres} m apart.",
        next_zh="请查明照片是否在现场拍摄。",
        next_en="Find out whether the photo was taken at the scene.",
    ),
    "exif-time-differs": FindingText(
        zh="EXIF 拍摄时间与采集清单相差 {seconds} 秒。",
        en="The Exif time and the manifest's are {seconds} s apart.",
        next_zh="请核对设备时钟，并查明照片是否翻拍。",
        next_en="Check the device's clock, and whether this is a picture of a picture.",
    ),
}

_VIDEO: dict[str, FindingText] = {
    "mp4-no-moov": FindingText(
        zh="录像缺少索引（moov），多为录制中断电或未正常结束，无法播放。",
        en="The video has no index (moov): it was cut off before it was closed, and cannot be played.",
        next_zh="原始字节已封存；请保留设备存储卡，可由专业工具修复副本。",
        next_en="The bytes are sealed. Keep the device's card; a specialist may repair a copy.",
    ),
    "mp4-truncated": FindingText(
        zh="录像不完整，{box} 之后缺少 {missing_bytes} 字节。",
        en="The video is cut short: {missing_bytes} bytes are missing from {box}.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "mp4-trailing-bytes": FindingText(
        zh="录像末尾多出 {count} 字节。", en="{count} bytes follow the end of the video."
    ),
    "media-truncated": FindingText(
        zh="媒体文件不完整，末尾缺少 {missing_bytes} 字节。",
        en="The media file is cut short: {missing_bytes} bytes are missing at its end.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "demuxer-remark": FindingText(
        zh="读取容器时有一处不合规（{reason}），内容可读。",
        en="The container is not quite regular ({reason}); its content can be read.",
    ),
    "media-damaged": FindingText(
        zh="媒体文件无法完整读取（{reason}）。",
        en="The media file cannot be read in full ({reason}).",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "video-packets-damaged": FindingText(
        zh="{packets} 个视频数据包中有 {count} 个损坏。",
        en="{count} of {packets} video packets are damaged.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "video-frames-missing": FindingText(
        zh="索引写明 {promised} 帧，只读到 {found} 帧。",
        en="The index promises {promised} frames; {found} could be read.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "video-frames-damaged": FindingText(
        zh="至少 {count} 个关键帧损坏（{reason}）。",
        en="At least {count} key frame(s) are damaged ({reason}).",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "keyframes-sampled": FindingText(
        zh="录像较长，{keyframes} 个关键帧中抽查了 {decoded} 个，其余只检查了结构。",
        en="A long video: {decoded} of {keyframes} key frames were decoded; of the rest only the structure was checked.",
    ),
    "keyframes-none": FindingText(
        zh="没有解出任何关键帧，画面未检查。",
        en="No key frame could be decoded; the picture was not checked.",
    ),
}

_TRACK: dict[str, FindingText] = {
    "xml-entities": FindingText(
        zh="轨迹文件含有文档类型或实体声明，可能是攻击，未解析。",
        en="The track declares a document type or entities, as an attack would; it was not read.",
        next_zh="字节已完整保存；请查明文件来源。",
        next_en="The bytes are kept whole. Find out where the file came from.",
    ),
    "xml-damaged": FindingText(
        zh="轨迹文件在第 {line} 行损坏，其后未读。",
        en="The track is damaged at line {line}; what follows was not read.",
        next_zh=_RETAKE_ZH,
        next_en=_RETAKE_EN,
    ),
    "track-empty": FindingText(zh="轨迹文件不含任何点。", en="The track holds no point."),
    "track-jump": FindingText(
        zh="轨迹有 {count} 处跳变（超过 150 公里/小时）。",
        en="The track jumps {count} time(s), faster than 150 km/h.",
    ),
    "track-time-backwards": FindingText(
        zh="轨迹有 {count} 处时间倒退。", en="The track's time runs backwards {count} time(s)."
    ),
    "track-point-invalid": FindingText(
        zh="轨迹有 {count} 个坐标不可能存在的点。",
        en="{count} point(s) of the track have impossible coordinates.",
    ),
    "track-thinned": FindingText(
        zh="轨迹共 {points} 点，地图上均匀保留 {kept} 点；统计以全部点为准。",
        en="The track has {points} points; {kept} evenly spaced ones are drawn, the figures count all.",
    ),
}

_SERVICE: dict[str, FindingText] = {
    "verification-failed": FindingText(
        zh="多次尝试后仍无法完成检查（{reason}），没有任何一项可视为已核验。",
        en="The verification failed again and again ({reason}); no claim counts as checked.",
        next_zh="记录已隔离并锁定，字节完整保留；请管理员查看日志。",
        next_en="The recording is quarantined and locked, its bytes are kept whole; ask the operator to look.",
    ),
    "store-unavailable": FindingText(
        zh="证据存储暂时没有应答，尚未检查。",
        en="The evidence store did not answer; nothing was checked yet.",
        next_zh="系统会自动重试；收到的内容不会丢失。",
        next_en="It is tried again by itself; nothing that was received is lost.",
    ),
}

_CASE: dict[str, FindingText] = {
    "reviewer-took-part": FindingText(
        zh="您参与了本案的采集或办理，不能审核本案。",
        en="You took part in this case, so you cannot review it.",
        next_zh="请由未参与本案的法制审核人员审核（行政处罚法第五十八条）。",
        next_en="Leave it to a legal reviewer who took no part (Administrative Penalty Law, art. 58).",
    ),
    "case-without-evidence": FindingText(
        zh="本案没有关联任何记录或监控记录。",
        en="No recording and no monitoring record is linked to the case.",
        next_zh="请承办人关联证据。",
        next_en="Let the handler link the evidence.",
    ),
    "recording-not-verified-yet": FindingText(
        zh="记录尚在核验，结论未定。",
        en="The recording is still being verified; nothing is certain yet.",
        next_zh="等待核验结束再给出意见。",
        next_en="Wait until it is verified before giving an opinion.",
    ),
    "gate-closed": FindingText(
        zh="采集时设备不符合条件（{missing}），依行政处罚法第四十一条不得作为证据。",
        en="When it was captured the equipment's gate was closed ({missing}): no evidence"
        " (Administrative Penalty Law, art. 41).",
        next_zh="请解除该监控记录与本案的关联。",
        next_en="Unlink the monitoring record from the case.",
    ),
    "gate-recorded-later": FindingText(
        zh="设备的检定、审核或公布日期早于采集，但在采集之后才录入。",
        en="The equipment's certificate, review or publication is dated before the capture but was entered after it.",
        next_zh="请核对原件上的日期。",
        next_en="Check the dates on the originals.",
    ),
    "fact-without-evidence": FindingText(
        zh="这项待证事实没有有效证据（行政处罚法第四十条）。",
        en="No evidence that holds proves this fact (Administrative Penalty Law, art. 40).",
        next_zh="请承办人补充证据，或撤回该事实。",
        next_en="Let the handler add evidence, or withdraw the fact.",
    ),
    "evidence-after-decision": FindingText(
        zh="这份证据在作出决定之后才关联到本案，不是决定的依据。",
        en="This evidence was linked after the decision, which does not rest on it.",
        next_zh="如影响决定，请按监督程序处理。",
        next_en="If it bears on the decision, take it to supervision.",
    ),
    "evidence-after-submission": FindingText(
        zh="这份证据在提交审核之后才关联到本案。",
        en="This evidence was linked to the case after it had been submitted.",
        next_zh="请确认审核时是否已看过它。",
        next_en="Make sure that the opinion takes it into account.",
    ),
}

_AUDIT: dict[str, FindingText] = {
    "recheck-failed": FindingText(
        zh="抽中的 {of} 份记录中有 {bad} 份重新计算后与封存时不一致。",
        en="{bad} of {of} drawn recordings do not re-hash to what was sealed.",
        next_zh="请立即报告，保留现状，由系统管理员运行 fsck。",
        next_en="Report it at once, change nothing, and let the operator run fsck.",
    ),
    "recheck-incomplete": FindingText(
        zh="抽中的 {of} 份记录中有 {open} 份未能重新计算，未检查不等于通过，也不等于不符。",
        en="{open} of {of} drawn recordings could not be re-hashed: neither passed nor found wrong.",
        next_zh="请系统管理员查明存储为何没有应答，再行抽查。",
        next_en="Let the operator find out why the store did not answer, and audit again.",
    ),
    "nothing-to-check": FindingText(
        zh="没有可供检查的记录。",
        en="There is no recording to check.",
        next_zh="请评查员人工判断。",
        next_en="The inspector judges by hand.",
    ),
    "capture-time-unknown": FindingText(
        zh="记录没有声明采集时间，无法核对交件是否及时。",
        en="No capture time was declared, so the hand-in cannot be checked.",
        next_zh="请评查员人工判断。",
        next_en="The inspector judges by hand.",
    ),
}

FINDINGS: Mapping[str, FindingText] = {
    **_BINDING,
    **_MANIFEST,
    **_RULES,
    **_NAME,
    **_DECODER,
    **_PHOTO,
    **_VIDEO,
    **_TRACK,
    **_SERVICE,
    **_CASE,
    **_AUDIT,
}
"""Every code by its sentences."""


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def sentence(code: str, params: Mapping[str, Any]) -> FindingText:
    """Return the finding's texts with the parameters filled in; an unknown code is shown as it stands."""
    text = FINDINGS.get(code)
    if text is None:
        return FindingText(zh=code, en=code)
    filled = {name: _fill(getattr(text, name), params) for name in FindingText.model_fields}
    return FindingText(**filled)


def _fill(template: str, params: Mapping[str, Any]) -> str:
    return Formatter().vformat(template, (), _Params({key: str(value) for key, value in params.items()}))
