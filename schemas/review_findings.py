"""What a case gives away by itself to the person who reviews it: every reviewer sees the same list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from schemas.base import Frozen
from schemas.checks.review import CONCLUDED, EVIDENCE, GATE, LINKED_IN_TIME, PROOF, REOPENED, REVIEWER
from schemas.checks.table import CHECKS
from schemas.equipment import GateFault
from schemas.integrity import Check, CheckResult, Severity, Verdict, examines
from schemas.monitoring import MonitoringState
from schemas.presence import Attendance, check_presence
from schemas.recording import RecordingState
from schemas.scene import Scene, Spots, scene_findings
from schemas.separation import Part


class SeenRecording(Frozen):
    """What the case's findings need to know of a linked recording."""

    subject: str
    state: RecordingState
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    linked_at: datetime
    attendance: Attendance | None = None
    articles: tuple[str, ...] = ()
    captured_at: datetime | None = None
    spots: Spots = Spots()


class SeenRecord(Frozen):
    """What the case's findings need to know of a linked monitoring record."""

    subject: str
    faults: tuple[str, ...]
    is_recorded_later: bool
    linked_at: datetime
    state: MonitoringState = MonitoringState.VALID


class SeenFact(Frozen):
    """A fact to be proven, how many pieces of its evidence hold, and how many of these by an acceptance."""

    subject: str
    proofs: int
    accepted: int = 0


class Finding(Frozen):
    """One thing a reviewer should look at: `subject` names it, `check` says what and how much it weighs."""

    subject: str
    check: CheckResult


def case_findings(
    case: str,
    *,
    recordings: Sequence[SeenRecording],
    records: Sequence[SeenRecord],
    facts: Sequence[SeenFact],
    submitted_at: datetime | None = None,
    decided_at: datetime | None = None,
    parts: Sequence[Part] = (),
    scene: Scene | None = None,
) -> list[Finding]:
    """Return what the case gives away, worst first: every reviewer sees the same list.

    Args:
        case: `case/uuid`.
        recordings: Linked recordings with the checks of their latest run.
        records: Linked monitoring records.
        facts: Facts to be proven.
        submitted_at: When the last round was submitted; what was linked later is named.
        decided_at: When the case was decided; what was linked later is named as that.
        parts: How the person who looks took part, if they did.
        scene: Where and when its matter was, as far as it is said.
    """
    linked: list[SeenRecording | SeenRecord] = [*recordings, *records]
    attended = [(one, one.attendance) for one in recordings if one.attendance is not None]
    found = [
        *(
            Finding(subject=one.subject, check=made)
            for one in recordings
            for made in _worth_telling(one.checks)
        ),
        *_about(
            [check_presence(there, one.articles) for one, there in attended], [one for one, _ in attended]
        ),
        *(
            Finding(subject=one.subject, check=made)
            for one in recordings
            for made in ([] if scene is None else scene_findings(one.spots, one.captured_at, scene))
            if made.code
        ),
        *_about([check_concluded(one) for one in recordings], recordings),
        *_about([check_gate(one) for one in records], records),
        *_about([check_reopened(one) for one in records], records),
        *_about([check_proof(one) for one in facts], facts),
        *_about([check_linked_in_time(one.linked_at, submitted_at, decided_at) for one in linked], linked),
    ]
    of_case = (check_own_part(parts), check_evidence(len(linked)))
    found += [Finding(subject=case, check=made) for made in of_case if made.code]
    return sorted(found, key=lambda one: (-one.check.severity.rank, one.subject, one.check.name))


def _about(
    made: Sequence[CheckResult], things: Sequence[SeenRecording | SeenRecord | SeenFact]
) -> Iterable[Finding]:
    """Name what each result is about; what held has nothing to say to a reviewer."""
    return (
        Finding(subject=one.subject, check=check)
        for one, check in zip(things, made, strict=True)
        if check.code
    )


def _worth_telling(checks: Sequence[CheckResult]) -> Iterable[CheckResult]:
    """Keep what weighs at least `warn`, and of the telling checks every remark."""
    for check in checks:
        declared = CHECKS.get(check.name)
        is_remark = declared is not None and declared.is_telling and check.code
        if check.severity.rank >= Severity.WARN.rank or is_remark:
            yield check


@examines(REVIEWER)
def check_own_part(check: Check, parts: Sequence[Part]) -> CheckResult:
    """Tell the person who looks that they took part."""
    taken = [part.value for part in parts]
    return check.found("reviewer-took-part", parts=taken) if taken else check.held()


@examines(EVIDENCE)
def check_evidence(check: Check, linked: int) -> CheckResult:
    """Say that nothing is linked."""
    return check.held() if linked else check.found("case-without-evidence")


@examines(CONCLUDED)
def check_concluded(check: Check, recording: SeenRecording) -> CheckResult:
    """Say that a recording's verification has not come to a result."""
    is_waiting = recording.state is RecordingState.RECEIVED
    return check.found("recording-not-verified-yet") if is_waiting else check.held()


@examines(REOPENED)
def check_reopened(check: Check, record: SeenRecord) -> CheckResult:
    """Say that a linked record waits for both reviewers again, or was found invalid by them: it was valid when linked."""
    if record.state is MonitoringState.VALID:
        return check.held()
    is_over = record.state is MonitoringState.INVALID
    return check.found("record-found-invalid" if is_over else "record-to-recheck")


@examines(GATE)
def check_gate(check: Check, record: SeenRecord) -> CheckResult:
    """Name what the equipment lacked when a monitoring record was made."""
    if record.faults == (GateFault.CERTIFICATE_MISSING,):
        return check.found("gate-uncertified")
    if record.faults:
        return check.found("gate-closed", faults=list(record.faults))
    return check.found("gate-recorded-later") if record.is_recorded_later else check.held()


@examines(PROOF)
def check_proof(check: Check, fact: SeenFact) -> CheckResult:
    """Say that no evidence that holds proves a fact, or nothing but what somebody accepted."""
    if not fact.proofs:
        return check.found("fact-without-evidence")
    is_by_word = fact.accepted == fact.proofs
    return check.found("fact-by-acceptance", accepted=fact.accepted) if is_by_word else check.held()


@examines(LINKED_IN_TIME)
def check_linked_in_time(
    check: Check, linked_at: datetime, submitted_at: datetime | None, decided_at: datetime | None
) -> CheckResult:
    """Say that evidence came after the submission or after the decision."""
    if decided_at is not None and linked_at > decided_at:
        return check.found("evidence-after-decision")
    if submitted_at is not None and linked_at > submitted_at:
        return check.found("evidence-after-submission")
    return check.held()
