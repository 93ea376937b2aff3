"""Whether everything that the verdict asks of a file of this type was examined."""

from collections.abc import Sequence

from schemas.checks.examined import EXAMINED
from schemas.checks.structure import CONTAINER
from schemas.examined import REQUIRED, missing
from schemas.integrity import Check, CheckResult, Outcome, examines
from schemas.media import MediaFacts


@examines(EXAMINED)
def check_examined(
    check: Check, media_type: str, facts: MediaFacts, made: Sequence[CheckResult]
) -> CheckResult | None:
    """Hold what was examined against the list.

    Of a file that nobody reads, or that is not whole, the container check has said why reading ended.
    """
    is_read = any(one.name == CONTAINER.name and one.outcome is Outcome.VERIFIED for one in made)
    if media_type not in REQUIRED or not is_read:
        return None
    lacks = missing(media_type, facts.examined or ())
    if not lacks:
        return check.held()
    pieces = list(dict.fromkeys(lack.part.value for lack in lacks))
    return check.found("parts-not-examined", count=len(lacks), pieces=pieces)
