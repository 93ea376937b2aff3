"""The report of a verification: every finding, what the file says of itself, and what was made from it.

The leaf of a seal holds its digest, salted: the report is its opening. So a recording with thousands of findings has
a leaf as short as any, and each of them is bound all the same.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.canonical import MAX_INTEGER
from schemas.integrity import CheckResult
from schemas.media import MediaFacts
from schemas.recording import Derivative


def report_of(
    checks: Iterable[CheckResult], facts: MediaFacts, derivatives: Iterable[Derivative]
) -> dict[str, Any]:
    """Return the report as a document; from the kept rows it is the same again."""
    return {
        "checks": [_plain(check.model_dump(mode="json")) for check in checks],
        "derivatives": [
            one.model_dump(mode="json") for one in sorted(derivatives, key=lambda made: made.kind)
        ],
        "facts": facts.model_dump(mode="json", exclude_none=True),
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value in the canonical profile: null is left out, a number that is not an integer of 53 bits is text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    is_long = isinstance(value, int) and abs(value) > MAX_INTEGER
    return str(value) if is_long or isinstance(value, float) else value
