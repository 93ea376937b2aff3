"""The table of tampering in the README is what is declared, and no declaration goes without an injector or a reason."""

import re

import pytest

from schemas.checks.table import CHECKS
from schemas.claim import ClaimFault, DrawFault
from schemas.fsck import FaultCode
from schemas.health import Health
from schemas.leaves_log import ClockStep, LogResume
from schemas.likeness import Likeness
from schemas.refusals import REFUSALS
from schemas.ticket import Answer
from tests.stand import ROOT
from tests.tamper.classes import CLASSES
from tests.tamper.table import (
    Later,
    Naming,
    Outcome,
    Seen,
    Tool,
    Unseen,
    counted,
    limits_of_product,
    markdown,
)

DOCUMENTS = {"en": "README.md", "zh": "README.zh-CN.md"}


def test_all_45_classes_are_declared() -> None:
    """Each once, in order, in both languages; what has no injector says what is missing, or what a package says of it."""
    assert [one.number for one in CLASSES] == list(range(1, 46))
    assert len({one.words.en for one in CLASSES} | {one.words.zh for one in CLASSES}) == 90
    for one in CLASSES:
        assert bool(one.named) is (one.outcome in (Outcome.NAMED, Outcome.IN_PART))
        assert one.named or isinstance(one.rest, Unseen | Later)
        assert one.silent is None or one.outcome is Outcome.NOT_SEEN


CODES = {
    Tool.FSCK: set(FaultCode),
    Tool.VERIFY: set(ClaimFault),
    Tool.REDRAW: set(DrawFault),
    Tool.HEALTH: set(Health),
    Tool.LIKENESS: set(Likeness),
    Tool.API: set(REFUSALS),
    Tool.MONITOR: set(REFUSALS),
    Tool.SIGNER: {*REFUSALS, *Answer, LogResume.spec.event, ClockStep.spec.event},
    Tool.REPORT: {found.code for check in CHECKS.values() for found in check.findings},
}


@pytest.mark.parametrize("tool", CODES)
def test_a_declared_code_is_one_of_its_tool(tool: Tool) -> None:
    """No class waits for a code that nothing can say."""
    assert {each.code for one in CLASSES for each in one.named if each.tool is tool} <= CODES[tool]


def test_a_class_is_named_only_by_its_code_beside_a_clean_control() -> None:
    """Another code, or a tool that complains of what is sound, names nothing."""
    clean, code = frozenset[str](), "column-differs"
    assert Seen(clean, frozenset({code, "other"})).names(code)
    assert not Seen(clean, frozenset({"other"})).names(code)
    assert not Seen(clean, clean).names(code)
    assert not Seen(frozenset({"other"}), frozenset({code})).names(code)
    assert Naming(Tool.FSCK, code, lambda _: Seen(clean, clean)).said == "fsck `column-differs`"


@pytest.mark.parametrize("language", DOCUMENTS)
def test_the_readme_has_the_table_that_the_command_prints(language: str) -> None:
    """Number, name, outcome, tool and code of every class, and how many come to what: to the letter."""
    said = (ROOT / DOCUMENTS[language]).read_text(encoding="utf-8")
    assert markdown(CLASSES, limits_of_product(), language) in said
    numbers = [str(count) for count in counted(CLASSES).values()]
    assert re.search(r"\D+".join(numbers), said.partition("make tamper")[2])
