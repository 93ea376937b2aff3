"""Documents: index, content, pages, what may run, what was changed after a signature, and the times they state."""

from schemas.checks.document_notes import AGAIN
from schemas.checks.rows import RETAKE, Advice, mismatch, not_checked, remark
from schemas.integrity import Check, Severity
from schemas.media import Medium
from schemas.words import Words

_DOCUMENT = frozenset({Medium.DOCUMENT})
_DO_NOT_OPEN: Advice = (
    "不要直接打开原件；请查明这些内容由何产生。",
    "Do not open the original with other programs. Find out what put these things there.",
)
_WHOSE: Advice = (
    "请向出具文件的单位核对，并取得签名时的版本。",
    "Ask whoever issued the document, and get the version that was signed.",
)

"""What a reader of documents may meet before it can look at anything else."""

DOCUMENT_INDEX = Check(
    name="document_index",
    version=1,
    title=Words("文件索引", "Index of the document"),
    proves=Words(
        "索引或目录的每一项都指向文件中相应的内容，没有重叠、重名。",
        "Every entry of the index leads to what it names; none overlap, and no two have one name.",
    ),
    leaves=Words(
        "不说明内容完好。",
        "Not that the content is sound.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-index-irregular",
            zh="索引有 {count} 处写法不规范，内容可以读取。",
            en="The index is irregular in {count} place(s); the content can be read.",
            severity=Severity.REMARK,
        ),
        remark(
            "zip-unlisted",
            zh="文件中有 {count} 字节不属于目录所列的任何一项。",
            en="{count} bytes of the file belong to nothing that its directory lists.",
            severity=Severity.REMARK,
        ),
        remark(
            "zip-names-odd",
            zh="压缩包内有 {count} 个文件名指向包外或含有控制字符。",
            en="{count} name(s) in the archive point outside of it or hold control characters.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "zip-names-twice",
            zh="压缩包内有 {count} 个文件与另一个同名，不同软件会打开不同的一个。",
            en="{count} file(s) in the archive share a name with another: programs differ in which one they open.",
            then=AGAIN,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-index-wrong",
            zh="索引 {entries} 项中有 {count} 项与内容不符（首处：第 {first} 项）。",
            en="{count} of {entries} entries of the index do not fit what is there (the first: number {first}).",
            then=AGAIN,
        ),
        mismatch(
            "zip-overlaps",
            zh="压缩包内有 {count} 个文件互相重叠，正常程序不会这样写。",
            en="{count} file(s) of the archive overlap: no ordinary program writes that.",
            then=AGAIN,
        ),
    ),
)

DOCUMENT_CONTENT = Check(
    name="document_content",
    version=2,
    title=Words("文件内容", "Content of the document"),
    proves=Words(
        "文件中每一段内容都能解压，校验值相符；其中的文字结构可以读取。",
        "Every piece of the content unpacks and fits its checksum; text that has a structure can be read.",
    ),
    leaves=Words(
        "不说明内容属实；压缩包中的照片、录像不在此逐一检查。",
        "Not that it is true; photos and films inside of an archive are not examined one by one here.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-content-irregular",
            zh="有 {count} 段内容的写法不规范（长度或结尾标记），内容可以读取。",
            en="{count} piece(s) of the content are irregular in length or ending; they can be read.",
            severity=Severity.REMARK,
        ),
        not_checked(
            "document-part-refused",
            zh="内嵌的 XML（第 {number} 个文件）声明了文档类型（DTD），可能引用外部内容，不予展开。",
            en="XML inside (file {number}) declares a document type (DTD), which may fetch things; it is not expanded.",
            then=_DO_NOT_OPEN,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-content-damaged",
            zh="{of} 段内容中有 {count} 段损坏（首处：第 {first} 段）。",
            en="{count} of {of} pieces of the content are damaged (the first: number {first}).",
            then=AGAIN,
        ),
        mismatch(
            "document-part-broken",
            zh="内嵌的 XML（第 {number} 个文件）在第 {line} 行损坏。",
            en="XML inside (file {number}) is damaged at line {line}.",
            then=AGAIN,
        ),
    ),
)

