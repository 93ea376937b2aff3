"""What the online commands say when they end early: exit code, one sentence in two languages, and a slug."""

from typing import NamedTuple

from pydantic import ValidationError

from mobile_contract.client.misuse import BROKEN, INTERRUPTED, UNREACHABLE, USED_WRONGLY, os_sentence
from mobile_contract.client.wire import Answered
from schemas.errors import EvidenceError, Unavailable
from schemas.refusals_command import CLAIM_INVALID, FILE_UNREADABLE
from schemas.refusals_command import INTERRUPTED as INTERRUPTED_BY_HAND


class Failure(NamedTuple):
    """Why a command ended. `problem` is stable, for programs; `text` is for a person."""

    code: int
    text: str
    problem: str


def failure_of(err: BaseException) -> Failure:
    """Return what an error of the device's line means to whoever called the command."""
    if isinstance(err, Unavailable):
        return Failure(UNREACHABLE, f"无法连接 · not reachable: {err.detail}", err.slug)
    if isinstance(err, Answered):
        return Failure(BROKEN, _answer_sentence(err), err.said)
    if isinstance(err, EvidenceError):
        return Failure(USED_WRONGLY, err.detail or err.slug, err.slug)
    if isinstance(err, OSError):
        return Failure(*os_sentence(err), FILE_UNREADABLE.slug)
    if isinstance(err, ValueError):
        return Failure(USED_WRONGLY, _rule_sentence(err), CLAIM_INVALID.slug)
    text = "已中断 · interrupted. 再次运行同一命令即从断点继续 · run the same command to go on."
    return Failure(INTERRUPTED, text, INTERRUPTED_BY_HAND.slug)


def _answer_sentence(err: Answered) -> str:
    texts = [f"{err.detail} ({err.said})"]
    for language in ("zh", "en"):
        members = err.document.get(language)
        if isinstance(members, dict) and members.get("next"):
            texts.append(f"  {members['next']}")
    return "\n".join(texts)


def _rule_sentence(err: ValueError) -> str:
    """Say which value breaks a rule of the manifest, in one line."""
    if not isinstance(err, ValidationError):
        return f"内容不合规则 a value breaks a rule: {err}"
    first = err.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"内容不合规则 a value breaks a rule: {where}: {first['msg']}"
