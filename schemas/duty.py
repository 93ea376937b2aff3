"""What may wait for a person: the lines of a home page."""

from enum import StrEnum


class Duty(StrEnum):
    """One line each, in the order of the page; the value is its name in an address or a log."""

    CONFIRM_PRESENCE = "confirm-presence"
    SETTLE_DENIAL = "settle-denial"
    EXPLAIN_LATE = "explain-late"
    END_DUTY = "end-duty"
    REVIEW_FIRST = "review-first"
    REVIEW_SECOND = "review-second"
    REVIEW_CASE = "review-case"
    FILE_CASE = "file-case"
    DECIDE_CASE = "decide-case"
    GRANT_APPROVAL = "grant-approval"
    ANSWER_REVIEW = "answer-review"
    LINK_RECORD = "link-record"
    RUN_CASE = "run-case"
    ANSWER_RECTIFICATION = "answer-rectification"
    SCORE_MEMBER = "score-member"
    ADVANCE_AUDIT = "advance-audit"
    CONFIRM_AUDIT = "confirm-audit"
    VERIFY_RECTIFICATION = "verify-rectification"
    RENEW_CERTIFICATE = "renew-certificate"
    RENEW_OFFICER = "renew-officer"
    RECHECK_FAILED = "recheck-failed"
    EXPORT_FAILED = "export-failed"
    UNLOCK_ACCOUNT = "unlock-account"
    FOLLOW_LINK = "follow-link"
    GIVE_ROLE = "give-role"
    RENEW_ROLE = "renew-role"
