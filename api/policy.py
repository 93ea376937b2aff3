"""What every route asks of the policy, as one table: a route that is not in it fails the build.

The actions of a route are asked of the thing that its address names, one after the other: the first is to see it. Of
`either` one suffices, by what the request says. A route whose address names nothing asks of the own agency, or lists.

It is a statement, held against the routes by `tests/integration/test_policy_matrix.py` and printed in
`docs/policy.json`; the code asks in `storage`. Two acts ask less of whoever they belong to: whoever asked for an
approval ends it, and a look is closed by whoever has it.
"""

from collections.abc import Mapping
from types import MappingProxyType
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


def _asks(*actions: Action, either: tuple[Action, ...] = ()) -> Ask:
    return Ask(actions, either)


_SEE, _WATCH = _asks(Action.RECORDING_VIEW), _asks(Action.RECORDING_VIEW, Action.RECORDING_WATCH)
_CASE = _asks(Action.CASE_VIEW)
_RUN = _asks(Action.CASE_VIEW, Action.CASE_RUN)
_LINK = _asks(Action.CASE_VIEW, Action.CASE_LINK)
_STEP = _asks(Action.CASE_VIEW, either=(Action.CASE_RUN, Action.CASE_DECIDE))
_EXPORT = _asks(Action.CASE_VIEW, Action.CASE_EXPORT)
_PACKAGE = _asks(Action.CASE_EXPORT)
_REVIEW = _asks(Action.CASE_REVIEW)
_RECORD = _asks(Action.MONITORING_VIEW)
_STAGES = (Action.MONITORING_REVIEW_FIRST, Action.MONITORING_REVIEW_SECOND)
_TIE = _asks(Action.MONITORING_VIEW, Action.MONITORING_LINK)
_TIE_CASE = _asks(Action.CASE_VIEW, Action.CASE_LINK, Action.MONITORING_LINK)
_LEAD = _asks(Action.MONITORING_VIEW, Action.MONITORING_LINK, Action.CASE_OPEN)
_AUDIT = _asks(Action.AUDIT_VIEW)
_DEFINE = _asks(Action.AUDIT_VIEW, Action.AUDIT_DEFINE)
_CONFIRM = _asks(Action.AUDIT_VIEW, Action.AUDIT_CONFIRM)
_SCORE = _asks(Action.AUDIT_VIEW, Action.AUDIT_SCORE)
_RAISE = _asks(Action.AUDIT_VIEW, either=(Action.AUDIT_SCORE, Action.AUDIT_DEFINE))
_MEND = _asks(Action.RECTIFICATION_VIEW, either=(Action.RECTIFICATION_ANSWER, Action.RECTIFICATION_VERIFY))
_KEEP_CERTIFICATE = _asks(Action.CERTIFICATE_VIEW, Action.CERTIFICATE_KEEP)
_KEEP_EQUIPMENT = _asks(Action.EQUIPMENT_VIEW, Action.EQUIPMENT_KEEP)
_KEEP_ACCOUNT = _asks(Action.ACCOUNT_VIEW, Action.ACCOUNT_KEEP)
_UNLOCK = _asks(Action.ACCOUNT_VIEW, Action.ACCOUNT_UNLOCK)
_LOOKS = _asks(Action.RECORDING_VIEW, Action.LOOK_VIEW)
_GRANT = _asks(Action.ACCOUNT_VIEW, Action.ROLE_GRANT)
_KEEP_AGENCY = _asks(Action.ACCOUNT_VIEW, Action.AGENCY_KEEP)
_ROSTER = _asks(Action.ACCOUNT_KEEP)

