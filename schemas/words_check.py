"""What each check is called; the words stand in its declaration."""

from schemas.checks.table import CHECKS
from schemas.words import Words

_OTHER = Words("其他检查", "Another check")


def check_words(name: str) -> Words:
    """Return what a check is called; one of another version of the product is named as that, never by its slug."""
    declared = CHECKS.get(name)
    return _OTHER if declared is None else declared.title
