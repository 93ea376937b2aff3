"""What is known of place and time where no device signed anything: a person brought a file, and the file is all there is.

Absence weighs like a rule of form that failed (a remark), as it does in a manifest that names no place.
"""

from collections.abc import Iterator

from schemas.checks.unsigned import UNSIGNED, UNSIGNED_PLACE, UNSIGNED_TIME
from schemas.integrity import Check, CheckResult, examines
from schemas.media import MediaFacts, medium_of
from schemas.stated_time import local_time


def unsigned(facts: MediaFacts, media_type: str) -> Iterator[CheckResult]:
    """Yield one result each for unsigned_place and unsigned_time; none of what has no scene, a document or a track."""
    if all(medium_of(media_type) in one.media for one in UNSIGNED):
        yield check_unsigned_place(facts)
        yield check_unsigned_time(facts)


@examines(UNSIGNED_PLACE)
def check_unsigned_place(check: Check, facts: MediaFacts) -> CheckResult:
    """Say whether the file states where it was made."""
    return check.found("place-by-file-alone" if facts.gps else "place-unknown")


@examines(UNSIGNED_TIME)
def check_unsigned_time(check: Check, facts: MediaFacts) -> CheckResult:
    """Say whether the file states when it was made; a time that no clock of its maker ever had is none."""
    is_stated = local_time(facts) is not None or bool(facts.created_raw)
    return check.found("time-by-file-alone" if is_stated else "time-unknown")
