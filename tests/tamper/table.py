"""What a class of tampering is, what may come of it, and the table of all of them; pure, no part of the stack."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from schemas.claim import NotProven
from schemas.words import Words
from schemas.words_claim import NOT_PROVEN


class Tool(StrEnum):
    """What names a tampering: a command, a process or an answer of the product."""

    FSCK = "fsck"
    VERIFY = "verify"
    GUIDE = "VERIFY.md"
    MONITOR = "monitor"
    REDRAW = "redraw"
    SIGNER = "signer"
    HEALTH = "health"
    API = "API"
    REPORT = "report"
    LIKENESS = "likeness"


class Outcome(StrEnum):
    """What comes of a class; `in part` has been named where the rest of it is not."""

    NAMED = "named"
    IN_PART = "in part"
    NOT_SEEN = "not seen"
    LATER = "later"


@dataclass(frozen=True)
class Seen:
    """The stable codes that a tool gave: of what nobody had tampered with, and of what somebody had."""

    control: frozenset[str]
    found: frozenset[str]

    def names(self, code: str) -> bool:
        """Say whether the tampering is named: by its code, where the untampered had no fault at all."""
        return not self.control and code in self.found


Probe = Callable[[Any], Seen]
"""Takes what the run made lawfully (`ground.Ground`), tampers with a copy of it, and asks one tool before and after."""


@dataclass(frozen=True)
class Naming:
    """An injector, the tool that is asked, and the code by which it must name what was done."""

    tool: Tool
    code: str
    probe: Probe

    @property
    def said(self) -> str:
        """How the table says it."""
        return f"{self.tool} `{self.code}`"


@dataclass(frozen=True)
class Unseen:
    """No tool of ours can see it: every package says so, by this limit."""

    limit: NotProven


@dataclass(frozen=True)
class Later:
    """What is missing, so that this is not named yet."""

    words: Words


@dataclass(frozen=True)
class TamperClass:
    """One of the classes: its number, what is done, what names it, and what of it is named by nothing."""

    number: int
    words: Words
    named: tuple[Naming, ...] = ()
    rest: Unseen | Later | None = None
    silent: Probe | None = None
    """For what is not seen: it is done all the same, and no code may come of it."""

    @property
    def outcome(self) -> Outcome:
        """What is declared to come of it."""
        if self.named:
            return Outcome.NAMED if self.rest is None else Outcome.IN_PART
        return Outcome.NOT_SEEN if isinstance(self.rest, Unseen) else Outcome.LATER


OUTCOMES: Final = {
    Outcome.NAMED: Words("查出", "named"),
    Outcome.IN_PART: Words("部分查出", "in part"),
    Outcome.NOT_SEEN: Words("不能查出", "not seen"),
    Outcome.LATER: Words("以后", "later"),
}
_HEAD: Final = {
    "en": ("#", "what somebody does", "outcome", "named by", "what of it is not"),
    "zh": ("#", "所为", "结果", "由何查出、代码", "未查出的部分"),
}


def limits_of_product() -> dict[str, Words]:
    """Return what a package says it does not prove, as the product declares it: slug → sentence."""
    return {limit.value: words for limit, words in NOT_PROVEN.items()}


def rest_of(one: TamperClass, limits: dict[str, Words], language: str) -> str:
    """Return what of a class is not named: the package's own sentence, or what is missing."""
    if one.rest is None:
        return ""
    words = limits[one.rest.limit.value] if isinstance(one.rest, Unseen) else one.rest.words
    said = words.zh if language == "zh" else words.en
    if not isinstance(one.rest, Unseen):
        return said
    return f"“{said}”" if language == "en" else f"“{said}”（不能证明）"


def row_of(one: TamperClass, limits: dict[str, Words], language: str = "en") -> tuple[str, ...]:
    """Return the cells of a class, in the order of the table."""
    is_zh = language == "zh"
    outcome = OUTCOMES[one.outcome]
    return (
        str(one.number),
        one.words.zh if is_zh else one.words.en,
        outcome.zh if is_zh else outcome.en,
        ", ".join(dict.fromkeys(each.said for each in one.named)),
        rest_of(one, limits, language),
    )


def markdown(classes: Iterable[TamperClass], limits: dict[str, Words], language: str = "en") -> str:
    """Return the table as the README has it."""
    head = _HEAD[language]
    lines = [head, ("---",) * len(head), *(row_of(one, limits, language) for one in classes)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def counted(classes: Iterable[TamperClass]) -> dict[Outcome, int]:
    """Return how many classes come to what."""
    found = [one.outcome for one in classes]
    return {outcome: found.count(outcome) for outcome in Outcome}
