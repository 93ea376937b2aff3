"""The one answer to "could anybody look inside": what the reader of a medium met first, or nothing.

Readers differ by medium, the claim does not: each notes what it meets, in the words of the declaration.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.checks.structure import CONTAINER
from schemas.integrity import Check, CheckResult, examines


class Note(NamedTuple):
    """Something a reader met while reading: a finding of the container check, and its parameters."""

    code: str
    params: Mapping[str, Any]


def note(code: str, **params: Any) -> Note:  # noqa: ANN401 - parameters of a sentence are scalars of any kind
    """Write down one finding of the container check."""
    return Note(code, params)


@examines(CONTAINER)
def check_container(check: Check, notes: Sequence[Note]) -> CheckResult:
    """Say what was met first: it explains what later steps stumbled over. Nothing noted means that it was read."""
    return check.found(notes[0].code, **notes[0].params) if notes else check.held()
