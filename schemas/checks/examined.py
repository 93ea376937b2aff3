"""How far the parts of a file were gone through."""

from schemas.checks.rows import ALL_MEDIA, not_checked
from schemas.integrity import Check
from schemas.words import Words

EXAMINED = Check(
    name="examined",
    version=1,
    title=Words("检查范围", "What was examined"),
    proves=Words(
        "该类型文件应检查的每个部分都已检查。",
        "Every part that a file of this type is asked for was examined.",
    ),
    leaves=Words(
        "不说明各部分检查的结果，也不说明要求之外的部分完好。",
        "Not what was found in a part, nor anything of what lies above what is asked.",
    ),
    media=ALL_MEDIA,
    is_telling=True,
    findings=(
        not_checked(
            "parts-not-examined",
            zh="有 {count} 项没有检查到应有的程度：{pieces}。",
            en="{count} thing(s) were not examined as far as is asked: {pieces}.",
            then=(
                "字节已完整保存；请用能读取该部分的软件查看，或补充其他证据。",
                "The bytes are kept whole. View them with software that reads these parts, or add other evidence.",
            ),
        ),
    ),
)

EXAMINATION = (EXAMINED,)
