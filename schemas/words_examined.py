"""Parts of a file, in what they are gone through, and what is met on a stretch of it."""

from schemas.examined import Measure, PartKind
from schemas.media import StretchKind
from schemas.scrub import StoreFault
from schemas.words import vocabulary

STORE_FAULTS = vocabulary(
    StoreFault,
    {
        StoreFault.BROKEN: ("存储中的字节不是登记的字节", "The store holds other bytes than were recorded"),
        StoreFault.MISSING: ("存储中没有登记的字节", "The store does not hold what was recorded"),
        StoreFault.DAMAGED: (
            "存储中该记录的附属信息已损坏",
            "What the store keeps beside the bytes is damaged",
        ),
    },
)

PART_KINDS = vocabulary(
    PartKind,
    {
        PartKind.CONTAINER: ("文件结构", "File structure"),
        PartKind.INDEX: ("索引", "Index"),
        PartKind.VIDEO: ("视频画面", "Moving picture"),
        PartKind.SOUND: ("声音", "Sound"),
        PartKind.DATA: ("附加数据", "Data"),
        PartKind.PICTURE: ("图像", "Picture"),
        PartKind.METADATA: ("内嵌信息", "Metadata"),
        PartKind.POINTS: ("轨迹点", "Track points"),
        PartKind.TEXT: ("文字", "Text"),
        PartKind.CONTENT: ("内容数据", "Content"),
        PartKind.PAGE: ("页面", "Pages"),
        PartKind.ENDING: ("文件末尾", "End of the file"),
    },
)

MEASURES = vocabulary(
    Measure,
    {
        Measure.BYTES: ("字节", "bytes"),
        Measure.BOXES: ("结构单元", "boxes"),
        Measure.PACKETS: ("数据包", "packets"),
        Measure.KEYFRAMES: ("关键帧", "key frames"),
        Measure.FRAMES: ("帧", "frames"),
        Measure.SAMPLES: ("采样", "samples"),
        Measure.PIXELS: ("像素", "pixels"),
        Measure.TILES: ("图块", "tiles"),
        Measure.ENTRIES: ("条目", "entries"),
        Measure.POINTS: ("点", "points"),
        Measure.PAGES: ("页", "pages"),
        Measure.PIECES: ("段", "pieces"),
    },
)

STRETCHES = vocabulary(
    StretchKind,
    {
        StretchKind.HOLE: ("没有画面", "No picture"),
        StretchKind.DAMAGED: ("画面损坏", "Picture damaged"),
        StretchKind.BLACK: ("全黑", "Black"),
        StretchKind.FROZEN: ("定格", "Standing still"),
        StretchKind.BROKEN: ("声音损坏", "Sound damaged"),
        StretchKind.DROPPED: ("声音中断", "Sound breaks off"),
        StretchKind.SILENT: ("无声", "Silent"),
    },
)
