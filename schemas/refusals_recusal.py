"""Recusal: who is barred from a case, and who decides on it."""

from schemas.errors import Conflict, Level, NotFound, Refusal, Refused
from schemas.next_steps import CHECK_ID

RECUSED = Refusal(
    "recused",
    Refused,
    Level.INFO,
    "该人员须回避本案，不能在本案中作出任何操作（行政处罚法第四十三条）",
    "This person is barred from the case and can do nothing in it (Administrative Penalty Law, art. 43)",
    "请由他人办理；确有误的，由本案单位负责人写明理由解除回避",
    "leave it to somebody else; the head of the case's agency may lift the bar with a reason",
)
RECUSAL_UNKNOWN = Refusal(
    "recusal-unknown", NotFound, Level.INFO, "本案没有这项回避", "The case has no such bar", *CHECK_ID
)
RECUSAL_STANDS = Refusal(
    "recusal-stands",
    Conflict,
    Level.INFO,
    "该人员已经回避本案",
    "This person is barred from the case already",
    "刷新页面查看",
    "reload and read it",
)
RECUSAL_OVER = Refusal(
    "recusal-over",
    Conflict,
    Level.INFO,
    "这项回避已经解除",
    "This bar was lifted already",
    "刷新页面查看",
    "reload and read it",
)
RECUSAL_OWN_WORD = Refusal(
    "recusal-own-word",
    Refused,
    Level.INFO,
    "自行回避只能由本人提出；要求他人回避由本案单位负责人决定",
    "Nobody but yourself is barred by your own word; the head of the case's agency decides on others",
    "本人提出，或由负责人登记",
    "leave it to the person, or to the head",
)
RECUSAL_PERSON_UNKNOWN = Refusal(
    "recusal-person-unknown",
    NotFound,
    Level.INFO,
    "没有这个人员，或不能参与本案",
    "No such person who could have to do with this case",
    "填写本案承办人、办案单位或其上级单位人员的登录名",
    "give the log-in name of a handler of the case, or of somebody of its agency or of one above",
)
