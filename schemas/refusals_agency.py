"""Agencies in their tree."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal
from schemas.next_steps import CHECK_ID

AGENCY_NAME_MISSING = Refusal(
    "agency-name-missing",
    Invalid,
    Level.INFO,
    "还没有任何单位：需要填写单位名称",
    "There is no agency yet: its name is needed",
    "填写单位名称后重新提交",
    "give the agency's name and send again",
)
AGENCY_CODE_TAKEN = Refusal(
    "agency-code-taken",
    Conflict,
    Level.INFO,
    "已有单位使用这个代码",
    "Another agency has this code",
    "核对统一社会信用代码",
    "check the code",
)
AGENCY_NOT_FOUND = Refusal(
    "agency-not-found", NotFound, Level.INFO, "没有这个单位", "No such agency", *CHECK_ID
)
AGENCY_CODE_WRONG = Refusal(
    "agency-code-wrong",
    Invalid,
    Level.INFO,
    "统一社会信用代码的校验位不对",
    "The last character of the unified social credit code does not check the others",
    "核对后重新提交；没有代码的队、所可用自编的短代码",
    "check it and send again; a unit without one may have a short code of its own",
)
AGENCY_CYCLE = Refusal(
    "agency-cycle",
    Conflict,
    Level.INFO,
    "不能把单位移到自己或自己的下级之下",
    "An agency cannot lie below itself or below what lies below it",
    "选择别的上级单位",
    "choose another agency above it",
)
AGENCY_STANDING = Refusal(
    "agency-standing",
    Conflict,
    Level.INFO,
    "单位里还有人员、设备、未结案件或下级单位，不能停用",
    "People, devices, open cases or units still stand in the agency, so it cannot be closed",
    "先停用账号、注销设备和登记码、办结案件、移走或停用下级单位",
    "close the accounts, revoke devices and codes, end the cases, move or close the units below",
)
AGENCY_CLOSED = Refusal(
    "agency-closed",
    Conflict,
    Level.INFO,
    "单位已停用：不能再变更，也不能接收人员或下级单位",
    "The agency is closed: it is not changed any more and takes in nobody and no unit",
    "选择在用的单位",
    "choose one that is open",
)
AGENCY_TOP = Refusal(
    "agency-top",
    Conflict,
    Level.INFO,
    "最上级的单位不能移动",
    "The agency at the top stays there",
    "移动它下面的单位",
    "move the units below it",
)
