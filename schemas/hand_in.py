"""When a recording has to be handed in, and whether it was: the rule of rules.md 3, without clock and store.

Within so many hours [setting] after the end of the duty in which it was captured; while the duty goes on it is not due;
outside of any duty, after its capture. When the duty ends its recordings are judged by its end, once, and never again.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.checks.manifest import HAND_IN
from schemas.integrity import Check, CheckResult, examines

_HOUR = timedelta(hours=1)
LATE_CODES = tuple(finding.code for finding in HAND_IN.findings)
"""Every finding of the check says that something was late, and asks for an explanation."""


class DutyTime(NamedTuple):
    """When the duty of a capture ended and until when its recordings are due; both None while it goes on."""

    until_at: datetime | None
    due_at: datetime | None


@examines(HAND_IN)
def check_hand_in(
    check: Check,
    captured_at: datetime | None,
    received_at: datetime,
    duty: DutyTime | None,
    *,
    allowed_hours: int,
) -> CheckResult | None:
    """Compare receipt and due time; without a capture time there is nothing to compare.

    Args:
        check: The declaration.
        captured_at: The corrected time of the capture.
        received_at: When the server had all of it.
        duty: The duty of that device at that time.
        allowed_hours: What the agency gives after a capture outside of any duty.
    """
    if captured_at is None:
        return None
    if duty is not None and (duty.until_at is None or duty.due_at is None):
        return check.held(duty="open")
    if duty is not None and duty.until_at is not None and duty.due_at is not None:
        if received_at <= duty.due_at:
            return check.held(duty="ended")
        return check.found("late-after-duty", hours=(received_at - duty.until_at) // _HOUR)
    waited = received_at - captured_at
    if waited > allowed_hours * _HOUR:
        return check.found("late-handin", hours=waited // _HOUR, allowed_hours=allowed_hours)
    return check.held(allowed_hours=allowed_hours)
