"""What may wait for a person: the lines of a home page."""

from enum import StrEnum


class Duty(StrEnum):
    """One line each; the value is its name in an address or a log."""

    CONFIRM_PRESENCE = "confirm-presence"
    SETTLE_DENIAL = "settle-denial"
    EXPLAIN_LATE = "explain-late"
    END_DUTY = "end-duty"
    REVIEW_FIRST = "review-first"
    REVIEW_SECOND = "review-second"
    LINK_RECORD = "link-record"
    RUN_CASE = "run-case"
    ANSWER_REVIEW = "answer-review"
    FILE_CASE = "file-case"
    GRANT_APPROVAL = "grant-approval"
    DECIDE_CASE = "decide-case"
    REVIEW_CASE = "review-case"
    ANSWER_RECTIFICATION = "answer-rectification"
    VERIFY_RECTIFICATION = "verify-rectification"
    ADVANCE_AUDIT = "advance-audit"
    CONFIRM_AUDIT = "confirm-audit"
    SCORE_MEMBER = "score-member"
    RENEW_CERTIFICATE = "renew-certificate"
    RENEW_OFFICER = "renew-officer"
    RECHECK_FAILED = "recheck-failed"
    EXPORT_FAILED = "export-failed"
    UNLOCK_ACCOUNT = "unlock-account"
    FOLLOW_LINK = "follow-link"
    GIVE_ROLE = "give-role"
    RENEW_ROLE = "renew-role"
