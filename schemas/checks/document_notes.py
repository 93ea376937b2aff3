"""What a reader of documents notes about their container: encryption, ends and indexes that are lost."""

from schemas.checks.rows import Advice, mismatch, not_checked
from schemas.integrity import Severity

AGAIN: Advice = (
    "原始字节已按申报内容封存；如设备或单位仍存有原件，请重新上传。",
    "The bytes are sealed as declared. If the original is still at hand, upload it again.",
)

DOCUMENT_NOTES = (
    not_checked(
        "document-encrypted",
        zh="文件已加密，没有口令不能读取，内容未检查。",
        en="The document is encrypted and cannot be read without its password; its content was not checked.",
        then=(
            "字节已完整保存；请另行取得未加密的文件一并上传，两份都会保留。",
            "The bytes are kept whole. Get the document without encryption and upload it too; both are kept.",
        ),
        severity=Severity.REMARK,
    ),
    not_checked(
        "document-unread",
        zh="文件是旧版办公格式（{format}），本系统认得但不读取其内容。",
        en="The document is of an older office format ({format}) that is known here and not read.",
        then=(
            "字节已完整保存；请另存为 DOCX、OFD 或 PDF 一并上传，两份都会保留。",
            "The bytes are kept whole. Save it as DOCX, OFD or PDF and upload that too; both are kept.",
        ),
    ),
    mismatch(
        "pdf-not-closed",
        zh="PDF 文件没有结尾（%%EOF），末尾缺失。",
        en="The PDF has no end (%%EOF): its last part is missing.",
        then=AGAIN,
    ),
    mismatch(
        "pdf-index-lost",
        zh="PDF 文件的索引无法读取，文件损坏。",
        en="The index of the PDF cannot be read: the file is damaged.",
        then=AGAIN,
    ),
    mismatch(
        "zip-no-directory",
        zh="压缩结构的文件缺少目录，末尾缺失或被改写。",
        en="The archive has no directory: its end is missing or overwritten.",
        then=AGAIN,
    ),
    mismatch(
        "zip-directory-damaged",
        zh="压缩结构的目录在第 {number} 项损坏。",
        en="The directory of the archive is damaged at entry {number}.",
        then=AGAIN,
    ),
)