DOCUMENT_PAGES = Check(
    name="document_pages",
    version=1,
    title=Words("文件页面", "Pages of the document"),
    proves=Words(
        "文件有正文，列出的每一页都在。",
        "The document has a body, and every page that it lists is there.",
    ),
    leaves=Words(
        "不说明页面上写了什么，也不说明没有少列。",
        "Not what the pages say, nor that no page was left out of the list.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-pages-count",
            zh="文件自称 {said} 页，实有 {found} 页。",
            en="The document says that it has {said} page(s); it has {found}.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "document-empty",
            zh="文件没有任何页面或内容。",
            en="The document has no page and no content.",
            then=RETAKE,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-pages-missing",
            zh="文件列出的 {of} 页中有 {count} 页缺失或无法读取。",
            en="{count} of {of} pages that the document lists are missing or cannot be read.",
            then=AGAIN,
        ),
        mismatch(
            "document-body-missing",
            zh="文件缺少正文，其余部分还在。",
            en="The body of the document is missing; other parts of it are there.",
            then=AGAIN,
        ),
    ),
)

DOCUMENT_END = Check(
    name="document_end",
    version=1,
    title=Words("文件首尾", "What stands around the document"),
    proves=Words(
        "文件前后没有多余内容，也没有把别的文件藏在其中。",
        "Nothing stands before or behind the document, and no other file is hidden in it.",
    ),
    leaves=Words(
        "不说明正文中是否藏有信息。",
        "Not whether something is hidden in its content.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-padding",
            zh="文件末尾有 {count} 字节的填充，不含内容。",
            en="{count} bytes of padding follow the end of the document; they hold nothing.",
        ),
        remark(
            "document-leading-bytes",
            zh="文件开头之前多出 {count} 字节。",
            en="{count} bytes stand before the beginning of the document.",
            severity=Severity.REMARK,
        ),
        remark(
            "document-trailing-bytes",
            zh="文件结尾之后多出 {count} 字节，来历不明。",
            en="{count} bytes of unknown kind follow the end of the document.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "document-update-unfinished",
            zh="文件结尾之后有一段没有写完的更新（{count} 字节），最后的修改可能缺失。",
            en="An update behind the end of the document is unfinished ({count} bytes): the last change may be missing.",
            then=AGAIN,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-hidden-file",
            zh="文件里藏有另一个文件（{kind}，在第 {offset} 字节处）。",
            en="Another file is hidden in the document ({kind}, at byte {offset}).",
            then=_DO_NOT_OPEN,
            severity=Severity.WARN,
        ),
    ),
)

DOCUMENT_ACTIVE = Check(
    name="document_active",
    version=1,
    title=Words("可执行内容", "What may run"),
    proves=Words(
        "文件不含脚本、宏、启动动作和附件，打开时不取用外部内容。",
        "The document holds no scripts, macros, actions or attachments, and fetches nothing as it is opened.",
    ),
    leaves=Words(
        "不说明打开它的软件没有漏洞。",
        "Not that the program that opens it has no faults.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-links",
            zh="文件有 {count} 处指向外部网址的链接，没有访问。",
            en="The document holds {count} link(s) to addresses outside; none was followed.",
        ),
        remark(
            "document-active",
            zh="文件带有可以执行或附带的内容：{risks}。本系统只点名，从不运行。",
            en="The document brings along what may run or be taken out: {risks}. It is named here and never run.",
            then=(
                "请在本系统内查看；下载后不要启用宏或脚本。",
                "View it here; do not enable macros or scripts in a copy.",
            ),
            severity=Severity.REMARK,
        ),
        mismatch(
            "document-reaches-out",
            zh="文件打开时会启动程序或取用外部内容：{risks}。本系统没有运行，也没有访问。",
            en="As it is opened the document starts a program or fetches something: {risks}. Nothing was run or fetched.",
            then=_DO_NOT_OPEN,
            severity=Severity.WARN,
        ),
    ),
)

