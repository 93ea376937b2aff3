"""What a route may ask: the actions of one thing, one after the other, or any of several."""

from typing import NamedTuple

from schemas.policy import Action


class Ask(NamedTuple):
    """What a route asks; neither action nor alternative, where nobody is asked or only who it is."""

    actions: tuple[Action, ...] = ()
    either: tuple[Action, ...] = ()
    is_public: bool = False


PUBLIC = Ask(is_public=True)
"""Anybody: what proves who somebody is, what is published, and the files of the pages."""
OWN = Ask()
"""Whoever has proved who they are, about themselves: own account, sessions, looks and uploads, the home page."""


def asking(*actions: Action, either: tuple[Action, ...] = ()) -> Ask:
    """Ask these actions one after the other, and of `either` one."""
    return Ask(actions, either)


SEE, WATCH = asking(Action.RECORDING_VIEW), asking(Action.RECORDING_VIEW, Action.RECORDING_WATCH)
CASE = asking(Action.CASE_VIEW)
RUN = asking(Action.CASE_VIEW, Action.CASE_RUN)
LINK = asking(Action.CASE_VIEW, Action.CASE_LINK)
STEP = asking(Action.CASE_VIEW, either=(Action.CASE_RUN, Action.CASE_DECIDE))
EXPORT = asking(Action.CASE_VIEW, Action.CASE_EXPORT)
PACKAGE = asking(Action.CASE_EXPORT)
REVIEW = asking(Action.CASE_REVIEW)
RECORD = asking(Action.MONITORING_VIEW)
STAGES = (Action.MONITORING_REVIEW_FIRST, Action.MONITORING_REVIEW_SECOND)
TIE = asking(Action.MONITORING_VIEW, Action.MONITORING_LINK)
TIE_CASE = asking(Action.CASE_VIEW, Action.CASE_LINK, Action.MONITORING_LINK)
LEAD = asking(Action.MONITORING_VIEW, Action.MONITORING_LINK, Action.CASE_OPEN)
AUDIT = asking(Action.AUDIT_VIEW)
DEFINE = asking(Action.AUDIT_VIEW, Action.AUDIT_DEFINE)
CONFIRM = asking(Action.AUDIT_VIEW, Action.AUDIT_CONFIRM)
SCORE = asking(Action.AUDIT_VIEW, Action.AUDIT_SCORE)
RESULT = asking(Action.AUDIT_VIEW, Action.AUDIT_RESULT)
RAISE = asking(Action.AUDIT_VIEW, either=(Action.AUDIT_SCORE, Action.AUDIT_DEFINE))
MEND = asking(Action.RECTIFICATION_VIEW, either=(Action.RECTIFICATION_ANSWER, Action.RECTIFICATION_VERIFY))
KEEP_CERTIFICATE = asking(Action.CERTIFICATE_VIEW, Action.CERTIFICATE_KEEP)
KEEP_DEVICE = asking(Action.DEVICE_VIEW, Action.DEVICE_KEEP)
KEEP_EQUIPMENT = asking(Action.EQUIPMENT_VIEW, Action.EQUIPMENT_KEEP)
KEEP_ACCOUNT = asking(Action.ACCOUNT_VIEW, Action.ACCOUNT_KEEP)
UNLOCK = asking(Action.ACCOUNT_VIEW, Action.ACCOUNT_UNLOCK)
LOOKS = asking(Action.RECORDING_VIEW, Action.LOOK_VIEW)
GRANT = asking(Action.ACCOUNT_VIEW, Action.ROLE_GRANT)
KEEP_AGENCY = asking(Action.ACCOUNT_VIEW, Action.AGENCY_KEEP)
ROSTER = asking(Action.ACCOUNT_KEEP)
TRAINING_SHEET = asking(Action.CERTIFICATE_KEEP)
DUTIES = asking(either=(Action.DUTY_KEEP, Action.DUTY_VIEW))
EXPLAIN = asking(Action.FINDING_ANSWER)
EXAMINE = asking(Action.RECORDING_EXAMINE)
MARK = asking(Action.RETENTION_MARK)
NOTE, NOTE_CASE = asking(Action.NOTE_KEEP), asking(Action.CASE_VIEW, Action.NOTE_KEEP)
SETTINGS, SET = asking(Action.SETTING_VIEW), asking(Action.SETTING_VIEW, Action.SETTING_KEEP)
