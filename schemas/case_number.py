"""Case numbers as people write them: which are one number, and whether one looks like those of its agency.

〔2026〕, [2026], （2026） and 【2026】 are one year to whoever reads it; so are full-width digits and blanks (GB/T
9704-2012 7.2.5 asks for 〔〕, keyboards offer the others). What was typed is kept; what is compared is its `number_key`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from schemas.refusals_case import CASE_NUMBER_UNUSUAL

OPENING: Final = "〔【〖[{「"
CLOSING: Final = "〕】〗]}」"
BLANKS: Final = " \t\n\r\f\v"
_ONE: Final = str.maketrans(OPENING + CLOSING, "(" * len(OPENING) + ")" * len(CLOSING), BLANKS)
MOST_PATTERN: Final = 100
_TOKEN: Final = re.compile(r"\{(year|n|any)\}|([^{}])")
_FIELDS: Final = {"year": "[0-9]{4}", "n": "[0-9]{1,8}", "any": ".{1,32}"}
_EXAMPLES: Final = {"year": "2026", "n": "1", "any": "…"}


def number_key(number: str) -> str:
    """Return a number as it is compared; the database says the same (`case_number_fold`)."""
    return unicodedata.normalize("NFKC", number).lower().translate(_ONE)


def is_number_pattern(item: str) -> bool:
    """Say whether an item may stand in the agency's list of patterns: signs, and `{year}`, `{n}` or `{any}`."""
    return _compiled(item) is not None


def example(pattern: str) -> str:
    """Return what a number by this pattern looks like."""
    return _TOKEN.sub(lambda met: _EXAMPLES[met[1]] if met[1] else met[2], pattern)


def check_usual(number: str, patterns: Iterable[str], *, is_sure: bool) -> None:
    """Refuse a number that is like none of the agency's, unless who typed it is sure; without patterns any is usual.

    Raises:
        Invalid: slug `case-number-unusual`.
    """
    known = [one for one in map(_compiled, patterns) if one is not None]
    if known and not is_sure and not any(one.fullmatch(number_key(number)) for one in known):
        raise CASE_NUMBER_UNUSUAL("the number is like none of the agency's patterns")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return what a pattern matches among keys; None where it is none: no regular expression of a stranger is run."""
    if not 0 < len(pattern) <= MOST_PATTERN or _TOKEN.sub("", pattern):
        return None
    made = [
        _FIELDS[field] if field else re.escape(number_key(sign)) for field, sign in _TOKEN.findall(pattern)
    ]
    return re.compile("".join(made)) if "n" in (field for field, _ in _TOKEN.findall(pattern)) else None
