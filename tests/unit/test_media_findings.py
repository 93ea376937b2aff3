"""The catalogue of findings: complete, bilingual, filled without ever failing."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.capture import FINDINGS as CAPTURE
from schemas.findings import FINDINGS, sentence
from schemas.manifest import RULES

ROOT = Path(__file__).resolve().parents[2]
MAKERS = {"verified": None, "mismatch": 1, "not_checked": 1}


def made_in(source: str) -> Iterator[tuple[str, set[str] | None]]:
    """Every literal code that a call of verified, mismatch or not_checked names, with its parameters if known."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            at = MAKERS[node.func.id]
            spoken = [word.value for word in node.keywords if word.arg == "code"]
            spoken += [node.args[at]] if at is not None and len(node.args) > at else []
            given = {word.arg for word in node.keywords if word.arg} - {"code", "severity"}
            known = None if any(word.arg is None for word in node.keywords) else given
            yield from ((code, known) for value in spoken for code in _literals(value))


def _literals(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from _literals(value.body)
        yield from _literals(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value


def all_made() -> list[tuple[str, str, set[str] | None]]:
    made = []
    for package in ("schemas", "storage", "workers", "api", "mobile_contract"):
        for path in sorted((ROOT / package).rglob("*.py")):
            where = str(path.relative_to(ROOT))
            made += [(where, code, given) for code, given in made_in(path.read_text(encoding="utf-8"))]
    return made


def test_the_search_finds_codes() -> None:
    """The search sees codes by position, by keyword and in a choice, so that the next test can fail."""
    source = (
        "mismatch('a', 'one', n=1); verified('b', code='two', **x); not_checked(n, 'three' if x else 'four')"
    )

    assert list(made_in(source)) == [("one", {"n"}), ("two", None), ("three", set()), ("four", set())]


def test_every_code_in_use_has_its_sentences() -> None:
    """No check can reach a person without words: neither literal codes nor those that a table names."""
    used = {code: where for where, code, _ in all_made()}
    used |= dict.fromkeys((*CAPTURE, *(rule.slug for rule in RULES)), "a table of schemas")

    assert {code: where for code, where in used.items() if code not in FINDINGS} == {}


def test_every_placeholder_is_given_where_the_code_is_made() -> None:
    """A sentence never shows an unfilled placeholder, because its maker gives every parameter it names."""
    lacking = [
        (where, code, _names(FINDINGS[code].en) - given)
        for where, code, given in all_made()
        if given is not None and code in FINDINGS and not _names(FINDINGS[code].en) <= given
    ]

    assert lacking == []


@pytest.mark.parametrize("code", sorted(FINDINGS))
def test_every_finding_speaks_both_languages(code: str) -> None:
    """Sentence and next step stand in Chinese and English alike and name the same parameters."""
    text = FINDINGS[code]

    assert text.zh
    assert text.en
    assert bool(text.next_zh) == bool(text.next_en)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text.zh)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in text.en)
    assert _names(text.zh) == _names(text.en)


def test_parameters_are_filled() -> None:
    """A sentence shows the numbers of its check."""
    text = sentence("video-packets-damaged", {"count": 2, "packets": 40})

    assert text.en == "2 of 40 video packets are damaged."
    assert text.zh == "40 个视频数据包中有 2 个损坏。"


def test_a_missing_parameter_or_code_never_fails() -> None:
    """A report shows the gap and goes on."""
    assert sentence("xml-damaged", {}).en.startswith("The track is damaged at line {line};")
    assert sentence("never-heard-of", {}).zh == "never-heard-of"


def test_a_hostile_parameter_stays_text() -> None:
    """Braces in a value taken from a file are shown, never interpreted."""
    assert "{0.__class__}" in sentence("jpeg-damaged", {"reason": "{0.__class__}"}).en


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}