_API: Mapping[str, Ask] = {
    "GET /v1/health": PUBLIC,
    "GET /v1/work": _asks(Action.WORK_VIEW),
    "GET /v1/trust": PUBLIC,
    "GET /v1/checkpoint": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "POST /v1/token": PUBLIC,
    "POST /v1/sessions": PUBLIC,
    "POST /v1/admissions": PUBLIC,
    "POST /v1/links": PUBLIC,
    "POST /v1/devices": PUBLIC,
    "GET /v1/sessions/current": OWN,
    "DELETE /v1/sessions/current": OWN,
    "POST /v1/password": OWN,
    "GET /v1/sessions": OWN,
    "DELETE /v1/sessions/others": OWN,
    "DELETE /v1/sessions/{session_id}": OWN,
    "GET /v1/accounts": _asks(Action.ACCOUNT_VIEW),
    "POST /v1/accounts": _asks(Action.ACCOUNT_KEEP),
    "GET /v1/accounts/{account_id}": _asks(Action.ACCOUNT_VIEW),
    "POST /v1/accounts/{account_id}/link": _KEEP_ACCOUNT,
    "POST /v1/accounts/{account_id}/close": _KEEP_ACCOUNT,
    "POST /v1/accounts/{account_id}/signout": _KEEP_ACCOUNT,
    "PATCH /v1/accounts/{account_id}": _KEEP_ACCOUNT,
    "POST /v1/accounts/{account_id}/unlock": _UNLOCK,
    "POST /v1/accounts/{account_id}/roles": _GRANT,
    "POST /v1/accounts/{account_id}/roles/{grant_id}/end": _GRANT,
    "POST /v1/rosters": _ROSTER,
    "GET /v1/trail": _asks(Action.TRAIL_VIEW),
    "GET /v1/trail/own": OWN,
    "GET /v1/trail/looks": _asks(Action.TRAIL_VIEW),
    "GET /v1/approvals": OWN,
    "POST /v1/recordings/{recording_id}/approvals": _asks(Action.APPROVAL_ASK),
    "POST /v1/approvals/{approval_id}/grant": _asks(Action.APPROVAL_GIVE),
    "POST /v1/approvals/{approval_id}/end": _asks(Action.APPROVAL_GIVE),
    "GET /v1/agencies": _asks(Action.ACCOUNT_VIEW),
    "POST /v1/agencies": _KEEP_AGENCY,
    "GET /v1/agencies/{agency_id}": _asks(Action.ACCOUNT_VIEW),
    "PATCH /v1/agencies/{agency_id}": _KEEP_AGENCY,
    "GET /v1/certificates": _asks(Action.CERTIFICATE_VIEW),
    "POST /v1/certificates": _asks(Action.CERTIFICATE_KEEP),
    "GET /v1/certificates/{certificate_id}": _asks(Action.CERTIFICATE_VIEW),
    "GET /v1/certificates/{certificate_id}/standing": _asks(Action.CERTIFICATE_VIEW),
    "POST /v1/certificates/{certificate_id}/suspend": _KEEP_CERTIFICATE,
    "POST /v1/certificates/{certificate_id}/restore": _KEEP_CERTIFICATE,
    "POST /v1/certificates/{certificate_id}/withdraw": _KEEP_CERTIFICATE,
    "POST /v1/certificates/{certificate_id}/cancel": _KEEP_CERTIFICATE,
    "POST /v1/certificates/{certificate_id}/verify": _KEEP_CERTIFICATE,
    "GET /v1/training": _asks(Action.CERTIFICATE_VIEW),
    "GET /v1/training/own": OWN,
    "GET /v1/training/{account_id}": _asks(Action.CERTIFICATE_VIEW),
    "POST /v1/training/{account_id}": _KEEP_CERTIFICATE,
    "POST /v1/training/{account_id}/{training_id}/withdraw": _KEEP_CERTIFICATE,
    "GET /v1/enrolment-codes": _asks(Action.DEVICE_ENROL),
    "POST /v1/enrolment-codes": _asks(Action.DEVICE_ENROL),
    "DELETE /v1/enrolment-codes/{code_id}": _asks(Action.DEVICE_ENROL),
    "GET /v1/devices": _asks(Action.DEVICE_VIEW),
    "POST /v1/devices/{device_id}/name": _asks(Action.DEVICE_ENROL),
    "POST /v1/devices/{device_id}/revoke": _asks(Action.DEVICE_REVOKE),
    "POST /v1/manifests": _asks(Action.RECORDING_SUBMIT),
    "GET /v1/presence": OWN,
    "POST /v1/presence/confirmations": OWN,
    "POST /v1/presence/codes": OWN,
    "DELETE /v1/presence/codes": OWN,
    "POST /v1/presence/scans": OWN,
    "POST /v1/presence/scans/preview": OWN,
    "POST /v1/manifests/{manifest_id}/presence": OWN,
    "GET /v1/recordings/{recording_id}/presence": _SEE,
    "GET /v1/denials": _asks(Action.CASE_DECIDE),
    "POST /v1/denials/{denial_id}/settlement": _asks(Action.CASE_DECIDE),
    "OPTIONS /v1/uploads": PUBLIC,
    "OPTIONS /v1/uploads/{upload_id}": PUBLIC,
    "POST /v1/uploads": _asks(Action.RECORDING_SUBMIT),
    "HEAD /v1/uploads/{upload_id}": OWN,
    "PATCH /v1/uploads/{upload_id}": OWN,
    "DELETE /v1/uploads/{upload_id}": OWN,
    "POST /v1/uploads/{upload_id}/complete": OWN,
    "GET /v1/uploads/{upload_id}/receipt": OWN,
    "GET /v1/recordings": _SEE,
    "GET /v1/recordings/{recording_id}": _SEE,
    "GET /v1/looks": OWN,
    "POST /v1/looks/{look_id}/seen": OWN,
    "POST /v1/looks/{look_id}/close": OWN,
    "GET /v1/recordings/{recording_id}/looks": _LOOKS,
    "POST /v1/recordings/{recording_id}/looks": _WATCH,
    "POST /v1/exports/{export_id}/looks": _PACKAGE,
    "GET /v1/recordings/{recording_id}/media": _WATCH,
    "HEAD /v1/recordings/{recording_id}/media": _WATCH,
    "GET /v1/recordings/{recording_id}/thumbnail": _WATCH,
    "GET /v1/recordings/{recording_id}/proof": _SEE,
    "POST /v1/cases": _asks(Action.CASE_OPEN),
    "GET /v1/cases": _CASE,
    "GET /v1/cases/{case_id}": _CASE,
    "PATCH /v1/cases/{case_id}": _RUN,
    "POST /v1/cases/{case_id}/handlers": _asks(Action.CASE_VIEW, Action.CASE_DECIDE),
    "POST /v1/cases/{case_id}/steps": _STEP,
    "POST /v1/cases/{case_id}/recordings": _LINK,
    "POST /v1/cases/{case_id}/recordings/{recording_id}/unlink": _LINK,
    "GET /v1/cases/{case_id}/facts": _CASE,
    "POST /v1/cases/{case_id}/facts": _RUN,
    "POST /v1/cases/{case_id}/facts/{fact_id}/withdraw": _RUN,
    "POST /v1/cases/{case_id}/facts/{fact_id}/proofs": _RUN,
    "POST /v1/cases/{case_id}/facts/{fact_id}/unprove": _RUN,
    "GET /v1/cases/{case_id}/findings": _CASE,
    "GET /v1/cases/{case_id}/reviews": _CASE,
    "POST /v1/cases/{case_id}/monitoring": _TIE_CASE,
    "POST /v1/cases/{case_id}/monitoring/{monitoring_id}/unlink": _TIE_CASE,
    "POST /v1/cases/{case_id}/exports": _EXPORT,
    "GET /v1/reviews": _REVIEW,
    "GET /v1/reviews/{review_id}": _CASE,
    "POST /v1/reviews/{review_id}/opinion": _REVIEW,
    "POST /v1/reviews/{review_id}/answers": _RUN,
    "GET /v1/exports/{export_id}": _PACKAGE,
    "GET /v1/exports/{export_id}/package": _PACKAGE,
    "HEAD /v1/exports/{export_id}/package": _PACKAGE,
    "POST /v1/equipment": _asks(Action.EQUIPMENT_KEEP),
    "GET /v1/equipment": _asks(Action.EQUIPMENT_VIEW),
    "POST /v1/equipment/sources": _asks(Action.EQUIPMENT_KEEP),
    "GET /v1/equipment/{equipment_id}": _asks(Action.EQUIPMENT_VIEW),
    "POST /v1/equipment/{equipment_id}/certificates": _KEEP_EQUIPMENT,
    "POST /v1/equipment/{equipment_id}/reviews": _KEEP_EQUIPMENT,
    "POST /v1/equipment/{equipment_id}/publications": _KEEP_EQUIPMENT,
    "POST /v1/equipment/{equipment_id}/suspend": _KEEP_EQUIPMENT,
    "POST /v1/equipment/{equipment_id}/resume": _KEEP_EQUIPMENT,
    "POST /v1/equipment/{equipment_id}/bind": _KEEP_EQUIPMENT,
    "POST /v1/monitoring/records": _asks(Action.MONITORING_SUBMIT),
    "GET /v1/monitoring/records": _RECORD,
    "GET /v1/monitoring/queue": _asks(either=_STAGES),
    "GET /v1/monitoring/records/{monitoring_id}": _RECORD,
    "GET /v1/monitoring/records/{monitoring_id}/raw": _RECORD,
    "POST /v1/monitoring/records/{monitoring_id}/opinions/{stage}": _asks(either=_STAGES),
    "POST /v1/monitoring/records/{monitoring_id}/notifications": _asks(
        Action.MONITORING_VIEW, Action.MONITORING_NOTIFY
    ),
    "GET /v1/monitoring/records/{monitoring_id}/suggestions": _RECORD,
    "POST /v1/monitoring/records/{monitoring_id}/case": _LEAD,
    "POST /v1/audits": _asks(Action.AUDIT_DEFINE),
    "GET /v1/audits": _AUDIT,
    "GET /v1/audits/{audit_id}": _AUDIT,
    "POST /v1/audits/{audit_id}/freeze": _DEFINE,
    "POST /v1/audits/{audit_id}/randomness": _DEFINE,
    "POST /v1/audits/{audit_id}/confirmation": _CONFIRM,
    "POST /v1/audits/{audit_id}/draw": _DEFINE,
    "POST /v1/audits/{audit_id}/close": _DEFINE,
    "POST /v1/audits/{audit_id}/inspectors": _DEFINE,
    "GET /v1/audits/{audit_id}/members/{member_id}": _AUDIT,
    "POST /v1/audits/{audit_id}/members/{member_id}/scores": _SCORE,
    "GET /v1/audits/{audit_id}/draw": _AUDIT,
    "POST /v1/audits/{audit_id}/rectifications": _RAISE,
    "GET /v1/rectifications": _asks(Action.RECTIFICATION_VIEW),
    "GET /v1/rectifications/{rectification_id}": _asks(Action.RECTIFICATION_VIEW),
    "POST /v1/rectifications/{rectification_id}/steps/{step}": _MEND,
}

