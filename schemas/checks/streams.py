"""The coded pictures inside a file."""

from schemas.checks.rows import RETAKE, mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

PACKETS = Check(
    name="packets",
    version=3,
    title=Words("数据包", "Packets"),
    proves=Words(
        "每个视频数据包的长度自洽，数量不少于索引所写。",
        "Every video packet is consistent in length, and none that the index promises is missing.",
    ),
    leaves=Words(
        "不说明数据包解码后的画面完好。",
        "Not that the packets decode to a sound picture.",
    ),
    media=frozenset({Medium.VIDEO}),
    findings=(
        mismatch(
            "video-packets-damaged",
            zh="{packets} 个视频数据包中有 {count} 个损坏。",
            en="{count} of {packets} video packets are damaged.",
            then=RETAKE,
        ),
        mismatch(
            "video-frames-missing",
            zh="索引写明 {promised} 帧，只读到 {found} 帧。",
            en="The index promises {promised} frames; {found} could be read.",
            then=RETAKE,
        ),
    ),
)

KEYFRAMES = Check(
    name="keyframes",
    version=4,
    title=Words("关键帧", "Key frames"),
    proves=Words(
        "关键帧（较长录像为抽查，短片为每一帧）可以解码，没有损坏。",
        "Key frames – of a long video a sample, of a short one every frame – decode without damage.",
    ),
    leaves=Words(
        "不说明较长录像关键帧之间的画面完好。",
        "Not that the pictures between the key frames of a longer video are sound.",
    ),
    media=frozenset({Medium.VIDEO}),
    findings=(
        not_checked(
            "codec-unsupported",
            zh="没有可用的视频解码器（程序报告：{reason}），画面未检查。",
            en="No decoder for this video ({reason}); the picture was not checked.",
            then=(
                "字节已完整保存，可用原厂软件查看。",
                "The bytes are kept whole and can be viewed with the maker's software.",
            ),
        ),
        mismatch(
            "video-frames-damaged",
            zh="至少 {count} 帧画面损坏（程序报告：{reason}）。",
            en="At least {count} frame(s) are damaged ({reason}).",
            then=RETAKE,
        ),
        not_checked(
            "keyframes-none",
            zh="没有解出任何关键帧，画面未检查。",
            en="No key frame could be decoded; the picture was not checked.",
            severity=Severity.WARN,
        ),
        remark(
            "keyframes-sampled",
            zh="录像较长，{keyframes} 个关键帧中抽查了 {decoded} 个，其余只检查了结构。",
            en="A long video: {decoded} of {keyframes} key frames were decoded; of the rest only the structure"
            " was checked.",
        ),
    ),
)

FRAMES = Check(
    name="frames",
    version=1,
    title=Words("逐帧解码", "Every frame"),
    proves=Words(
        "录像的每一帧都已解码，没有损坏。",
        "Every frame of the film was decoded, and none of them is damaged.",
    ),
    leaves=Words(
        "不说明画面内容属实。",
        "Not that what the frames show is true.",
    ),
    media=frozenset({Medium.VIDEO}),
    findings=(
        mismatch(
            "frames-damaged",
            zh="{frames} 帧中有 {count} 帧不能完整解码；最早的是第 {first} 帧，{at_seconds} 秒处（程序报告：{reason}）。",
            en="{count} of {frames} frames do not decode whole; the first is frame {first}, at {at_seconds} s ({reason}).",
            then=RETAKE,
        ),
        not_checked(
            "frames-partly",
            zh="逐帧检查到工作量上限为止：{frames} 帧中解码了 {done} 帧，其余未检查。",
            en="Of {frames} frames {done} were decoded, as far as one examination may go; the rest was not checked.",
        ),
    ),
)

COVER = Check(
    name="cover",
    version=1,
    title=Words("封面图", "Cover picture"),
    proves=Words(
        "随录音或录像保存的封面图可以解码。",
        "The cover picture kept with the recording decodes.",
    ),
    leaves=Words(
        "不说明封面图与内容有关。",
        "Not that the picture has to do with the content.",
    ),
    media=frozenset({Medium.VIDEO, Medium.AUDIO}),
    findings=(
        remark(
            "cover-damaged",
            zh="封面图损坏（程序报告：{reason}），录音录像本身不受影响。",
            en="The cover picture is damaged ({reason}); the recording itself is not touched by it.",
            severity=Severity.REMARK,
        ),
    ),
)

DATA = Check(
    name="data_streams",
    version=1,
    title=Words("附带数据", "Data beside the recording"),
    proves=Words(
        "相机随画面写入的数据（时间码、遥测、字幕、章节）都已读取。",
        "What the camera wrote beside pictures and sound – time code, telemetry, titles, chapters – was read.",
    ),
    leaves=Words(
        "不说明这些数据的内容属实。",
        "Not that what these data say is true.",
    ),
    media=frozenset({Medium.VIDEO, Medium.AUDIO}),
    findings=(
        mismatch(
            "data-missing",
            zh="附带数据中有 {count} 个数据包读不到。",
            en="{count} packet(s) of the data beside the recording cannot be read.",
            severity=Severity.WARN,
        ),
        remark(
            "data-broken",
            zh="遥测数据中有 {count} 段不完整，完整的部分已读取。",
            en="{count} packet(s) of the telemetry are not whole; what is whole was read.",
            severity=Severity.REMARK,
        ),
        not_checked(
            "data-unknown",
            zh="有 {count} 路附带数据种类不明，未检查。",
            en="{count} stream(s) of data are of no known kind and were not checked.",
        ),
    ),
)

TILES = Check(
    name="tiles",
    version=1,
    title=Words("图块", "Image tiles"),
    proves=Words(
        "组成照片的每一块都可以解码，没有损坏。",
        "Every tile of the photo decodes without damage.",
    ),
    leaves=Words(
        "不说明图块之外的数据完好。",
        "Nothing about data outside of the tiles.",
    ),
    media=frozenset({Medium.PHOTO}),
    findings=(
        not_checked(
            "tiles-unreadable",
            zh="照片的图块无法逐块解码（程序报告：{reason}），未检查。",
            en="The photo's tiles could not be decoded one by one ({reason}); they were not checked.",
            then=(
                "字节已完整保存，可用原厂软件查看。",
                "The bytes are kept whole and can be viewed with the maker's software.",
            ),
        ),
        mismatch(
            "image-tiles-damaged",
            zh="照片由 {tiles} 块组成，其中至少 {count} 块损坏。",
            en="At least {count} of the photo's {tiles} tiles are damaged.",
            then=RETAKE,
        ),
    ),
)


STREAMS = (
    PACKETS,
    KEYFRAMES,
    FRAMES,
    COVER,
    DATA,
    TILES,
)
