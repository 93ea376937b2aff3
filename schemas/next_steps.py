"""The next steps that many refusals share: Chinese, then English."""

RESEND = ("检查后重新提交", "correct it and send again")
LATER = ("稍后重试；已收到的内容没有丢失", "try again later; nothing that was received is lost")
OPERATOR = ("联系系统管理员，并报上编号", "tell the operator the reference")
KEPT = (
    "清单已原样保留；可继续上传文件，文件将被隔离并说明原因",
    "the manifest is kept; its files can still be sent and will be quarantined with the reason",
)
ROLE = ("请系统管理员授予相应的角色", "ask the administrator for a role that has it")
ASK = ("联系本机关的保管员", "ask your agency's custodian")
REOPEN = ("打开原页面，重新填写后提交", "open the page again, fill it in and send it")
RELOAD = ("刷新页面", "reload the page")
LOGIN = ("重新登录或重新获取令牌", "log in, or get a new token")
CHECK_ID = ("检查编号", "check the id")
NOTHING = ("无需操作", "nothing to do")
UPLOAD_ANEW = ("重新创建上传", "create the upload again")
SOON = ("几秒后重试", "try again in a few seconds")
READ_OFFSET = ("用 HEAD 取得偏移量后继续", "ask for the offset with HEAD and go on")
TELL_VENDOR = ("保留原文件，联系提供该文件的机关", "keep the file and ask the agency that gave it")
OTHER_PLACE = ("换一个文件或位置后重试", "name another file or place and run it again")
"""For the commands: what the command line itself mends."""
