"""What stands in a still beside its picture: what follows its end, other files in it, traces of editing, its raw pixels."""

from schemas.checks.rows import RETAKE, mismatch, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_PHOTO = frozenset({Medium.PHOTO})

STILL_END = Check(
    name="still_end",
    version=1,
    title=Words("照片末尾", "What follows the photo"),
    proves=Words(
        "照片结束之后没有多余内容，也没有把别的文件藏在照片里。",
        "Nothing follows the end of the photo, and no other file is hidden in it.",
    ),
    leaves=Words(
        "不说明图像本身是否藏有信息。",
        "Not whether something is hidden in the picture itself.",
    ),
    media=_PHOTO,
    findings=(
        remark(
            "still-padding",
            zh="照片末尾有 {count} 字节的填充，不含内容。",
            en="{count} bytes of padding follow the end of the photo; they hold nothing.",
            severity=Severity.REMARK,
        ),
        remark(
            "still-companion",
            zh="照片之后还有设备写入的附加内容（{kind}，{count} 字节），已识别。",
            en="The device wrote more behind the photo ({kind}, {count} bytes); it is of a known kind.",
            severity=Severity.REMARK,
        ),
        remark(
            "still-companion-gone",
            zh="照片的索引提到附加内容（{kind}），文件里没有，多为编辑或转存时丢弃。",
            en="The photo's index names more behind it ({kind}) that is not there: editors and copies drop it.",
            severity=Severity.REMARK,
        ),
        remark(
            "still-trailing-bytes",
            zh="照片末尾多出 {count} 字节，来历不明。",
            en="{count} bytes of unknown kind follow the end of the photo.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "still-large-trailer",
            zh="照片末尾多出 {count} 字节，比照片本身（{picture} 字节）还多，来历不明。",
            en="{count} bytes of unknown kind follow the end of the photo, more than the photo itself ({picture}).",
            then=(
                "照片本身完好；请查明多余内容由何产生。",
                "The photo itself stands. Find out what wrote the rest.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "still-hidden-file",
            zh="照片里藏有另一个文件（{kind}，在第 {offset} 字节处）。",
            en="Another file is hidden in the photo ({kind}, at byte {offset}).",
            then=(
                "不要用其他程序打开原件；请查明文件由何产生。",
                "Do not open the original with other programs. Find out what made the file.",
            ),
            severity=Severity.WARN,
        ),
        mismatch(
            "still-companion-damaged",
            zh="照片之后的附加图像（第 {number} 幅）损坏；第一幅完好。",
            en="Picture {number}, which follows the first one in the file, is damaged; the first one stands.",
            then=(
                "如附加图像对案件重要，请另行取得原件。",
                "If that picture matters to the case, get it from the device again.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

EDITS = Check(
    name="edits",
    version=1,
    title=Words("编辑痕迹", "Traces of editing"),
    proves=Words(
        "照片自带的信息里没有编辑软件留下的痕迹。",
        "The photo's own information holds no trace of an editor.",
    ),
    leaves=Words(
        "不说明照片未经编辑：痕迹可以清除。",
        "Not that the photo was never edited: traces can be removed.",
    ),
    media=_PHOTO,
    findings=(
        remark(
            "edited-by-software",
            zh="照片带有编辑软件的痕迹：{software}。",
            en="The photo carries traces of an editor: {software}.",
            then=(
                "请核对是否为设备原片；如经转存或标注，请说明。",
                "Check whether this is the device's own file; if it was converted or marked, say so.",
            ),
            severity=Severity.REMARK,
        ),
        remark(
            "thumbnail-misfit",
            zh="照片内嵌缩略图的比例（{thumbnail}）与画面（{picture}）不符，画面可能被裁剪或替换。",
            en="The thumbnail inside ({thumbnail}) does not fit the picture ({picture}): it may have been cropped.",
            severity=Severity.REMARK,
        ),
        remark(
            "xmp-unreadable",
            zh="照片的 XMP 信息无法读取。",
            en="The photo's XMP cannot be read.",
            severity=Severity.REMARK,
        ),
    ),
)

RAW_PIXELS = Check(
    name="raw_pixels",
    version=2,
    title=Words("原始像素（RAW）", "Raw pixels"),
    proves=Words(
        "原始照片的传感器数据已全部读出，没有整段为零。",
        "The sensor's data of a raw photo was read to its end, and no stretch of it is empty.",
    ),
    leaves=Words(
        "不说明每个像素都准确。",
        "Not that every pixel is right.",
    ),
    media=_PHOTO,
    findings=(
        mismatch(
            "raw-rows-empty",
            zh="原始照片的 {of} 行数据中有 {count} 行全为零，从第 {first} 行起。",
            en="{count} of {of} rows of the raw photo hold nothing but zeros, from row {first} on.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "raw-stretch-empty",
            zh="原始照片的数据中有 {count} 个连续的零，在第 {first} 行。",
            en="The raw photo's data holds {count} zeros in a row, in row {first}.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
    ),
)

CREDENTIALS = Check(
    name="credentials",
    version=1,
    title=Words("内容凭证（C2PA）", "Content credentials (C2PA)"),
    proves=Words(
        "照片自带的内容凭证有效，签名者在本机构钉定的名单上。",
        "The photo's own content credentials are valid, and their signer is on the list that this agency pinned.",
    ),
    leaves=Words(
        "不说明画面属实；没有内容凭证的照片同样有效。",
        "Not that the picture is true. A photo without content credentials is worth as much.",
    ),
    media=_PHOTO,
    findings=(
        mismatch(
            "c2pa-altered",
            zh="照片在写入内容凭证（C2PA）之后被改动，或凭证本身被改动。",
            en="The photo was changed after its content credentials (C2PA) were written, or they were changed themselves.",
            then=(
                "请查明改动由何产生；本系统收到后的字节由完整性校验值证明。",
                "Find out what changed it. That its bytes are those received is proven by the digest.",
            ),
            severity=Severity.WARN,
        ),
        remark(
            "c2pa-bytes-unsigned",
            zh="内容凭证（C2PA）的签名没有覆盖全部字节，旧的签名程序会这样写。",
            en="The signature of the content credentials (C2PA) leaves bytes out, as older signers do.",
            severity=Severity.REMARK,
        ),
        remark(
            "c2pa-signer-unknown",
            zh="内容凭证（C2PA）与内容相符；签名者不在本机构钉定的名单上。",
            en="The content credentials (C2PA) fit the content; their signer is on no list that this agency pinned.",
        ),
        remark(
            "c2pa-not-valid",
            zh="内容凭证（C2PA）不符合规范（程序报告：{reason}），没有发现内容被改动。",
            en="The content credentials (C2PA) do not follow their standard ({reason}); no change was found.",
            severity=Severity.REMARK,
        ),
        remark(
            "c2pa-unreadable",
            zh="内容凭证（C2PA）无法读取（程序报告：{reason}）。",
            en="The content credentials (C2PA) cannot be read ({reason}).",
            severity=Severity.REMARK,
        ),
    ),
)

STILLS = (STILL_END, EDITS, RAW_PIXELS, CREDENTIALS)