_CONSOLE: Mapping[str, Ask] = {
    "GET /": PUBLIC,
    "GET /console/static/{name}": PUBLIC,
    "GET /console/login": PUBLIC,
    "POST /console/login": PUBLIC,
    "POST /console/language": PUBLIC,
    "GET /console/admit/{code}": PUBLIC,
    "POST /console/admit/{code}": PUBLIC,
    "GET /console/link/{code}": PUBLIC,
    "POST /console/link/{code}": PUBLIC,
    "GET /console": OWN,
    "GET /console/": OWN,
    "GET /console/presence": OWN,
    "POST /console/presence/day": OWN,
    "POST /console/presence/code": OWN,
    "POST /console/presence/code/void": OWN,
    "GET /console/presence/scan": OWN,
    "POST /console/presence/scan": OWN,
    "POST /console/presence/{manifest_id}/confirm": OWN,
    "POST /console/presence/{manifest_id}/deny": OWN,
    "GET /console/denials": _asks(Action.CASE_DECIDE),
    "POST /console/denials/{denial_id}": _asks(Action.CASE_DECIDE),
    "GET /console/logins": OWN,
    "POST /console/logout": OWN,
    "GET /console/account": OWN,
    "POST /console/account/password": OWN,
    "POST /console/account/sessions/end": OWN,
    "POST /console/account/sessions/{session_id}/end": OWN,
    "GET /console/accounts": _asks(Action.ACCOUNT_VIEW),
    "POST /console/accounts": _asks(Action.ACCOUNT_KEEP),
    "GET /console/accounts/new": _asks(Action.ACCOUNT_KEEP),
    "GET /console/accounts/import": _ROSTER,
    "POST /console/accounts/import": _ROSTER,
    "GET /console/accounts/{account_id}": _asks(Action.ACCOUNT_VIEW),
    "POST /console/accounts/{account_id}/link": _KEEP_ACCOUNT,
    "POST /console/accounts/{account_id}": _KEEP_ACCOUNT,
    "POST /console/accounts/{account_id}/unlock": _UNLOCK,
    "POST /console/accounts/{account_id}/signout": _KEEP_ACCOUNT,
    "POST /console/accounts/{account_id}/close": _KEEP_ACCOUNT,
    "POST /console/accounts/{account_id}/roles": _GRANT,
    "POST /console/accounts/{account_id}/roles/{grant_id}/end": _GRANT,
    "GET /console/trail": _asks(Action.TRAIL_VIEW),
    "GET /console/trail.csv": _asks(Action.TRAIL_VIEW),
    "GET /console/trail/looks": _asks(Action.TRAIL_VIEW),
    "GET /console/approvals": OWN,
    "GET /console/recordings/{recording_id}/approval": _asks(Action.APPROVAL_ASK),
    "POST /console/recordings/{recording_id}/approval": _asks(Action.APPROVAL_ASK),
    "POST /console/approvals/{approval_id}/grant": _asks(Action.APPROVAL_GIVE),
    "POST /console/approvals/{approval_id}/end": _asks(Action.APPROVAL_GIVE),
    "GET /console/agencies": _asks(Action.ACCOUNT_VIEW),
    "POST /console/agencies": _KEEP_AGENCY,
    "GET /console/agencies/{agency_id}": _asks(Action.ACCOUNT_VIEW),
    "POST /console/agencies/{agency_id}": _KEEP_AGENCY,
    "GET /console/account/looks": OWN,
    "POST /console/looks/{look_id}/seen": OWN,
    "POST /console/looks/{look_id}/leave": OWN,
    "GET /console/recordings/{recording_id}/looks": _LOOKS,
    "POST /console/recordings/{recording_id}/looks": _WATCH,
    "POST /console/recordings/{recording_id}/looks/{look_id}/close": _WATCH,
    "POST /console/monitoring/{monitoring_id}/looks": _asks(Action.MONITORING_VIEW, Action.RECORDING_WATCH),
    "POST /console/exports/{export_id}/looks": _PACKAGE,
    "GET /console/recordings": _SEE,
    "GET /console/recordings.csv": _SEE,
    "GET /console/recordings/{recording_id}": _SEE,
    "GET /console/recordings/{recording_id}/state": _SEE,
    "GET /console/recordings/{recording_id}/print": _WATCH,
    "GET /console/monitoring": _RECORD,
    "GET /console/monitoring/queue": _asks(either=_STAGES),
    "GET /console/monitoring/{monitoring_id}": _RECORD,
    "POST /console/monitoring/{monitoring_id}/opinions/{stage}": _asks(either=_STAGES),
    "POST /console/monitoring/{monitoring_id}/notification": _asks(
        Action.MONITORING_VIEW, Action.MONITORING_NOTIFY
    ),
    "POST /console/monitoring/{monitoring_id}/link": _TIE,
    "POST /console/monitoring/{monitoring_id}/cases/{case_id}/unlink": _TIE,
    "POST /console/monitoring/{monitoring_id}/case": _LEAD,
    "GET /console/equipment": _asks(Action.EQUIPMENT_VIEW),
    "POST /console/equipment": _asks(Action.EQUIPMENT_KEEP),
    "POST /console/equipment/sources": _asks(Action.EQUIPMENT_KEEP),
    "GET /console/equipment/{equipment_id}": _asks(Action.EQUIPMENT_VIEW),
    "POST /console/equipment/{equipment_id}/certificate": _KEEP_EQUIPMENT,
    "POST /console/equipment/{equipment_id}/review": _KEEP_EQUIPMENT,
    "POST /console/equipment/{equipment_id}/publication": _KEEP_EQUIPMENT,
    "POST /console/equipment/{equipment_id}/suspend": _KEEP_EQUIPMENT,
    "POST /console/equipment/{equipment_id}/resume": _KEEP_EQUIPMENT,
    "POST /console/equipment/{equipment_id}/bind": _KEEP_EQUIPMENT,
    "GET /console/cases": _CASE,
    "POST /console/cases": _asks(Action.CASE_OPEN),
    "GET /console/cases/new": _asks(Action.CASE_OPEN),
    "GET /console/cases/{case_id}": _CASE,
    "POST /console/cases/{case_id}/steps/{step}": _STEP,
    "POST /console/cases/{case_id}/handlers": _asks(Action.CASE_VIEW, Action.CASE_DECIDE),
    "POST /console/cases/{case_id}/facts": _RUN,
    "POST /console/cases/{case_id}/facts/{fact_id}/withdraw": _RUN,
    "POST /console/cases/{case_id}/facts/{fact_id}/prove": _RUN,
    "POST /console/cases/{case_id}/facts/{fact_id}/unprove": _RUN,
    "POST /console/cases/{case_id}/reviews/{review_id}/grounds/{position}/answer": _RUN,
    "GET /console/cases/{case_id}/candidates": _LINK,
    "POST /console/cases/{case_id}/link": _LINK,
    "POST /console/cases/{case_id}/recordings/{recording_id}/unlink": _LINK,
    "POST /console/cases/{case_id}/exports": _EXPORT,
    "GET /console/exports/{export_id}": _PACKAGE,
    "GET /console/reviews": _REVIEW,
    "GET /console/reviews/{review_id}": _CASE,
    "POST /console/reviews/{review_id}/opinion": _REVIEW,
    "GET /console/audits": _AUDIT,
    "POST /console/audits": _asks(Action.AUDIT_DEFINE),
    "GET /console/audits/new": _asks(Action.AUDIT_DEFINE),
    "GET /console/audits/{audit_id}": _AUDIT,
    "POST /console/audits/{audit_id}/freeze": _DEFINE,
    "POST /console/audits/{audit_id}/enter": _DEFINE,
    "POST /console/audits/{audit_id}/confirm": _CONFIRM,
    "POST /console/audits/{audit_id}/draw": _DEFINE,
    "POST /console/audits/{audit_id}/close": _DEFINE,
    "POST /console/audits/{audit_id}/inspectors": _DEFINE,
    "GET /console/audits/{audit_id}/draw.json": _AUDIT,
    "GET /console/audits/{audit_id}/members/{member_id}": _AUDIT,
    "POST /console/audits/{audit_id}/members/{member_id}/scores": _SCORE,
    "POST /console/audits/{audit_id}/members/{member_id}/rectification": _RAISE,
    "GET /console/rectifications": _asks(Action.RECTIFICATION_VIEW),
    "GET /console/rectifications/{rectification_id}": _asks(Action.RECTIFICATION_VIEW),
    "POST /console/rectifications/{rectification_id}/step": _MEND,
    "GET /console/devices": _asks(Action.DEVICE_VIEW),
    "POST /console/devices/codes": _asks(Action.DEVICE_ENROL),
    "POST /console/devices/codes/{code_id}/void": _asks(Action.DEVICE_ENROL),
    "GET /console/devices/{device_id}": _asks(Action.DEVICE_VIEW),
    "POST /console/devices/{device_id}/name": _asks(Action.DEVICE_ENROL),
    "POST /console/devices/{device_id}/revoke": _asks(Action.DEVICE_REVOKE),
    "GET /console/certificates": _asks(Action.CERTIFICATE_VIEW),
    "POST /console/certificates": _asks(Action.CERTIFICATE_KEEP),
    "GET /console/certificates/{certificate_id}": _asks(Action.CERTIFICATE_VIEW),
    "POST /console/certificates/{certificate_id}/suspend": _KEEP_CERTIFICATE,
    "POST /console/certificates/{certificate_id}/restore": _KEEP_CERTIFICATE,
    "POST /console/certificates/{certificate_id}/withdraw": _KEEP_CERTIFICATE,
    "POST /console/certificates/{certificate_id}/cancel": _KEEP_CERTIFICATE,
    "POST /console/certificates/{certificate_id}/verify": _KEEP_CERTIFICATE,
    "GET /console/training": _asks(Action.CERTIFICATE_VIEW),
    "GET /console/training.csv": _asks(Action.CERTIFICATE_VIEW),
    "GET /console/training/{account_id}": _asks(Action.CERTIFICATE_VIEW),
    "POST /console/training/{account_id}": _KEEP_CERTIFICATE,
    "POST /console/training/{account_id}/{training_id}/withdraw": _KEEP_CERTIFICATE,
    "GET /console/custody": _asks(Action.CUSTODY_VIEW),
}

ROUTES: Mapping[str, Ask] = MappingProxyType({**_API, **_CONSOLE})
"""Method and path as the application knows them → what is asked."""
