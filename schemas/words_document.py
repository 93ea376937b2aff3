"""What a document may do or bring along, in words."""

from schemas.document import Risk
from schemas.words import vocabulary

RISKS = vocabulary(
    Risk,
    {
        Risk.JAVASCRIPT: ("脚本（JavaScript）", "scripts (JavaScript)"),
        Risk.MACRO: ("宏", "macros"),
        Risk.LAUNCH: ("启动程序", "starting a program"),
        Risk.ACTIVEX: ("ActiveX 控件", "ActiveX controls"),
        Risk.OLE_OBJECT: ("嵌入对象（OLE）", "embedded objects (OLE)"),
        Risk.TEMPLATE: ("取用外部模板", "fetching a template"),
        Risk.DATA_LINK: ("链接外部数据或图片", "linked data or pictures"),
        Risk.FORM_SUBMIT: ("提交表单", "submitting a form"),
        Risk.DYNAMIC_FORM: ("动态表单（XFA）", "a dynamic form (XFA)"),
        Risk.OTHER_FILE: ("跳转到其他文件", "going to another file"),
        Risk.MULTIMEDIA: ("多媒体", "multimedia"),
        Risk.ATTACHMENT: ("附件", "attachments"),
    },
)
