"""What a file is by its bytes, and whether it is whole."""

from schemas.checks.document_notes import DOCUMENT_NOTES
from schemas.checks.rows import ALL_MEDIA, LATER, RETAKE, mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

MEDIA_TYPE = Check(
    name="media_type",
    version=1,
    title=Words("媒体类型", "Media type"),
    proves=Words(
        "文件名的后缀与内容相符。",
        "The ending of the name fits the content.",
    ),
    leaves=Words(
        "不说明内容完好。",
        "Not that the content is sound.",
    ),
    media=ALL_MEDIA,
    findings=(
        mismatch(
            "type-name-conflict",
            zh="文件名以 .{ending} 结尾，内容却是 {media_type}。",
            en="The name ends in .{ending}, but the content is {media_type}.",
            then=(
                "检查以内容为准；请查明文件为何改名。",
                "Checks follow the content. Find out why the file was renamed.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

CONTAINER = Check(
    name="container",
    version=4,
    title=Words("文件结构", "File structure"),
    proves=Words(
        "文件可以打开，结构完整，照片已全部解码。",
        "The file opens and is whole; a photo was decoded to its last byte.",
    ),
    leaves=Words(
        "不说明每一帧画面、每一段声音都完好。",
        "Not that every frame and every sound is sound.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        not_checked(
            "type-unknown",
            zh="不认识的文件类型（{media_type}），内容未检查。",
            en="The type of this file ({media_type}) is not one we can look into; its content was not checked.",
            then=("字节已完整保存，可下载查看。", "The bytes are kept whole and can be downloaded."),
        ),
        mismatch("zero-bytes", zh="文件为空（0 字节）。", en="The file is empty (zero bytes).", then=RETAKE),
        not_checked(
            "file-too-large",
            zh="文件超过解码上限，内容未检查；完整性校验值与大小照常核对。",
            en="The file is over the limit for decoding; its content was not checked. Digest and size were.",
            severity=Severity.WARN,
        ),
        not_checked(
            "no-sandbox",
            zh="本机无法把解码程序关进沙箱，内容未检查。",
            en="This machine has no sandbox for decoders; the content was not checked.",
            then=(
                "原件未受影响；请管理员运行 quancheng doctor 并按提示处理。",
                "The original is untouched. Ask the operator to run `quancheng doctor` and follow what it says.",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "decoder-crashed",
            zh="解码程序崩溃，内容未检查。",
            en="The decoder crashed; the content was not checked.",
            then=LATER,
            severity=Severity.WARN,
        ),
        not_checked(
            "decoder-timeout",
            zh="解码超时，内容未检查。",
            en="The decoder ran out of time; the content was not checked.",
            then=LATER,
            severity=Severity.WARN,
        ),
        not_checked(
            "decoder-memory",
            zh="解码所需内存超过上限，内容未检查。",
            en="The decoder needed more memory than it may have; the content was not checked.",
            then=LATER,
            severity=Severity.WARN,
        ),
        not_checked(
            "work-too-large",
            zh="解码所需的工作量超过上限，内容未检查；完整性校验值与大小照常核对。",
            en="Decoding takes more work than one file may cost; its content was not checked. Digest and size were.",
            then=(
                "字节已完整保存；请查明文件如何产生，正常设备不会写出这样的文件。",
                "The bytes are kept whole. Find out how the file was made: no ordinary device writes one like it.",
            ),
            severity=Severity.WARN,
        ),
        not_checked(
            "decoder-unsupported",
            zh="没有可用的解码器（程序报告：{reason}），内容未检查。",
            en="No decoder for this kind of content ({reason}); it was not checked.",
            then=(
                "字节已完整保存，可用原厂软件查看。",
                "The bytes are kept whole and can be viewed with the maker's software.",
            ),
        ),
        not_checked(
            "image-too-large",
            zh="图像为 {width}×{height}（{megapixels} 百万像素），超过上限 {limit_megapixels}，未解码。",
            en="The picture claims {width}×{height}, {megapixels} megapixels; over {limit_megapixels} it is not decoded.",
            then=(
                "字节已完整保存。若确为全景照片，请管理员提高上限。",
                "The bytes are kept whole. If it is a real panorama, ask the operator to raise the limit.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "image-damaged",
            zh="图像数据损坏（程序报告：{reason}）。",
            en="The picture's data is damaged ({reason}).",
            then=RETAKE,
        ),
        mismatch(
            "jpeg-damaged",
            zh="照片数据损坏（程序报告：{reason}）。",
            en="The photo's data is damaged ({reason}).",
            then=RETAKE,
        ),
        remark(
            "jpeg-stray-bytes",
            zh="照片中夹有多余字节（在文件头，或在扫描数据末尾），图像完整。",
            en="There are stray bytes in the photo, in its header or at the end of a scan; the picture is whole.",
        ),
        remark(
            "image-long-zero-run",
            zh="图像数据在第 {offset} 字节处有一长段零：可能是大片单色，也可能是复制时缺失，解码程序分辨不出。",
            en="A long run of zeros lies in the picture's data at byte {offset}: a flat area, or a hole in a copy; a"
            " decoder cannot tell.",
            then=("请查看画面，留意单色的整块。", "Look at the picture for a block of one colour."),
            severity=Severity.REMARK,
        ),
        mismatch(
            "mp4-no-moov",
            zh="录像缺少索引（moov），多为录制中断电或未正常结束，无法播放。",
            en="The video has no index (moov): it was cut off before it was closed, and cannot be played.",
            then=(
                "原始字节已封存；请保留设备存储卡，可由专业工具修复副本。",
                "The bytes are sealed. Keep the device's card; a specialist may repair a copy.",
            ),
        ),
        mismatch(
            "mp4-truncated",
            zh="录像不完整，{box} 之后缺少 {missing_bytes} 字节。",
            en="The video is cut short: {missing_bytes} bytes are missing from {box}.",
            then=RETAKE,
        ),
        mismatch(
            "media-truncated",
            zh="媒体文件不完整，末尾缺少 {missing_bytes} 字节。",
            en="The media file is cut short: {missing_bytes} bytes are missing at its end.",
            then=RETAKE,
        ),
        mismatch(
            "media-empty",
            zh="录制内容为空：没有画面，也没有声音。",
            en="The recording is empty: no picture and no sound was recorded.",
            then=RETAKE,
        ),
        mismatch(
            "media-damaged",
            zh="媒体文件无法完整读取（程序报告：{reason}）。",
            en="The media file cannot be read in full ({reason}).",
            then=RETAKE,
        ),
        not_checked(
            "xml-entities",
            zh="轨迹文件含有文档类型或实体声明，可能是攻击，未解析。",
            en="The track declares a document type or entities, as an attack would; it was not read.",
            then=(
                "字节已完整保存；请查明文件来源。",
                "The bytes are kept whole. Find out where the file came from.",
            ),
            severity=Severity.FAIL,
        ),
        mismatch(
            "xml-damaged",
            zh="轨迹文件在第 {line} 行损坏，其后未读。",
            en="The track is damaged at line {line}; what follows was not read.",
            then=RETAKE,
        ),
        mismatch(
            "json-damaged",
            zh="轨迹文件（GeoJSON）在第 {line} 行损坏，其后未读。",
            en="The track (GeoJSON) is damaged at line {line}; what follows was not read.",
            then=RETAKE,
        ),
        *DOCUMENT_NOTES,
    ),
)

CONTAINER_END = Check(
    name="container_end",
    version=2,
    title=Words("文件结尾", "File ending"),
    proves=Words(
        "最后一个结构之后没有来历不明的字节。",
        "Nothing unexplained follows the last structure.",
    ),
    leaves=Words(
        "不说明多余字节的来历。",
        "Not where extra bytes come from.",
    ),
    media=frozenset({Medium.VIDEO, Medium.AUDIO}),
    findings=(
        remark(
            "mp4-padding",
            zh="录像末尾有 {count} 字节的填充（全零或全一），为设备预留空间。",
            en="{count} bytes of filler follow the end of the video: room the camera had set aside.",
        ),
        remark(
            "trailer-known",
            zh="录像末尾有 {count} 字节的厂商附加数据（{maker}）。",
            en="{count} bytes of its maker's own data ({maker}) follow the end of the video.",
        ),
        remark(
            "mp4-trailing-bytes",
            zh="录像末尾多出 {count} 字节。",
            en="{count} bytes follow the end of the video.",
            severity=Severity.WARN,
        ),
    ),
)

DEMUXER = Check(
    name="demuxer",
    version=1,
    title=Words("音视频分离", "Demultiplexing"),
    proves=Words(
        "按容器格式读取时没有不合规之处。",
        "The container could be read without a complaint.",
    ),
    leaves=Words(
        "不说明数据包内容完好。",
        "Not that the packets' content is sound.",
    ),
    media=frozenset({Medium.VIDEO, Medium.AUDIO}),
    findings=(
        remark(
            "demuxer-remark",
            zh="读取容器时有一处不合规（程序报告：{reason}），内容可读。",
            en="The container is not quite regular ({reason}); its content can be read.",
        ),
    ),
)


STRUCTURE = (
    MEDIA_TYPE,
    CONTAINER,
    CONTAINER_END,
    DEMUXER,
)
