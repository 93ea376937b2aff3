"""The form of a problem's sentences, and the next steps that many problems share."""

from typing import NamedTuple


class ProblemText(NamedTuple):
    """HTTP status, then title and next step in Chinese and in English."""

    status: int
    zh: str
    en: str
    next_zh: str
    next_en: str


RESEND = ("检查后重新提交", "correct it and send again")
LATER = ("稍后重试；已收到的内容没有丢失", "try again later; nothing that was received is lost")
OPERATOR = ("联系系统管理员，并报上编号", "tell the operator the reference")
KEPT = (
    "清单已原样保留；可继续上传文件，文件将被隔离并说明原因",
    "the manifest is kept; its files can still be sent and will be quarantined with the reason",
)
ASK = ("联系本机关的保管员", "ask your agency's custodian")
RELOAD = ("打开原页面，重新填写后提交", "open the page again, fill it in and send it")
LOGIN = ("重新登录或重新获取令牌", "log in, or get a new token")
