"""Certificates of people."""

from schemas.errors import Conflict, Invalid, Level, NotFound, Refusal, TransitionRefused
from schemas.next_steps import CHECK_ID

CERTIFICATE_UNKNOWN = Refusal(
    "certificate-unknown", NotFound, Level.INFO, "没有这个执法证", "No such certificate", *CHECK_ID
)
CERTIFICATE_NUMBER_TAKEN = Refusal(
    "certificate-number-taken",
    Conflict,
    Level.INFO,
    "这个执法证号已登记给他人，或已登记过",
    "A certificate of this number is registered already",
    "核对执法证号；换发新证时用新号",
    "check the number; a new certificate has a new one",
)
CERTIFICATE_HOLDER_CLOSED = Refusal(
    "certificate-holder-closed",
    Conflict,
    Level.INFO,
    "持证人的账号已停用",
    "The account of the holder is closed",
    "需要时请系统管理员开通新账号",
    "let the administrator open another account where one is needed",
)
CERTIFICATE_STEP_REFUSED = Refusal(
    "certificate-step-refused",
    TransitionRefused,
    Level.INFO,
    "执法证当前的状态不能这样办理",
    "The certificate's state does not allow this",
    "刷新页面，查看当前状态",
    "reload the page and look at its state",
)
CERTIFICATE_TIME = Refusal(
    "certificate-time",
    Invalid,
    Level.INFO,
    "时间不在执法证的有效期内，或在将来",
    "The time lies outside the certificate's dates, or in the future",
    "改正时间后重新提交；还没有发生的事，发生后再登记",
    "correct the time; what has not happened yet is entered when it has",
)
