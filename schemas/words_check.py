"""What each check is called."""

from collections.abc import Mapping
from types import MappingProxyType

from schemas.words import Words

CHECK_NAMES: Mapping[str, Words] = MappingProxyType(
    {
        "digest": Words("完整性校验值（哈希值）", "Digest"),
        "size": Words("大小", "Size"),
        "manifest_signature": Words("清单签名", "Manifest signature"),
        "device_key": Words("设备密钥", "Device key"),
        "verification": Words("核验过程", "Verification"),
        "manifest_sequence": Words("采集序号", "Sequence"),
        "clock": Words("设备时钟", "Device clock"),
        "capture_time": Words("拍摄时间", "Capture time"),
        "officers": Words("执法人员", "Officers"),
        "place": Words("拍摄地点", "Place"),
        "case": Words("案号", "Case number"),
        "hand_in": Words("及时上交入库", "Handed in on time"),
        "media_type": Words("媒体类型", "Media type"),
        "container": Words("文件结构", "File structure"),
        "container_end": Words("文件结尾", "File ending"),
        "demuxer": Words("音视频分离", "Demultiplexing"),
        "packets": Words("数据包", "Packets"),
        "tiles": Words("图块", "Image tiles"),
        "place_agrees": Words("地点一致", "Places agree"),
        "time_agrees": Words("时间一致", "Times agree"),
        "keyframes": Words("关键帧", "Key frames"),
        "exif": Words("照片内嵌信息（EXIF）", "Exif"),
        "exif_time": Words("内嵌拍摄时间（EXIF）", "Exif time"),
        "exif_place": Words("内嵌拍摄地点（EXIF）", "Exif place"),
        "track_line": Words("轨迹线", "Track line"),
        "track_points": Words("轨迹点", "Track points"),
        "track_steps": Words("轨迹步幅", "Track steps"),
        "track_times": Words("轨迹时间", "Track times"),
        "evidence": Words("案件证据", "Evidence of the case"),
        "proof": Words("待证事实的证据", "Evidence of a fact"),
        "reviewer": Words("审核人员回避", "Reviewer took no part"),
        "gate": Words("设备条件（第四十一条）", "Equipment's gate (art. 41)"),
        "fixity": Words("抽中记录复验", "Recheck of what was drawn"),
    }
)

_OTHER = Words("其他检查", "Another check")


def check_words(name: str) -> Words:
    """Return what a check is called; one of another version of the product is named as that, never by its slug."""
    return CHECK_NAMES.get(name, _OTHER)
