"""The sentence for a result: its finding's words with the parameters filled in.

A parameter that is missing is left as written, because a report must never fail on its own words.
"""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from schemas.checks.table import FINDINGS
from schemas.integrity import FindingText


class _Params(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def sentence(code: str, params: Mapping[str, Any]) -> FindingText:
    """Return the finding's texts with the parameters filled in; an unknown code is shown as it stands."""
    text = FINDINGS.get(code)
    if text is None:
        return FindingText(zh=code, en=code)
    filled = {name: _fill(getattr(text, name), params) for name in FindingText.model_fields}
    return FindingText(**filled)


def _fill(template: str, params: Mapping[str, Any]) -> str:
    return Formatter().vformat(template, (), _Params({key: str(value) for key, value in params.items()}))
