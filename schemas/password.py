"""What a password must be: long, and not among those that are guessed first. No mixture of signs is asked for.

Length is what resists guessing; rules of composition lead to "Password123!" (NIST SP 800-63B, section 5.1.1.2, asks for
length and a list of known ones, and against composition). Twelve characters are asked for, ours and not law; a phrase of
eight Chinese characters or more is as long.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum
from types import MappingProxyType

from schemas.errors import Invalid, Refusal
from schemas.password_list import KNOWN
from schemas.refusals_account import PASSWORD_KNOWN, PASSWORD_PERSONAL, PASSWORD_SHORT, PASSWORD_SIMPLE

LEAST_CHARACTERS = 12
LEAST_HAN = 8
MOST_CHARACTERS = 256
_LEAST_DIFFERENT = 5
_LEAST_NAME = 4
"""A shorter name is inside many words by chance."""

_HAN = re.compile(r"[㐀-鿿]")
_LETTERS = re.compile(r"[^a-z㐀-鿿]")
_ALIKE = str.maketrans("@4310$5!78", "aaeiossitb")
_REPEATED = re.compile(r"(.+?)\1+")
_RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
)
_RUN = 5
"""From so many neighbours on a run counts as one sign."""


class PasswordFault(StrEnum):
    """Why a password is not taken."""

    SHORT = "short"
    SIMPLE = "simple"
    KNOWN = "known"
    PERSONAL = "personal"


REFUSALS: "MappingProxyType[PasswordFault, Refusal[Invalid]]" = MappingProxyType(
    {
        PasswordFault.SHORT: PASSWORD_SHORT,
        PasswordFault.SIMPLE: PASSWORD_SIMPLE,
        PasswordFault.KNOWN: PASSWORD_KNOWN,
        PasswordFault.PERSONAL: PASSWORD_PERSONAL,
    }
)


def password_fault(password: str, about: Iterable[str] = ()) -> PasswordFault | None:
    """Return why a password is not taken; None when it is.

    Args:
        password: As typed; blanks within it count.
        about: What everybody knows of its owner: log-in name, name, agency.
    """
    folded = unicodedata.normalize("NFKC", password).lower()
    is_long = len(folded) >= LEAST_CHARACTERS or len(_HAN.findall(folded)) >= LEAST_HAN
    if not is_long:
        return PasswordFault.SHORT
    if not _LETTERS.sub("", folded) or min(len(set(folded)), len(_without_runs(folded))) < _LEAST_DIFFERENT:
        return PasswordFault.SIMPLE  # digits alone are birthdays and numbers of papers
    if any(one in KNOWN for one in _cores(folded)):
        return PasswordFault.KNOWN
    if any(_is_mostly(folded, one) for one in about):
        return PasswordFault.PERSONAL
    return None


def require_password(password: str, about: Iterable[str] = ()) -> None:
    """Refuse a password that is not taken.

    Raises:
        Invalid: it is too short, too simple, known, or made of its owner's names (slugs `password-…`).
    """
    fault = password_fault(password, about)
    if fault is not None:
        raise REFUSALS[fault]("the password is not taken")


def _cores(folded: str) -> Iterator[str]:
    """Every word that is left when look-alikes, digits, signs and repetition are taken away."""
    for text in (
        folded,
        folded.translate(_ALIKE),
        folded.strip("0123456789!@#$%^&*._-+= ").translate(_ALIKE),
    ):
        core = _LETTERS.sub("", text)
        yield core
        if whole := _REPEATED.fullmatch(core):
            yield whole[1]


def _without_runs(folded: str) -> str:
    """Return the text with every run along the alphabet, the digits or a row of keys as one sign, and doubles as one."""
    text = re.sub(r"(.)\1+", r"\1", folded)
    for row in _RUNS:
        for run in (row, row[::-1]):
            for size in range(len(run), _RUN - 1, -1):
                for start in range(len(run) - size + 1):
                    text = text.replace(run[start : start + size], run[start])
    return text


def _is_mostly(folded: str, name: str) -> bool:
    known = unicodedata.normalize("NFKC", name).lower().strip()
    least = 2 if _HAN.search(known) else _LEAST_NAME
    if len(known) < least or known not in folded:
        return False
    return len(folded.replace(known, "")) < LEAST_HAN
