"""What waits for this person, in the first line; below it what is overdue, and what went wrong."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from api.console.custody import signed
from api.console.guard import Visiting
from api.console.presence import PresenceForms, by_day, opened
from api.console.recording import names_for
from api.route import pages
from schemas.duty import Duty
from schemas.policy import Action
from schemas.recording import RecordingFilter
from schemas.work import signs

WAITING = ("received", "quarantined", "doubtful")
LATEST = 8
PLACES: Mapping[Duty, str] = MappingProxyType(
    {
        Duty.CONFIRM_PRESENCE: "/console/presence",
        Duty.SETTLE_DENIAL: "/console/denials",
        Duty.EXPLAIN_LATE: "/console/duties",
        Duty.STORE_FAULT: "/console/recordings?only=fault",
        Duty.END_DUTY: "/console/duties",
        Duty.REVIEW_FIRST: "/console/monitoring/queue?stage=first",
        Duty.REVIEW_SECOND: "/console/monitoring/queue?stage=second",
        Duty.LINK_RECORD: "/console/monitoring?state=valid&linked=no",
        Duty.RUN_CASE: "/console/cases",
        Duty.ANSWER_REVIEW: "/console/cases?state=investigating",
        Duty.FILE_CASE: "/console/cases?state=lead",
        Duty.GRANT_APPROVAL: "/console/approvals",
        Duty.EXEMPT_CASE: "/console/cases?state=investigation_closed",
        Duty.DECIDE_CASE: "/console/cases?state=legal_review",
        Duty.DECIDE_EXEMPT: "/console/cases?state=review_not_needed",
        Duty.RECORD_SUMMARY: "/console/cases?only=unfiled",
        Duty.REVIEW_CASE: "/console/reviews",
        Duty.ANSWER_RECTIFICATION: "/console/rectifications",
        Duty.VERIFY_RECTIFICATION: "/console/rectifications",
        Duty.ADVANCE_AUDIT: "/console/audits",
        Duty.CONFIRM_AUDIT: "/console/audits",
        Duty.SCORE_MEMBER: "/console/audits",
        Duty.RENEW_CERTIFICATE: "/console/equipment",
        Duty.RENEW_OFFICER: "/console/certificates",
        Duty.EVIDENCE_WORSE: "/console/cases?only=worse",
        Duty.REVIEWED_WORSE: "/console/cases?only=worse",
        Duty.EVIDENCE_REOPENED: "/console/cases?only=reopened",
        Duty.RECHECK_FAILED: "/console/audits",
        Duty.EXPORT_FAILED: "/console/cases",
        Duty.UNLOCK_ACCOUNT: "/console/accounts?only=locked",
        Duty.FOLLOW_LINK: "/console/accounts?state=invited",
        Duty.GIVE_ROLE: "/console/accounts?only=roleless",
        Duty.RENEW_ROLE: "/console/accounts?only=ending",
    }
)
"""Where each line of the home page leads."""

router = pages()


@router.get("")
@router.get("/")
def home(visit: Visiting) -> Response:
    """Show what waits, by what the roles may see."""
    tx, actor = visit.tx, visit.actor
    counts = tx.recordings.counts(actor) if visit.holds(Action.RECORDING_VIEW) else None
    latest = None
    if counts is not None:
        latest = tx.recordings.page(actor, RecordingFilter(), limit=LATEST).rows
    cases = tx.cases.page(actor, limit=LATEST).rows if visit.holds(Action.CASE_VIEW) else None
    devices = tx.devices.seen_by(actor) if visit.holds(Action.DEVICE_VIEW) else None
    out = tx.holdings.out(actor) if devices is not None else ()
    questions = tx.presences.questions(actor)
    duties = tx.duties.waiting(actor)
    return visit.page(
        "home.html",
        forms=PresenceForms,
        here="home",
        failed_logins=tx.login_tries.failed_lately(actor),
        duties=duties,
        open_notices=sum(one.count for one in duties),
        days=by_day(questions),
        opened=opened(visit, questions),
        places=PLACES,
        counts=counts,
        counts_rest=visit.holds(Action.RECORDING_COUNT),
        waiting=sum((counts or {}).get(word, 0) for word in WAITING),
        latest=latest,
        cases=cases,
        may_open=visit.may(Action.CASE_OPEN),
        devices=devices,
        out=out,
        overdue_out=sum(one.fact.is_overdue(tx.now) for one in out),
        own_devices=tx.holdings.own(actor),
        may_duty=visit.holds(Action.DUTY_KEEP),
        now=tx.now,
        may_enrol=visit.may(Action.DEVICE_ENROL),
        people=tx.people.counts(actor) if visit.holds(Action.ACCOUNT_VIEW) else None,
        may_keep=visit.may(Action.ACCOUNT_KEEP),
        administrators=tx.people.administrators(),
        signs=signs(tx.heartbeats.work()) if visit.holds(Action.WORK_VIEW) else None,
        checkpoint=signed(tx) if visit.holds(Action.CUSTODY_VIEW) else None,
        watched=tx.recordings.watched(
            actor, [*(row.id for row in latest or ()), *(one.recording_id for one in questions)]
        ),
        names=names_for(visit, latest or ()),
    )