DOCUMENT_SIGNED = Check(
    name="document_signed",
    version=1,
    title=Words("签名之后的改动", "Changes after a signature"),
    proves=Words(
        "文件保存之后没有追加改动；带有电子签名的，签名之后文件没有变。",
        "Nothing was added to the document after it was saved; where it is signed, it did not change afterwards.",
    ),
    leaves=Words(
        "不说明签名有效：证书和签名值不在此验证。",
        "Not that a signature is valid: neither its certificate nor its value is verified here.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-updated",
            zh="文件保存之后追加过 {count} 次更新，原来的内容仍在文件里。",
            en="The document was updated {count} time(s) after it was saved; what stood before is still in the file.",
        ),
        remark(
            "document-signature-kept",
            zh="文件带有 {count} 个电子签名，签名之后文件没有改动；证书和签名值没有验证。",
            en="The document carries {count} electronic signature(s) and did not change afterwards; neither certificates"
            " nor signature values were verified.",
        ),
        remark(
            "document-signature-unread",
            zh="文件带有 {count} 个电子签名，本系统没有验证，也没有核对签名之后的改动。",
            en="The document carries {count} electronic signature(s); they were not verified here, nor what changed since.",
        ),
        remark(
            "document-updated-after-signature",
            zh="签名之后文件又追加过 {count} 次更新（批注、表单或另一个签名），页面内容没有改动；签名没有验证。",
            en="After a signature the document was updated {count} time(s) – notes, forms, another signature; its pages"
            " did not change. The signature was not verified.",
            severity=Severity.REMARK,
        ),
        mismatch(
            "document-pages-changed",
            zh="签名之后有 {count} 页被改动、增加或删除（首处：第 {first} 页）。",
            en="{count} page(s) were changed, added or taken away after a signature (the first: page {first}).",
            then=_WHOSE,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-signature-partial",
            zh="电子签名没有覆盖它应当覆盖的全部字节，有 {count} 字节可以在签名之后改动。",
            en="An electronic signature leaves out {count} byte(s) that it should cover: they could be changed later.",
            then=_WHOSE,
            severity=Severity.WARN,
        ),
        mismatch(
            "document-signed-part-changed",
            zh="{of} 个被签名的部分中有 {count} 个与签名时记下的校验值不符：签名之后被改动或替换。",
            en="{count} of {of} signed parts differ from the digest of when they were signed: they were changed later.",
            then=_WHOSE,
            severity=Severity.WARN,
        ),
    ),
)

DOCUMENT_TIMES = Check(
    name="document_times",
    version=1,
    title=Words("文件自述时间", "Times of the document"),
    proves=Words(
        "文件自称的创建、修改时间是可能的时间，不晚于收到之后一天。",
        "The times that the document states can be, and are not a day behind its receipt.",
    ),
    leaves=Words(
        "不说明这些时间属实：它们可以被改写。",
        "Not that they are true: they can be rewritten.",
    ),
    media=_DOCUMENT,
    findings=(
        remark(
            "document-time-unreadable",
            zh="文件自称的时间无法读取（写的是：{raw}）。",
            en="A time that the document states cannot be read (it says: {raw}).",
        ),
        remark(
            "document-time-unset",
            zh="文件自称的时间（{raw}）是软件的起始值，没有真正设置过。",
            en="A time that the document states ({raw}) is where a program's clock begins: it was never set.",
        ),
        remark(
            "document-changed-later",
            zh="文件在申报的形成时间之后 {days} 天还修改过。",
            en="The document was changed {days} day(s) after the time that is declared for it.",
            then=("请核对是补充制作还是事后改动。", "Find out whether it was made later or changed later."),
            severity=Severity.REMARK,
        ),
        mismatch(
            "document-time-late",
            zh="文件自称的时间（{raw}）比收到的时间晚一天以上。",
            en="A time that the document states ({raw}) is more than a day behind its receipt.",
            then=(
                "时间以收到时间为准；请核对制作文件的电脑时钟。",
                "Rely on the receipt. Check the clock of the computer that made it.",
            ),
            severity=Severity.WARN,
        ),
    ),
)

DOCUMENTS = (
    DOCUMENT_INDEX,
    DOCUMENT_CONTENT,
    DOCUMENT_PAGES,
    DOCUMENT_END,
    DOCUMENT_ACTIVE,
    DOCUMENT_SIGNED,
    DOCUMENT_TIMES,
)
