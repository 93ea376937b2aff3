"""What is wrong with a store, as a doctor is told."""

from typing import NamedTuple

from schemas.catalogue import words_of
from schemas.health import Health
from schemas.words import Words


class Fault(NamedTuple):
    """A code for programs, and what it is and what to do for a person."""

    code: Health
    words: Words


def fault(code: Health, **seen: object) -> Fault:
    """Return a fault with what was seen in its sentence."""
    return Fault(code, words_of(code).filled(**seen))
