"""The sentence for a result: its finding's words with the parameters filled in, in the language of the reader.

A parameter that names members of an enum or a refusal speaks their words. One that is missing is left as written,
because a report must never fail on its own words.
"""

from collections.abc import Mapping
from enum import StrEnum
from string import Formatter
from types import MappingProxyType
from typing import Any

from schemas.catalogue import words_of_all
from schemas.checks.table import FINDINGS
from schemas.document import Risk
from schemas.equipment import GateFault
from schemas.examined import PartKind
from schemas.integrity import FindingText
from schemas.refusals import REFUSALS
from schemas.separation import Part
from schemas.words import Language, Words

_NAMED: Mapping[str, type[StrEnum]] = MappingProxyType(
    {"faults": GateFault, "parts": Part, "pieces": PartKind, "risks": Risk}
)
"""Parameters that hold members of an enum, as a result keeps them: by their values."""

_NOT_OURS = FindingText(
    zh="这项发现出自另一版本的系统，本版本没有它的说明。",
    en="This was found by another version of the product; this one has no words for it.",
)


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def sentence(code: str, params: Mapping[str, Any]) -> FindingText:
    """Return the finding's texts with the parameters filled in; a code of another version is said to be one."""
    text = FINDINGS.get(code)
    if text is None:
        return _NOT_OURS
    said = {name: _said(name, value) for name, value in params.items()}
    zh, en = ({name: words.spoken(one) for name, words in said.items()} for one in Language)
    return FindingText(
        zh=_fill(text.zh, zh),
        en=_fill(text.en, en),
        next_zh=_fill(text.next_zh, zh),
        next_en=_fill(text.next_en, en),
    )


def _said(name: str, value: object) -> Words:
    kind = _NAMED.get(name)
    if kind is not None and isinstance(value, list | tuple) and value:
        return words_of_all(kind(one) for one in value if one in set(kind))
    refusal = REFUSALS.get(value) if name == "reason" and isinstance(value, str) else None
    return _both(str(value)) if refusal is None else Words(refusal.zh, refusal.en)


def _both(text: str) -> Words:
    return Words(text or "–", text or "–")


def _fill(template: str, params: Mapping[str, str]) -> str:
    return Formatter().vformat(template, (), _Params(params))
