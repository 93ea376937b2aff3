"""Where a person hands in files from the browser: the page, and the token of its forms after a new log-in.

The bytes go through the routes of every transfer (`api/upload`); nothing of a file passes this module.
"""

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import JSONResponse, Response

from api.console.form import ZONE
from api.console.guard import Visiting
from api.console.view import HEADERS
from api.console.visit import Visit
from api.route import pages
from schemas.case import EVIDENCE_STATES, Case, CaseState
from schemas.declaration import Origin
from schemas.ids import CaseId
from schemas.policy import Action, Subject, require
from schemas.procedure import AFTER_DECISION

router = pages()

_TAKES = EVIDENCE_STATES | {CaseState.DECIDED}
"""What may still be handed in to a case: behind the decision the papers that follow it."""

OFFERED_CASES = 50
"""Cases that are looked at for the field, the newest first; those that take evidence are offered, any other is typed."""

ACCEPTED = (
    "image/*,video/*,audio/*,.gpx,.kml,.geojson,.nmea,.pdf,.ofd,.doc,.docx,.docm,.xls,.xlsx,.ppt,.pptx,.zip,"
    ".heic,.heif,.dng,.ts,.mts,.insv,.insp"
)
"""What the dialogue shows first; anything else may be chosen, too."""

SAID = {
    "state-hashing": "正在计算校验值",
    "state-ready": "可以交来",
    "state-queued": "等待传送",
    "state-sending": "传送中",
    "state-waiting": "等待重试",
    "state-held": "已暂停",
    "state-session": "登录已结束",
    "state-refused": "未能交来",
    "state-changed": "文件已变动",
    "state-twice": "重复选择",
    "state-other-tab": "另一标签页正在传送",
    "state-received": "已收到",
    "bytes": "{n} 字节",
    "again": "上次还有 {n} 份没有交完，请重新选择同样的文件，从中断处继续：",
    "again-in": "连接中断或服务器忙，{n} 秒后自动重试；已传送的部分不会丢失。",
    "count": "已收到 {n} 份",
    "no-paper": "不是文书",
    "unreadable": "文件不能读取：可能已被移走或改动。请重新选择。",
    "changed": "文件在计算校验值之后被改动或移走，没有继续传送。请重新选择这个文件。",
    "twice": "与列表中另一份的内容完全相同，不会再传一次。",
    "failed": "传送没有成功，请稍后继续。",
    "too-large": "超过单个文件的上限。",
    "nothing": "请先选择文件。",
    "paper-missing": "请选择文书类型。",
    "clear": "从列表移去",
    "drop": "移除",
    "tied": "已关联案件",
    "untied": "写明的案号“{n}”不存在、不属于本单位，或者该案已不能再关联记录：没有关联。",
    "sealed": "已封存",
    "quarantined": "已隔离：原因见这份记录的页面",
    "comma": "、",
    "colon": "：",
    "stop": "。",
}
"""What the script of the page says, by the name under which it asks."""

TEXTS = tuple(SAID.values())
"""Source texts used outside the templates; each stands in the catalogue."""


@router.get("/hand-in")
def hand_in(visit: Visiting, case: Annotated[CaseId | None, Query()] = None) -> Response:
    """Show where files are handed in, with the case already chosen where one is named."""
    require(visit.actor, Action.RECORDING_SUBMIT, Subject(agency_id=visit.actor.agency_id), visit.tx.now)
    return visit.page(
        "hand_in.html",
        here="recordings",
        case=None if case is None else visit.tx.cases.get(visit.actor, case),
        takes=_TAKES,
        follow=list(AFTER_DECISION),
        cases=_offered(visit),
        origins=list(Origin),
        said=SAID,
        accept=ACCEPTED,
        most_bytes=visit.tx.settings.max_upload_bytes,
        now_local=(visit.tx.now.astimezone(ZONE) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M"),
    )


def _offered(visit: Visit) -> tuple[Case, ...]:
    if not visit.holds(Action.CASE_VIEW):
        return ()
    page = visit.tx.cases.page(visit.actor, limit=OFFERED_CASES)
    return tuple(one for one in page.rows if one.state in _TAKES)


@router.get("/hand-in/token")
def token(visit: Visiting) -> Response:
    """Give a page that waits the token of the forms of the new session, and say whose it is."""
    return JSONResponse({"token": visit.csrf, "actor": str(visit.actor.id)}, headers=dict(HEADERS))
